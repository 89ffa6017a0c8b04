"""What is in the two Elasticsearch indexes: their mapping as one dictionary, and a document's entries for them.

Words come in analysed: stems and exact forms, joined by blanks, in fields cut at blanks. No text and no word is kept
for reading back; `shown` holds the few facts of a row. Bump `LAYOUT` with any change here: an index of another layout
must be rebuilt.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from evidence.analysis import ANALYSIS_VERSION, Analyser
from evidence.collocations import COLLOCATIONS
from search.index import IndexEntry
from search.rows import all_words, facts_of, fields_of

LAYOUT = "1"
MADE_BY = {
    "layout": LAYOUT,
    "analysis_version": ANALYSIS_VERSION,
    "collocations": list(COLLOCATIONS.values()),
}

PAGES = "pages"
DOCUMENTS = "documents"
KINDS = (PAGES, DOCUMENTS)

_WORDS = {"type": "text", "analyzer": "whitespace"}
_NAMES = {"type": "text", "analyzer": "whitespace", "norms": False}  # for filters only
_CODE = {"type": "keyword", "ignore_above": 8000}

# On both levels, so that filters and access work on either.
_COMMON: dict[str, Any] = {
    "key": {"type": "keyword"},  # the document's id
    "revision": {"type": "long"},
    "institution": {"type": "keyword"},
    "confidentiality": {"type": "byte"},
    "unit": {"type": "keyword"},
    "unit_facet": _CODE,
    "unit_words": _NAMES,
    "doc_type": _CODE,
    "type_words": _NAMES,
    "year": {"type": "short"},
    "indicator": _CODE,
    "title_stems": _WORDS,
    "title_exact": _WORDS,
    "shown": {"type": "object", "enabled": False},
}
_OWN: dict[str, Any] = {
    PAGES: {
        "order": {"type": "integer"},
        # Read back for hundreds of pages a search, where `shown` would take three times as long.
        "page": {"type": "integer", "index": False},
        "sha256": {"type": "keyword", "index": False},
        "stems": _WORDS,
        "exact": _WORDS,
    },
    DOCUMENTS: {"all_stems": _WORDS, "all_exact": _WORDS},
}
MAPPING: dict[str, Any] = {
    kind: {
        "dynamic": False,
        "_meta": MADE_BY,
        "_routing": {"required": True},
        "_source": {"includes": ["shown"]},
        "properties": _COMMON | _OWN[kind],
    }
    for kind in KINDS
}
SETTINGS: dict[str, Any] = {
    "auto_expand_replicas": "0-1",
    # Whoever writes refreshes at the end, once for all that was written.
    "refresh_interval": "-1",
    # What a removal must remember stays as an empty entry. A deletion is forgotten at the next refresh, so that an
    # older revision can be put again after a database was restored from a backup.
    "gc_deletes": "0s",
}


def page_id(document: UUID, part: int, page: int) -> str:
    return f"{document.hex}-{part}-{page}"


def page_entries(entry: IndexEntry, analyser: Analyser) -> Iterator[tuple[str, dict[str, Any]]]:
    """The id and the body of each page."""
    common = _common(entry, analyser)
    for order, page in enumerate(entry.pages):
        yield (
            page_id(entry.document, page.part, page.page),
            common
            | {
                "order": order,
                "page": page.page,
                "sha256": page.sha256,
                "stems": page.words.stems,
                "exact": page.words.exact,
                "shown": {
                    "part": page.part,
                    "page": page.page,
                    "label": page.label,
                    "sha256": page.sha256,
                    "revision": entry.revision,
                },
            },
        )


def document_entry(entry: IndexEntry, analyser: Analyser) -> dict[str, Any]:
    shown = facts_of(entry) | {"revision": entry.revision}
    return _common(entry, analyser) | all_words(entry) | {"shown": shown}


def _common(entry: IndexEntry, analyser: Analyser) -> dict[str, Any]:
    return fields_of(entry, analyser) | {
        "revision": entry.revision,
        "institution": entry.institution.hex,
        "confidentiality": entry.confidentiality,
    }
