"""Fetching the original of a document: whole, in ranges, by link, and what happens when the store has a fault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from deploy.local.servers import S3
from evidence.documents import get_original
from evidence.errors import DamagedFile
from evidence.settings import Settings
from ingest.runtime import runtime
from tests.support.web import Site, a_document
from tests.support.world import a_world

CONTENT = bytes(range(256)) * 1200  # more than one piece


@pytest.fixture(params=["folder", "s3"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    url = request.getfixturevalue("s3_url") if request.param == "s3" else ""
    yield from a_site_with(Settings(data=tmp_path, files_url=url))


@pytest.fixture
def linking_site(s3_url: str, tmp_path: Path) -> Iterator[Site]:
    yield from a_site_with(Settings(data=tmp_path, files_url=s3_url, files_links=True))


def a_site_with(settings: Settings) -> Iterator[Site]:
    with runtime(settings, writable=True) as opened, TestClient(create_app(opened)) as client:
        site = Site(opened, client, a_world(opened.db))
        site.sign_in()
        yield site


def sha256_of(site: Site, document: UUID) -> str:
    with site.runtime.db.reading() as session:
        return get_original(session, site.world.mine, document, 0).sha256


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=300000-", 300_000, 307_200),
        ("bytes=-5", 307_195, 307_200),
        ("bytes=307000-999999", 307_000, 307_200),
    ],
)
def test_a_download_that_broke_off_can_be_resumed(site: Site, wanted: str, start: int, end: int) -> None:
    document = a_document(site, content=CONTENT)
    answer = site.client.get(f"/dokumen/{document}/asli", headers={"Range": wanted})
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/307200"
    assert answer.content == CONTENT[start:end]


def test_a_range_behind_the_end_is_refused(site: Site) -> None:
    answer = site.client.get(f"/dokumen/{a_document(site, content=CONTENT)}/asli", headers={"Range": "bytes=307200-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */307200")


@pytest.mark.parametrize(
    "headers",
    [{}, {"Range": "bytes=0-1,5-6"}, {"Range": "pages=1-2"}, {"Range": "bytes=5-9", "If-Range": '"another"'}],
    ids=["nothing asked", "several ranges", "unknown unit", "of another file"],
)
def test_whatever_else_is_asked_gets_the_whole_file(site: Site, headers: dict[str, str]) -> None:
    answer = site.client.get(f"/dokumen/{a_document(site, content=CONTENT)}/asli", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["content-length"] == "307200"
    assert answer.content == CONTENT


def test_by_default_the_browser_never_meets_the_file_server(site: Site) -> None:
    answer = site.client.get(f"/dokumen/{a_document(site)}/asli", follow_redirects=False)
    assert answer.status_code == 200


def test_where_the_browser_reaches_the_file_server_it_gets_a_link(linking_site: Site, s3: S3) -> None:
    document = a_document(linking_site, name="SK Tim — 2025.pdf", content=CONTENT)
    answer = linking_site.client.get(f"/dokumen/{document}/asli", follow_redirects=False)
    assert answer.status_code == 302
    link = answer.headers["location"]
    assert link.startswith(f"http://127.0.0.1:{s3.port}/")
    assert "X-Amz-Expires=300" in link
    assert s3.password not in link


def test_nobody_gets_a_link_to_another_institutions_file(linking_site: Site) -> None:
    theirs = a_document(linking_site, theirs=True)
    assert linking_site.client.get(f"/dokumen/{theirs}/asli", follow_redirects=False).status_code == 404


def test_a_file_server_that_is_away_is_said_in_words(linking_site: Site, s3: S3) -> None:
    document = a_document(linking_site, content=b"gambar")
    s3.kill()
    answer = linking_site.client.get(f"/dokumen/{document}/hal/1/gambar")
    assert answer.status_code == 503
    assert "tidak dapat mencapai penyimpanannya" in answer.text
    assert str(s3.port) not in answer.text, "the server's address is not for visitors"
    assert linking_site.client.get("/healthz").json()["files"] == "FilesUnavailable"


def test_a_damaged_original_is_not_delivered_to_its_end(tmp_path: Path) -> None:
    for site in a_site_with(Settings(data=tmp_path)):
        document = a_document(site, content=CONTENT)
        sha256 = sha256_of(site, document)
        stored = tmp_path / "files/blobs" / sha256[:2] / sha256[2:4] / sha256
        stored.chmod(0o644)
        stored.write_bytes(CONTENT[:-1] + b"?")
        # The answer has begun, so all that is left is to break it off.
        with pytest.raises(RuntimeError) as broken_off:
            site.client.get(f"/dokumen/{document}/asli")
        assert isinstance(broken_off.value.__cause__, DamagedFile)
