"""`bukti search`: the same search as the page's, over an index opened read-only."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType

from evidence.instance import first_institution, local_access
from evidence.settings import Settings
from ingest.runtime import runtime
from search.finding import find
from search.index import Filters, Hits


class Finder:
    """Holds the index open for one or many queries; a context manager."""

    def __init__(self, settings: Settings, indicator: str | None, doc_type: str | None, limit: int) -> None:
        self._filters = Filters(types=(doc_type,) if doc_type else (), indicators=(indicator,) if indicator else ())
        self._limit = limit
        self._opened = ExitStack()
        self._runtime = self._opened.enter_context(runtime(settings))
        with self._runtime.db.transaction() as session:
            self._access = local_access(first_institution(session))

    def find(self, typed: str) -> Hits:
        with self._runtime.db.reading() as session:
            return find(
                session,
                self._runtime.index,
                self._runtime.analyser,
                typed,
                self._access,
                filters=self._filters,
                size=self._limit,
            )

    def __enter__(self) -> Finder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()
