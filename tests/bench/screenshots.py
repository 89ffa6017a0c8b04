"""Takes the pictures of docs/screenshots from the demonstration: `make screenshots`."""

from __future__ import annotations

import argparse
import io
import tempfile
from pathlib import Path
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import Browser, Page

from api.demo.make import make_documents
from tests.support.browser import Served, chromium, make_account, open_patiently, served

PICTURES = Path(__file__).parents[2] / "docs" / "screenshots"
DESK, PHONE = (1366, 768), (360, 740)
# Enough of the upload to see files done, failed and at work side by side.
_DONE_BEFORE_PICTURE = 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=PICTURES, help="folder for the PNG files")
    parser.add_argument("--whole", action="store_true", help="whole pages instead of one screen each")
    arguments = parser.parse_args()
    arguments.into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bukti-gambar-") as scratch:
        files = [str(file.path) for file in make_documents(Path(scratch) / "berkas")]
        with chromium() as browser:
            camera = Camera(browser, arguments.into, arguments.whole)
            with served(Path(scratch) / "peragaan", "demo") as server:
                camera.take_demonstration(server)
            with served(Path(scratch) / "baru") as server:
                camera.take_upload(server, files)


class Camera:
    """Takes one picture after the other into one folder."""

    def __init__(self, browser: Browser, folder: Path, whole: bool) -> None:
        self.browser, self.folder, self.whole = browser, folder, whole

    def take_demonstration(self, server: Served) -> None:
        page = self._page(DESK)
        make_account(page, server)
        phone = self._page(PHONE)
        open_patiently(phone, server.address)
        document = self._address_of(page, server, "Perwali Nomor 14 Tahun 2022")
        for name, path in (
            ("beranda", "/"),
            ("dokumen", f"{document}/hal/3?q=peta+rencana"),
            ("cari", "/cari?q=%22peta+rencana%22+reviu"),
            ("indikator", "/indikator/12"),
            ("kesenjangan", "/kesenjangan"),
        ):
            page.goto(server.address + path)
            self._take(page, f"{name}-1366")
        for name, path in (("beranda", "/"), ("kesenjangan", "/kesenjangan")):
            phone.goto(server.address + path)
            self._take(phone, f"{name}-360")

    def take_upload(self, server: Served, files: list[str]) -> None:
        """While the demonstration's files are being processed in an instance of their own."""
        page = self._page(DESK)
        make_account(page, server, institution="Ranupane")
        page.goto(f"{server.address}/unggah")
        page.get_by_label("Pilih berkas").set_input_files(files)
        page.get_by_role("button", name="Unggah", exact=True).click()
        page.wait_for_function(
            "done => parseInt(document.querySelector('#kemajuan h2')?.textContent) >= done", arg=_DONE_BEFORE_PICTURE
        )
        self._take(page, "unggah-1366")

    def _page(self, size: tuple[int, int]) -> Page:
        return self.browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="id-ID").new_page()

    def _address_of(self, page: Page, server: Served, name: str) -> str:
        page.goto(f"{server.address}/dokumen?teks={quote(name)}")
        address = page.locator("table tbody th a").first.get_attribute("href")
        assert address, f"the demonstration has no document called {name}"
        return address

    def _take(self, page: Page, name: str) -> None:
        page.wait_for_load_state("networkidle")
        picture = Image.open(io.BytesIO(page.screenshot(full_page=self.whole)))
        # 256 colours keep flat pages as they are, at a third of the size; this method keeps rare ones, such as states.
        small = picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        small.save(self.folder / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
