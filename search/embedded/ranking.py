"""One search over an opened tantivy index: documents by their best page and as a whole, their pages, the counts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import tantivy

from evidence.access import Access
from search.embedded.queries import DOCUMENT, Asked, ask, of_documents
from search.embedded.records import document_ids, shown
from search.index import PAGES_SHOWN, Cursor, DocumentHit, Facet, Hits, PageHit, PageOf, Query

# Ranked exactly; what lies behind cannot be paged to. Ten screens of results are more than anyone reads.
_DOCUMENTS_RANKED = 1000
_PAGES_RANKED = 500
# More documents than any institution holds; bounds the memory of one search.
_MOST_DOCUMENTS = 60_000
_FACETS = {
    "type": ("doc_type", 100),
    "year": ("year", 100),
    "unit": ("unit_facet", 200),
    "indicator": ("indicator", 200),
}

_Addresses = dict[UUID, tantivy.DocAddress]
_Page = tuple[float, UUID, tantivy.DocAddress]


def search(searcher: tantivy.Searcher, query: Query, access: Access, after: Cursor | None, size: int) -> Hits:
    asked = ask(query, access)
    documents = asked.documents
    if query.excluded():
        documents = of_documents(documents, _with_clean_page(searcher, asked))
    found, addresses, total = _documents(searcher, documents, asked.scored)
    pages = _pages(searcher, asked, documents, found, addresses, total)
    scores = {document: score * DOCUMENT for document, score in found.items()}
    ranked_pages = sorted(((score + scores[document], document, at) for score, document, at in pages), key=_page_order)
    for score, document, _ in reversed(ranked_pages):  # the best page of each document comes last and stays
        scores[document] = score
    rows = sorted(((score, document) for document, score in scores.items()), key=_row_order, reverse=True)
    if after:
        limit = _row_order((after.score, after.document))
        rows = [row for row in rows if _row_order(row) < limit]
    more = rows[size:]
    rows = rows[:size]
    return Hits(
        total=total,
        documents=tuple(_row(searcher, asked, document, addresses[document], score) for score, document in rows),
        pages=tuple(_page_of(searcher, page) for page in ranked_pages[:size]),
        facets=_facets(searcher, documents),
        after=Cursor(*rows[-1]) if more else None,
        notices=query.notices,
    )


def _row_order(row: tuple[float, UUID]) -> tuple[float, int]:
    """Best first when reversed; among equals the newest, as ids grow with time."""
    return row[0], row[1].int


def _page_order(page: _Page) -> tuple[float, int, int]:
    score, document, address = page
    return -score, -document.int, address.doc


def _with_clean_page(searcher: tantivy.Searcher, asked: Asked) -> list[UUID]:
    """The documents with a page that holds a wanted word and no excluded one."""
    counted = searcher.aggregate(asked.pages, {"key": {"terms": {"field": "key", "size": _MOST_DOCUMENTS}}})
    return [UUID(hex=bucket["key"]) for bucket in counted["key"]["buckets"]]


def _documents(
    searcher: tantivy.Searcher, query: tantivy.Query, scored: bool
) -> tuple[dict[UUID, float], _Addresses, int]:
    """Scores and addresses of the best documents, and how many there are in all."""
    result = searcher.search(query, limit=_DOCUMENTS_RANKED, order_by_field=None if scored else "id_high")
    at = [address for _, address in result.hits]
    ids = document_ids(searcher, at)
    found = {document: score if scored else 0.0 for document, (score, _) in zip(ids, result.hits, strict=True)}
    return found, dict(zip(ids, at, strict=True)), _count(result)


def _pages(
    searcher: tantivy.Searcher,
    asked: Asked,
    documents: tantivy.Query,
    found: dict[UUID, float],
    addresses: _Addresses,
    total: int,
) -> list[_Page]:
    """The best pages of documents that match. Their documents join `found` where they were not among the best."""
    if not asked.scored:
        return []
    result = searcher.search(asked.pages, limit=_PAGES_RANKED, count=False)
    ids = document_ids(searcher, [address for _, address in result.hits])
    missing = set(ids) - found.keys()
    if missing and total > len(found):
        also, also_at, _ = _documents(searcher, of_documents(documents, missing), scored=True)
        found |= also
        addresses |= also_at
    return [(score, document, at) for document, (score, at) in zip(ids, result.hits, strict=True) if document in found]


def _row(
    searcher: tantivy.Searcher, asked: Asked, document: UUID, address: tantivy.DocAddress, score: float
) -> DocumentHit:
    facts = shown(searcher, address)
    unit = facts.pop("unit")
    pages, further = _pages_of(searcher, asked, document) if asked.scored else ((), 0)
    return DocumentHit(
        id=document,
        version=UUID(hex=facts.pop("version")),
        unit=UUID(hex=unit) if unit else None,
        score=round(score, 4),
        pages=pages,
        further=further,
        **facts,
    )


def _pages_of(searcher: tantivy.Searcher, asked: Asked, document: UUID) -> tuple[tuple[PageHit, ...], int]:
    """A document's best pages and the count of the others: those with all words, or if there is none, with any."""
    for pages in (asked.full_pages, asked.pages):
        result = searcher.search(of_documents(pages, [document]), limit=PAGES_SHOWN)
        if result.hits:
            hits = tuple(_page_hit(shown(searcher, at), score) for score, at in result.hits)
            return hits, _count(result) - len(hits)
    return (), 0


def _page_hit(facts: dict[str, Any], score: float) -> PageHit:
    return PageHit(score=round(score, 4), **facts)


def _page_of(searcher: tantivy.Searcher, page: _Page) -> PageOf:
    score, document, address = page
    facts = shown(searcher, address)
    return PageOf(document, facts["sha256"], facts["page"], round(score, 4))


def _facets(searcher: tantivy.Searcher, query: tantivy.Query) -> dict[str, tuple[Facet, ...]]:
    asked = {name: {"terms": {"field": field, "size": size}} for name, (field, size) in _FACETS.items()}
    counted = searcher.aggregate(query, asked)
    facets = {}
    for name in _FACETS:
        buckets = [(str(bucket["key"]), int(bucket["doc_count"])) for bucket in counted[name]["buckets"]]
        rows = (_facet(name, value, count) for value, count in buckets)
        facets[name] = tuple(sorted(rows, key=lambda facet: (-facet.count, facet.label)))
    return facets


def _facet(name: str, value: str, count: int) -> Facet:
    if name == "unit":
        unit, _, label = value.partition(" ")
        return Facet(str(UUID(hex=unit)), label, count)
    return Facet(value, value, count)


def _count(result: tantivy.SearchResult) -> int:
    return int(result.count)  # type: ignore[attr-defined]  # there, but missing in tantivy's stubs
