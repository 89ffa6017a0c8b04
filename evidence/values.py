"""The values that travel between the rooms. All offsets are code points of a page's canonical text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from evidence.collocations import with_collocations


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: part of the version (from 0), page of the part (from 1), range on that page's text."""

    part: int
    page: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Box:
    """The box of one line: range on the page's text; x0, y0, x1, y1 as fractions of the page, origin top left."""

    start: int
    end: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a reader knows of a file besides its pages.

    `pages` is the number of pages expected; `metadata` holds what the file says of itself (producer, created, title);
    `warnings` are codes such as `wrong_extension`, `macros`, `tracked_changes:3`.
    """

    mime: str
    pages: int
    metadata: Mapping[str, str] = field(default_factory=dict)
    signature_fields: int = 0
    tracked_changes: int = 0
    comments: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PageText:
    """One page as read. `label` is what people call it: "hal. 6", "Lembar Risiko", "Slide 3".

    `method` is `text`, `ocr`, `both`, `blank`, `pending` (waits for OCR; `text` is what the layer holds) or
    `unreadable` (then `note` says why, in Indonesian).
    `confidence` is OCR's own, 0 to 1; None for a text layer.
    `picture` is true when the page is essentially an image (scan, photograph, screenshot).
    """

    number: int
    label: str
    text: str
    method: str = "text"
    confidence: float | None = None
    boxes: tuple[Box, ...] = ()
    picture: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a version: a blob in a role (`body`, `annex`, `explanation`, `cover_letter`, `attachment`)."""

    ordinal: int
    role: str
    name: str
    sha256: str
    facts: FileFacts
    pages: tuple[PageText, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """A version as read: its parts with their pages, in order."""

    parts: tuple[Part, ...]

    def pages(self) -> Iterator[tuple[Part, PageText]]:
        for part in self.parts:
            for page in part.pages:
                yield part, page

    def text(self, place: Place) -> str:
        page = next(p for p in self.parts[place.part].pages if p.number == place.page)
        return page.text[place.start : place.end]


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a version with its address. Sections nest and may run over pages of one part.

    `kind`: title_block, recitals (Menimbang), legal_basis (Mengingat), considering (Memperhatikan), decides
    (Menetapkan), chapter (BAB), part (Bagian), paragraph (Paragraf), article (Pasal), clause (ayat), point (huruf),
    item (angka), dictum (KESATU), closing (Ditetapkan ... Diundangkan), annex (Lampiran), explanation (Penjelasan),
    contents (Daftar isi), heading (reports and plans), sop_box, copy_block, furniture (running headers, page numbers).
    `zone` says what the words inside count as: title, recitals, legal_basis, definitions, contents, body, annex,
    explanation, closing, furniture.
    `address` is how a person cites it: "Pasal 8 ayat (2) huruf b", "Lampiran II", "KESATU", "Menimbang huruf a",
    "BAB II Arah Kebijakan"; empty for furniture.
    """

    kind: str
    address: str
    title: str
    zone: str
    part: int
    page: int
    start: int
    end_page: int
    end: int


@dataclass(frozen=True, slots=True)
class Value:
    """One reading of one identity field.

    `spot`: title_block, dictum, annex_header, closing, source_line, file_name, file_metadata, first_page, person.
    `method`: text, ocr, file, metadata, person (outranks all others). Dates are ISO text, booleans "true"/"false".
    """

    value: str
    confidence: float
    spot: str
    method: str
    place: Place | None = None
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a version says it is. `fields` maps a field name to its readings, best first.

    Fields: doc_type, class, number, number_printed, year, title, region_level (kota, kabupaten, provinsi, pusat),
    region_name, issuer (as printed), date_set, date_promulgated, place_set, signer_name, signer_office, gazette,
    is_draft, effective_from, effective_to, period_year, key (legal key, `perwali|kota-x|12|2023`), label (one Value
    per content label: sk_tim, rancangan_kebijakan, ...).
    """

    fields: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)

    def best(self, name: str) -> Value | None:
        readings = self.fields.get(name, ())
        return readings[0] if readings else None

    def value(self, name: str) -> str:
        """The best reading's value, or an empty string."""
        best = self.best(name)
        return best.value if best else ""

    def is_draft(self) -> bool:
        return self.value("is_draft") == "true"


@dataclass(frozen=True, slots=True)
class Relation:
    """What this version does to another act. `kind`: revokes, revokes_part, amends, implements, cites.

    `target_key` is the other act's legal key; `scope` is "all" or what it is limited to; `effective` an ISO date or "".
    """

    kind: str
    target_key: str
    place: Place
    quote: str
    scope: str = "all"
    effective: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about a version: `kind` is a flag id of evidence/instruments/flags.yaml (DRAFT_TITLE, ...)."""

    kind: str
    severity: str  # "B" not countable until resolved, "W" an assessor must decide, "I" information
    detail: str  # the Indonesian sentence shown to people
    place: Place | None = None
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A page analysed: exact (folded) forms, stems, and each token's range on the page's text. Equal lengths."""

    exact: tuple[str, ...]
    stems: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def words(self) -> Words:
        return Words(" ".join(self.exact), with_collocations(" ".join(self.stems)))


@dataclass(frozen=True, slots=True)
class Words:
    """A page's tokens as the index takes them: exact forms, and stems with collocations behind, joined by blanks."""

    exact: str
    stems: str


@dataclass(frozen=True, slots=True)
class Analysed:
    """What a classifier may see of a version: pages, tokens, sections, type. Nothing about who owns it or when.

    `tokens` maps (part, page number) to the page's tokens. `doc_type` is a code of the instrument file's closed list,
    `labels` its content labels (sk_tim, rancangan_kebijakan, laporan_reviu, ...).
    """

    read: Read
    sections: tuple[Section, ...]
    tokens: Mapping[tuple[int, int], Tokens]
    doc_type: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """This passage is about `indicator` and, if `criterion` is set, supports that criterion key.

    `score` in 0..1: how surely; >= 0.5 is shown as a proposal. `reasons` are Indonesian words for a legal officer.
    `value` is what the passage names where a criterion leaves a choice (strategy_set_by, integration).
    """

    indicator: str
    criterion: str | None
    place: Place
    quote: str
    article: str
    score: float
    rule: str
    reasons: tuple[str, ...]
    value: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """An act's state on a date: in_force, amended, partly_revoked, revoked, expired, not_yet, draft, unknown.

    `by` names the act that revoked or amended it; `place` and `quote` stand in the version `source` (a version id as
    text; empty when it is the act itself).
    """

    code: str
    on: date
    by: str = ""
    since: str = ""
    source: str = ""
    place: Place | None = None
    quote: str = ""


@dataclass(frozen=True, slots=True)
class AssessmentPeriod:
    """What validity is judged against: whose evidence, for which year, until when."""

    region_level: str  # kota, kabupaten, provinsi, pusat
    region_name: str
    year: int
    cutoff: date


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a document may not count in one period. `blocks` is false for what an assessor must only look at."""

    code: str  # draft, revoked, expired, not_yet, other_institution, national_act, out_of_period, broken_signature ...
    blocks: bool
    detail: str  # the Indonesian sentence shown to people
    place: Place | None = None
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing put forward for one criterion: a person's accepted link, or a proposal made of a match.

    `state`: accepted, proposed, rejected, returned. `doc_type`, `labels` and `dated` (ISO or "") come from identity;
    `ref` is the caller's own handle (link id or match id as text).
    """

    ref: str
    criterion: str
    state: str
    document: str
    doc_type: str = ""
    labels: tuple[str, ...] = ()
    dated: str = ""
    value: str = ""
    score: float = 1.0
    objections: tuple[Objection, ...] = ()

    @property
    def blocked(self) -> bool:
        return any(objection.blocks for objection in self.objections)
