"""A `Query` and an `Access` as tantivy queries: one for documents, one for their pages. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import tantivy
from tantivy import Occur

from evidence.access import Access
from search.embedded.records import schema, scope
from search.index import Clause, Phrase, Query

# Every weight of the ranking. Chosen by hand; they are to be measured with judged queries.
TITLE = 2.0  # a word in the title, against one on the page
ALL_WORDS = 3.0  # added to a page that holds all the words
DOCUMENT = 0.4  # the whole document's score, against its best page's

# From here on a set of terms is cheaper than one query for each.
_MANY = 100

_Q = tantivy.Query


@dataclass(frozen=True, slots=True)
class Asked:
    """`pages` are those with at least one of the words, `full_pages` those with all of them; None where that is one.

    The score of a page lacks `ALL_WORDS`: in a query that condition would have to be met a second time on each page.
    """

    documents: tantivy.Query
    pages: tantivy.Query
    full_pages: tantivy.Query | None
    scored: bool


def ask(query: Query, access: Access) -> Asked:
    """The queries for `query`. With exclusions, `documents` still needs `of_documents` of those with a clean page."""
    wanted, excluded = query.wanted(), query.excluded()
    filters = [_silent(condition) for condition in _filters(query)]
    in_title = [_clause(clause, "title_") for clause in excluded]
    document_words = [
        _any([_clause(clause, "all_"), _Q.boost_query(_clause(clause, "title_"), TITLE)]) for clause in wanted
    ]
    needed = len(wanted) if query.all_words else len(wanted) // 2 + 1
    documents = _all(
        [_visible("document", access), *filters, *_at_least(document_words, needed)],
        without=in_title,
    )
    words = [_clause(clause, "") for clause in wanted]
    in_page_title = [_Q.boost_query(_clause(clause, "title_"), TITLE) for clause in wanted]
    without = [*in_title, *(_clause(clause, "") for clause in excluded)]
    conditions = [_visible("page", access), *filters]
    pages = _all([*conditions, *_at_least(words, 1)], rather=in_page_title, without=without)
    full_pages = _all([*conditions, *words], rather=in_page_title, without=without) if len(words) > 1 else None
    return Asked(documents, pages, full_pages, scored=bool(wanted))


def of_documents(query: tantivy.Query, documents: Collection[int]) -> tantivy.Query:
    """`query`, limited to the records of these documents."""
    keys = [f"{document:032x}" for document in documents]
    if len(keys) > _MANY:
        return _all([_silent(_Q.term_set_query(schema(), "key", keys)), query])
    return _all([_silent(_any([_Q.term_query(schema(), "key", key) for key in keys])), query])


def _visible(level: str, access: Access) -> tantivy.Query:
    """The same condition as `Access.documents()`; withdrawn documents are not in the index."""
    levels = [
        _Q.term_query(schema(), "scope", scope(level, access.institution, confidentiality))
        for confidentiality in range(access.confidentiality + 1)
    ]
    if access.units is None:
        return _silent(_any(levels))
    own = _any([_Q.term_query(schema(), "unit", unit.hex) for unit in access.units])
    return _silent(_any([levels[0], _all([_any(levels), own])]))


def _filters(query: Query) -> list[tantivy.Query]:
    filters = query.filters
    conditions = []
    if filters.types:
        conditions.append(_Q.term_set_query(schema(), "doc_type", list(filters.types)))
    if filters.units:
        conditions.append(_Q.term_set_query(schema(), "unit", [unit.hex for unit in filters.units]))
    if filters.indicators:
        conditions.append(_Q.term_set_query(schema(), "indicator", list(filters.indicators)))
    if filters.years:
        first, last = (year if year is None else min(max(year, 0), 9999) for year in filters.years)
        conditions.append(_Q.range_query(schema(), "year", tantivy.FieldType.Unsigned, first, last))
    for field, phrases in (("type_words", query.type_words), ("unit_words", query.unit_words)):
        if phrases:
            conditions.append(_any([_phrase(phrase, field) for phrase in phrases]))
    return conditions


def _clause(clause: Clause, prefix: str) -> tantivy.Query:
    """Any of the clause's alternatives in the fields with this prefix; the best one gives the score."""
    options = []
    for number, phrase in enumerate(clause.alternatives):
        found = _phrase(phrase, prefix + ("exact" if phrase.exact else "stems"))
        # A phrase's score sums its words': a long synonym would outweigh the abbreviation that was typed.
        is_sum = number and not phrase.as_word()
        options.append(_Q.boost_query(found, 1 / len(phrase.words)) if is_sum else found)
    return options[0] if len(options) == 1 else _Q.disjunction_max_query(options)


def _phrase(phrase: Phrase, field: str) -> tantivy.Query:
    if word := phrase.as_word():
        return _Q.term_query(schema(), field, word)
    return _Q.phrase_query(schema(), field, list(phrase.words))


def _silent(query: tantivy.Query) -> tantivy.Query:
    """A condition that selects and adds nothing to the score."""
    return _Q.const_score_query(query, 0.0)


def _any(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    return _Q.boolean_query([(Occur.Should, query) for query in queries])


def _at_least(queries: Sequence[tantivy.Query], count: int) -> list[tantivy.Query]:
    """Conditions that hold if `count` of the queries do."""
    if not queries or count == len(queries):
        return list(queries)
    return [
        _Q.boolean_query([(Occur.Should, query) for query in queries], minimum_number_should_match=count),
    ]


def _all(
    queries: Sequence[tantivy.Query],
    *,
    rather: Sequence[tantivy.Query] = (),
    without: Sequence[tantivy.Query] = (),
) -> tantivy.Query:
    return _Q.boolean_query(
        [
            *((Occur.Must, query) for query in queries),
            *((Occur.Should, query) for query in rather),
            *((Occur.MustNot, query) for query in without),
        ]
    )
