"""What every file store promises, checked over the folder and over S3."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from evidence.errors import DamagedFile, NotFound
from evidence.files import DerivedKey, FileStore, FolderStore, open_files
from evidence.s3 import S3Store
from evidence.settings import Settings

ABSENT = hashlib.sha256(b"never stored").hexdigest()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store keeps its files, so that a test can open it again or damage it behind its back."""

    settings: Settings

    def open(self) -> FileStore:
        return open_files(self.settings)

    def names(self) -> list[str]:
        """Every original stored, and everything half-written that lies about."""
        store = self.open()
        if isinstance(store, FolderStore):
            paths = [*store.root.glob("blobs/**/*"), *store.root.glob("incoming/*")]
            return sorted(path.name for path in paths if path.is_file())
        assert isinstance(store, S3Store)
        bucket = store.bucket
        half = list((self.settings.data / "cache/incoming").iterdir())
        stored = bucket.client.list_objects(bucket_name=bucket.name, prefix="blobs/", recursive=True)
        return sorted([str(item.object_name).rpartition("/")[2] for item in stored] + [path.name for path in half])

    def damage(self, sha256: str, content: bytes) -> None:
        store = self.open()
        name = f"blobs/{sha256[:2]}/{sha256[2:4]}/{sha256}"
        if isinstance(store, FolderStore):
            (store.root / name).chmod(0o644)
            (store.root / name).write_bytes(content)
        else:
            assert isinstance(store, S3Store)
            store.bucket.client.put_object(
                bucket_name=store.bucket.name, object_name=name, data=io.BytesIO(content), length=len(content)
            )


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    url = request.getfixturevalue("s3_url") if request.param == "s3" else ""
    # So small a cache that copies must give way to each other.
    return Place(Settings(data=tmp_path, files_url=url, files_cache_mb=1))


@pytest.fixture
def store(place: Place) -> FileStore:
    store = place.open()
    store.ping()
    return store


def read(store: FileStore, sha256: str, start: int = 0) -> bytes:
    with store.open(sha256, start) as stream:
        return stream.read()


def in_pieces(content: bytes, size: int = 100_000) -> Iterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.mark.parametrize("size", [0, 1, 50_000, 8 << 20, (17 << 20) + 5], ids=lambda size: f"{size} bytes")
def test_a_file_comes_back_as_it_was_handed_in(place: Place, size: int) -> None:
    content = os.urandom(size)
    blob = place.open().put(in_pieces(content))
    assert (blob.sha256, blob.size) == (hashlib.sha256(content).hexdigest(), size)
    again = place.open()
    assert read(again, blob.sha256) == content
    with again.local_path(blob.sha256) as path:
        assert path.read_bytes() == content


def test_the_same_bytes_are_stored_once(store: FileStore, place: Place) -> None:
    first = store.put([b"Peraturan ", b"Wali Kota"])
    assert store.put([b"Peraturan Wali ", b"Kota"]) == first
    assert place.names() == [first.sha256]


def test_many_hands_may_store_the_same_bytes_at_once(store: FileStore, place: Place) -> None:
    with ThreadPoolExecutor(8) as hands:
        blobs = set(hands.map(lambda _: store.put([b"satu berkas"]), range(8)))
    assert len(blobs) == 1
    assert place.names() == [blobs.pop().sha256]


@pytest.mark.parametrize(("start", "rest"), [(1, b"23456"), (5, b"6"), (6, b""), (99, b"")])
def test_a_file_can_be_read_from_a_place_on(store: FileStore, start: int, rest: bytes) -> None:
    assert read(store, store.put([b"123456"]).sha256, start) == rest


@pytest.mark.parametrize("content", [b"123457", b"1234", b"1234567", b""], ids=["changed", "cut", "longer", "emptied"])
def test_a_file_that_was_damaged_in_the_store_is_not_read_as_if_it_were_whole(place: Place, content: bytes) -> None:
    store = place.open()
    blob = store.put([b"123456"])
    place.damage(blob.sha256, content)
    with pytest.raises(DamagedFile):
        read(store, blob.sha256)


def test_a_reader_that_stops_at_the_last_byte_learns_of_the_damage_too(place: Place) -> None:
    store = place.open()
    blob = store.put([b"x" * 600_000])
    place.damage(blob.sha256, b"x" * 599_999 + b"y")
    with store.open(blob.sha256) as stream, pytest.raises(DamagedFile):
        [stream.read(100_000) for _ in range(6)]


def test_a_file_that_was_never_handed_in_is_not_found(store: FileStore) -> None:
    with pytest.raises(NotFound):
        store.open(ABSENT)
    with pytest.raises(NotFound), store.local_path(ABSENT):
        pass
    assert store.get_derived(DerivedKey("picture-800", ABSENT, 1)) is None


def test_an_upload_that_breaks_off_leaves_nothing(store: FileStore, place: Place) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * 300_000
        raise ConnectionResetError("peramban ditutup")

    with pytest.raises(ConnectionResetError):
        store.put(broken())
    assert place.names() == []


def test_a_file_stays_while_it_is_read_and_comes_back_afterwards(place: Place) -> None:
    store = place.open()
    blob = store.put([b"dibaca lama"])
    others = [os.urandom(400_000) for _ in range(6)]
    with store.local_path(blob.sha256) as path:
        for content in others:
            store.put([content])
        assert path.read_bytes() == b"dibaca lama"
    for content in others:
        with store.local_path(hashlib.sha256(content).hexdigest()) as path:
            assert path.read_bytes() == content
    with store.local_path(blob.sha256) as path:
        assert path.read_bytes() == b"dibaca lama"


def test_many_readers_of_two_processes_read_many_files_at_once(place: Place) -> None:
    contents = {place.open().put([text]).sha256: text for text in (os.urandom(300_000) for _ in range(8))}
    stores = [place.open(), place.open()]  # as two processes have them

    def look(number: int) -> bool:
        sha256 = list(contents)[number * 5 % 8]
        with stores[number % 2].local_path(sha256) as path:
            return path.read_bytes() == contents[sha256]

    with ThreadPoolExecutor(8) as readers:
        assert all(readers.map(look, range(64)))


def test_what_was_derived_is_kept_and_can_be_replaced(store: FileStore, place: Place) -> None:
    key, other = DerivedKey("boxes-x", ABSENT, 2), DerivedKey("boxes-x", ABSENT, 3)
    store.put_derived(key, b"lama")
    store.put_derived(other, b"lain")
    store.put_derived(key, b"baru")
    assert (place.open().get_derived(key), place.open().get_derived(other)) == (b"baru", b"lain")
    assert place.names() == []


def test_the_store_says_what_it_is(place: Place) -> None:
    assert place.open().ping().startswith("S3 127.0.0.1:" if place.settings.files_url else "folder")
