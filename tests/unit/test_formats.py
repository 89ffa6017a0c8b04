"""What each format gives: pages with labels, canonical text, boxes, facts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evidence.errors import BrokenFile, PasswordNeeded, UnsupportedType
from evidence.values import FileFacts, PageText
from ingest.formats import LOCKED_OFFICE, draw_page, open_document
from ingest.formats.ocr import ocr_ready
from ingest.formats.text import canonical, readable_share
from ingest.intake import detect
from ingest.wire import Limits
from tests.support import files

needs_ocr = pytest.mark.skipif(not ocr_ready(), reason="OCR data (ingest/tessdata/ind.traineddata) is not there")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "berkas"


def _read(path: Path, data: bytes, *, ocr: bool = False, first: int = 1) -> tuple[FileFacts, list[PageText]]:
    path.write_bytes(data)
    opened = open_document(path, detect(data, path.name), Limits(), 1000 if ocr else 0)
    return opened.facts, list(opened.pages(first))


class TestCanonicalText:
    @pytest.mark.parametrize(
        ("raw", "text"),
        [
            ("perundang\ufffeundangan", "perundang-undangan"),
            ("masing\u0002masing", "masing-masing"),
            ("pe\u00adra\u200btu\ufeffran", "peraturan"),
            ("ﬁle ﬂow №", "file flow No"),
            ("\uf0b7 butir", "• butir"),
            ("a\x07b\tc", "ab c"),
            ("a  \r\nb\u00a0\r\rc\n\n", "a\nb\n\nc"),
            ("P E R A T U R A N  W A L I  K O T A", "PERATURAN WALI KOTA"),
            ("kolom A B C dan D", "kolom A B C dan D"),
            ("1 2 3 4 5 6", "1 2 3 4 5 6"),
            ("rusak\ud800", "rusak"),
        ],
    )
    def test_characters_are_repaired_and_line_starts_kept(self, raw: str, text: str) -> None:
        assert canonical(raw) == text

    def test_canonical_text_is_its_own_canonical_text(self) -> None:
        text = canonical("P a s a l 1\r\n\uf0b7 perundang\ufffeundangan\r\n")
        assert canonical(text) == text

    def test_a_font_without_a_character_map_is_told_from_language_and_from_figures(self) -> None:
        assert readable_share("3HUDWXUDQ :DOL .RWD 1RPRU 7DKXQ WHQWDQJ 3HQ\\HOHQJJDUDDQ") < 0.25
        assert readable_share("Peraturan Wali Kota tentang Penyelenggaraan SPBE") == 1.0
        assert readable_share("12.500.000 13.750.000 1.250.000") > 0.5
        assert readable_share("DAFTAR ISI ................................................ 4") > 0.5


class TestPdf:
    def test_pages_are_labelled_and_told_with_the_facts_of_the_file(self, file: Path) -> None:
        facts, pages = _read(file, files.text_pdf(["PERATURAN WALI KOTA", "Pasal 1"], ["Pasal 2"], title="Perwali"))
        assert [(page.number, page.label, page.text) for page in pages] == [
            (1, "hal. 1", "PERATURAN WALI KOTA\nPasal 1"),
            (2, "hal. 2", "Pasal 2"),
        ]
        assert facts.pages == 2
        assert facts.metadata == {"title": "Perwali", "created": "2025-01-31T08:30:00"}

    def test_each_line_has_its_box_on_the_page(self, file: Path) -> None:
        _, [page] = _read(file, files.text_pdf(["PERATURAN WALI KOTA", "Pasal 1"]))
        first, second = page.boxes
        assert page.text[second.start : second.end] == "Pasal 1"
        assert first.x0 == pytest.approx(72 / 595, abs=0.01)
        assert first.y0 < 1 - 760 / 842 < first.y1 < second.y1
        assert second.x1 < first.x1 < 1

    def test_boxes_follow_a_page_that_is_shown_turned(self, file: Path) -> None:
        lines = ["PERATURAN WALI KOTA", "Pasal 1"]
        (upright,), *turned = (_read(file, files.text_pdf(lines, rotate=angle))[1] for angle in (0, 90, 180, 270))
        box = upright.boxes[1]
        for (page,) in turned:
            x0, y0, x1, y1 = box.x0, box.y0, box.x1, box.y1
            box = replace(box, x0=1 - y1, y0=x0, x1=1 - y0, y1=x1)
            found = next(line for line in page.boxes if page.text[line.start : line.end] == "Pasal 1")
            assert (found.x0, found.y0, found.x1, found.y1) == pytest.approx((box.x0, box.y0, box.x1, box.y1), abs=1e-4)

    def test_letter_spaced_headings_become_words(self, file: Path) -> None:
        lines = ["T E N T A N G", "P E R A T U R A N   W A L I   K O T A", "1 2 3 4 5 6"]
        _, [page] = _read(file, files.text_pdf(lines))
        assert page.text == "TENTANG\nPERATURAN WALI KOTA\n1 2 3 4 5 6"

    def test_a_reading_can_go_on_where_it_was_interrupted(self, file: Path) -> None:
        _, pages = _read(file, files.text_pdf(["satu"], ["dua"], ["tiga"]), first=2)
        assert [page.text for page in pages] == ["dua", "tiga"]

    def test_a_file_that_only_forbids_changes_is_read(self, file: Path) -> None:
        facts, [page] = _read(file, files.text_pdf(["terbuka bagi pembaca"], owner="rahasia"))
        assert page.text == "terbuka bagi pembaca"
        assert "encrypted" in facts.warnings

    def test_a_file_under_a_password_says_so(self, file: Path) -> None:
        with pytest.raises(PasswordNeeded):
            _read(file, files.text_pdf(["tertutup"], user="rahasia", owner="lain"))

    def test_of_a_cut_off_file_the_first_pages_are_saved_and_the_lost_ones_named(self, file: Path) -> None:
        whole = files.text_pdf(*([f"Halaman ke {number}"] * 20 for number in range(6)))
        facts, pages = _read(file, whole[: len(whole) * 2 // 3])
        assert "repaired" in facts.warnings
        assert pages[0].text.startswith("Halaman ke 0")
        assert pages[-1].method == "unreadable"
        assert "hilang" in pages[-1].note

    def test_an_empty_page_is_blank(self, file: Path) -> None:
        _, pages = _read(file, files.text_pdf(["isi"], [""]))
        assert [page.method for page in pages] == ["text", "blank"]

    def test_without_ocr_a_scan_says_that_it_was_not_recognised(self, file: Path) -> None:
        _, [page] = _read(file, files.scan_pdf(["PERATURAN WALI KOTA"]), ocr=False)
        assert (page.text, page.method, page.picture) == ("", "blank", True)
        assert page.note == "Pindaian: belum di-OCR"

    @needs_ocr
    def test_a_scan_is_read_by_ocr_with_confidence_and_boxes(self, file: Path) -> None:
        _, [page] = _read(file, files.scan_pdf(["PERATURAN WALI KOTA TIRTA", "NOMOR 12 TAHUN 2023"]), ocr=True)
        assert page.text == "PERATURAN WALI KOTA TIRTA\nNOMOR 12 TAHUN 2023"
        assert (page.method, page.picture) == ("ocr", True)
        assert page.confidence is not None
        assert page.confidence > 0.8
        assert [page.text[box.start : box.end] for box in page.boxes] == page.text.split("\n")

    @needs_ocr
    @pytest.mark.parametrize("turned", [90, 270])
    def test_a_page_scanned_on_its_side_is_read_all_the_same(self, file: Path, turned: int) -> None:
        lines = ["PERATURAN WALI KOTA TIRTA", "NOMOR 12 TAHUN 2023", "TENTANG SISTEM PEMERINTAHAN"]
        _, [page] = _read(file, files.scan_pdf(lines, turned=turned), ocr=True)
        assert page.text.split("\n") == lines
        first = page.boxes[0]
        assert first.y1 - first.y0 > first.x1 - first.x0
        assert (first.x0 < 0.5) == (turned == 90)

    @needs_ocr
    def test_a_scan_under_the_stamp_of_a_signing_service_is_still_a_scan(self, file: Path) -> None:
        stamp = "Dokumen ini telah ditandatangani secara elektronik memakai sertifikat BSrE"
        lines = ["", "", *(f"Pasal {number} Penyelenggaraan pemerintahan daerah" for number in range(1, 9))]
        _, [page] = _read(file, files.stamped(files.scan_pdf(lines), stamp), ocr=True)
        assert page.method == "ocr"
        assert "Pasal 8 Penyelenggaraan pemerintahan daerah" in page.text
        assert "secara elektronik" in page.text

    @needs_ocr
    def test_a_page_whose_font_has_no_character_map_is_read_by_ocr(self, file: Path) -> None:
        gibberish = ["3HUDWXUDQ :DOL .RWD 1RPRU 7DKXQ WHQWDQJ 3HQ\\\\HOHQJJDUDDQ"] * 3
        _, [page] = _read(file, files.text_pdf(gibberish), ocr=True)
        assert page.method == "ocr"


class TestWord:
    def test_headers_boxes_tables_and_tracked_changes_are_read_in_order(self, file: Path) -> None:
        facts, pages = _read(file, files.word_file())
        assert pages[0].text.split("\n") == [
            "PEMERINTAH KOTA TIRTA",
            "TENTANG",
            "Tim Koordinasi SPBE ditetapkan",
            "Sebelum kotak",
            "Isi kotak teks",
            "Menimbang : a. bahwa pertama;",
            "b. bahwa kedua;",
            "Susunan Tim",
            "Ketua | Sekretaris Daerah",
            "Wakil",
            "Dokumen ini sah tanpa cap",
        ]
        assert facts.tracked_changes == 2
        assert facts.metadata["title"] == "Keputusan Tim Koordinasi"

    def test_pages_follow_the_breaks_in_the_file(self, file: Path) -> None:
        _, pages = _read(file, files.word_file())
        assert [(page.label, page.text.split("\n")[-1]) for page in pages][1:] == [
            ("hal. 2", "Lampiran pada halaman kedua")
        ]

    def test_strict_open_xml_is_read_like_the_other(self, file: Path) -> None:
        namespace = (
            b"http://schemas.openxmlformats.org/wordprocessingml/2006/main",
            b"http://purl.oclc.org/ooxml/main",
        )
        _, pages = _read(file, files.repacked(files.word_file(), "word/document.xml", namespace))
        assert "Tim Koordinasi SPBE ditetapkan" in pages[0].text

    def test_a_doctype_in_an_office_file_is_refused(self, file: Path) -> None:
        bad = (b"<w:document", b'<!DOCTYPE x [<!ENTITY a "b">]><w:document')
        with pytest.raises(BrokenFile):
            _read(file, files.repacked(files.word_file(), "word/document.xml", bad))


class TestOtherFormats:
    def test_sheets_are_pages_and_figures_are_rounded(self, file: Path) -> None:
        _, pages = _read(file, files.sheet_file())
        assert [(page.label, page.text, page.method) for page in pages] == [
            ("Lembar Risiko", "No | Risiko | Nilai\n1 | Server padam | 0.952", "text"),
            ("Kosong", "", "blank"),
        ]

    def test_a_doctype_in_a_spreadsheet_is_refused(self, file: Path) -> None:
        with pytest.raises(BrokenFile):
            _read(file, files.repacked(files.sheet_file(), "xl/workbook.xml", (b"<workbook", b"<!DOCTYPE x><workbook")))

    def test_slides_come_with_their_tables_and_notes(self, file: Path) -> None:
        _, pages = _read(file, files.slides_file())
        assert [(page.label, page.text) for page in pages] == [
            ("Slide 1", "Arsitektur SPBE\nDomain | Aplikasi\nCatatan pembicara"),
            ("Slide 2", ""),
        ]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
    def test_text_is_read_in_any_encoding(self, file: Path, encoding: str) -> None:
        _, [page] = _read(file, "Notulen rapat – Dinas Kominfo\r\nHadir: 12".encode(encoding))
        assert page.text == "Notulen rapat – Dinas Kominfo\nHadir: 12"

    def test_a_table_in_html_becomes_lines_without_scripts(self, file: Path) -> None:
        html = (
            b"<html><head><title>Nilai</title><script>x()</script></head>"
            b"<table><tr><td>Indeks&nbsp;SPBE</td><td>2,98</td></tr></table>"
        )
        _, [page] = _read(file, html)
        assert page.text == "Nilai\nIndeks SPBE | 2,98"

    @needs_ocr
    def test_a_screenshot_is_read_by_ocr(self, file: Path) -> None:
        _, [page] = _read(file, files.picture(["Tangkapan layar aplikasi"]), ocr=True)
        assert (page.label, page.text) == ("Gambar", "Tangkapan layar aplikasi")

    @needs_ocr
    def test_a_tiff_has_as_many_pages_as_pictures(self, file: Path) -> None:
        _, pages = _read(file, files.tiff(["Satu halaman"], ["Dua halaman"]), ocr=True)
        assert [(page.label, page.text) for page in pages] == [
            ("Gambar 1", "Satu halaman"),
            ("Gambar 2", "Dua halaman"),
        ]

    def test_what_is_not_read_is_named(self, file: Path) -> None:
        with pytest.raises(UnsupportedType, match=r"Word 97-2003 \(\.doc\)"):
            open_document(file, "application/msword", Limits(), 0)
        with pytest.raises(PasswordNeeded):
            open_document(file, LOCKED_OFFICE, Limits(), 0)
        with pytest.raises(UnsupportedType, match="gambar halaman"):
            draw_page(file, "text/plain", Limits(), 1, 600)
