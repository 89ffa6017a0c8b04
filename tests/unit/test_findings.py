"""Findings: the validity flags of a version, and the false alarms they must not raise."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.flags import flags
from evidence.values import Finding, PageText, Read
from ingest.identify import findings, identify, relations, structure
from tests.support.regulations import ANNEX, ARTICLES, CLOSING, LAST_ARTICLES, PERWALI, TITLE, a_decree, a_read


def found(read: Read) -> dict[str, Finding]:
    sections = structure(read)
    return {finding.kind: finding for finding in findings(read, sections, identify(read, sections))}


def severities(read: Read) -> dict[str, str]:
    return {kind: finding.severity for kind, finding in found(read).items()}


DRAFT = TITLE.replace("NOMOR 14 TAHUN 2022", "NOMOR ..... TAHUN 2025")
BLANK_CLOSING = CLOSING.replace("pada tanggal 17 Juni 2022", "pada tanggal ....... 2025")


def test_a_regulation_that_is_whole_has_no_findings() -> None:
    assert found(a_read(*PERWALI)) == {}


def test_a_decree_is_never_blamed_for_not_being_promulgated() -> None:
    assert found(a_read(a_decree())) == {}


def test_an_empty_number_and_an_empty_date_are_found_where_they_stand() -> None:
    read = a_read(DRAFT, ARTICLES, LAST_ARTICLES + BLANK_CLOSING, ANNEX)
    flagged = found(read)
    assert (flagged["DRAFT_BLANK_NUMBER"].severity, flagged["DRAFT_BLANK_DATE"].severity) == ("B", "B")
    number, dated = flagged["DRAFT_BLANK_NUMBER"].place, flagged["DRAFT_BLANK_DATE"].place
    assert number is not None
    assert dated is not None
    assert read.text(number) == "NOMOR ..... TAHUN 2025"
    assert read.text(dated) == "pada tanggal ....... 2025"


def test_on_a_scan_an_empty_slot_is_for_a_person_to_look_at() -> None:
    scan = a_read(DRAFT, ARTICLES, LAST_ARTICLES + BLANK_CLOSING, ANNEX, method="ocr")
    assert {kind: s for kind, s in severities(scan).items() if kind.startswith("DRAFT")} == {
        "DRAFT_BLANK_NUMBER": "W",
        "DRAFT_BLANK_DATE": "W",
    }


def test_on_a_signed_file_an_empty_slot_is_for_a_person_to_look_at() -> None:
    read = a_read(DRAFT, ARTICLES, LAST_ARTICLES + CLOSING, ANNEX)
    part = read.parts[0]
    signed = Read((replace(part, facts=replace(part.facts, signature_fields=1)),))
    assert severities(signed)["DRAFT_BLANK_NUMBER"] == "W"


def test_a_number_in_a_line_of_its_own_is_not_empty() -> None:
    read = a_read(TITLE.replace("NOMOR 14 TAHUN 2022", "NOMOR\n14 TAHUN 2022"), *PERWALI[1:])
    assert "DRAFT_BLANK_NUMBER" not in found(read)


def test_the_word_rancangan_counts_in_the_title_only() -> None:
    title = TITLE.replace("PERATURAN WALI KOTA RANUPANE\nNOMOR", "RANCANGAN PERATURAN WALI KOTA RANUPANE\nNOMOR")
    assert severities(a_read(title, ARTICLES, ANNEX))["DRAFT_TITLE"] == "B"
    assert severities(a_read(title, *PERWALI[1:]))["DRAFT_TITLE"] == "W"
    report = "LAPORAN RAPAT\nRANCANGAN PERATURAN WALI KOTA dibahas pada tanggal 1 Mei 2024.\n"
    assert "DRAFT_TITLE" not in found(a_read(report))


def test_an_unfilled_variable_is_found() -> None:
    assert found(a_read(a_decree(number="${nomor_naskah}")))["DRAFT_PLACEHOLDER"].severity == "B"


def test_tracked_changes_and_an_editable_format_are_said() -> None:
    docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    read = a_read(a_decree(), mime=docx)
    part = read.parts[0]
    tracked = Read((replace(part, facts=replace(part.facts, tracked_changes=3, comments=1)),))
    assert found(tracked)["DRAFT_TRACKED"].detail == "3 perubahan terlacak, 1 komentar."
    assert severities(tracked)["EDITABLE_FORMAT"] == "W"


def test_a_regulation_without_promulgation_and_an_act_without_signature_are_said() -> None:
    set_only = CLOSING[: CLOSING.index("Diundangkan")]
    assert severities(a_read(TITLE, ARTICLES, LAST_ARTICLES + set_only, ANNEX)) == {"NOT_PROMULGATED": "W"}
    assert severities(a_read(TITLE, ARTICLES, LAST_ARTICLES, ANNEX)) == {"NO_SIGN_BLOCK": "W"}


def test_what_was_not_read_on_a_scan_is_no_proof_that_it_is_not_there() -> None:
    assert severities(a_read(TITLE, ARTICLES, LAST_ARTICLES, method="ocr")) == {
        "NO_SIGN_BLOCK": "I",
        "MISSING_ANNEX": "I",
    }


def test_an_annex_that_an_article_promises_and_the_file_lacks_is_missing() -> None:
    flagged = found(a_read(*PERWALI[:3]))["MISSING_ANNEX"]
    assert flagged.detail == "Pasal 2 merujuk Lampiran I; tidak ada di berkas."
    read = a_read(*PERWALI[:3])
    annexed = Read((read.parts[0], replace(a_read(ANNEX).parts[0], ordinal=1, role="annex")))
    assert "MISSING_ANNEX" not in found(annexed)


def test_a_number_that_differs_between_title_and_annex_is_reported_not_averaged() -> None:
    flagged = found(a_read(*PERWALI[:3], ANNEX.replace("NOMOR 14", "NOMOR 41")))["META_CONFLICT"]
    assert flagged.detail == "Nomor berbeda: 14 (judul) dan 41 (lampiran)."


def test_a_claim_of_an_electronic_signature_without_one_asks_for_the_original() -> None:
    claim = "Dokumen ini telah ditandatangani secara elektronik menggunakan sertifikat elektronik yang diterbitkan BSrE"
    assert severities(a_read(a_decree() + claim))["ESIGN_CLAIM_ONLY"] == "W"


def test_an_sop_without_approval_tells_what_it_lacks() -> None:
    sop = "STANDAR OPERASIONAL PROSEDUR\nPENGELOLAAN PUSAT DATA\nLangkah pertama.\n"
    assert found(a_read(sop))["SOP_NO_APPROVAL"].detail == (
        "Identitas SOP tidak lengkap: nomor, tanggal efektif, pejabat yang mengesahkan."
    )


def test_a_screenshot_without_date_or_address_is_said() -> None:
    assert "SHOT_NO_CONTEXT" in found(a_read("Menu Utama", mime="image/png"))
    assert "SHOT_NO_CONTEXT" not in found(a_read("https://sirena.ranupane.go.id Menu", mime="image/png"))


def test_a_file_most_of_which_cannot_be_read_is_said_but_blank_pages_are_not_blamed() -> None:
    part = a_read("x", "y").parts[0]
    blank = tuple(PageText(i, f"hal. {i}", "", "blank") for i in (1, 2))
    assert "UNREADABLE" in found(a_read("x", "y"))
    assert found(Read((replace(part, pages=blank),))) == {}


_LINES = st.sampled_from(
    [*"\n".join(PERWALI).split("\n"), *a_decree().split("\n"), "", " ", "-", "1.", "NOMOR", "2OI9 /"]
)


@given(
    st.lists(st.lists(_LINES, max_size=25).map("\n".join), max_size=3), st.sampled_from(["text", "ocr", "unreadable"])
)
def test_lines_in_any_order_are_read_without_failing_and_every_place_lies_on_its_page(
    pages: list[str], method: str
) -> None:
    read = a_read(*pages, method=method)
    sections = structure(read)
    identity = identify(read, sections)
    values = [value.place for values in identity.fields.values() for value in values]
    places = [*values, *(r.place for r in relations(read, sections, identity))]
    places += [finding.place for finding in findings(read, sections, identity)]
    assert all(0 <= p.start < p.end <= len(pages[p.page - 1]) for p in places if p)


@pytest.mark.parametrize("text", ["\n" * 20_000, "." * 20_000 + " x", "1" + " " * 20_000 + "x", "a " * 10_000 + "bb"])
def test_a_page_made_to_be_slow_is_not(text: str) -> None:
    started = time.process_time()
    found(a_read(text))
    assert time.process_time() - started < 2


@pytest.mark.parametrize("flag", flags().values(), ids=lambda flag: flag.id)
def test_every_flag_has_a_severity_and_a_sentence(flag: object) -> None:
    shipped = flags()[getattr(flag, "id")]  # noqa: B009
    assert shipped.severity in ("B", "W", "I")
    assert shipped.text
