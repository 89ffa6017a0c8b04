"""Reading files in a killable child process: the parent's side.

One Reader owns one child and belongs to one thread. The child is killed when a page takes too long, and replaced when
it died; pages that had already come stay valid.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import structlog

from evidence import errors
from evidence.errors import ReaderDied, UnreadableDocument
from evidence.values import FileFacts, PageText
from ingest import wire
from ingest.formats.ocr import ocr_ready
from ingest.wire import HEADER, Done, Facts, Failed, Limits, Page, Picture, PictureRequest, ReadRequest, Reply, Request

__all__ = ["Limits", "Reader", "Reading", "reader_fingerprint"]

log = structlog.get_logger()

# Raise it when the same bytes would give other texts.
_VERSION = "1"

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
    a note. The pages must be taken before the reader is asked for something else.
    """

    facts: FileFacts
    pages: Iterator[PageText]


class _ChildLost(Exception):
    """The child died or was killed because it took too long."""


class Reader:
    """Reads files in a child process of its own; a context manager. Not for use by two threads at once."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._buffer = bytearray()
        self._idle = True
        self._decode = msgspec.msgpack.Decoder(Reply).decode

    def read(
        self, path: Path, mime: str, limits: Limits | None = None, *, ocr: bool = True, first_page: int = 1
    ) -> Reading:
        """Open the file and return its facts with its pages from `first_page` on; raises UnreadableDocument."""
        request = ReadRequest(str(path.absolute()), mime, limits or Limits(), ocr, first_page)
        facts = self._open(request)
        return Reading(facts, self._pages(request, facts))

    def picture(self, path: Path, mime: str, page: int, width: int, limits: Limits | None = None) -> bytes:
        """The page as WebP, `width` pixels wide (PDF and images only); raises UnreadableDocument."""
        limits = limits or Limits()
        reply = self._ask(PictureRequest(str(path.absolute()), mime, limits, page, width))
        self._finish(limits)
        if isinstance(reply, Picture):
            return reply.webp
        raise _refusal(reply)

    def close(self) -> None:
        """Kill the child. The reader can be used again and then starts another."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        with contextlib.suppress(BrokenPipeError):
            child.communicate()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, request: ReadRequest) -> FileFacts:
        reply = self._ask(request)
        if isinstance(reply, Facts):
            return reply.facts
        self._finish(request.limits)
        raise _refusal(reply)

    def _pages(self, request: ReadRequest, facts: FileFacts) -> Iterator[PageText]:
        """The pages as they come. Where the child is lost, another goes on; a page that kills two is given up."""
        number, tried = request.first_page, 0
        for _ in range(_MOST_DEATHS):
            try:
                while isinstance(reply := self._receive(request.limits), Page):
                    number = reply.page.number + 1
                    yield reply.page
                if isinstance(reply, Done):
                    self._idle = True
                    if reply.tired:
                        self.close()
                    return
                raise _ChildLost("failed")
            except _ChildLost as lost:
                self.close()
                log.warning("reader.page_lost", page=number, reason=str(lost))
                once_more = str(lost) == "died" and tried != number
            if once_more:
                tried = number
            else:
                yield _lost_page(number)
                number += 1
            if number > facts.pages:
                return
            try:
                self._open(msgspec.structs.replace(request, first_page=number))
            except UnreadableDocument:
                break
        self.close()
        for rest in range(number, facts.pages + 1):
            yield _lost_page(rest)

    def _ask(self, request: Request) -> Reply:
        """Send the request and take its first answer; a child that dies of it is replaced once."""
        try:
            self._send(request)
            return self._receive(request.limits)
        except _ChildLost as lost:
            self.close()
            log.warning("reader.died", reason=str(lost))
            if str(lost) != "died":
                raise ReaderDied() from lost
        try:
            # It may have been worn by the files before, or ended by the system: a fresh one tells.
            self._send(request)
            return self._receive(request.limits)
        except _ChildLost as lost:
            self.close()
            raise ReaderDied() from lost

    def _send(self, request: Request) -> None:
        if not self._idle or self._child is None or self._child.poll() is not None:
            self.close()
            self._child = _start()
            self._buffer.clear()
        self._idle = False
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(wire.frame(request))
            self._child.stdin.flush()
        except BrokenPipeError as error:
            raise _ChildLost("died") from error

    def _receive(self, limits: Limits) -> Reply:
        """The next message; the clock starts anew with each."""
        end = time.monotonic() + limits.page_seconds
        self._fill(HEADER.size, end)
        size = HEADER.size + HEADER.unpack_from(self._buffer)[0]
        if size > limits.output_mb * 1_000_000:
            raise _ChildLost("output")
        self._fill(size, end)
        reply: Reply = self._decode(self._buffer[HEADER.size : size])
        del self._buffer[:size]
        return reply

    def _fill(self, size: int, end: float) -> None:
        """Read until the buffer holds `size` bytes, at the latest until `end`."""
        assert self._child is not None
        assert self._child.stdout is not None
        source = self._child.stdout.fileno()
        while len(self._buffer) < size:
            # poll, not select: a server may hold more than 1,024 open files.
            poll = select.poll()
            poll.register(source, select.POLLIN)
            if not poll.poll(max(0.0, end - time.monotonic()) * 1000):
                raise _ChildLost("timeout")
            piece = os.read(source, 1 << 20)
            if not piece:
                raise _ChildLost("died")
            self._buffer += piece

    def _finish(self, limits: Limits) -> None:
        """Take the end of the answer; a child that is not at its end is killed."""
        try:
            done = self._receive(limits)
        except _ChildLost:
            self.close()
            return
        self._idle = isinstance(done, Done)
        if not isinstance(done, Done) or done.tired:
            self.close()


def _start() -> subprocess.Popen[bytes]:
    # Nothing of our own environment is its business but where to find Python's packages.
    environment = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV") if name in os.environ}
    environment |= {"OMP_THREAD_LIMIT": "1", "MALLOC_ARENA_MAX": "1", "LC_ALL": "C.UTF-8"}
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "ingest.reader"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    assert child.stdout is not None
    # Room for many pages, so that the child need not wait while the parent works on one.
    fcntl.fcntl(child.stdout, fcntl.F_SETPIPE_SZ, 1 << 20)
    return child


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
