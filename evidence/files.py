"""Where originals and derived artefacts live. One protocol; here the folder engine, in `evidence.s3` the other."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from evidence.cache import BlobCache
from evidence.errors import DamagedFile, FilesUnavailable, NotFound, full_in_words
from evidence.settings import Settings

_CHUNK = 1 << 18


@dataclass(frozen=True, slots=True)
class StoredBlob:
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class DerivedKey:
    """Names a derived artefact: what it is (`boxes`, `picture-800`) and the reading or blob it was made from."""

    kind: str
    source: str
    page: int = 0


class FileStore(Protocol):
    def put(self, chunks: Iterable[bytes]) -> StoredBlob:
        """Store the bytes under their hash; durable when it returns. Storing the same bytes again changes nothing."""

    def open(self, sha256: str, start: int = 0) -> BinaryIO:
        """The original from byte `start` on, to be read forwards; raises NotFound.

        Read from 0 to its end its hash is checked: reading raises DamagedFile instead of handing out the last piece.
        """

    def local_path(self, sha256: str) -> AbstractContextManager[Path]:
        """A path the reader child can open for as long as the context lasts; raises NotFound."""

    def link(self, sha256: str, name: str, seconds: int) -> str | None:
        """An address from which whoever has it may download the original as `name` for so long; None: there is none."""

    def put_derived(self, key: DerivedKey, data: bytes) -> None:
        """Store an artefact that can be made again at any time."""

    def get_derived(self, key: DerivedKey) -> bytes | None: ...

    def ping(self) -> str:
        """Raise if the store cannot be used; else what it is and what it lacks, in the user's words."""


class FolderStore:
    """Files under their SHA-256, two levels of folders, read-only; written with fsync and rename."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("blobs", "derived", "incoming"):
            (root / name).mkdir(parents=True, exist_ok=True)

    @full_in_words()
    def put(self, chunks: Iterable[bytes]) -> StoredBlob:
        digest, size = hashlib.sha256(), 0
        with tempfile.NamedTemporaryFile(dir=self.root / "incoming", delete=False) as target:
            try:
                for chunk in chunks:
                    digest.update(chunk)
                    size += len(chunk)
                    target.write(chunk)
                target.flush()
                os.fsync(target.fileno())
                path = self._blob(digest.hexdigest())
                if path.exists():
                    os.unlink(target.name)
                else:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    os.chmod(target.name, 0o444)
                    os.rename(target.name, path)
                    for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
                        _sync_folder(folder)
            except BaseException:
                Path(target.name).unlink(missing_ok=True)
                raise
        return StoredBlob(digest.hexdigest(), size)

    def open(self, sha256: str, start: int = 0) -> BinaryIO:
        try:
            stream = self._blob(sha256).open("rb")
        except FileNotFoundError as error:
            raise NotFound() from error
        if start == 0:
            return checked(stream, os.fstat(stream.fileno()).st_size, sha256)
        stream.seek(start)
        return stream

    @contextmanager
    def local_path(self, sha256: str) -> Iterator[Path]:
        path = self._blob(sha256)
        if not path.exists():
            raise NotFound()
        yield path

    def link(self, sha256: str, name: str, seconds: int) -> str | None:
        return None

    @full_in_words()
    def put_derived(self, key: DerivedKey, data: bytes) -> None:
        path = self._derived(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        target = tempfile.NamedTemporaryFile(dir=path.parent, delete=False)  # noqa: SIM115 closed before it is renamed
        try:
            with target:
                target.write(data)
            os.replace(target.name, path)
        except BaseException:
            Path(target.name).unlink(missing_ok=True)
            raise

    def get_derived(self, key: DerivedKey) -> bytes | None:
        try:
            # An empty file is one that a power cut left unwritten.
            return self._derived(key).read_bytes() or None
        except FileNotFoundError:
            return None

    @full_in_words()
    def ping(self) -> str:
        with tempfile.TemporaryFile(dir=self.root / "incoming") as probe:
            probe.write(b"ping")
        return "folder"

    def _blob(self, sha256: str) -> Path:
        return self.root / "blobs" / sha256[:2] / sha256[2:4] / sha256

    def _derived(self, key: DerivedKey) -> Path:
        return self.root / "derived" / key.kind / key.source[:2] / f"{key.source}-{key.page}"


class Source(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


def checked(source: Source, size: int, sha256: str | None) -> BinaryIO:
    """The `size` bytes of a source as a stream; those of a whole original with the hash they must have."""
    return io.BufferedReader(_Checked(source, size, sha256), _CHUNK)


class _Checked(io.RawIOBase):
    def __init__(self, source: Source, size: int, sha256: str | None) -> None:
        self._source, self._left, self._sha256 = source, size, sha256
        self._digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._source.read(len(buffer))
        self._left -= len(chunk)
        if self._sha256 is not None:
            self._digest.update(chunk)
            # Also where the reader stops at the size it knows and never looks behind the last byte.
            if (self._left <= 0 or not chunk) and self._digest.hexdigest() != self._sha256:
                raise DamagedFile()
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._source.close()
        super().close()


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, not only the bytes."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_files(settings: Settings) -> FileStore:
    """The store of this instance. Does not ask the server yet; raises InvalidInput when its address is wrong."""
    if not settings.files_url:
        return FolderStore(settings.files_dir)
    try:
        from evidence.s3 import S3Store
    except ImportError as error:  # the client is an extra
        raise FilesUnavailable(detail=f"paket {error.name} belum dipasang (sh deploy/setup.sh)") from error
    return S3Store(
        settings.files_url,
        BlobCache(settings.data / "cache", settings.files_cache_mb << 20),
        retention_days=settings.files_retention_days,
    )
