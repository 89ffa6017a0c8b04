"""What an instance and its processes are at in one moment, seen from outside while they work; and what to look for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from evidence.db import Database
from evidence.errors import DatabaseUnavailable
from evidence.models import Blob, Job, Outbox, Reading, Version, VersionPart
from evidence.settings import Settings
from ingest.intake import is_archive

# How the demonstration calls its scans.
SCANNED = " (pindai)"
# What a child must have used since it was last idle before we say that it works: more than it takes to get a message.
_TAGGING_SECONDS = 0.01
_OCR_SECONDS = 0.15
# A commit worth killing holds more than an archive's own, empty entry.
_BATCH = 3


@dataclass(frozen=True, slots=True)
class Running:
    """A document whose job a worker has in hand."""

    name: str
    sha256: str
    mime: str
    stage: str
    members: int  # of an archive, that are documents already


@dataclass(frozen=True, slots=True)
class Child:
    """A reader or tagger, with its CPU time: in all, and since it was last seen idle (None if it never was)."""

    pid: int
    module: str
    busy: bool
    used: float
    since_idle: float | None
    opened: frozenset[str]  # SHA-256 of the originals it has open


@dataclass(frozen=True, slots=True)
class Sight:
    """What an instance and the children of one of its processes are at in one moment."""

    handed: int = 0  # documents that are no archive's members
    running: tuple[Running, ...] = ()
    begun: frozenset[str] = frozenset()  # SHA-256 of what was read in part
    unindexed: int = 0
    in_hand: int = 0  # of these, in an indexer's hand
    children: tuple[Child, ...] = ()
    at_rest: bool = False


@contextmanager
def looking(settings: Settings, pid: int) -> Iterator[Callable[[], Sight]]:
    """A function that tells what the instance and the process `pid` are at. It writes nothing, not even on closing."""
    db = Database(_read_only(settings.database))
    idle: dict[int, float] = {}

    def look() -> Sight:
        children = tuple(_children(pid, idle))
        try:
            return _look(db, children)
        except (DatabaseUnavailable, SQLAlchemyError):  # there is no database yet, or no tables
            return Sight(children=children)

    try:
        yield look
    finally:
        db.close()


def _read_only(url: str) -> str:
    """A last connection that may write would tidy SQLite's log up, and spare whoever comes next the recovery."""
    path = url.removeprefix("sqlite:///")
    return url if path == url else f"sqlite:///file:{path}?mode=ro&uri=true"


def _look(db: Database, children: tuple[Child, ...]) -> Sight:
    with db.reading() as session:
        folders = list(session.scalars(_FOLDERS))
        states = set(session.scalars(_STATES))
        unindexed = list(session.scalars(_LEASES))
        rows = [row for jobs in _RUNNING for row in session.execute(jobs)]
        return Sight(
            handed=sum("!" not in folder for folder in folders),
            running=tuple(
                Running(name, sha256, mime, stage, sum(f"{folder}/{name}!" in f"/{inside}" for inside in folders))
                for name, sha256, mime, stage, folder in rows
            ),
            begun=frozenset(session.scalars(_BEGUN)),
            unindexed=len(unindexed),
            in_hand=sum(lease is not None for lease in unindexed),
            children=children,
            at_rest=bool(states) and states <= {"done", "failed"} and not unindexed,
        )


# Made once: whoever looks takes its time from those it looks at.
_NAMED = (
    select(VersionPart.name, Blob.sha256, Blob.mime, Job.stage, Version.folder_hint)
    .join(Blob, Blob.sha256 == VersionPart.blob_sha256)
    .join(Version, Version.id == VersionPart.version_id)
)
_RUNNING = (
    _NAMED.join(Job, Job.subject == Version.id).where(Job.kind == "process", Job.state == "running"),
    _NAMED.join(Reading, Reading.blob_sha256 == Blob.sha256)
    .join(Job, Job.subject == Reading.id)
    .where(Job.kind == "ocr", Job.state == "running"),
)
_FOLDERS = select(Version.folder_hint)
_STATES = select(Job.state).distinct()
_LEASES = select(Outbox.lease)
_BEGUN = select(Reading.blob_sha256).where(Reading.pages_done > 0, Reading.pages_done < Reading.pages_expected)


def _children(parent: int, idle: dict[int, float]) -> Iterator[Child]:
    """The readers and taggers of a process. `idle` keeps, from look to look, their CPU time when last seen idle."""
    for pid in _pids_below(parent):
        try:
            module = module_of(pid)
            threads = list(Path(f"/proc/{pid}/task").iterdir())
            busy = any((thread / "stat").read_text().rpartition(")")[2].split()[0] != "S" for thread in threads)
            used = sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9
            targets = [os.readlink(handle) for handle in Path(f"/proc/{pid}/fd").iterdir()]
        except OSError:  # it has just ended
            continue
        if not module:
            continue
        if not busy:
            idle[pid] = used
        since = used - idle[pid] if pid in idle else None
        yield Child(pid, module, busy, used, since, frozenset(target.rpartition("/")[2] for target in targets))


def _pids_below(parent: int) -> Iterator[int]:
    for children in Path(f"/proc/{parent}/task").glob("*/children"):
        try:
            yield from map(int, children.read_text().split())
        except OSError:
            continue


def module_of(pid: int) -> str:
    """`reader`, `tagger`, or nothing for other processes."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    return next((word.decode().removeprefix("ingest.") for word in words if word.startswith(b"ingest.")), "")


# --- aims -------------------------------------------------------------------------

# What of the situation is seen, in words; empty when it is not there.
Aim = Callable[[Sight], str]


def handing_in(files: int) -> Aim:
    """In the middle of handing in so many files."""
    return lambda sight: f"{sight.handed} of {files} files handed in" if 0 < sight.handed < files else ""


def _unpacking(sight: Sight) -> str:
    return next(
        (
            f"{job.name}: {job.members} members handed in"
            for job in sight.running
            if is_archive(job.mime) and job.members
        ),
        "",
    )


def _reading(sight: Sight) -> str:
    return next((f"a reader is at {job.name}" for job, _ in _being_read(sight) if SCANNED not in job.name), "")


def _ocr(sight: Sight) -> str:
    return next(
        (
            f"a reader is at {job.name}, for {spent:.2f} s of CPU"
            for job, child in _being_read(sight)
            if SCANNED in job.name and job.sha256 not in sight.begun
            if (spent := child.used if child.since_idle is None else child.since_idle) > _OCR_SECONDS
        ),
        "",
    )


def _ocr_begun(sight: Sight) -> str:
    return next(
        (
            f"a reader is at {job.name}, of which some pages are saved"
            for job, _ in _being_read(sight)
            if SCANNED in job.name and job.sha256 in sight.begun
        ),
        "",
    )


def _tagging(sight: Sight) -> str:
    names = ", ".join(f"{job.name} ({job.stage})" for job in sight.running if not is_archive(job.mime))
    return next(
        (
            f"a tagger that had been idle has used {child.since_idle:.3f} s of CPU; running: {names}"
            for child in sight.children
            if child.module == "tagger" and child.busy and (child.since_idle or 0) > _TAGGING_SECONDS and names
        ),
        "",
    )


def _indexing(sight: Sight) -> str:
    if sight.in_hand < _BATCH:
        return ""
    return f"an indexer has {sight.in_hand} of {sight.unindexed} documents in hand"


def _being_read(sight: Sight) -> Iterator[tuple[Running, Child]]:
    for child in sight.children:
        for job in sight.running:
            if child.module == "reader" and child.busy and job.sha256 in child.opened:
                yield job, child


AIMS: Mapping[str, Aim] = {
    "unpacking": _unpacking,
    "reading": _reading,
    "OCR": _ocr,
    "OCR, pages saved": _ocr_begun,
    "tagging": _tagging,
    "indexing": _indexing,
}
