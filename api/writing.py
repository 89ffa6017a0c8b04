"""How dates, numbers, names and titles are written for people who read Indonesian."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction

from api.labels import label
from evidence.wording import MONTHS

_SMALL_WORDS = {
    "dan", "atau", "di", "ke", "dari", "yang", "untuk", "pada", "dengan", "atas", "tentang", "oleh", "serta", "dalam",
    "bagi",
}  # fmt: skip
_ABBREVIATIONS = {
    "SPBE", "TIK", "ASN", "SDM", "OPD", "SKPD", "SOP", "BMD", "BMN", "APBD", "APBN", "DPA", "RKA", "RPJMD", "RPJPD",
    "RKPD", "DPRD", "JDIH", "TTE", "BSSN", "BPK", "BLUD", "UPTD", "PPID", "PANRB", "KUA", "PPAS", "SIPD", "SAKIP", "RI",
}  # fmt: skip
WIB = timezone(timedelta(hours=7), "WIB")


def decimal(value: Fraction | float | int, digits: int = 2) -> str:
    """2,98: exact half-up rounding for fractions, a decimal comma."""
    exact = Fraction(value)
    scaled = math.floor(abs(exact) * 10**digits + Fraction(1, 2))
    whole, rest = divmod(scaled, 10**digits)
    sign = "−" if exact < 0 and scaled else ""
    return f"{sign}{whole},{rest:0{digits}d}" if digits else f"{sign}{whole}"


def level(value: Fraction | None) -> str:
    """A level as people read it; no evidence is a dash, never 0 or 1."""
    if value is None:
        return "–"
    return str(value.numerator) if value.denominator == 1 else decimal(value, 1)


def count(value: int) -> str:
    """12.345"""
    return f"{value:,}".replace(",", ".")


def size(value: int) -> str:
    """2,4 MB"""
    if value < 1_000_000:
        return f"{count(max(1, round(value / 1000)))} KB"
    return f"{decimal(value / 1_000_000, 1)} MB"


def day(value: date | datetime | str) -> str:
    """21 November 2026; ISO text comes from identity, which may hold what is no date."""
    if isinstance(value, str):
        try:
            return day(date.fromisoformat(value))
        except ValueError:
            return value
    if isinstance(value, datetime):
        value = value.astimezone(WIB).date()
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime) -> str:
    """21 November 2026, 09.31 WIB"""
    local = value.astimezone(WIB)
    return f"{day(local.date())}, {local:%H.%M} WIB"


def institution_name(kind: str, name: str) -> str:
    """Pemerintah Kota Ranupane; the stored name may or may not repeat the kind."""
    if not name:
        return "Instansi belum diberi nama"
    if kind == "pusat":
        return name
    return f"{label('kind', kind)} {bare_name(kind, name)}"


def bare_name(kind: str, name: str) -> str:
    """The name alone, as documents and legal keys have it: Ranupane, not Pemerintah Kota Ranupane."""
    return name.strip().removeprefix("Pemerintah ").removeprefix(f"{kind.title()} ")


def titled(text: str) -> str:
    """A title printed in capitals alone, in the letters people read; all else stays as it is printed."""
    if not text.isupper():
        return text
    words = (word if _stays_upper(word) else word.lower() for word in text.split())
    return " ".join(word if word in _SMALL_WORDS else word[:1].upper() + word[1:] for word in words)


def _stays_upper(word: str) -> bool:
    bare = word.strip("().,;:\"'")
    return bare in _ABBREVIATIONS or not set(bare) & set("AEIOU") or set(bare) <= set("IVXLC")


def confidence_words(score: float) -> str:
    return "tinggi" if score >= 0.8 else "sedang" if score >= 0.6 else "rendah"
