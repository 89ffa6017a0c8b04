"""The reader child: what it survives, and what survives it."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from evidence.errors import BrokenFile, EmptyFile, PasswordNeeded, UnreadableDocument, UnsupportedType
from ingest.reading import Limits, Reader, reader_fingerprint
from tests.support import files

_PDF = "application/pdf"


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as reader:
        yield reader


def _write(folder: Path, data: bytes) -> Path:
    path = folder / "berkas.pdf"
    path.write_bytes(data)
    return path


def test_a_page_that_breaks_the_reader_does_not_lose_the_others(reader: Reader, tmp_path: Path) -> None:
    reading = reader.read(_write(tmp_path, files.bomb_pdf()), _PDF, Limits(memory_mb=350, page_seconds=10))
    first, second, third = reading.pages
    assert (first.text, third.text) == ("Halaman pertama", "Halaman ketiga")
    assert second.method == "unreadable"
    assert "memori atau waktu habis" in second.note


def test_a_page_that_takes_too_long_is_given_up(reader: Reader, tmp_path: Path) -> None:
    drawn = b"q " + b"1 0 0 1 0 0 cm " * 3 + b"BT /F1 12 Tf " + b"(Pasal) Tj " * 1_000_000 + b"ET Q"
    path = _write(tmp_path, files.text_pdf(["Halaman pertama"], ["-"], ["Halaman ketiga"], raw={2: drawn}))
    reading = reader.read(path, _PDF, Limits(page_seconds=1, memory_mb=4000))
    assert [page.method for page in reading.pages] == ["text", "unreadable", "text"]


def test_a_child_ended_from_outside_costs_no_page(reader: Reader, tmp_path: Path) -> None:
    # More than a pipe holds, so that the child is in the middle of it.
    expected = [[f"Halaman {number} baris {line} {'-' * 60}" for line in range(100)] for number in range(120)]
    pages = reader.read(_write(tmp_path, files.text_pdf(*expected)), _PDF).pages
    first = next(pages)
    _end(reader, signal.SIGKILL)
    assert [page.text.split("\n") for page in (first, *pages)] == expected


def test_a_child_ended_between_two_files_is_replaced(reader: Reader, tmp_path: Path) -> None:
    path = _write(tmp_path, files.text_pdf(["Pasal 1"]))
    assert [page.text for page in reader.read(path, _PDF).pages] == ["Pasal 1"]
    _end(reader, signal.SIGKILL)
    assert [page.text for page in reader.read(path, _PDF).pages] == ["Pasal 1"]


def test_a_signal_to_the_whole_group_leaves_the_child_to_its_parent(reader: Reader, tmp_path: Path) -> None:
    path = _write(tmp_path, files.text_pdf(["Pasal 1"]))
    list(reader.read(path, _PDF).pages)
    child = _end(reader, signal.SIGINT)
    _end(reader, signal.SIGTERM)
    assert [page.text for page in reader.read(path, _PDF).pages] == ["Pasal 1"]
    assert _child(reader) == child


def test_after_a_failure_the_same_reader_reads_the_next_file(reader: Reader, tmp_path: Path) -> None:
    with pytest.raises(BrokenFile):
        reader.read(_write(tmp_path, b"%PDF-1.7 bukan PDF"), _PDF)
    with pytest.raises(PasswordNeeded):
        reader.read(_write(tmp_path, files.text_pdf(["tertutup"], user="rahasia", owner="lain")), _PDF)
    with pytest.raises(UnsupportedType, match="program"):
        reader.read(_write(tmp_path, b"MZ"), "application/x-executable")
    with pytest.raises(EmptyFile):
        reader.read(_write(tmp_path, b""), _PDF)
    [page] = reader.read(_write(tmp_path, files.text_pdf(["Pasal 1"])), _PDF).pages
    assert page.text == "Pasal 1"


def test_pages_left_untaken_do_not_mix_with_the_next_file(reader: Reader, tmp_path: Path) -> None:
    reading = reader.read(_write(tmp_path, files.text_pdf(["satu"], ["dua"], ["tiga"])), _PDF)
    assert next(reading.pages).text == "satu"
    [page] = reader.read(_write(tmp_path, files.text_pdf(["lain"])), _PDF).pages
    assert page.text == "lain"


def test_a_file_longer_than_the_limit_is_read_up_to_it_and_says_so(reader: Reader, tmp_path: Path) -> None:
    reading = reader.read(_write(tmp_path, files.text_pdf(["satu"], ["dua"], ["tiga"])), _PDF, Limits(pages=2))
    assert [page.text for page in reading.pages] == ["satu", "dua"]
    assert reading.facts.warnings == ("page_limit:3",)


def test_a_page_is_drawn_as_wide_as_asked(reader: Reader, tmp_path: Path) -> None:
    path = _write(tmp_path, files.text_pdf(["Pasal 1"], rotate=90))
    with Image.open(io.BytesIO(reader.picture(path, _PDF, 1, 400))) as image:
        assert image.format == "WEBP"
        assert image.width == 400
        assert image.height == pytest.approx(400 * 595 / 842, abs=1)
    with pytest.raises(UnreadableDocument, match="Halaman 7 tidak ada"):
        reader.picture(path, _PDF, 7, 400)


def test_a_picture_is_drawn_no_wider_than_asked(reader: Reader, tmp_path: Path) -> None:
    data = reader.picture(_write(tmp_path, files.picture(["Layar"])), "image/png", 1, 300)
    with Image.open(io.BytesIO(data)) as image:
        assert image.width == 300


def test_the_child_ends_with_its_parent_even_when_that_is_killed(tmp_path: Path) -> None:
    path = _write(tmp_path, files.text_pdf(["satu"], ["dua"]))
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time\n"
            "from pathlib import Path\n"
            "from ingest.reading import Reader\n"
            "reader = Reader()\n"
            f"list(reader.read(Path({str(path)!r}), 'application/pdf').pages)\n"
            "print(reader._child.pid, flush=True)\n"
            "time.sleep(60)\n",
        ],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert _runs(child)
        parent.kill()
    end = time.monotonic() + 5
    while _runs(child) and time.monotonic() < end:
        time.sleep(0.02)
    assert not _runs(child)


def test_readings_with_and_without_ocr_are_told_apart() -> None:
    assert reader_fingerprint(ocr=False) != reader_fingerprint(ocr=True) or not reader_fingerprint().endswith("+ocr")


def _child(reader: Reader) -> int:
    assert reader._child is not None
    return reader._child.pid


def _end(reader: Reader, kind: signal.Signals) -> int:
    pid = _child(reader)
    os.kill(pid, kind)
    return pid


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
