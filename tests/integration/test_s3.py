"""Originals on a real S3 server: its faults in words, its locks, its links, and what happens when it goes away."""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from socket import create_server
from urllib.parse import urlsplit

import pytest
from minio import time as client_clock
from minio.commonconfig import ENABLED, Filter
from minio.error import S3Error
from minio.lifecycleconfig import Expiration, LifecycleConfig, Rule

from deploy.local.servers import S3
from evidence.errors import DamagedFile, FilesUnavailable, NotFound
from evidence.files import open_files
from evidence.s3 import S3Store
from evidence.settings import Settings


def a_store(folder: Path, url: str, **more: int) -> S3Store:
    store = open_files(Settings(data=folder, files_url=url, **more))  # type: ignore[arg-type]
    assert isinstance(store, S3Store)
    return store


def name_of(sha256: str) -> str:
    return f"blobs/{sha256[:2]}/{sha256[2:4]}/{sha256}"


# --- faults in words --------------------------------------------------------------------------------------------------


def test_a_wrong_secret_is_told_as_such(s3_url: str, s3: S3, tmp_path: Path) -> None:
    with pytest.raises(FilesUnavailable, match="kunci rahasianya salah") as told:
        a_store(tmp_path, s3_url.replace(s3.password, "bukan-rahasianya")).put([b"x"])
    assert "bukan-rahasianya" not in told.value.message


def test_an_unknown_key_is_told_as_such(s3_url: str, s3: S3, tmp_path: Path) -> None:
    with pytest.raises(FilesUnavailable, match="kunci aksesnya tidak dikenal"):
        a_store(tmp_path, s3_url.replace(f"//{s3.key}:", "//orang-lain:")).ping()


def test_a_server_that_is_not_there_is_told_within_seconds(tmp_path: Path) -> None:
    with create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    store, begun = a_store(tmp_path, f"s3+http://k:r@127.0.0.1:{port}/bukti"), time.monotonic()
    with pytest.raises(FilesUnavailable, match="tidak terjangkau"):
        store.put([b"x"])
    with pytest.raises(FilesUnavailable, match="tidak terjangkau"):
        store.open("0" * 64)
    assert time.monotonic() - begun < 5


def test_http_and_https_mixed_up_is_told_as_such(s3_url: str, tmp_path: Path) -> None:
    with pytest.raises(FilesUnavailable, match="tertukar"):
        a_store(tmp_path, s3_url.replace("s3+http:", "s3+https:")).ping()


def test_a_clock_that_is_wrong_is_told_as_such(s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_clock, "utcnow", lambda: datetime.now(UTC) + timedelta(hours=1))
    with pytest.raises(FilesUnavailable, match="jam mesin ini dan jam server"):
        a_store(tmp_path, s3_url).ping()


def test_a_bucket_that_vanished_is_told_and_not_silently_made_again(s3_url: str, tmp_path: Path) -> None:
    store = a_store(tmp_path, s3_url)
    store.ping()
    store.bucket.prepare()
    store.bucket.client.remove_bucket(bucket_name=store.bucket.name)
    with pytest.raises(FilesUnavailable, match="bucket-nya tidak ada"):
        store.put([b"x"])


# --- the bucket -------------------------------------------------------------------------------------------------------


def test_the_bucket_is_made_with_versions_locks_and_rules_for_what_can_be_made_again(
    s3_url: str, tmp_path: Path
) -> None:
    bucket = a_store(tmp_path, s3_url).bucket
    assert "tanpa" not in bucket.look()
    assert bucket.client.get_bucket_versioning(bucket_name=bucket.name).status == ENABLED
    bucket.client.get_object_lock_config(bucket_name=bucket.name)
    rules = bucket.client.get_bucket_lifecycle(bucket_name=bucket.name)
    assert rules
    expiring = {rule.rule_filter.prefix for rule in rules.rules if rule.rule_filter and rule.expiration}
    assert expiring == {"derived/picture-"}


def test_rules_of_others_in_the_bucket_stay(s3_url: str, tmp_path: Path) -> None:
    bucket = a_store(tmp_path, s3_url).bucket
    bucket.client.make_bucket(bucket_name=bucket.name)
    theirs = Rule(status=ENABLED, rule_filter=Filter(prefix="x/"), rule_id="theirs", expiration=Expiration(days=3))
    bucket.client.set_bucket_lifecycle(bucket_name=bucket.name, config=LifecycleConfig(rules=[theirs]))
    bucket.prepare()
    rules = bucket.client.get_bucket_lifecycle(bucket_name=bucket.name)
    assert rules
    assert {rule.rule_id for rule in rules.rules} >= {"theirs", "bukti-pictures"}


def test_a_bucket_without_lock_works_and_says_what_it_lacks(s3_url: str, tmp_path: Path) -> None:
    store = a_store(tmp_path, s3_url)
    store.bucket.client.make_bucket(bucket_name=store.bucket.name)
    assert "tanpa kunci objek" in store.ping()
    blob = store.put([b"berkas"])
    with store.open(blob.sha256) as stream:
        assert stream.read() == b"berkas"


def test_a_lock_that_is_asked_for_is_not_silently_left_out(s3_url: str, tmp_path: Path) -> None:
    store = a_store(tmp_path, s3_url, files_retention_days=1)
    store.bucket.client.make_bucket(bucket_name=store.bucket.name)
    with pytest.raises(FilesUnavailable, match="BUKTI_FILES_RETENTION_DAYS"):
        store.put([b"berkas"])


@pytest.mark.parametrize("size", [6, (8 << 20) + 1], ids=["one piece", "many parts"])
def test_a_locked_original_cannot_be_deleted(s3_url: str, tmp_path: Path, size: int) -> None:
    store = a_store(tmp_path, s3_url, files_retention_days=1)
    client, bucket = store.bucket.client, store.bucket.name
    blob = store.put([b"x" * size])
    name = name_of(blob.sha256)
    version = client.stat_object(bucket_name=bucket, object_name=name).version_id
    with pytest.raises(S3Error, match="AccessDenied"):
        client.remove_object(bucket_name=bucket, object_name=name, version_id=version)
    client.remove_object(bucket_name=bucket, object_name=name)  # only hides it
    assert client.stat_object(bucket_name=bucket, object_name=name, version_id=version).size == size
    store.put([b"x" * size])  # and handing it in again brings it back
    with store.open(blob.sha256) as stream:
        assert len(stream.read()) == size


# --- reading ----------------------------------------------------------------------------------------------------------


def test_a_file_handed_in_here_is_not_fetched_again_to_be_read(s3_url: str, s3: S3, tmp_path: Path) -> None:
    store = a_store(tmp_path, s3_url)
    blob = store.put([b"sekali baca"])
    s3.kill()
    with store.local_path(blob.sha256) as path:
        assert path.read_bytes() == b"sekali baca"


def test_a_damaged_original_never_reaches_a_reader(s3_url: str, tmp_path: Path) -> None:
    blob = a_store(tmp_path / "one", s3_url).put([b"asli"])
    other = a_store(tmp_path / "other", s3_url)
    content = io.BytesIO(b"palsu")
    bucket = other.bucket
    bucket.client.put_object(bucket_name=bucket.name, object_name=name_of(blob.sha256), data=content, length=5)
    with pytest.raises(DamagedFile), other.local_path(blob.sha256):
        pass
    assert [path for path in (tmp_path / "other/cache").glob("[bi]*/**/*") if path.is_file()] == []


def _get(url: str) -> tuple[int, str, bytes]:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        answer = connection.getresponse()
        return answer.status, answer.headers.get("content-disposition", ""), answer.read()
    finally:
        connection.close()


def test_a_link_downloads_the_original_under_its_name_and_expires(s3_url: str, tmp_path: Path) -> None:
    store = a_store(tmp_path, s3_url)
    blob = store.put([b"isi"])
    link = store.link(blob.sha256, 'SK "Tim"; koordinasi — 2025\r\n.pdf', 2)
    assert link
    assert _get(link) == (
        200,
        "attachment; filename*=UTF-8''SK%20%22Tim%22%3B%20koordinasi%20%E2%80%94%202025%0D%0A.pdf",
        b"isi",
    )
    assert _get(link.replace("Expires=2", "Expires=3600"))[0] == 403
    time.sleep(3)
    assert _get(link)[0] == 403


# --- the server goes away ---------------------------------------------------------------------------------------------


def test_the_server_may_be_restarted_in_between(s3_url: str, s3: S3, tmp_path: Path) -> None:
    store = a_store(tmp_path, s3_url)
    before = store.put([b"sebelum"])
    s3.kill()
    with pytest.raises(FilesUnavailable):
        store.put([b"sementara"])
    s3.start()
    after = store.put([b"sesudah"])
    for blob, content in ((before, b"sebelum"), (after, b"sesudah")):
        with store.open(blob.sha256) as stream:
            assert stream.read() == content


def test_a_server_that_dies_during_an_upload_leaves_nothing_half_stored(s3_url: str, s3: S3, tmp_path: Path) -> None:
    store = a_store(tmp_path, s3_url)
    store.ping()
    content = os.urandom(20 << 20)

    def chunks() -> Iterator[bytes]:
        yield content[: 10 << 20]
        s3.kill()
        yield content[10 << 20 :]

    with pytest.raises(FilesUnavailable, match="tidak terjangkau"):
        store.put(chunks())
    assert list((tmp_path / "cache/incoming").iterdir()) == []
    s3.start()
    with pytest.raises(NotFound):
        store.open(hashlib.sha256(content).hexdigest())
    blob = store.put([content])
    with store.open(blob.sha256) as stream:
        assert stream.read() == content
