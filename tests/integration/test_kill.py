"""The server is killed with kill -9 while it works; nothing is lost, nothing is there twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.demo.make import make_documents
from tests.support.crash import ingest_undisturbed, ingest_with_kills, snapshot


@pytest.mark.slow
def test_after_kills_every_file_ends_as_in_an_undisturbed_run(tmp_path: Path) -> None:
    """Scans, pictures and a ZIP are among the files, so that the kills hit reading, OCR, tagging and indexing."""
    files = tmp_path / "berkas"
    make_documents(files)
    calm, stormy = tmp_path / "calm", tmp_path / "stormy"
    ingest_undisturbed(files, calm)
    hit = ingest_with_kills(files, stormy, kills=4, seed=1)
    assert hit, "no kill hit any work: the test proves nothing"
    expected, found = snapshot(calm), snapshot(stormy)
    for part, value in expected.items():
        assert found[part] == value, part
    assert {state for _, state, _ in found["jobs"]} <= {"done", "failed"}
