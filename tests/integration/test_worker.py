"""A worker that starts and one that is told to stop."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select

from api.serving import working
from evidence.db import Database
from evidence.errors import FilesUnavailable
from evidence.models import Job
from evidence.s3 import S3Store
from evidence.settings import Settings
from ingest.hand_in import Handed, hand_in
from ingest.runtime import Runtime
from tests.support.sight import Sight, looking
from tests.support.world import World, a_world


def test_a_worker_that_is_told_to_stop_gives_back_the_document_that_does_not_end(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", workers=1)
    with looking(settings, os.getpid()) as look:
        with working(settings) as runtime:
            world = a_world(runtime.db)
            _hand_in(runtime, world, "Nota pertama tentang SPBE.")
            _wait_for(look, lambda sight: sight.at_rest)
            reader = next(child.pid for child in look().children if child.module == "reader")
            os.kill(reader, signal.SIGSTOP)  # it hangs from here on
            _hand_in(runtime, world, "Nota kedua tentang SPBE.")
            _wait_for(look, lambda sight: bool(sight.running))
        with closing(Database(settings.database)) as db, db.reading() as session:
            given_back = session.scalars(select(Job).where(Job.state != "done")).one()
            assert (given_back.state, given_back.owner, given_back.tries) == ("waiting", "", 0)
        with working(settings):
            _wait_for(look, lambda sight: sight.at_rest)


def test_a_worker_makes_the_bucket_before_the_first_file_comes(s3_url: str, tmp_path: Path) -> None:
    with working(Settings(data=tmp_path / "data", files_url=s3_url)) as runtime:
        assert isinstance(runtime.files, S3Store)
        assert runtime.files.bucket.client.bucket_exists(bucket_name=runtime.files.bucket.name)


def test_a_worker_starts_while_the_files_are_away(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", files_url="s3+http://kunci:rahasia@127.0.0.1:9/bukti")
    with working(settings) as runtime, pytest.raises(FilesUnavailable):
        runtime.files.ping()


def _hand_in(runtime: Runtime, world: World, text: str) -> None:
    handed = Handed("nota.txt", "", partial(BytesIO, text.encode()))
    hand_in(runtime, world.mine, [handed], period=world.period.id, origin="web")


def _wait_for(look: Callable[[], Sight], true: Callable[[Sight], bool]) -> None:
    end = time.monotonic() + 60
    while not true(sight := look()):
        assert time.monotonic() < end, f"did not come about: {sight}"
        time.sleep(0.02)
