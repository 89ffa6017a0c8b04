"""Readings kept: the same bytes are read once, and an interrupted reading goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from uuid import UUID

import msgspec
from sqlalchemy import Select, func, insert, select
from sqlalchemy.orm import Session

from evidence.db import lock, uuid7
from evidence.files import DerivedKey, FileStore
from evidence.models import Base, Page, Reading
from evidence.values import Box, FileFacts, PageText, Part
from ingest.formats import NOT_RECOGNISED
from ingest.formats.ocr import ocr_ready
from ingest.intake import with_name
from ingest.reading import Reader, reader_fingerprint
from ingest.runtime import Runtime
from ingest.wire import Limits, pack

# Pages are kept this often while a long file is read; a shorter one is written with everything else at the end.
_SAVE_SECONDS = 2.0
_SAVE_PAGES = 500

_INSERT_PAGE = insert(Base.metadata.tables["page"])

# Pages recognised in one go, and the longest file whose scanned pages are read at once. Boxes are kept by chunk.
CHUNK = 8
_NO_BOXES = pack(())

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
    """A reading in the making: what is known of one blob, and how many of its pages are saved.

    Pages that wait for OCR are among `pages`, with the method `pending`. `seen`: every page has been looked at.
    """

    sha256: str
    fingerprint: str
    facts: FileFacts | None
    pages: list[PageText]
    boxes: dict[int, bytes]
    saved: int
    seen: bool

    def pending(self) -> list[int]:
        return [page.number for page in self.pages if page.method == "pending"]

    def save(self, session: Session) -> Reading:
        """Write the pages the database lacks (another worker may have read the same bytes)."""
        assert self.facts is not None
        row = lock_reading(session, self.sha256, self.fingerprint)
        kept = 0
        if row is None:
            row = Reading(id=uuid7(), blob_sha256=self.sha256, fingerprint=self.fingerprint, pages_done=0)
            row.facts, row.pages_expected = asdict(self.facts), self.facts.pages
            session.add(row)
            session.flush()
        elif row.pages_done < row.pages_expected:
            kept = session.scalar(select(func.count()).where(Page.reading_id == row.id)) or 0
        else:
            kept = len(self.pages)
        if fresh := self.pages[kept:]:
            session.connection().execute(_INSERT_PAGE, [_columns(row.id, page) for page in fresh])
            row.pages_done += sum(page.method != "pending" for page in fresh)
        if self.seen:
            row.pages_expected = len(self.pages)
        return row

    def save_boxes(self, files: FileStore) -> None:
        """Keep the boxes of the pages not saved yet; call before `save`, so that no saved page lacks them.

        Each chunk says where the next begins. They can be made again, so they lie with the derived files.
        """
        keep_boxes(files, boxes_key(self.sha256, self.fingerprint, self.saved), len(self.pages), self.boxes)
        self.saved = len(self.pages)
        self.boxes.clear()


class _Boxes(msgspec.Struct, array_like=True, frozen=True):
    """Line boxes by page number, of the pages up to `next`."""

    next: int
    pages: dict[int, msgspec.Raw]


def read_part(runtime: Runtime, reader: Reader, row: PartRow, progress: Progress) -> tuple[Part, Draft]:
    """The part's pages: from the database where these bytes were read before, else from the child.

    The draft still holds what is not saved yet; raises UnreadableDocument.
    """
    fingerprint = reader_fingerprint(runtime.settings.ocr)
    draft = _known(runtime, row.sha256, fingerprint)
    if not draft.seen:
        with runtime.files.local_path(row.sha256) as path:
            _read(runtime, reader, path, row.mime, draft, progress)
    assert draft.facts is not None
    facts = with_name(draft.facts, row.name)
    return Part(row.ordinal, row.role, row.name, row.sha256, facts, tuple(draft.pages)), draft


def load_boxes(files: FileStore, reading: Reading, page: int) -> tuple[Box, ...]:
    """The line boxes of one page; empty when they were evicted or never made."""
    recognised = files.get_derived(boxes_key(reading.blob_sha256, reading.fingerprint, chunk_of(page), ocr=True))
    if recognised and page in (boxes := msgspec.msgpack.decode(recognised, type=_Boxes).pages):
        return msgspec.msgpack.decode(boxes[page], type=tuple[Box, ...])
    saved = 0
    while saved < page and (data := files.get_derived(boxes_key(reading.blob_sha256, reading.fingerprint, saved))):
        chunk = msgspec.msgpack.decode(data, type=_Boxes)
        if page <= chunk.next:
            return msgspec.msgpack.decode(chunk.pages.get(page, _NO_BOXES), type=tuple[Box, ...])
        if chunk.next <= saved:
            break
        saved = chunk.next
    return ()


def keep_boxes(files: FileStore, key: DerivedKey, following: int, boxes: Mapping[int, bytes]) -> None:
    """Keep the packed boxes of some pages; the next chunk begins after page `following`."""
    kept = {number: msgspec.Raw(packed) for number, packed in boxes.items() if packed != _NO_BOXES}
    files.put_derived(key, msgspec.msgpack.encode(_Boxes(following, kept)))


def boxes_key(sha256: str, fingerprint: str, start: int, *, ocr: bool = False) -> DerivedKey:
    return DerivedKey(f"boxes-{fingerprint}{'-pages' if ocr else ''}", sha256, start)


def chunk_of(page: int) -> int:
    """The first page of the chunk in which `page` is recognised."""
    return page - (page - 1) % CHUNK


def lock_reading(session: Session, sha256: str, fingerprint: str) -> Reading | None:
    """The reading, for this transaction alone; others that read or recognise the same bytes wait."""
    lock(session, f"reading {sha256} {fingerprint}")
    return session.scalars(_of(sha256, fingerprint)).one_or_none()


def _read(runtime: Runtime, reader: Reader, path: Path, mime: str, draft: Draft, progress: Progress) -> None:
    settings = runtime.settings
    first = len(draft.pages) + 1
    # A longer scan is recognised later, in chunks, by whoever is free.
    ocr_pages = CHUNK if settings.ocr else 0
    reading = reader.read(path, mime, Limits.of(settings), ocr_pages=ocr_pages, first_page=first)
    later = settings.ocr and ocr_ready()
    draft.facts, draft.boxes = reading.facts, reading.boxes
    last = time.monotonic()
    for page in reading.pages:
        if later and page.note == NOT_RECOGNISED:
            page = replace(page, method="pending")
        draft.pages.append(page)
        if time.monotonic() - last > _SAVE_SECONDS or len(draft.pages) - draft.saved >= _SAVE_PAGES:
            progress("ocr" if page.method in ("ocr", "both") else "reading", f"{page.number}/{reading.facts.pages}")
            draft.save_boxes(runtime.files)
            with runtime.db.transaction() as session:
                draft.save(session)
            last = time.monotonic()
    draft.seen = True


def _known(runtime: Runtime, sha256: str, fingerprint: str) -> Draft:
    with runtime.db.reading() as session:
        row = session.scalars(_of(sha256, fingerprint)).one_or_none()
        if row is None:
            return Draft(sha256, fingerprint, None, [], {}, 0, False)
        pages = list(load_pages(session, row.id))
        facts = msgspec.convert(row.facts, FileFacts)
    return Draft(sha256, fingerprint, facts, pages, {}, len(pages), len(pages) >= row.pages_expected)


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
