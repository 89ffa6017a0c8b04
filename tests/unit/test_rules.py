"""Rulebooks: what is shipped loads, what is wrong stops with its place."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest
import yaml

from classifiers.rules import load_rulebook
from evidence.analysis import Analyser
from evidence.errors import InstrumentError

INSTRUMENT = "permenpanrb-59-2020"
SHIPPED = resources.files("classifiers").joinpath("rulebooks", INSTRUMENT)


@pytest.fixture(scope="module")
def analyser() -> Analyser:
    return Analyser()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped rulebook to spoil."""
    for file in SHIPPED.iterdir():
        (tmp_path / file.name).write_text(file.read_text("utf-8"), "utf-8")
    return tmp_path


def spoil(folder: Path, name: str, addition: str) -> Path:
    file = folder / name
    file.write_text(file.read_text("utf-8") + addition, "utf-8")
    return folder


def test_every_criterion_of_the_instrument_can_be_found_by_some_rule(analyser: Analyser) -> None:
    rulebook = load_rulebook(INSTRUMENT, analyser)
    found = {rule.criterion for rules in rulebook.rules.values() for rule in rules}
    # That an act is established is seen in its title and signing block, not in a phrase.
    structural = {key for key in rulebook.names if key.endswith(".document_established")}
    assert found | structural == set(rulebook.names)


def test_every_indicator_has_a_subject_and_a_claim(analyser: Analyser) -> None:
    rulebook = load_rulebook(INSTRUMENT, analyser)
    with_subject = {code for codes in rulebook.subjects.values() for code in codes}
    assert with_subject == {str(number) for number in range(1, 48)}
    assert all(rulebook.claims[code] for code in with_subject)


def test_a_changed_rule_changes_the_fingerprint(analyser: Analyser, folder: Path) -> None:
    before = load_rulebook(INSTRUMENT, analyser, folder).fingerprint
    assert load_rulebook(INSTRUMENT, analyser, folder).fingerprint == before
    spoil(folder, "rules.yaml", "\n# lain\n")
    assert load_rulebook(INSTRUMENT, analyser, folder).fingerprint != before


def test_an_instrument_without_a_rulebook_is_refused(analyser: Analyser) -> None:
    with pytest.raises(InstrumentError, match="Belum ada aturan penandaan"):
        load_rulebook("permenpanrb-5-2018", analyser)


RULE = """
  - id: {id}
    indicators: "{indicators}"
    criterion: {criterion}
    any: [{any}]
    weight: 0.8
    reason: percobaan
"""


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({"indicators": "48"}, "indikator tidak dikenal: 48"),
        ({"criterion": "tidak_ada"}, "tidak ada indikator dengan kriteria tidak_ada"),
        ({"id": "reviu-kebijakan"}, "id ganda"),
        ({"any": "'...'"}, "frasa kosong"),
        ({"any": ""}, "isian kosong: any"),
        ({"any": "reviu]\n    zones: [lorong"}, "zona tidak dikenal: lorong"),
        ({"any": "reviu]\n    kinds: [surat_cinta"}, "kelompok jenis dokumen tidak dikenal: surat_cinta"),
        ({"any": "reviu]\n    context: [benua"}, "lingkup tidak dikenal"),
        ({"any": "reviu]\n    semua: [x"}, "isian tidak dikenal: semua"),
    ],
)
def test_a_wrong_rule_stops_the_load_and_names_file_and_rule(
    analyser: Analyser, folder: Path, rule: dict[str, str], complaint: str
) -> None:
    given = {"id": "coba", "indicators": "2", "criterion": "reviewed", "any": "hasil reviu"} | rule
    spoil(folder, "rules.yaml", RULE.format(**given))
    with pytest.raises(InstrumentError, match=complaint) as caught:
        load_rulebook(INSTRUMENT, analyser, folder)
    assert "rules.yaml" in caught.value.message


def test_the_complaint_names_the_line_of_the_rule(analyser: Analyser, folder: Path) -> None:
    lines = (folder / "rules.yaml").read_text("utf-8").count("\n")
    spoil(folder, "rules.yaml", RULE.format(id="coba", indicators="99", criterion="reviewed", any="hasil reviu"))
    with pytest.raises(InstrumentError, match=rf"rules.yaml baris {lines + 2}, aturan coba"):
        load_rulebook(INSTRUMENT, analyser, folder)


def test_a_file_that_is_no_yaml_is_named(analyser: Analyser, folder: Path) -> None:
    spoil(folder, "words.yaml", "\n]: [\n")
    with pytest.raises(InstrumentError, match=r"words\.yaml: bukan YAML"):
        load_rulebook(INSTRUMENT, analyser, folder)


def test_every_named_list_and_kind_of_the_rulebook_is_used() -> None:
    words = yaml.safe_load(SHIPPED.joinpath("words.yaml").read_text("utf-8"))
    shipped = "\n".join(file.read_text("utf-8") for file in SHIPPED.iterdir())
    code = resources.files("classifiers").joinpath("rules.py").read_text("utf-8")
    for name in words["terms"]:
        assert len(re.findall(rf"\b{name}\b", shipped + code)) > 1, name
    for kind in words["kinds"]:
        assert re.search(rf"kinds: \[[^\]]*\b{kind}\b", shipped) or f'"{kind}"' in code, kind
