"""`bukti search`: the same search as the page's, over an index opened read-only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from evidence.instance import first_institution, local_access
from evidence.settings import Settings
from ingest.runtime import existing_runtime
from search.finding import find
from search.index import Filters, Hits


@contextmanager
def searching(
    settings: Settings, indicator: str | None, doc_type: str | None, limit: int, *, snippets: bool
) -> Iterator[Callable[[str], Hits]]:
    """Holds the index open for one or many queries."""
    filters = Filters(types=(doc_type,) if doc_type else (), indicators=(indicator,) if indicator else ())
    with existing_runtime(settings) as opened:
        with opened.db.transaction() as session:
            access = local_access(first_institution(session))

        def search(typed: str) -> Hits:
            with opened.db.reading() as session:
                return find(
                    session,
                    opened.index,
                    opened.analyser,
                    typed,
                    access,
                    filters=filters,
                    size=limit,
                    snippets=snippets,
                )

        yield search
