"""What people type, and what is searched for it."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.errors import InvalidInput
from search.index import Clause, Cursor, Filters, Phrase, Query
from search.query import parse
from search.synonyms import load_synonyms, read_synonyms
from tests.support.entries import ANALYSER


def parsed(typed: str, *, exact: bool = False) -> Query:
    return parse(typed, ANALYSER, exact=exact)


def words(query: Query) -> list[str]:
    """The typed alternative of each clause, excluded ones with a minus, exact ones in quotes."""
    return [
        ("-" if clause.excluded else "") + (f'"{" ".join(first.words)}"' if first.exact else " ".join(first.words))
        for clause in query.clauses
        for first in clause.alternatives[:1]
    ]


def alternatives(clause: Clause) -> set[str]:
    return {" ".join(phrase.words) for phrase in clause.alternatives}


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Penetapan ARSITEKTUR", ["tetap", "arsitektur"]),
        ('"Peta Rencana" spbe', ['"peta rencana"', "spbe"]),
        ("“peta rencana”", ['"peta rencana"']),
        ("layanan -rancangan", ["layan", "-rancang"]),
        ('layanan -"tidak berlaku"', ["layan", '-"tidak berlaku"']),
        ("perundang-undangan", ["undang undang"]),
        ("188.45/123/HK/2022", ["188 45 123 hk 2022"]),
        ("kabel AND server DAN meja", ["kabel", "server", "meja"]),
        ("a - b", ["a", "b"]),
        ("", []),
        ("   ", []),
    ],
)
def test_words_phrases_and_exclusions_are_told_apart(typed: str, expected: list[str]) -> None:
    assert words(parsed(typed)) == expected
    assert parsed(typed).notices == ()


def test_or_joins_what_stands_left_and_right_of_it() -> None:
    first, second = parsed("kabel OR server meja").clauses
    assert alternatives(first) == {"kabel", "server"}
    assert alternatives(second) == {"meja"}


@pytest.mark.parametrize("typed", ["OR kabel", "kabel OR", "OR", "-kabel OR server", "kabel OR -server", "OR OR"])
def test_an_or_with_nothing_to_join_is_no_error(typed: str) -> None:
    query = parsed(typed)
    assert all(len(clause.alternatives) == 1 for clause in query.clauses)


def test_synonyms_widen_what_was_typed_also_over_several_words() -> None:
    spellings = {"perwali", "perwal", "atur wali kota", "atur walikota"}
    for typed in ("perwali", "Peraturan Wali Kota", "peraturan walikota"):
        (clause,) = parsed(typed).clauses
        assert alternatives(clause) == spellings


def test_an_abbreviation_is_not_taken_apart_by_stemming() -> None:
    (clause,) = parsed("perwali").clauses
    assert clause.alternatives[0] == Phrase(("perwali",))


def test_a_number_with_its_year_is_found_as_offices_write_it() -> None:
    (clause,) = parsed("12/2023").clauses
    assert alternatives(clause) == {"12 2023", "12 tahun 2023"}


def test_quotes_and_exact_search_switch_synonyms_and_word_forms_off() -> None:
    for query in (parsed('"perwali"'), parsed("perwali", exact=True)):
        assert query.clauses == (Clause((Phrase(("perwali",), exact=True),)),)
    assert words(parsed("penetapan perwali", exact=True)) == ['"penetapan"', '"perwali"']


def test_an_exclusion_also_excludes_the_synonyms() -> None:
    (clause,) = parsed("-opd").clauses
    assert clause.excluded
    assert "perangkat daerah" in alternatives(clause)


def test_fields_become_filters_and_join_those_of_the_page() -> None:
    typed = 'jenis:perwali jenis:"surat edaran" tahun:2021..2024 opd:Diskominfo indikator:07,35-1 layanan'
    query = parse(typed, ANALYSER, Filters(types=("laporan",), indicators=("1",)))
    assert words(query) == ["layan"]
    assert query.filters == Filters(types=("laporan",), years=(2021, 2024), indicators=("1", "7", "35-1"))
    assert {"perwali", "surat edaran"} <= {" ".join(phrase.words) for phrase in query.type_words}
    assert "dinas komunikasi dan informatika" in {" ".join(phrase.words) for phrase in query.unit_words}
    assert query.notices == ()


@pytest.mark.parametrize(
    ("typed", "years"),
    [
        ("tahun:2023", (2023, 2023)),
        ("tahun:2021..2024", (2021, 2024)),
        ("tahun:2021-2024", (2021, 2024)),
        ("tahun:2021..", (2021, None)),
        ("Tahun:..2020", (None, 2020)),
    ],
)
def test_years_are_one_or_a_range(typed: str, years: tuple[int | None, int | None]) -> None:
    assert parsed(typed).filters.years == years


@pytest.mark.parametrize(
    ("typed", "notice", "still"),
    [
        ('layanan "peta rencana', "kutip", ["layan", '"peta rencana"']),
        ("tahun:kemarin layanan", "tahun:2023", ["layan"]),
        ("indikator:! layanan", "indikator:12", ["layan"]),
        ("-jenis:perwali layanan", "minus", ["layan"]),
        ("warna:merah", "warna", ["warna merah"]),
        ("?! ()", "Tidak ada kata", []),
        ("a1 " * 40, "Terlalu banyak", ["a1"] * 24),
        ("kata " * 200, "terlalu panjang", ["kata"] * 24),
    ],
)
def test_a_bad_query_says_what_is_wrong_and_searches_the_rest(typed: str, notice: str, still: list[str]) -> None:
    query = parsed(typed)
    assert any(notice in sentence for sentence in query.notices)
    assert words(query) == still


@given(st.text(st.sampled_from('abcZ0129 "“-:.,()/\\*~[]{}^\n\x00\u202eİﬁ'), max_size=80) | st.text(max_size=80))
def test_nothing_that_can_be_typed_is_an_error(typed: str) -> None:
    query = parsed(typed)
    assert all(word for clause in query.clauses for phrase in clause.alternatives for word in phrase.words)


def test_a_cursor_survives_an_address_and_a_forged_one_is_refused() -> None:
    cursor = Cursor(3.25, UUID(int=7))
    assert Cursor.parse(str(cursor)) == cursor
    for forged in ("", "x", "1.0_", "0x1p9999_00000000000000000000000000000007", "a_b_c"):
        with pytest.raises(InvalidInput):
            Cursor.parse(forged)


def test_the_shipped_synonyms_are_sound_and_mutual() -> None:
    synonyms = load_synonyms()
    assert ("perangkat", "daerah") in synonyms.of(("opd",))
    assert ("opd",) in synonyms.of(("perangkat", "daerah"))
    assert ("keputusan",) in synonyms.of(("sk",))
    assert synonyms.of(("keputusan",)) == ()


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        ({"same": [["opd", "skpd"], ["opd", "dinas"]], "wider": {}}, "opd"),
        ({"same": [["Perwali", "perwal"]], "wider": {}}, "Perwali"),
        ({"same": [], "wider": {"peta  jalan": ["peta"]}}, "peta  jalan"),
    ],
)
def test_a_wrong_synonym_is_refused_by_name(data: dict[str, object], wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        read_synonyms(data)
