"""What each level asks in one year: instrument facts and the guideline of the year, turned into criteria and demands.

Conventions of the keys: `evidence/instruments/permenpanrb-59-2020-keys.txt`; of the years: `edition_overlay_rule`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from evidence.errors import InstrumentError
from evidence.instrument import CriterionRules, Facts, Indicator, Instrument, Level, load_instrument


@dataclass(frozen=True, slots=True)
class Demand:
    """One thing a level asks. Evidence for any key of `accepts` fills it.

    `keys` are the criteria that are asked: usually one; several where one of them is enough ("some" elements).
    `accepts` adds larger values and accepted alternatives. `weaker` evidence fills it in part only.
    `choices`: the values of which the evidence must name one, if it names any; empty means any.
    `max_age_months`: on the assessment date the evidence must be younger than this.
    """

    keys: tuple[str, ...]
    accepts: tuple[str, ...]
    weaker: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    max_age_months: int | None = None


@dataclass(frozen=True, slots=True)
class Criterion:
    """`level` first asks for the criterion; `needed` cannot be reached without it (later, where first "some" suffice).

    `fills`: codes of the document types that would fill it. `accepted`: its absence is never a gap, because it only
    stands in for another criterion or is only worth a warning. `demand` is the strictest one, which decides its state.
    """

    key: str
    indicator: str
    level: Fraction
    needed: Fraction
    name: str
    fills: tuple[str, ...]
    accepted: bool
    demand: Demand


@dataclass(frozen=True, slots=True)
class Edition:
    """An instrument with the guideline of one year. `demands`: indicator -> level -> what that level adds."""

    instrument: Instrument
    year: int
    criteria: Mapping[str, tuple[Criterion, ...]]
    demands: Mapping[str, Mapping[Fraction, tuple[Demand, ...]]]

    def criterion(self, key: str) -> Criterion | None:
        """The criterion of this key, or None if this year does not ask for it."""
        found = self.criteria.get(key.partition(".")[0], ())
        return next((criterion for criterion in found if criterion.key == key), None)


@lru_cache
def open_edition(instrument_id: str, year: int) -> Edition:
    """The instrument as it is asked in `year`."""
    return make_edition(load_instrument(instrument_id), year)


def make_edition(instrument: Instrument, year: int) -> Edition:
    """As `open_edition`, for an instrument at hand. Every key that is asked must have a name in the instrument."""
    if year not in instrument.years:
        raise InstrumentError(f"{instrument.id} tidak berlaku untuk tahun {year}")
    criteria: dict[str, tuple[Criterion, ...]] = {}
    demands: dict[str, dict[Fraction, tuple[Demand, ...]]] = {}
    for indicator in instrument.indicators:
        if instrument.rules:
            asked = _Year(instrument, instrument.rules, indicator, year)
            demands[indicator.code], criteria[indicator.code] = asked.demands, asked.criteria()
        else:
            demands[indicator.code], criteria[indicator.code] = _items(indicator)
    return Edition(instrument, year, criteria, demands)


def _items(indicator: Indicator) -> tuple[dict[Fraction, tuple[Demand, ...]], tuple[Criterion, ...]]:
    """An instrument without facts: every evidence item is a criterion of its level."""
    demands: dict[Fraction, tuple[Demand, ...]] = {}
    criteria: list[Criterion] = []
    for level in indicator.levels:
        for item in level.items:
            key = f"{indicator.code}.l{level.number}:{item.id}"
            demand = Demand((key,), (key,))
            demands[level.number] = (*demands.get(level.number, ()), demand)
            criteria.append(
                Criterion(
                    key, indicator.code, level.number, level.number, item.name, item.document_types, False, demand
                )
            )
    return demands, tuple(criteria)


class _Year:
    """One indicator in one year."""

    def __init__(self, instrument: Instrument, rules: CriterionRules, indicator: Indicator, year: int) -> None:
        self.names = instrument.names
        self.place = f"{instrument.id}: indikator {indicator.code}"
        self.rules = rules
        self.indicator = indicator
        self.year = year
        self.folds = rules.folds.get(indicator.kind, {})
        # Accepted alternatives of the year -> the first level that offers them.
        self.offered = {
            word: level.number
            for level in reversed(indicator.levels)
            for word in self._overlay(level)
            if word in rules.accepted
        }
        # Keys that only stand in for others -> the level they are named at.
        self.stand_ins = {rules.accepted[word].key: level for word, level in self.offered.items()}
        self.demands = self._demands()

    def _demands(self) -> dict[Fraction, tuple[Demand, ...]]:
        demands: dict[Fraction, tuple[Demand, ...]] = {}
        seen: set[Demand] = set()
        for level, facts in self._facts():
            asked = dict.fromkeys(self._level_demands(level, facts))
            demands[level.number] = tuple(demand for demand in asked if demand not in seen)
            seen.update(asked)
        return demands

    def _facts(self) -> Iterator[tuple[Level, Facts]]:
        """Each level with all that it asks: the regulation, then the guideline's words of this and lower levels."""
        added: dict[str, tuple[str, ...]] = {}
        for level in self.indicator.levels:
            overlay = self._overlay(level)
            added |= {word: values for word, values in overlay.items() if word != "waived"}
            waived = overlay.get("waived", ())  # for this level only
            yield level, {word: values for word, values in level.requires.items() if word not in waived} | added

    def _overlay(self, level: Level) -> Facts:
        """The rule `edition_overlay_rule`: 2023 falls back on 2024; 2021-2022 are as 2023 without its new words."""
        if self.year >= 2024:
            return level.overlays.get(2024, {})
        overlay = level.overlays.get(2023, level.overlays.get(2024, {}))
        if self.year == 2023:
            return overlay
        return {word: values for word, values in overlay.items() if word not in self.rules.new_in_2023}

    def _level_demands(self, level: Level, facts: Facts) -> Iterator[Demand]:
        own = self._overlay(level)
        accepted = {
            alternative.key: alternative.replaces
            for word, alternative in self.rules.accepted.items()
            if word in own or (word in self.offered and not alternative.own_level_only)
        }
        instead = {**self.rules.implies, **self.folds, **accepted}
        for word, keys in self._asked(facts):
            if keys[0] in self.folds:
                self.stand_ins.setdefault(keys[0], level.number)
                continue
            yield Demand(
                keys=tuple(self._full(key) for key in keys),
                accepts=self._known(key for asked in keys for key in self._accepts(asked, instead)),
                weaker=self._known(key for asked in keys for key in self._weaker(asked, accepted)),
                choices=facts.get(self.rules.choices.get(word, ""), ()),
                max_age_months=self._age(word, facts),
            )

    def _asked(self, facts: Facts) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Pairs of a requirement's word and the keys (still without indicator) of which one is enough."""
        counted = tuple(f"element:{element.id}" for element in self.indicator.elements if element.counted)
        for fact, values in facts.items():
            word = self.rules.short.get(fact, fact)
            if fact in self.rules.no_key or fact in self.rules.accepted or fact in self.rules.ages:
                continue
            if fact == "elements_required":
                yield from (("element", (f"element:{element}",)) for element in values)
            elif fact == "elements_min" and values == ("some",):
                yield "element", counted
            elif fact == "elements_min":
                yield from (("element", (key,)) for key in counted)
            elif word in self.rules.choices or not values:
                yield word, (word,)
            else:
                # Of a list of auditors only those on the ladder are keys; the others are examples of the same rank.
                ladder = self.rules.larger.get(word, values)
                yield from ((word, (f"{word}:{value}",)) for value in values if value in ladder)

    def _accepts(self, key: str, instead: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
        """All keys whose evidence fills `key`: itself, larger values, and what stands in for either."""
        yield key
        yield from (other for other, replaced in instead.items() if key in replaced)
        word, _, value = key.partition(":")
        ladder = self.rules.larger.get(word, ())
        if value in ladder[:-1]:
            yield from self._accepts(f"{word}:{ladder[ladder.index(value) + 1]}", instead)

    def _weaker(self, key: str, accepted: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
        """Keys whose evidence is not enough, but something: a partial scope, an alternative of a lower level."""
        word, _, value = key.partition(":")
        ladder = self.rules.larger.get(word, ())
        smaller = ladder[: ladder.index(value)] if value in ladder else ()
        yield from (f"{word}:{part}" for part in smaller if part in self.rules.partial_values)
        for offered in self.offered:
            alternative = self.rules.accepted[offered]
            if key in alternative.replaces and alternative.key not in accepted:
                yield alternative.key

    def _age(self, word: str, facts: Facts) -> int | None:
        for fact, words in self.rules.ages.items():
            if word in words and fact in facts:
                return int(facts[fact][0])
        return None

    def _known(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Full keys of those that exist for this indicator."""
        full = dict.fromkeys(f"{self.indicator.code}.{key}" for key in keys)
        return tuple(key for key in full if key in self.names)

    def criteria(self) -> tuple[Criterion, ...]:
        """What is asked, in the order of the levels; then what only stands in or warns."""
        first: dict[str, Fraction] = {}
        strictest: dict[str, tuple[Fraction, Demand]] = {}
        for level, demands in self.demands.items():
            for demand in demands:
                for key in demand.keys:
                    first.setdefault(key, level)
                    if len(demand.keys) == 1:
                        strictest[key] = (strictest[key][0] if key in strictest else level, demand)
        asked = [
            self._criterion(key, level, *strictest.get(key, (level, Demand((key,), (key,)))))
            for key, level in first.items()
        ]
        others = {self._full(key): level for key, level in self.stand_ins.items()}
        warned = max((level for key, (level, _) in strictest.items() if ".element:" in key), default=None)
        if warned is not None:
            others |= {
                self._full(f"element:{element.id}"): warned
                for element in self.indicator.elements
                if not element.counted
            }
        spare = [
            self._criterion(key, level, level, Demand((key,), (key,)), accepted=True)
            for key, level in others.items()
            if key not in first
        ]
        return (*asked, *spare)

    def _criterion(
        self, key: str, level: Fraction, needed: Fraction, demand: Demand, accepted: bool = False
    ) -> Criterion:
        return Criterion(key, self.indicator.code, level, needed, self.names[key], self._fills(key), accepted, demand)

    def _fills(self, key: str) -> tuple[str, ...]:
        requirement = key.partition(".")[2]
        wanted = {key, requirement, requirement.partition(":")[0]}
        return tuple(
            dict.fromkeys(
                code
                for level in self.indicator.levels
                for group in level.groups
                if wanted & set(self.rules.roles[group.role])
                for code in group.document_types
            )
        )

    def _full(self, key: str) -> str:
        full = f"{self.indicator.code}.{key}"
        if full not in self.names:
            raise InstrumentError(f"{self.place}: kunci kriteria tanpa nama: {full}")
        return full
