"""Server mode loses nothing: whatever is killed meanwhile, all ends as in an undisturbed embedded run.

The long form, with more storms and hundreds of files, is tests/bench/faults.py.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from api.demo.make import make_documents
from evidence.settings import Settings
from tests.support.crash import bukti
from tests.support.faults import office
from tests.support.snapshot import differences, snapshot
from tests.support.storms import kills_and_search_away
from tests.support.world import server_urls


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["server"])
def test_kills_of_workers_web_and_broker_and_a_search_that_is_away_change_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, mode: str
) -> None:
    made = sorted(file.path for file in make_documents(tmp_path / "berkas"))
    files = random.Random(4).sample(made, 20)
    settings = Settings(data=tmp_path / "data", lease_seconds=5, workers=2, **server_urls(request))
    servers = {name: request.getfixturevalue(name) for name in ("redis", "elasticsearch")}
    with office(settings) as at:
        told = list(kills_and_search_away(at, files, servers))
    assert any("Pencarian sedang tidak tersedia" in words for words in told)
    assert not any("alamatnya" in words for words in told)  # that is for whoever runs the server

    calm = Settings(data=tmp_path / "calm" / "data")
    calm.data.parent.mkdir()
    answer = bukti("ingest", *map(str, files), "--json", data=calm.data)
    assert answer.returncode in (0, 1), answer.stderr
    assert not differences(snapshot(calm), snapshot(settings))
