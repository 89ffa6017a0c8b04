"""Beranda: one glance at the index, every indicator, what to fix first and what waits."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api.coverage_map import coverage_map
from api.deps import MaybeAccessDep, SessionDep, get_frame
from api.gaps import count_of, gaps_of
from api.pages import render
from api.security import has_account
from api.writing import decimal
from evidence.documents import list_documents
from evidence.instrument import Instrument
from evidence.report import GapReport, gap_report

router = APIRouter()

FIX_FIRST = 5


@dataclass(frozen=True, slots=True)
class Band:
    """A predicate on the scale; positions in percent of its width."""

    name: str
    minimum: Fraction
    start: float
    width: float
    here: bool

    @property
    def middle(self) -> float:
        return round(self.start + self.width / 2, 2)


@dataclass(frozen=True, slots=True)
class Scale:
    """The predicates drawn once, with a mark for each reading of the evidence."""

    bands: tuple[Band, ...]
    top: Fraction
    proven: float
    proposed: float
    proven_index: Fraction
    proposed_index: Fraction
    words: str


@router.get("/", include_in_schema=False)
def show_home(request: Request, session: SessionDep, access: MaybeAccessDep) -> Response:
    if access is None:
        if has_account(session):
            return RedirectResponse("/masuk", 303)
        return render(request, "first_start.html")
    frame = get_frame(session, access)
    report = gap_report(session, access, frame.period)
    groups = coverage_map(report)
    listing = list_documents(session, access, size=1)
    gaps = gaps_of(report)
    return render(
        request,
        "home.html",
        frame=frame,
        report=report,
        groups=groups,
        scale=scale_of(report),
        counts=count_of(groups),
        proposals=sum(view.state == "proposed" for view in report.evidence.values()),
        documents=listing.total,
        states=dict(listing.facets["state"]),
        gaps=gaps,
        first=gaps[:FIX_FIRST],
    )


def scale_of(report: GapReport) -> Scale:
    instrument = report.edition.instrument
    proven, proposed = report.proven_index, report.proposed_index
    bottom, top = instrument.level_min, instrument.level_max
    edges = [max(bottom, band.minimum) for band in reversed(instrument.predicates)]
    bands = tuple(
        Band(
            name=band.name,
            minimum=start,
            start=_percent(instrument, start),
            width=round(_percent(instrument, end) - _percent(instrument, start), 2),
            here=band.name == proven.predicate,
        )
        for band, start, end in zip(reversed(instrument.predicates), edges, [*edges[1:], top], strict=True)
    )
    return Scale(
        bands=bands,
        top=top,
        proven=_percent(instrument, proven.index),
        proposed=_percent(instrument, proposed.index),
        proven_index=proven.index,
        proposed_index=proposed.index,
        words=(
            f"Dari {decimal(bottom, 0)} sampai {decimal(top, 0)}. "
            f"Terbukti {decimal(proven.index)}, {proven.predicate}. "
            f"Jika usulan diterima {decimal(proposed.index)}, {proposed.predicate}."
        ),
    )


def _percent(instrument: Instrument, value: Fraction) -> float:
    """Where a value stands on the scale; an index below the lowest level stands at its beginning."""
    span = instrument.level_max - instrument.level_min
    return round(float(max(Fraction(0), value - instrument.level_min) / span * 100), 2)
