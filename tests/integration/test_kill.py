"""Whoever works on documents is killed with kill -9; nothing is lost, nothing is there twice."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from evidence.settings import Settings
from tests.support.crash import ingest_undisturbed, ingest_with_kills, left_behind, make_files, missed
from tests.support.snapshot import differences, snapshot


@pytest.mark.slow
def test_after_a_kill_in_every_stage_each_file_ends_as_in_an_undisturbed_run(tmp_path: Path) -> None:
    """Hand-in, unpacking, reading, OCR, tagging and indexing are each hit by a kill that was aimed at it."""
    folder = tmp_path / "berkas"
    files = make_files(folder)
    calm, stormy = Settings(data=tmp_path / "calm"), Settings(data=tmp_path / "stormy")
    ingest_undisturbed(folder, files, calm)
    kills = ingest_with_kills(folder, files, stormy, random.Random(1))
    assert not missed(kills), kills
    expected, found = snapshot(calm), snapshot(stormy)
    assert not differences(expected, found)
    assert len(expected["documents"]) > files, "the archives' members are documents too"
    assert not found["jobs open"]
    assert not [job for job in found["jobs"] if "internal" in job or "poison" in job], "a fault of ours"
    assert not left_behind(kills)
