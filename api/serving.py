"""Serving: whoever holds the data folder runs the web server, the worker and the indexer in one process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import uvicorn

from api.app import create_app
from api.security import has_account, issue_setup_token
from evidence.settings import Settings
from ingest.owner import OwnerLock
from ingest.runtime import Runtime, open_runtime
from ingest.worker import Worker


@contextmanager
def owning(settings: Settings) -> Iterator[Runtime]:
    """Hold the data folder, with the worker running; raises OwnerBusy when another process holds it."""
    # Threads that only wait for a child or the disk get the interpreter back at once, not after a busy one's 5 ms.
    sys.setswitchinterval(0.0005)
    with ExitStack() as held:
        lock = OwnerLock(settings.data)
        held.callback(lock.release)  # last: nobody else may write before everything here is closed
        runtime = open_runtime(settings, writable=True)
        held.callback(runtime.close)
        worker = Worker(runtime)
        worker.start()
        held.callback(worker.stop)
        yield runtime


def serve(settings: Settings, say: Callable[[str], None], prepare: Callable[[Runtime], None] | None = None) -> None:
    """Serve until interrupted. `prepare` runs first, with the worker at work; `say` prints one line for people."""
    with owning(settings) as runtime:
        if prepare is not None:
            prepare(runtime)
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
