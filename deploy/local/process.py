"""One server process: found, started, waited for, stopped or killed, and never left behind."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

START_SECONDS = 180
STOP_SECONDS = 30

# PostgreSQL and Elasticsearch refuse to run as root. "nobody" owns their folders then.
_NOBODY = 65534

# Reads until we are gone, whatever ended us: the pipe's other end is ours alone. PR_SET_PDEATHSIG would end the server
# with the thread that started it, and fault tests start servers from threads.
_GUARD = 'read -r _; kill -s KILL -- "-$0"'


class ServerMissing(Exception):
    """A program that a server needs is not on this machine."""

    def __init__(self, name: str, lacking: str, remedy: str) -> None:
        super().__init__(f"{name}: {lacking} is missing; get it with: {remedy}")
        self.name = name


class ServerFailed(Exception):
    """A server ended, or did not answer in time; the message ends with its last words."""


class Server(ABC):
    """A server with its data below a scratch folder. Started again it has the same data, port and password."""

    name: ClassVar[str]

    def __init__(self, scratch: Path) -> None:
        self.folder = scratch / self.name

    @property
    @abstractmethod
    def url(self) -> str:
        """Its address as the settings want it."""

    @abstractmethod
    def start(self) -> None:
        """Returns when it answers; does nothing while it runs."""

    @abstractmethod
    def stop(self) -> None:
        """In order, as an administrator would."""

    @abstractmethod
    def kill(self) -> None:
        """SIGKILL to all its processes, as a power cut would."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


@dataclass
class Process:
    """A program in a session of its own, so that ^C reaches only us, writing to a log. It does not outlive us."""

    command: Sequence[str]
    log: Path
    cwd: Path
    env: dict[str, str] | None = None
    as_nobody: bool = False
    stop_signal: signal.Signals = signal.SIGTERM
    _running: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _guard: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def runs(self) -> bool:
        return self._running is not None and self._running.poll() is None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                self.command,
                cwd=self.cwd,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **(_identity() if self.as_nobody else {}),
            )
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, str(self._running.pid)],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait_until(self, ready: Callable[[], bool], seconds: float = START_SECONDS) -> None:
        end = time.monotonic() + seconds
        while not ready():
            if not self.runs:
                raise ServerFailed(f"{self.command[0]} ended by itself. {_last_words(self.log)}")
            if time.monotonic() > end:
                raise ServerFailed(f"{self.command[0]} does not answer after {seconds:.0f} s. {_last_words(self.log)}")
            time.sleep(0.1)

    def stop(self) -> None:
        if self._running and self.runs:
            family = _descendants(self._running.pid)
            self._running.send_signal(self.stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self._running.wait(STOP_SECONDS)
            _wait_for_end(family, STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        if self._running:
            # PostgreSQL's children have sessions of their own, and until the last is gone it will not start again.
            family = _descendants(self._running.pid) if self.runs else []
            for pid in (self._running.pid, *family) if self.runs else ():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self._running.wait()
            _wait_for_end(family, STOP_SECONDS)
            self._running = None
        if self._guard:
            self._guard.kill()
            self._guard.communicate()
            self._guard = None


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for servers' data, removed at the end. Whoever the servers run as can pass through it."""
    folder = Path(tempfile.mkdtemp(prefix="bukti-servers-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def give_to_nobody(folder: Path) -> None:
    """Let a server that refuses root own its folder and all below it."""
    if os.getuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, _NOBODY, _NOBODY)


def run_as_nobody(command: Sequence[str], said: str, log: Path) -> None:
    """Run a set-up step to its end, saying to it what it reads."""
    with log.open("ab") as output:
        done = subprocess.run(command, input=said.encode(), stdout=output, stderr=output, cwd=log.parent, **_identity())
    if done.returncode:
        raise ServerFailed(f"{command[0]} ended with {done.returncode}. {_last_words(log)}")


def find_program(server: str, program: str, package: str, *folders: Path) -> str:
    """The path of a program of a Debian package, on PATH or in folders that Debian keeps off it."""
    found = shutil.which(program) or shutil.which(program, path=os.pathsep.join(map(str, folders)))
    if not found:
        raise ServerMissing(server, f"the program {program}", f"apt-get install -y {package}")
    return found


def free_ports(count: int) -> list[int]:
    """Ports nobody uses now. They lie below those that outgoing connections take, so that a server that was killed
    finds its port free when it starts again."""
    chosen: list[int] = []
    for port in random.sample(range(20000, 32000), 1000):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        chosen.append(port)
        if len(chosen) == count:
            return chosen
    raise ServerFailed(f"no {count} free ports between 20000 and 32000")


def _identity() -> dict[str, Any]:
    return {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.getuid() == 0 else {}


def _last_words(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").splitlines()[-15:]
    return "\n".join([f"Its log {log} ends with:", *lines])


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        if fields := _stat(entry):
            children.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found = [pid]
    for parent in found:
        found += children.get(parent, [])
    return found[1:]


def _wait_for_end(pids: Sequence[int], seconds: float) -> None:
    end = time.monotonic() + seconds
    while any(_lives(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    fields = _stat(Path(f"/proc/{pid}/stat"))
    return bool(fields) and fields[0] != "Z"


def _stat(path: Path) -> list[str]:
    """State, parent and so on of a process; empty when there is none. The name before them may hold spaces."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return []
