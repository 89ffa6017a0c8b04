"""What people do on the pages: read the gap report, decide, look a page up, hand files in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.report_file import render_report
from evidence.models import Institution, Job
from evidence.report import current_period, gap_report
from tests.support.files import text_pdf
from tests.support.web import Site, a_document, a_site

ROADMAP = "Peta Rencana SPBE Kota Ranupane ditetapkan untuk lima tahun."
PAGES = ("/", "/kesenjangan", "/indikator", "/indikator/12", "/dokumen", "/cari", "/cari?q=peta", "/unggah")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with a_site(tmp_path) as opened:
        opened.sign_in()
        yield opened


@pytest.fixture
def demonstration(tmp_path: Path) -> Iterator[Site]:
    with a_site(tmp_path, guest=True) as opened:
        yield opened


# --- every page ------------------------------------------------------------------------------------------------------


def test_every_page_is_one_a_screen_reader_and_a_slow_line_can_use(site: Site) -> None:
    document = a_document(site, ROADMAP, criteria=["12.document_formal"])
    for path in (*PAGES, f"/dokumen/{document}"):
        page = site.page(path)
        assert '<html lang="id">' in page
        assert page.count("<h1") == 1
        assert 'href="#isi">Langsung ke isi' in page
        assert all("<caption" in table for table in page.split("<table")[1:])
        assert len(page.encode()) < 150_000


def test_no_page_holds_a_style_or_script_of_its_own(site: Site) -> None:
    document = a_document(site, ROADMAP, criteria=["12.document_formal"])
    for path in (*PAGES, f"/dokumen/{document}"):
        answer = site.client.get(path)
        assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", answer.text)
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", answer.text))
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "script-src 'self'; style-src 'self'" in policy


def test_every_link_of_the_menu_leads_somewhere(site: Site) -> None:
    menu = site.page("/").partition("<nav")[2].partition("</nav>")[0]
    links = re.findall(r'href="([^"]+)"', menu)
    assert len(links) == 6
    for link in links:
        site.page(link)


def test_a_page_that_is_not_there_is_explained_in_indonesian(site: Site) -> None:
    answer = site.client.get("/indikator/999")
    assert answer.status_code == 404
    assert "Indikator ini tidak ada" in answer.text


@pytest.mark.parametrize("path", ["/tidak-ada", "/dokumen/bukan-nomor", "/dokumen/bukan-nomor/hal/satu"])
def test_an_address_that_makes_no_sense_is_a_page_that_is_not_there(site: Site, path: str) -> None:
    answer = site.client.get(path)
    assert answer.status_code == 404
    assert "Halaman ini tidak ada." in answer.text


def test_a_program_gets_an_english_code_with_the_indonesian_message(site: Site) -> None:
    answer = site.client.get("/api/indicators/999")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"


def test_health_names_every_part(site: Site) -> None:
    assert site.client.get("/healthz").json() == {"database": "ok", "files": "ok", "index": "ok"}


# --- who may see and do what -----------------------------------------------------------------------------------------


def test_a_visitor_of_a_demonstration_may_read_but_not_write(demonstration: Site) -> None:
    document = a_document(demonstration, ROADMAP, criteria=["12.document_formal"])
    page = demonstration.page("/indikator/12")
    assert "Anda melihat instansi contoh sebagai pengunjung" in page
    assert ">Terima<" not in page
    for path in ("/unggah", f"/dokumen/{document}/coba-lagi", "/indikator/12/keputusan", "/api/decisions"):
        answer = demonstration.client.post(path, data={"ref": "match:x", "verdict": "accepted"}, follow_redirects=False)
        assert answer.status_code in (303, 401)
    assert "Diterima" not in demonstration.page("/indikator/12")


def test_without_an_account_nothing_is_shown_unless_it_is_a_demonstration(tmp_path: Path) -> None:
    with a_site(tmp_path) as closed:
        for path in ("/kesenjangan", "/dokumen", "/api/gaps", "/api/documents", "/api/search?q=a"):
            answer = closed.client.get(path, follow_redirects=False)
            assert answer.status_code in (303, 401)


def test_nothing_of_another_institution_is_ever_shown(site: Site) -> None:
    secret = "Rencana rahasia kabupaten tetangga tentang peta rencana SPBE."
    theirs = a_document(site, secret, title="Peta Rencana Telaga Biru", criteria=["12.document_formal"], theirs=True)
    for path in PAGES:
        assert "Telaga Biru" not in site.page(path)
        assert "rahasia" not in site.page(path)
    for path in ("", "/hal/1", "/hal/1/gambar", "/asli"):
        assert site.client.get(f"/dokumen/{theirs}{path}").status_code == 404
    assert site.client.get(f"/api/documents/{theirs}").status_code == 404
    assert site.client.get("/api/search?q=rahasia").json()["total"] == 0
    assert site.client.get("/api/documents").json()["total"] == 0


# --- the gap report and decisions ------------------------------------------------------------------------------------


def test_the_gap_report_shows_both_readings_and_says_it_is_not_official(site: Site) -> None:
    a_document(site, ROADMAP, criteria=["12.document_formal", "12.element:audit_tik"])
    page = site.page("/kesenjangan")
    assert "Terbukti" in page
    assert "Jika usulan diterima" in page
    assert "Simulasi internal, bukan hasil resmi KemenPANRB." in page
    assert "Indikator 12, Tingkat 2, 2 usulan, belum diputuskan" in page


def test_the_gap_list_says_what_is_missing_and_what_would_fill_it(site: Site) -> None:
    gaps = site.page("/kesenjangan").partition('id="daftar"')[2]
    assert "Dokumen resmi tersedia" in gaps
    assert "Dapat diisi dengan:" in gaps
    assert "Tingkat – → 2" in gaps


def test_an_accepted_proposal_fills_its_criterion_with_the_name_of_who_accepted_it(site: Site) -> None:
    a_document(site, ROADMAP, criteria=["12.document_formal"])
    ref = re.findall(r'name="ref" value="(match:[^"]+)"', site.page("/indikator/12"))[0]
    form = {"ref": ref, "verdict": "accepted"}
    page = site.client.post("/indikator/12/keputusan", data=form).text
    assert "Terpenuhi" in page
    assert "Koordinator Ranupane" in page
    assert "Indikator 12, Tingkat 2, 1 bukti diterima, belum lengkap" in site.page("/kesenjangan")


def test_a_decision_taken_back_leaves_a_proposal_again(site: Site) -> None:
    a_document(site, ROADMAP, criteria=["12.document_formal"])
    ref = re.findall(r'name="ref" value="(match:[^"]+)"', site.page("/indikator/12"))[0]
    page = site.client.post("/indikator/12/keputusan", data={"ref": ref, "verdict": "accepted"}).text
    link = re.findall(r'name="link" value="([^"]+)"', page)[0]
    page = site.client.post("/indikator/12/urungkan", data={"link": link}).text
    assert "Usulan sistem" in page
    assert "Terpenuhi" not in page


def test_a_rejection_needs_its_reason_and_shows_it(site: Site) -> None:
    a_document(site, ROADMAP, criteria=["12.document_formal"])
    ref = re.findall(r'name="ref" value="(match:[^"]+)"', site.page("/indikator/12"))[0]
    form = {"ref": ref, "verdict": "rejected"}
    assert site.client.post("/indikator/12/keputusan", data=form).status_code == 422
    form |= {"reason": "mention_only", "note": "baru rencana"}
    page = site.client.post("/indikator/12/keputusan", data=form).text
    assert "Ditolak" in page
    assert "hanya menyebut: baru rencana" in page


def test_why_something_was_tagged_is_said_with_rule_score_and_reasons(site: Site) -> None:
    a_document(site, ROADMAP, criteria=["12.document_formal"])
    page = site.page("/indikator/12")
    assert "Mengapa ditandai?" in page
    assert "keyakinan <b>tinggi (0,86)</b>" in page
    assert "peta-rencana" in page
    assert "Judul memuat peta rencana" in page


def test_a_program_decides_and_takes_back_like_a_person(site: Site) -> None:
    a_document(site, ROADMAP, criteria=["12.document_formal"])

    def states() -> list[str]:
        criteria = site.client.get("/api/indicators/12").json()["criteria"]
        return [evidence["state"] for criterion in criteria for evidence in criterion["evidence"]]

    criteria = site.client.get("/api/indicators/12").json()["criteria"]
    ref = next(criterion["evidence"][0]["ref"] for criterion in criteria if criterion["evidence"])
    link = site.client.post("/api/decisions", json={"ref": ref, "verdict": "accepted"}).json()["link"]
    assert set(states()) == {"accepted"}
    assert site.client.delete(f"/api/decisions/{link}").status_code == 204
    assert set(states()) == {"proposed"}


# --- documents, pages, search ----------------------------------------------------------------------------------------


def test_the_permanent_link_of_a_page_marks_the_words_in_every_form(site: Site) -> None:
    document = a_document(site, "Halaman pertama.", "Wali Kota mengatur peta rencana.")
    page = site.page(f"/dokumen/{document}/hal/2?q=pengaturan")
    assert "<mark>mengatur</mark>" in page


def test_a_citation_leads_to_its_passage(site: Site) -> None:
    document = a_document(site, ROADMAP, criteria=["12.document_formal"])
    link = re.findall(r'class="cite" href="([^"]+)"', site.page("/indikator/12"))[0].replace("&amp;", "&")
    assert link.startswith(f"/dokumen/{document}/hal/1?")
    assert f"<mark>{ROADMAP}</mark>" in site.page(link)


def test_a_revoked_act_and_the_act_that_revokes_it_lead_to_each_other(site: Site) -> None:
    old = a_document(site, "Pasal 1", name="lama.pdf", key="perwali|kota-ranupane|27|2018")
    new = a_document(
        site,
        "Peraturan lama dicabut.",
        name="baru.pdf",
        key="perwali|kota-ranupane|14|2022",
        revokes="perwali|kota-ranupane|27|2018",
    )
    assert re.search(f'Mencabut\\s+<a href="/dokumen/{old}">', site.page(f"/dokumen/{new}"))
    assert re.search(f'Dicabut oleh\\s+<a href="/dokumen/{new}">', site.page(f"/dokumen/{old}"))


def test_another_institutions_revocation_is_not_told(site: Site) -> None:
    key = "perwali|kota-ranupane|27|2018"
    old = a_document(site, "Pasal 1", key=key)
    a_document(site, "Dicabut.", name="mereka.pdf", key="perwali|lain|1|2020", revokes=key, theirs=True)
    assert "Dicabut oleh" not in site.page(f"/dokumen/{old}")


def test_text_of_a_document_never_becomes_markup(site: Site) -> None:
    document = a_document(site, "Awal <script>alert(1)</script> akhir", title="<b>Judul</b>")
    for path in (f"/dokumen/{document}", f"/dokumen/{document}/hal/1?q=awal", "/dokumen", "/cari?q=awal"):
        page = site.page(path)
        assert "<script>alert" not in page
        assert "<b>Judul" not in page


def test_search_shows_the_marked_words_grouped_by_document(site: Site) -> None:
    document = a_document(site, ROADMAP, "Lampiran peta rencana.", title="Peta Rencana SPBE")
    page = site.page("/cari?q=peta+rencana")
    assert page.count('<article class="result">') == 1
    assert "<mark>Peta</mark>" in page
    assert f"/dokumen/{document}/hal/1?q=peta+rencana" in page


def test_a_search_without_hits_suggests_what_to_do(site: Site) -> None:
    page = site.page("/cari?q=zzz&tahun=2021")
    assert "Tidak ada halaman yang cocok dengan <b>zzz</b>." in page
    assert "Hapus saringan Tahun." in page


def test_the_page_picture_is_drawn_from_the_original(site: Site) -> None:
    document = a_document(site, ROADMAP, content=text_pdf([ROADMAP]))
    answer = site.client.get(f"/dokumen/{document}/hal/1/gambar?lebar=480")
    assert answer.headers["content-type"] == "image/webp"
    assert answer.content[8:12] == b"WEBP"
    assert site.client.get(f"/dokumen/{document}/hal/1/gambar?lebar=99999").status_code == 422


def test_the_original_is_handed_out_unchanged_and_never_opened_as_a_page(site: Site) -> None:
    content = text_pdf([ROADMAP])
    document = a_document(site, ROADMAP, content=content)
    answer = site.client.get(f"/dokumen/{document}/asli")
    assert answer.content == content
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"] == "sandbox"


def test_a_failed_document_says_why_and_can_be_tried_again(site: Site) -> None:
    document = a_document(site, error="Berkas rusak dan tidak dapat dibuka. Unggah salinan lain.")
    page = site.page(f"/dokumen/{document}")
    assert "Berkas rusak dan tidak dapat dibuka." in page
    assert "Coba lagi" in page
    site.client.post(f"/dokumen/{document}/coba-lagi")
    with site.runtime.db.reading() as session:
        assert session.query(Job).one().state == "waiting"


# --- handing in ------------------------------------------------------------------------------------------------------


def test_uploaded_files_keep_their_folder_and_wait_for_their_turn(site: Site) -> None:
    files = [("folder", ("Bappeda/rencana/peta.pdf", text_pdf([ROADMAP]), "application/pdf"))]
    page = site.client.post("/unggah", files=files).text
    assert "0 dari 1 selesai" in page
    assert "peta.pdf" in page
    assert "Bappeda/rencana" in page
    assert 'hx-trigger="every 2s"' in page


def test_handing_in_the_same_bytes_again_leads_to_the_document_already_there(site: Site) -> None:
    content = text_pdf([ROADMAP])
    site.client.post("/unggah", files=[("berkas", ("peta.pdf", content, "application/pdf"))])
    again = site.client.post("/unggah", files=[("berkas", ("salinan.pdf", content, "application/pdf"))])
    assert "Duplikat" in again.text
    assert "Buka yang sudah ada" in again.text


def test_progress_stops_asking_once_every_file_is_done_or_failed(site: Site) -> None:
    a_document(site, ROADMAP)
    page = site.page("/unggah")
    assert "1 dari 1 selesai" in page
    assert "hx-trigger" not in page


def test_a_program_hands_files_in_and_follows_them(site: Site) -> None:
    files = [("berkas", ("peta.pdf", text_pdf([ROADMAP]), "application/pdf"))]
    answer = site.client.post("/api/documents", files=files)
    assert answer.status_code == 202
    assert answer.json()["items"][0]["outcome"] == "new"
    progress = site.client.get(f"/api/batches/{answer.json()['batch']}").json()
    assert (progress["total"], progress["waiting"], progress["done"]) == (1, 1, 0)
    document = progress["rows"][0]["id"]
    assert site.client.get(f"/api/documents/{document}").json()["row"]["state"] == "waiting"


def test_a_program_reads_a_page_with_the_ranges_that_match(site: Site) -> None:
    document = a_document(site, ROADMAP)
    page = site.client.get(f"/api/documents/{document}/pages/1?q=rencana").json()
    assert [page["text"][start:end] for start, end in page["ranges"]] == ["Rencana"]


def test_an_upload_without_files_is_answered_with_what_to_do(site: Site) -> None:
    answer = site.client.post("/unggah", data={"opd": ""})
    assert answer.status_code == 422
    assert "Belum ada berkas yang dipilih." in answer.text


def test_the_pages_work_before_the_institution_has_a_name(site: Site) -> None:
    with site.runtime.db.transaction() as session:
        session.get_one(Institution, site.world.mine.institution).name = ""
    assert "Instansi belum diberi nama" in site.page("/")


def test_a_revoked_act_is_marked_wherever_it_is_listed_and_on_its_own_page_with_what_revoked_it(site: Site) -> None:
    old = a_document(site, ROADMAP, title="Tata Kelola TIK", key="perwali|kota-ranupane|27|2018")
    a_document(
        site,
        "Mencabut Perwali Nomor 27 Tahun 2018.",
        name="baru.pdf",
        key="perwali|kota-ranupane|14|2022",
        revokes="perwali|kota-ranupane|27|2018",
    )
    assert "Dicabut dengan Perwali Kota Ranupane Nomor 14 Tahun 2022 sejak 20 Juni 2022" in site.page(f"/dokumen/{old}")
    for path in ("/dokumen", "/cari?q=lima+tahun"):
        assert re.search(r'status-flag s-revoked">Dicabut<', site.page(path)), path


def test_a_rejection_stays_visible_beside_accepted_evidence_and_proposals_step_back(site: Site) -> None:
    a_document(site, ROADMAP, criteria=["12.document_formal"])
    for number in range(3):
        a_document(site, f"{ROADMAP} Salinan {number}.", name=f"salinan-{number}.pdf", criteria=["12.document_formal"])
    refs = re.findall(r'name="ref" value="(match:[^"]+)">\s+<button', site.page("/indikator/12"))
    site.client.post("/indikator/12/keputusan", data={"ref": refs[0], "verdict": "rejected", "reason": "off_topic"})
    site.client.post("/indikator/12/keputusan", data={"ref": refs[1], "verdict": "accepted"})
    row = site.page("/indikator/12").partition('id="k-12.document_formal"')[2].partition("</tr>")[0]
    shown, _, further = row.partition('<details class="near">')
    assert "Diterima" in shown
    assert "Ditolak" in shown
    assert "Alasan: bukan topik ini" in shown
    assert "Usulan sistem" not in shown
    assert "2 usulan lain" in further


def test_the_gap_report_as_a_file_needs_nothing_but_itself(site: Site) -> None:
    a_document(site, ROADMAP, criteria=["12.document_formal"])
    ref = re.search(r'name="ref" value="(match:[^"]+)"', site.page("/indikator/12"))
    assert ref
    site.client.post("/indikator/12/keputusan", data={"ref": ref[1], "verdict": "accepted"})
    access = site.world.mine
    with site.runtime.db.reading() as session:
        text = render_report(gap_report(session, access, current_period(session, access)))
    assert "Laporan kesenjangan 2025" in text
    assert "Pemerintah Kota Ranupane" in text
    assert "Simulasi internal, bukan hasil resmi KemenPANRB." in text
    assert "Koordinator Ranupane" in text
    assert "<script" not in text
    assert not re.search(r"(?:src|<link)", text.partition("</style>")[2])
    links = set(re.findall(r'href="([^"]+)"', text))
    assert links
    assert all(link.startswith("#") and f'id="{link[1:]}"' in text for link in links)
