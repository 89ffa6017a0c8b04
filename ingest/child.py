"""A killable child process and its parent's side of the talk: requests go in, length-prefixed msgpack comes out.

A plain subprocess works under every kind of worker pool, where multiprocessing does not.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Any, ClassVar, Generic, Self, TypeVar

import msgspec

from ingest.wire import HEADER, frame


class ChildLost(Exception):
    """The child died or was killed because it took too long."""


class ChildEnded(Exception):
    """The program is stopping; no child is started any more."""


class Child:
    """Owns one process running `module`, started when first needed and replaced when it is gone.

    A context manager. Not for use by two threads at once, but for `close`, which ends it under whoever uses it.
    """

    module: ClassVar[str]
    answers: ClassVar[Any]  # the type of what comes back
    arguments: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._buffer = bytearray()
        self._idle = True
        self._ended = False
        self._decode = msgspec.msgpack.Decoder(self.answers).decode

    def close(self) -> None:
        """Kill the child. Whoever asks again starts another."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        with contextlib.suppress(BrokenPipeError):
            child.communicate()

    def end(self) -> None:
        """Kill the child for good: whoever asks again gets ChildEnded."""
        self._ended = True
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self, request: object) -> None:
        if self._ended:
            raise ChildEnded()
        if not self._idle or self._child is None or self._child.poll() is not None:
            self.close()
            self._child = _start(self.module, *self.arguments)
            self._buffer.clear()
        self._idle = False
        assert self._child.stdin is not None
        try:
            self._child.stdin.write(frame(request))
            self._child.stdin.flush()
        except BrokenPipeError as error:
            raise ChildLost("died") from error

    def _receive(self, seconds: float, most_mb: int) -> Any:
        """The next message; the clock starts anew with each."""
        end = time.monotonic() + seconds
        self._fill(HEADER.size, end)
        size = HEADER.size + HEADER.unpack_from(self._buffer)[0]
        if size > most_mb * 1_000_000:
            raise ChildLost("output")
        self._fill(size, end)
        reply = self._decode(self._buffer[HEADER.size : size])
        del self._buffer[:size]
        return reply

    def _fill(self, size: int, end: float) -> None:
        """Read until the buffer holds `size` bytes, at the latest until `end`."""
        assert self._child is not None
        assert self._child.stdout is not None
        source = self._child.stdout.fileno()
        while len(self._buffer) < size:
            # poll, not select: a server may hold more than 1,024 open files.
            poll = select.poll()
            poll.register(source, select.POLLIN)
            if not poll.poll(max(0.0, end - time.monotonic()) * 1000):
                raise ChildLost("timeout")
            piece = os.read(source, 1 << 20)
            if not piece:
                raise ChildLost("died")
            self._buffer += piece


C = TypeVar("C", bound=Child)


class Pool(Generic[C]):
    """A few children shared by more threads: while one thread saves, its child already works for another."""

    def __init__(self, make: Callable[[], C], size: int) -> None:
        self._all = [make() for _ in range(size)]
        self._free: SimpleQueue[C] = SimpleQueue()
        for child in self._all:
            self._free.put(child)

    @contextmanager
    def take(self) -> Iterator[C]:
        """A child of one's own for as long as the context lasts; waits until one is free."""
        child = self._free.get()
        try:
            yield child
        finally:
            self._free.put(child)

    def close(self) -> None:
        for child in self._all:
            child.end()


def _start(module: str, *arguments: str) -> subprocess.Popen[bytes]:
    # Nothing of our own environment is its business but where to find Python's packages.
    environment = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV") if name in os.environ}
    environment |= {"OMP_THREAD_LIMIT": "1", "MALLOC_ARENA_MAX": "1", "LC_ALL": "C.UTF-8"}
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    assert child.stdout is not None
    # Room for many pages, so that the child need not wait while the parent works on one.
    fcntl.fcntl(child.stdout, fcntl.F_SETPIPE_SZ, 1 << 20)
    return child
