"""What every door opens first: settings, database, files, index, analysis, rules and queue in one hand."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from evidence.analysis import Analyser
from evidence.db import Database
from evidence.errors import InvalidInput
from evidence.files import DerivedKey, FileStore, open_files
from evidence.settings import Settings
from ingest.queue import Queue
from ingest.reading import Limits, Reader
from search.index import SearchIndex, open_index
from search.indexer import Indexer

# The rulebook documents are tagged by. Periods of another instrument will ask for theirs here.
INSTRUMENT = "permenpanrb-59-2020"


@dataclass(slots=True)
class Runtime:
    settings: Settings
    db: Database
    files: FileStore
    index: SearchIndex
    analyser: Analyser
    queue: Queue
    indexer: Indexer
    _painter: Reader = field(default_factory=Reader)
    _painting: threading.Lock = field(default_factory=threading.Lock)

    def picture(self, sha256: str, mime: str, page: int, width: int) -> bytes:
        """A page as WebP, `width` pixels wide, made once and kept; raises UnreadableDocument, NotFound."""
        key = DerivedKey(f"picture-{width}", sha256, page)
        picture = self.files.get_derived(key)
        if picture is None:
            with self._painting, self.files.local_path(sha256) as path:
                picture = self._painter.picture(path, mime, page, width, Limits.of(self.settings))
            self.files.put_derived(key, picture)
        return picture

    def close(self) -> None:
        self._painter.close()
        self.index.close()
        self.analyser.save()
        self.db.close()


def open_runtime(settings: Settings, *, writable: bool = False) -> Runtime:
    """Open everything, making or migrating the instance first. An embedded index takes one `writable` process."""
    settings.data.mkdir(parents=True, exist_ok=True)
    db = Database(settings.database)
    db.migrate()
    analyser = Analyser(settings.stems_table)
    index = open_index(settings, analyser, writable=writable)
    return Runtime(
        settings=settings,
        db=db,
        files=open_files(settings),
        index=index,
        analyser=analyser,
        queue=Queue(settings.broker_url if not settings.alone else ""),
        indexer=Indexer(db, index, analyser),
    )


@contextmanager
def existing_runtime(settings: Settings) -> Iterator[Runtime]:
    """For commands that only read: a mistyped folder must not become a new instance."""
    if not settings.database_url and not (settings.data / "bukti.db").exists():
        raise InvalidInput("Folder data {folder} belum berisi instansi Bukti.", folder=settings.data)
    with runtime(settings) as opened:
        yield opened


@contextmanager
def runtime(settings: Settings, *, writable: bool = False) -> Iterator[Runtime]:
    opened = open_runtime(settings, writable=writable)
    try:
        yield opened
    finally:
        opened.close()
