"""Serving: who runs the web server, and who runs the worker and the indexer.

Alone, one process holds the data folder and runs all of them. With a broker and Elasticsearch, web servers and workers
are processes of their own, as many as one likes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import structlog
import uvicorn

from api.app import create_app
from api.security import has_account, issue_setup_token
from evidence.errors import FilesUnavailable
from evidence.settings import Settings
from ingest.owner import OwnerLock
from ingest.queue import QUEUES
from ingest.runtime import Runtime, open_runtime
from ingest.runtime import runtime as opened
from ingest.worker import Worker

log = structlog.get_logger()


@contextmanager
def working(settings: Settings, queues: Sequence[str] = QUEUES) -> Iterator[Runtime]:
    """A worker for `queues`, running. Alone it holds the data folder; raises OwnerBusy when another process does."""
    # Threads that only wait for a child or the disk get the interpreter back at once, not after a busy one's 5 ms.
    sys.setswitchinterval(0.0005)
    with ExitStack() as held:
        if settings.alone:
            lock = OwnerLock(settings.data)
            held.callback(lock.release)  # last: nobody else may write before everything here is closed
        runtime = open_runtime(settings, writable=True)
        held.callback(runtime.close)
        _look_at_files(runtime)
        worker = Worker(runtime, queues)
        worker.start()
        held.callback(worker.stop)
        yield runtime


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve the web pages until interrupted; alone, also do the work."""
    with working(settings) if settings.alone else opened(settings) as runtime:
        if not settings.alone:
            _look_at_files(runtime)
        serve_pages(runtime, say)


def _look_at_files(runtime: Runtime) -> None:
    """A bucket is made, or looked at, before the first file comes. Its server may be away while we start."""
    try:
        runtime.files.ping()
    except FilesUnavailable as error:
        log.warning("files.unavailable", reason=error.message)


def serve_pages(runtime: Runtime, say: Callable[[str], None]) -> None:
    """`say` prints one line for people."""
    settings = runtime.settings
    address = f"http://{settings.host}:{settings.port}"
    with runtime.db.transaction() as session:
        token = None if has_account(session) else issue_setup_token(session)
    say(f"Bukti berjalan di {address} (hentikan dengan Ctrl+C).")
    if token:
        say(f"Buat akun pengelola lewat tautan sekali pakai ini: {address}/mulai/{token}")
    config = uvicorn.Config(
        create_app(runtime), host=settings.host, port=settings.port, log_config=None, access_log=False
    )
    uvicorn.Server(config).run()
