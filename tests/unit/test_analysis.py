"""Words and their stems: what rules, index, queries and highlights all rest on."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest
from Sastrawi.Stemmer.Stemmer import Stemmer

from evidence.analysis import Analyser
from evidence.collocations import COLLOCATIONS
from evidence.stemming import indonesian_stemmer


@pytest.mark.parametrize("form", ["mereviu", "direviu", "pereviuan", "reviu"])
def test_what_was_reviewed_is_found_by_the_word_review(form: str) -> None:
    assert Analyser().stem(form) == "reviu"


@pytest.mark.parametrize("form", ["perwali", "perkada", "perpres", "perbup", "pergub"])
def test_an_abbreviated_kind_of_act_is_no_affixed_word(form: str) -> None:
    assert Analyser().stem(form) == form


def test_the_shipped_stems_are_those_the_stemmer_finds() -> None:
    lines = resources.files("evidence").joinpath("stems.tsv").read_text("utf-8").splitlines()
    shipped = dict(line.split("\t") for line in lines)
    assert list(shipped) == sorted(shipped)
    analyser = Analyser()
    analyser._known.clear()
    sample = list(shipped)[::10]
    assert {form: analyser.stem(form) for form in sample} == {form: shipped[form] for form in sample}


_PREFIXES = "- me mem men meng meny pe per pem pen peng peny be ber bel te ter di diper ke se ku kau"
_SUFFIXES = ("", "kan", "i", "an", "nya", "kannya", "lah", "isasi")


def test_rules_that_cannot_fit_a_word_are_left_out_without_another_stem() -> None:
    ours = indonesian_stemmer()
    plain = Stemmer(ours.dictionary)
    # Affixes on roots, on halves of roots and on what is no word.
    parts = [part for root in list(ours.dictionary.words)[::331] for part in (root, root[2:], root[::-1])]
    forms = [
        f"{prefix}{part}{_SUFFIXES[(at + len(prefix)) % 8]}" for at, part in enumerate(parts) for prefix in _PREFIXES
    ]
    forms += ["melikannya"]  # looked up once more after the first rule
    assert {form: ours.stem_word(form) for form in forms} == {form: plain.stem_word(form) for form in forms}


def test_what_one_process_learns_another_knows(tmp_path: Path) -> None:
    one, other = Analyser(), Analyser(tmp_path / "stems.tsv")
    one.stem("pembuktian"), one.stem("zzmenyatui")
    other.learn(one.take_new())
    assert one.take_new() == {}
    other.save()
    assert "zzmenyatui\t" in (tmp_path / "stems.tsv").read_text("utf-8")


def test_a_collocation_is_written_in_stems_and_found_on_a_page_in_any_form() -> None:
    analyser = Analyser()
    for words in COLLOCATIONS:
        assert analyser.stems(words) == words
    page = analyser.analyse("Sistem Pemerintahan Berbasis Elektronik di perangkat daerah, untuk perangkat daerah lain")
    assert page.words().stems.endswith(" lain sistem_perintah_bas_elektronik perangkat_daerah perangkat_daerah")


def test_a_table_of_stems_that_a_full_disk_cut_off_teaches_no_wrong_stem(tmp_path: Path) -> None:
    table = tmp_path / "stems.tsv"
    table.write_text("penyelenggaraannya\tselenggar")
    assert Analyser(table).stem("penyelenggaraannya") == Analyser().stem("penyelenggaraannya")
