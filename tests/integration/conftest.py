"""Both modes: everything in one data folder, and everything on servers of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.settings import Settings
from tests.support.world import server_urls


@pytest.fixture(params=["embedded", "server"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    urls = server_urls(request) if request.param == "server" else {}
    return Settings(data=tmp_path / "data", commit_seconds=0.05, **urls)
