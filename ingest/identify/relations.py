"""What a version does to other acts: revokes, amends, implements, cites; each with the words that say so.

A false "dicabut" is the worst error there is: a revocation counts only where a sentence that revokes names an act
with type, number and year.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from evidence.values import Identity, Read, Relation, Section
from ingest.identify.citations import Cited, citations
from ingest.identify.keys import Region
from ingest.identify.lines import Passage, lines_of

_REVOKES = re.compile(
    r"(?:di(?:cabut|tarik\s+kembali)\s*(?:,|dan)?\s*)?(?:di)?nyatakan\s+(?:sudah\s+)?tidak\s+(?:lagi\s+)?berlaku|\bdicabut\b",
    re.I,
)
_OCCASION = re.compile(
    r"\bpada\s+saat\b[^.;]{0,120}\bberlaku|\bdengan\s+(?:di)?(?:ber|te)?(?:berlakunya|tetapkannya|berlakukannya|undangkannya)|"
    r"\bsejak\s+(?:ber|di)\w+nya\b|\bmaka\b",
    re.I,
)
_WITHDRAWING = re.compile(r"^[^\w\n]{0,9}(?:Dengan\s+)?Mencabut\b\s*:?", re.I | re.M)
_STAYS = re.compile(r"\btetap\s+berlaku\b|\bmasih\s+(?:tetap\s+)?berlaku\b|\btidak\s+bertentangan\b", re.I)
_HEADING = re.compile(r"^\s*Pasal\s+\w+\s*\n", re.I)
_PART_BEFORE = re.compile(r"\b(?:Ketentuan\s+)?(?:Pasal|Bab|Lampiran|angka|ayat|huruf)\s+[\dIVX(][^;]{0,80}", re.I)
_PART_AFTER = re.compile(r"\bsepanjang\s+(?:mengatur|mengenai|terkait|yang|menyangkut)[^;.]{0,120}", re.I)
_MENTIONED = re.compile(
    r"\bdiubah\b[^;]{0,140}$|\bperubahan\s+(?:\w+\s+)?atas\s*$|\bpelaksana\w*\s+(?:dari\s+)?$", re.I
)
_AMENDING = re.compile(r"\W*PERUBAHAN(?:\s+KE\w+(?:\s+(?:BELAS|PULUH))?)?\s+ATAS\b", re.I)
_IMPLEMENTS = re.compile(r"\b(?:melaksanakan|pelaksanaan)\s+(?:ketentuan|amanat)\b", re.I)
# Stops of enumerators ("a. Peraturan ...") and of abbreviations end no sentence.
_STOP = re.compile(r"(?<!\s\w)(?<!\s\d\d)(?<!\bNo)(?<!\bTk)(?<!\bjo)(?<!\bjis)\.(?=\s*\n|\s+[A-Z(]|\s*$)")


def relations(read: Read, sections: Sequence[Section], identity: Identity) -> tuple[Relation, ...]:
    """The relations to other acts: no self loops, no doubles; a revoked or amended act is not merely cited as well."""
    own, region = identity.value("key"), _region(identity)
    found: dict[tuple[str, str, str], Relation] = {}
    for relation in _all(read, sections, identity, region):
        if relation.target_key != own:
            found.setdefault((relation.kind, relation.target_key, relation.scope), relation)
    strong = {target for kind, target, _ in found if kind != "cites"}
    return tuple(r for r in found.values() if r.kind != "cites" or r.target_key not in strong)


def _all(read: Read, sections: Sequence[Section], identity: Identity, region: Region | None) -> Iterator[Relation]:
    if identity.value("class") in ("regulation", "decision", "directive"):
        force = next((v for f in ("effective_from", "date_promulgated", "date_set") if (v := identity.value(f))), "")
        yield from _amended(identity, region, force)
        for section in sections:
            if section.kind in ("article", "dictum", "decides") and section.zone in ("body", "title"):
                if _says(read, section, "cabut", "tidak berlaku"):
                    yield from _revoked(Passage.of(lines_of(read, sections, section)), region, force)
            elif section.kind == "recitals":
                yield from _implemented(Passage.of(lines_of(read, sections, section)), region)
    for section in sections:
        if section.kind in ("legal_basis", "considering"):
            passage = Passage.of(lines_of(read, sections, section))
            for cited in citations(passage.text, region):
                yield _relation("cites", passage, cited)


def _amended(identity: Identity, region: Region | None, force: str) -> Iterator[Relation]:
    """The act that a title PERUBAHAN ATAS ... names first."""
    title = identity.best("title")
    if title is None or title.place is None or not (match := _AMENDING.match(title.value)):
        return
    cited = next(citations(title.value[match.end() :], region), None)
    if cited:
        yield Relation("amends", cited.key, title.place, title.quote, "all", force)


def _implemented(passage: Passage, region: Region | None) -> Iterator[Relation]:
    if match := _IMPLEMENTS.search(passage.text):
        cited = next(citations(passage.text[match.start() : match.start() + 400], region), None)
        if cited:
            yield _relation("implements", passage, _moved(cited, match.start()))


def _revoked(passage: Passage, region: Region | None, force: str) -> Iterator[Relation]:
    """What each sentence revokes. A list is one sentence, unless it also says of some acts that they stay."""
    for start, sentence in _sentences(passage.text):
        pieces = [(start, sentence)]
        if _STAYS.search(sentence):
            pieces = [(start + m.start(), m[0]) for m in re.finditer(r"[^;]+;?", sentence) if not _STAYS.search(m[0])]
        occasion = _OCCASION.search(sentence)
        for at, piece in pieces:
            yield from _revoked_by(passage, at, piece, bool(occasion), region, force)


def _revoked_by(
    passage: Passage, at: int, piece: str, occasion: bool, region: Region | None, force: str
) -> Iterator[Relation]:
    verb = _REVOKES.search(piece)
    withdrawing = _WITHDRAWING.search(piece)
    # A permit that is "dicabut" under some act is no act revoked: the occasion or the full formula must be there.
    if not withdrawing and not (verb and (occasion or "nyatakan" in verb[0].lower())):
        return
    limited, since = "", max((m.end() for m in (_OCCASION.search(piece), _HEADING.match(piece)) if m), default=0)
    for cited in citations(piece, region):
        if withdrawing and cited.start < withdrawing.end():
            continue
        if not withdrawing and verb and cited.start > verb.end() and ":" not in piece[verb.end() : cited.start]:
            continue
        if _MENTIONED.search(piece[max(0, cited.start - 160) : cited.start]):
            continue
        between = piece[since : cited.start]
        # "Pasal 209 KUHP juncto UU A, UU B dinyatakan tidak berlaku": what limits one act limits the next, up to a ";".
        limited = _part(between) or ("" if ";" in between else limited)
        scope = limited or _about(piece[cited.end :].split(";")[0]) or "all"
        yield _relation("revokes" if scope == "all" else "revokes_part", passage, _moved(cited, at), scope, force)
        since = cited.end


def _part(before: str) -> str:
    """The articles or annexes of an act that alone are revoked, as named before it."""
    named = _PART_BEFORE.search(before.rsplit(";", 1)[-1])
    return " ".join(named[0].split())[:120] if named else ""


def _about(after: str) -> str:
    about = _PART_AFTER.search(after)
    return " ".join(about[0].split())[:120] if about else ""


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for match in _STOP.finditer(text):
        yield start, text[start : match.end()]
        start = match.end()
    if text[start:].strip():
        yield start, text[start:]


def _relation(kind: str, passage: Passage, cited: Cited, scope: str = "all", effective: str = "") -> Relation:
    quote = " ".join(passage.text[max(0, cited.start - 80) : cited.end + 200].split())[:300]
    return Relation(kind, cited.key, passage.place(cited.start, cited.end), quote, scope, effective)


def _moved(cited: Cited, by: int) -> Cited:
    return Cited(cited.key, cited.start + by, cited.end + by)


def _says(read: Read, section: Section, *words: str) -> bool:
    pages = (p for p in read.parts[section.part].pages if section.page <= p.number <= section.end_page)
    return any(word in page.text for page in pages for word in words)


def _region(identity: Identity) -> Region | None:
    level, name = identity.value("region_level"), identity.value("region_name")
    return Region(level, name) if level in ("kota", "kabupaten", "provinsi") and name else None
