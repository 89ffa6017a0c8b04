"""What a document becomes in the embedded index: one record of level `document` and one per page.

Words come in analysed: stems and exact forms, joined by blanks, in fields cut at blanks. No text is stored; `shown`
holds the few facts of a row. Bump `LAYOUT` with any change here: an index of another layout must be rebuilt.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any
from uuid import UUID

import tantivy

from evidence.analysis import ANALYSIS_VERSION, Analyser
from evidence.collocations import COLLOCATIONS
from search.index import IndexEntry
from search.rows import all_words, facts_of, fields_of

LAYOUT = "1"
MADE_BY = f"layout {LAYOUT}, analysis {ANALYSIS_VERSION}, collocations {' '.join(COLLOCATIONS.values())}"

# Compared as a whole (ids, codes), and cut at blanks with positions for phrases.
_WHOLE = ("scope", "unit")
_COUNTED = ("key", "doc_type", "unit_facet", "indicator")  # whole, and counted by facets
_WORDS = ("stems", "exact", "all_stems", "all_exact", "title_stems", "title_exact", "type_words", "unit_words")


@cache
def schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in _WHOLE:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in _COUNTED:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    for name in _WORDS:
        builder.add_text_field(name, tokenizer_name="whitespace")
    builder.add_unsigned_field("year", indexed=True, fast=True)
    # A UUID does not fit into one number; reading it back from here is far cheaper than from the stored record.
    for name in ("id_high", "id_low", "revision"):
        builder.add_unsigned_field(name, fast=True)
    builder.add_bytes_field("shown", stored=True)
    return builder.build()


def scope(level: str, institution: UUID, confidentiality: int) -> str:
    """The term that says whose record of which level it is and how confidential: one look-up instead of three."""
    return f"{level} {institution.hex} {confidentiality}"


def records(entry: IndexEntry, analyser: Analyser) -> Iterator[tantivy.Document]:
    # A UUID does not fit into one number.
    ids = {"id_high": entry.document.int >> 64, "id_low": entry.document.int & (2**64 - 1)}
    common = fields_of(entry, analyser) | ids
    for page in entry.pages:
        yield _record(
            common,
            scope=scope("page", entry.institution, entry.confidentiality),
            stems=page.words.stems,
            exact=page.words.exact,
            shown={"part": page.part, "page": page.page, "label": page.label, "sha256": page.sha256},
        )
    yield _record(
        common,
        scope=scope("document", entry.institution, entry.confidentiality),
        revision=entry.revision,
        shown=facts_of(entry),
        **all_words(entry),
    )


def shown(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(bytes(searcher.doc(address).get_first("shown")))  # type: ignore[arg-type]
    return facts


def document_ids(searcher: tantivy.Searcher, addresses: list[tantivy.DocAddress]) -> list[int]:
    """The document of each record, as the number of its UUID."""
    high = searcher.fast_field_values("id_high", addresses)
    low = searcher.fast_field_values("id_low", addresses)
    return [int(a or 0) << 64 | int(b or 0) for a, b in zip(high, low, strict=True)]


def _record(common: dict[str, Any], *, shown: dict[str, Any], **fields: Any) -> tantivy.Document:
    values = {name: value for name, value in (common | fields).items() if value is not None}
    # Without the schema tantivy guesses signed numbers, and its writer dies of them.
    return tantivy.Document.from_dict({**values, "shown": json.dumps(shown).encode()}, schema())
