"""What begins a section: the cue words of Indonesian regulations, decrees, reports and SOP boxes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

_WHAT_FOLLOWS = r"\s*(?:[:;.]\s*|$|(?=[1a][.)]|bahwa\b|Undang|Pasal\b))"
_RECITALS = re.compile(r"M\s?e\s?n\s?[il1]\s?m\s?b\s?a\s?n\s?[gq]" + _WHAT_FOLLOWS, re.I)
_LEGAL_BASIS = re.compile(r"M\s?e\s?n\s?[gq]\s?[il1]\s?n\s?[gq]\s?a\s?t" + _WHAT_FOLLOWS, re.I)
_CONSIDERING = re.compile(r"Memper(?:hatikan|timbangkan)\s*[:;]\s*", re.I)
_DECIDES = re.compile(
    r"M\s?E\s?M\s?U\s?T\s?U\s?S\s?K\s?A\s?N\b|Menetapkan\s*[:;]|Memutuskan\s*[:;]?$|MENETAPKAN\s*[:;]?$"
)
PREAMBLE = (
    ("recitals", _RECITALS),
    ("legal_basis", _LEGAL_BASIS),
    ("considering", _CONSIDERING),
    ("decides", _DECIDES),
)
REGULATION = re.compile(r"^[ \t]*(?:Men[il1]mbang|Mengingat|M ?E ?M ?U ?T ?U ?S ?K ?A ?N|Pasal 1[ \t]*$)", re.I | re.M)

# OCR writes "D tetapkan di", "Djtetapkan di".
CLOSING = re.compile(
    r"D[il1j]?\s?[tl]\s?[ec]tapkan\s*(?::\s*di\b|:?\s+di\b)|Agar setiap orang\b|"
    r"Diundangkan\s*:?\s*(?:di|dalam)\b|Di(?:sah|keluar)kan\s+di\b",
    re.I,
)
COPY = re.compile(r"(?:Salinan|Petikan|Turunan)\s+(?:ini\s+)?sesuai\s+dengan\s+(?:yang\s+)?asli", re.I)
ANNEX = re.compile(
    r"LAMPIRAN(?:\s*[-:]?\s*(?P<no>[IVXLl]{1,6}|\d{1,2}(?:\.\d+)*)(?![\w.]))?"
    r"(?:\s*[:.]?\s*$|\s*:|\s+(?:PERATURAN|KEPUTUSAN|SURAT|INSTRUKSI|QANUN|UNDANG)\b)|"
    r"Lampiran(?:\s+(?P<no2>[IVX]{1,6}|\d{1,2}(?:\.\d+)*))?(?:\s*:|\s*$|\s+(?:Peraturan|Keputusan|Surat Edaran)\b)"
)
EXPLANATION = re.compile(r"P\s?E\s?N\s?J\s?E\s?L\s?A\s?S\s?A\s?N(?:\s+ATAS\b.*)?\s*$")
CHAPTER = re.compile(r"BAB\s*[-.]?\s*(?P<no>[IVXLC1lm]{1,7}[A-Z]?|\d{1,2})(?!\w)\s*[.:]?\s*(?P<title>.*)", re.I)
PART = re.compile(
    r"Bagian\s+(?P<no>(?:Pertama|Ke(?:satu|dua|tiga|empat|lima|enam|tujuh|delapan|sembilan|sepuluh|sebelas))"
    r"(?:\s+(?:Belas|Puluh))?)\b\s*(?P<title>.*)",
    re.I,
)
PARAGRAPH = re.compile(r"Paragraf\s+(?P<no>\d+|Ke\w+)\s*(?P<title>.*)", re.I)
# OCR writes Paaal, Pa.sal, Pasa.1, PasaI.
ARTICLE = re.compile(
    r"P\s?a\s?[.,]?\s?[sa5]\s?[.,]?\s?[ae]\s?[.,]?\s?[l1I]\s?[.,]?\s*(?P<no>[\dlO]{1,3}\s?[A-Z]{0,2}|[IVX]{1,4})\s*\.?",
    re.I,
)
DICTUM = re.compile(
    r"(?P<no>(?:PERTAMA|KE(?:SATU|DUA|TIGA|EMPAT|LIMA|ENAM|TUJUH|DELAPAN|SEMBILAN|SEPULUH|SEBELAS))"
    r"(?:\s?(?:BELAS|PULUH))?)\b\s*(?P<colon>[:;])?\s*",
    re.I,
)
CLAUSE = re.compile(r"[(\[](?P<no>\d{1,2}[a-z]?)[)\]]\s*")
POINT = re.compile(r"(?P<no>[a-z])[.)]\s*(?=[^\W\d_]{2}|[“\"(])")
ITEM = re.compile(r"(?P<no>\d{1,2})[.)]\s*(?=[^\W\d_]{2}|[“\"(])")
AMENDING = re.compile(
    r"\s*(?:Ketentuan|Di\s?antara|Setelah|Sesudah|Judul|Pasal|Bab|Bagian|Penjelasan|Lampiran|Mengubah|Menambah|"
    r"Menghapus|Menyisipkan|Beberapa)\b",
    re.I,
)
DEFINITIONS = re.compile(r"\s*(?:\(1\)\s*)?Dalam\b[^.]{3,160}?\byang\s+dimaksud(?:kan)?\b", re.I)
DEFINITION_HEADING = re.compile(r"\b(?:pengertian|definisi|istilah|singkatan)\b", re.I)
# A line that ends so makes the next line a reference ("sebagaimana dimaksud dalam / Pasal 5"), not a heading.
ENDS_OPEN = re.compile(
    r"(?:\b(?:dalam|pada|ketentuan|dan|atau|dengan|ayat|huruf|angka|dimaksud|sampai|dari|juncto|jo\.?)|,|/)$", re.I
)
ENDS_WITH_CLAUSE = re.compile(r"\b(?:ayat|pada|dimaksud|sampai dengan|juncto)$", re.I)
ANNEX_HEAD = re.compile(r"[^a-z]+$|:|(?:Peraturan|Keputusan|Surat|Nomor|Tanggal|Tahun|Tentang)\b")

_NUMBERED = re.compile(r"(?P<no>\d{1,2}(?:\.\d{1,2}){1,3})\.?\s+(?P<title>[A-Z“\"(].{2,70})")
_LETTERED = re.compile(r"(?P<no>[A-Z]|[IVX]{1,5})\.\s+(?P<title>[A-Z“\"(].{2,70})")
_CAPITAL_WORD = re.compile(r"\b[A-Z]{4,}\b")
_ROMAN = {
    "I": 1,
    "II": 2,
    "III": 3,
    "IV": 4,
    "V": 5,
    "VI": 6,
    "VII": 7,
    "VIII": 8,
    "IX": 9,
    "X": 10,
    "XI": 11,
    "XII": 12,
}
_LEADER = re.compile(r"(?:\.{4,}|(?:\.\s){4,}|…{2,}|_{5,})\s*(?:\d{1,3}|[ivxl]{1,6})?$", re.I)
_ENDS_NUMBER = re.compile(r".*[^\W\d_]{3}.*\s(?P<page>\d{1,3})$")
_LISTING = re.compile(r"DAFTAR\s+(?:ISI|TABEL|GAMBAR|LAMPIRAN)\b", re.I)
_SOP_CUES = re.compile(
    r"nomor\s+sop|(?:tgl|tanggal)\.?\s+(?:pembuatan|revisi|efektif|pengesahan)|disahkan\s+oleh|(?:nama|judul)\s+sop|"
    r"kualifikasi\s+pelaksana|keterkaitan|peralatan\s*/?\s*perlengkapan|pencatatan\s+dan\s+pendataan",
    re.I,
)


class Heading(NamedTuple):
    """`value` is the place of a lettered heading in its row (B. is 2, and so is II.), 0 for the others."""

    number: str
    title: str
    rank: float
    value: int = 0


def heading(line: str, before: str) -> Heading | None:
    """A heading of a report or plan, or None. `before` is the previous line."""
    if len(line) > 110 or line[-1] in ".,;:":
        return None
    if line[0].isdigit():
        match = _NUMBERED.fullmatch(line)
        return Heading(match["no"], match["title"], 3.0 + match["no"].count(".")) if match else None
    if line[1:2] == "." or (line[0] in "IVX" and "." in line[1:6]):
        match = _LETTERED.fullmatch(line)
        if not match:
            return None
        value = _ROMAN.get(match["no"], 0) or ord(match["no"][0]) - ord("A") + 1
        return Heading(match["no"] + ".", match["title"], 3.0, value)
    if line.startswith(("NO ", "NO. ", "NIP")):  # the head of a table, the number of an officer
        return None
    if line.isupper() and not before.isupper() and line.count(" ") < 12 and len(_CAPITAL_WORD.findall(line)) >= 2:
        return Heading("", line, 2.0)
    return None


def is_contents(text: str, lines: Sequence[str]) -> bool:
    """Whether a page is a contents list: lines with dot leaders, or most lines ending in rising page numbers."""
    if len(lines) < 3:
        return False
    short = [line for line in lines if len(line) < 250]  # longer ones are no entries, and slow to search
    if "...." in text or ". . . ." in text or "……" in text:
        numbered = sum(line[-1].isalnum() and bool(_LEADER.search(line)) for line in short)
        if numbered >= max(3, len(lines) * 0.4):
            return True
    listing = any(_LISTING.match(line) for line in lines[:5])
    if not listing and sum(line[-1].isdigit() for line in lines) < max(8, len(lines) * 0.6):
        return False
    numbers = [int(match["page"]) for line in short if (match := _ENDS_NUMBER.match(line))]
    if len(numbers) < max(3, len(lines) * (0.4 if listing else 0.6)):
        return False
    return sum(a <= b for a, b in pairwise(numbers)) >= 0.9 * (len(numbers) - 1)


def sop_box(text: str) -> tuple[int, int] | None:
    """The range of the identity box of an SOP: at least three of its cells."""
    cells = list(_SOP_CUES.finditer(text))
    if len({" ".join(cell[0].lower().split()) for cell in cells}) < 3:
        return None
    end = text.find("\n", cells[-1].end())
    return text.rfind("\n", 0, cells[0].start()) + 1, len(text) if end < 0 else end


def roman(number: str) -> str:
    """A chapter or annex number with OCR's readings of Roman strokes repaired ("BABm" is BAB III)."""
    return number if number.isdigit() else number.replace("m", "III").replace("l", "I").replace("1", "I").upper()


def article_number(number: str) -> str:
    number = number.replace(" ", "")
    return number.upper() if number[0] in "IVXivx" else number.replace("l", "1").replace("O", "0").upper()


def enumerator(label: str) -> tuple[str, int]:
    return ("item", int(label)) if label.isdigit() else ("point", ord(label) - ord("a") + 1)


def title_case(title: str) -> str:
    """A capital title as one cites it: "ARAH KEBIJAKAN" is "Arah Kebijakan"; abbreviations stay."""
    if not title.isupper():
        return title
    keep = {"SPBE", "TIK", "SOP", "APBD", "SDM"}
    small = {"DAN", "DI", "KE", "DARI", "ATAU", "DENGAN", "UNTUK", "PADA"}
    words = title.split()
    return " ".join(w if w in keep else w.lower() if w in small and i else w.capitalize() for i, w in enumerate(words))
