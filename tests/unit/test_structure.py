"""Sections: where a passage stands and what the words there count as."""

from __future__ import annotations

import pytest

from evidence.sections import address_at, zone_at
from evidence.values import Read, Section
from ingest.identify import structure
from tests.support.regulations import ANNEX, ARTICLES, CLOSING, LAST_ARTICLES, PERWALI, TITLE, a_decree, a_read


def where(read: Read, words: str) -> tuple[str, str]:
    """The address and the zone of the first place of some words."""
    sections = structure(read)
    for part, page in read.pages():
        if (at := page.text.find(words)) >= 0:
            return (
                address_at(sections, part.ordinal, page.number, at),
                zone_at(sections, part.ordinal, page.number, at),
            )
    raise AssertionError(f"{words!r} is not in the document")


@pytest.mark.parametrize(
    ("words", "address", "zone"),
    [
        ("PENYELENGGARAAN SISTEM", "Judul", "title"),
        ("bahwa pengaturan yang ada", "Menimbang huruf b", "recitals"),
        ("Peraturan Menteri Pendayagunaan", "Mengingat angka 2", "legal_basis"),
        ("Menetapkan", "Menetapkan", "title"),
        ("Arsitektur SPBE adalah", "Pasal 1 angka 2", "definitions"),
        ("ARAH KEBIJAKAN", "BAB II Arah Kebijakan", "body"),
        ("tata kelola; dan", "Pasal 2 ayat (1) huruf a", "body"),
        ("Peta Rencana tercantum", "Pasal 2 ayat (2)", "body"),
        ("dicabut dan dinyatakan", "Pasal 3", "body"),
        ("ARYA SENA PRADIPTA", "Penetapan", "closing"),
        ("Peta Rencana menjadi pedoman", "Lampiran I A. Tujuan", "annex"),
    ],
)
def test_a_passage_of_a_regulation_is_cited_as_a_lawyer_cites_it(words: str, address: str, zone: str) -> None:
    assert where(a_read(*PERWALI), words) == (address, zone)


def test_a_reference_that_falls_at_the_start_of_a_line_opens_no_article() -> None:
    articles = [s.address for s in structure(a_read(*PERWALI)) if s.kind == "article"]
    assert articles == ["Pasal 1", "Pasal 2", "Pasal 3", "Pasal 4"]


def test_an_article_goes_on_over_a_page_break() -> None:
    read = a_read(TITLE + ARTICLES, "c. keamanan.\n" + LAST_ARTICLES)
    assert where(read, "keamanan.") == ("Pasal 2 ayat (2)", "body")


def test_articles_are_found_in_text_that_ocr_has_spoilt() -> None:
    read = a_read(
        TITLE, "BABI\nKETENTUAN UMUM\nPaaal 1\nIsi.\nPasa.12\nIsi lain.\nBABm\nPENUTUP\nPa.sal 3\nAkhir.", method="ocr"
    )
    assert [s.address for s in structure(read) if s.kind == "article"] == ["Pasal 1", "Pasal 2", "Pasal 3"]
    assert [s.address for s in structure(read) if s.kind == "chapter"] == ["BAB I Ketentuan Umum", "BAB III Penutup"]


def test_an_article_quoted_by_an_amendment_is_cited_with_the_point_that_quotes_it() -> None:
    amending = TITLE + (
        "Pasal I\n1. Ketentuan Pasal 7 diubah sehingga berbunyi:\nPasal 7\n(1) Wali Kota menetapkan arsitektur.\n"
        "2. Di antara Pasal 8 dan Pasal 9 disisipkan:\nPasal 8A\nReviu dilakukan.\nPasal II\nMulai berlaku.\n"
    )
    assert where(a_read(amending), "Wali Kota menetapkan")[0] == "Pasal I angka 1 Pasal 7 ayat (1)"
    assert where(a_read(amending), "Reviu dilakukan")[0] == "Pasal I angka 2 Pasal 8A"
    assert where(a_read(amending), "Mulai berlaku.")[0] == "Pasal II"


def test_a_decree_is_cited_by_its_dictum() -> None:
    assert where(a_read(a_decree()), "Membentuk tim") == ("KESATU", "body")


def test_the_explanation_is_no_norm() -> None:
    read = a_read(*PERWALI[:3], "PENJELASAN\nATAS\nPERATURAN WALI KOTA\nII. PASAL DEMI PASAL\nPasal 2\nCukup jelas.\n")
    assert where(read, "Cukup jelas") == ("Penjelasan Pasal 2", "explanation")


def test_a_contents_list_is_known_as_such() -> None:
    contents = (
        "DAFTAR ISI\nBAB I PENDAHULUAN .......... 1\n1.1 Latar Belakang ........ 2\nBAB II ARSITEKTUR SPBE ....... 5\n"
    )
    read = a_read("LAPORAN SPBE\n", contents, "BAB I\nPENDAHULUAN\n1.1 Latar Belakang\nSPBE diterapkan di daerah.\n")
    assert where(read, "BAB II ARSITEKTUR") == ("Daftar isi", "contents")
    assert where(read, "SPBE diterapkan") == ("1.1 Latar Belakang", "body")


def test_page_numbers_running_heads_and_stamps_are_furniture_and_nothing_is_deleted() -> None:
    words = ("layanan", "aplikasi", "keamanan", "infrastruktur", "data")
    pages = [
        f"jdih.ranupane.go.id\nLaporan SPBE 2024\nUraian {word}.\nRincian {word}.\n- {i} -"
        for i, word in enumerate(words, start=1)
    ]
    sections = structure(a_read(*pages))
    third = [pages[2][s.start : s.end] for s in sections if s.kind == "furniture" and s.page == 3]
    assert third == ["jdih.ranupane.go.id", "Laporan SPBE 2024", "- 3 -"]


def test_an_annex_that_comes_as_a_file_of_its_own_is_still_an_annex() -> None:
    assert where(a_read(ANNEX), "menjadi pedoman")[1] == "annex"
    assert where(a_read(ANNEX), "PENYELENGGARAAN")[1] == "title"


def test_the_box_of_an_sop_is_found() -> None:
    box = "Nomor SOP: 7/SOP/2023\nTanggal Pembuatan: 2 Mei 2023\nTanggal Efektif: 15 Mei 2023\nDisahkan oleh: Kepala\n"
    (found,) = [s for s in structure(a_read(box + "Kegiatan\n")) if s.kind == "sop_box"]
    assert (found.start, found.end) == (0, len(box) - 1)


def test_sections_come_sorted_and_lie_within_their_pages() -> None:
    read = a_read(TITLE, ARTICLES, LAST_ARTICLES + CLOSING, ANNEX)
    sections = structure(read)
    lengths = {page.number: len(page.text) for _, page in read.pages()}
    assert list(sections) == sorted(sections, key=lambda s: (s.part, s.page, s.start, -s.end_page, -s.end))
    assert all(s.end <= lengths[s.end_page] and (s.page, s.start) < (s.end_page, s.end) for s in sections)


def test_a_document_without_any_structure_has_at_most_a_title() -> None:
    assert structure(a_read("")) == ()
    assert {s.kind for s in structure(a_read("kata kata biasa saja"))} <= {"title_block"}


def test_a_place_outside_all_sections_counts_as_body() -> None:
    assert (address_at((), 0, 1, 5), zone_at((), 0, 1, 5)) == ("", "body")
    furniture = Section("furniture", "", "", "furniture", 0, 1, 3, 1, 6)
    article = Section("article", "Pasal 1", "", "body", 0, 1, 0, 2, 9)
    assert (address_at((article, furniture), 0, 1, 4), zone_at((article, furniture), 0, 1, 4)) == (
        "Pasal 1",
        "furniture",
    )
