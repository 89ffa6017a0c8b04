"""Finds the acts a text names and gives each its legal key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.identify import patterns as p
from ingest.identify.keys import NATIONAL, Region, legal_key, ministry, region_in

_HEAD = r"(?:Gubernur|Bupati|Wali\s?kota)"
# The issuer must not run over another act, or the number of the next one would be taken.
_CITATION = re.compile(
    r"(?P<act>Undang\s?[-–]?\s?Undang|Peraturan\s+Pemerintah(?:\s+Pengganti\s+Undang\s?[-–]\s?Undang)?|"
    r"Peraturan\s+(?:Presiden|Menteri|Daerah|(?:Kepala\s+)?(?:Badan|Lembaga|Arsip))|Qanun|"
    rf"Peraturan\s+{_HEAD}|(?:Keputusan|Surat\s+Edaran|Instruksi)\s+(?:{_HEAD}|Menteri|Sekretaris\s+Daerah))\b"
    r"(?P<issuer>(?:(?!Undang|Peraturan|Keputusan|Surat\s+Edaran)[^;:.()]){0,110}?)\s*"
    r"\b(?:Nomor|No\b\.?)\s*[:.]?\s*(?P<number>[\w.]+(?:\s?[/-]\s?[\w.]+){0,7})\s*(?:Tahun\s*(?P<year>(?:19|20)\d\d))?",
    re.I,
)
_CODES = (
    ("perppu", "peraturan pemerintah pengganti"),
    ("uu", "undang"),
    ("pp", "peraturan pemerintah"),
    ("perpres", "peraturan presiden"),
    ("perda", "peraturan daerah"),
    ("perda", "qanun"),
    ("pergub", "peraturan gubernur"),
    ("perbup", "peraturan bupati"),
    ("perwali", "peraturan wali"),
    ("permen", "peraturan"),
    ("keputusan_pimpinan_instansi", "keputusan menteri"),
    ("keputusan_sekda", "keputusan sekretaris"),
    ("keputusan_kepala_daerah", "keputusan"),
    ("surat_edaran", "surat edaran"),
    ("instruksi_kepala_daerah", "instruksi"),
)


@dataclass(frozen=True, slots=True)
class Cited:
    """Another act named in a text: its key and where its name stands in it."""

    key: str
    start: int
    end: int


def citations(text: str, region: Region | None) -> Iterator[Cited]:
    """The acts named with type, number and year. `region` is whose act "Peraturan Daerah Nomor 5" without a name is."""
    for match in _CITATION.finditer(text):
        number, year = match["number"].strip(" ."), match["year"]
        if short := re.fullmatch(r"(\d{1,4})\s?/\s?((?:19|20)\d\d)", number):  # "Nomor 5/2018"
            number, year = short[1], short[2]
        elif not year and (tail := re.search(r"/\s?((?:19|20)\d\d)$", number)):
            year = tail[1]
        act = " ".join(match["act"].lower().split())
        code = next(code for code, words in _CODES if act.startswith(words))
        normal = p.coded_number(number) if "/" in number else p.round_number(number)
        if not year or not any(c.isdigit() for c in normal):
            continue
        if key := legal_key(code, _issuer(code, match["act"], match["issuer"], region), normal, year):
            yield Cited(key, match.start(), match.end())


def _issuer(code: str, act: str, issuer: str, region: Region | None) -> str:
    if code in NATIONAL - {"permen"}:
        return "ri"
    named = " ".join(f"{act} {issuer}".split())
    if code == "permen" or re.search(r"\bMenteri\b", act, re.I):
        return ministry(named.split(" ", 1)[1].removeprefix("Edaran "))
    found = region_in(named.title()) or (None if re.search(rf"{_HEAD}\s+\w", named, re.I) else region)
    return found.slug if found else ""
