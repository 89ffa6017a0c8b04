"""`bukti rebuild-index`: the owner of the data folder does it; beside a running one the wish becomes a job."""

from __future__ import annotations

import time
from uuid import UUID

from sqlalchemy import select

from api.serving import working
from evidence.db import Database, uuid7
from evidence.errors import BuktiError, OwnerBusy
from evidence.models import Job
from evidence.settings import Settings
from ingest.queue import enqueue
from ingest.runtime import runtime

_POLL_SECONDS = 0.3


def rebuild(settings: Settings) -> str:
    """Rebuild and return a sentence for people; raises BuktiError when it failed."""
    try:
        with working(settings) if settings.alone else runtime(settings, writable=True) as opened:
            count = opened.indexer.rebuild()
            return f"Indeks dibangun ulang: {count} dokumen."
    except OwnerBusy:
        wish = uuid7()
        db = Database(settings.database)
        with db.transaction() as session:
            enqueue(session, None, "rebuild_index", wish, "maintenance")
        return _follow(db, wish)


def _follow(db: Database, wish: UUID) -> str:
    while True:
        with db.reading() as session:
            job = session.scalars(select(Job).where(Job.kind == "rebuild_index", Job.subject == wish)).one()
        if job.state == "failed":
            raise BuktiError(job.error)
        if job.state == "done":
            return "Indeks dibangun ulang oleh Bukti yang sedang berjalan."
        time.sleep(_POLL_SECONDS)
