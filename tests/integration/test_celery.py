"""Workers started by Celery's own command, over each broker: the same work gets done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evidence.settings import Settings
from tests.support.crash import environment
from tests.support.faults import Office
from tests.support.world import server_urls


@pytest.mark.parametrize(("pool", "broker"), [("threads", "redis"), ("prefork", "rabbitmq")])
@pytest.mark.parametrize("mode", ["server"])
def test_celerys_own_command_starts_workers_that_do_the_work_and_end_when_told(
    request: pytest.FixtureRequest, tmp_path: Path, pool: str, broker: str, mode: str
) -> None:
    urls = server_urls(request) | {"broker_url": request.getfixturevalue(broker).url}
    settings = Settings(data=tmp_path / "data", workers=1, **urls)
    text = tmp_path / "nota.txt"
    text.write_text("Nota dinas tentang SPBE.")
    empty = tmp_path / "kosong"  # Celery puts the working directory first on Python's path
    empty.mkdir()
    celery = [str(Path(sys.executable).with_name("celery")), "-A", "ingest", "worker", "-P", pool, "-c", "2"]
    log = (tmp_path / "celery.log").open("wb")
    with log:
        process = subprocess.Popen(
            [*celery, "-Q", "text,ocr,index,maintenance"],
            stdout=log,
            stderr=log,
            cwd=empty,
            env=environment(settings) | {"C_FORCE_ROOT": "1"},
            start_new_session=True,
        )
        at = Office(settings)
        at.hand_in([text])
        at.settle()
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0, (tmp_path / "celery.log").read_text()
    assert _children_gone(process.pid)


def _children_gone(group: int) -> bool:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False
