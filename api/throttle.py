"""Slows down whoever tries passwords: after a few failures the same name from the same address must wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from evidence.errors import BuktiError

ATTEMPTS = 5
SECONDS = 60.0
# Above this many names and addresses, those whose wait is over are forgotten.
_REMEMBERED = 1000


class TooManyAttempts(BuktiError):
    code = "too_many_attempts"
    message = "Terlalu banyak percobaan masuk yang gagal. Tunggu satu menit, lalu coba lagi."


class Throttle:
    """Kept in memory: one process answers all requests, and a restart forgives."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[tuple[str, str], list[float]] = {}
        self._lock = threading.Lock()

    def check(self, login: str, address: str) -> None:
        """Raises TooManyAttempts while the name must wait, whatever the password is."""
        with self._lock:
            if len(self._recent(login, address)) >= ATTEMPTS:
                raise TooManyAttempts()

    def note_failure(self, login: str, address: str) -> None:
        with self._lock:
            self._failures[_key(login, address)] = [*self._recent(login, address), self._clock()]
            if len(self._failures) > _REMEMBERED:
                since = self._clock() - SECONDS
                self._failures = {key: times for key, times in self._failures.items() if times[-1] > since}

    def note_success(self, login: str, address: str) -> None:
        with self._lock:
            self._failures.pop(_key(login, address), None)

    def _recent(self, login: str, address: str) -> list[float]:
        since = self._clock() - SECONDS
        return [at for at in self._failures.get(_key(login, address), ()) if at > since]


def _key(login: str, address: str) -> tuple[str, str]:
    return login.strip().lower(), address
