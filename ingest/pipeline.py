"""The recipe: read -> identify -> classify -> save -> (index). Each step is one function and may run twice.

Slow work lies between two transactions, never inside one; effect and `done` are written together at the end. The
indexer learns of the document through the outbox, written in that same transaction.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from evidence.db import Database
from evidence.errors import UnreadableDocument
from evidence.models import Blob, Reading, Version, VersionPart
from evidence.values import Part, Read
from ingest.child import Pool
from ingest.hand_in import touch
from ingest.intake import is_archive
from ingest.queue import Claimed, again, fail, finish, park, renew
from ingest.reading import Reader
from ingest.readings import Draft, PartRow, read_part
from ingest.runtime import Runtime
from ingest.saving import save
from ingest.scans import enqueue_chunks, give_up_spent
from ingest.tagging import Tagger
from ingest.unpack import unpack

log = structlog.get_logger()

# A person looks at a progress word, not at a stopwatch; and every word costs a durable write.
_TELL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Children:
    """The processes that do the work the parent need not do: fewer than threads, so that none waits for a save."""

    readers: Pool[Reader]
    taggers: Pool[Tagger]


def process(runtime: Runtime, children: Children, job: Claimed) -> None:
    """Work off one version. A file that cannot be read fails alone, with its reason; its original stays."""
    version = _load(runtime, job.subject)
    progress = _Progress(runtime.db, job)
    try:
        if is_archive(version.parts[0].mime):
            unpack(runtime, version.id, version.parts[0])
            with runtime.db.transaction() as session:
                touch(session, version.document)
                finish(session, job)
            return
        with children.readers.take() as reader:
            read = [read_part(runtime, reader, row, progress) for row in version.parts]
        progress("tagging", "")
        with children.taggers.take() as tagger:
            tagged = tagger.understand(Read(tuple(part for part, _ in read)))
    except UnreadableDocument as error:
        with runtime.db.transaction() as session:
            touch(session, version.document)
            fail(session, job, error)
        return
    runtime.analyser.learn(tagged.stems)
    progress.cpu["tagger_cpu_ms"] = tagged.cpu_ms
    progress.stage("understand")
    for _, draft in read:
        draft.save_boxes(runtime.files)
    with runtime.db.transaction() as session:
        # In one order for all, so that no two transactions wait for each other.
        drafts = sorted((draft for _, draft in read), key=lambda draft: draft.sha256)
        readings = {draft.sha256: draft.save(session) for draft in drafts}
        for part, draft in read:
            known = [page.number for page in part.pages if page.method != "pending"]
            words = {number: tagged.understood.words[part.ordinal, number] for number in known}
            runtime.indexer.keep(readings[draft.sha256].id, words)
        save(session, version.institution, version.id, tagged.understood, tagged.rules)
        touch(session, version.document)
        _end(session, job, version, read, readings)
    if any(draft.pending() for _, draft in read):
        runtime.queue.wake("ocr")
    progress.stage("save")
    log.info("document.processed", pages=sum(len(part.pages) for part, _ in read), **progress.cpu)


def _end(
    session: Session,
    job: Claimed,
    version: _Loaded,
    read: Sequence[tuple[Part, Draft]],
    readings: Mapping[str, Reading],
) -> None:
    """Done; or parked as long as scanned pages are being recognised."""
    pending = {draft.sha256: draft.pending() for _, draft in read if draft.pending()}
    if not pending:
        finish(session, job)
        return
    for sha256, pages in pending.items():
        reading = readings[sha256]
        if reading.pages_done < reading.pages_expected:
            enqueue_chunks(session, version.institution, reading.id, pages)
            give_up_spent(session, reading)
    waiting = [readings[sha256] for sha256 in pending if readings[sha256].pages_done < readings[sha256].pages_expected]
    if waiting:
        park(session, job, f"{waiting[0].pages_done}/{waiting[0].pages_expected}")
    else:
        again(session, job)  # the last pages came while the version was looked at without them


class _Progress:
    """Tells the job table where the work stands, at most so often, and keeps this thread's CPU time by stage."""

    def __init__(self, db: Database, job: Claimed) -> None:
        self._db, self._job = db, job
        self._told = time.monotonic()
        self._since = time.thread_time()
        self.cpu: dict[str, float] = {}

    def __call__(self, stage: str, progress: str) -> None:
        if stage == "tagging":
            self.stage("read")
        if time.monotonic() - self._told > _TELL_SECONDS:
            self._told = time.monotonic()
            renew(self._db, self._job, stage, progress)

    def stage(self, name: str) -> None:
        """The stage `name` ends here."""
        used, self._since = time.thread_time() - self._since, time.thread_time()
        self.cpu[f"{name}_cpu_ms"] = round(used * 1000, 3)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A version as the database knows it before it is processed."""

    id: UUID
    document: UUID
    institution: UUID
    parts: tuple[PartRow, ...]


_PARTS = (
    select(Version.document_id, Version.institution_id)
    .add_columns(VersionPart.ordinal, VersionPart.role, VersionPart.name, VersionPart.blob_sha256, Blob.mime)
    .join(VersionPart, VersionPart.version_id == Version.id)
    .join(Blob, Blob.sha256 == VersionPart.blob_sha256)
    .where(Version.id == bindparam("of"))
    .order_by(VersionPart.ordinal)
)


def _load(runtime: Runtime, version: UUID) -> _Loaded:
    with runtime.db.reading() as session:
        rows = session.execute(_PARTS, {"of": version}).all()
    return _Loaded(version, rows[0][0], rows[0][1], tuple(PartRow(*row[2:]) for row in rows))
