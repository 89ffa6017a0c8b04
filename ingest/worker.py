"""The worker: claims due jobs and works them off; beside that the indexer and the sweep, as threads."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
import uuid
from collections.abc import Sequence
from datetime import timedelta

import structlog
from celery.worker import WorkController

from evidence.errors import BuktiError, DatabaseUnavailable, FilesUnavailable
from ingest.child import Pool
from ingest.pipeline import Children, process
from ingest.queue import QUEUES, Claimed, LeaseLost, claim, fail, finish, give_back, keep, release, sweep
from ingest.reading import Reader
from ingest.runtime import INSTRUMENT, Runtime
from ingest.scans import recognise
from ingest.tagging import Tagger
from search.index import IndexOutdated, SearchUnavailable

log = structlog.get_logger()

_SWEEP_SECONDS = 1.0
_GATHER_SECONDS = 0.02
# How long a stopping worker waits for the documents under work.
_STOP_SECONDS = 10.0
# A job whose database, files or index cannot be reached is tried again after this time.
_RETRY_SECONDS = 5
_LONGEST_WAIT = 20

_OUT_OF_REACH = (DatabaseUnavailable, FilesUnavailable, SearchUnavailable)

# Threads beyond the reader children: one whose document is being tagged, one that saves.
_WITHOUT_CHILD = 2


class Failure(BuktiError):
    code = "internal"
    message = "Kesalahan dalam program saat memproses berkas ini. Berkas asli tetap disimpan."


class Hands:
    """Does jobs when woken; beside that runs the sweep, and the indexer if `index` is among its queues.

    Start it, `stop()` it: running jobs end or are given back, the index is committed, no child is left.
    """

    def __init__(self, runtime: Runtime, queues: Sequence[str]) -> None:
        self._runtime = runtime
        self._queues = tuple(queues)
        self._owner = f"{socket.gethostname()[:40]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._stopping = threading.Event()
        settings = runtime.settings
        self._lease = timedelta(seconds=settings.lease_seconds)
        self.children = Children(
            Pool(Reader, settings.workers),
            Pool(lambda: Tagger(INSTRUMENT, settings.stems_table), settings.workers),
        )
        self.count = settings.workers + _WITHOUT_CHILD
        self._busy = 0
        self._in_hand: set[Claimed] = set()
        self._counting = threading.Lock()
        self._threads = [threading.Thread(target=self._sweep, name="sweep", daemon=True)]
        if "index" in queues:
            self._threads.append(threading.Thread(target=self._index, name="indexer", daemon=True))

    def start(self) -> None:
        if self._runtime.settings.alone:
            # Whoever held the data folder before is gone, and whatever it was doing with it.
            release(self._runtime.db)
            self._runtime.indexer.take_back()
            self._prepare_index()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Jobs that end within some seconds may; the others are given back to be done by another."""
        self._stopping.set()
        self._wait_for_hands(_STOP_SECONDS)
        self.children.readers.close()
        self.children.taggers.close()
        self._wait_for_hands(_STOP_SECONDS)  # without its children a job ends soon; and it has lost its lease if not
        for thread in self._threads:
            thread.join()
        # What cannot be said now is found by the leases that run out, and in the outbox.
        with contextlib.suppress(*_OUT_OF_REACH):
            release(self._runtime.db, self._owner)
        if "index" in self._queues:
            with contextlib.suppress(*_OUT_OF_REACH):
                self._runtime.indexer.run_once()

    def _wait_for_hands(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self._busy and time.monotonic() < end:
            time.sleep(_GATHER_SECONDS)

    def work_off(self, _queue: str) -> None:
        """Work off what is due. The queue that woke us only says that something is: the fairest job is taken."""
        with self._counting:
            self._busy += 1
        try:
            while not self._stopping.is_set() and (
                job := claim(self._runtime.db, self._owner, self._queues, self._lease)
            ):
                if self._runtime.queue.alone and self._busy < self.count:
                    self._runtime.queue.wake(self._queues[0])  # another hand may help
                self._in_hand.add(job)
                try:
                    self._work(job)
                finally:
                    self._in_hand.discard(job)
        except DatabaseUnavailable:
            log.warning("worker.database_unavailable")  # the sweep wakes us when it is back
        finally:
            with self._counting:
                self._busy -= 1

    def _work(self, job: Claimed) -> None:
        begun = time.monotonic()
        structlog.contextvars.bind_contextvars(job=str(job.id), subject=str(job.subject))
        try:
            match job.kind:
                case "rebuild_index":
                    self._runtime.indexer.rebuild()
                    with self._runtime.db.transaction() as session:
                        finish(session, job)
                case "ocr":
                    recognise(self._runtime, self.children.readers, job)
                case _:
                    process(self._runtime, self.children, job)
        except LeaseLost:
            log.warning("job.lease_lost")
        except _OUT_OF_REACH as error:
            log.warning("job.put_back", reason=error.code)
            self._put_back(job)
        except Exception:  # a fault of ours fails this document, visibly, never the worker
            if self._stopping.is_set():
                return  # its child was killed under it; the job is given back by stop()
            log.exception("job.failed")
            self._give_up(job)
        finally:
            log.info("job.ended", ms=round((time.monotonic() - begun) * 1000))
            structlog.contextvars.clear_contextvars()

    def _put_back(self, job: Claimed) -> None:
        # Without the database it stays ours until the lease runs out; the sweep then gives it to whoever is there.
        with contextlib.suppress(LeaseLost, DatabaseUnavailable):
            give_back(self._runtime.db, job, _RETRY_SECONDS)

    def _give_up(self, job: Claimed) -> None:
        try:
            with self._runtime.db.transaction() as session:
                fail(session, job, Failure())
        except Exception:  # then its lease runs out, and the sweep gives it to another
            log.exception("job.not_failed")

    def _prepare_index(self) -> None:
        """Whatever happened to the index while nobody of us looked is repaired."""
        try:
            self._runtime.index.ping()
            self._runtime.indexer.sync()
        except IndexOutdated:
            self._runtime.indexer.rebuild()

    def _index(self) -> None:
        prepared, failures = self._runtime.settings.alone, 0
        while not self._stopping.is_set():
            self._gather()
            try:
                if not prepared:  # a search server may be away when we start: everything else is done meanwhile
                    self._prepare_index()
                    prepared = True
                while self._runtime.indexer.run_once() and not self._stopping.is_set():
                    pass
                failures = 0
            except Exception as error:  # the outbox keeps what was not indexed; the next round tries again
                if isinstance(error, BuktiError):
                    log.warning("index.failed", reason=error.message)
                else:
                    log.exception("index.failed")
                failures += 1
                self._stopping.wait(min(2**failures, _LONGEST_WAIT) / 2)

    def _gather(self) -> None:
        """Wait for a batch worth a commit: at most the time that is set, less when the last hand has come to rest."""
        end = time.monotonic() + self._runtime.settings.commit_seconds
        busy = self._busy
        while time.monotonic() < end and not (busy and not self._busy):
            busy = busy or self._busy
            if self._stopping.wait(_GATHER_SECONDS):
                return

    def _sweep(self) -> None:
        signs = 0.0
        while not self._stopping.wait(_SWEEP_SECONDS):
            try:
                if time.monotonic() > signs:
                    keep(self._runtime.db, tuple(self._in_hand))
                    signs = time.monotonic() + self._lease.total_seconds() / 4
                for queue in sweep(self._runtime.db):
                    if queue in self._queues and self._busy < self.count:
                        self._runtime.queue.wake(queue)
            except DatabaseUnavailable:
                log.warning("sweep.database_unavailable")
            except Exception:  # a database that is busy or full for a while must not end the sweep for ever
                log.exception("sweep.failed")


class Worker:
    """Hands, and Celery in threads to wake them.

    In embedded mode it runs in the process that holds the data folder; with servers any number of workers run.
    """

    def __init__(self, runtime: Runtime, queues: Sequence[str] = QUEUES) -> None:
        self._hands = Hands(runtime, queues)
        runtime.queue.on_wake(self._hands.work_off)
        # A thread of Celery's pool looks a task up in the process's default application.
        runtime.queue.app.set_default()
        self._celery = WorkController(
            app=runtime.queue.app,
            pool_cls="threads",
            concurrency=self._hands.count,
            queues=list(queues),
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
        )
        self._thread = threading.Thread(target=self._celery.start, name="celery", daemon=True)

    def start(self) -> None:
        self._hands.start()
        self._thread.start()

    def stop(self) -> None:
        self._hands.stop()
        self._celery.stop()
