"""The main job in a real browser: from a file to a filled criterion, without a script, without barriers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect

from api.demo import make, pdf
from tests.support.browser import CHROMIUM, Served, chromium, make_account, served, watch
from tests.support.crash import bukti
from tests.support.world import server_urls

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="no /usr/bin/chromium: apt-get install -y chromium"),
]
AXE = Path(__file__).parents[2] / "deploy" / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
NAME = "Perwali Nomor 14 Tahun 2022.pdf"
SIZES = ((1366, 768), (360, 740))


@dataclass(frozen=True, slots=True)
class Office:
    """An instance with one document, somebody signed in, and the addresses of the six pages."""

    server: Served
    signed_in: StorageState
    pages: tuple[str, ...]


@pytest.fixture(scope="module")
def perwali(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("berkas") / NAME
    path.write_bytes(pdf.typeset(make.SOURCES / "perwali-14-2022.typ"))
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def office(browser: Browser, perwali: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The document is handed in on the command line before the institution has a name."""
    data = tmp_path_factory.mktemp("kantor") / "data"
    answer = bukti("ingest", str(perwali), "--json", data=data)
    assert answer.returncode == 0, answer.stderr
    with served(data) as server:
        context = browser.new_context()
        page = context.new_page()
        make_account(page, server, institution="Ranupane")
        page.goto(f"{server.address}/dokumen")
        document = page.locator("main tbody th a").first.get_attribute("href")
        pages = ("/", "/unggah", f"{document}/hal/3?q=peta+rencana", "/cari?q=peta+rencana", "/indikator/2")
        signed_in = context.storage_state()
        context.close()
        yield Office(server, signed_in, (*pages, "/kesenjangan"))


@pytest.mark.parametrize("mode", ["embedded", "server"])
def test_an_uploaded_file_is_found_opened_at_its_page_accepted_and_fills_its_criterion_on_the_map(
    request: pytest.FixtureRequest, browser: Browser, perwali: Path, tmp_path: Path, mode: str
) -> None:
    urls = server_urls(request) if mode == "server" else {}
    with served(tmp_path / "data", **urls) as server:
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        watched = watch(context)
        page = watched.page
        make_account(page, server, institution="Ranupane")
        upload(page, server, perwali)
        open_first_hit(page, "peta rencana")
        accept_first_proposal(page, server)
        assert watched.complaints == []
        context.close()


def upload(page: Page, server: Served, file: Path) -> None:
    page.goto(f"{server.address}/unggah")
    page.get_by_label("Pilih berkas").set_input_files(str(file))
    page.get_by_role("button", name="Unggah", exact=True).click()
    page.wait_for_url(re.compile(r"/unggah/[0-9a-f-]{36}$"))
    row = page.locator("#kemajuan tbody tr", has_text=NAME)
    expect(row).to_contain_text("Selesai", timeout=60_000)
    expect(page.locator("#kemajuan")).to_contain_text("1 dari 1 selesai")


def open_first_hit(page: Page, words: str) -> None:
    page.get_by_label("Cari bukti", exact=True).fill(words)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/cari\?"))
    hit = page.locator(".hits li").first
    expect(hit.locator("mark").first).to_be_visible()
    hit.get_by_role("link", name=re.compile(r"^hal\. \d+$")).click()
    page.wait_for_url(re.compile(r"/dokumen/[0-9a-f-]+/hal/\d+"))
    picture = page.locator(".sheet img")
    picture.evaluate("image => image.decode()")
    assert picture.evaluate("image => image.naturalWidth") > 400
    boxes = page.locator(".sheet svg rect.hit")
    assert boxes.count() > 0
    sheet, box = picture.bounding_box(), boxes.first.bounding_box()
    assert sheet is not None
    assert box is not None
    assert sheet["x"] < box["x"] < sheet["x"] + sheet["width"]
    assert sheet["y"] < box["y"] < sheet["y"] + sheet["height"]


def accept_first_proposal(page: Page, server: Served) -> None:
    """Of indicator 2's first criterion, which its level 2 asks for."""
    cell = page.locator('a.cell[href="/indikator/2#tingkat-2"]')
    page.goto(f"{server.address}/kesenjangan")
    expect(cell).to_contain_text("belum diputuskan")
    page.goto(f"{server.address}/indikator/2")
    criterion = page.locator('[id="k-2.document_established"]')
    expect(criterion).to_contain_text("Belum ada")
    criterion.get_by_role("button", name="Terima").first.click()
    expect(criterion).to_contain_text("Terpenuhi")
    expect(criterion).to_contain_text("Diterima")
    expect(criterion).to_contain_text("Rengganis Paramesti")
    page.goto(f"{server.address}/kesenjangan")
    expect(cell).to_contain_text("1 bukti diterima")


def test_the_six_pages_can_be_read_and_a_file_handed_in_without_a_script(
    browser: Browser, office: Office, perwali: Path, tmp_path: Path
) -> None:
    context = browser.new_context(java_script_enabled=False, storage_state=office.signed_in)
    page = context.new_page()
    words = ("Perbaiki dulu", "Tambah berkas", "Identitas", "1 dokumen", "Kriteria dan bukti", "Peta cakupan bukti")
    for address, said in zip(office.pages, words, strict=True):
        page.goto(office.server.address + address)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        expect(page.locator("main")).to_contain_text(said)
    other = tmp_path / "Catatan rapat.txt"
    other.write_text("Notulen rapat tim koordinasi SPBE membahas peta rencana.", "utf-8")
    page.goto(f"{office.server.address}/unggah")
    page.locator("#berkas").set_input_files(str(other))
    page.get_by_role("button", name="Unggah", exact=True).click()
    expect(page.locator("#kemajuan")).to_contain_text("Catatan rapat.txt")
    context.close()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_six_pages_have_no_barriers_and_never_scroll_sideways(
    browser: Browser, office: Office, width: int, height: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": height}, storage_state=office.signed_in)
    watched = watch(context)
    for address in office.pages:
        watched.page.goto(office.server.address + address)
        watched.page.wait_for_load_state("networkidle")
        assert barriers(watched.page) == [], f"{address} at {width} px"
        wide = watched.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{address} is {wide} px wider than {width} px"
    assert watched.complaints == []
    context.close()


def barriers(page: Page) -> list[str]:
    """What axe finds: rule, and the elements that break it."""
    if not AXE.exists():
        pytest.fail("axe-core is missing: sh deploy/setup.sh dev")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("async () => (await axe.run()).violations")
    return [f"{each['id']}: {json.dumps([node['target'] for node in each['nodes'][:3]])}" for each in found]


def test_on_a_phone_the_menu_opens_with_a_button_and_leads_to_every_page(browser: Browser, office: Office) -> None:
    context: BrowserContext = browser.new_context(
        viewport={"width": 360, "height": 740}, storage_state=office.signed_in
    )
    page = context.new_page()
    page.goto(office.server.address)
    expect(page.get_by_role("link", name="Kesenjangan", exact=True)).to_be_hidden()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Kesenjangan", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kesenjangan")
    context.close()
