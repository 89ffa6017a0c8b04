"""The three instruments as data: what is shipped is right, and what is wrong is refused with file and place."""

from __future__ import annotations

import re
from fractions import Fraction
from importlib import resources
from pathlib import Path

import pytest

from evidence.edition import make_edition, open_edition
from evidence.errors import InstrumentError
from evidence.instrument import instrument_ids, load_instrument

SPBE = "permenpanrb-59-2020"
OLD = "permenpanrb-5-2018"
PEMDI = "permenpanrb-8-2026-pemdi"
SHIPPED = Path(str(resources.files("evidence"))) / "instruments"


def test_three_instruments_are_shipped() -> None:
    assert instrument_ids() == (OLD, SPBE, PEMDI)


@pytest.mark.parametrize(
    ("instrument", "indicators", "aspects", "domains", "keys"),
    [(SPBE, 47, 8, 4, 629), (OLD, 37, 7, 3, 0), (PEMDI, 20, 7, 0, 230)],
)
def test_every_shipped_instrument_has_its_indicators_aspects_domains_and_criterion_keys(
    instrument: str, indicators: int, aspects: int, domains: int, keys: int
) -> None:
    loaded = load_instrument(instrument)
    assert (len(loaded.indicators), len(loaded.aspects), len(loaded.domains)) == (indicators, aspects, domains)
    assert len(loaded.names) == keys
    assert sum(indicator.weight for indicator in loaded.indicators) == 100


def test_weights_are_exact_as_they_are_printed() -> None:
    spbe = load_instrument(SPBE)
    assert spbe.indicator("1").weight == Fraction("1.3")
    assert spbe.indicator("41").weight == Fraction("2.75")
    assert [domain.weight for domain in spbe.domains] == [13, 25, Fraction("16.5"), Fraction("45.5")]


def test_the_last_aspect_of_2018_is_shared_by_six_services_of_which_three_are_indicator_35() -> None:
    old = load_instrument(OLD)
    assert old.aspects[-1].indicators == ("32", "33", "34", "35-1", "35-2", "35-3")
    assert {old.indicator(code).weight for code in old.aspects[-1].indicators} == {Fraction(10, 3)}
    assert old.predecessors["45"] == "35"
    assert len(old.predecessors) == 25


def test_document_types_of_the_region_are_known_to_every_instrument() -> None:
    for instrument in instrument_ids():
        types = load_instrument(instrument).document_types
        assert {"perwali", "per_dprd", "pb_kdh", "perppu"} <= types.keys()
        assert types["perwali"].klass == "regulation"


# ---------------------------------------------------------------- the criterion keys and their levels, year by year


def listed(year: int) -> dict[str, tuple[Fraction, Fraction]]:
    """What the shipped list says of a year: key -> (first level that asks, first that cannot do without)."""
    levels = {}
    for line in (SHIPPED / f"{SPBE}-keys.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            key, mark, _ = line.split("\t")
            for reading in mark.split(";"):  # a later reading of the guidelines replaces the regulation's
                years = re.search(r"\((\d{4})(?:-(\d{4}))?\)", reading)
                if years and not int(years[1]) <= year <= int(years[2] or 9999):
                    continue
                asked = [part for part in reading.split(",") if part != "-" and not part.endswith("|")]
                if asked:
                    levels[key] = (Fraction(asked[0][0]), Fraction(next(part[0] for part in asked if "~" not in part)))
    return levels


@pytest.mark.parametrize("year", [2021, 2022, 2023, 2024, 2025])
def test_each_year_asks_for_the_listed_criteria_at_the_listed_levels(year: int) -> None:
    edition = open_edition(SPBE, year)
    services = {indicator.code for indicator in edition.instrument.indicators if indicator.kind == "service"}
    expected = {
        key: levels
        for key, levels in listed(year).items()
        # Of a service these only repeat other criteria (convention 6 of the list).
        if not (key.partition(".")[0] in services and key.endswith((".integration", ".capability:optimum")))
    }
    asked = {c.key: (c.level, c.needed) for found in edition.criteria.values() for c in found if not c.accepted}
    assert asked == expected


def test_no_listed_key_is_idle_and_no_asked_key_is_unlisted() -> None:
    spbe = load_instrument(SPBE)
    used = {c.key for year in spbe.years for found in open_edition(SPBE, year).criteria.values() for c in found}
    elements = {f"{i.code}.element:{e.id}" for i in spbe.indicators if i.kind != "service" for e in i.elements}
    assert used | elements == set(spbe.names)


@pytest.mark.parametrize("year", [2021, 2023, 2025])
def test_every_criterion_says_which_kinds_of_document_would_fill_it(year: int) -> None:
    edition = open_edition(SPBE, year)
    for found in edition.criteria.values():
        for criterion in found:
            assert criterion.fills, criterion.key
            assert set(criterion.fills) <= edition.instrument.document_types.keys()


def test_a_review_is_filled_by_a_review_report_and_a_policy_by_a_regulation() -> None:
    edition = open_edition(SPBE, 2025)
    reviewed, established = edition.criterion("2.reviewed"), edition.criterion("2.document_established")
    assert reviewed is not None
    assert established is not None
    assert "laporan_reviu" in reviewed.fills
    assert "perwali" not in reviewed.fills
    assert "perwali" in established.fills


def test_the_integrity_pact_is_asked_since_2024_only() -> None:
    assert open_edition(SPBE, 2023).criterion("21.pakta_integritas") is None
    assert open_edition(SPBE, 2024).criterion("21.pakta_integritas") is not None


def test_guidelines_take_the_asset_strategy_only_from_the_coordination_team() -> None:
    criterion = open_edition(SPBE, 2025).criterion("24.strategy_set_by")
    assert criterion is not None
    assert criterion.demand.choices == ("tim_koordinasi_spbe",)


def test_information_security_need_not_be_risk_based_before_level_4_under_the_guidelines() -> None:
    criterion = open_edition(SPBE, 2025).criterion("22.risk_based")
    assert criterion is not None
    assert criterion.level == 4


def test_the_reference_architecture_of_indicator_1_only_warns() -> None:
    criterion = open_edition(SPBE, 2025).criterion("1.element:referensi_arsitektur")
    assert criterion is not None
    assert criterion.accepted


def test_criteria_of_pemdi_are_its_evidence_items() -> None:
    criterion = open_edition(PEMDI, 2026).criterion("1.l2:b4")
    assert criterion is not None
    assert criterion.level == 2
    assert criterion.fills == ("dpa_rka",)


def test_an_instrument_cannot_be_opened_for_a_year_it_was_not_used_in() -> None:
    with pytest.raises(InstrumentError, match="tidak berlaku untuk tahun 2026"):
        open_edition(SPBE, 2026)


# ------------------------------------------------------------------------------------- wrong files are refused


def broken(folder: Path, instrument: str, old: str, new: str) -> Path:
    """A folder with the shipped instruments, in one of which `old` stands as `new` at its first place."""
    for path in SHIPPED.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    path = folder / f"{instrument}.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("instrument", "old", "new", "message"),
    [
        (SPBE, "weight: 13.0", "weight: 12.9", "domain 1: bobot aspek berjumlah 13, bukan 129/10"),
        (SPBE, "weight: 1.3\n", "weight: 1.4\n", "aspek 1: bobot indikator berjumlah 131/10, bukan 13"),
        (OLD, "weight: 20, indicators: 32-35", "weight: 21, indicators: 32-35", "aspek 7: bobot indikator"),
        (SPBE, "weight: 1.3\n", "weight: berat\n", "indikator 1: isian 'weight' bukan angka: berat"),
        (SPBE, "  - number: 2\n", "  - number: 1\n", "indikator ganda: 1"),
        (SPBE, "- {id: manajemen,", "- {id: tata_kelola,", "indikator 2: unsur ganda: tata_kelola"),
        (SPBE, "  - code: sop\n", "  - code: perwali\n", "jenis dokumen ganda: perwali"),
        (
            SPBE,
            "any_of: [perda, pergub",
            "any_of: [perdaa, pergub",
            "indikator 1, level 2: jenis dokumen tidak dikenal",
        ),
        (
            SPBE,
            "{role: kebijakan, any",
            "{role: aturan, any",
            "indikator 1, level 2: peran dokumen tidak dikenal: aturan",
        ),
        (
            SPBE,
            "requires: {document_established: true",
            "requires: {ditetapkan: true",
            "level 2, requires: kata requires",
        ),
        (SPBE, "elements_min: some", "elements_min: few", "nilai elements_min tidak dikenal: few"),
        (SPBE, "elements_min: some", "elements_min: false", "'elements_min' berupa keadaan, bukan syarat"),
        (SPBE, "related_indicators: [11]", "related_indicators: [48]", "indikator 1: indikator tidak dikenal: 48"),
        (SPBE, "    aspect: 1\n", "    aspect: 9\n", "aspek tidak dikenal: 9"),
        (SPBE, "mpp_digital_accepted: {key", "mpp_accepted: {key", "kata requires pada accepted tidak dikenal"),
        (SPBE, "    subject: Arsitektur SPBE\n", "    kind: policy\n", r"baris \d+: nama ganda 'kind'"),
        (SPBE, "domains:\n", "domains: [\n", r"baris \d+: "),
        (PEMDI, "id: b2, item", "id: b1, item", "indikator 1, level 2: butir ganda: b1"),
        (OLD, "    1: 3\n", "    1: 36\n", "indikator tidak dikenal: 36"),
        (OLD, "id: permenpanrb-5-2018", "id: lain", "id lain tidak sama dengan nama berkas"),
    ],
)
def test_a_wrong_instrument_file_is_refused_with_its_name_and_the_place(
    tmp_path: Path, instrument: str, old: str, new: str, message: str
) -> None:
    with pytest.raises(InstrumentError, match=message) as caught:
        load_instrument(instrument, broken(tmp_path, instrument, old, new))
    assert str(caught.value).startswith(f"{instrument}.yaml")


def test_a_criterion_key_of_an_unknown_indicator_or_a_doubled_one_is_refused(tmp_path: Path) -> None:
    folder = broken(tmp_path, SPBE, "schema_version: 1", "schema_version: 1")
    keys = folder / f"{SPBE}-keys.txt"
    text = keys.read_text("utf-8")
    keys.write_text(text + "48.reviewed\t4\tSudah direviu\n", "utf-8")
    with pytest.raises(InstrumentError, match=r"keys.txt: baris \d+: indikator tidak dikenal: 48.reviewed"):
        load_instrument(SPBE, folder)
    load_instrument.cache_clear()
    keys.write_text(text + "1.reviewed\t4\tSudah direviu\n", "utf-8")
    with pytest.raises(InstrumentError, match=r"keys.txt: baris \d+: kunci ganda"):
        load_instrument(SPBE, folder)


def test_a_fact_without_a_named_criterion_is_refused(tmp_path: Path) -> None:
    folder = broken(
        tmp_path, SPBE, "requires: {document_established: true, elements_min: some}", "requires: {improved: true}"
    )
    with pytest.raises(InstrumentError, match=r"indikator 1: kunci kriteria tanpa nama: 1.improved"):
        make_edition(load_instrument(SPBE, folder), 2025)


def test_an_unknown_instrument_is_named(tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match="Instrumen tidak dikenal: spbe-2030"):
        load_instrument("spbe-2030")
