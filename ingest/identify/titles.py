"""Reads a title block or an annex head: NOMOR, TAHUN, TENTANG and the words of the issuer between them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.identify import patterns as p
from ingest.identify.lines import Line, joined

_HEAD_LINES = 8  # from the line that names the act to its number
_TITLE_LINES = 12
_STOPS = re.compile(
    r"DENGAN\s*RAHMAT|ATAS\s*RAHMAT|BISMILLAH|M[E3]NIMBANG\b|MENGINGAT\b|LAMPIRAN\b|DAFTAR ISI|"
    r"PEMERINTAH\s+(?:KOTA|KAB|PROV)",
    re.I,
)
_OFFICES = (
    "WALIKOTA", "WALLIKOTA", "BUPATI", "GUBERNUR", "PRESIDEN", "MENTERI", "KEPALA", "REKTOR", "DEKAN", "SEKRETARIS",
    "DIREKTUR", "KETUA", "INSPEKTUR", "CAMAT", "PIMPINAN", "LEMBAGA", "DEWAN", "MAJELIS",
)  # fmt: skip
_ABOUT = re.compile(r"^\W*T\s*E\s*N\s*T\s*A\s*N\s*G\b\s*[:.]?\s*", re.I)
_ACT = re.compile(
    r"^(?:SALINAN\s+)?(?:RANCANGAN\s+|DRAFT?\s+)?"
    r"(?:PERATURAN|KEPUTUSAN|INSTRUKSI|SURAT\s*EDARAN|UNDANG\s*.\s*UNDANG|QANUN)\s*",
    re.I,
)
_YEAR_AFTER = re.compile(r"TAHUN\s*[:.]?\s*((?:19|20)\d\d)\b", re.I)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as printed and in normal form; `blank`: the slot is there and empty."""

    printed: str
    number: str
    year: str
    blank: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Title:
    """What a title block says; `issuer` is the office as printed, `title` what follows TENTANG."""

    issuer: str
    issuer_lines: tuple[Line, ...]
    number: Number | None
    title: str
    title_lines: tuple[Line, ...]
    dated: Line | None = None


def read_title(lines: Sequence[Line], at: int) -> Title:
    """Reads the title that begins at line `at`, the line that names the act."""
    rows = list(lines[at : at + _HEAD_LINES + _TITLE_LINES])
    about = next((i for i, row in enumerate(rows) if _is_about(row)), None)
    numbered = _number_row(rows, len(rows) if about is None else about + 3)
    stop = next((i for i, row in enumerate(rows) if i and _STOPS.match(row.text)), None)
    end = min(x for x in (numbered, about, stop, _HEAD_LINES, len(rows)) if x is not None)
    head = rows[: max(end, 1)]
    number = _number(rows, numbered) if numbered is not None else None
    title = _title_rows(rows, about, head) if about is not None else []
    words = _ABOUT.sub("", joined(title))
    dated = next((r for r in rows[: _HEAD_LINES + 2] if r.letters.startswith("TANGGAL")), None)
    return Title(_issuer(head), tuple(head), number, words.strip(" .:;"), tuple(title), dated)


def parse_number(rest: str, lines: tuple[Line, ...] = ()) -> Number | None:
    """The number in the words after NOMOR; None when nothing of it can be read."""
    rest = rest.strip(" \t:;.")
    if match := p.ROUND.match(rest):
        printed = match["n"].strip()
        return Number(printed, p.round_number(printed), p.digits(match["y"]), False, lines)
    if p.EMPTY_SLOT.search(rest):
        return Number("", "", year[1] if (year := re.search(r"\b((?:19|20)\d\d)$", rest)) else "", True, lines)
    if match := p.CODED.match(rest):
        printed = match["n"] + (match["tail"] or "")
        year_text = match["y"] or re.sub(r"\D", "", match["tail"])
        return Number(printed.strip(), p.coded_number(printed), year_text, False, lines)
    if p.BLANK.fullmatch(rest):
        after = _YEAR_AFTER.search(rest)
        return Number("", "", after[1] if after else "", True, lines)
    if match := p.CODED_BARE.match(rest):
        return Number(match["n"], p.coded_number(match["n"]), "", False, lines)
    if match := re.match(r"\d{1,4}[A-Za-z]?\b", rest):
        return Number(match[0], p.round_number(match[0]), "", False, lines)
    return None


def _is_about(row: Line) -> bool:
    letters = row.letters
    if letters.startswith("TENTANG"):
        return True
    return len(letters) < 10 and row.text.isupper() and p.near(letters, "TENTANG")


def _number_row(rows: Sequence[Line], limit: int) -> int | None:
    for i, row in enumerate(rows[:limit]):
        if i and _is_about(row):
            return None
        if (match := p.NUMBER_MARK.search(row.text)) and (match.start() < 4 or i == 0):
            return i
    return None


def _number(rows: Sequence[Line], i: int) -> Number | None:
    match = p.NUMBER_MARK.search(rows[i].text)
    assert match is not None
    rest = rows[i].text[match.end() :]
    taken: tuple[Line, ...] = (rows[i],)
    following = rows[i + 1] if i + 1 < len(rows) else None
    incomplete = not rest.strip(" :.") or (p.ROUND.match(rest.strip(" :.")) is None and rest.strip().isdigit())
    if incomplete and following is not None and not _is_about(following) and any(c.isdigit() for c in following.text):
        rest, taken = f"{rest} {following.text}", (rows[i], following)
    return parse_number(rest, taken)


def _title_rows(rows: Sequence[Line], about: int, head: Sequence[Line]) -> list[Line]:
    """The lines of the title: from TENTANG to the phrase, the office line or the recitals."""
    office = p.squeeze(_issuer(head))
    taken: list[Line] = []
    bare = rows[about].letters == "TENTANG" or not rows[about].letters.startswith("TENTANG")
    if not bare:
        taken.append(rows[about])
    for row in rows[about + 1 : about + 1 + _TITLE_LINES]:
        if _STOPS.match(row.text) or row.letters.startswith(("DENGANRAHMAT", "MENIMBANG", "MENGINGAT", "MEMUTUSKAN")):
            break
        if row.letters.startswith(_OFFICES) and (row.text.rstrip().endswith(",") or _same_office(row.letters, office)):
            break
        if taken and row.letters.startswith("TANGGAL"):
            break
        if taken and row.text[:1].islower() and not taken[-1].text[:1].islower() and taken[-1].text.isupper():
            break
        # An annex repeats the title over its text.
        if any(row.letters == earlier.letters.removeprefix("TENTANG") for earlier in taken):
            break
        taken.append(row)
    return taken


def _same_office(letters: str, office: str) -> bool:
    """Whether a line repeats the issuer ("WALIKOTA DENPASAR" under "KEPUTUSAN WALIKOTA DENPASAR")."""
    return bool(office) and len(letters) > 6 and (letters.startswith(office[:12]) or office.startswith(letters))


def _issuer(head: Sequence[Line]) -> str:
    """The office that issued the act: the head without the word for the act and without NOMOR."""
    words = joined(head)
    if match := p.NUMBER_MARK.search(words):
        words = words[: match.start()]
    words = re.sub(r"^\W*LAMPIRAN\s*[IVX\d]*\s*[:.]?\s*", "", words, flags=re.I)
    words = _ACT.sub("", words)
    return words.strip(" ,.:;")
