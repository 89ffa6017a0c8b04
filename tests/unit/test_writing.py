"""How dates, numbers, names and titles are written for people."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

import pytest

from api.overlay import rectangles
from api.pages import marked
from api.writing import day, decimal, institution_name, level, moment, size, titled
from evidence.values import Box


def test_numbers_have_a_decimal_comma_and_are_rounded_half_up_from_the_exact_value() -> None:
    assert decimal(Fraction(2408, 1000)) == "2,41"
    assert decimal(Fraction(25985, 10000)) == "2,60"
    assert decimal(Fraction(1233, 200), 1) == "6,2"
    assert decimal(Fraction(-1, 8)) == "−0,13"
    assert decimal(3, 0) == "3"


def test_no_evidence_is_a_dash_and_never_a_number() -> None:
    assert level(None) == "–"
    assert level(Fraction(3)) == "3"
    assert level(Fraction(7, 2)) == "3,5"


def test_dates_are_written_out_and_what_is_no_date_stays_as_it_is() -> None:
    assert day("2026-11-21") == "21 November 2026"
    assert day("akhir 2026") == "akhir 2026"


def test_times_are_local_to_the_institution() -> None:
    assert moment(datetime(2026, 4, 16, 18, 31, tzinfo=UTC)) == "17 April 2026, 01.31 WIB"
    assert day(datetime(2026, 4, 16, 18, 31, tzinfo=UTC)) == "17 April 2026"


def test_sizes_are_short() -> None:
    assert size(2_400_000) == "2,4 MB"
    assert size(300) == "1 KB"


@pytest.mark.parametrize("name", ["Ranupane", "Kota Ranupane", "Pemerintah Kota Ranupane"])
def test_an_institution_is_named_once_however_its_name_was_typed(name: str) -> None:
    assert institution_name("kota", name) == "Pemerintah Kota Ranupane"


def test_a_title_in_capitals_is_set_in_letters_people_read() -> None:
    printed = "PETA RENCANA SPBE DAN MANAJEMEN TIK DI LINGKUNGAN PEMERINTAH KOTA TAHAP II"
    assert titled(printed) == "Peta Rencana SPBE dan Manajemen TIK di Lingkungan Pemerintah Kota Tahap II"
    assert titled("Peta rencana SPBE") == "Peta rencana SPBE"


def test_marked_text_is_escaped_and_overlapping_ranges_are_marked_once() -> None:
    assert marked("a <b> c", [(2, 5), (0, 3)]) == "<mark>a &lt;</mark><mark>b&gt;</mark> c"


def test_a_highlight_covers_its_words_on_every_line_it_touches() -> None:
    text = "peta rencana\nkota ini"
    lines = (Box(0, 12, 0.1, 0.2, 0.7, 0.25), Box(13, 21, 0.1, 0.3, 0.5, 0.35))
    first, second = rectangles(text, lines, [(5, 17)])
    assert (first.y, second.y) == (0.2, 0.3)
    assert first.x > 0.3
    assert first.x + first.width == pytest.approx(0.7, abs=0.001)
    assert second.x == 0.1
    assert 0.15 < second.width < 0.3
