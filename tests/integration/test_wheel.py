"""A built wheel carries everything: pages, scripts, rules, instruments, migrations, OCR data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
_DOCTOR = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); from api.cli import main; import api; print(api.__file__); main()"
)


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with ZipFile(wheel) as packed:
        packed.extractall(folder / "unpacked")
    return folder / "unpacked"


def test_every_file_a_package_needs_at_run_time_is_in_the_wheel(unpacked: Path) -> None:
    for package in ("api", "ingest", "search", "classifiers", "evidence"):
        kept = {path for path in (ROOT / package).rglob("*") if path.is_file() and "__pycache__" not in path.parts}
        missing = [path for path in kept if not (unpacked / path.relative_to(ROOT)).is_file()]
        assert not missing, package
    assert (unpacked / "api/static/vendor/htmx.min.js").is_file()
    assert (unpacked / "ingest/tessdata/ind.traineddata").is_file()
    assert not (unpacked / "tests").exists()


def test_the_wheel_runs_by_itself(unpacked: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-c", _DOCTOR, str(unpacked), "doctor", "--json", "--data", str(tmp_path / "data")]
    answer = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
    origin, _, report = answer.stdout.partition("\n")
    assert origin.startswith(str(unpacked))
    assert json.loads(report)["ok"]
