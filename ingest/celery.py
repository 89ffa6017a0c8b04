"""For those who run Celery's own command: `celery -A ingest worker -P threads -Q text,ocr,index,maintenance`.

Settings come from the environment. `bukti worker` does the same and needs no options.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

from celery import signals

from evidence.settings import Settings
from ingest.logs import log_events
from ingest.queue import Queue
from ingest.runtime import Runtime, open_runtime
from ingest.worker import Hands

log_events(logging.INFO)

_settings = Settings()
_queue = Queue(_settings.broker_url)
app = _queue.app
# A thread of Celery's pool looks a task up in the process's default application.
app.set_default()

_at_work: dict[int, tuple[Hands, Runtime]] = {}  # by process: with prefork, every child of Celery's has its own
_making = threading.Lock()


def _hands() -> Hands:
    with _making:
        if os.getpid() not in _at_work:
            runtime = open_runtime(_settings, writable=True)
            hands = Hands(runtime, tuple(app.amqp.queues.consume_from))
            hands.start()
            _at_work[os.getpid()] = hands, runtime
        return _at_work[os.getpid()][0]


_queue.on_wake(lambda queue: _hands().work_off(queue))


def _begin(**_: Any) -> None:
    _hands()  # what is due already has no message


def _end(**_: Any) -> None:
    for hands, runtime in [_at_work.pop(os.getpid())] if os.getpid() in _at_work else []:
        hands.stop()
        runtime.close()


signals.worker_ready.connect(_begin)
signals.worker_shutting_down.connect(_end)
signals.worker_process_shutdown.connect(_end)
