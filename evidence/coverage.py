"""What the evidence covers: the state of every criterion, the level every indicator reaches, and what holds it back.

Pure: the same evidence in any order gives the same coverage, and one more valid document never lowers anything.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from evidence.edition import Criterion, Demand, Edition
from evidence.values import Evidence
from evidence.wording import spell_day

IGNORED = frozenset({"rejected", "returned"})  # a person's rejection always wins

# Level -> those of its own demands that are not met.
Unmet = Mapping[Fraction, tuple[Demand, ...]]


@dataclass(frozen=True, slots=True)
class CriterionCoverage:
    """`state`: met, partial, open or blocked (only evidence that may not count).

    `evidence` supports the criterion, fully or in part; `blocked` would, were it not for its objections.
    `reason` says in Indonesian why a partial one is only partial.
    """

    criterion: Criterion
    state: str
    evidence: tuple[Evidence, ...] = ()
    blocked: tuple[Evidence, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class IndicatorCoverage:
    """`level` is None without any evidence ("–"); `next_level` is the one to work for, None at the top.

    `unmet` maps every level to those of its own demands that are not met; `missing` is what keeps `next_level` from
    being reached. `holding` are the criterion keys that `missing` names; of a demand with several keys one is enough.
    """

    indicator: str
    level: Fraction | None
    criteria: tuple[CriterionCoverage, ...]
    unmet: Unmet
    next_level: Fraction | None
    missing: tuple[Demand, ...]

    @property
    def holding(self) -> tuple[str, ...]:
        return _keys(self.missing)


@dataclass(frozen=True, slots=True)
class Coverage:
    edition: Edition
    indicators: Mapping[str, IndicatorCoverage]

    @property
    def levels(self) -> Mapping[str, Fraction | None]:
        return {code: indicator.level for code, indicator in self.indicators.items()}


@dataclass(frozen=True, slots=True)
class Gain:
    """What reaching `target` adds to the index, in index points, and what is still missing for it."""

    indicator: str
    current: Fraction | None
    target: Fraction
    points: Fraction
    missing: tuple[Demand, ...]

    @property
    def holding(self) -> tuple[str, ...]:
        return _keys(self.missing)


def _keys(demands: Iterable[Demand]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for demand in demands for key in demand.keys))


def measure(edition: Edition, evidence: Collection[Evidence], on: date) -> Coverage:
    """Coverage of every indicator on the assessment date `on`. Evidence for keys of other years counts as existing."""
    by_indicator: dict[str, list[Evidence]] = defaultdict(list)
    for item in evidence:
        if item.state not in IGNORED:
            by_indicator[item.criterion.partition(".")[0]].append(item)
    return Coverage(
        edition,
        {
            indicator.code: _measure_indicator(edition, indicator.code, by_indicator[indicator.code], on)
            for indicator in edition.instrument.indicators
        },
    )


def _measure_indicator(edition: Edition, code: str, evidence: Collection[Evidence], on: date) -> IndicatorCoverage:
    # Accepted evidence first, then the surest; the order the caller happens to have must not show.
    by_key: dict[str, list[Evidence]] = defaultdict(list)
    for item in sorted(evidence, key=lambda e: (e.state != "accepted", -e.score, e.document, e.ref, e.dated, e.value)):
        by_key[item.criterion].append(item)
    criteria = tuple(_judge(edition, criterion, by_key, on) for criterion in edition.criteria[code])
    unmet = {
        level: tuple(demand for demand in demands if not _met(demand, by_key, on))
        for level, demands in edition.demands[code].items()
    }
    level = _level(unmet) if any(_exists(item) for item in evidence) else None
    target = _next(unmet, level)
    missing = _missing(unmet, target) if target is not None else ()
    return IndicatorCoverage(code, level, criteria, unmet, target, missing)


def _judge(edition: Edition, criterion: Criterion, by_key: Mapping[str, list[Evidence]], on: date) -> CriterionCoverage:
    demand = criterion.demand
    fitting = _of(by_key, demand.accepts)
    usable = tuple(item for item in fitting if not item.blocked)
    blocked = tuple(item for item in fitting if item.blocked)
    faults = [_fault(demand, item, on) for item in usable]
    if "" in faults:
        good = tuple(item for item, fault in zip(usable, faults, strict=True) if not fault)
        return CriterionCoverage(criterion, "met", good, blocked)
    weaker = tuple(item for item in _of(by_key, demand.weaker) if not item.blocked)
    if usable or weaker:
        reason = faults[0] if faults else f"Baru: {edition.instrument.names[weaker[0].criterion]}."
        return CriterionCoverage(criterion, "partial", usable + weaker, blocked, reason)
    return CriterionCoverage(criterion, "blocked" if blocked else "open", (), blocked)


def _of(by_key: Mapping[str, list[Evidence]], keys: Iterable[str]) -> list[Evidence]:
    return [item for key in keys for item in by_key.get(key, ())]


def _met(demand: Demand, by_key: Mapping[str, list[Evidence]], on: date) -> bool:
    return any(not item.blocked and not _fault(demand, item, on) for item in _of(by_key, demand.accepts))


def _exists(item: Evidence) -> bool:
    """A draft is evidence for level 1; what is revoked or another institution's is no evidence at all."""
    return all(objection.code == "draft" for objection in item.objections if objection.blocks)


def _fault(demand: Demand, item: Evidence, on: date) -> str:
    """Why this evidence fills the demand only in part, in Indonesian; empty if it fills it."""
    if demand.choices and item.criterion in demand.keys and item.value and item.value not in demand.choices:
        wanted = " atau ".join(choice.replace("_", " ") for choice in demand.choices)
        return f"Menyebut {item.value.replace('_', ' ')}, yang diminta {wanted}."
    if demand.max_age_months is None:
        return ""
    limit = f"kurang dari {demand.max_age_months} bulan pada {spell_day(on)}"
    try:
        dated = date.fromisoformat(item.dated)
    except ValueError:
        return f"Tanggalnya tidak diketahui; umurnya harus {limit}."
    if _months_later(dated, demand.max_age_months) <= on:
        return f"Bertanggal {spell_day(dated)}; umurnya harus {limit}."
    return ""


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _level(unmet: Unmet) -> Fraction:
    """Levels are cumulative: the highest one up to which nothing is unmet; with any evidence at least level 1."""
    reached = Fraction(1)
    for level, demands in sorted(unmet.items()):
        if demands:
            break
        reached = level
    return reached


def _next(unmet: Unmet, level: Fraction | None) -> Fraction | None:
    # Level 1 needs nothing but to be submitted, so without evidence the next one to work for is level 2.
    return min((number for number in unmet if number > (level or 1)), default=None)


def _missing(unmet: Unmet, target: Fraction) -> tuple[Demand, ...]:
    """What is unmet up to `target`, without demands that another one of them includes (partial scope in full scope)."""
    demands = [demand for level, found in sorted(unmet.items()) if level <= target for demand in found]
    return tuple(demand for demand in demands if not any(_includes(other, demand) for other in demands))


def _includes(one: Demand, other: Demand) -> bool:
    return (
        set(one.accepts) < set(other.accepts)
        and other.choices in ((), one.choices)
        and other.max_age_months in (None, one.max_age_months)
    )


def gains(edition: Edition, coverage: Coverage, targets: Mapping[str, Fraction] | None = None) -> tuple[Gain, ...]:
    """What to fix first: each indicator's step to its target (else its next level), the largest gain first; of equal
    gains the one that needs the fewest criteria.

    An indicator without evidence starts at 1, the level it has in any evaluation that is submitted.
    """
    found = []
    for indicator in edition.instrument.indicators:
        state = coverage.indicators[indicator.code]
        target = (targets or {}).get(indicator.code, state.next_level)
        start = state.level or Fraction(1)
        if target is None or target <= start:
            continue
        missing = _missing(state.unmet, target)
        points = indicator.weight * (target - start) / 100
        found.append(Gain(indicator.code, state.level, target, points, missing))
    return tuple(sorted(found, key=lambda gain: (-gain.points, len(gain.missing))))
