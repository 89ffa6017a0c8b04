"""Indicators: the list, one indicator with its criteria and passages, and the decisions people take there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ConfigDict

from api.coverage_map import coverage_map, indicator_row, shade
from api.deps import AccessDep, FrameDep, MemberDep, SessionDep, TransactionDep
from api.documents import page_link
from api.gaps import fills, gaps_of, views_by_criterion
from api.labels import LABELS, label
from api.outputs import gaps_output
from api.pages import render
from evidence import decisions
from evidence.coverage import CriterionCoverage
from evidence.errors import InvalidInput, NotFound
from evidence.instrument import Indicator, Instrument, Level
from evidence.report import EvidenceView, GapReport, current_period, gap_report
from evidence.values import Place

router = APIRouter()

# Proposals shown at once under a criterion that nothing accepted proves yet; the others wait behind "bagian lain".
SHOWN = 2


@dataclass(frozen=True, slots=True)
class CriterionRow:
    """One criterion with its passages: all that people decided on and the best proposals, then the `further` ones.

    `elsewhere` were put forward for another criterion that includes this one.
    """

    covered: CriterionCoverage
    fills: tuple[str, ...]
    passages: tuple[EvidenceView, ...]
    further: tuple[EvidenceView, ...]
    elsewhere: tuple[EvidenceView, ...]


@dataclass(frozen=True, slots=True)
class LevelRows:
    """One level: its text, its shade, whether it is reached, and the criteria it is the first to ask for."""

    level: Level
    css: str
    guideline: str
    blocked_by: Fraction | None
    rows: tuple[CriterionRow, ...]


@router.get("/indikator", include_in_schema=False)
def show_list(request: Request, frame: FrameDep, session: SessionDep) -> Response:
    report = gap_report(session, frame.access, frame.period)
    return render(request, "indicators.html", frame=frame, report=report, groups=coverage_map(report))


@router.get("/indikator/{code}", include_in_schema=False)
def show_indicator(request: Request, frame: FrameDep, session: SessionDep, code: str) -> Response:
    indicator = find_indicator(frame.instrument, code)
    report = gap_report(session, frame.access, frame.period)
    return render(
        request,
        "indicator.html",
        frame=frame,
        indicator=indicator,
        aspect=next(aspect for aspect in frame.instrument.aspects if aspect.code == indicator.aspect),
        row=indicator_row(report, indicator),
        levels=level_rows(report, indicator),
        gap=next((gap for gap in gaps_of(report) if gap.indicator.code == code), None),
        neighbours=_neighbours(frame.instrument, indicator),
        level_names={level.number: level.name for level in indicator.levels},
        reasons=LABELS["reject"],
        documents=report.documents,
        cite=lambda view: page_link(
            view.document_id, view.part, view.page, Place(view.part, view.page, view.start, view.end)
        ),
        shade=shade,
    )


class DecisionForm(BaseModel):
    """What the buttons on an indicator's page send. `reason` is a code of the list, `note` the person's own words."""

    model_config = ConfigDict(frozen=True)
    ref: str
    verdict: str
    reason: str = ""
    note: str = ""

    def words(self) -> str:
        chosen = label("reject", self.reason) if self.reason else ""
        return ": ".join(part for part in (chosen, self.note.strip()) if part)


@router.post("/indikator/{code}/keputusan", include_in_schema=False)
def decide(
    frame: FrameDep, access: MemberDep, session: TransactionDep, code: str, form: Annotated[DecisionForm, Form()]
) -> Response:
    if form.verdict == "rejected" and form.reason not in LABELS["reject"]:
        raise InvalidInput("Pilih alasan penolakan.")
    link = decisions.decide(session, access, frame.period.id, form.ref, form.verdict, form.words())
    return RedirectResponse(f"/indikator/{quote(code)}#link-{link}", 303)


@router.post("/indikator/{code}/urungkan", include_in_schema=False)
def undo(access: MemberDep, session: TransactionDep, code: str, link: Annotated[UUID, Form()]) -> Response:
    decisions.undo(session, access, link)
    return RedirectResponse(f"/indikator/{quote(code)}#link-{link}", 303)


def find_indicator(instrument: Instrument, code: str) -> Indicator:
    found = next((each for each in instrument.indicators if each.code == code), None)
    if found is None:
        raise NotFound("Indikator ini tidak ada pada instrumen periode ini.")
    return found


def level_rows(report: GapReport, indicator: Indicator) -> tuple[LevelRows, ...]:
    """The indicator level by level. States are those of accepted evidence; proposals stand beside them."""
    proven = report.proven.indicators[indicator.code]
    proposed = report.proposed.indicators[indicator.code]
    views = views_by_criterion(report)
    rows = [
        (each.criterion.level, _criterion_row(report, each, other, views))
        for each, other in zip(proven.criteria, proposed.criteria, strict=True)
    ]
    reached, following = proven.level, proven.next_level
    return tuple(
        LevelRows(
            level=level,
            css=shade(level.number) if reached is not None and level.number <= reached else "l0",
            guideline=_guideline(level, report.edition.year),
            blocked_by=following if following is not None and level.number > following else None,
            rows=tuple(row for number, row in rows if number == level.number),
        )
        for level in indicator.levels
    )


def _criterion_row(
    report: GapReport,
    covered: CriterionCoverage,
    proposed: CriterionCoverage,
    views: Mapping[str, Sequence[EvidenceView]],
) -> CriterionRow:
    own = views.get(covered.criterion.key, ())
    proposals = [view for view in own if view.state == "proposed"]
    # Where a person has accepted evidence, proposals are no longer what one looks for.
    best = proposals[: 0 if any(view.state == "accepted" for view in own) else SHOWN]
    shown = tuple(view for view in own if view.state != "proposed" or view in best)
    others = {item.ref: report.evidence[item.ref] for item in (*proposed.evidence, *proposed.blocked)}
    elsewhere = tuple(view for view in others.values() if view.criterion != covered.criterion.key)
    further = tuple(proposals[len(best) :])
    return CriterionRow(covered, fills(report.edition.instrument, covered), shown, further, elsewhere)


def _guideline(level: Level, year: int) -> str:
    """The yearly guideline's words on a level: 2024's from 2024 on, before that 2023's where it has its own."""
    newest = level.guidelines.get(2024, "")
    return newest if year >= 2024 else level.guidelines.get(2023, newest)


def _neighbours(instrument: Instrument, indicator: Indicator) -> tuple[Indicator | None, Indicator | None]:
    at = instrument.indicators.index(indicator)
    before = instrument.indicators[at - 1] if at else None
    after = instrument.indicators[at + 1] if at + 1 < len(instrument.indicators) else None
    return before, after


# --- for programs ----------------------------------------------------------------------------------------------------


class DecisionIn(BaseModel):
    """`ref` is `match:<id>` or `link:<id>` of /api/gaps; a rejection needs its reason."""

    model_config = ConfigDict(frozen=True)
    ref: str
    verdict: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DecisionOut:
    link: UUID


@router.get("/api/indicators", tags=["indicators"])
def list_indicators(session: SessionDep, access: AccessDep) -> list[dict[str, Any]]:
    """Each indicator's part of the gap report."""
    report = gaps_output(gap_report(session, access, current_period(session, access)))
    indicators: list[dict[str, Any]] = report["indicators"]
    return indicators


@router.get("/api/indicators/{code}", tags=["indicators"])
def get_indicator(session: SessionDep, access: AccessDep, code: str) -> dict[str, Any]:
    found = (each for each in list_indicators(session, access) if each["indicator"] == code)
    indicator = next(found, None)
    if indicator is None:
        raise NotFound()
    return indicator


@router.post("/api/decisions", tags=["decisions"])
def post_decision(session: TransactionDep, access: MemberDep, sent: DecisionIn) -> DecisionOut:
    period = current_period(session, access)
    return DecisionOut(decisions.decide(session, access, period.id, sent.ref, sent.verdict, sent.reason))


@router.delete("/api/decisions/{link}", status_code=204, tags=["decisions"])
def undo_decision(session: TransactionDep, access: MemberDep, link: UUID) -> None:
    """Take the last decision about this link back."""
    decisions.undo(session, access, link)
