"""Local copies of originals that lie on a server, for readers that need a path; the least recently used go first."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, BinaryIO

# What a killed process left half-written is taken away after a day: nothing takes longer to arrive.
_ABANDONED_SECONDS = 86_400
_LOCKS = 256


class BlobCache:
    """Shared by all threads and processes of a machine; `limit` is in bytes.

    File locks say which copy is in use, because the kernel lets them go when a process is killed. Each process looks
    at the whole folder only after it has added a sixteenth of the limit, so the limit can be exceeded by that much.
    """

    def __init__(self, root: Path, limit: int) -> None:
        self._blobs, self._arriving, self._locks = root / "blobs", root / "incoming", root / "locks"
        for folder in (self._blobs, self._arriving, self._locks):
            folder.mkdir(parents=True, exist_ok=True)
        self._limit = limit
        self._added = limit  # the first copy of a process looks at what others left

    def path(self, sha256: str) -> Path:
        return self._blobs / sha256[:2] / sha256

    def hold(self, sha256: str) -> BinaryIO | None:
        """The copy, opened: until it is closed, `path` stays. None where there is no copy."""
        path = self.path(sha256)
        while True:
            try:
                copy = path.open("rb")
            except FileNotFoundError:
                return None
            fcntl.flock(copy, fcntl.LOCK_SH)
            # Between opening and locking it may have been removed, and another put in its place.
            if _is_named(copy, path):
                os.utime(path)
                return copy
            copy.close()

    @contextmanager
    def arriving(self) -> Iterator[IO[bytes]]:
        """A file to fill; unless it is kept before the context ends, nothing is left of it."""
        with tempfile.NamedTemporaryFile(dir=self._arriving) as file:
            yield file

    def keep(self, file: IO[bytes], sha256: str) -> BinaryIO:
        """The arriving file is complete and its hash is `sha256`: from now on it is the copy, returned as by `hold`."""
        path = self.path(sha256)
        copy = self.hold(sha256)
        if copy is None:
            file.flush()
            os.fsync(file.fileno())  # after a power cut no copy may be shorter than its name says
            os.chmod(file.name, 0o444)
            path.parent.mkdir(exist_ok=True)
        while copy is None:
            # Another copy may have come meanwhile, and may be removed before it is held.
            with suppress(FileExistsError):
                os.link(file.name, path)
            copy = self.hold(sha256)
        self._added += os.fstat(copy.fileno()).st_size
        if self._added >= self._limit // 16:
            self._added = 0
            self._tidy()
        return copy

    @contextmanager
    def alone(self, sha256: str) -> Iterator[None]:
        """Only one thread of one process goes on from here with this hash: who waited finds the copy made."""
        with (self._locks / str(int(sha256[:8], 16) % _LOCKS)).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _tidy(self) -> None:
        for left in self._arriving.iterdir():
            with suppress(FileNotFoundError):
                if left.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                    left.unlink()
        copies = []
        for path in self._blobs.glob("*/*"):
            with suppress(FileNotFoundError):
                found = path.stat()
                copies.append((found.st_mtime_ns, found.st_size, path))
        excess = sum(size for _, size, _ in copies) - self._limit
        for _, size, path in sorted(copies):
            if excess <= 0:
                break
            if _remove_unused(path):
                excess -= size


def _remove_unused(path: Path) -> bool:
    try:
        with path.open("rb") as copy:
            fcntl.flock(copy, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The name may meanwhile belong to a copy that came later, and that one may be in use.
            if _is_named(copy, path):
                path.unlink()
    except BlockingIOError:
        return False
    except FileNotFoundError:
        pass  # another process tidies too
    return True


def _is_named(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
