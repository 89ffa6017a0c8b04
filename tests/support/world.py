"""A world for tests: two institutions from the first day, one of which must never see the other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from evidence.access import Access
from evidence.db import Database
from evidence.models import Account, Institution, Period, RoleGrant, Unit
from evidence.settings import Settings


@dataclass(frozen=True, slots=True)
class World:
    """`mine` is a coordinator's sight of Kota Ranupane, `theirs` one of Kabupaten Telaga Biru's."""

    mine: Access
    theirs: Access
    period: Period
    their_period: Period


def a_world(db: Database) -> World:
    """Write two institutions with a period, a unit and a coordinator each."""
    with db.transaction() as session:
        accesses, periods = [], []
        for kind, name in (("kota", "Ranupane"), ("kabupaten", "Telaga Biru")):
            institution = Institution(kind=kind, name=name)
            account = Account(login=f"koordinator-{kind}", name=f"Koordinator {name}")
            session.add_all([institution, account])
            session.flush()
            period = Period(
                institution_id=institution.id,
                year=2025,
                kind="evaluation",
                instrument="permenpanrb-59-2020",
                cutoff=date(2025, 9, 30),
                submitted=True,
            )
            role = RoleGrant(institution_id=institution.id, account_id=account.id, role="coordinator")
            unit = Unit(institution_id=institution.id, name="Dinas Komunikasi dan Informatika")
            session.add_all([period, role, unit])
            session.flush()
            accesses.append(Access(institution.id, account.id, frozenset({"coordinator"}), name=account.name))
            periods.append(period)
    return World(accesses[0], accesses[1], periods[0], periods[1])


def server_urls(request: pytest.FixtureRequest) -> dict[str, str]:
    """The settings of server mode, each naming a fresh place on a real server."""
    places = {"database_url": "postgres_url", "files_url": "s3_url", "search_url": "search_url"}
    places |= {"broker_url": "broker_url"}
    return {setting: request.getfixturevalue(fixture) for setting, fixture in places.items()}


@contextmanager
def a_database(folder: Path, url: str = "") -> Iterator[Database]:
    db = Database(Settings(data=folder, database_url=url).database)
    db.migrate()
    try:
        yield db
    finally:
        db.close()
