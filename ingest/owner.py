"""Who holds the data folder: one process at a time writes the embedded index and runs the worker."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from evidence.errors import OwnerBusy


class OwnerLock:
    """An OS file lock on the data folder; gone with the process, however it ends."""

    def __init__(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self._file = (data / "owner.lock").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.seek(0)
            holder = self._file.read().strip()
            self._file.close()
            raise OwnerBusy(detail=f"pid {holder}" if holder else "pid ?") from error
        with suppress(OSError):  # on a full disk the lock holds all the same
            os.ftruncate(self._file.fileno(), 0)
            os.write(self._file.fileno(), str(os.getpid()).encode())

    def release(self) -> None:
        self._file.close()
