"""A `Query` and an `Access` as Elasticsearch queries: one for documents, one for their pages. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from evidence.access import Access
from search.index import Clause, Phrase, Query

Json = dict[str, Any]

# The weights of the embedded engine. Lucene's scores are smaller than tantivy's by the constant factor 2.2 (k1 + 1),
# which a score that is added as it stands must follow.
TITLE = 2.0  # a word in the title, against one on the page
ALL_WORDS = 3.0 / 2.2  # added to a page that holds all the words
DOCUMENT = 0.4  # the whole document's score, against its best page's


@dataclass(frozen=True, slots=True)
class Asked:
    """`pages` are those with at least one of the words; `every_word` selects those with all of them.

    With `excluded`, `documents` still needs `of_documents` of those with a page that `pages` finds.
    """

    documents: Json
    pages: Json
    every_word: Json
    scored: bool
    excluded: bool


def ask(query: Query, access: Access) -> Asked:
    wanted, excluded = query.wanted(), query.excluded()
    conditions = [*_visible(access), *_filters(query)]
    in_title = [_clause(clause, "title_") for clause in excluded]
    document_words = [_any([_clause(clause, "all_"), _boosted(_clause(clause, "title_"), TITLE)]) for clause in wanted]
    words = [_clause(clause, "") for clause in wanted]
    rather = [_boosted(_clause(clause, "title_"), TITLE) for clause in wanted]
    if words:
        rather.append({"constant_score": {"filter": {"bool": {"filter": words}}, "boost": ALL_WORDS}})
    documents = {
        "filter": conditions,
        "must": _at_least(document_words, len(wanted) if query.all_words else len(wanted) // 2 + 1),
        "must_not": in_title,
    }
    pages = {
        "filter": conditions,
        "must": _at_least(words, 1),
        "should": rather,
        "must_not": [*in_title, *(_clause(clause, "") for clause in excluded)],
    }
    return Asked(
        documents={"bool": documents},
        pages={"bool": pages},
        every_word={"bool": {"filter": words}},
        scored=bool(wanted),
        excluded=bool(excluded),
    )


def of_documents(query: Json, documents: Collection[str]) -> Json:
    """`query`, limited to the entries of these documents."""
    return {"bool": {"must": [query], "filter": [{"terms": {"key": sorted(documents)}}]}}


def _visible(access: Access) -> list[Json]:
    """The same condition as `Access.documents()`; withdrawn documents are not in the index."""
    conditions: list[Json] = [
        {"term": {"institution": access.institution.hex}},
        {"range": {"confidentiality": {"lte": access.confidentiality}}},
    ]
    if access.units is not None:
        own = {"terms": {"unit": sorted(unit.hex for unit in access.units)}}
        conditions.append(_any([{"term": {"confidentiality": 0}}, own]))
    return conditions


def _filters(query: Query) -> list[Json]:
    filters = query.filters
    conditions: list[Json] = []
    if filters.types:
        conditions.append({"terms": {"doc_type": list(filters.types)}})
    if filters.units:
        conditions.append({"terms": {"unit": [unit.hex for unit in filters.units]}})
    if filters.indicators:
        conditions.append({"terms": {"indicator": list(filters.indicators)}})
    if filters.years:
        first, last = (year if year is None else min(max(year, 0), 9999) for year in filters.years)
        conditions.append({"range": {"year": {"gte": first, "lte": last}}})
    for field, phrases in (("type_words", query.type_words), ("unit_words", query.unit_words)):
        if phrases:
            conditions.append(_any([_phrase(phrase, field) for phrase in phrases]))
    return conditions


def _clause(clause: Clause, prefix: str) -> Json:
    """Any of the clause's alternatives in the fields with this prefix; the best one gives the score."""
    options = []
    for number, phrase in enumerate(clause.alternatives):
        found = _phrase(phrase, prefix + ("exact" if phrase.exact else "stems"))
        # A phrase's score sums its words': a long synonym would outweigh the abbreviation that was typed.
        is_sum = number and not phrase.as_word()
        options.append(_boosted(found, 1 / len(phrase.words)) if is_sum else found)
    return options[0] if len(options) == 1 else {"dis_max": {"queries": options}}


def _phrase(phrase: Phrase, field: str) -> Json:
    if word := phrase.as_word():
        return {"term": {field: {"value": word}}}
    return {"match_phrase": {field: {"query": " ".join(phrase.words)}}}


def _boosted(query: Json, boost: float) -> Json:
    return {"bool": {"must": [query], "boost": boost}}


def _any(queries: Sequence[Json]) -> Json:
    return {"bool": {"should": list(queries), "minimum_should_match": 1}}


def _at_least(queries: Sequence[Json], count: int) -> list[Json]:
    """Conditions that hold if `count` of the queries do."""
    if not queries or count == len(queries):
        return list(queries)
    return [{"bool": {"should": list(queries), "minimum_should_match": count}}]
