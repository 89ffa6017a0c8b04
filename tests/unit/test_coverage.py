"""Coverage: which criteria the evidence fills, which level follows, and what is still missing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.coverage import CriterionCoverage, IndicatorCoverage, gains, measure
from evidence.edition import Edition, open_edition
from evidence.maturity import maturity_index
from evidence.values import Evidence, Objection

SPBE = "permenpanrb-59-2020"
CUTOFF = date(2025, 7, 31)
FRESH = "2025-03-14"
DRAFT = Objection("draft", blocks=True, detail="Masih rancangan.")
REVOKED = Objection("revoked", blocks=True, detail="Sudah dicabut.")
REMARK = Objection("secretary_decree", blocks=False, detail="Perlu dilihat asesor.")

# What a city needs for level 3 of indicator 2, the policy on the SPBE road map.
ROAD_MAP = ["tata_kelola", "manajemen", "layanan", "infrastruktur", "aplikasi", "keamanan", "audit_tik"]
LEVEL_3_OF_2 = ["2.document_established", *(f"2.element:{element}" for element in ROAD_MAP)]


def some(
    criterion: str, *objections: Objection, dated: str = FRESH, value: str = "", state: str = "accepted"
) -> Evidence:
    ref = f"{criterion} {dated} {value} {state}"
    return Evidence(ref, criterion, state, document="d", dated=dated, value=value, objections=objections)


def covered(indicator: str, evidence: Iterable[Evidence | str], year: int = 2025) -> IndicatorCoverage:
    items = [some(item) if isinstance(item, str) else item for item in evidence]
    return measure(open_edition(SPBE, year), items, CUTOFF).indicators[indicator]


def of(key: str, evidence: Iterable[Evidence | str], year: int = 2025) -> CriterionCoverage:
    return next(c for c in covered(key.partition(".")[0], evidence, year).criteria if c.criterion.key == key)


def up_to(edition: Edition, indicator: str, level: int) -> list[str]:
    """Every key that is asked up to a level, and one of those of which some are enough."""
    asked = [criterion for criterion in edition.criteria[indicator] if not criterion.accepted]
    enough = [criterion.key for criterion in asked if criterion.level <= level < criterion.needed]
    return [criterion.key for criterion in asked if criterion.needed <= level] + enough[:1]


# --------------------------------------------------------------------------------------------------- levels


def test_without_evidence_an_indicator_has_no_level_and_nothing_is_met() -> None:
    result = covered("2", [])
    assert result.level is None
    assert {criterion.state for criterion in result.criteria} == {"open"}


def test_a_draft_holds_level_1_but_meets_no_criterion() -> None:
    result = covered("2", [some(key, DRAFT) for key in LEVEL_3_OF_2])
    assert result.level == 1
    assert of("2.document_established", [some("2.document_established", DRAFT)]).state == "blocked"


def test_a_revoked_act_is_no_evidence_at_all() -> None:
    assert covered("2", [some(key, REVOKED) for key in LEVEL_3_OF_2]).level is None


def test_a_remark_for_the_assessor_does_not_stop_a_document_from_counting() -> None:
    assert covered("2", [some(key, REMARK) for key in LEVEL_3_OF_2]).level == 3


def test_an_established_policy_with_one_element_reaches_level_2() -> None:
    assert covered("2", ["2.document_established", "2.element:audit_tik"]).level == 2


def test_a_policy_without_any_element_stays_at_level_1_and_one_element_would_do() -> None:
    result = covered("2", ["2.document_established"])
    assert result.level == 1
    assert result.next_level == 2
    assert [len(demand.keys) for demand in result.missing] == [7]


def test_all_elements_reach_level_3_and_one_missing_holds_it_back_by_name() -> None:
    assert covered("2", LEVEL_3_OF_2).level == 3
    result = covered("2", [key for key in LEVEL_3_OF_2 if key != "2.element:keamanan"])
    assert result.level == 2
    assert result.holding == ("2.element:keamanan",)


def test_levels_are_cumulative() -> None:
    followed = ["2.reviewed", "2.followed_up", "2.new_document_established", "2.prior_document"]
    assert covered("2", ["2.document_established", *followed]).level == 1


@pytest.mark.parametrize("year", [2021, 2022, 2023, 2024, 2025])
def test_all_that_a_year_asks_up_to_a_level_reaches_exactly_that_level(year: int) -> None:
    edition = open_edition(SPBE, year)
    for level in (2, 3, 4, 5):
        keys = [key for indicator in edition.criteria for key in up_to(edition, indicator, level)]
        levels = measure(edition, [some(key) for key in keys], CUTOFF).levels
        assert set(levels.values()) == {level}


def test_one_policy_passage_may_serve_several_criteria_and_indicators() -> None:
    evidence = [some("1.document_established"), some("2.document_established")]
    same = [replace(item, ref="hal. 4", document="perwali") for item in evidence]
    states = [of("1.document_established", same).state, of("2.document_established", same).state]
    assert states == ["met", "met"]


def test_a_passage_for_the_indicator_alone_holds_level_1() -> None:
    assert covered("2", ["2"]).level == 1


# ---------------------------------------------------------------------------- what fills what, and what does not


def test_full_scope_includes_partial_scope() -> None:
    assert covered("5", ["5.document_established", "5.scope:all"]).level == 3


def test_partial_scope_fills_full_scope_only_in_part_and_says_so() -> None:
    result = of("5.scope:all", ["5.scope:partial"])
    assert result.state == "partial"
    assert result.reason == "Baru: Cakupan sebagian unit kerja/perangkat daerah."
    assert [item.criterion for item in result.evidence] == ["5.scope:partial"]


def test_a_service_with_transactions_needs_no_proof_of_the_lower_steps() -> None:
    assert covered("33", ["33.capability:transaksi"]).level == 3


def test_integration_of_a_service_is_its_collaboration() -> None:
    assert covered("33", ["33.integration"]).level == 4
    assert covered("33", ["33.capability:kolaborasi"]).level == 4


def test_an_optimised_service_still_needs_the_review_findings_since_2023() -> None:
    assert covered("33", ["33.capability:optimum"], 2021).level == 5
    result = covered("33", ["33.capability:optimum"], 2023)
    assert result.level == 4
    assert result.holding == ("33.review_has_issues_and_recommendations", "33.improvement")


def test_an_external_auditor_also_satisfies_the_internal_one() -> None:
    assert of("29.auditor:internal", ["29.auditor:external_certified"]).state == "met"
    assert of("29.auditor:external_certified", ["29.auditor:internal"]).state == "open"


@pytest.mark.parametrize(
    ("alternative", "replaced", "since"),
    [
        ("12.governance_strengthening", "12.prior_document", 2024),
        ("12.governance_strengthening", "12.new_document_established", 2024),
        ("21.governance_strengthening", "21.improvement_documented", 2024),
        ("2.derived_policy", "2.new_document_established", 2023),
        ("22.csirt", "22.strategy_set_by", 2024),
        ("45.mpp_digital", "45.capability:kolaborasi", 2023),
    ],
)
def test_an_accepted_alternative_fills_what_it_replaces_and_is_never_missing(
    alternative: str, replaced: str, since: int
) -> None:
    assert of(replaced, [alternative], since).state == "met"
    assert of(replaced, [alternative], since - 1).state == "open"
    edition = open_edition(SPBE, since)
    assert alternative not in {
        key
        for indicator in measure(edition, [], CUTOFF).indicators.values()
        for demands in indicator.unmet.values()
        for demand in demands
        for key in demand.keys
    }


def test_metadata_in_the_national_system_stands_for_the_architecture_at_level_2_only() -> None:
    evidence = ["11.sia_spbe_metadata", *(key for key in up_to(open_edition(SPBE, 2025), "11", 3) if "element" in key)]
    assert covered("11", evidence).level == 2
    assert covered("11", evidence).holding == ("11.document_formal",)
    assert of("11.document_formal", evidence).state == "partial"


def test_a_strategy_set_by_the_wrong_body_counts_in_part_only() -> None:
    result = of("24.strategy_set_by", [some("24.strategy_set_by", value="unit_pengelola_tik")])
    assert result.state == "partial"
    assert result.reason == "Menyebut unit pengelola tik, yang diminta tim koordinasi spbe."
    assert of("24.strategy_set_by", [some("24.strategy_set_by", value="tim_koordinasi_spbe")]).state == "met"
    assert of("24.strategy_set_by", ["24.strategy_set_by"]).state == "met"


# ------------------------------------------------------------------------------------------------------ ages


@pytest.mark.parametrize(
    ("dated", "state", "reason"),
    [
        ("2023-08-01", "met", ""),
        ("2023-07-31", "partial", "Bertanggal 31 Juli 2023; umurnya harus kurang dari 24 bulan pada 31 Juli 2025."),
        ("", "partial", "Tanggalnya tidak diketahui; umurnya harus kurang dari 24 bulan pada 31 Juli 2025."),
        ("2024", "partial", "Tanggalnya tidak diketahui; umurnya harus kurang dari 24 bulan pada 31 Juli 2025."),
    ],
)
def test_since_2024_a_review_must_be_younger_than_two_years(dated: str, state: str, reason: str) -> None:
    result = of("2.reviewed", [some("2.reviewed", dated=dated)], 2025)
    assert (result.state, result.reason) == (state, reason)


def test_before_2024_the_age_of_a_review_does_not_matter() -> None:
    assert of("2.reviewed", [some("2.reviewed", dated="")], 2023).state == "met"


def test_a_review_of_a_leap_day_is_too_old_two_years_later_on_28_february() -> None:
    edition = open_edition(SPBE, 2025)
    evidence = [some("2.reviewed", dated="2024-02-29")]
    states = {}
    for day in (date(2026, 2, 27), date(2026, 2, 28)):
        criteria = measure(edition, evidence, day).indicators["2"].criteria
        states[day.day] = next(c.state for c in criteria if c.criterion.key == "2.reviewed")
    assert states == {27: "met", 28: "partial"}


def test_an_audit_older_than_two_years_does_not_hold_level_2() -> None:
    evidence = ["29.planned", "29.in_peta_rencana"]
    assert covered("29", [*evidence, some("29.element:kinerja", dated="2024-01-09")]).level == 2
    assert covered("29", [*evidence, some("29.element:kinerja", dated="2021-01-09")]).level == 1


# ------------------------------------------------------------------------------------- people and objections


@pytest.mark.parametrize("state", ["rejected", "returned"])
def test_what_a_person_rejected_or_sent_back_never_counts(state: str) -> None:
    result = covered("2", [some(key, state=state) for key in LEVEL_3_OF_2])
    assert result.level is None
    assert {criterion.state for criterion in result.criteria} == {"open"}


def test_a_criterion_with_blocked_evidence_alone_is_blocked_and_keeps_it_visible() -> None:
    evidence = some("2.reviewed", REVOKED)
    result = of("2.reviewed", [evidence])
    assert (result.state, result.evidence, result.blocked) == ("blocked", (), (evidence,))


def test_blocked_evidence_does_no_harm_beside_valid_evidence() -> None:
    result = of("2.reviewed", ["2.reviewed", some("2.reviewed", REVOKED, dated="2025-01-01")])
    assert result.state == "met"
    assert len(result.blocked) == 1


def test_accepted_evidence_is_named_before_proposals() -> None:
    proposal = some("2.reviewed", state="proposed")
    accepted = replace(some("2.reviewed"), score=0.6)
    assert of("2.reviewed", [proposal, accepted]).evidence == (accepted, proposal)


# ----------------------------------------------------------------------------------------------------- gains


def test_the_largest_gain_comes_first_and_of_equal_ones_the_one_that_needs_least() -> None:
    edition = open_edition(SPBE, 2025)
    evidence = [some("44.capability:transaksi"), some("11.document_formal"), some("12.document_formal")]
    found = gains(edition, measure(edition, evidence, CUTOFF))
    assert found[0].points == Fraction("0.03")
    assert [gain.points for gain in found] == sorted((gain.points for gain in found), reverse=True)
    by_code = {gain.indicator: gain for gain in found}
    assert by_code["44"].holding == ("44.capability:kolaborasi",)
    assert by_code["44"].current == 3
    assert by_code["44"].target == 4
    places = {gain.indicator: place for place, gain in enumerate(found)}
    assert places["11"] < places["14"]  # both 2.5: one element is missing, not two criteria


def test_a_target_two_levels_up_names_everything_up_to_it_once() -> None:
    edition = open_edition(SPBE, 2025)
    coverage = measure(edition, [some("5.document_established")], CUTOFF)
    gain = next(gain for gain in gains(edition, coverage, {"5": Fraction(3)}) if gain.indicator == "5")
    assert gain.points == Fraction("0.026")
    assert gain.holding == ("5.scope:all",)


def test_an_indicator_at_the_top_or_at_its_target_has_nothing_to_gain() -> None:
    edition = open_edition(SPBE, 2025)
    keys = up_to(edition, "2", 5)
    coverage = measure(edition, [some(key) for key in keys], CUTOFF)
    assert coverage.indicators["2"].next_level is None
    assert "2" not in {gain.indicator for gain in gains(edition, coverage)}
    assert "3" not in {gain.indicator for gain in gains(edition, coverage, {"3": Fraction(1)})}


def test_the_gain_is_what_the_index_really_grows_by() -> None:
    edition = open_edition(SPBE, 2025)
    coverage = measure(edition, [some(key) for key in LEVEL_3_OF_2], CUTOFF)
    before = maturity_index(edition, coverage.levels, submitted=True).index
    for gain in gains(edition, coverage):
        levels = {**coverage.levels, gain.indicator: gain.target}
        assert maturity_index(edition, levels, submitted=True).index - before == gain.points


def test_pemdi_counts_its_items_level_by_level() -> None:
    edition = open_edition("permenpanrb-8-2026-pemdi", 2026)
    items = [criterion.key for criterion in edition.criteria["1"] if criterion.level <= 2]
    assert measure(edition, [some(key) for key in items], CUTOFF).levels["1"] == 2
    assert measure(edition, [some(key) for key in items[:-1]], CUTOFF).indicators["1"].holding == (items[-1],)


# ------------------------------------------------------------------------------------------------ properties

KEYS = sorted(
    key for key in open_edition(SPBE, 2025).instrument.names if key.partition(".")[0] in ("2", "11", "22", "29", "45")
)
STATES = ["open", "blocked", "partial", "met"]


@st.composite
def evidences(draw: st.DrawFn) -> Evidence:
    """Any evidence: any key, date, value and objections; not rejected."""
    key = draw(st.sampled_from(KEYS))
    objections = draw(st.sampled_from([(), (), (), (DRAFT,), (REVOKED,), (REMARK,)]))
    dated = draw(st.sampled_from(["", FRESH, "2020-02-29"]))
    value = draw(st.sampled_from(["", "tim_koordinasi_spbe", "unit_pengelola_tik"]))
    ref = str(draw(st.integers(0, 10**9)))
    state = draw(st.sampled_from(["accepted", "proposed"]))
    return Evidence(ref, key, state, document="d", dated=dated, value=value, objections=objections)


many = st.lists(evidences(), max_size=25, unique_by=lambda item: item.ref)


@settings(deadline=None)
@given(many, evidences(), st.sampled_from([2021, 2023, 2025]))
def test_one_more_document_never_lowers_a_level_nor_opens_a_criterion(
    evidence: list[Evidence], one_more: Evidence, year: int
) -> None:
    edition = open_edition(SPBE, year)
    before = measure(edition, evidence, CUTOFF)
    after = measure(edition, [*evidence, one_more], CUTOFF)
    for code, indicator in before.indicators.items():
        assert (after.levels[code] or 0) >= (indicator.level or 0)
        for was, now in zip(indicator.criteria, after.indicators[code].criteria, strict=True):
            assert STATES.index(now.state) >= STATES.index(was.state)


@settings(deadline=None)
@given(many, st.data())
def test_the_order_of_the_evidence_never_matters(evidence: list[Evidence], data: st.DataObject) -> None:
    edition = open_edition(SPBE, 2025)
    shuffled = data.draw(st.permutations(evidence))
    assert measure(edition, shuffled, CUTOFF) == measure(edition, evidence, CUTOFF)


@settings(deadline=None)
@given(many)
def test_filling_what_is_missing_raises_every_indicator_to_its_next_level(evidence: list[Evidence]) -> None:
    edition = open_edition(SPBE, 2025)
    before = measure(edition, evidence, CUTOFF)
    fill = [some(key) for indicator in before.indicators.values() for key in indicator.holding]
    after = measure(edition, [*evidence, *fill], CUTOFF)
    for code, indicator in before.indicators.items():
        assert bool(indicator.missing) == (indicator.next_level is not None)
        assert (after.levels[code] or 0) >= (indicator.next_level or 0)
