"""Jobs: the `job` table is the truth; a Celery message only says "wake up".

A row is written in the transaction of the change that makes the work necessary. A worker claims the fairest due job by
one guarded UPDATE, renews its lease with its progress, and writes effect and `done` in one transaction. Retries and
poison jobs live in the table alone (early ack, no Celery retry). A sweep wakes what was missed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from celery import Celery
from kombu.exceptions import OperationalError
from sqlalchemy import BindParameter, UpdateBase, bindparam, func, select, update
from sqlalchemy.orm import Session

from evidence.db import Database, clock, insert_new, insert_row
from evidence.errors import BuktiError
from evidence.models import Base, Job, Reading, VersionPart

log = structlog.get_logger()

# A message nobody took in this time is of no use: the sweep has sent others.
_WAKE_SECONDS = 60
_CONNECT_SECONDS = 2
# A broker that is gone is not asked again for so long: each time costs whoever hands in the seconds above.
_GONE_SECONDS = 10
# A job that was begun this often and never ended takes its worker down with it: set aside and shown.
MAX_TRIES = 10
QUEUES = ("text", "ocr", "index", "maintenance")

# A job in a worker's hands; sets the columns named by its parameters. Made once, as putting it together costs more.
_MINE = (
    update(Base.metadata.tables["job"])
    .where(Job.id == bindparam("job"), Job.owner == bindparam("by"), Job.state == "running")
    .returning(Job.id)
)


class LeaseLost(Exception):
    """Another worker has taken the job over; whatever was computed here is thrown away."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job in this worker's hands."""

    id: UUID
    kind: str
    subject: UUID
    revision: int
    owner: str
    lease: timedelta


class Queue:
    """Owns the Celery application and its one task, so that no other room needs to know Celery.

    Without a broker, messages reach only workers of the same process, and everything else is found by their sweep.
    """

    def __init__(self, broker_url: str = "") -> None:
        self.alone = not broker_url
        self._sent: set[str] = set()
        self._gone_until = 0.0
        self.app = Celery("bukti", broker=broker_url or "memory://", set_as_current=False)
        self.app.conf.update(
            task_ignore_result=True,
            task_serializer="json",
            accept_content=["json"],
            worker_prefetch_multiplier=1,
            worker_redirect_stdouts=False,
            worker_hijack_root_logger=False,
            broker_transport_options=_options(broker_url),
            broker_connection_timeout=_CONNECT_SECONDS,
            broker_connection_retry_on_startup=True,
            broker_connection_max_retries=None,
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
        """Tell a worker that `queue` may hold something; call after the commit, never inside the transaction.

        A broker that is gone loses nothing: the workers' sweep finds what is due.
        """
        # One message that no worker has taken yet is enough in one process: it will see whatever is due by then.
        if self.alone and queue in self._sent:
            return
        if time.monotonic() < self._gone_until:
            return
        self._sent.add(queue)
        try:
            self._task.apply_async(args=[queue], queue=queue, retry=False, expires=_WAKE_SECONDS)
        except (OperationalError, OSError) as error:
            self._gone_until = time.monotonic() + _GONE_SECONDS
            log.warning("queue.broker_unreachable", error=type(error).__name__)


def _options(broker_url: str) -> dict[str, Any]:
    """How long to wait for a broker that may be gone; RabbitMQ also says that it has the message."""
    if not broker_url:
        return {"polling_interval": 0.05}
    if broker_url.startswith("amqp"):
        return {"confirm_publish": True}
    return {"socket_connect_timeout": _CONNECT_SECONDS, "socket_timeout": 5}


def enqueue(
    session: Session, institution: UUID | None, kind: str, subject: UUID, queue: str, revision: int = 0
) -> None:
    """Write a job row within the caller's transaction."""
    insert_row(session, Job, institution_id=institution, kind=kind, subject=subject, queue=queue, revision=revision)


def enqueue_new(session: Session, institution: UUID | None, kind: str, subject: UUID, **columns: Any) -> None:
    """Like `enqueue`, for work that may have been written down before."""
    insert_new(session, Job, institution_id=institution, kind=kind, subject=subject, **columns)


def claim(db: Database, owner: str, queues: Collection[str], lease: timedelta) -> Claimed | None:
    """Take the fairest due job: of the institution with the fewest running ones, then by priority and age.

    Every claim is its own, so that a thread whose lease ran out can write nothing, even beside another of its process.
    """
    owner = f"{owner}:{uuid4().hex[:12]}"
    with db.transaction() as session:
        at = clock(session)
        wanted = {"queues": list(queues), "at": at, "by": owner, "until": at + lease}
        job = session.connection().execute(_TAKE, wanted).one_or_none()
    return Claimed(job.id, job.kind, job.subject, job.revision, owner, lease) if job else None


def renew(db: Database, job: Claimed, stage: str, progress: str = "") -> None:
    """Say where the work stands and keep the lease; raises LeaseLost."""
    with db.transaction() as session:
        _mine(session, job, stage=stage, progress=progress, lease=clock(session) + job.lease)


def keep(db: Database, jobs: Collection[Claimed]) -> None:
    """A sign of life: the leases of the jobs in hand begin anew."""
    if not jobs:
        return
    lease = max(job.lease for job in jobs)
    mine = update(Job).where(Job.state == "running", Job.owner.in_([job.owner for job in jobs]))
    with db.transaction() as session:
        session.connection().execute(mine.values(lease=clock(session) + lease))


def give_back(db: Database, job: Claimed, seconds: int) -> None:
    """Put the job back for a while: what it needs cannot be reached. Not counted as a try; raises LeaseLost."""
    with db.transaction() as session:
        values = _WAITING | {"not_before": clock(session) + timedelta(seconds=seconds)}
        _mine(session, job, _MINE.values(tries=Job.tries - 1), **values)


def finish(session: Session, job: Claimed) -> None:
    """Mark the job done within the transaction that writes its effect; raises LeaseLost."""
    _mine(session, job, state="done", stage="done", progress="", lease=None, error="", error_code="")


def park(session: Session, job: Claimed, progress: str) -> None:
    """Leave the job until its scanned pages are recognised; whoever does that wakes it. Raises LeaseLost."""
    _mine(session, job, state="parked", stage="ocr", progress=progress, lease=None)


def again(session: Session, job: Claimed) -> None:
    """Put the job back, to be done once more with what has come to be known meanwhile; raises LeaseLost."""
    _mine(session, job, **_WAITING, tries=0)


def unpark(session: Session, subjects: Collection[UUID]) -> None:
    """Let the parked jobs of these subjects run again."""
    parked = update(Job).where(Job.kind == "process", Job.subject.in_(subjects), Job.state == "parked")
    session.execute(parked.values(**_WAITING, tries=0))


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
        late = Job.state == "running", Job.lease < clock(session)
        expired = session.scalar(select(func.count()).where(*late))
        spent = session.scalar(select(func.count()).where(Job.state == "waiting", Job.tries >= MAX_TRIES))
        forgotten = _forgotten(session)
    if expired or spent or forgotten:
        with db.transaction() as session:
            session.execute(update(Job).where(*late).values(**_WAITING))
            session.execute(
                update(Job)
                .where(Job.state == "waiting", Job.tries >= MAX_TRIES)
                .values(state="failed", stage="failed", error_code="poison", error=_POISON)
            )
            unpark(session, _forgotten(session))
    with db.reading() as session:
        due = select(Job.queue).where(Job.state == "waiting", Job.not_before <= clock(session)).distinct()
        return list(session.scalars(due))


def _forgotten(session: Session) -> list[UUID]:
    """Subjects of parked jobs of which no scanned page is being worked on any more."""
    recognising = (
        select(Job.subject.label("reading")).where(Job.kind == "ocr", Job.state.in_(("waiting", "running"))).subquery()
    )
    worked_on = (
        select(VersionPart.version_id)
        .join(Reading, Reading.blob_sha256 == VersionPart.blob_sha256)
        .join(recognising, recognising.c.reading == Reading.id)
    )
    parked = select(Job.subject).where(Job.kind == "process", Job.state == "parked", Job.subject.not_in(worked_on))
    return list(session.scalars(parked))


_WAITING: dict[str, Any] = {"state": "waiting", "stage": "waiting", "progress": "", "owner": "", "lease": None}
_POISON = "Pemrosesan berkas ini berulang kali terhenti sehingga disisihkan. Berkas asli tetap disimpan."


def _take() -> UpdateBase:
    queues: BindParameter[Any] = bindparam("queues", expanding=True)
    busy = (
        select(Job.institution_id, func.count().label("jobs"))
        .where(Job.state == "running", Job.queue.in_(queues))
        .group_by(Job.institution_id)
        .subquery()
    )
    due = (
        select(Job.id)
        .outerjoin(busy, busy.c.institution_id == Job.institution_id)
        .where(Job.queue.in_(queues), Job.state == "waiting", Job.not_before <= bindparam("at"))
        .order_by(func.coalesce(busy.c.jobs, 0), Job.priority.desc(), Job.created_at, Job.id)
        .limit(1)
        # On a server, workers that ask at the same time look past each other's choice instead of waiting for it.
        .with_for_update(skip_locked=True, of=Job)
        .scalar_subquery()
    )
    taken = {"state": "running", "stage": "reading", "owner": bindparam("by"), "lease": bindparam("until")}
    return (
        update(Job)
        .where(Job.id == due, Job.state == "waiting")
        .values(**taken, tries=Job.tries + 1)
        .returning(Job.id, Job.kind, Job.subject, Job.revision)
    )


# Made once: putting it together costs more than asking it.
_TAKE = _take()


def _mine(session: Session, job: Claimed, /, statement: UpdateBase = _MINE, **values: Any) -> None:
    if not session.connection().execute(statement, {"job": job.id, "by": job.owner} | values).all():
        raise LeaseLost(job.id)
