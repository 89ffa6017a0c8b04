"""One search in at most two requests: first who matches and how well, then the rows to show with their best pages.

The engine cannot join pages to documents. So the first request ranks documents as a whole and pages of any document
side by side; the second looks closer at the few documents that may stand on this screen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from evidence.access import Access
from search.elastic.mapping import DOCUMENTS, PAGES
from search.elastic.queries import DOCUMENT, Asked, Json, ask, of_documents
from search.index import PAGES_SHOWN, Cursor, Facet, Hits, PageHit, PageOf, Query
from search.rows import DOCUMENTS_RANKED, FACET_COUNTS, MOST_DOCUMENTS, PAGES_RANKED, document_hit, facets

# Takes searches, each with the kind of index it is for, and gives an answer to each.
Send = Callable[[Sequence[tuple[str, Json]]], list[Json]]

# Counted exactly up to here; facets are always exact.
MOST_COUNTED = 10_000
_BY_DOCUMENT = {"documents": {"terms": {"field": "key", "size": MOST_DOCUMENTS}}}
_NEWEST = [{"key": "desc"}]  # ids grow with time
_BEST = [{"_score": "desc"}, *_NEWEST]
_BEST_PAGES = [*_BEST, {"order": "asc"}]
_PAGE_FIELDS = {
    "stored_fields": "_none_",
    "docvalue_fields": [{"field": "page"}, {"field": "sha256"}, {"field": "revision"}],
}


@dataclass(frozen=True, slots=True)
class _Page:
    score: float
    key: str
    order: int
    page: int
    sha256: str
    revision: int


@dataclass(frozen=True, slots=True)
class _Candidates:
    """What the first request has found out.

    `scores` are those of the best documents. There may be more: the document of a good page that is not among them is
    unsure, and scores as a whole between nothing and `floor`.
    """

    scores: Mapping[str, float]
    pages: Sequence[_Page]  # best first within each document
    floor: float
    clean: Sequence[str] | None  # with exclusions: the documents that have a page left
    counted: Json

    def unsure(self, key: str) -> bool:
        return key not in self.scores

    def most(self, key: str) -> float:
        return self.scores.get(key, self.floor)

    def least(self, key: str) -> float:
        return self.scores.get(key, 0.0)


def search(send: Send, query: Query, access: Access, after: Cursor | None, size: int) -> Hits:
    asked = ask(query, access)
    if not asked.scored:
        return _newest_first(send, asked, query, after, size)
    candidates = _first_look(send, asked)
    best: dict[str, float] = {}
    for page in candidates.pages:
        best.setdefault(page.key, page.score)
    begin = (after.score, after.document.hex) if after else (math.inf, "")

    def ranked(keys: Iterable[str], as_a_whole: Callable[[str], float]) -> list[tuple[float, str]]:
        """Best first; among equals the newest, as ids grow with time."""
        return sorted(((best.get(key, 0.0) + as_a_whole(key) * DOCUMENT, key) for key in keys), reverse=True)

    might_follow = {row[1] for row in ranked(candidates.scores.keys() | best, candidates.least) if row < begin}
    wanted = _enough((key for _, key in ranked(might_follow, candidates.most)), candidates, size + 1)
    listed = _enough((page.key for page in _flat(candidates.pages, candidates.most)), candidates, size)
    found = _second_look(send, asked, candidates, wanted, listed)

    def as_a_whole(key: str) -> float:
        return candidates.scores.get(key, found.scores[key])

    rows = [row for row in ranked(found.scores.keys() & set(wanted), as_a_whole) if row < begin]
    pages = [
        page
        for page in candidates.pages
        if page.key in found.scores and not _outdated(page.revision, found.shown[page.key])
    ]
    return Hits(
        total=found.total,
        documents=tuple(
            document_hit(UUID(hex=key), score, found.shown[key], *found.pages.get(key, ((), 0)))
            for score, key in rows[:size]
        ),
        pages=tuple(
            _page_of(page, page.score + as_a_whole(page.key) * DOCUMENT) for page in _flat(pages, as_a_whole)[:size]
        ),
        facets=found.facets,
        after=Cursor(rows[size - 1][0], UUID(hex=rows[size - 1][1])) if len(rows) > size else None,
        notices=query.notices,
    )


def _flat(pages: Iterable[_Page], as_a_whole: Callable[[str], float]) -> list[_Page]:
    """The best pages over all documents."""
    # Twice, as keys run the other way than the order of pages; sorting keeps what stands equal.
    by_order = sorted(pages, key=lambda page: page.order)
    return sorted(by_order, key=lambda page: (page.score + as_a_whole(page.key) * DOCUMENT, page.key), reverse=True)


def _newest_first(send: Send, asked: Asked, query: Query, after: Cursor | None, size: int) -> Hits:
    """Without words to rank by: all documents, however many, or with exclusions those with a page left."""
    documents = asked.documents
    if asked.excluded:
        (answer,) = send([(PAGES, {"query": asked.pages, "size": 0, "aggs": _BY_DOCUMENT})])
        documents = of_documents(documents, _keys(answer))
    body = {"query": documents, "size": size + 1, "sort": _NEWEST, "_source": True, **_counting()}
    if after:
        body["search_after"] = [after.document.hex]
    (answer,) = send([(DOCUMENTS, body)])
    rows = answer["hits"]["hits"]
    shown = rows[:size]
    return Hits(
        total=answer["hits"]["total"]["value"],
        documents=tuple(document_hit(UUID(hex=hit["sort"][0]), 0.0, hit["_source"]["shown"], (), 0) for hit in shown),
        facets=facets(answer["aggregations"]),
        after=Cursor(0.0, UUID(hex=shown[-1]["sort"][0])) if len(rows) > size else None,
        notices=query.notices,
    )


# --- the two requests


def _first_look(send: Send, asked: Asked) -> _Candidates:
    # With exclusions it is only known afterwards who of them stays, so that many more are asked for.
    size = MOST_COUNTED if asked.excluded else DOCUMENTS_RANKED
    documents = {"query": asked.documents, "size": size, "sort": _BEST, "stored_fields": "_none_"}
    pages = {"query": asked.pages, "size": PAGES_RANKED, "sort": _BEST_PAGES, **_PAGE_FIELDS}
    if asked.excluded:
        pages["aggs"] = _BY_DOCUMENT
        documents["track_total_hits"] = MOST_COUNTED + 1
    else:
        documents |= _counting()
    counted, ranked = send([(DOCUMENTS, documents), (PAGES, pages)])
    hits = counted["hits"]["hits"]
    scores = {hit["sort"][1]: float(hit["sort"][0]) for hit in hits}
    floor = min(scores.values(), default=0.0)
    complete = counted["hits"]["total"]["value"] <= len(hits)
    clean = _keys(ranked) if asked.excluded else None
    if clean is not None:
        scores = {key: scores[key] for key in clean if key in scores}
    rows = [_page(hit) for hit in ranked["hits"]["hits"]]
    rows = [page for page in rows if page.key in scores or not complete]
    return _Candidates(scores, rows, floor, clean, counted)


@dataclass(frozen=True, slots=True)
class _Found:
    scores: Mapping[str, float]  # of the documents as a whole
    shown: Mapping[str, Mapping[str, Any]]
    pages: Mapping[str, tuple[tuple[PageHit, ...], int]]
    total: int
    facets: Mapping[str, tuple[Facet, ...]]


def _second_look(
    send: Send, asked: Asked, candidates: _Candidates, wanted: Sequence[str], listed: Sequence[str]
) -> _Found:
    if not wanted and not listed and candidates.clean is None:
        return _Found(
            {}, {}, {}, candidates.counted["hits"]["total"]["value"], facets(candidates.counted["aggregations"])
        )
    keys = sorted({*wanted, *listed})
    best = {"terms": {"field": "key", "size": max(1, len(wanted))}}
    top = {"top": {"top_hits": {"size": PAGES_SHOWN, "sort": [{"_score": "desc"}, {"order": "asc"}]}}}
    by_document = {"documents": {**best, "aggs": top}}
    searches: list[tuple[str, Json]] = [
        (
            DOCUMENTS,
            {"query": of_documents(asked.documents, keys), "size": len(keys) or 1, "sort": _BEST, "_source": True},
        ),
        (
            PAGES,
            {
                "query": of_documents(asked.pages, wanted),
                "size": 0,
                "aggs": {**by_document, "full": {"filter": asked.every_word, "aggs": by_document}},
            },
        ),
    ]
    if candidates.clean is not None:
        searches.append(
            (DOCUMENTS, {"query": of_documents(asked.documents, candidates.clean), "size": 0, **_counting()})
        )
    answers = send(searches)
    rows = {hit["sort"][1]: hit for hit in answers[0]["hits"]["hits"]}
    shown = {key: hit["_source"]["shown"] for key, hit in rows.items()}
    counted = answers[2] if candidates.clean is not None else candidates.counted
    aggregations = answers[1]["aggregations"]
    # A document's pages with all the words, or if it has none, those with any.
    pages = _best_pages(aggregations, shown) | _best_pages(aggregations["full"], shown)
    return _Found(
        scores={key: float(hit["sort"][0]) for key, hit in rows.items()},
        shown=shown,
        pages=pages,
        total=counted["hits"]["total"]["value"],
        facets=facets(counted["aggregations"]),
    )


def _best_pages(
    aggregations: Json, documents: Mapping[str, Mapping[str, Any]]
) -> dict[str, tuple[tuple[PageHit, ...], int]]:
    """Each document's best pages and the count of the others."""
    best = {}
    for bucket in aggregations["documents"]["buckets"]:
        key = bucket["key"]
        hits = [
            hit
            for hit in bucket["top"]["hits"]["hits"]
            if not _outdated(hit["_source"]["shown"]["revision"], documents.get(key))
        ]
        shown = tuple(_page_hit(hit["_source"]["shown"], float(hit["sort"][0])) for hit in hits)
        best[key] = shown, max(0, bucket["doc_count"] - PAGES_SHOWN)
    return best


def _counting() -> Json:
    return {"track_total_hits": MOST_COUNTED, "aggs": FACET_COUNTS}


def _enough(keys: Iterable[str], candidates: _Candidates, count: int) -> list[str]:
    """The keys from the beginning on until `count` different ones are sure to match."""
    taken: dict[str, None] = {}
    sure = 0
    for key in keys:
        if key not in taken:
            taken[key] = None
            sure += not candidates.unsure(key)
            if sure == count:
                break
    return list(taken)


# --- what comes back


def _page(hit: Json) -> _Page:
    score, key, order = hit["sort"]
    fields = hit["fields"]
    return _Page(float(score), key, order, fields["page"][0], fields["sha256"][0], fields["revision"][0])


def _outdated(revision: int, document: Mapping[str, Any] | None) -> bool:
    """A page left behind by a writer that came too late and died before it could clean up."""
    return document is not None and revision < int(document["revision"])


def _page_hit(shown: Mapping[str, Any], score: float) -> PageHit:
    return PageHit(shown["part"], shown["page"], shown["label"], shown["sha256"], round(score, 4))


def _page_of(page: _Page, score: float) -> PageOf:
    return PageOf(UUID(hex=page.key), page.sha256, page.page, round(score, 4))


def _keys(answer: Json) -> list[str]:
    return [bucket["key"] for bucket in answer["aggregations"]["documents"]["buckets"]]
