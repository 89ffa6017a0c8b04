"""The maturity index: exact fractions from levels to index and predicate; rounding only where a number is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from evidence.edition import Edition
from evidence.errors import InvalidInput
from evidence.instrument import Instrument


@dataclass(frozen=True, slots=True)
class MaturityIndex:
    """`aspects` and `domains` by code. All numbers are exact; show them with `display`."""

    index: Fraction
    predicate: str
    aspects: Mapping[str, Fraction]
    domains: Mapping[str, Fraction]


def maturity_index(edition: Edition, levels: Mapping[str, Fraction | None], submitted: bool) -> MaturityIndex:
    """Index of an evaluation with one level per indicator.

    An indicator without evidence (None) counts 1 in an evaluation that was `submitted`, else 0.
    PermenPANRB 59/2020, Lampiran I: aspect = mean of its indicators by weight, domain of its aspects, index of all.
    """
    instrument = edition.instrument
    without = Fraction(1 if submitted else 0)
    scores = {code: without if level is None else level for code, level in _checked(instrument, levels)}
    weights = {indicator.code: indicator.weight for indicator in instrument.indicators}
    aspects = {
        aspect.code: sum((scores[code] * weights[code] for code in aspect.indicators), Fraction(0)) / aspect.weight
        for aspect in instrument.aspects
    }
    domains = {
        domain.code: sum(
            (aspects[a.code] * a.weight for a in instrument.aspects if a.domain == domain.code), Fraction(0)
        )
        / domain.weight
        for domain in instrument.domains
    }
    index = sum((aspects[aspect.code] * aspect.weight for aspect in instrument.aspects), Fraction(0)) / 100
    return MaturityIndex(index, predicate(edition, index), aspects, domains)


def predicate(edition: Edition, index: Fraction) -> str:
    """The band of an exact index; the year 2023 took it from the rounded number, all others from the exact one."""
    value = rounded(index) if edition.year in edition.instrument.rounded_years else index
    bands = edition.instrument.predicates  # highest first
    return next((band.name for band in bands if value >= band.minimum), bands[-1].name)


def rounded(value: Fraction) -> Fraction:
    """Two decimals, half up: 1,233 of 1,233 official results of 2023-2024 are rounded so."""
    return Fraction(floor(value * 100 + Fraction(1, 2)), 100)


def display(value: Fraction) -> str:
    """As people write it: 2,98."""
    cents = int(rounded(value) * 100)
    return f"{cents // 100},{cents % 100:02d}"


def _checked(instrument: Instrument, levels: Mapping[str, Fraction | None]) -> Iterable[tuple[str, Fraction | None]]:
    codes = {indicator.code for indicator in instrument.indicators}
    if codes != levels.keys():
        wrong = ", ".join(sorted(codes ^ levels.keys()))
        raise InvalidInput(f"Tingkat tidak sesuai dengan indikator {instrument.short_name}: {wrong}.")
    for code, level in levels.items():
        lowest, highest = instrument.level_min, instrument.level_max
        if level is not None and not lowest <= level <= highest:
            raise InvalidInput(f"Tingkat indikator {code} di luar {lowest} sampai {highest}: {level}.")
    return levels.items()
