"""The passage shown under a hit, and what is marked in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.highlight import Highlighter
from search.index import Snippet
from search.query import parse
from tests.support.entries import ANALYSER


def made(text: str, typed: str, width: int = 240) -> Snippet:
    return Highlighter(parse(typed, ANALYSER), ANALYSER).snippet(text, width)


def marked(passage: Snippet) -> list[str]:
    return [text for text, is_marked in passage.pieces() if is_marked]


@pytest.mark.parametrize(
    ("text", "typed", "expected"),
    [
        ("Wali Kota Menetapkan arsitektur", "penetapan", ["Menetapkan"]),
        ("Peraturan Wali Kota ini", "perwali", ["Peraturan Wali Kota"]),
        ("rencana induk, perencanaan induk", '"rencana induk"', ["rencana induk"]),
        ("peta jalan dan peta rencana", "peta rencana", ["peta", "peta", "rencana"]),
        ("audit tanpa rancangan", "audit -rancangan", ["audit"]),
        ("Nomor 188.45/123 Tahun 2022", "188.45/123", ["188.45/123"]),
        ("tidak ada di sini", "spbe", []),
    ],
)
def test_the_words_are_marked_as_they_stand_on_the_page(text: str, typed: str, expected: list[str]) -> None:
    assert marked(made(text, typed)) == expected


def test_the_passage_shows_the_place_with_most_of_the_words() -> None:
    text = "peta " * 3 + "isi " * 200 + "di sini peta rencana SPBE ditetapkan " + "isi " * 200
    passage = made(text, "peta rencana spbe")
    assert marked(passage) == ["peta", "rencana", "SPBE"]
    assert passage.text.startswith("… ")
    assert passage.text.endswith(" …")
    assert len(passage.text) <= 240 + 4


def test_a_passage_is_cut_between_words() -> None:
    text = "pertimbangan " * 50 + "layanan " + "pertimbangan " * 50
    inner = made(text, "layanan").text.removeprefix("… ").removesuffix(" …")
    assert set(inner.split()) == {"pertimbangan", "layanan"}


def test_without_a_match_the_page_begins() -> None:
    assert made("Kata pengantar laporan", "spbe") == Snippet("Kata pengantar laporan", ())
    assert made("", "spbe") == Snippet("", ())


def test_lines_become_one_and_invisible_characters_go() -> None:
    passage = made("peta\n\n  rencana\u202e\tSPBE\x00 lang\u00adkah", "rencana spbe")
    assert passage.text == "peta rencana SPBE langkah"
    assert marked(passage) == ["rencana", "SPBE"]


def test_hostile_text_stays_plain_text_in_pieces() -> None:
    text = '<script>alert("layanan")</script> & layanan'
    passage = made(text, "layanan")
    assert passage.text == text
    assert "".join(piece for piece, _ in passage.pieces()) == text
    assert marked(passage) == ["layanan", "layanan"]


def test_overlapping_places_are_marked_once() -> None:
    highlighter = Highlighter(parse('perwali "wali kota"', ANALYSER), ANALYSER)
    assert highlighter.ranges("peraturan wali kota") == ((0, 19),)


@given(
    st.lists(st.sampled_from(["peta", "rencana", "SPBE", "isi", "\n", " ", "—", "\u202e", "<b>", "İ"])).map(" ".join),
    st.integers(1, 60),
)
def test_marks_always_lie_in_the_passage_and_cover_only_matches(text: str, width: int) -> None:
    passage = made(text, "peta rencana", width)
    assert "".join(piece for piece, _ in passage.pieces()) == passage.text
    assert set(marked(passage)) <= {"peta", "rencana"}
    assert passage.text.isprintable()
    if "peta" in text:
        assert marked(passage)
