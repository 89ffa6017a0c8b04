"""The embedded engine: a tantivy index in the data folder, written by one process and read by any.

`index/current.json` names the folder in use and what made it; a rebuild writes another folder and then that file.
Pages and documents are records of one index, so that one commit changes a document as a whole.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import tantivy

from evidence.access import Access
from evidence.analysis import Analyser
from evidence.errors import StorageFull, full_in_words
from search.embedded import ranking
from search.embedded.records import MADE_BY, document_ids, records, schema
from search.index import Cursor, Hits, IndexEntry, IndexOutdated, Query, SearchUnavailable

_WRITER_MEMORY = 64_000_000
_MOST_ROWS = 1000
_FULL = 1 << 20  # bytes left


@dataclass(slots=True)
class _Opened:
    """A folder opened: `switched` and `committed` tell whether another process has changed it since."""

    index: tantivy.Index
    switched: tuple[int, int]
    committed: tuple[int, int]


class EmbeddedIndex:
    """See `SearchIndex`. Any thread may search; one at a time writes, and only in the process that owns the folder."""

    def __init__(self, folder: Path, analyser: Analyser, *, writable: bool) -> None:
        self.folder = folder
        self._analyser = analyser
        self._writable = writable
        self._opening = threading.Lock()
        self._writing = threading.Lock()
        self._opened: _Opened | None = None
        self._writer: tantivy.IndexWriter | None = None
        if writable:
            folder.mkdir(parents=True, exist_ok=True)
            if not self._current.exists():
                self._switch(self._new_folder())
            self._drop_others()

    # --- writing

    def put(self, entries: Iterable[IndexEntry]) -> None:
        with self._batch() as (writer, searcher):
            put: dict[UUID, int] = {}
            for entry in entries:
                held = put.get(entry.document, _revision(searcher, entry.document))
                if held is None or held <= entry.revision:
                    put[entry.document] = entry.revision
                    self._write(writer, entry)

    def remove(self, documents: Iterable[tuple[UUID, int]]) -> None:
        with self._batch() as (writer, searcher):
            for document, revision in documents:
                held = _revision(searcher, document)
                if held is not None and held <= revision:
                    writer.delete_documents_by_term("key", document.hex)

    def rebuild(self, entries: Iterable[IndexEntry]) -> None:
        with self._writing, self._full_in_words():
            self._require_writable()
            folder = self._new_folder()
            try:
                writer = tantivy.Index(schema(), str(folder)).writer(_WRITER_MEMORY, num_threads=1)
                for entry in entries:
                    self._write(writer, entry)
                writer.commit()
                writer.wait_merging_threads()
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            self._close_writer()
            self._switch(folder)
            self._drop_others()

    def close(self) -> None:
        with self._writing:
            self._close_writer()
        with self._opening:
            self._opened = None

    def _write(self, writer: tantivy.IndexWriter, entry: IndexEntry) -> None:
        writer.delete_documents_by_term("key", entry.document.hex)
        for record in records(entry, self._analyser):
            writer.add_document(record)

    @contextmanager
    def _batch(self) -> Iterator[tuple[tantivy.IndexWriter, tantivy.Searcher]]:
        """One commit: all that is written inside, or nothing if it fails. The searcher sees what is held before."""
        with self._writing, self._full_in_words():
            writer, searcher = self._open_writer(), self._searcher()
            try:
                yield writer, searcher
                writer.commit()
            except BaseException:
                self._roll_back(writer)
                raise
            self._open().index.reload()

    @contextmanager
    def _full_in_words(self) -> Iterator[None]:
        """tantivy does not say that it failed for want of room."""
        try:
            with full_in_words():
                yield
        except ValueError as error:
            if shutil.disk_usage(self.folder).free < _FULL:
                raise StorageFull() from error
            raise

    def _roll_back(self, writer: tantivy.IndexWriter) -> None:
        try:
            writer.rollback()
        except ValueError:  # after a full disk a writer is dead for good; the next batch opens a new one
            self._writer = None

    def _require_writable(self) -> None:
        if not self._writable:
            raise RuntimeError("the index was opened for reading; only the owner of the data folder writes")

    def _open_writer(self) -> tantivy.IndexWriter:
        self._require_writable()
        index = self._open().index
        if self._writer is None:
            self._writer = index.writer(_WRITER_MEMORY, num_threads=1)
            self._writer.garbage_collect_files()  # leftovers of a process that was killed
        return self._writer

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.wait_merging_threads()
            self._writer = None

    # --- reading

    def search(self, query: Query, access: Access, after: Cursor | None, size: int) -> Hits:
        searcher = self._searcher()
        try:
            return ranking.search(searcher, query, access, after, max(1, min(size, _MOST_ROWS)))
        except (ValueError, OSError) as error:
            raise SearchUnavailable() from error

    def revisions(self) -> Iterator[tuple[UUID, int]]:
        searcher = self._searcher()
        # Only the record of a document has a revision.
        found = searcher.search(tantivy.Query.exists_query("revision"), limit=max(1, searcher.num_docs), count=False)
        addresses = [address for _, address in found.hits]
        revisions = searcher.fast_field_values("revision", addresses)
        for document, revision in zip(document_ids(searcher, addresses), revisions, strict=True):
            yield UUID(int=document), int(revision or 0)

    def ping(self) -> None:
        self._searcher()

    def _searcher(self) -> tantivy.Searcher:
        return self._open().index.searcher()

    def _open(self) -> _Opened:
        """The folder in use, opened or brought up to date if its files have changed."""
        with self._opening:
            try:
                switched = _stamp(self._current)
                if self._opened is None or self._opened.switched != switched:
                    path = self._path()
                    committed = _stamp(path / "meta.json")
                    self._opened = _Opened(_open_index(path), switched, committed)
                elif (committed := _stamp(self._path() / "meta.json")) != self._opened.committed:
                    self._opened.index.reload()
                    self._opened.committed = committed
            except (OSError, ValueError) as error:
                raise SearchUnavailable() from error
            return self._opened

    # --- folders

    @property
    def _current(self) -> Path:
        return self.folder / "current.json"

    def _path(self) -> Path:
        current = json.loads(self._current.read_text("utf-8"))
        if current["made_by"] != MADE_BY:
            raise IndexOutdated()
        return self.folder / str(current["folder"])

    def _new_folder(self) -> Path:
        taken = [int(path.name.removeprefix("pages-")) for path in self.folder.glob("pages-*")]
        folder = self.folder / f"pages-{max(taken, default=0) + 1}"
        folder.mkdir()
        return folder

    def _switch(self, folder: Path) -> None:
        """Make `folder` the one in use, by one rename; whoever reads sees the old or the new one, never none."""
        if not tantivy.Index.exists(str(folder)):
            tantivy.Index(schema(), str(folder))
        partial = self._current.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as target:
            json.dump({"folder": folder.name, "made_by": MADE_BY}, target)
            target.flush()
            os.fsync(target.fileno())
        os.replace(partial, self._current)

    def _drop_others(self) -> None:
        """Remove the folders of former or unfinished builds; a reader that has one open keeps it until it looks."""
        with suppress(IndexOutdated):
            used = self._path()
            for path in self.folder.glob("pages-*"):
                if path != used:
                    shutil.rmtree(path, ignore_errors=True)


def _open_index(path: Path) -> tantivy.Index:
    index = tantivy.Index.open(str(path))
    index.config_reader(reload_policy="manual")
    return index


def _revision(searcher: tantivy.Searcher, document: UUID) -> int | None:
    key = tantivy.Query.term_query(schema(), "key", document.hex)
    held = tantivy.Query.boolean_query(
        [(tantivy.Occur.Must, key), (tantivy.Occur.Must, tantivy.Query.exists_query("revision"))]
    )
    found = searcher.search(held, limit=1, count=False).hits
    return int(searcher.fast_field_values("revision", [found[0][1]])[0] or 0) if found else None


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_ino
