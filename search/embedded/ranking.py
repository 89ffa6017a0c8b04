"""One search over an opened tantivy index: documents by their best page and as a whole, their pages, the counts."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

import tantivy

from evidence.access import Access
from search.embedded.queries import ALL_WORDS, DOCUMENT, Asked, ask, of_documents
from search.embedded.records import document_ids, shown
from search.index import PAGES_SHOWN, Cursor, Hits, PageHit, PageOf, Query
from search.rows import DOCUMENTS_RANKED, FACET_COUNTS, MOST_DOCUMENTS, PAGES_RANKED, document_hit, facets

# Pages of the documents shown that are counted one by one; beyond, they are counted in a second search.
_PAGES_COUNTED = 2000

_Addresses = dict[int, tantivy.DocAddress]  # by document, as everywhere here by the number of its UUID
_Page = tuple[float, int, tantivy.DocAddress]  # score, document, the page


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
    # Best first; among equals the newest, as ids grow with time.
    rows = sorted(((score, document) for document, score in scores.items()), reverse=True)
    if after:
        rows = [row for row in rows if row < (after.score, after.document.int)]
    more = rows[size:]
    rows = rows[:size]
    best = _best_pages(searcher, asked, [document for _, document in rows]) if asked.scored else {}
    return Hits(
        total=total,
        documents=tuple(
            document_hit(UUID(int=document), score, shown(searcher, addresses[document]), *best.get(document, ((), 0)))
            for score, document in rows
        ),
        pages=tuple(_page_of(searcher, page) for page in ranked_pages[:size]),
        facets=facets(searcher.aggregate(documents, FACET_COUNTS)),
        after=Cursor(rows[-1][0], UUID(int=rows[-1][1])) if more else None,
        notices=query.notices,
    )


def _page_order(page: _Page) -> tuple[float, int, int, int]:
    score, document, address = page
    return -score, -document, address.segment_ord, address.doc


def _with_clean_page(searcher: tantivy.Searcher, asked: Asked) -> list[int]:
    """The documents with a page that holds a wanted word and no excluded one."""
    return list(_pages_by_document(searcher, asked.pages, MOST_DOCUMENTS))


def _pages_by_document(searcher: tantivy.Searcher, pages: tantivy.Query, size: int) -> dict[int, int]:
    """How many of these pages each document has."""
    counted = searcher.aggregate(pages, {"key": {"terms": {"field": "key", "size": size}}})
    return {int(bucket["key"], 16): int(bucket["doc_count"]) for bucket in counted["key"]["buckets"]}


def _documents(
    searcher: tantivy.Searcher, query: tantivy.Query, scored: bool
) -> tuple[dict[int, float], _Addresses, int]:
    """Scores and addresses of the best documents, and how many there are in all."""
    result = searcher.search(query, limit=DOCUMENTS_RANKED, order_by_field=None if scored else "id_high")
    at = [address for _, address in result.hits]
    ids = document_ids(searcher, at)
    found = {document: score if scored else 0.0 for document, (score, _) in zip(ids, result.hits, strict=True)}
    return found, dict(zip(ids, at, strict=True)), _count(result)


def _pages(
    searcher: tantivy.Searcher,
    asked: Asked,
    documents: tantivy.Query,
    found: dict[int, float],
    addresses: _Addresses,
    total: int,
) -> list[_Page]:
    """The best pages of documents that match. Their documents join `found` where they were not among the best."""
    if not asked.scored:
        return []
    pages = _ranked_pages(searcher, asked)
    missing = {document for _, document, _ in pages} - found.keys()
    if missing and total > len(found):
        also, also_at, _ = _documents(searcher, of_documents(documents, missing), scored=True)
        found |= also
        addresses |= also_at
    return [page for page in pages if page[1] in found]


def _ranked_pages(searcher: tantivy.Searcher, asked: Asked) -> list[_Page]:
    """The best pages; those with all the words stand before others that are as good."""
    pages = _scored_pages(searcher, asked.pages, PAGES_RANKED)
    if asked.full_pages is None:
        return [(score + ALL_WORDS, document, at) for score, document, at in pages]
    full = _scored_pages(searcher, asked.full_pages, PAGES_RANKED)
    known = {(at.segment_ord, at.doc) for _, _, at in full}
    together = [(score + ALL_WORDS, document, at) for score, document, at in full]
    together += [page for page in pages if (page[2].segment_ord, page[2].doc) not in known]
    return sorted(together, key=_page_order)[:PAGES_RANKED]


def _best_pages(
    searcher: tantivy.Searcher, asked: Asked, documents: Collection[int]
) -> dict[int, tuple[tuple[PageHit, ...], int]]:
    """Each document's best pages and the count of the others: those with all words, or if it has none, with any."""
    best: dict[int, tuple[tuple[PageHit, ...], int]] = {}
    some = [(asked.pages, ALL_WORDS)] if asked.full_pages is None else [(asked.full_pages, ALL_WORDS), (asked.pages, 0)]
    for pages, bonus in some:
        lacking = [document for document in documents if document not in best]
        if not lacking:
            break
        wanted = of_documents(pages, lacking)
        result = searcher.search(wanted, limit=_PAGES_COUNTED)
        together: dict[int, list[tuple[float, tantivy.DocAddress]]] = {}
        for score, document, at in _with_documents(searcher, result):
            together.setdefault(document, []).append((score, at))
        if _count(result) > _PAGES_COUNTED:
            counts = _pages_by_document(searcher, wanted, len(lacking))
        else:
            counts = {document: len(hits) for document, hits in together.items()}
        for document, count in counts.items():
            hits = together.get(document, [])
            if len(hits) < min(count, PAGES_SHOWN):  # crowded out by documents with very many pages
                hits = searcher.search(of_documents(pages, [document]), limit=PAGES_SHOWN, count=False).hits
            shown_pages = tuple(_page_hit(shown(searcher, at), score + bonus) for score, at in hits[:PAGES_SHOWN])
            best[document] = shown_pages, count - len(shown_pages)
    return best


def _scored_pages(searcher: tantivy.Searcher, pages: tantivy.Query, limit: int) -> list[_Page]:
    return _with_documents(searcher, searcher.search(pages, limit=limit, count=False))


def _with_documents(searcher: tantivy.Searcher, result: tantivy.SearchResult) -> list[_Page]:
    ids = document_ids(searcher, [address for _, address in result.hits])
    return [(score, document, at) for document, (score, at) in zip(ids, result.hits, strict=True)]


def _page_hit(facts: dict[str, Any], score: float) -> PageHit:
    return PageHit(score=round(score, 4), **facts)


def _page_of(searcher: tantivy.Searcher, page: _Page) -> PageOf:
    score, document, address = page
    facts = shown(searcher, address)
    return PageOf(UUID(int=document), facts["sha256"], facts["page"], round(score, 4))


def _count(result: tantivy.SearchResult) -> int:
    return int(result.count)  # type: ignore[attr-defined]  # there, but missing in tantivy's stubs
