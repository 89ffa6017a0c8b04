"""Identity: what a document says it is, where it says so, and what it leaves blank."""

from __future__ import annotations

import pytest

from evidence.values import Identity, Read
from ingest.identify import identify, structure
from ingest.identify.citations import citations
from ingest.identify.keys import Region, region_in
from ingest.identify.patterns import first_date, noisy_date, unspace
from ingest.identify.titles import parse_number
from tests.support.regulations import ANNEX, PERWALI, TITLE, a_decree, a_read


def identity(read: Read) -> Identity:
    return identify(read, structure(read))


def of(*pages: str, **how: str) -> Identity:
    return identity(a_read(*pages, **how))


def test_a_regulation_tells_type_number_year_title_owner_dates_and_signer() -> None:
    found = of(*PERWALI)
    assert {name: found.value(name) for name in found.fields} == {
        "doc_type": "perwali",
        "class": "regulation",
        "number": "14",
        "number_printed": "14",
        "year": "2022",
        "title": "PENYELENGGARAAN SISTEM PEMERINTAHAN BERBASIS ELEKTRONIK",
        "issuer": "WALI KOTA RANUPANE",
        "region_level": "kota",
        "region_name": "Ranupane",
        "date_set": "2022-06-17",
        "date_promulgated": "2022-06-20",
        "place_set": "Ranupane",
        "signer_name": "ARYA SENA PRADIPTA",
        "signer_office": "WALI KOTA RANUPANE",
        "gazette": "BERITA DAERAH KOTA RANUPANE TAHUN 2022 NOMOR 14",
        "effective_from": "2022-06-20",
        "is_draft": "false",
        "key": "perwali|kota-ranupane|14|2022",
    }


def test_every_value_stands_where_its_place_says() -> None:
    read = a_read(*PERWALI)
    values = [value for values in identity(read).fields.values() for value in values if value.place]
    assert values
    for value in values:
        assert value.place is not None
        assert " ".join(read.text(value.place).split())[:300] == value.quote


def test_readings_of_title_block_dictum_and_annex_are_all_kept() -> None:
    spots = {value.spot for value in of(*PERWALI).fields["title"]}
    assert spots == {"title_block", "dictum", "annex_header"}


@pytest.mark.parametrize(
    ("head", "doc_type", "level", "number"),
    [
        (
            "KEPUTUSAN BUPATI TELAGA BIRU\nNOMOR 188.45/40/2024",
            "keputusan_kepala_daerah",
            "kabupaten",
            "188.45/40/2024",
        ),
        ("PERATURAN GUBERNURJAWA TENGAH\nNOMOR l3 TAHUN 2OI9", "pergub", "provinsi", "13"),
        ("P E R A T U R A N  W A L I K O T A  M A L A N G\nNOMOR 007 TAHUN 2021", "perwali", "kota", "7"),
        ("PERATURAN DAERAH KABUPATEN MALANG\nNOMOR 11a TAHUN 2020", "perda", "kabupaten", "11a"),
        ("SALINAN\nPERATURAN MENTERI DALAM NEGERI\nNOMOR 83 TAHUN 2022", "permen", "pusat", "83"),
        ("KEPUTUSAN SEKRETARIS DAERAH KOTA BOGOR\nNOMOR 786/154 TAHUN 2020", "keputusan_sekda", "kota", "786/154"),
    ],
)
def test_the_head_of_an_act_names_its_type_its_owner_and_its_number(
    head: str, doc_type: str, level: str, number: str
) -> None:
    found = of(f"{head}\nTENTANG\nSATU DATA\nMenimbang : a. bahwa perlu;\nMEMUTUSKAN:\nPasal 1\nIsi.\n")
    assert (found.value("doc_type"), found.value("region_level"), found.value("number")) == (doc_type, level, number)


def test_every_ministry_has_a_regulation_5_of_2018_of_its_own() -> None:
    text = (
        "Peraturan Menteri Pendayagunaan Aparatur Negara dan Reformasi Birokrasi Nomor 5 Tahun 2018 dan "
        "Peraturan Menteri Dalam Negeri Nomor 5 Tahun 2018"
    )
    assert [cited.key for cited in citations(text, None)] == ["permen|panrb|5|2018", "permen|dagri|5|2018"]


def test_a_city_and_a_regency_of_one_name_are_told_apart() -> None:
    assert region_in("PERATURAN WALI KOTA MALANG") == Region("kota", "Malang")
    assert region_in("PERATURAN BUPATI MALANG") == Region("kabupaten", "Malang")
    assert region_in("INSPEKTUR MALANG") is None


@pytest.mark.parametrize(
    ("printed", "number", "year"),
    [
        ("188.45/8/436.1.2/2022", "188.45/8/436.1.2/2022", "2022"),
        ("188.45 / 1186 / HK / 2017", "188.45/1186/HK/2017", "2017"),
        ("100.3.4.3/3290/Tahun 2025", "100.3.4.3/3290", "2025"),
        ("Tl TAHUN 2OI9", "71", "2019"),
        ("1 © TAHUN 2010", "10", "2010"),
        ("50 TAHUN 20172017", "50", "2017"),
        ("..23.. TAHUN 2017", "23", "2017"),
    ],
)
def test_numbers_are_read_in_the_forms_offices_and_scanners_give_them(printed: str, number: str, year: str) -> None:
    found = parse_number(printed)
    assert found is not None
    assert (found.number, found.year, found.blank) == (number, year, False)


@pytest.mark.parametrize(
    "printed", ["..... TAHUN 2025", "    TAHUN 2022", "188.45/ /HK/416-012/2019", "${nomor} TAHUN 2024", ""]
)
def test_an_empty_slot_is_no_number(printed: str) -> None:
    found = parse_number(printed)
    assert found is not None
    assert (found.number, found.blank) == ("", True)


@pytest.mark.parametrize(
    ("printed", "iso"),
    [
        ("pada tanggal 6 Pebruari 2023", "2023-02-06"),
        ("L7 Oktober 2019", "2019-10-17"),
        ("3JULI2019", "2019-07-03"),
        ("20-ii-2018", "2018-02-20"),
        ("30-12-2025", "2025-12-30"),
    ],
)
def test_dates_are_read_in_the_forms_offices_and_scanners_give_them(printed: str, iso: str) -> None:
    found = first_date(printed)
    assert found is not None
    assert found[0] == iso


def test_a_date_that_no_calendar_has_is_not_repaired() -> None:
    assert first_date("41 Oktober 2017") is None
    assert noisy_date("2 Septeber 2016") == "2016-09-02"
    assert noisy_date("2 tahun 2016") == ""


def test_letter_spaced_titles_are_joined() -> None:
    assert unspace("W A L I  K O T A") == "WALI KOTA"


def test_blank_number_and_date_are_never_guessed() -> None:
    draft = TITLE.replace("NOMOR 14 TAHUN 2022", "NOMOR ..... TAHUN 2025")
    found = of(draft + "Pasal 1\nIsi.\nDitetapkan di Ranupane\npada tanggal ..... 2025\nWALI KOTA RANUPANE,\n")
    assert (found.value("number"), found.value("date_set"), found.value("key")) == ("", "", "")
    assert found.is_draft()
    assert "rancangan_kebijakan" in [label.value for label in found.fields["label"]]


def test_a_scan_whose_number_was_written_by_hand_is_no_draft() -> None:
    scan = TITLE.replace("NOMOR 14 TAHUN 2022", "NOMOR      TAHUN 2022")
    assert not of(scan + "Pasal 1\nIsi.\n", method="ocr").is_draft()


def test_a_draft_says_so_in_its_title() -> None:
    assert of(
        TITLE.replace("PERATURAN WALI KOTA RANUPANE\nNOMOR", "RANCANGAN PERATURAN WALI KOTA RANUPANE\nNOMOR")
    ).is_draft()


def test_the_word_left_over_in_the_title_of_a_promulgated_act_makes_no_draft() -> None:
    title = TITLE.replace("PERATURAN WALI KOTA RANUPANE\nNOMOR", "RANCANGAN PERATURAN WALI KOTA RANUPANE\nNOMOR")
    assert not of(title, *PERWALI[1:]).is_draft()


def test_a_team_decree_is_labelled_and_its_term_is_read() -> None:
    found = of(a_decree("TIM KOORDINASI SPBE TAHUN 2021-2022"))
    assert [label.value for label in found.fields["label"]] == ["sk_tim"]
    assert (found.value("effective_to"), found.fields["effective_to"][0].confidence) == ("2022-12-31", 0.6)
    spoken = of(a_decree(dictum="Keputusan ini berlaku sampai dengan tanggal 31 Desember 2022."))
    assert spoken.fields["effective_to"][0].confidence > 0.9


def test_an_annex_alone_names_its_act_but_is_not_it() -> None:
    found = of(ANNEX)
    assert (found.value("doc_type"), found.value("number"), found.value("year")) == ("lainnya", "14", "2022")
    assert found.fields["number"][0].spot == "annex_header"


MINUTES = (
    "PEMERINTAH KOTA RANUPANE\nNOTULEN RAPAT\nHari/Tanggal : Kamis, 19 Juni 2025\nRanupane, 20 Juni 2025\nNotulis,\n"
)
REVIEW = """\
LAPORAN HASIL REVIU KEBIJAKAN
TAHUN 2024
Rapat tanggal 1 Mei 2024 membahas kebijakan itu.
Ranupane, 20 November 2024
INSPEKTUR,
"""
SOP = """\
Nomor SOP: 555/SOP-07/2023
Tanggal Pembuatan: 2 Mei 2023
Tanggal Efektif: 15 Mei 2023
Disahkan oleh: Kepala Dinas
Nama SOP: Pusat Data
Dasar Hukum
Keputusan Wali Kota Ranupane Nomor 1 Tahun 2020
"""
CIRCULAR = """\
SURAT EDARAN
NOMOR 100.3.4.3/512/2024
TENTANG
KONSULTASI BELANJA
Demikian untuk dilaksanakan.
Ranupane, 19 Agustus 2024
Sekretaris Daerah,
"""


@pytest.mark.parametrize(
    ("text", "doc_type", "date_set"),
    [
        (MINUTES, "notulen", "2025-06-19"),
        (REVIEW, "laporan_reviu", "2024-11-20"),
        (SOP, "sop", "2023-05-15"),
        (CIRCULAR, "surat_edaran", "2024-08-19"),
    ],
)
def test_other_documents_tell_their_kind_and_their_day(text: str, doc_type: str, date_set: str) -> None:
    found = of(text)
    assert (found.value("doc_type"), found.value("date_set")) == (doc_type, date_set)


def test_slides_and_pictures_are_known_by_their_kind_of_file() -> None:
    slides = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    assert of("Manajemen layanan", mime=slides).value("doc_type") == "materi_paparan"
    assert of("", mime="image/png").value("doc_type") == "screenshot_aplikasi"


def test_a_file_name_is_asked_only_when_the_words_say_nothing() -> None:
    assert of("isi tanpa judul", name="Notulen rapat.pdf").fields["doc_type"][0].spot == "file_name"
    assert of(*PERWALI, name="Notulen rapat.pdf").value("doc_type") == "perwali"


def test_an_empty_document_is_something_else_and_nothing_more() -> None:
    assert of("").value("doc_type") == "lainnya"
    assert identity(Read(())) == Identity()
