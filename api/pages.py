"""Turns templates into pages: the Jinja2 environment and `render`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from api import writing
from api.labels import icon, label
from evidence.instrument import Indicator


def marked(text: str, ranges: Sequence[tuple[int, int]]) -> Markup:
    """The text with its matched ranges marked; the ranges may overlap and come in any order."""
    out, at = Markup(), 0
    for start, end in sorted(ranges):
        start = max(start, at)
        if start < end:
            out += Markup("{}<mark>{}</mark>").format(text[at:start], text[start:end])
            at = end
    return out + text[at:]


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
    for write in (
        writing.decimal,
        writing.level,
        writing.count,
        writing.size,
        writing.day,
        writing.moment,
        writing.titled,
    ):
        environment.filters[write.__name__] = write
    for name in (
        icon,
        label,
        level_name,
        marked,
        search_for,
        with_page,
        writing.confidence_words,
        writing.institution_name,
    ):
        environment.globals[name.__name__] = name
    environment.globals["now"] = lambda: datetime.now(UTC)
    return environment


_templates = _environment()


def fill(template: str, **values: Any) -> str:
    return _templates.get_template(template).render(**values)


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """The page as an answer. `frame` is what every page's header needs; pages before sign-in have none."""
    values.setdefault("frame", None)
    text = fill(template, request=request, **values)
    # What one account may see is kept by no cache in between, and asked for anew after signing out.
    return HTMLResponse(text, status, headers={"Cache-Control": "private, no-cache"})
