"""`bukti ingest`: hand files in, and follow their progress until the last is done or has failed."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import select

from api.serving import working
from evidence.access import Access
from evidence.documents import SETTLED, DocumentFilter, DocumentRow, count_states, list_documents
from evidence.errors import InvalidInput, OwnerBusy
from evidence.instance import first_institution, local_access, open_period
from evidence.models import Unit
from evidence.settings import Settings
from ingest.hand_in import BatchResult, Handed, hand_in
from ingest.runtime import Runtime, runtime

_POLL_SECONDS = 0.2
_PATIENCE_SECONDS = 15.0
_WORKING, _NOBODY = "Memproses", "Menunggu pekerja (jalankan `bukti worker`)"
_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """One document at the end: `outcome` new, duplicate, refused; `state` done, failed, or where it stood."""

    path: str
    name: str
    document: str | None
    outcome: str
    state: str
    pages: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Result:
    batch: UUID
    outcomes: tuple[Outcome, ...]

    @property
    def failed(self) -> tuple[Outcome, ...]:
        return tuple(item for item in self.outcomes if item.state == "failed" or item.outcome == "refused")

    def summary(self) -> str:
        new = sum(item.outcome == "new" for item in self.outcomes)
        known = sum(item.outcome == "duplicate" for item in self.outcomes)
        done = sum(item.state == "done" for item in self.outcomes if item.outcome == "new")
        return f"{new} dokumen baru ({done} selesai), {known} sudah ada, {len(self.failed)} gagal."

    def output(self) -> dict[str, Any]:
        return {"batch": str(self.batch), "documents": [asdict(item) for item in self.outcomes]}


def ingest_paths(
    settings: Settings, paths: list[Path], *, unit: str | None, year: int | None, wait: bool, show: bool
) -> Result:
    """Hand everything under `paths` in. Workers or a running Bukti do the work; alone, this process does it."""
    files = list(_files(paths))
    if settings.alone:
        with suppress(OwnerBusy), working(settings) as opened:
            return _ingest(opened, files, unit, year, wait=True, show=show)
    with runtime(settings) as opened:
        return _ingest(opened, files, unit, year, wait=wait, show=show)


def _ingest(
    opened: Runtime, files: list[tuple[Path, str]], unit: str | None, year: int | None, *, wait: bool, show: bool
) -> Result:
    with opened.db.transaction() as session:
        institution = first_institution(session)
        access = local_access(institution)
        period = open_period(session, institution, *([year] if year else [])).id
        owner = _unit(session, access, unit) if unit else None
    handed = [Handed.at(path, path.name, folder) for path, folder in files]
    batch = hand_in(opened, access, handed, unit=owner, period=period, origin="cli")
    with _bar(show) as tell:
        while True:
            with opened.db.reading() as session:
                states = count_states(session, access, batch.batch)
            settled = sum(states[state] for state in SETTLED)
            tell(states)
            if not wait or settled == states.total():
                return Result(batch.batch, tuple(_outcomes(batch, _rows(opened, access, batch.batch))))
            time.sleep(_POLL_SECONDS)


def _files(paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """Files to hand in, each with the folders it lies in below what was named."""
    for path in paths:
        if path.is_dir():
            for folder, _, names in sorted(os.walk(path)):
                below = Path(folder).relative_to(path)
                inside = Path(path.name, below).as_posix()
                yield from ((Path(folder, name), inside) for name in sorted(names) if not name.startswith("."))
        elif path.is_file():
            yield path, ""
        else:
            raise InvalidInput("Tidak ditemukan: {path}", path=path)


def _unit(session: Any, access: Access, name: str) -> UUID:
    """The unit of this name; the local administrator may name a new one."""
    unit = session.scalars(
        select(Unit).where(Unit.institution_id == access.institution, Unit.name == name)
    ).one_or_none()
    if unit is None:
        unit = Unit(institution_id=access.institution, name=name)
        session.add(unit)
        session.flush()
    identifier: UUID = unit.id
    return identifier


def _rows(opened: Runtime, access: Access, batch: UUID) -> tuple[DocumentRow, ...]:
    with opened.db.reading() as session:
        return list_documents(session, access, DocumentFilter(batch=batch), size=_ALL).rows


def _outcomes(batch: BatchResult, rows: tuple[DocumentRow, ...]) -> Iterator[Outcome]:
    for item in batch.items:
        if item.outcome != "new":
            known = str(item.document) if item.document else None
            yield Outcome(item.name, item.name, known, item.outcome, "", 0, "", item.message)
    for row in reversed(rows):
        path = f"{row.folder}/{row.name}".lstrip("/")
        yield Outcome(path, row.name, str(row.id), "new", row.state, row.pages, row.error_code, row.error)


def _bar(show: bool) -> AbstractContextManager[Callable[[Counter[str]], None]]:
    return _Bar() if show else nullcontext(lambda states: None)


class _Bar:
    """A progress bar on standard error. It says so when nobody takes the documents."""

    def __init__(self) -> None:
        from rich.console import Console

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task(_WORKING, total=None)
        self._taken = time.monotonic()

    def __enter__(self) -> Callable[[Counter[str]], None]:
        self._progress.start()
        return self._tell

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def _tell(self, states: Counter[str]) -> None:
        settled = sum(states[state] for state in SETTLED)
        if states["waiting"] + settled < states.total():
            self._taken = time.monotonic()
        label = _WORKING if time.monotonic() - self._taken < _PATIENCE_SECONDS else _NOBODY
        self._progress.update(self._task, completed=settled, total=states.total(), description=label)
