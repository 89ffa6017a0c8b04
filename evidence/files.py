"""Where originals and derived artefacts live. One protocol; here the folder engine."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from evidence.errors import NotFound
from evidence.settings import Settings


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
        """The original from byte `start` on; raises NotFound."""

    def local_path(self, sha256: str) -> AbstractContextManager[Path]:
        """A path the reader child can open for as long as the context lasts; raises NotFound."""

    def put_derived(self, key: DerivedKey, data: bytes) -> None:
        """Store an artefact that can be made again at any time."""

    def get_derived(self, key: DerivedKey) -> bytes | None: ...

    def ping(self) -> None:
        """Raise if the store cannot be written to."""


class FolderStore:
    """Files under their SHA-256, two levels of folders, read-only; written with fsync and rename."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("blobs", "derived", "incoming"):
            (root / name).mkdir(parents=True, exist_ok=True)

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
        stream.seek(start)
        return stream

    @contextmanager
    def local_path(self, sha256: str) -> Iterator[Path]:
        path = self._blob(sha256)
        if not path.exists():
            raise NotFound()
        yield path

    def put_derived(self, key: DerivedKey, data: bytes) -> None:
        path = self._derived(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as target:
            target.write(data)
        os.replace(target.name, path)

    def get_derived(self, key: DerivedKey) -> bytes | None:
        try:
            # An empty file is one that a power cut left unwritten.
            return self._derived(key).read_bytes() or None
        except FileNotFoundError:
            return None

    def ping(self) -> None:
        with tempfile.TemporaryFile(dir=self.root / "incoming") as probe:
            probe.write(b"ping")

    def _blob(self, sha256: str) -> Path:
        return self.root / "blobs" / sha256[:2] / sha256[2:4] / sha256

    def _derived(self, key: DerivedKey) -> Path:
        return self.root / "derived" / key.kind / key.source[:2] / f"{key.source}-{key.page}"


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, not only the bytes."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_files(settings: Settings) -> FileStore:
    return FolderStore(settings.files_dir)
