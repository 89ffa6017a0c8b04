"""What runs over every engine of a kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence.db import Database
from tests.support.world import a_database


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else ""
    with a_database(tmp_path, url) as database:
        yield database
