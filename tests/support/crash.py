"""Killing who works on documents at moments that were seen, and letting others finish the work.

An aim is a situation to kill in. Whoever is to be killed is halted first and looked at once more, so that a kill's
`seen` is what was really under way. Works in both modes: processes get their settings from the environment.
"""

from __future__ import annotations

import io
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pikepdf

from api.demo.make import make_documents
from evidence.settings import Settings
from tests.support.files import archive, scan_pdf
from tests.support.sight import AIMS, SCANNED, Aim, handing_in, looking, module_of

BUKTI = Path(sys.executable).with_name("bukti")
_START_SECONDS = 60
# How long one process may take to be killed or to end, and how long its children may live on.
_LONGEST_SECONDS = 600
_NOTICE_SECONDS = 20
_LOOK_SECONDS = 0.002
_LATER_SECONDS = 0.02
_WAIT_SECONDS = 0.1


# --- files ------------------------------------------------------------------------


def make_files(folder: Path) -> int:
    """The demonstration's documents and, spread between them, what takes a while: archives, long texts, scans.

    The number of files. One scan is so long that its pages are recognised in chunks.
    """
    count = len(make_documents(folder))
    texts = [path.read_bytes() for path in sorted(folder.glob("Laporan [IKMRT]*.pdf"))]
    for turn, letter in enumerate("AJQ"):
        letters = {f"Surat/Surat {n}.txt": f"Surat {letter} nomor {n} tentang SPBE.\n".encode() for n in range(1, 31)}
        (folder / f"{letter} arsip surat.zip").write_bytes(archive(letters))
        (folder / f"{letter} himpunan.pdf").write_bytes(_joined((texts[turn:] + texts[:turn]) * 10))
    for letter, length in (("C", 3), ("O", 3), ("V", 11)):
        pages = [
            [f"Notulen {letter} halaman {page} butir {line}: tata kelola SPBE." for line in range(6)]
            for page in range(1, length + 1)
        ]
        (folder / f"{letter} notulen{SCANNED}.pdf").write_bytes(scan_pdf(*pages))
    return count + 9


def _joined(files: Sequence[bytes]) -> bytes:
    """One long PDF of the pages of several."""
    whole = pikepdf.new()
    for data in files:
        with pikepdf.open(io.BytesIO(data)) as part:
            whole.add_pages_from(part)
    target = io.BytesIO()
    whole.save(target)
    return target.getvalue()


# --- processes --------------------------------------------------------------------


def bukti(*arguments: str, data: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run([BUKTI, *arguments, "--data", str(data)], capture_output=True, text=True, cwd=data.parent)


@contextmanager
def serving(data: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server of its own on a free port, answering."""
    port = free_port()
    with started("serve", "--port", str(port), settings=Settings(data=data)) as process:
        _wait_for(port, process)
        yield process


@contextmanager
def started(
    *arguments: str, settings: Settings, surroundings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[subprocess.Popen[bytes]]:
    """The command line at work; killed with everything it started when the context ends.

    `surroundings` are further environment variables.
    """
    with (settings.data.parent / "processes.log").open("ab") as log:
        process = subprocess.Popen(
            [str(BUKTI), *arguments],
            stdout=log,
            stderr=log,
            cwd=settings.data.parent,
            env=environment(settings) | dict(surroundings),
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            kill(process, everything=True)


def kill(process: subprocess.Popen[bytes], *, everything: bool = False) -> None:
    """kill -9: as the memory killer ends one process, or (`everything`) as a power cut ends its children with it."""
    if everything:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        os.kill(process.pid, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "the server ended by itself; see processes.log"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not answer")


def environment(settings: Settings) -> dict[str, str]:
    given = {f"BUKTI_{name.upper()}": str(getattr(settings, name)) for name in settings.model_fields_set}
    return os.environ | given


# --- kills ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: what it was aimed at, what was seen when the process was halted for it, and whom it left behind."""

    aim: str
    seen: str
    children: tuple[int, ...]


def kill_when(
    process: subprocess.Popen[bytes],
    settings: Settings,
    aims: Mapping[str, Aim],
    files: int,
    chance: random.Random,
    *,
    everything: bool = False,
) -> Kill | None:
    """Kill as soon as one of the situations is there.

    None if that never comes: the process has ended by itself, or all `files` are in and worked off. Without aims it
    only waits for that.
    """
    end = time.monotonic() + _LONGEST_SECONDS
    with looking(settings, process.pid) as look:
        while process.poll() is None:
            assert time.monotonic() < end, f"the work did not come to its end: {look()}"
            sight = look()
            if sight.at_rest and sight.handed >= files:
                return None
            if aim := next((name for name, seen in aims.items() if seen(sight)), None):
                # Not always at the beginning of what was aimed at.
                time.sleep(chance.uniform(0, _LATER_SECONDS))
                os.kill(process.pid, signal.SIGSTOP)
                halted = look()
                if seen := aims[aim](halted):
                    kill(process, everything=everything)
                    return Kill(aim, seen, tuple(child.pid for child in halted.children))
                os.kill(process.pid, signal.SIGCONT)
            time.sleep(_LOOK_SECONDS if aims else _WAIT_SECONDS)
    assert process.returncode in (0, 1), f"the process ended with {process.returncode}; see processes.log"
    return None


def ingest_undisturbed(folder: Path, files: int, settings: Settings) -> None:
    """Hand in all `files` of the folder, and let `bukti ingest` work them off."""
    _ingest(folder, files, settings, [{}], random.Random())


def ingest_with_kills(
    folder: Path, files: int, settings: Settings, chance: random.Random, *, everything: bool = False
) -> list[Kill]:
    """The same, while whoever works is killed: first in the middle of handing in, then once for each of the aims."""
    return _ingest(folder, files, settings, [{"hand-in": handing_in(files)}, AIMS], chance, everything=everything)


def _ingest(
    folder: Path,
    files: int,
    settings: Settings,
    rounds: Sequence[Mapping[str, Aim]],
    chance: random.Random,
    *,
    everything: bool = False,
) -> list[Kill]:
    """`bukti ingest`, given again as a person would until all is in, then `bukti serve` until all is worked off.

    The aims of a round are taken in whatever order they come.
    """
    kills: list[Kill] = []
    for life in itertools.count():
        hit = {kill.aim for kill in kills}
        wanted = {name: aim for name, aim in rounds[min(life, len(rounds) - 1)].items() if name not in hit}
        all_in = _handed(settings) >= files
        command = ["serve", "--port", str(free_port())] if all_in else ["ingest", str(folder), "--json"]
        with started(*command, settings=settings) as process:
            killed = kill_when(process, settings, wanted, files, chance, everything=everything)
        if killed:
            kills.append(killed)
        elif all_in:
            break
    return kills


def missed(kills: Collection[Kill]) -> list[str]:
    """The situations that no kill hit."""
    return sorted({"hand-in", *AIMS} - {kill.aim for kill in kills})


def left_behind(kills: Collection[Kill]) -> list[int]:
    """Children that still live though whoever started them was killed; they get a moment to notice."""
    end = time.monotonic() + _NOTICE_SECONDS
    children = {pid for kill in kills for pid in kill.children}
    while (alive := [pid for pid in children if _is_child(pid)]) and time.monotonic() < end:
        time.sleep(0.1)
    return alive


def _handed(settings: Settings) -> int:
    with looking(settings, 0) as look:
        return look().handed


def _is_child(pid: int) -> bool:
    try:
        return bool(module_of(pid))
    except OSError:
        return False
