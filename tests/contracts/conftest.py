"""What runs over every engine of a kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.db import Database
from evidence.settings import Settings


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    database = Database(Settings(data=tmp_path, database_url=url).database)
    yield database
    database.close()


@pytest.fixture
def db(empty_db: Database) -> Database:
    empty_db.migrate()
    return empty_db
