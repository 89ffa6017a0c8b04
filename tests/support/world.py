"""A world for tests: two institutions from the first day, one of which must never see the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from redis import Redis

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


def server_urls(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The settings of server mode, each naming a fresh place on a real server; for fixtures of any scope."""
    servers = {name: request.getfixturevalue(name) for name in ("postgres", "s3", "elasticsearch", "redis")}
    for server in servers.values():
        server.start()  # the test before may have killed it
    return fresh_urls(servers)


def fresh_urls(servers: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of server mode over running servers, by name; each names a place that nobody has used."""
    name = f"bukti-{uuid4().hex[:12]}"
    with psycopg.connect(servers["postgres"].url, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    with Redis.from_url(servers["redis"].url) as client:
        client.flushall()
    return {
        "database_url": servers["postgres"].url_of(name),
        "files_url": servers["s3"].url_of(name),
        "search_url": servers["elasticsearch"].url_of(name),
        "broker_url": servers["redis"].url,
    }


@contextmanager
def a_database(folder: Path, url: str = "") -> Iterator[Database]:
    db = Database(Settings(data=folder, database_url=url).database)
    db.migrate()
    try:
        yield db
    finally:
        db.close()
