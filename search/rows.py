"""What both engines keep of a document beside its words, and give back: fields for filters, a row's facts, facets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from evidence.analysis import Analyser, fold_text
from search.index import DocumentHit, Facet, IndexEntry, PageHit

# Ranked exactly; what lies behind cannot be paged to. Ten screens of results are more than anyone reads.
DOCUMENTS_RANKED = 1000
PAGES_RANKED = 500
# More documents than any institution holds; bounds the memory of one search.
MOST_DOCUMENTS = 60_000

# Each facet's field, and the most values it shows.
FACETS = {
    "type": ("doc_type", 100),
    "year": ("year", 100),
    "unit": ("unit_facet", 200),
    "indicator": ("indicator", 200),
}
FACET_COUNTS = {name: {"terms": {"field": field, "size": size}} for name, (field, size) in FACETS.items()}


def fields_of(entry: IndexEntry, analyser: Analyser) -> dict[str, Any]:
    """On documents and on pages alike, so that filters and access work on both levels."""
    about = (entry.title, entry.doc_type.replace("_", " "), entry.number, str(entry.year or ""), entry.name)
    title = analyser.analyse(fold_text(" ".join(about))).words()
    return {
        "key": entry.document.hex,
        "unit": entry.unit.hex if entry.unit else None,
        "unit_facet": f"{entry.unit.hex} {entry.unit_name}" if entry.unit else None,
        "unit_words": analyser.analyse(fold_text(entry.unit_name)).words().exact,
        "doc_type": entry.doc_type or None,
        "type_words": entry.doc_type.replace("_", " "),
        "year": entry.year,
        "indicator": list(entry.indicators),
        "title_stems": title.stems,
        "title_exact": title.exact,
    }


def all_words(entry: IndexEntry) -> dict[str, str]:
    """The words of all pages, for what stands on different ones."""
    return {
        "all_stems": " ".join(page.words.stems for page in entry.pages),
        "all_exact": " ".join(page.words.exact for page in entry.pages),
    }


def facts_of(entry: IndexEntry) -> dict[str, Any]:
    """What a row shows of a document; see `document_hit`."""
    return {
        "version": entry.version.hex,
        "sha256": entry.sha256,
        "name": entry.name,
        "title": entry.title,
        "doc_type": entry.doc_type,
        "number": entry.number,
        "year": entry.year,
        "unit": entry.unit.hex if entry.unit else None,
        "unit_name": entry.unit_name,
    }


def document_hit(
    document: UUID, score: float, facts: Mapping[str, Any], pages: tuple[PageHit, ...], further: int
) -> DocumentHit:
    return DocumentHit(
        id=document,
        version=UUID(hex=facts["version"]),
        sha256=facts["sha256"],
        name=facts["name"],
        title=facts["title"],
        doc_type=facts["doc_type"],
        number=facts["number"],
        year=facts["year"],
        unit=UUID(hex=facts["unit"]) if facts["unit"] else None,
        unit_name=facts["unit_name"],
        score=round(score, 4),
        pages=pages,
        further=further,
    )


def facets(counted: Mapping[str, Any]) -> dict[str, tuple[Facet, ...]]:
    """Of the answer to `FACET_COUNTS`; both engines give theirs the same form."""
    return {name: _sorted(_facet(name, bucket) for bucket in counted[name]["buckets"]) for name in FACETS}


def _sorted(values: Iterable[Facet]) -> tuple[Facet, ...]:
    return tuple(sorted(values, key=lambda facet: (-facet.count, facet.label)))


def _facet(name: str, bucket: Mapping[str, Any]) -> Facet:
    value, count = str(bucket["key"]), int(bucket["doc_count"])
    if name == "unit":
        unit, _, label = value.partition(" ")
        return Facet(str(UUID(hex=unit)), label, count)
    return Facet(value, value, count)
