"""Long scans: their pages are recognised in chunks, each a job of its own, by whoever is free; first pages first.

A chunk brings its pages into the reading. The version is understood again when its first pages are there, as they hold
the title, and when all are; in between its pages become searchable as their number doubles.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import structlog
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from evidence.errors import UnreadableDocument
from evidence.models import Base, Blob, Document, Job, Page, Reading, Version, VersionPart
from evidence.values import PageText
from ingest.child import Pool
from ingest.formats import NOT_RECOGNISED
from ingest.hand_in import touch
from ingest.queue import Claimed, enqueue_new, finish, renew, unpark
from ingest.reading import ANY_NUMBER, Reader
from ingest.readings import CHUNK, boxes_key, chunk_of, keep_boxes, lock_reading
from ingest.runtime import Runtime
from ingest.wire import Limits

log = structlog.get_logger()

_GIVEN_UP = "Halaman pindaian ini tidak dapat dikenali."

_PAGE = Base.metadata.tables["page"]
_RECOGNISED = (
    update(_PAGE)
    .where(_PAGE.c.reading_id == bindparam("of"), _PAGE.c.number == bindparam("at"), _PAGE.c.method == "pending")
    .values({name: bindparam(f"new_{name}") for name in ("text", "method", "confidence", "picture", "note")})
)


def enqueue_chunks(session: Session, institution: UUID, reading: UUID, pending: Collection[int]) -> None:
    """Write down the work on a reading's scanned pages; what was written down before stays as it is."""
    for first in sorted({chunk_of(page) for page in pending}):
        chunk = {"revision": first, "queue": "ocr", "priority": -(first // CHUNK) - 1}
        enqueue_new(session, institution, "ocr", reading, **chunk)


def recognise(runtime: Runtime, readers: Pool[Reader], job: Claimed) -> None:
    """Work off one chunk: recognise those of its pages that still wait. May run twice."""
    with runtime.db.reading() as session:
        reading = session.get_one(Reading, job.subject)
        mime = session.get_one(Blob, reading.blob_sha256).mime
        pending = _pending(session, reading.id, job.revision)
    pages: list[PageText] = []
    if pending:
        renew(runtime.db, job, "ocr")
        with readers.take() as reader, runtime.files.local_path(reading.blob_sha256) as path:
            limits = Limits.of(runtime.settings)
            stretch = {"first_page": pending[0], "last_page": pending[-1]}
            try:
                read = reader.read(path, mime, limits, ocr_pages=ANY_NUMBER, **stretch)
                pages = [page for page in read.pages if page.number in pending]
                key = boxes_key(reading.blob_sha256, reading.fingerprint, job.revision, ocr=True)
                keep_boxes(runtime.files, key, pending[-1], read.boxes)
            except UnreadableDocument as error:
                log.warning("scan.chunk_unreadable", code=error.code, page=job.revision)
                pages = []
    with runtime.db.transaction() as session:
        bring(session, reading, pages or [_given_up(number) for number in pending])
        finish(session, job)
    runtime.queue.wake("text")


def give_up_spent(session: Session, reading: Reading) -> None:
    """The pages of chunks that were set aside are unreadable, visibly; the rest of the version counts."""
    spent = select(Job.revision).where(Job.kind == "ocr", Job.subject == reading.id, Job.state == "failed")
    for chunk in session.scalars(spent).all():
        bring(session, reading, [_given_up(number) for number in _pending(session, reading.id, chunk)])


def bring(session: Session, reading: Reading, pages: Collection[PageText]) -> None:
    """Write recognised pages into the reading, and let those who hold its bytes know."""
    row = lock_reading(session, reading.blob_sha256, reading.fingerprint)
    assert row is not None
    if pages:
        session.connection().execute(_RECOGNISED, [_columns(row.id, page) for page in pages])
    before = row.pages_done
    waiting = session.scalar(select(func.count()).where(Page.reading_id == row.id, Page.method == "pending")) or 0
    row.pages_done = row.pages_expected - waiting
    session.flush()
    versions, documents = _holders(session, row.blob_sha256)
    if not waiting or chunk_of(min((page.number for page in pages), default=ANY_NUMBER)) == 1:
        unpark(session, versions)
    elif before.bit_length() < row.pages_done.bit_length():
        # Putting a version of n pages into the index after every chunk would cost n times n.
        for document in documents:
            touch(session, document)
    parked = update(Job).where(Job.kind == "process", Job.subject.in_(versions), Job.state == "parked")
    session.execute(parked.values(progress=f"{row.pages_done}/{row.pages_expected}"))


def _pending(session: Session, reading: UUID, first: int) -> list[int]:
    """The pages of a chunk that wait for OCR."""
    pages = select(Page.number).where(
        Page.reading_id == reading, Page.number.between(first, first + CHUNK - 1), Page.method == "pending"
    )
    return list(session.scalars(pages.order_by(Page.number)))


def _holders(session: Session, sha256: str) -> tuple[list[UUID], list[UUID]]:
    """Versions that hold these bytes, and the documents of which they are the current ones."""
    rows = session.execute(
        select(Version.id, Document.id, Document.current_version_id)
        .join(VersionPart, VersionPart.version_id == Version.id)
        .join(Document, Document.id == Version.document_id)
        .where(VersionPart.blob_sha256 == sha256)
        .order_by(Document.id)
    ).all()
    return [version for version, _, _ in rows], [document for version, document, current in rows if version == current]


def _given_up(number: int) -> PageText:
    return PageText(number, f"hal. {number}", "", "unreadable", picture=True, note=_GIVEN_UP)


def _columns(reading: UUID, page: PageText) -> dict[str, object]:
    note = "" if page.note == NOT_RECOGNISED else page.note
    new = {"text": page.text, "method": page.method, "confidence": page.confidence, "picture": page.picture}
    return {"of": reading, "at": page.number} | {f"new_{name}": value for name, value in (new | {"note": note}).items()}
