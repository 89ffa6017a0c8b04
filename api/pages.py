"""Turns templates into pages: the Jinja2 environment, how dates and numbers are written, and `render`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from api.labels import icon, label
from evidence.instrument import Indicator

MONTHS = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni",
    "Juli", "Agustus", "September", "Oktober", "November", "Desember",
)  # fmt: skip
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
    bare = name.removeprefix("Pemerintah ").removeprefix(f"{kind.title()} ")
    return f"{label('kind', kind)} {bare}"


def marked(text: str, ranges: Sequence[tuple[int, int]]) -> Markup:
    """The text with its matched ranges marked; the ranges may overlap and come in any order."""
    out, at = Markup(), 0
    for start, end in sorted(ranges):
        start = max(start, at)
        if start < end:
            out += Markup("{}<mark>{}</mark>").format(text[at:start], text[start:end])
            at = end
    return out + text[at:]


def confidence_words(score: float) -> str:
    return "tinggi" if score >= 0.8 else "sedang" if score >= 0.6 else "rendah"


def level_name(indicator: Indicator, number: Fraction | None) -> str:
    return next((level.name for level in indicator.levels if level.number == number), "")


def search_for(indicator: Indicator) -> str:
    """The address of the search that begins an indicator's evidence: its own terms, any of them."""
    terms = indicator.subject_terms[:3] or (indicator.short_name,)
    return "/cari?" + urlencode({"q": " OR ".join(f'"{term}"' for term in terms)})


def with_page(request: Request, number: int) -> str:
    """This address's query with another page number."""
    values = [(name, value) for name, value in request.query_params.multi_items() if name != "hal"]
    return urlencode([*values, ("hal", str(number))])


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("api"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Null translations now; a catalogue can take their place without touching a template.
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]  # added by the i18n extension
    environment.filters |= {
        "decimal": decimal, "level": level, "count": count, "size": size, "day": day, "moment": moment,
    }  # fmt: skip
    environment.globals |= {
        "label": label,
        "icon": icon,
        "marked": marked,
        "institution_name": institution_name,
        "confidence_words": confidence_words,
        "level_name": level_name,
        "search_for": search_for,
        "with_page": with_page,
        "now": lambda: datetime.now(UTC),
    }
    return environment


_templates = _environment()


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """The page as an answer. `frame` is what every page's header needs; pages before sign-in have none."""
    values.setdefault("frame", None)
    text = _templates.get_template(template).render(request=request, **values)
    return HTMLResponse(text, status)
