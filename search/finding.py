"""Finding evidence: the one function that the pages, the command line and the JSON share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, false, or_, select
from sqlalchemy.orm import Session

from evidence.access import Access
from evidence.analysis import Analyser
from evidence.models import Document, Page
from search.entries import newest_readings
from search.highlight import Highlighter
from search.index import Cursor, Filters, Hits, PageHit, Query, SearchIndex
from search.query import parse

_MOST_FORMS = 8
_SOME_WORDS = "Tidak ada dokumen yang memuat semua kata; yang tampil memuat sebagian besar kata."


def find(
    session: Session,
    index: SearchIndex,
    analyser: Analyser,
    typed: str,
    access: Access,
    *,
    filters: Filters | None = None,
    exact: bool = False,
    after: Cursor | None = None,
    size: int = 20,
    snippets: bool = True,
) -> Hits:
    """Search for what a person typed. Raises only `SearchUnavailable`; all else is said in `notices`.

    Where no document holds all the words, those that hold most of them are shown and a notice says so. `snippets`
    false leaves snippets and `forms` empty, for programs that want places only.
    """
    query = parse(typed, analyser, filters, exact=exact)
    hits = index.search(query, access, after, size)
    if not hits.total and len(query.wanted()) > 1:
        some = index.search(replace(query, all_words=False), access, after, size)
        if some.total:
            hits = replace(some, notices=(*query.notices, _SOME_WORDS))
    hits = _still_visible(session, access, hits)
    return _with_snippets(session, analyser, query, hits) if snippets else hits


def _still_visible(session: Session, access: Access, hits: Hits) -> Hits:
    """The hits without documents of which the index has not yet learned that they are out of sight."""
    found = {document.id for document in hits.documents} | {page.document for page in hits.pages}
    visible = set(session.connection().scalars(_visible(access), {"found": list(found)}))
    documents = tuple(document for document in hits.documents if document.id in visible)
    return replace(
        hits,
        total=hits.total - (len(hits.documents) - len(documents)),
        documents=documents,
        pages=tuple(page for page in hits.pages if page.document in visible),
    )


def _with_snippets(session: Session, analyser: Analyser, query: Query, hits: Hits) -> Hits:
    texts = _texts(session, [page for document in hits.documents for page in document.pages])
    highlighter = Highlighter(query, analyser)
    documents = tuple(
        replace(
            row,
            pages=tuple(
                replace(page, snippet=highlighter.snippet(texts.get((page.sha256, page.page), "")))
                for page in row.pages
            ),
        )
        for row in hits.documents
    )
    forms = tuple(form for form, _ in highlighter.forms.most_common(_MOST_FORMS))
    return replace(hits, documents=documents, forms=forms)


def _texts(session: Session, pages: Collection[PageHit]) -> Mapping[tuple[str, int], str]:
    """The texts of these pages by file and page number. The caller has made sure that they may be seen."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for page in pages:
        numbers[page.sha256].add(page.page)
    if not numbers:
        return {}
    files = {reading: sha256 for sha256, reading in newest_readings(session, numbers).items()}
    wanted: dict[str, Any] = {}
    for at, (reading, sha256) in enumerate(files.items()):
        wanted |= {f"reading{at}": reading, f"numbers{at}": list(numbers[sha256])}
    rows = session.connection().execute(_pages_of(len(files)), wanted)
    return {(files[reading], number): text for reading, number, text in rows}


# Statements are made once: putting one together costs more than asking it.


@lru_cache(maxsize=256)
def _visible(access: Access) -> Select[UUID]:
    return select(Document.id).where(Document.id.in_(bindparam("found", expanding=True)), access.documents())


@cache
def _pages_of(readings: int) -> Select[UUID, int, str]:
    """A condition for each reading: pairs of reading and number would make SQLite look through all pages there are."""
    wanted = [
        and_(Page.reading_id == bindparam(f"reading{at}"), Page.number.in_(bindparam(f"numbers{at}", expanding=True)))
        for at in range(readings)
    ]
    return select(Page.reading_id, Page.number, Page.text).where(or_(false(), *wanted))
