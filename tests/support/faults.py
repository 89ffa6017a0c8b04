"""Server mode in bad weather: processes of its own, servers that are killed, and what must come of it all the same."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

from evidence.settings import Settings
from ingest.queue import Queue
from tests.support.crash import BUKTI, environment, free_port, kill, started
from tests.support.sight import Sight, looking

_SETTLE_SECONDS = 180


@dataclass(slots=True)
class Office:
    """An instance on servers, with workers and a web server as processes of their own."""

    settings: Settings
    processes: ExitStack = field(default_factory=ExitStack)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_worker(self) -> None:
        self.workers.append(self.processes.enter_context(started("worker", settings=self.settings)))

    def hand_in(self, files: Sequence[Path]) -> None:
        """As a person does on the command line, which only hands in: the workers do the rest."""
        answer = self.run("ingest", *map(str, files), "--json")
        assert answer.returncode in (0, 1), answer.stderr
        assert len(json.loads(answer.stdout)["documents"]) == len(files)

    def hand_in_and_be_killed(self, files: Sequence[Path], after: int) -> None:
        """The command is killed when `after` documents are in; it is given again, as a person would."""
        before = self.look().handed
        with started("ingest", *map(str, files), settings=self.settings) as process:
            self.wait_for(lambda sight: sight.handed >= before + after or process.poll() is not None)
            if process.poll() is None:
                kill(process)
        self.hand_in(files)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [BUKTI, *arguments],
            capture_output=True,
            text=True,
            cwd=self.settings.data.parent,
            env=environment(self.settings),
        )

    def look(self) -> Sight:
        with looking(self.settings, 0) as look:
            return look()

    def wait_for(self, true: Callable[[Sight], bool], seconds: float = _SETTLE_SECONDS) -> None:
        end = time.monotonic() + seconds
        with looking(self.settings, 0) as look:
            while not true(sight := look()):
                assert time.monotonic() < end, f"did not come about: {sight}"
                time.sleep(0.02)

    def settle(self) -> None:
        self.wait_for(lambda sight: sight.at_rest)

    def hand_in_while_a_worker_is_killed(self, files: Sequence[Path]) -> None:
        """The oldest worker is killed as soon as jobs run; another takes its place."""
        with ThreadPoolExecutor(1) as pool:
            handing_in = pool.submit(self.hand_in, files)
            self.wait_for(lambda sight: bool(sight.running))
            kill(self.workers.pop(0))
            handing_in.result()
        self.start_worker()

    def ring_the_bell_too_often(self) -> None:
        """Every message delivered many times over."""
        queue = Queue(self.settings.broker_url)
        for name in ("text", "ocr") * 25:
            queue.wake(name)
        queue.app.close()

    @contextmanager
    def web(self) -> Iterator[str]:
        """The web server, answering visitors; killed when the context ends."""
        port = free_port()
        visited = self.settings.model_copy(update={"guest": True})
        with started("serve", "--port", str(port), settings=visited):
            address = f"http://127.0.0.1:{port}"
            end = time.monotonic() + 60
            while True:
                try:
                    fetch(f"{address}/dokumen")
                    break
                except OSError:
                    assert time.monotonic() < end, "the web server does not answer; see processes.log"
                    time.sleep(0.1)
            yield address


def fetch(address: str) -> str:
    with urlopen(address, timeout=30) as answer:  # noqa: S310  our own server on loopback
        return str(answer.read().decode("utf-8"))


@contextmanager
def office(settings: Settings) -> Iterator[Office]:
    with ExitStack() as processes:
        opened = Office(settings, processes)
        for _ in range(2):
            opened.start_worker()
        yield opened
