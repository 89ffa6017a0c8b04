"""The maturity index: every official result we know, and what holds for any evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.datafile import read_yaml
from evidence.edition import Edition, open_edition
from evidence.errors import InvalidInput
from evidence.maturity import MaturityIndex, display, maturity_index, predicate

SPBE = "permenpanrb-59-2020"
GOLDEN = read_yaml("golden-cases.yaml", (Path(__file__).parents[1] / "golden" / "golden-cases.yaml").read_text("utf-8"))
FULL = {case["id"]: case for case in GOLDEN.items("full_cases")}


def levels_of(edition: Edition, values: list[Any] | Mapping[str, Any]) -> dict[str, Fraction | None]:
    """Levels by indicator code; a list is in the instrument's order."""
    codes = [indicator.code for indicator in edition.instrument.indicators]
    pairs = values.items() if isinstance(values, dict) else zip(codes, values, strict=True)
    return {code: Fraction(str(value)) for code, value in pairs}


def shown(values: Mapping[str, Fraction]) -> list[str]:
    return [display(value) for value in values.values()]


def printed(values: list[Any]) -> list[str]:
    return [display(Fraction(str(value))) for value in values]


# -------------------------------------------------------------------------------------------- official results


@pytest.mark.parametrize(
    "case", [case for case in FULL.values() if "levels" in case and "index" in case], ids=lambda c: c["id"]
)
def test_an_official_result_is_computed_exactly_as_it_was_printed(case: dict[str, Any]) -> None:
    edition = open_edition(case["instrument"], case["year"])
    result = maturity_index(edition, levels_of(edition, case["levels"]), submitted=True)
    assert display(result.index) == display(Fraction(case["index"]))
    assert result.predicate == case["predicate"]
    assert shown(result.domains) == printed(case["domains"])
    if "aspects" in case:
        assert shown(result.aspects) == printed(case["aspects"])


def test_the_official_pemdi_result_is_met_within_the_rounding_of_its_scores() -> None:
    case = FULL["aceh-tengah-2026-pemdi"]
    edition = open_edition(case["instrument"], case["year"])
    result = maturity_index(edition, levels_of(edition, case["scores"]), submitted=True)
    assert abs(result.index - Fraction(case["index"])) <= Fraction(1, 100)
    assert result.predicate == case["predicate"]
    assert result.domains == {}
    for aspect, official in zip(result.aspects.values(), case["aspects"], strict=True):
        assert abs(aspect - Fraction(str(official))) <= Fraction(1, 100)


def test_a_self_assessment_without_an_official_index_agrees_with_the_independent_calculation() -> None:
    case = FULL["denpasar-2021-self"]
    edition = open_edition(SPBE, 2021)
    assert display(maturity_index(edition, levels_of(edition, case["levels"]), submitted=True).index) == "3,75"


def domain_solutions(edition: Edition, domain: str, shown_as: str) -> Iterator[dict[str, Fraction | None]]:
    """Whole levels of a domain's indicators that display as the row says: one for every sum that does.

    Indicators of equal weight are interchangeable, so only the sum of each weight's levels matters.
    """
    instrument = edition.instrument
    aspects = {aspect.code for aspect in instrument.aspects if aspect.domain == domain}
    groups: dict[Fraction, list[str]] = {}
    for indicator in instrument.indicators:
        if indicator.aspect in aspects:
            groups.setdefault(indicator.weight, []).append(indicator.code)
    weight = next(d.weight for d in instrument.domains if d.code == domain)
    for sums in product(*(range(len(codes), 5 * len(codes) + 1) for codes in groups.values())):
        if display(sum(map(Fraction.__mul__, groups, map(Fraction, sums)), Fraction(0)) / weight) == shown_as:
            yield {
                code: Fraction(total // len(codes) + (place < total % len(codes)))
                for codes, total in zip(groups.values(), sums, strict=True)
                for place, code in enumerate(codes)
            }


def results(edition: Edition, row: dict[str, Any]) -> Iterator[MaturityIndex]:
    """Every result whose domains are displayed as in the row."""
    domains = [
        list(domain_solutions(edition, domain.code, value))
        for domain, value in zip(edition.instrument.domains, printed(row["domains"]), strict=True)
    ]
    for parts in product(*domains):
        yield maturity_index(edition, {code: level for part in parts for code, level in part.items()}, submitted=True)


@pytest.mark.parametrize(
    "row",
    [*GOLDEN.items("domain_level_rows"), FULL["aceh-tengah-2025-domains"]],
    ids=lambda row: f"{row['institution']} {row['year']}",
)
def test_whole_levels_exist_that_are_shown_exactly_as_an_official_row(row: dict[str, Any]) -> None:
    edition = open_edition(SPBE, row["year"])
    found = [
        result
        for result in results(edition, row)
        if shown(result.domains) == printed(row["domains"]) and display(result.index) == printed([row["index"]])[0]
    ]
    assert row["predicate"] in {result.predicate for result in found}


def test_the_worked_examples_of_the_regulation_come_out() -> None:
    edition = open_edition(SPBE, 2021)
    aspect, domain, index = GOLDEN.items("worked_examples_in_regulation")
    ones = {indicator.code: Fraction(1) for indicator in edition.instrument.indicators}
    levels = ones | {str(code): Fraction(level) for code, level in aspect["levels"].items()}
    assert maturity_index(edition, levels, submitted=True).aspects["2"] == Fraction(aspect["aspect_index"])

    by_aspect = {str(code): Fraction(value) for code, value in domain["aspect_indexes"].items()}
    levels = {i.code: by_aspect.get(i.aspect, Fraction(1)) for i in edition.instrument.indicators}
    assert maturity_index(edition, levels, submitted=True).domains["2"] == Fraction(domain["domain_index"])

    domain_of = {aspect.code: aspect.domain or "" for aspect in edition.instrument.aspects}
    by_domain = {str(code): Fraction(value) for code, value in index["domain_indexes"].items()}
    levels = {i.code: by_domain[domain_of[i.aspect]] for i in edition.instrument.indicators}
    assert display(maturity_index(edition, levels, submitted=True).index) == display(Fraction(index["index"]))


# ------------------------------------------------------------------------------------------ rounding and words


@pytest.mark.parametrize(
    ("exact", "text"), [("2.985", "2,99"), ("2.9849999", "2,98"), ("1.805", "1,81"), ("5", "5,00"), ("0", "0,00")]
)
def test_a_number_is_shown_with_two_decimals_rounded_half_up(exact: str, text: str) -> None:
    assert display(Fraction(exact)) == text


@pytest.mark.parametrize(
    ("year", "index", "word"),
    [
        (2024, "1.7975", "Kurang"),
        (2023, "1.7975", "Cukup"),
        (2024, "3.4985", "Baik"),
        (2024, "2.5985", "Cukup"),
        (2024, "2.6", "Baik"),
        (2024, "3.5", "Sangat Baik"),
        (2024, "4.2", "Memuaskan"),
        (2024, "0", "Kurang"),
    ],
)
def test_the_predicate_follows_the_exact_index_and_in_2023_the_rounded_one(year: int, index: str, word: str) -> None:
    assert predicate(open_edition(SPBE, year), Fraction(index)) == word


def test_an_indicator_without_evidence_counts_1_if_the_evaluation_was_submitted_and_0_if_not() -> None:
    edition = open_edition(SPBE, 2025)
    nothing: dict[str, Fraction | None] = {indicator.code: None for indicator in edition.instrument.indicators}
    assert maturity_index(edition, nothing, submitted=True).index == 1
    assert maturity_index(edition, nothing, submitted=False).index == 0


def test_a_level_that_is_missing_unknown_or_out_of_range_is_refused() -> None:
    edition = open_edition(SPBE, 2025)
    levels: dict[str, Fraction | None] = {indicator.code: Fraction(1) for indicator in edition.instrument.indicators}
    with pytest.raises(InvalidInput, match="48"):
        maturity_index(edition, levels | {"48": Fraction(1)}, submitted=True)
    with pytest.raises(InvalidInput, match="12"):
        maturity_index(edition, {code: level for code, level in levels.items() if code != "12"}, submitted=True)
    for level in (0, 6):
        with pytest.raises(InvalidInput, match=f"indikator 12 di luar 1 sampai 5: {level}"):
            maturity_index(edition, levels | {"12": Fraction(level)}, submitted=True)


@st.composite
def evaluations(draw: st.DrawFn) -> tuple[Edition, dict[str, Fraction | None]]:
    """Any instrument with any levels, decimal ones where the instrument has them."""
    name, year = draw(st.sampled_from([(SPBE, 2025), ("permenpanrb-5-2018", 2018), ("permenpanrb-8-2026-pemdi", 2026)]))
    edition = open_edition(name, year)
    level = st.integers(100, 500).map(lambda n: Fraction(n, 100)) if year == 2026 else st.integers(1, 5).map(Fraction)
    codes = [indicator.code for indicator in edition.instrument.indicators]
    return edition, dict(zip(codes, draw(st.lists(level, min_size=len(codes), max_size=len(codes))), strict=True))


@settings(deadline=None)
@given(evaluations())
def test_the_index_lies_between_the_lowest_and_the_highest_level(
    evaluation: tuple[Edition, dict[str, Fraction | None]],
) -> None:
    edition, levels = evaluation
    values = [level for level in levels.values() if level is not None]
    result = maturity_index(edition, levels, submitted=True)
    for number in (result.index, *result.aspects.values(), *result.domains.values()):
        assert min(values) <= number <= max(values)


@settings(deadline=None)
@given(evaluations(), st.data())
def test_raising_one_level_raises_the_index_by_its_weight(
    evaluation: tuple[Edition, dict[str, Fraction | None]], data: st.DataObject
) -> None:
    edition, levels = evaluation
    indicator = data.draw(st.sampled_from(edition.instrument.indicators))
    before = maturity_index(edition, levels | {indicator.code: Fraction(1)}, submitted=True).index
    after = maturity_index(edition, levels | {indicator.code: Fraction(4)}, submitted=True).index
    assert after - before == indicator.weight * 3 / 100
