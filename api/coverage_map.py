"""The coverage map: what each cell of indicator and level shows. Pure; shared by Kesenjangan, Indikator and Beranda."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from evidence.coverage import CriterionCoverage
from evidence.instrument import Aspect, Indicator
from evidence.report import GapReport


@dataclass(frozen=True, slots=True)
class Cell:
    """One indicator at one level. `state`: met, bad, part, open (proposals only), none."""

    level: Fraction
    state: str
    accepted: int
    proposed: int
    blocked: int

    @property
    def css(self) -> str:
        return shade(self.level) if self.state == "met" else self.state

    @property
    def words(self) -> str:
        """What a screen reader says instead of the shade."""
        parts = [f"{n} {what}" for n, what in ((self.accepted, "bukti diterima"), (self.proposed, "usulan")) if n]
        if self.blocked:
            parts.append(f"{self.blocked} bukti bermasalah")
        if self.state == "met":
            parts.append("terpenuhi")
        elif self.state == "part":
            parts.append("belum lengkap")
        elif self.state == "open":
            parts.append("belum diputuskan")
        return ", ".join(parts) or "belum ada bukti"


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    indicator: Indicator
    level: Fraction | None
    proposed_level: Fraction | None
    cells: tuple[Cell, ...]
    accepted: int
    proposed: int
    blocked: int

    @property
    def css(self) -> str:
        return shade(self.level)

    @property
    def reached(self) -> bool:
        return self.level == self.cells[-1].level


@dataclass(frozen=True, slots=True)
class AspectRows:
    aspect: Aspect
    value: Fraction
    rows: tuple[IndicatorRow, ...]


def shade(level: Fraction | None) -> str:
    """The colour class of a level; decimal levels take the one below, and there are five."""
    return "l0" if level is None else f"l{min(5, max(1, math.floor(level)))}"


def coverage_map(report: GapReport) -> tuple[AspectRows, ...]:
    instrument = report.edition.instrument
    return tuple(
        AspectRows(
            aspect,
            report.proven_index.aspects[aspect.code],
            tuple(indicator_row(report, instrument.indicator(code)) for code in aspect.indicators),
        )
        for aspect in instrument.aspects
    )


def indicator_row(report: GapReport, indicator: Indicator) -> IndicatorRow:
    proven = report.proven.indicators[indicator.code]
    proposed = report.proposed.indicators[indicator.code]
    return IndicatorRow(
        indicator,
        proven.level,
        proposed.level,
        tuple(_cell(level.number, proven.level, proposed.criteria) for level in indicator.levels),
        *_count(proposed.criteria),
    )


def _cell(level: Fraction, reached: Fraction | None, criteria: Iterable[CriterionCoverage]) -> Cell:
    """Counts the evidence for the criteria that this level asks for, first or without exception."""
    asked = [covered for covered in criteria if level in (covered.criterion.level, covered.criterion.needed)]
    accepted, proposed, blocked = _count(asked)
    if reached is not None and level <= reached:
        state = "met"
    elif blocked and not accepted:
        state = "bad"
    elif accepted:
        state = "part"
    elif proposed:
        state = "open"
    else:
        state = "none"
    return Cell(level, state, accepted, proposed, blocked)


def _count(criteria: Iterable[CriterionCoverage]) -> tuple[int, int, int]:
    """How many passages are accepted, proposed, and kept from counting; each once, however much it fills."""
    criteria = tuple(criteria)
    counting = {item.ref: item for covered in criteria for item in covered.evidence}
    blocked = {item.ref for covered in criteria for item in covered.blocked} - counting.keys()
    accepted = sum(item.state == "accepted" for item in counting.values())
    return accepted, len(counting) - accepted, len(blocked)
