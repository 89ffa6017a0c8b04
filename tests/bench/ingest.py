"""Embedded ingest against bare PDFium text extraction of the same files, in one run.

    python -m tests.bench.ingest FOLDER [--workers 1] [--rounds 3] [--servers] [--apart]

FOLDER is searched for PDFs with a text layer (20 characters a page or more on average). Bare: one process that loads
each file and takes the text of each page. Ingest: from handing in to the last document searchable, in an instance that
knows the words already (as a running one does) and in a new one. With `--servers` the same again over PostgreSQL, S3,
Elasticsearch and Redis on this machine, whose own work then costs the same cores: `other` is what everybody else on the
machine used meanwhile, which on a quiet one are the servers. With `--apart` the servers get a core of their own and
everything else another, as if they stood on another machine. Prints medians of the rounds and CPU by stage.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import structlog
from sqlalchemy import select
from structlog.testing import capture_logs

from api.serving import working
from deploy.local.elastic import Elasticsearch
from deploy.local.process import Server, scratch
from deploy.local.servers import S3, Postgres, Redis
from evidence.instance import first_institution, local_access, open_period
from evidence.models import Job, Outbox
from evidence.settings import Settings
from ingest.hand_in import Handed, hand_in
from ingest.runtime import Runtime
from tests.support.sight import module_of
from tests.support.world import fresh_urls


def bare(paths: list[Path]) -> tuple[int, float]:
    """Pages, and wall seconds, of nothing but PDFium."""
    begun = time.monotonic()
    pages = 0
    for path in paths:
        document = pdfium.PdfDocument(path)
        for page in document:
            page.get_textpage().get_text_range()
            pages += 1
        document.close()
    return pages, time.monotonic() - begun


def text_pdfs(folder: Path) -> list[Path]:
    chosen = []
    for path in sorted(folder.rglob("*.pdf")):
        try:
            document = pdfium.PdfDocument(path)
            characters = [len(page.get_textpage().get_text_range().strip()) for page in document]
        except pdfium.PdfiumError:
            continue
        if statistics.fmean(characters) >= 20:
            chosen.append(path)
    return chosen


def ingest(paths: list[Path], data: Path, workers: int, **urls: Any) -> tuple[float, dict[str, float]]:
    """Wall seconds from handing in to the last document settled, and CPU milliseconds by stage."""
    settings = Settings(data=data, workers=workers, ocr=False, **urls)
    with capture_logs() as events, working(settings) as runtime:
        with runtime.db.transaction() as session:
            institution = first_institution(session)
            access, period = local_access(institution), open_period(session, institution).id
        # A running instance has its children started and its rules loaded.
        first = [Handed(f"{at}.txt", "", partial(BytesIO, f"Catatan {at}".encode())) for at in range(3 * workers)]
        hand_in(runtime, access, first, period=period, origin="bench")
        _wait(runtime)
        before = {child: _cpu(child) for child in _children()}
        events.clear()
        begun, machine = time.monotonic(), _machine()
        with _timed() as own:
            hand_in(runtime, access, [Handed.at(path, path.name) for path in paths], period=period, origin="bench")
            _wait(runtime)
        seconds = time.monotonic() - begun
        children = sum(_cpu(child) - before.get(child, 0.0) for child in _children())
        other = _machine() - machine - own[0] - children
    stages = {"parent": own[0] * 1000, "children": children * 1000, "other": max(other, 0.0) * 1000}
    for event in events:
        for name, value in event.items():
            if name.endswith("_cpu_ms"):
                stages[name] = stages.get(name, 0.0) + value
    return seconds, stages


@contextmanager
def _timed() -> Iterator[list[float]]:
    used = [0.0]
    before = resource.getrusage(resource.RUSAGE_SELF)
    yield used
    after = resource.getrusage(resource.RUSAGE_SELF)
    used[0] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _wait(runtime: Runtime) -> None:
    while not _at_rest(runtime):
        time.sleep(0.05)


def _children() -> list[int]:
    children: list[int] = []
    for thread in Path("/proc/self/task").iterdir():
        with suppress(FileNotFoundError):  # it has just ended
            children += map(int, (thread / "children").read_text("ascii").split())
    return [child for child in children if module_of(child)]  # not the servers, which are this process's too


def _cpu(process: int) -> float:
    """CPU seconds of a process that runs."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _machine() -> float:
    """CPU seconds of everything on this machine since it started."""
    user, nice, system, _, _, interrupts, soft = map(int, Path("/proc/stat").read_text("ascii").split()[1:8])
    return (user + nice + system + interrupts + soft) / os.sysconf("SC_CLK_TCK")


# Asked twenty times a second: it must not cost what it measures.
_OPEN = select(Job.id).where(Job.state.not_in(("done", "failed"))).limit(1)
_UNINDEXED = select(Outbox.document_id).limit(1)


def _at_rest(runtime: Runtime) -> bool:
    with runtime.db.reading() as session:
        return session.scalar(_OPEN) is None and session.scalar(_UNINDEXED) is None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--servers", action="store_true")
    parser.add_argument("--apart", action="store_true")
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(20))
    paths = text_pdfs(arguments.folder)
    fresh, warm, limits, stages, on_servers, server_stages = [], [], [], [], [], []
    with ExitStack() as held:
        servers = _start_servers(held, arguments.apart) if arguments.servers else {}
        pool = held.enter_context(ProcessPoolExecutor(1))
        pool.submit(bare, paths).result()  # the files are in memory from here on
        for _ in range(arguments.rounds):
            pages, seconds = pool.submit(bare, paths).result()
            limits.append(seconds)
            with tempfile.TemporaryDirectory(prefix="bukti-bench-") as folder:
                fresh.append(ingest(paths, Path(folder, "new"), arguments.workers)[0])
                words = Settings(data=Path(folder, "new")).stems_table.read_bytes()
                seconds, stage = ingest(paths, _knowing(Path(folder, "known"), words), arguments.workers)
                warm.append(seconds)
                stages.append(stage)
                if servers:
                    urls = fresh_urls(servers)
                    seconds, stage = ingest(paths, _knowing(Path(folder, "far"), words), arguments.workers, **urls)
                    on_servers.append(seconds)
                    server_stages.append(stage)
    limit = statistics.median(limits)
    print(f"{len(paths)} text PDFs, {pages} pages, {arguments.workers} worker(s), {arguments.rounds} rounds, medians")
    print(f"bare PDFium text      {limit:7.2f} s  {pages / limit:7.0f} pages/s")
    rows = (("ingest, new instance", fresh), ("ingest, words known", warm), ("ingest, on servers", on_servers))
    for name, values in rows:
        if not values:
            continue
        median = statistics.median(values)
        print(f"{name:21} {median:7.2f} s  {pages / median:7.0f} pages/s  ratio {limit / median:.2f}")
    if on_servers:
        ratio = statistics.median(warm) / statistics.median(on_servers)
        ours = statistics.median(map(_own, stages)) / statistics.median(map(_own, server_stages))
        print(f"servers against embedded, words known: {ratio:.2f}; by the CPU of our own processes: {ours:.2f}")
    for title, found in (("embedded", stages), ("on servers", server_stages)):
        if found:
            print(f"CPU of the last round with known words, {title}, ms per page:")
            for name, value in sorted(found[-1].items()):
                print(f"  {name:24} {value / pages:7.3f}")


def _own(stage: Mapping[str, float]) -> float:
    return stage["parent"] + stage["children"]


def _knowing(data: Path, words: bytes) -> Path:
    """A data folder whose instance knows the words already."""
    data.mkdir()
    Settings(data=data).stems_table.write_bytes(words)
    return data


def _start_servers(held: ExitStack, apart: bool) -> dict[str, Server]:
    folder = held.enter_context(scratch())
    servers = (Postgres(folder), S3(folder), Elasticsearch(folder, quick_start=False), Redis(folder))
    first, *others = os.sched_getaffinity(0)
    if apart:
        os.sched_setaffinity(0, others)  # what is started from here on inherits it
    started = {server.name: held.enter_context(server) for server in servers}
    if apart:
        os.sched_setaffinity(0, {first})
    return started


if __name__ == "__main__":
    main()
