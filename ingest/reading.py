"""Reading files in a killable child process: the parent's side.

One Reader owns one child and belongs to one thread. The child is killed when a page takes too long, and replaced when
it died; pages that had already come stay valid.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from evidence import errors
from evidence.errors import ReaderDied, UnreadableDocument
from evidence.values import FileFacts, PageText
from ingest.child import Child, ChildLost
from ingest.formats.ocr import ocr_ready
from ingest.wire import Done, Facts, Failed, Limits, Page, Picture, PictureRequest, ReadRequest, Reply, Request

__all__ = ["Limits", "Reader", "Reading", "reader_fingerprint"]

log = structlog.get_logger()

# Raise it when the same bytes would give other texts.
_VERSION = "1"

# Of pages: more than any file has.
ANY_NUMBER = 1 << 31

# A file on which the child died this often is not worth more: the rest of its pages is given up.
_MOST_DEATHS = 8

_ERRORS = {
    error.code: error
    for error in (
        errors.UnreadableDocument,
        errors.BrokenFile,
        errors.PasswordNeeded,
        errors.UnsupportedType,
        errors.EmptyFile,
        errors.LimitExceeded,
        errors.ReaderDied,
    )
}


def reader_fingerprint(ocr: bool = True) -> str:
    """Names what a reading depends on besides the bytes; another fingerprint may mean other texts."""
    return f"{_VERSION}+ocr" if ocr and ocr_ready() else _VERSION


@dataclass(frozen=True, slots=True)
class Reading:
    """A file being read: its facts are known, its pages come one by one.

    Iterating never raises for the document's sake: a page that cannot be read comes with the method `unreadable` and
    a note. The pages must be taken before the reader is asked for something else. They come without their boxes:
    `boxes` holds them packed, by page number, as far as the pages have been taken.
    """

    facts: FileFacts
    pages: Iterator[PageText]
    boxes: dict[int, bytes]


class Reader(Child):
    """Reads files in a child process of its own."""

    module = "ingest.reader"
    answers = Reply

    def read(
        self,
        path: Path,
        mime: str,
        limits: Limits | None = None,
        *,
        ocr_pages: int = ANY_NUMBER,
        first_page: int = 1,
        last_page: int = 0,
    ) -> Reading:
        """Open the file and return its facts with its pages from `first_page` on, to `last_page` if that is not 0.

        Scanned pages are recognised if the file has no more than `ocr_pages`. Raises UnreadableDocument.
        """
        request = ReadRequest(str(path.absolute()), mime, limits or Limits(), ocr_pages, first_page, last_page)
        facts = self._open(request)
        boxes: dict[int, bytes] = {}
        return Reading(facts, self._pages(request, last_page or facts.pages, boxes), boxes)

    def picture(self, path: Path, mime: str, page: int, width: int, limits: Limits | None = None) -> bytes:
        """The page as WebP, `width` pixels wide (PDF and images only); raises UnreadableDocument."""
        limits = limits or Limits()
        reply = self._ask(PictureRequest(str(path.absolute()), mime, limits, page, width))
        self._finish(limits)
        if isinstance(reply, Picture):
            return reply.webp
        raise _refusal(reply)

    def _open(self, request: ReadRequest) -> FileFacts:
        reply = self._ask(request)
        if isinstance(reply, Facts):
            return reply.facts
        self._finish(request.limits)
        raise _refusal(reply)

    def _pages(self, request: ReadRequest, last: int, boxes: dict[int, bytes]) -> Iterator[PageText]:
        """The pages as they come. Where the child is lost, another goes on; a page that kills two is given up."""
        number, tried = request.first_page, 0
        for _ in range(_MOST_DEATHS):
            try:
                while isinstance(reply := self._answer(request.limits), Page):
                    number = reply.page.number + 1
                    boxes[reply.page.number] = bytes(reply.boxes)
                    yield reply.page
                if isinstance(reply, Done):
                    self._idle = True
                    if reply.tired:
                        self.close()
                    return
                raise ChildLost("failed")
            except ChildLost as lost:
                self.close()
                log.warning("reader.page_lost", page=number, reason=str(lost))
                once_more = str(lost) == "died" and tried != number
            if once_more:
                tried = number
            else:
                yield _lost_page(number)
                number += 1
            if number > last:
                return
            try:
                self._open(msgspec.structs.replace(request, first_page=number))
            except UnreadableDocument:
                break
        self.close()
        for rest in range(number, last + 1):
            yield _lost_page(rest)

    def _ask(self, request: Request) -> Reply:
        """Send the request and take its first answer; a child that dies of it is replaced once."""
        try:
            self._send(request)
            return self._answer(request.limits)
        except ChildLost as lost:
            self.close()
            log.warning("reader.died", reason=str(lost))
            if str(lost) != "died":
                raise ReaderDied() from lost
        try:
            # It may have been worn by the files before, or ended by the system: a fresh one tells.
            self._send(request)
            return self._answer(request.limits)
        except ChildLost as lost:
            self.close()
            raise ReaderDied() from lost

    def _answer(self, limits: Limits) -> Reply:
        """The next message; the clock starts anew with each."""
        reply: Reply = self._receive(limits.page_seconds, limits.output_mb)
        return reply

    def _finish(self, limits: Limits) -> None:
        """Take the end of the answer; a child that is not at its end is killed."""
        try:
            done = self._answer(limits)
        except ChildLost:
            self.close()
            return
        self._idle = isinstance(done, Done)
        if not isinstance(done, Done) or done.tired:
            self.close()


def _refusal(reply: Reply) -> UnreadableDocument:
    if isinstance(reply, Failed):
        if reply.detail:
            log.info("reader.refused", code=reply.code, detail=reply.detail)
        return _ERRORS[reply.code](reply.message)
    return ReaderDied()


def _lost_page(number: int) -> PageText:
    return PageText(
        number=number,
        label=f"hal. {number}",
        text="",
        method="unreadable",
        note="Halaman ini tidak dapat dibaca: memori atau waktu habis.",
    )
