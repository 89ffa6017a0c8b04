"""Readings kept: the same bytes are read once, and an interrupted reading goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

import msgspec
from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from evidence.db import uuid7
from evidence.files import DerivedKey, FileStore
from evidence.models import Base, Page, Reading
from evidence.values import Box, FileFacts, PageText, Part
from ingest.intake import with_name
from ingest.reading import Reader, reader_fingerprint
from ingest.runtime import Runtime
from ingest.wire import Limits

# Pages are kept this often while a long file is read; a shorter one is written with everything else at the end.
_SAVE_SECONDS = 2.0
_SAVE_PAGES = 500

_INSERT_PAGE = insert(Base.metadata.tables["page"])

Progress = Callable[[str, str], None]  # stage, "14/46"


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part of a version as the database knows it."""

    ordinal: int
    role: str
    name: str
    sha256: str
    mime: str


@dataclass(slots=True)
class Draft:
    """A reading in the making: what is known of one blob, and how many of its pages are saved."""

    sha256: str
    fingerprint: str
    facts: FileFacts | None
    pages: list[PageText]
    saved: int
    complete: bool

    def save(self, session: Session) -> UUID:
        """Write the pages the database lacks (another worker may have read the same bytes); the reading's id."""
        assert self.facts is not None
        row = session.scalars(_of(self.sha256, self.fingerprint)).one_or_none()
        if row is None:
            row = Reading(id=uuid7(), blob_sha256=self.sha256, fingerprint=self.fingerprint, pages_done=0)
            row.facts, row.pages_expected = asdict(self.facts), self.facts.pages
            session.add(row)
            session.flush()
        if fresh := self.pages[row.pages_done :]:
            session.connection().execute(_INSERT_PAGE, [_columns(row.id, page) for page in fresh])
            row.pages_done = len(self.pages)
        if self.complete:
            row.pages_expected = row.pages_done
        return row.id

    def save_boxes(self, files: FileStore) -> None:
        """Keep the boxes of the pages not saved yet; call before `save`, so that no saved page lacks them.

        Each chunk says where the next begins. They can be made again, so they lie with the derived files.
        """
        boxes = {page.number: page.boxes for page in self.pages[self.saved :] if page.boxes}
        chunk = _Boxes(len(self.pages), boxes)
        files.put_derived(_boxes_key(self.sha256, self.fingerprint, self.saved), msgspec.msgpack.encode(chunk))
        self.saved = len(self.pages)


@dataclass(frozen=True, slots=True)
class _Boxes:
    """Line boxes by page number, of the pages up to `next`."""

    next: int
    pages: dict[int, tuple[Box, ...]]


def read_part(runtime: Runtime, reader: Reader, row: PartRow, progress: Progress) -> tuple[Part, Draft]:
    """The part's pages: from the database where these bytes were read before, else from the child.

    The draft still holds what is not saved yet; raises UnreadableDocument.
    """
    fingerprint = reader_fingerprint(runtime.settings.ocr)
    draft = _known(runtime, row.sha256, fingerprint)
    if not draft.complete:
        with runtime.files.local_path(row.sha256) as path:
            _read(runtime, reader, path, row.mime, draft, progress)
    assert draft.facts is not None
    facts = with_name(draft.facts, row.name)
    return Part(row.ordinal, row.role, row.name, row.sha256, facts, tuple(draft.pages)), draft


def load_boxes(files: FileStore, reading: Reading, page: int) -> tuple[Box, ...]:
    """The line boxes of one page; empty when they were evicted or never made."""
    saved = 0
    while saved < page and (data := files.get_derived(_boxes_key(reading.blob_sha256, reading.fingerprint, saved))):
        chunk = msgspec.msgpack.decode(data, type=_Boxes)
        if page <= chunk.next:
            return chunk.pages.get(page, ())
        if chunk.next <= saved:
            break
        saved = chunk.next
    return ()


def _read(runtime: Runtime, reader: Reader, path: Path, mime: str, draft: Draft, progress: Progress) -> None:
    settings = runtime.settings
    first = len(draft.pages) + 1
    reading = reader.read(path, mime, Limits.of(settings), ocr=settings.ocr, first_page=first)
    draft.facts = reading.facts
    last = time.monotonic()
    for page in reading.pages:
        draft.pages.append(page)
        if time.monotonic() - last > _SAVE_SECONDS or len(draft.pages) - draft.saved >= _SAVE_PAGES:
            progress("ocr" if page.method in ("ocr", "both") else "reading", f"{page.number}/{reading.facts.pages}")
            draft.save_boxes(runtime.files)
            with runtime.db.transaction() as session:
                draft.save(session)
            last = time.monotonic()
    draft.complete = True


def _known(runtime: Runtime, sha256: str, fingerprint: str) -> Draft:
    with runtime.db.reading() as session:
        row = session.scalars(_of(sha256, fingerprint)).one_or_none()
        if row is None:
            return Draft(sha256, fingerprint, None, [], 0, False)
        pages = list(load_pages(session, row.id))
        facts = msgspec.convert(row.facts, FileFacts)
    return Draft(sha256, fingerprint, facts, pages, len(pages), row.pages_done >= row.pages_expected)


def load_pages(session: Session, reading: UUID) -> Iterable[PageText]:
    for row in session.scalars(select(Page).where(Page.reading_id == reading).order_by(Page.number)):
        yield PageText(
            row.number, row.label, row.text, row.method, row.confidence, (), picture=row.picture, note=row.note
        )


def _columns(reading: UUID, page: PageText) -> dict[str, object]:
    names = ("number", "label", "text", "method", "confidence", "picture", "note")
    return {"reading_id": reading} | {name: getattr(page, name) for name in names}


def _of(sha256: str, fingerprint: str) -> Select[Reading]:
    return select(Reading).where(Reading.blob_sha256 == sha256, Reading.fingerprint == fingerprint)


def _boxes_key(sha256: str, fingerprint: str, saved: int) -> DerivedKey:
    return DerivedKey(f"boxes-{fingerprint}", sha256, saved)
