"""Local copies of originals: shared, bounded, and never taken away from whoever reads them."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evidence.cache import BlobCache

LIMIT = 1_000_000
# Holds one copy, says so, and waits to be killed.
_READER = """
import sys, time
from pathlib import Path
from evidence.cache import BlobCache
copy = BlobCache(Path(sys.argv[1]), 1).hold(sys.argv[2])
print("holds" if copy else "nothing", flush=True)
time.sleep(60)
"""


@pytest.fixture
def cache(tmp_path: Path) -> BlobCache:
    return BlobCache(tmp_path, LIMIT)


def keep(cache: BlobCache, content: bytes) -> str:
    sha256 = hashlib.sha256(content).hexdigest()
    with cache.arriving() as file:
        file.write(content)
        cache.keep(file, sha256).close()
    return sha256


def fill(cache: BlobCache, size: int = 3 * LIMIT) -> None:
    for _ in range(size // 100_000):
        keep(cache, os.urandom(100_000))


def held(root: Path) -> int:
    return sum(path.stat().st_size for path in root.glob("blobs/*/*"))


def test_copies_stay_within_the_limit(cache: BlobCache, tmp_path: Path) -> None:
    fill(cache)
    assert 0 < held(tmp_path) <= LIMIT * 17 // 16 + 100_000


def test_the_copy_nobody_has_asked_for_longest_goes_first(cache: BlobCache) -> None:
    old, asked = keep(cache, b"lama"), keep(cache, b"lama, tetapi dibaca lagi")
    for sha256 in (old, asked):
        os.utime(cache.path(sha256), (0, 0))
    fill(cache, LIMIT // 2)
    copy = cache.hold(asked)
    assert copy
    copy.close()
    fill(cache, LIMIT // 2 + 200_000)
    assert not cache.path(old).exists()
    assert cache.path(asked).exists()


def test_a_copy_in_use_stays_however_full_it_gets(cache: BlobCache) -> None:
    sha256 = keep(cache, b"sedang dibaca")
    copy = cache.hold(sha256)
    assert copy
    os.utime(cache.path(sha256), (0, 0))
    fill(cache)
    assert cache.path(sha256).read_bytes() == b"sedang dibaca"
    copy.close()
    fill(cache)
    assert cache.hold(sha256) is None


def test_a_copy_larger_than_the_limit_is_there_as_long_as_it_is_read(cache: BlobCache) -> None:
    content = os.urandom(2 * LIMIT)
    sha256 = hashlib.sha256(content).hexdigest()
    with cache.arriving() as file:
        file.write(content)
        with cache.keep(file, sha256):
            assert cache.path(sha256).read_bytes() == content
    fill(cache, 200_000)
    assert cache.hold(sha256) is None


def test_another_process_that_reads_a_copy_keeps_it_until_it_is_killed(cache: BlobCache, tmp_path: Path) -> None:
    sha256 = keep(cache, b"dibaca proses lain")
    command = [sys.executable, "-c", _READER, str(tmp_path), sha256]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout
        assert reader.stdout.readline() == "holds\n"
        os.utime(cache.path(sha256), (0, 0))
        fill(cache)
        assert cache.path(sha256).exists()
        reader.send_signal(signal.SIGKILL)
    fill(cache)
    assert not cache.path(sha256).exists()


def test_what_a_killed_process_left_half_written_is_removed_after_a_day(cache: BlobCache, tmp_path: Path) -> None:
    old, fresh = tmp_path / "incoming/tmp-old", tmp_path / "incoming/tmp-fresh"
    for path in (old, fresh):
        path.write_bytes(b"setengah")
    os.utime(old, (time.time() - 90_000,) * 2)
    fill(cache)
    assert not old.exists()
    assert fresh.exists()
