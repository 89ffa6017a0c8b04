"""Validity: whether an act is in force on a day, and why a document may not count in a period."""

from __future__ import annotations

from datetime import date

import pytest

from evidence.national import act_name, national_acts
from evidence.validity import Incoming, national_incoming, objections, status
from evidence.values import AssessmentPeriod, Finding, Identity, Objection, Place, Relation, Value
from evidence.wording import spell_iso

CUTOFF = date(2025, 8, 31)
PERIOD = AssessmentPeriod("kota", "Malang", 2025, CUTOFF)
KEY = "perwali|kota-malang|27|2018"
PLACE = Place(0, 3, 10, 40)


def an_act(confidence: float = 0.97, **fields: str) -> Identity:
    """A regulation of Kota Malang in force since 2018, but for what the test says otherwise."""
    values = {
        "doc_type": "perwali", "class": "regulation", "number": "27", "year": "2018", "key": KEY,
        "region_level": "kota", "region_name": "Malang", "date_set": "2018-08-09", "effective_from": "2018-08-10",
    } | fields  # fmt: skip
    return Identity({n: (Value(v, confidence, "title_block", "text", PLACE, v),) for n, v in values.items() if v})


def an_edge(kind: str = "revokes", effective: str = "2022-06-20", scope: str = "all", **fields: str) -> Incoming:
    other = an_act(
        0.97, **({"key": "perwali|kota-malang|14|2022", "date_set": "2022-06-17", "effective_from": ""} | fields)
    )
    return Incoming(Relation(kind, KEY, PLACE, "dicabut", scope, effective), "version-2", other)


def objected(identity: Identity, *findings: Finding, edges: tuple[Incoming, ...] = ()) -> list[Objection]:
    return objections(identity, status(identity, edges, CUTOFF), findings, PERIOD)


def codes(identity: Identity, *findings: Finding, edges: tuple[Incoming, ...] = ()) -> dict[str, bool]:
    return {objection.code: objection.blocks for objection in objected(identity, *findings, edges=edges)}


def test_an_act_that_nothing_was_done_to_is_in_force_and_counts() -> None:
    assert status(an_act(), (), CUTOFF).code == "in_force"
    assert codes(an_act()) == {}


def test_a_repealed_regulation_says_by_what_and_since_when_and_no_longer_counts() -> None:
    found = status(an_act(), [an_edge()], CUTOFF)
    assert (found.code, found.by, found.since) == ("revoked", "Perwali Kota Malang Nomor 14 Tahun 2022", "2022-06-20")
    assert (found.source, found.place, found.quote) == ("version-2", PLACE, "dicabut")
    (objection,) = objected(an_act(), edges=(an_edge(),))
    assert (objection.code, objection.blocks) == ("revoked", True)
    assert objection.detail == "Dicabut dengan Perwali Kota Malang Nomor 14 Tahun 2022, berlaku 20 Juni 2022."


def test_before_its_repeal_takes_effect_an_act_still_counts() -> None:
    assert status(an_act(), [an_edge()], date(2022, 6, 19)).code == "in_force"
    assert status(an_act(), [an_edge()], date(2022, 6, 20)).code == "revoked"


def test_a_repeal_that_names_no_day_takes_effect_with_its_act() -> None:
    assert status(an_act(), [an_edge(effective="")], CUTOFF).since == "2022-06-17"


@pytest.mark.parametrize(
    "edge",
    [
        pytest.param(an_edge(is_draft="true"), id="a draft revokes nothing"),
        pytest.param(an_edge(effective="2017-01-01"), id="an older act revokes no younger one"),
        pytest.param(an_edge(key=KEY), id="an act does not revoke itself"),
        pytest.param(an_edge(effective="", date_set=""), id="a repeal of unknown day is no proof"),
        pytest.param(an_edge(effective="2026-01-01"), id="a repeal to come has not happened"),
    ],
)
def test_what_is_no_repeal(edge: Incoming) -> None:
    assert status(an_act(), [edge], CUTOFF).code == "in_force"


def test_an_act_revoked_in_part_or_amended_stays_in_force_and_counts() -> None:
    part = an_edge("revokes_part", scope="Pasal 5")
    assert status(an_act(), [part], CUTOFF).code == "partly_revoked"
    assert status(an_act(), [an_edge("revokes", scope="Lampiran II")], CUTOFF).code == "partly_revoked"
    assert status(an_act(), [an_edge("amends")], CUTOFF).code == "amended"
    assert codes(an_act(), edges=(part, an_edge("amends"))) == {}


def test_a_repeal_outweighs_an_amendment_whatever_their_order() -> None:
    later = an_edge("amends", effective="2024-01-01")
    assert status(an_act(), [later, an_edge()], CUTOFF).code == "revoked"


def test_a_draft_is_a_draft_even_if_others_speak_of_it_and_blocks() -> None:
    draft = an_act(is_draft="true", number="", key="", date_set="", effective_from="")
    assert status(draft, (), CUTOFF).code == "draft"
    (objection,) = objected(draft)
    assert (objection.code, objection.blocks, objection.place) == ("draft", True, PLACE)


def test_an_end_that_the_act_states_blocks_and_an_end_read_off_its_title_only_warns() -> None:
    assert codes(an_act(effective_to="2022-12-31")) == {"expired": True}
    assert codes(an_act(0.6, effective_to="2022-12-31")) == {"expired": False}
    assert codes(an_act(effective_to="2025-12-31")) == {}
    (objection,) = objected(an_act(effective_to="2022-12-31"))
    assert objection.detail == "Masa berlaku berakhir 31 Desember 2022."


def test_an_act_that_comes_into_force_after_the_cut_off_is_looked_at_and_one_set_after_it_cannot_count() -> None:
    assert codes(an_act(effective_from="2026-01-01")) == {"not_yet": False}
    assert codes(an_act(date_set="2025-10-01", effective_from="2025-10-02")) == {"not_yet": True}


def test_a_document_of_another_region_proves_nothing_here() -> None:
    assert codes(an_act(region_name="Blitar")) == {"other_institution": True}
    assert objected(an_act(region_name="Blitar"))[0].detail == "Dokumen milik Kota Blitar."


def test_a_city_and_a_regency_of_one_name_are_two_institutions() -> None:
    assert codes(an_act(region_level="kabupaten")) == {"other_institution": True}


def test_a_region_is_the_same_however_the_institution_writes_itself() -> None:
    period = AssessmentPeriod("kota", "Pemerintah Kota MALANG", 2025, CUTOFF)
    assert objections(an_act(), status(an_act(), (), CUTOFF), (), period) == []


def test_an_owner_read_with_little_certainty_only_warns() -> None:
    assert codes(an_act(0.75, region_name="Blitar")) == {"other_institution": False}


def test_a_national_regulation_proves_nothing_about_a_region() -> None:
    national = an_act(
        doc_type="perpres", region_level="pusat", region_name="Republik Indonesia", key="perpres|ri|95|2018"
    )
    assert codes(national) == {"national_act": True}


def test_an_activity_outside_the_period_is_looked_at_but_an_old_policy_is_not() -> None:
    minutes = an_act(0.97, **{"class": "meeting"}, doc_type="notulen", date_set="2022-06-15", effective_from="", key="")
    assert codes(minutes) == {"out_of_period": False}
    assert codes(an_act(date_set="2012-06-15", effective_from="2012-06-15")) == {}


def test_nothing_unknown_ever_blocks() -> None:
    assert objections(Identity(), status(Identity(), (), CUTOFF), (), PERIOD) == []
    assert status(Identity(), (), CUTOFF).code == "unknown"


def test_a_grave_finding_blocks_once_and_a_light_one_does_not() -> None:
    blank = Finding("DRAFT_BLANK_NUMBER", "B", "Nomor kosong.", PLACE)
    undated = Finding("DRAFT_BLANK_DATE", "B", "Tanggal kosong.", PLACE)
    broken = Finding("ESIGN_BROKEN", "B", "Isi berubah setelah ditandatangani.", PLACE)
    light = Finding("MISSING_ANNEX", "W", "Lampiran tidak ada.", PLACE)
    assert codes(an_act(), blank, undated, broken, light) == {"draft": True, "broken_signature": True}
    assert [o.code for o in objected(an_act(is_draft="true"), blank)] == ["draft"]


def test_the_built_in_table_knows_what_became_of_national_acts() -> None:
    key = "permen|panrb|5|2018"
    repealed = status(an_act(key=key), national_incoming(key), CUTOFF)
    assert (repealed.code, repealed.by, repealed.since) == ("revoked", "PermenPANRB 59/2020", "2021-01-01")
    newer = "permen|panrb|59|2020"
    assert status(an_act(key=newer, date_set="2020-09-02"), national_incoming(newer), CUTOFF).code == "in_force"
    assert (
        status(an_act(key=newer, date_set="2020-09-02"), national_incoming(newer), date(2026, 6, 5)).code == "revoked"
    )
    assert national_incoming("permen|dagri|5|2018") == ()


@pytest.mark.parametrize("act", national_acts().values(), ids=lambda act: act.key)
def test_every_act_of_the_table_is_whole(act: object) -> None:
    national = national_acts()[getattr(act, "key")]  # noqa: B009
    assert len(national.key.split("|")) == 4
    assert national.name
    assert national.title
    for change in national.changes:
        assert len(change.by.split("|")) == 4
        assert change.on == "" or date.fromisoformat(change.on)


def test_acts_and_days_are_written_as_people_cite_them() -> None:
    assert act_name("uu|ri|20|2023") == "UU Nomor 20 Tahun 2023"
    assert act_name("permen|dagri|83|2022") == "Peraturan DAGRI Nomor 83 Tahun 2022"
    assert (act_name(""), spell_iso("2025-06-05"), spell_iso("2025")) == ("", "5 Juni 2025", "2025")
