"""A real server as its own process, and a headless Chromium that reports whatever a page complains about."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from evidence.settings import Settings
from tests.support.crash import BUKTI, environment, free_port, started

CHROMIUM = Path("/usr/bin/chromium")
PASSWORD = "kata sandi yang panjang"
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: its address, and the one-time link that makes the first account."""

    address: str
    setup_link: str


@contextmanager
def served(data: Path, command: str = "serve", **urls: Any) -> Iterator[Served]:
    """`bukti serve` (or `bukti demo`) on a free port, stopped politely when the context ends.

    With the `urls` of servers (settings), a worker runs beside it.
    """
    settings = Settings(data=data, **urls)
    with nullcontext() if settings.alone else started("worker", settings=settings), _web(settings, command) as server:
        yield server


@contextmanager
def _web(settings: Settings, command: str) -> Iterator[Served]:
    port, data = free_port(), settings.data
    log = data.parent / f"{data.name}.log"
    arguments = [str(BUKTI), command, "--data", str(data), "--port", str(port)]
    with log.open("wb") as sink:
        process = subprocess.Popen(arguments, stdout=sink, stderr=sink, cwd=data.parent, env=environment(settings))
    try:
        address = f"http://127.0.0.1:{port}"
        yield Served(address, _printed_link(log, process, address))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _printed_link(log: Path, process: subprocess.Popen[bytes], address: str) -> str:
    """The link is printed a moment before the server answers; a browser that comes too early tries again."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        text = log.read_text("utf-8")
        if found := re.search(re.escape(address) + r"/mulai/\S+", text):
            return found.group()
        assert process.poll() is None, f"the server ended by itself:\n{text}"
        time.sleep(0.05)
    raise AssertionError(f"no one-time link within {_START_SECONDS} s:\n{log.read_text('utf-8')}")


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*_QUIET])
        try:
            yield browser
        finally:
            browser.close()


@dataclass(slots=True)
class Watched:
    """A page whose console errors, script errors and CSP violations are collected in `complaints`."""

    page: Page
    complaints: list[str] = field(default_factory=list)


def watch(context: BrowserContext) -> Watched:
    watched = Watched(context.new_page())

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            watched.complaints.append(f"{watched.page.url}: {message.text}")

    def note_failure(request: Request) -> None:
        # What the browser itself gave up because the next page was opened is no fault of the page.
        if request.failure != "net::ERR_ABORTED":
            watched.complaints.append(f"{request.url}: {request.failure}")

    watched.page.on("console", note)
    watched.page.on("pageerror", lambda error: watched.complaints.append(f"{watched.page.url}: {error}"))
    watched.page.on("requestfailed", note_failure)
    return watched


def open_patiently(page: Page, address: str) -> None:
    """Open a page of a server that may be about to answer."""
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            page.request.get(address.rsplit("/mulai/", 1)[0] + "/healthz")
            break
        except Exception:  # noqa: BLE001  # playwright raises its one Error for every refused connection
            assert time.monotonic() < end, "the server did not answer"
            time.sleep(0.1)
    page.goto(address)


def make_account(page: Page, server: Served, institution: str = "") -> None:
    """Through the one-time link; `institution` names a kota where the instance has none yet."""
    open_patiently(page, server.setup_link)
    if institution:
        page.get_by_label("Jenis instansi").select_option("kota")
        page.get_by_label("Nama instansi").fill(institution)
    page.get_by_label("Nama Anda").fill("Rengganis Paramesti")
    page.get_by_label("Nama pengguna").fill("rengganis")
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Buat akun dan masuk").click()
    page.wait_for_url(f"{server.address}/")
