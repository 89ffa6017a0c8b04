"""Jobs: the `job` table is the truth; a Celery message only says "wake up".

A row is written in the transaction of the change that makes the work necessary. A worker claims the fairest due job by
one guarded UPDATE, renews its lease with its progress, and writes effect and `done` in one transaction. Retries and
poison jobs live in the table alone (early ack, no Celery retry). A sweep wakes what was missed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from celery import Celery
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, aliased

from evidence.db import Database, insert_row, now
from evidence.errors import BuktiError
from evidence.models import Job

# Longer than any step that does not renew it: unpacking, opening a file, understanding, rebuilding the index. In
# embedded mode a vanished worker's jobs are given back at once, when the next process takes the data folder.
LEASE = timedelta(minutes=30)
# A job that was begun this often and never ended takes its worker down with it: set aside and shown.
MAX_TRIES = 10
QUEUES = ("text", "maintenance")


class LeaseLost(Exception):
    """Another worker has taken the job over; whatever was computed here is thrown away."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job in this worker's hands."""

    id: UUID
    kind: str
    subject: UUID
    owner: str


class Queue:
    """Owns the Celery application and its one task, so that no other room needs to know Celery.

    `broker_url` is `memory://` in embedded mode: messages then reach only workers of the same process, and everything
    else is found by their sweep.
    """

    def __init__(self, broker_url: str) -> None:
        self._alone = broker_url.startswith("memory:")
        self._sent: set[str] = set()
        self.app = Celery("bukti", broker=broker_url, set_as_current=False)
        self.app.conf.update(
            task_ignore_result=True,
            task_serializer="json",
            accept_content=["json"],
            worker_prefetch_multiplier=1,
            worker_redirect_stdouts=False,
            worker_hijack_root_logger=False,
            broker_transport_options={"polling_interval": 0.05} if broker_url == "memory://" else {},
            broker_connection_retry_on_startup=True,
        )
        self._work: Callable[[str], None] | None = None

        def wake(queue: str) -> None:  # Celery takes no bound method for a task
            self._sent.discard(queue)
            if self._work is not None:
                self._work(queue)

        # Not shared: every Queue of a process has its own task. Not lazy: the worker must find it when it starts.
        self._task: Any = self.app.task(wake, name="ingest.wake", shared=False, lazy=False)

    def on_wake(self, work: Callable[[str], None]) -> None:
        """Say what a worker of this process does when a queue is woken."""
        self._work = work

    def wake(self, queue: str) -> None:
        """Tell a worker that `queue` may hold something; call after the commit, never inside the transaction."""
        # One message that no worker has taken yet is enough in one process: it will see whatever is due by then.
        if self._alone and queue in self._sent:
            return
        self._sent.add(queue)
        self._task.apply_async(args=[queue], queue=queue)


def enqueue(
    session: Session, institution: UUID | None, kind: str, subject: UUID, queue: str, revision: int = 0
) -> None:
    """Write a job row within the caller's transaction."""
    insert_row(session, Job, institution_id=institution, kind=kind, subject=subject, queue=queue, revision=revision)


def claim(db: Database, owner: str, queue: str) -> Claimed | None:
    """Take the fairest due job: of the institution with the fewest running ones, then by priority and age.

    Every claim is its own, so that a thread whose lease ran out can write nothing, even beside another of its process.
    """
    owner = f"{owner}:{uuid4().hex[:12]}"
    with db.transaction() as session:
        running = aliased(Job)
        busy = (
            select(func.count())
            .where(running.institution_id == Job.institution_id, running.state == "running", running.queue == queue)
            .scalar_subquery()
        )
        due = (
            select(Job.id)
            .where(Job.queue == queue, Job.state == "waiting", Job.not_before <= now())
            .order_by(busy, Job.priority.desc(), Job.created_at, Job.id)
            .limit(1)
            .scalar_subquery()
        )
        job = (
            session.connection()
            .execute(
                update(Job)
                .where(Job.id == due, Job.state == "waiting")
                .values(state="running", stage="reading", owner=owner, lease=now() + LEASE, tries=Job.tries + 1)
                .returning(Job.id, Job.kind, Job.subject)
            )
            .one_or_none()
        )
    return Claimed(*job, owner=owner) if job else None


def renew(db: Database, job: Claimed, stage: str, progress: str = "") -> None:
    """Say where the work stands and keep the lease; raises LeaseLost."""
    with db.transaction() as session:
        _mine(session, job, stage=stage, progress=progress, lease=now() + LEASE)


def finish(session: Session, job: Claimed) -> None:
    """Mark the job done within the transaction that writes its effect; raises LeaseLost."""
    _mine(session, job, state="done", stage="done", progress="", lease=None, error="", error_code="")


def fail(session: Session, job: Claimed, error: BuktiError) -> None:
    """Mark the job failed with a reason in the user's words; raises LeaseLost."""
    _mine(
        session,
        job,
        state="failed",
        stage="failed",
        progress="",
        lease=None,
        error=error.message,
        error_code=error.code,
    )


def retry(session: Session, kind: str, subject: UUID) -> bool:
    """A person asks to try a failed job again."""
    again = update(Job).where(Job.kind == kind, Job.subject == subject, Job.state == "failed")
    return bool(session.execute(again.values(**_WAITING, tries=0).returning(Job.id)).all())


def release(db: Database, owner: str | None = None) -> int:
    """Give running jobs back: those of `owner`, who stops in good order, or all, where nobody else can be at work."""
    again = update(Job).where(Job.state == "running").values(**_WAITING)
    if owner is not None:
        # Stopping is no sign of a poison job.
        again = again.where(Job.owner.startswith(owner, autoescape=True)).values(tries=Job.tries - 1)
    with db.transaction() as session:
        return len(session.execute(again.returning(Job.id)).all())


def sweep(db: Database) -> list[str]:
    """Give back expired leases, set poison jobs aside, and name the queues that hold due work."""
    with db.reading() as session:
        expired = session.scalar(select(func.count()).where(Job.state == "running", Job.lease < now()))
        spent = session.scalar(select(func.count()).where(Job.state == "waiting", Job.tries >= MAX_TRIES))
    if expired or spent:
        with db.transaction() as session:
            session.execute(update(Job).where(Job.state == "running", Job.lease < now()).values(**_WAITING))
            session.execute(
                update(Job)
                .where(Job.state == "waiting", Job.tries >= MAX_TRIES)
                .values(state="failed", stage="failed", error_code="poison", error=_POISON)
            )
    with db.reading() as session:
        due = select(Job.queue).where(Job.state == "waiting", Job.not_before <= now()).distinct()
        return list(session.scalars(due))


_WAITING: dict[str, Any] = {"state": "waiting", "stage": "waiting", "progress": "", "owner": "", "lease": None}
_POISON = "Pemrosesan berkas ini berulang kali terhenti sehingga disisihkan. Berkas asli tetap disimpan."


def _mine(session: Session, job: Claimed, **values: Any) -> None:
    mine = update(Job).where(Job.id == job.id, Job.owner == job.owner, Job.state == "running")
    if not session.connection().execute(mine.values(**values).returning(Job.id)).all():
        raise LeaseLost(job.id)
