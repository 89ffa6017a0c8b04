"""The search seam: what goes into an index, what is asked of it, what comes back, and which engine does it.

Two levels. A document is found when all words stand somewhere in it, also on different pages; its best pages are the
hits. An engine stores no text: `search.finding` makes the snippets from the page texts of the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from evidence.access import Access
from evidence.analysis import Analyser
from evidence.collocations import COLLOCATIONS
from evidence.errors import BuktiError, InvalidInput
from evidence.settings import Settings
from evidence.values import Words

# Pages shown under one document; the others are only counted.
PAGES_SHOWN = 3


class SearchUnavailable(BuktiError):
    code = "search_unavailable"
    message = "Pencarian sedang tidak tersedia. Daftar dokumen tetap dapat dibuka."


class IndexOutdated(SearchUnavailable):
    """The index was made by another analysis or layout; only `rebuild` helps."""

    code = "index_outdated"
    message = "Indeks pencarian dibuat versi lain dan perlu dibangun ulang: jalankan `bukti rebuild-index`."


# --- what goes in ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One page of one part: `sha256` names the part's file, `page` is the page's number in that file, from 1."""

    part: int
    page: int
    label: str
    sha256: str
    words: Words


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One document as the index knows it. No validity: that depends on the date asked, and is the caller's."""

    document: UUID
    revision: int
    institution: UUID
    version: UUID
    sha256: str  # of the first part
    name: str  # of the first part's file
    confidentiality: int = 0
    unit: UUID | None = None
    unit_name: str = ""
    title: str = ""
    doc_type: str = ""
    number: str = ""
    year: int | None = None
    indicators: tuple[str, ...] = ()  # codes with a match of 0.5 or better
    pages: tuple[PageEntry, ...] = ()


# --- what is asked ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in this order; one word is the usual case. `exact` compares forms as written, else stems."""

    words: tuple[str, ...]
    exact: bool = False

    def as_word(self) -> str | None:
        """The one word of the index that says the same, if there is one."""
        if len(self.words) == 1:
            return self.words[0]
        return None if self.exact else COLLOCATIONS.get(self.words)


@dataclass(frozen=True, slots=True)
class Clause:
    """What must stand (or, if `excluded`, must not stand) in a hit: any one of the alternatives; the first was typed.

    The others are synonyms and abbreviations. An exclusion hides pages and titles that hold the words.
    """

    alternatives: tuple[Phrase, ...]
    excluded: bool = False


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a search, by exact values. Those of one field are alternatives; different fields must all hold."""

    types: tuple[str, ...] = ()  # codes
    years: tuple[int | None, int | None] | None = None  # from, to; both included
    units: tuple[UUID, ...] = ()
    indicators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed search. `type_words` and `unit_words` are what was typed after `jenis:` and `opd:`; any may hold.

    `all_words` false asks only for more than half of the words. `notices` are Indonesian sentences for the person.
    """

    typed: str
    clauses: tuple[Clause, ...] = ()
    filters: Filters = field(default_factory=Filters)
    type_words: tuple[Phrase, ...] = ()
    unit_words: tuple[Phrase, ...] = ()
    all_words: bool = True
    notices: tuple[str, ...] = ()

    def wanted(self) -> tuple[Clause, ...]:
        return tuple(clause for clause in self.clauses if not clause.excluded)

    def excluded(self) -> tuple[Clause, ...]:
        return tuple(clause for clause in self.clauses if clause.excluded)


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next rows begin: after the document with this score and id. Its text form goes into addresses."""

    score: float
    document: UUID

    def __str__(self) -> str:
        return f"{self.score.hex()}_{self.document.hex}"

    @classmethod
    def parse(cls, text: str) -> Cursor:
        try:
            score, document = text.split("_")
            return cls(float.fromhex(score), UUID(hex=document))
        except (ValueError, OverflowError) as error:
            raise InvalidInput("Penanda halaman hasil tidak dikenal; ulangi pencarian dari awal.") from error


# --- what comes back ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Snippet:
    """Plain text (never HTML) and the ranges of it that matched, in order and without overlap."""

    text: str = ""
    marks: tuple[tuple[int, int], ...] = ()

    def pieces(self) -> Iterator[tuple[str, bool]]:
        """The text in pieces, each with whether it is marked; for templates, which escape them."""
        at = 0
        for start, end in self.marks:
            if start > at:
                yield self.text[at:start], False
            yield self.text[start:end], True
            at = end
        if at < len(self.text):
            yield self.text[at:], False


@dataclass(frozen=True, slots=True)
class PageHit:
    """`part` and `page` say where it stands in the version; `sha256` is the part's file."""

    part: int
    page: int
    label: str
    sha256: str
    score: float
    snippet: Snippet = field(default_factory=Snippet)


@dataclass(frozen=True, slots=True)
class DocumentHit:
    """A document with its best pages, best first; `further` counts its other pages that match as well."""

    id: UUID
    version: UUID
    sha256: str
    name: str
    title: str
    doc_type: str
    number: str
    year: int | None
    unit: UUID | None
    unit_name: str
    score: float
    pages: tuple[PageHit, ...] = ()
    further: int = 0


@dataclass(frozen=True, slots=True)
class PageOf:
    """One line of the flat list of best pages over all documents."""

    document: UUID
    sha256: str
    page: int
    score: float


@dataclass(frozen=True, slots=True)
class Facet:
    """`value` goes into `Filters`; `label` is the unit's name and else equals `value`."""

    value: str
    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Hits:
    """`facets` has the keys type, year, unit, indicator, counted over all `total` documents.

    `forms` are other forms of the words that were met ("mengatur, pengaturan"); `after` is None on the last page.
    """

    total: int = 0
    documents: tuple[DocumentHit, ...] = ()
    pages: tuple[PageOf, ...] = ()
    facets: Mapping[str, tuple[Facet, ...]] = field(default_factory=dict)
    after: Cursor | None = None
    notices: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()


# --- the engine ----------------------------------------------------------------


class SearchIndex(Protocol):
    """A copy of what the database knows, made for finding. Raises `SearchUnavailable` when it cannot answer."""

    def put(self, entries: Iterable[IndexEntry]) -> None:
        """Whole documents; an older revision than the one held changes nothing. Durable and visible on return."""

    def remove(self, documents: Iterable[tuple[UUID, int]]) -> None:
        """Forget documents, unless a newer revision than the one named is held. Durable and visible on return."""

    def search(self, query: Query, access: Access, after: Cursor | None, size: int) -> Hits:
        """What `access` may see of what `query` asks: rows, counts and facets alike. Snippets are empty here."""

    def revisions(self) -> Iterator[tuple[UUID, int]]:
        """Every document held with its revision, for comparing with the database."""

    def rebuild(self, entries: Iterable[IndexEntry]) -> None:
        """Build anew beside the old index, switch, drop the old one; a failure leaves the old one in use."""

    def ping(self) -> None:
        """Raise `IndexOutdated` or `SearchUnavailable` if it cannot be searched."""

    def close(self) -> None: ...


def open_index(settings: Settings, analyser: Analyser, *, writable: bool) -> SearchIndex:
    """The index of this instance. Only the process that owns the data folder may open an embedded one `writable`."""
    if settings.search_url:
        from search.elastic import ElasticIndex

        return ElasticIndex(settings.search_url, analyser, writable=writable)
    from search.embedded import EmbeddedIndex

    return EmbeddedIndex(settings.index_dir, analyser, writable=writable)
