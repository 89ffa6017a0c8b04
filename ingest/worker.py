"""The worker: claims due jobs and works them off; in embedded mode also the indexer and the sweep, as threads."""

from __future__ import annotations

import os
import threading
import time
import uuid

import structlog
from celery.worker import WorkController

from evidence.errors import BuktiError
from ingest.child import Pool
from ingest.pipeline import Children, process
from ingest.queue import QUEUES, Claimed, LeaseLost, claim, fail, finish, release, sweep
from ingest.reading import Reader
from ingest.runtime import INSTRUMENT, Runtime
from ingest.tagging import Tagger
from search.index import IndexOutdated

log = structlog.get_logger()

_SWEEP_SECONDS = 1.0
_GATHER_SECONDS = 0.02

# Threads beyond the reader children: one whose document is being tagged, one that saves.
_WITHOUT_CHILD = 2


class Failure(BuktiError):
    code = "internal"
    message = "Kesalahan dalam program saat memproses berkas ini. Berkas asli tetap disimpan."


class Worker:
    """Runs in the process that holds the data folder: threads for jobs (Celery), index and sweep.

    Start it, `stop()` it: running jobs are given back, the index is committed, no child is left.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._owner = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._stopping = threading.Event()
        settings = runtime.settings
        self._children = Children(
            Pool(Reader, settings.workers),
            Pool(lambda: Tagger(INSTRUMENT, settings.stems_table), settings.workers),
        )
        self._hands = settings.workers + _WITHOUT_CHILD
        self._busy = 0
        self._counting = threading.Lock()
        runtime.queue.on_wake(self._work_off)
        # A thread of Celery's pool looks a task up in the process's default application.
        runtime.queue.app.set_default()
        self._celery = WorkController(
            app=runtime.queue.app,
            pool_cls="threads",
            concurrency=self._hands,
            queues=list(QUEUES),
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
        )
        self._threads = [
            threading.Thread(target=self._celery.start, name="celery", daemon=True),
            threading.Thread(target=self._index, name="indexer", daemon=True),
            threading.Thread(target=self._sweep, name="sweep", daemon=True),
        ]

    def start(self) -> None:
        # Whoever held the data folder before is gone, and whatever it was doing with it.
        release(self._runtime.db)
        try:
            self._runtime.index.ping()
            self._runtime.indexer.sync()
        except IndexOutdated:
            self._runtime.indexer.rebuild()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._celery.stop()
        self._children.readers.close()
        self._children.taggers.close()
        for thread in self._threads[1:]:
            thread.join()
        release(self._runtime.db, self._owner)
        self._runtime.indexer.run_once()

    def _work_off(self, queue: str) -> None:
        """Work off what is due in one queue."""
        with self._counting:
            self._busy += 1
        try:
            while not self._stopping.is_set() and (job := claim(self._runtime.db, self._owner, queue)):
                if self._busy < self._hands:
                    self._runtime.queue.wake(queue)  # another hand may help
                self._work(job)
        finally:
            with self._counting:
                self._busy -= 1

    def _work(self, job: Claimed) -> None:
        begun = time.monotonic()
        structlog.contextvars.bind_contextvars(job=str(job.id), subject=str(job.subject))
        try:
            if job.kind == "rebuild_index":
                self._runtime.indexer.rebuild()
                with self._runtime.db.transaction() as session:
                    finish(session, job)
            else:
                process(self._runtime, self._children, job)
        except LeaseLost:
            log.warning("job.lease_lost")
        except Exception:  # a fault of ours fails this document, visibly, never the worker
            if self._stopping.is_set():
                return  # its child was killed under it; the job is given back by stop()
            log.exception("job.failed")
            self._give_up(job)
        finally:
            log.info("job.ended", ms=round((time.monotonic() - begun) * 1000))
            structlog.contextvars.clear_contextvars()

    def _give_up(self, job: Claimed) -> None:
        try:
            with self._runtime.db.transaction() as session:
                fail(session, job, Failure())
        except Exception:  # then its lease runs out, and the sweep gives it to another
            log.exception("job.not_failed")

    def _index(self) -> None:
        while not self._stopping.is_set():
            self._gather()
            try:
                self._runtime.indexer.run_once()
            except Exception:  # the outbox keeps what was not indexed; the next round tries again
                log.exception("index.failed")

    def _gather(self) -> None:
        """Wait for a batch worth a commit: at most the time that is set, less when the last hand has come to rest."""
        end = time.monotonic() + self._runtime.settings.commit_seconds
        busy = self._busy
        while time.monotonic() < end and not (busy and not self._busy):
            busy = busy or self._busy
            if self._stopping.wait(_GATHER_SECONDS):
                return

    def _sweep(self) -> None:
        while not self._stopping.wait(_SWEEP_SECONDS):
            try:
                for queue in sweep(self._runtime.db):
                    if self._busy < self._hands:
                        self._runtime.queue.wake(queue)
            except Exception:  # a database that is busy or full for a while must not end the sweep for ever
                log.exception("sweep.failed")
