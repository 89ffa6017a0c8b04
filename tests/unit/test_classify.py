"""What the classifier reads out of ordinary office documents, and what it does not fall for."""

from __future__ import annotations

import pytest

from classifiers.classify import classify
from classifiers.rules import Rulebook, load_rulebook
from evidence.analysis import Analyser
from evidence.values import Analysed, FileFacts, Match, PageText, Part, Read
from ingest.identify import structure

ANALYSER = Analyser()


@pytest.fixture(scope="module")
def rules() -> Rulebook:
    return load_rulebook("permenpanrb-59-2020", ANALYSER)


def a_document(doc_type: str, *pages: str, label: str = "hal. {}") -> Analysed:
    """A version of one part with these pages, analysed as the pipeline does."""
    texts = tuple(PageText(n, label.format(n), text.strip("\n")) for n, text in enumerate(pages, 1))
    read = Read((Part(0, "body", "berkas.pdf", "0" * 64, FileFacts("application/pdf", len(texts)), texts),))
    tokens = {(0, page.number): ANALYSER.analyse(page.text) for page in texts}
    return Analysed(read, structure(read), tokens, doc_type)


def proposals(matches: list[Match]) -> set[str]:
    """Criterion keys shown as proposals."""
    return {m.criterion for m in matches if m.criterion and m.score >= 0.5}


def indicators(matches: list[Match]) -> set[str]:
    return {m.indicator for m in matches if m.score >= 0.5}


def the(matches: list[Match], criterion: str) -> Match:
    return next(m for m in matches if m.criterion == criterion)


HEAD = """
WALI KOTA TELAGA BIRU
PERATURAN WALI KOTA TELAGA BIRU
NOMOR 14 TAHUN 2023
TENTANG
PENYELENGGARAAN SISTEM PEMERINTAHAN BERBASIS ELEKTRONIK
Menimbang : a. bahwa perlu mengatur penyelenggaraan sistem pemerintahan berbasis elektronik;
Mengingat : 1. Peraturan Presiden Nomor 95 Tahun 2018 tentang Sistem Pemerintahan Berbasis Elektronik;
2. Peraturan Menteri Nomor 5 Tahun 2020 tentang Pedoman Manajemen Risiko Sistem Pemerintahan Berbasis Elektronik;
MEMUTUSKAN:
Menetapkan : PERATURAN WALI KOTA TENTANG PENYELENGGARAAN SISTEM PEMERINTAHAN BERBASIS ELEKTRONIK.
BAB I
KETENTUAN UMUM
Pasal 1
Dalam Peraturan Wali Kota ini yang dimaksud dengan:
1. Audit Teknologi Informasi dan Komunikasi adalah proses yang sistematis untuk memperoleh bukti.
"""
CLOSING = """
Pasal 30
Peraturan Wali Kota ini mulai berlaku pada tanggal diundangkan.
Ditetapkan di Telaga Biru
pada tanggal 3 April 2023
WALI KOTA TELAGA BIRU,
"""
ROAD_MAP = """
BAB II
TATA KELOLA SPBE
Bagian Kedua
Peta Rencana SPBE
Pasal 5
(1) Peta Rencana SPBE disusun untuk jangka waktu 5 (lima) tahun dan diselaraskan dengan Peta Rencana SPBE Nasional.
(2) Peta Rencana SPBE memuat:
a. Tata Kelola SPBE;
b. Manajemen SPBE; dan
c. Audit Teknologi Informasi dan Komunikasi.
(3) Reviu Peta Rencana SPBE dilaksanakan paling sedikit 1 (satu) kali dalam 2 (dua) tahun.
"""


def test_a_regulation_on_spbe_belongs_to_the_policies_its_articles_regulate(rules: Rulebook) -> None:
    matches = classify(a_document("perwali", HEAD, ROAD_MAP + CLOSING), rules)
    assert indicators(matches) == {"2"}
    assert proposals(matches) == {
        "2.document_established",
        "2.element:tata_kelola",
        "2.element:manajemen",
        "2.element:audit_tik",
        "2.aligned_with:peta_rencana_spbe_nasional",
    }


def test_a_match_says_article_page_quote_and_why(rules: Rulebook) -> None:
    match = the(classify(a_document("perwali", HEAD, ROAD_MAP + CLOSING), rules), "2.element:audit_tik")
    assert (match.article, match.place.page) == ("Pasal 5 ayat (2)", 2)
    assert match.quote.startswith("(2) Peta Rencana SPBE memuat")
    assert match.quote.endswith("Audit Teknologi Informasi dan Komunikasi.")
    assert "ada di batang tubuh Pasal 5 ayat (2)" in match.reasons


def test_the_place_of_a_match_holds_its_quote(rules: Rulebook) -> None:
    document = a_document("perwali", HEAD, ROAD_MAP + CLOSING)
    for match in classify(document, rules):
        assert " ".join(document.read.text(match.place).split()) == match.quote
        assert len(match.quote) <= 300


def test_an_article_that_orders_a_review_is_no_review(rules: Rulebook) -> None:
    assert "2.reviewed" not in proposals(classify(a_document("perwali", HEAD, ROAD_MAP + CLOSING), rules))


def test_a_draft_belongs_to_its_indicator_but_is_not_established(rules: Rulebook) -> None:
    draft = (HEAD + ROAD_MAP).replace("NOMOR 14 TAHUN 2023", "NOMOR ... TAHUN 2024")
    matches = classify(a_document("rancangan_kebijakan", draft), rules)
    assert "2.element:audit_tik" in proposals(matches)
    assert "2.document_established" not in proposals(matches)


def test_what_is_only_in_mengingat_or_defined_is_a_mention(rules: Rulebook) -> None:
    matches = classify(a_document("perwali", HEAD, ROAD_MAP + CLOSING), rules)
    risk = next(m for m in matches if m.indicator == "21")
    assert risk.score < 0.5
    assert "hanya disebut dalam Mengingat" in risk.reasons
    audit = next(m for m in matches if m.indicator == "9")
    assert audit.score < 0.5
    assert audit.criterion is None


def test_elements_named_in_one_sentence_are_all_found(rules: Rulebook) -> None:
    text = """
Bagian Kelima
Manajemen Data
Pasal 16
Manajemen data dilakukan melalui serangkaian proses pengelolaan arsitektur data, data induk, data referensi, basis data,
kualitas data, dan interoperabilitas data.
"""
    found = proposals(classify(a_document("perwali", HEAD, text + CLOSING), rules))
    elements = "arsitektur_data data_induk data_referensi basis_data kualitas_data interoperabilitas_data"
    assert {f"3.element:{element}" for element in elements.split()} <= found


def test_dinas_as_a_defined_term_is_the_ict_unit(rules: Rulebook) -> None:
    text = """
Bagian Keempat
Pembangunan Aplikasi
Pasal 7
(1) Setiap Perangkat Daerah yang akan membangun aplikasi wajib berkonsultasi kepada Dinas.
(2) Pembangunan aplikasi dilaksanakan setelah memperoleh rekomendasi dari Dinas.
"""
    matches = classify(a_document("perwali", HEAD, text + CLOSING), rules)
    assert the(matches, "4.consultation_with_ict_unit:all").article == "Pasal 7 ayat (1)"
    assert the(matches, "4.ict_unit_control").article == "Pasal 7 ayat (2)"


def test_a_team_decree_establishes_the_policy_and_the_team(rules: Rulebook) -> None:
    decree = """
KEPUTUSAN WALI KOTA TELAGA BIRU
NOMOR 188.45/210/HK/2023
TENTANG
TIM KOORDINASI SISTEM PEMERINTAHAN BERBASIS ELEKTRONIK
Menimbang : bahwa perlu membentuk tim;
MEMUTUSKAN:
Menetapkan :
KESATU : Membentuk Tim Koordinasi SPBE dengan susunan keanggotaan sebagaimana tercantum dalam Lampiran Keputusan ini.
KEDUA : Keputusan ini mulai berlaku pada tanggal ditetapkan.
Ditetapkan di Telaga Biru
pada tanggal 10 Mei 2023
"""
    matches = classify(a_document("keputusan_kepala_daerah", decree), rules)
    assert {"10.document_established", "10.element:susunan_tim", "19.formal_team"} <= proposals(matches)
    assert the(matches, "10.element:susunan_tim").article == "KESATU"


def test_a_coordination_team_for_something_else_is_a_homonym(rules: Rulebook) -> None:
    decree = """
KEPUTUSAN WALI KOTA TELAGA BIRU
NOMOR 188.45/77/HK/2023
TENTANG
TIM KOORDINASI PENANAMAN MODAL
Menimbang : bahwa perlu membentuk tim;
MEMUTUSKAN:
Menetapkan :
KESATU : Membentuk Tim Koordinasi Penanaman Modal.
Ditetapkan di Telaga Biru
pada tanggal 10 Mei 2023
"""
    assert indicators(classify(a_document("keputusan_kepala_daerah", decree), rules)) == set()


@pytest.mark.parametrize(
    ("doc_type", "text"),
    [
        ("dokumen_perencanaan", "RENCANA INDUK PENGEMBANGAN UNIVERSITAS TELAGA BIRU\nTAHUN 2020-2040"),
        ("laporan_audit", "LAPORAN AUDIT MUTU INTERNAL\nProgram Studi Manajemen"),
        ("perwali", "PERATURAN WALI KOTA\nNOMOR 3 TAHUN 2021\nTENTANG\nSISTEM ZONASI PENERIMAAN PESERTA DIDIK BARU"),
        ("laporan_kegiatan", "LAPORAN KANTOR PENGHUBUNG PEMERINTAH KOTA TELAGA BIRU DI JAKARTA"),
    ],
)
def test_homonyms_belong_to_no_indicator(rules: Rulebook, doc_type: str, text: str) -> None:
    assert indicators(classify(a_document(doc_type, text), rules)) == set()


def test_the_duties_of_an_office_regulate_nothing(rules: Rulebook) -> None:
    text = """
PERATURAN WALI KOTA TELAGA BIRU
NOMOR 40 TAHUN 2021
TENTANG
KEDUDUKAN, SUSUNAN ORGANISASI, TUGAS DAN FUNGSI DINAS KOMUNIKASI DAN INFORMATIKA
Pasal 5
Bidang E-Government mempunyai tugas menyiapkan arsitektur SPBE, peta rencana SPBE, dan audit TIK.
Pasal 6
Seksi Infrastruktur mempunyai tugas mengelola pusat data dan jaringan intra.
"""
    assert indicators(classify(a_document("perwali", text), rules)) == set()


def test_a_review_report_reviews_with_issues_and_recommendations(rules: Rulebook) -> None:
    cover = """
PEMERINTAH KOTA TELAGA BIRU
LAPORAN HASIL REVIU
PETA RENCANA SPBE KOTA TELAGA BIRU
TAHUN 2024
"""
    body = """
BAB II HASIL REVIU
A. Permasalahan
Target pembangunan aplikasi belum tercapai karena keterbatasan anggaran.
B. Rekomendasi
Peta rencana dimutakhirkan pada tahun 2025.
"""
    matches = classify(a_document("laporan_reviu", cover, body), rules)
    assert indicators(matches) == {"12"}
    assert {"12.reviewed", "12.review_has_issues_and_recommendations"} <= proposals(matches)


def test_a_review_of_a_policy_belongs_to_the_policy(rules: Rulebook) -> None:
    text = """
LAPORAN REVIU KEBIJAKAN
PERATURAN WALI KOTA NOMOR 14 TAHUN 2023 TENTANG PENYELENGGARAAN SPBE
2.1 Kebijakan Arsitektur SPBE
Permasalahan: pengaturan arsitektur SPBE belum memuat integrasi. Rekomendasi: menambahkan satu ayat pada Pasal 4.
"""
    matches = classify(a_document("laporan_reviu", text), rules)
    assert indicators(matches) == {"1"}
    assert "1.reviewed" in proposals(matches)


def test_minutes_show_what_a_team_did(rules: Rulebook) -> None:
    text = """
NOTULEN RAPAT
Hari/Tanggal : Rabu, 12 Juni 2024
Acara : Rapat Evaluasi Program Kerja Tim Koordinasi SPBE
Peserta : seluruh perangkat daerah (daftar hadir terlampir)
1. Realisasi program kerja tim semester I sudah mencapai 70 persen.
2. Permasalahan: belum semua OPD menyampaikan inventaris aplikasi.
3. Rekomendasi: OPD menyampaikan data paling lambat akhir Juni.
"""
    matches = classify(a_document("notulen", text), rules)
    assert indicators(matches) == {"19"}
    assert {"19.work_programme:partial", "19.communicated_to_all_units", "19.reviewed"} <= proposals(matches)


def test_an_invitation_to_a_review_is_no_review(rules: Rulebook) -> None:
    text = """
SEKRETARIAT DAERAH
Nomor : 005/123/Kominfo
Hal : Undangan Rapat Reviu Arsitektur SPBE
Dengan hormat, mengharap kehadiran Saudara pada rapat dimaksud.
"""
    matches = classify(a_document("undangan", text), rules)
    assert indicators(matches) == {"11"}
    assert "11.reviewed" not in proposals(matches)


def test_an_sop_is_known_by_its_name_not_by_its_legal_basis(rules: Rulebook) -> None:
    text = """
Nomor SOP : 067/12/SOP/2023
Tanggal Efektif : 10 Januari 2023
Nama SOP : Pengelolaan Ruang Server dan Pusat Data
Dasar Hukum :
1. Peraturan Wali Kota Nomor 9 Tahun 2022 tentang Peta Rencana SPBE
"""
    matches = classify(a_document("sop", text), rules)
    assert indicators(matches) == {"16"}
    assert "16.sop_available" in proposals(matches)


def test_an_audit_report_names_its_auditor_and_its_follow_up(rules: Rulebook) -> None:
    text = """
LAPORAN HASIL AUDIT
KEAMANAN APLIKASI SPBE TAHUN 2024
I. PENDAHULUAN
Audit keamanan aplikasi dilaksanakan oleh Inspektorat selaku auditor internal dengan mengacu pada Peraturan BSSN.
II. TINDAK LANJUT
Temuan pertama telah ditindaklanjuti pada April 2024.
"""
    matches = classify(a_document("laporan_audit", text), rules)
    assert indicators(matches) == {"31"}
    assert {"31.auditor:internal", "31.guideline_followed", "31.followed_up"} <= proposals(matches)


def test_a_manual_shows_what_a_service_can_do(rules: Rulebook) -> None:
    cover = "BUKU PANDUAN PENGGUNA\nSISTEM INFORMASI KEPEGAWAIAN (SIMPEG)\nKOTA TELAGA BIRU"
    page = """
3. Dasbor
Halaman ini menampilkan jumlah pegawai menurut golongan.
4. Pengajuan Cuti
Pegawai mengunggah berkas. Atasan langsung memberi persetujuan melalui menu Verifikasi.
Data cuti otomatis terkirim ke aplikasi e-Kinerja melalui web service.
"""
    matches = classify(a_document("manual_aplikasi", cover, page), rules)
    assert indicators(matches) == {"36"}
    wanted = ["informasi", "interaksi", "transaksi", "kolaborasi"]
    assert {f"36.capability:{capability}" for capability in wanted} <= proposals(matches)


def test_what_an_application_will_do_one_day_is_not_shown(rules: Rulebook) -> None:
    text = "PANDUAN SIMPEG\nAplikasi SIMPEG akan diintegrasikan dengan aplikasi keuangan melalui web service."
    found = proposals(classify(a_document("manual_aplikasi", text), rules))
    assert "36.capability:kolaborasi" not in found


def test_a_paper_form_about_staff_is_no_electronic_service(rules: Rulebook) -> None:
    text = "Nama SOP : Usul Kenaikan Pangkat Pegawai\nBerkas diserahkan ke loket dan dicatat dalam buku agenda."
    assert "36" not in indicators(classify(a_document("sop", text), rules))


def test_sector_services_come_together(rules: Rulebook) -> None:
    text = "PANDUAN APLIKASI PERIZINAN ONLINE\nDINAS PENANAMAN MODAL KOTA TELAGA BIRU"
    assert {"45", "46", "47"} <= indicators(classify(a_document("manual_aplikasi", text), rules))


def test_a_spreadsheet_row_is_quoted_whole(rules: Rulebook) -> None:
    rows = """
REGISTER RISIKO SPBE TAHUN 2024
No | Kejadian | Dampak | Besaran Risiko | Rencana Penanganan Risiko
1 | Server pusat data mati | Layanan terhenti | 20 | Pengadaan genset
"""
    matches = classify(a_document("register_risiko", rows, label="Lembar Risiko"), rules)
    assert indicators(matches) == {"21"}
    assert the(matches, "21.element:penanganan_risiko").quote.startswith("No | Kejadian")


def test_a_budget_with_ict_spending_is_a_budget_document(rules: Rulebook) -> None:
    text = """
DOKUMEN PELAKSANAAN ANGGARAN
Organisasi : Dinas Komunikasi dan Informatika
Program : Program Pengelolaan Aplikasi Informatika
Kegiatan : Pengelolaan e-government di Lingkup Pemerintah Daerah Kabupaten/Kota
"""
    matches = classify(a_document("dpa_rka", text), rules)
    assert "13.budget_document" in proposals(matches)
    other = text.replace("Komunikasi dan Informatika", "Pertanian").replace("Aplikasi Informatika", "Irigasi")
    assert classify(a_document("dpa_rka", other.replace("e-government", "pupuk")), rules) == []


def test_a_strategy_names_the_body_that_set_it(rules: Rulebook) -> None:
    text = """
LAPORAN MANAJEMEN RISIKO SPBE
Kebijakan strategis manajemen risiko SPBE ditetapkan oleh Komite Manajemen Risiko pada 2 Februari 2024.
"""
    match = the(classify(a_document("laporan_kegiatan", text), rules), "21.strategy_set_by")
    assert match.value == "komite_manajemen_risiko"


def test_an_empty_document_has_no_matches(rules: Rulebook) -> None:
    assert classify(a_document("lainnya", ""), rules) == []
    assert classify(Analysed(Read(()), (), {}, ""), rules) == []


def test_a_blank_number_establishes_nothing(rules: Rulebook) -> None:
    decree = """
KEPUTUSAN WALI KOTA TELAGA BIRU
NOMOR 188.45/........./KEP/2025
TENTANG
TIM KOORDINASI SISTEM PEMERINTAHAN BERBASIS ELEKTRONIK
Menimbang : bahwa perlu membentuk tim;
MEMUTUSKAN:
Menetapkan :
KESATU : Membentuk Tim Koordinasi SPBE.
"""
    matches = classify(a_document("keputusan_kepala_daerah", decree), rules)
    assert indicators(matches) == {"10", "19"}
    assert "10.document_established" not in proposals(matches)


def test_the_regions_own_network_is_not_the_national_one(rules: Rulebook) -> None:
    text = """
Bagian Keenam
Jaringan Intra
Pasal 9
(1) Seluruh Perangkat Daerah menggunakan Jaringan Intra Pemerintah Daerah.
"""
    found = proposals(classify(a_document("perwali", HEAD, text + CLOSING), rules))
    assert "6.scope:all" in found
    assert not found & {"6.integration", "6.element:interkoneksi_jip"}


def test_a_number_of_units_out_of_all_is_a_part(rules: Rulebook) -> None:
    text = "LAPORAN PENGELOLAAN JARINGAN INTRA\nJaringan intra baru menjangkau 21 dari 34 Perangkat Daerah."
    found = proposals(classify(a_document("laporan_kegiatan", text), rules))
    assert "17.scope:partial" in found
    assert "17.scope:all" not in found


def test_a_road_map_plans_the_programmes_it_lists(rules: Rulebook) -> None:
    cover = "PETA RENCANA SPBE KOTA TELAGA BIRU\nTAHUN 2023-2027"
    page = """
B. Manajemen SPBE
Penerapan Manajemen Risiko SPBE Inspektorat Daerah 90 90 90
Penerapan Manajemen Aset TIK BPKAD 60 60 60
"""
    found = proposals(classify(a_document("peta_rencana", cover, page), rules))
    assert {"21.planned", "21.in_peta_rencana", "24.planned", "24.in_peta_rencana", "12.element:manajemen"} <= found


def test_what_is_said_of_one_subject_is_not_taken_for_another(rules: Rulebook) -> None:
    decree = """
KEPUTUSAN SEKRETARIS DAERAH KOTA TELAGA BIRU
NOMOR 188.45/12/SEKDA/2024
TENTANG
STRATEGI MANAJEMEN RISIKO SPBE DAN MANAJEMEN KEAMANAN INFORMASI
Menimbang : bahwa perlu menetapkan strategi;
MEMUTUSKAN:
Menetapkan :
KESATU : Strategi Manajemen Risiko SPBE dilaksanakan oleh seluruh Perangkat Daerah.
KEDUA : Tim Koordinasi SPBE menetapkan strategi Manajemen Keamanan Informasi.
"""
    found = proposals(classify(a_document("keputusan_sekda", decree), rules))
    assert {"21.scope:all", "22.strategy_set_by"} <= found
    assert "22.scope:all" not in found


def test_an_amended_policy_tells_in_menimbang_that_it_follows_a_review(rules: Rulebook) -> None:
    amending = HEAD.replace(
        "a. bahwa perlu mengatur",
        "a. bahwa berdasarkan hasil reviu kebijakan, Peraturan Wali Kota Nomor 3 Tahun 2020 perlu diubah;\n"
        "b. bahwa perlu mengatur",
    )
    found = proposals(classify(a_document("perwali", amending, ROAD_MAP + CLOSING), rules))
    assert {"2.followed_up", "2.new_document_established"} <= found


def test_the_letterhead_is_no_title(rules: Rulebook) -> None:
    text = """
PEMERINTAH KOTA TELAGA BIRU
DINAS PENANAMAN MODAL DAN PELAYANAN PERIZINAN
Jalan Melati Nomor 1, laman www.telagabiru.example
LAPORAN KEGIATAN SENAM PAGI TAHUN 2024
Kegiatan diikuti 40 orang.
"""
    assert indicators(classify(a_document("laporan_kegiatan", text), rules)) == set()


UNREADABLE_TITLE = """
KEPUTUSAN WALI KOTA TELAGA BIRU
NOMOR 188.45/210/HK/2023
TENTANG
T1M K00RD1NAS! S1STEM PEMER!NTAHAN
Menimbang : {recital}
MEMUTUSKAN:
Menetapkan :
KESATU : {dictum}
"""


def test_an_unreadable_title_is_read_from_menimbang(rules: Rulebook) -> None:
    recital = (
        "bahwa perlu menetapkan Keputusan Wali Kota tentang Tim Koordinasi Sistem Pemerintahan Berbasis Elektronik;"
    )
    text = UNREADABLE_TITLE.format(recital=recital, dictum="Menetapkan tim sebagaimana tercantum dalam Lampiran.")
    assert "10" in indicators(classify(a_document("keputusan_kepala_daerah", text), rules))


def test_an_unreadable_title_is_read_from_the_first_dictum(rules: Rulebook) -> None:
    text = UNREADABLE_TITLE.format(recital="bahwa perlu membentuk tim;", dictum="Membentuk Tim Koordinasi SPBE.")
    assert "10" in indicators(classify(a_document("keputusan_kepala_daerah", text), rules))


def test_a_team_that_only_acts_in_the_first_dictum_is_not_founded_by_it(rules: Rulebook) -> None:
    text = UNREADABLE_TITLE.replace("T1M K00RD1NAS! S1STEM PEMER!NTAHAN", "STRATEGI MANAJEMEN RISIKO SPBE").format(
        recital="bahwa perlu menetapkan strategi;",
        dictum="Tim Koordinasi SPBE menetapkan strategi Manajemen Risiko SPBE.",
    )
    assert indicators(classify(a_document("keputusan_sekda", text), rules)) == {"21"}


def test_a_clause_that_begins_with_an_element_belongs_to_its_heading(rules: Rulebook) -> None:
    text = """
Bagian Kesatu
Manajemen Keamanan Informasi
Pasal 15
Manajemen keamanan informasi dilaksanakan oleh Dinas.
Pasal 16
(1) Perencanaan sebagaimana dimaksud dalam Pasal 15 memuat program kerja.
(2) Laporan disampaikan setiap tahun setelah perencanaan.
"""
    matches = classify(a_document("perwali", HEAD, text + CLOSING), rules)
    assert [m.article for m in matches if m.criterion == "8.element:perencanaan"] == ["Pasal 16 ayat (1)"]


def test_a_document_of_unknown_type_is_read_all_the_same(rules: Rulebook) -> None:
    text = "SRIKANDI\nSistem Informasi Kearsipan Dinamis\nCari surat"
    assert indicators(classify(a_document("jenis_baru", text), rules)) == {"37"}


def test_a_letter_spaced_tentang_still_begins_the_title(rules: Rulebook) -> None:
    text = """
KEPUTUSAN KEPALA DINAS PENANAMAN MODAL DAN PERIZINAN ONLINE
NOMOR 5 TAHUN 2023
T E N T A N G
PEMBENTUKAN PANITIA SENAM PAGI
Menimbang : bahwa perlu membentuk panitia;
MEMUTUSKAN:
Menetapkan :
KESATU : Membentuk Panitia Senam Pagi.
"""
    assert indicators(classify(a_document("keputusan_kepala_pd", text), rules)) == set()
