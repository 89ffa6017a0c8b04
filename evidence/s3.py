"""Originals and derived artefacts on an S3 server; readers get local copies."""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO
from urllib.parse import quote

from minio.commonconfig import GOVERNANCE
from minio.error import S3Error
from minio.retention import Retention

from evidence.cache import BlobCache
from evidence.errors import FilesUnavailable, NotFound, full_in_words
from evidence.files import DerivedKey, StoredBlob, checked
from evidence.s3_bucket import DERIVED, Address, Bucket, in_words

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse

# Larger files are sent in parts of this size, one after the other: the most memory one upload takes.
_PART = 8 << 20
_CHUNK = 1 << 18


class S3Store:
    """Originals under `blobs/ab/cd/<sha256>`, what can be made again under `derived/`.

    Threads may share it, processes open their own. Raises FilesUnavailable, in words, when the server cannot be used.
    """

    def __init__(self, url: str, cache: BlobCache, retention_days: int = 0) -> None:
        self.bucket = Bucket(Address.parse(url), must_lock=retention_days > 0)
        self._cache = cache
        self._retention = timedelta(days=retention_days)

    @full_in_words()
    def put(self, chunks: Iterable[bytes]) -> StoredBlob:
        self.bucket.prepare()
        digest, size = hashlib.sha256(), 0
        with self._cache.arriving() as file:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
            until = datetime.now(UTC) + self._retention
            self._upload(
                _blob(digest.hexdigest()),
                file,
                size,
                digest.digest(),
                Retention(GOVERNANCE, until) if self._retention else None,
            )
            # Whoever reads it on this machine need not fetch it again.
            self._cache.keep(file, digest.hexdigest()).close()
        return StoredBlob(digest.hexdigest(), size)

    def open(self, sha256: str, start: int = 0) -> BinaryIO:
        with in_words(self.bucket.place):
            try:
                answer = self._get(_blob(sha256), start)
            except S3Error as error:
                if error.code == "InvalidRange":  # `start` is the end, or behind it
                    return io.BytesIO()
                raise
        return checked(answer, answer.size, sha256 if start == 0 else None)

    @contextmanager
    def local_path(self, sha256: str) -> Iterator[Path]:
        with self._cache.hold(sha256) or self._fetch(sha256):
            yield self._cache.path(sha256)

    def link(self, sha256: str, name: str, seconds: int) -> str | None:
        # Signed here, without asking the server.
        return self.bucket.client.presigned_get_object(
            bucket_name=self.bucket.name,
            object_name=_blob(sha256),
            expires=timedelta(seconds=seconds),
            response_headers={"response-content-disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"},
        )

    def put_derived(self, key: DerivedKey, data: bytes) -> None:
        self.bucket.prepare()
        self._send(_derived(key), io.BytesIO(data), len(data), hashlib.sha256(data).digest(), None)

    def get_derived(self, key: DerivedKey) -> bytes | None:
        try:
            with in_words(self.bucket.place), closing(self._get(_derived(key))) as answer:
                return answer.read()
        except NotFound:
            return None

    def ping(self) -> str:
        return self.bucket.look()

    def _get(self, name: str, start: int = 0) -> _Answer:
        found = self.bucket.client.get_object(bucket_name=self.bucket.name, object_name=name, offset=start)
        return _Answer(found, self.bucket.place)

    def _upload(self, name: str, file: IO[bytes], size: int, digest: bytes, retention: Retention | None) -> None:
        """Unless it is there already: the same bytes again, or an upload whose answer was lost."""
        if self._size(name) == size:
            return
        file.seek(0)
        if not self._send(name, file, size, digest, retention) and self._size(name) != size:
            raise FilesUnavailable(detail=f"{self.bucket.place} tidak menyimpan berkas secara utuh")

    def _send(self, name: str, data: IO[bytes], size: int, digest: bytes, retention: Retention | None) -> bool:
        """Whether the server has compared the hash of what arrived; it refuses what does not agree."""
        checksum = base64.b64encode(digest).decode()
        with in_words(self.bucket.place):
            written = self.bucket.client.put_object(
                bucket_name=self.bucket.name,
                object_name=name,
                data=data,  # type: ignore[arg-type]  # only its read() is used
                length=size,
                part_size=_PART,
                # In parallel, each part under way would lie in memory.
                num_parallel_uploads=1,
                # A file sent in parts has no hash of its own here; each part travels with one.
                metadata={"x-amz-checksum-sha256": checksum} if size <= _PART else None,
                retention=retention,
            )
        return written.http_headers.get("x-amz-checksum-sha256") == checksum

    def _size(self, name: str) -> int | None:
        try:
            with in_words(self.bucket.place):
                return self.bucket.client.stat_object(bucket_name=self.bucket.name, object_name=name).size
        except NotFound:
            return None

    @full_in_words()
    def _fetch(self, sha256: str) -> BinaryIO:
        with self._cache.alone(sha256):
            if copy := self._cache.hold(sha256):
                return copy
            with self._cache.arriving() as file, self.open(sha256) as original:
                shutil.copyfileobj(original, file, _CHUNK)
                return self._cache.keep(file, sha256)


class _Answer:
    """What the server sends, with its faults in words."""

    def __init__(self, answer: BaseHTTPResponse, place: str) -> None:
        self._answer, self._place = answer, place

    @property
    def size(self) -> int:
        return int(self._answer.headers["Content-Length"])

    def read(self, size: int | None = None) -> bytes:
        with in_words(self._place):
            return self._answer.read(size)

    def close(self) -> None:
        self._answer.close()
        self._answer.release_conn()


def _blob(sha256: str) -> str:
    return f"blobs/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _derived(key: DerivedKey) -> str:
    return f"{DERIVED}{key.kind}/{key.source[:2]}/{key.source}-{key.page}"
