"""The legal key of an act: `perwali|kota-denpasar|35|2014`, `permen|panrb|59|2020`. It names the issuer.

Without the issuer every ministry's Permen 5/2018 would be the same act, and one repeal would fall on all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from evidence.national import issuer_aliases
from ingest.identify.patterns import slug, squeeze

NATIONAL = frozenset({"uu", "pp", "perpres", "perppu", "permen"})

_OFFICE_LEVEL = re.compile(r"\b(?P<office>WAL+I\s*KOTA(?:MADYA)?|BUPATI|GUBERNUR)\b\s*(?P<name>[^\n,;:/()]*)", re.I)
_GLUED_OFFICE = re.compile(
    r"(?:PERATURAN|KEPUTUSAN|INSTRUKSI)?(?P<office>WAL+IKOTA|BUPATI|GUBERNUR)(?P<name>[A-Z]{3,30})$"
)
_AREA = re.compile(r"\b(?P<level>KOTA(?:MADYA)?|KABUPATEN|KAB\.|PROVINSI|PROPINSI)\s+(?P<name>[A-Z][^\n,;:/()]*)", re.I)
_NAME_ENDS = re.compile(
    r"\b(?:NOMOR|NO\.|TENTANG|TAHUN|PROVINSI|PROPINSI|SELAKU|PERIODE|DENGAN|TANGGAL|ATAS|UNTUK|SERI|BAGIAN|DINAS|BADAN|"
    r"SEKRETARIAT|DAN|YANG|PADA|DALAM|DI|JALAN|JL|REPUBLIK|KECAMATAN|KEPALA|DEWAN|MENIMBANG|MENETAPKAN)\b.*",
    re.I,
)
_OLD_LEVEL = re.compile(r"^(?:DAERAH\s+)?(?:TINGKAT\s+I{1,2}\s+|TK\.?\s*I{1,2}\s+|KOTA\s+|KABUPATEN\s+)", re.I)
_NOISE = re.compile(r"\b(?:menteri|negara|kepala|kementerian|republik|indonesia|ketua|koordinator)\b|[/,]", re.I)


@dataclass(frozen=True, slots=True)
class Region:
    level: str
    name: str

    @property
    def slug(self) -> str:
        return slug(f"{self.level} {self.name}")


def region_in(text: str) -> Region | None:
    """The region an office or an administration names. The level comes with it: names alone have homonyms."""
    if match := _OFFICE_LEVEL.search(text):
        office = squeeze(match["office"])
        level = "provinsi" if office == "GUBERNUR" else "kabupaten" if office == "BUPATI" else "kota"
        if name := _region_name(match["name"]):
            return Region(level, name)
    elif match := _GLUED_OFFICE.search(squeeze(text)):
        level = {"G": "provinsi", "B": "kabupaten"}.get(match["office"][0], "kota")
        return Region(level, match["name"].title())
    for match in _AREA.finditer(text):
        word = match["level"].upper()
        level = "kota" if word.startswith("KOTA") else "kabupaten" if word.startswith("KAB") else "provinsi"
        if name := _region_name(match["name"]):
            return Region(level, name)
    return None


def ministry(issuer: str) -> str:
    """The short name of a national body: "Menteri Pendayagunaan Aparatur Negara ..." is "panrb"."""
    letters = slug(re.sub(r"\b(?:republik\s+indonesia|nomor.*)$", "", issuer.strip(), flags=re.I))
    for words, short in issuer_aliases():
        if words in letters:
            return short
    return slug(_NOISE.sub(" ", issuer))[:60] or "pusat"


def legal_key(doc_type: str, issuer: str, number: str, year: str) -> str:
    """The key, or "" when a part is missing: an act without number or year is no act one can point at."""
    if not (doc_type and issuer and number and year):
        return ""
    return f"{doc_type}|{issuer}|{number.lower()}|{year}"


def _region_name(text: str) -> str:
    """A region's name in title case, at most three words: what follows in the line is cut off."""
    text = _NAME_ENDS.sub("", re.sub(r"\s+", " ", text)).strip(" .-–")
    text = _OLD_LEVEL.sub("", text)
    words = text.split()[:4]
    words = words[: next((i for i, word in enumerate(words) if i and not re.fullmatch(r"[A-Za-z.'’]{3,}", word)), 4)]
    if not words or not words[0][0].isupper() or not all(re.fullmatch(r"[A-Za-z.'’-]+", word) for word in words):
        return ""
    if not text.isupper():
        words = [word for i, word in enumerate(words) if i == 0 or all(w[0].isupper() for w in words[1 : i + 1])]
    return " ".join(word.capitalize() for word in words)
