"""The gap report as one self-contained HTML file for a person: no server, no scripts, nothing to fetch."""

from __future__ import annotations

from fractions import Fraction
from importlib import resources

from markupsafe import Markup

from api.coverage_map import coverage_map
from api.gaps import count_of, gaps_of, views_by_criterion
from api.pages import fill
from api.writing import institution_name
from evidence.report import EvidenceView, GapReport

_STYLES = ("tokens.css", "base.css", "pages.css")


def render_report(report: GapReport) -> str:
    groups = coverage_map(report)
    decided: dict[str, list[EvidenceView]] = {}
    for criterion, views in views_by_criterion(report).items():
        code = criterion.partition(".")[0]
        decided.setdefault(code, []).extend(view for view in views if view.state != "proposed")
    return fill(
        "gap_report.html",
        report=report,
        owner=institution_name(report.institution.kind, report.institution.name),
        groups=groups,
        counts=count_of(groups),
        gaps=gaps_of(report),
        decided=decided,
        to=_section,
        style=_style(),
    )


def _section(code: str, level: Fraction | None = None) -> str:
    """Every link leads to the indicator's evidence further down in the same file."""
    return f"#i-{code}"


def _style() -> Markup:
    folder = resources.files("api") / "static" / "css"
    return Markup("\n".join((folder / name).read_text("utf-8") for name in _STYLES))  # noqa: S704  # our own files
