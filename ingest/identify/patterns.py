"""The forms in which numbers, dates and citations are printed, and what they mean in normal form."""

from __future__ import annotations

import re
from datetime import date

_YEAR = r"[12][0-9OoQDIl|SsBZz]{3}"
_NUMBER_WORD = r"\b[NH][O0CQ](?:M|RN|N)[O0][RN]"

# Both are searched only where a number is expected: title blocks, annex heads, boxes, citations.
NUMBER_MARK = re.compile(rf"(?:{_NUMBER_WORD}(?:\s+SOP)?|\bNO\.)[ \t]*[:;.]{{0,3}}[ \t]*", re.I)
ROUND = re.compile(
    rf"(?P<n>[0-9OoIil|SsBZzT]{{1,4}}(?:[ \t]?[A-Za-z©])?)[. \t]*(?:TA[HB]UN|T[HA]N?\b\.?)\s*[:.]?\s*"
    rf"(?P<y>{_YEAR})(?P<glued>\d{{4}})?",
    re.I,
)
CODED = re.compile(
    r"(?P<n>[A-Z]{0,4}[-.]?\d{1,5}(?:\.\d{1,3}){0,5}(?:[-.]?[A-Za-z])?[ \t]*[/-][ \t]*[^\n]{1,70}?)"
    r"(?:(?:[ \t]*/?[ \t]*TAHUN[ \t]*|[ \t]+TH\.?[ \t]*)(?P<y>(?:19|20)\d\d)\b|(?P<tail>[/.-][ \t]*(?:19|20)\d\d)\b)",
    re.I,
)
CODED_BARE = re.compile(r"(?P<n>[A-Z]{0,5}[-./]?[\w.-]{1,12}/[\w./-]{1,60})", re.I)
BLANK = re.compile(r"(?:[.…_\s-]|\$\{[^}]*\}|\[[^\]]*\])*(?:TAHUN\b.*|$)", re.I)
EMPTY_SLOT = re.compile(r"/\s*(?:[_.…]{2,}|\s{2,})\s*/|/\s+/|^\s*/")

_MONTH_NAMES = """
januari jan january i | februari pebruari febuari feb february ii | maret mar march iii | april apr iv | mei mey may v |
juni jun june vi | juli jul july vii | agustus agt ags agu august viii | september sept sep ix |
oktober okt october x | november nopember nop nov xi | desember des december xii"""
_MONTHS = {name: i for i, names in enumerate(_MONTH_NAMES.split("|"), start=1) for name in names.split()}
MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_SEPARATED = (
    r"(?:\s{0,4}[-/. ]\s{0,4}|(?=[A-Za-z]{3}))",
    r"(?:\.?\s{0,4}[-/. ]\s{0,4}|(?<=[A-Za-z]{3}))",
)  # "3JULI2019" has none
DATE = re.compile(
    rf"(?<![A-Za-z0-9])(?P<d>[0-3IlLOo]?[0-9OoIlLSB]){_SEPARATED[0]}(?P<m>{MONTH}|[01]?\d){_SEPARATED[1]}"
    rf"(?P<y>{_YEAR})(?!\d)",
    re.I,
)
_NOISY_DATE = re.compile(
    rf"(?<![\w/])(?P<d>[0-3IlLOo]?[0-9OoIlLSB])[\s.,~-]+(?P<m>[^\s\d]{{3,11}})[\s.]+(?P<y>{_YEAR})(?!\d)"
)
BLANK_DATE = re.compile(
    rf"(?:[.…_\-\s:]*|\$\{{[^}}]*\}}\s*)(?:(?:{MONTH})\b)?[.…_\s]*(?:(?:19|20)\d\d|[.…_]*)\s*$", re.I
)
PLACEHOLDER = re.compile(r"\$\{(?:nomor|tanggal|ttd|nama|nip)_?\w*\}|\[(?:nomor|tanggal|nama)\]", re.I)

_REPAIR = str.maketrans("OoQD©iIlL|!ZzSsBT", "00000111111225587")


def digits(slot: str) -> str:
    """The digits meant by OCR in a slot that holds only digits ("2OI9" is 2019)."""
    return slot.translate(_REPAIR)


def round_number(slot: str) -> str:
    """Normal form of a round number: digits repaired, no leading zeros, a suffix kept in lower case (11a)."""
    slot = slot.replace(" ", "").replace("\t", "")
    suffix = ""
    if len(slot) > 1 and slot[-1].isalpha() and slot[:-1].isdigit():
        suffix = slot[-1].lower() if slot[-1] not in "OolI|SBZT" else ""
        slot = slot[:-1] if suffix else slot
    return digits(slot).lstrip("0") + suffix


def coded_number(slot: str) -> str:
    """Normal form of a coded number: no blanks ("188.45 / 1186 / HK / 2017"); zeros belong to the code ("000.9")."""
    return re.sub(r"\s+", "", slot).strip(".:,;/-")


def iso_date(match: re.Match[str]) -> str:
    """The ISO date of a DATE match, or "" when no calendar has it ("41 Oktober 2017")."""
    month = match["m"].lower()
    try:
        return date(int(digits(match["y"])), _MONTHS.get(month) or int(month), int(digits(match["d"]))).isoformat()
    except ValueError:
        return ""


def first_date(text: str) -> tuple[str, re.Match[str]] | None:
    """The first real date in a text with its match."""
    for match in DATE.finditer(text):
        if value := iso_date(match):
            return value, match
    return None


def noisy_date(text: str) -> str:
    """A date whose month OCR or a typist spoilt ("29 P^lsruari 2016", "Septeber"), or ""."""
    for match in _NOISY_DATE.finditer(text):
        letters = re.sub(r"[^a-z]", "", match["m"].lower())
        months = [number for name, number in _MONTHS.items() if len(name) >= 3 and len(letters) >= 3
                  and near(letters, name, 1 if len(name) < 6 else 2)]  # fmt: skip
        if len(set(months)) == 1:
            try:
                return date(int(digits(match["y"])), months[0], int(digits(match["d"]))).isoformat()
            except ValueError:
                continue
    return ""


def squeeze(text: str) -> str:
    """Letters and digits alone, in capitals: what is left of "W A L I K O T A" and "WALIKOTA" alike."""
    return re.sub(r"[\W_]+", "", text).upper()


def unspace(text: str) -> str:
    """A letter-spaced run joined ("T E N T A N G"); a double blank inside it is a word gap."""
    if len(text) > 250:  # no title is set so, and a table of single figures would be slow
        return text
    return re.sub(
        r"(?<!\S)(?:\S {1,3}){3,}\S(?!\S)",
        lambda run: " ".join("".join(word.split(" ")) for word in re.split(r" {2,}", run[0])),
        text,
    )


def near(word: str, target: str, most: int = 2) -> bool:
    """Whether two words differ by at most `most` edits: OCR's "TCNTANG" is "TENTANG"."""
    if abs(len(word) - len(target)) > most:
        return False
    row = list(range(len(target) + 1))
    for i, letter in enumerate(word, start=1):
        left, row[0] = row[0], i
        for j, other in enumerate(target, start=1):
            left, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, left + (letter != other))
    return row[-1] <= most


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
