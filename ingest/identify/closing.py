"""Reads the signing block: where and when an act was set and promulgated, and who signed it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evidence.sections import zone_at
from evidence.values import Read, Section
from ingest.identify import patterns as p
from ingest.identify.lines import Line, lines_of

_SET = re.compile(r"(?:D[il1j]?\s?[tl]\s?[ec]tapkan|Disahkan|Dikeluarkan)\s*:?\s*di\b\s*[:;]?\s*(?P<place>.*)", re.I)
_ON_DAY = re.compile(r"\W*pada\s*tangg?al\b", re.I)
# "Ranupane, 19 Agustus 2024" over the signature of a letter or a report.
_LETTER = re.compile(
    r"(?P<place>[A-Z][A-Za-z.]{2,20}(?: [A-Z][a-z]{2,15})?), +(?:tanggal +)?\d{1,2} [A-Za-z]{3,9} \d{4}[^\w\n]{0,9}$",
    re.M,
)
_DAY_AFTER_COMMA = re.compile(r", +(?:tanggal +)?\d")
_SET_SOMEWHERE = re.compile(rf"(?i:{_SET.pattern.replace('(?P<place>.*)', '')}|^[^\w\n]{{0,9}}pada\s*tangg?al\b)", re.M)
_PROMULGATED = re.compile(r"D[il1]undan[gq]kan\s*:?\s*(?:di|dalam)\b\s*:?\s*(?P<place>.*)", re.I)
_ON = re.compile(r"(?:pada\s*)?(?:tangg?al|tgl\.?)\s*[:;]?\s*(?P<rest>.*)", re.I)
_OFFICE = re.compile(
    r"(?P<prefix>(?:Pj|Plt|Plh|a\.?\s?n|Pjs)\.?\s*)?(?:WAL+I\s?KOTA|BUPATI|GUBERNUR|MENTERI|KEPALA|SEKRETARIS|PRESIDEN|REKTOR|"
    r"DEKAN|DIREKTUR|INSPEKTUR|KETUA|CAMAT|WAKIL|ASISTEN|PENJABAT|LURAH)\b",
    re.I,
)
_NO_NAME = re.compile(
    r"ttd|cap|t\.t\.d|tertanda|materai|meterai|ditandatangani|tembusan|salinan|berita|lembaran|nip\b|noreg|pembina|"
    r"penata\b|republik|indonesia|daerah|kota\b|kabupaten|provinsi|balai|secara elektronik|diundangkan|"
    r"ditetapkan|selaku|jakarta,|yang disampaikan",
    re.I,
)
_OVER = ("TEMBUSAN", "SALINAN")
_NAME = re.compile(r"[A-Z][A-Za-z.,'’` -]{3,60}")


@dataclass(frozen=True, slots=True)
class Signing:
    """One signature: place, date (ISO or ""), office and name, each with its line. `slot`: a date line without date."""

    place: str = ""
    place_line: Line | None = None
    date: str = ""
    date_line: Line | None = None
    slot: Line | None = None
    office: str = ""
    office_line: Line | None = None
    name: str = ""
    name_line: Line | None = None


@dataclass(frozen=True, slots=True)
class Closing:
    set: Signing | None = None
    promulgated: Signing | None = None
    gazette: Line | None = None


_GAZETTE = re.compile(r"(?:BERITA|LEMBARAN)\s+(?:DAERAH|NEGARA)\b.*(?:NOMOR|TAHUN)\b", re.I)


def read_closing(read: Read, sections: Sequence[Section]) -> Closing:
    """The signing block of the act itself: the last one before the first annex or explanation."""
    own = next((s for s in sections if s.kind == "closing" and s.address == "Penetapan"), None)
    found = _read(lines_of(read, sections, own)) if own else Closing()
    if found.set is None and (unmarked := _unmarked(read, sections)):
        found = replace(found, set=_read(lines_of(read, sections, unmarked)).set)
    return found


def _read(lines: Sequence[Line]) -> Closing:
    done, promulgated, gazette = None, None, None
    for i, line in enumerate(lines):
        if match := _PROMULGATED.search(line.text):
            promulgated = _signing(lines[i:], match["place"])
        elif match := _SET.search(line.text):
            done = _signing(lines[i:], match["place"])
        elif done is None and promulgated is None and _ON_DAY.match(line.text):
            done = _signing(lines[i:], "")  # the line that names the place was not read
        elif done is None and promulgated is None and (match := _LETTER.match(line.text)):
            done = _signing(lines[i:], match["place"])
        elif _GAZETTE.match(line.text):
            gazette = line
    return Closing(done, promulgated, gazette)


def _unmarked(read: Read, sections: Sequence[Section]) -> Section | None:
    """The rest of the page from the last signing that does not begin a line, or is that of a letter or report."""
    found = None
    for part, page in read.pages():
        for match in _signings(page.text):
            if zone_at(sections, part.ordinal, page.number, match.start()) not in ("annex", "explanation", "contents"):
                start, end = match.start(), len(page.text)
                found = Section("closing", "", "", "closing", part.ordinal, page.number, start, page.number, end)
    return found


def _signings(text: str) -> Iterator[re.Match[str]]:
    """Where a signing may begin. The words that each form cannot do without spare most pages the search for it."""
    lower = text.lower()
    if any(word in lower for word in ("tapkan", "disahkan", "dikeluarkan", "tanggal", "tangal")):
        yield from _SET_SOMEWHERE.finditer(text)
    if _DAY_AFTER_COMMA.search(text):
        yield from _LETTER.finditer(text)


def _signing(lines: Sequence[Line], place: str) -> Signing:
    """Reads one signature from the line that names the place."""
    dated, slot, found, at = None, None, "", 0
    for i, line in enumerate(lines[:5]):
        if i and (_SET.search(line.text) or _PROMULGATED.search(line.text)):
            break
        marked = _ON.search(line.text)
        if not marked and i:
            continue
        rest = marked["rest"] if marked else line.text
        found, dated = _dated(lines[i : i + 4], rest)
        at = lines.index(dated) if dated else i
        if marked:
            slot = line if not found and p.BLANK_DATE.fullmatch(rest) else None
            break
    office, office_line, name, name_line = _officer(lines[at + 1 : at + 12])
    place = re.split(r"\s+pada\s+tanggal|,|\s{3,}", place, maxsplit=1, flags=re.I)[0].strip(" .:;")
    return Signing(place.title(), lines[0], found, dated, slot, office, office_line, name, name_line)


def _dated(lines: Sequence[Line], rest: str) -> tuple[str, Line | None]:
    """The date on the first line, or below it where labels were extracted before their values (": Depok / : 2 Mei")."""
    if found := _date_in(rest):
        return found, lines[0]
    for line in lines[1:]:
        if any(other.search(line.text) for other in (_OFFICE, _SET, _PROMULGATED)):
            break
        if re.match(r"\W*[\dlIO]", line.text) and (found := _date_in(line.text)):
            return found, line
    return "", None


def _date_in(text: str) -> str:
    text = re.sub(r"^(\W*[0-3])\s([0-9])(?=\s+[A-Za-z])", r"\1\2", text)  # the day set apart: "2 4 Mei 2019"
    first = p.first_date(text)
    return first[0] if first else p.noisy_date(text)


def _officer(lines: Sequence[Line]) -> tuple[str, Line | None, str, Line | None]:
    """The office under a date and the name under the office. An office may run over lines until its comma."""
    ends = (_SET, _PROMULGATED)
    stop = (i for i, row in enumerate(lines) if any(e.search(row.text) for e in ends) or row.letters.startswith(_OVER))
    lines = lines[: next(stop, len(lines))]
    at = next((i for i, line in enumerate(lines) if _OFFICE.match(line.text)), None)
    if at is None:
        return "", None, "", None
    comma = next((i for i in range(at, min(at + 6, len(lines))) if lines[i].text.rstrip().endswith(",")), at)
    while comma + 1 < len(lines) and _OFFICE.match(lines[comma + 1].text):  # "a.n. WALI KOTA X / SEKRETARIS DAERAH"
        comma += 1
    office = " ".join(line.text.strip() for line in lines[at : comma + 1]).rstrip(" ,")
    for line in lines[comma + 1 :]:
        words = line.text.strip(" ,")
        if _OFFICE.match(words) or _NO_NAME.search(words):
            continue
        if _NAME.fullmatch(words) and len(words.split()) <= 7:
            return office, lines[at], words, line
    return office, lines[at], "", None
