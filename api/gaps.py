"""Kesenjangan: the coverage map, the list of gaps with what would fill them, and the same for programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.coverage_map import AspectRows, coverage_map
from api.deps import AccessDep, FrameDep, SessionDep
from api.documents import STATE_ORDER
from api.outputs import gaps_output
from api.pages import render
from api.writing import level as written
from evidence.coverage import CriterionCoverage, Gain
from evidence.edition import Demand
from evidence.instrument import Indicator, Instrument
from evidence.report import EvidenceView, GapReport, current_period, gap_report

router = APIRouter()

# Gaps shown at once; on a phone the whole list would be as long as forty screens.
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing the next level still lacks: any one of `names` would do. `proposals` wait to be decided."""

    names: tuple[str, ...]
    state: str
    reason: str
    proposals: int
    fills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """One indicator below its next level: what holds it back, and what reaching that level adds to the index."""

    indicator: Indicator
    gain: Gain
    missing: tuple[Missing, ...]

    @property
    def proposals(self) -> int:
        return sum(each.proposals for each in self.missing)


@router.get("/kesenjangan", include_in_schema=False)
def show_gaps(
    request: Request,
    frame: FrameDep,
    session: SessionDep,
    aspek: str = "",
    kesenjangan: bool = False,
    bermasalah: bool = False,
) -> Response:
    report = gap_report(session, frame.access, frame.period)
    groups = coverage_map(report)
    return render(
        request,
        "gaps.html",
        frame=frame,
        report=report,
        groups=tuple(_narrowed(groups, aspek, kesenjangan, bermasalah)),
        gaps=gaps_of(report),
        counts=count_of(groups),
        aspect=aspek,
        only_gaps=kesenjangan,
        only_bad=bermasalah,
        shown=SHOWN,
        to=_indicator_page,
    )


def _indicator_page(code: str, level: Fraction | None = None) -> str:
    """The address of an indicator, at one of its levels."""
    return f"/indikator/{code}" + (f"#tingkat-{written(level).replace(',', '-')}" if level is not None else "")


@dataclass(frozen=True, slots=True)
class Counts:
    indicators: int
    without: int  # no accepted evidence
    complete: int  # at the highest level
    troubled: tuple[str, ...]  # codes of indicators with evidence that may not count
    proposals: int


def count_of(groups: Iterable[AspectRows]) -> Counts:
    rows = [row for group in groups for row in group.rows]
    return Counts(
        indicators=len(rows),
        without=sum(row.level is None for row in rows),
        complete=sum(row.reached for row in rows),
        troubled=tuple(row.indicator.code for row in rows if any(cell.blocked for cell in row.cells)),
        proposals=sum(any(cell.proposed for cell in row.cells) for row in rows),
    )


def gaps_of(report: GapReport) -> tuple[Gap, ...]:
    """Every indicator that can rise, the largest gain first, with what its next level still lacks."""
    return tuple(
        Gap(
            report.edition.instrument.indicator(gain.indicator),
            gain,
            tuple(_missing(report, gain.indicator, demand) for demand in gain.missing),
        )
        for gain in report.gains
    )


def _missing(report: GapReport, indicator: str, demand: Demand) -> Missing:
    asked = [each for each in report.proven.indicators[indicator].criteria if each.criterion.key in demand.keys]
    proposed = {
        item.ref
        for each in report.proposed.indicators[indicator].criteria
        if each.criterion.key in demand.keys
        for item in each.evidence
        if item.state == "proposed"
    }
    kinds = dict.fromkeys(kind for each in asked for kind in fills(report.edition.instrument, each))
    return Missing(
        names=tuple(each.criterion.name for each in asked),
        state=asked[0].state if len(asked) == 1 else "open",
        reason=asked[0].reason if len(asked) == 1 else "",
        proposals=len(proposed),
        fills=tuple(kinds),
    )


def fills(instrument: Instrument, covered: CriterionCoverage) -> tuple[str, ...]:
    """The kinds of document that would fill a criterion, as people call them."""
    return tuple(
        instrument.document_types[code].label for code in covered.criterion.fills if code in instrument.document_types
    )


def views_by_criterion(report: GapReport) -> dict[str, list[EvidenceView]]:
    """All passages by criterion key: accepted first, then proposals, the surest before the others."""
    found: dict[str, list[EvidenceView]] = {}
    ordered = sorted(report.evidence.values(), key=lambda view: (STATE_ORDER.index(view.state), -(view.score or 0.0)))
    for view in ordered:
        found.setdefault(view.criterion, []).append(view)
    return found


def _narrowed(groups: Iterable[AspectRows], aspect: str, only_gaps: bool, only_bad: bool) -> Iterable[AspectRows]:
    for group in groups:
        if aspect and group.aspect.code != aspect:
            continue
        rows = tuple(
            row
            for row in group.rows
            if not (only_gaps and row.reached) and not (only_bad and not any(cell.blocked for cell in row.cells))
        )
        if rows:
            yield AspectRows(group.aspect, group.value, rows)


# --- for programs ----------------------------------------------------------------------------------------------------


@router.get("/api/gaps", tags=["gaps"])
def get_gaps(
    session: SessionDep, access: AccessDep, period: Annotated[int | None, Query(ge=2000)] = None
) -> dict[str, Any]:
    """The gap report, as `bukti gaps --format json` writes it."""
    return gaps_output(gap_report(session, access, current_period(session, access, period)))
