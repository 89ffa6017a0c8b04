"""The recipe: read -> identify -> classify -> save -> (index). Each step is one function and may run twice.

Slow work lies between two transactions, never inside one; effect and `done` are written together at the end. The
indexer learns of the document through the outbox, written in that same transaction.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence.db import Database
from evidence.errors import UnreadableDocument
from evidence.models import Blob, Document, Version, VersionPart
from evidence.values import Read
from ingest.child import Pool
from ingest.hand_in import touch
from ingest.intake import is_archive
from ingest.queue import Claimed, fail, finish, renew
from ingest.reading import Reader
from ingest.readings import PartRow, read_part
from ingest.runtime import Runtime
from ingest.saving import save
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
    version_id = job.subject
    progress = _Progress(runtime.db, job)
    try:
        rows = _parts(runtime, version_id)
        if is_archive(rows[0].mime):
            unpack(runtime, version_id, rows[0])
            with runtime.db.transaction() as session:
                touch(session, _document(session, version_id))
                finish(session, job)
            return
        with children.readers.take() as reader:
            read = [read_part(runtime, reader, row, progress) for row in rows]
        progress("tagging", "")
        with children.taggers.take() as tagger:
            tagged = tagger.understand(Read(tuple(part for part, _ in read)))
    except UnreadableDocument as error:
        with runtime.db.transaction() as session:
            touch(session, _document(session, version_id))
            fail(session, job, error)
        return
    runtime.analyser.learn(tagged.stems)
    progress.cpu["tagger_cpu_ms"] = tagged.cpu_ms
    progress.stage("understand")
    for _, draft in read:
        draft.save_boxes(runtime.files)
    with runtime.db.transaction() as session:
        for part, draft in read:
            reading = draft.save(session)
            tokens = {page.number: tagged.understood.tokens[part.ordinal, page.number] for page in part.pages}
            runtime.indexer.keep(reading, tokens)
        save(session, session.get_one(Version, version_id), tagged.understood, tagged.rules)
        touch(session, _document(session, version_id))
        finish(session, job)
    progress.stage("save")
    log.info("document.processed", pages=sum(len(part.pages) for part, _ in read), **progress.cpu)


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


def _parts(runtime: Runtime, version: UUID) -> list[PartRow]:
    with runtime.db.reading() as session:
        rows = session.execute(
            select(VersionPart.ordinal, VersionPart.role, VersionPart.name, VersionPart.blob_sha256, Blob.mime)
            .join(Blob, Blob.sha256 == VersionPart.blob_sha256)
            .where(VersionPart.version_id == version)
            .order_by(VersionPart.ordinal)
        )
        return [PartRow(*row) for row in rows]


def _document(session: Session, version: UUID) -> Document:
    return session.scalars(
        select(Document).join(Version, Version.document_id == Document.id).where(Version.id == version)
    ).one()
