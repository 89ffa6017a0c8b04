"""Server mode loses nothing: whatever is killed meanwhile, all ends as in an undisturbed embedded run."""

from __future__ import annotations

import random
from pathlib import Path
from urllib.error import HTTPError

import pytest

from api.demo.make import make_documents
from evidence.settings import Settings
from tests.support.crash import bukti
from tests.support.faults import fetch, office
from tests.support.snapshot import differences, snapshot
from tests.support.world import server_urls


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["server"])
def test_kills_of_workers_web_and_broker_and_a_search_that_is_away_change_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, mode: str
) -> None:
    made = sorted(file.path for file in make_documents(tmp_path / "berkas"))
    files = random.Random(4).sample(made, 20)
    for path in set(made) - set(files):
        path.unlink()
    settings = Settings(data=tmp_path / "data", lease_seconds=5, workers=2, **server_urls(request))
    servers = {name: request.getfixturevalue(name) for name in ("redis", "elasticsearch")}
    with office(settings) as at:
        at.hand_in_while_a_worker_is_killed(files[:6])

        servers["redis"].kill()  # between commit and message: the files are in, no worker is told
        at.hand_in(files[6:10])
        servers["redis"].start()
        at.settle()

        servers["elasticsearch"].stop()
        with at.web() as address:
            with pytest.raises(HTTPError) as unavailable:
                fetch(f"{address}/cari?q=SPBE")
            assert "Pencarian sedang tidak tersedia" in unavailable.value.read().decode("utf-8")
            assert files[0].name in fetch(f"{address}/dokumen")
            at.hand_in_and_be_killed(files[10:], after=3)
            # The web server is killed here, the documents are being read, and none can be indexed.
        at.wait_for(lambda sight: not sight.running and sight.unindexed >= 10)
        servers["elasticsearch"].start()
        at.ring_the_bell_too_often()
        at.settle()

    calm = Settings(data=tmp_path / "calm" / "data")
    calm.data.parent.mkdir()
    answer = bukti("ingest", *map(str, files), "--json", data=calm.data)
    assert answer.returncode in (0, 1), answer.stderr
    assert not differences(snapshot(calm), snapshot(settings))
