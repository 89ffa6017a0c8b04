"""An instance in bad weather: processes of its own, people who insist, a disk that is full, a clock that jumps."""

from __future__ import annotations

import html
import json
import re
import shutil
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import httpx2

from api import security
from deploy.local.process import ServerMissing, find_program
from evidence.db import Database
from evidence.instance import first_institution, open_period
from evidence.models import Account, RoleGrant
from evidence.settings import Settings
from ingest.queue import Queue
from tests.support.crash import BUKTI, environment, free_port, kill, started
from tests.support.sight import Sight, looking
from tests.support.web import PASSWORD

_SETTLE_SECONDS = 180
_START_SECONDS = 60
_AGAIN_SECONDS = 1.0
_LOGIN = "pengelola"
_CLOCK = Path(__file__).with_name("clock.c")
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class Office:
    """An instance with web server and workers as processes of their own; alone, the web server does all work."""

    settings: Settings
    held: ExitStack = field(default_factory=ExitStack)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self, surroundings: Mapping[str, str] = _NOTHING) -> subprocess.Popen[bytes]:
        """As on a machine of its own: its local copies are no other's."""
        data = self.settings.data.with_name(f"worker-{time.monotonic_ns()}")
        settings = self.settings.model_copy(update={"data": data})
        worker = self.held.enter_context(started("worker", settings=settings, surroundings=surroundings))
        self.workers.append(worker)
        return worker

    # --- handing in, on the command line

    def hand_in(self, files: Sequence[Path]) -> str:
        """Hand in by one command, which on servers only hands in; what it says if it fails."""
        answer = self.run("ingest", *map(str, files), "--json")
        if not answer.stdout:
            _, said, words = answer.stderr.partition("Galat: ")
            assert said, f"the command ended without words: {answer.stderr[-2000:]}"
            return " ".join(words.split())
        assert answer.returncode in (0, 1), answer.stderr
        assert len(json.loads(answer.stdout)["documents"]) >= len(files)
        return ""

    def insist(self, files: Sequence[Path]) -> list[str]:
        """The command, given again as a person would until all are in; what it said each time it failed."""
        refusals, end = [], time.monotonic() + _SETTLE_SECONDS
        while words := self.hand_in(files):
            assert time.monotonic() < end, f"still refused: {words}"
            refusals.append(words)
            time.sleep(_AGAIN_SECONDS)
        return refusals

    @contextmanager
    def insisting(self, files: Sequence[Path]) -> Iterator[list[str]]:
        """The same while other things happen; the list holds what was said when the context has ended."""
        refusals: list[str] = []
        with ThreadPoolExecutor(1) as pool:
            handing_in = pool.submit(self.insist, files)
            yield refusals
            refusals += handing_in.result()

    def hand_in_and_be_killed(self, files: Sequence[Path], after: int) -> None:
        """The command is killed when `after` documents are in; it is given again, as a person would."""
        before = self.look().handed
        with started("ingest", *map(str, files), settings=self.settings) as process:
            self.wait_for(lambda sight: sight.handed >= before + after or process.poll() is not None)
            if process.poll() is None:
                kill(process)
        assert not self.hand_in(files)

    def hand_in_while_a_worker_is_killed(self, files: Sequence[Path]) -> Sight:
        """The oldest worker is killed as soon as jobs run; another takes its place."""
        with self.insisting(files):
            seen = self.wait_for(lambda sight: bool(sight.running))
            kill(self.workers.pop(0))
        self.start_worker()
        return seen

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BUKTI, *arguments],
            capture_output=True,
            text=True,
            cwd=self.settings.data.parent,
            env=environment(self.settings),
        )

    # --- looking and waiting

    def look(self) -> Sight:
        with looking(self.settings, 0) as look:
            return look()

    def wait_for(self, true: Callable[[Sight], bool], seconds: float = _SETTLE_SECONDS) -> Sight:
        end = time.monotonic() + seconds
        with looking(self.settings, 0) as look:
            while not true(sight := look()):
                assert time.monotonic() < end, f"did not come about: {sight}"
                time.sleep(0.02)
        return sight

    def settle(self) -> None:
        self.wait_for(lambda sight: sight.at_rest)

    # --- the rest

    def ring_the_bell_too_often(self) -> int:
        """Every message delivered many times over."""
        queue, rings = Queue(self.settings.broker_url), 25
        for name in ("text", "ocr") * rings:
            queue.wake(name)
        queue.app.close()
        return rings

    @contextmanager
    def web(self, surroundings: Mapping[str, str] = _NOTHING) -> Iterator[Visitor]:
        """A web server, and somebody signed in; the server is killed when the context ends."""
        port = free_port()
        with (
            started("serve", "--port", str(port), settings=self.settings, surroundings=surroundings) as server,
            httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
        ):
            _wait_for_answer(client, server)
            _open_account(self.settings)
            answer = client.post("/masuk", data={"login": _LOGIN, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            yield Visitor(client)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody signed in before the pages."""

    client: httpx2.Client

    def page(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.text

    def open_a_document(self) -> str:
        """The path of one that the list of documents shows, and whose page opens."""
        found = re.search(r"/dokumen/[0-9a-f]{8}-[0-9a-f-]{27}", self.page("/dokumen"))
        assert found, "no document in the list"
        self.page(found.group())
        return found.group()

    def refusal(self, path: str) -> str:
        """In which words the page says that it cannot be shown now."""
        return _refusal(self.client.get(path))

    def upload(self, file: Path) -> str:
        """In which words a file is refused; nothing if it is taken in."""
        answer = self.client.post("/unggah", files={"berkas": (file.name, file.read_bytes())})
        return "" if answer.status_code == 200 else _refusal(answer)

    @contextmanager
    def searching(self, query: str) -> Iterator[Searches]:
        """One search after the other, beside what happens in the context."""
        searches = Searches()
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(searches.run, self.client, query)
            try:
                yield searches
            finally:
                searches.over = True
            running.result()


@dataclass(slots=True)
class Searches:
    """What came of searches one after the other, and the longest time in which none was answered."""

    answered: int = 0
    refused: list[str] = field(default_factory=list)
    longest: float = 0.0
    over: bool = False

    def run(self, client: httpx2.Client, query: str) -> None:
        last = time.monotonic()
        while not self.over:
            answer = client.get("/cari", params={"q": query})
            if answer.status_code == 200:
                self.longest = max(self.longest, time.monotonic() - last)
                self.answered, last = self.answered + 1, time.monotonic()
            else:
                self.refused.append(_refusal(answer))


@contextmanager
def office(settings: Settings, workers: int = 2) -> Iterator[Office]:
    with ExitStack() as held:
        opened = Office(settings, held)
        for _ in range(0 if settings.alone else workers):
            opened.start_worker()
        yield opened


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A file system of its own in memory, of so many bytes. Takes root."""

    path: Path

    def resize(self, size: int) -> None:
        _mount("-o", f"remount,size={size}", str(self.path))

    @property
    def free(self) -> int:
        return shutil.disk_usage(self.path).free


@contextmanager
def small_disk(path: Path, size: int) -> Iterator[SmallDisk]:
    """Raises ServerMissing where no file system may be mounted."""
    path.mkdir(parents=True)
    try:
        _mount("-t", "tmpfs", "-o", f"size={size}", "bukti", str(path))
    except (OSError, subprocess.CalledProcessError) as error:
        raise ServerMissing("small disk", "the right to mount a file system", "running as root") from error
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of single processes: those started with its `surroundings`. Only the time of day jumps, as when a
    machine's clock is set; what measures how long something takes goes on."""

    file: Path
    surroundings: Mapping[str, str]

    def jump(self, ahead: timedelta) -> None:
        """To so far before the true time."""
        with self.file.open("r+b") as file:
            file.write(struct.pack("q", round(ahead.total_seconds())))


def true_clock(folder: Path) -> Clock:
    """A clock that has not jumped yet. Raises ServerMissing where there is no C compiler."""
    compiler = find_program("clock", "cc", "gcc")
    library, file = folder / "clock.so", folder / "clock"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(_CLOCK)], check=True)
    file.write_bytes(bytes(8))
    return Clock(file, {"LD_PRELOAD": str(library), "BUKTI_TEST_CLOCK": str(file)})


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def _wait_for_answer(client: httpx2.Client, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            client.get("/masuk")
            return
        except httpx2.TransportError:
            assert server.poll() is None, "the web server ended by itself; see processes.log"
            assert time.monotonic() < end, "the web server does not answer; see processes.log"
            time.sleep(0.1)


def _open_account(settings: Settings) -> None:
    """What the one-time link does, unless it is done."""
    db = Database(settings.database)
    try:
        with db.transaction() as session:
            if security.has_account(session):
                return
            institution = first_institution(session)
            open_period(session, institution)
            account = Account(login=_LOGIN, name="Pengelola", password_hash=security.hash_password(PASSWORD))
            session.add(account)
            session.flush()
            session.add(RoleGrant(institution_id=institution.id, account_id=account.id, role="admin"))
    finally:
        db.close()


def _refusal(answer: httpx2.Response) -> str:
    assert answer.status_code in (503, 507), f"{answer.status_code} {answer.text[:500]}"
    notice = re.search(r'role="alert">(.*?)(?:<a |</p>)', answer.text, re.DOTALL)
    assert notice, f"a refusal without words: {answer.text[:2000]}"
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", notice[1])).split())
