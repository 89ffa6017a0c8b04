"""Keeps the index equal to the database: drains the outbox in batches, compares, repairs, rebuilds.

A commit per document costs seven times a commit per batch, so one indexer takes whatever has gathered. It runs in the
process that owns the data folder. Dying between the commit of the index and that of the outbox only means that the
same documents are put again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from evidence.analysis import Analyser
from evidence.db import Database
from evidence.models import Document, Outbox, Page
from evidence.values import Tokens
from search.entries import load_entry
from search.index import IndexEntry, SearchIndex

_BATCH = 100  # documents
_MOST_KEPT_PAGES = 5_000


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What `Indexer.sync` had to repair: documents put again, and documents the index should no longer hold."""

    put: int
    removed: int


class Indexer:
    def __init__(self, database: Database, index: SearchIndex, analyser: Analyser, *, batch: int = _BATCH) -> None:
        self._database = database
        self._index = index
        self._analyser = analyser
        self._batch = batch
        self._kept = _KeptTokens(_MOST_KEPT_PAGES)

    def keep(self, reading: UUID, tokens: Mapping[int, Tokens]) -> None:
        """Offer the tokens of a reading's pages (by number), so that they need not be made a second time. Optional."""
        self._kept.keep(reading, tokens)

    def run_once(self) -> int:
        """Bring one batch of changed documents into the index; the number taken, 0 when nothing waits."""
        with self._database.reading() as session:
            rows = session.execute(select(Outbox.document_id, Outbox.revision).limit(self._batch)).all()
        waiting = [(document, revision) for document, revision in rows]
        if not waiting:
            return 0
        self._bring(waiting)
        with self._database.transaction() as session:
            for document, revision in waiting:
                # A change made meanwhile has raised the revision and stays in the outbox.
                session.execute(delete(Outbox).where(Outbox.document_id == document, Outbox.revision == revision))
        return len(waiting)

    def sync(self) -> SyncReport:
        """Compare every document's revision with the index and repair what differs."""
        held = dict(self._index.revisions())
        wanted = self._revisions()
        # A database restored from a backup may be older than the index; the newer entry must go first.
        extra = [(id_, revision) for id_, revision in held.items() if revision > wanted.get(id_, -1)]
        lacking = [(id_, revision) for id_, revision in wanted.items() if held.get(id_) != revision]
        if extra:
            self._index.remove(extra)
        for at in range(0, len(lacking), self._batch):
            self._bring(lacking[at : at + self._batch])
        return SyncReport(put=len(lacking), removed=sum(id_ not in wanted for id_, _ in extra))

    def rebuild(self) -> int:
        """Build the index anew; the number of documents. Changes made meanwhile wait in the outbox."""
        documents = list(self._revisions())
        self._index.rebuild(self._entries(documents, gone=[]))
        # What was put into the old index meanwhile has left the outbox.
        self.sync()
        return len(documents)

    def _bring(self, documents: Iterable[tuple[UUID, int]]) -> None:
        revisions = dict(documents)
        gone: list[UUID] = []
        self._index.put(self._entries(revisions, gone))
        if gone:
            self._index.remove((document, revisions[document]) for document in gone)

    def _entries(self, documents: Iterable[UUID], gone: list[UUID]) -> Iterator[IndexEntry]:
        """The documents' entries, one at a time, as a large document may hold thousands of pages."""
        for document in documents:
            with self._database.reading() as session:
                entry = load_entry(session, document, partial(self._tokens, session))
            if entry:
                yield entry
            else:
                gone.append(document)

    def _tokens(self, session: Session, reading: UUID, page: int) -> Tokens:
        """The page's tokens as the recipe left them, else made again from its text."""
        if (kept := self._kept.get(reading, page)) is not None:
            return kept
        text = select(Page.text).where(Page.reading_id == reading, Page.number == page)
        return self._analyser.analyse(session.scalars(text).one())

    def _revisions(self) -> dict[UUID, int]:
        with self._database.reading() as session:
            rows = session.execute(
                select(Document.id, Document.revision).where(
                    Document.withdrawn_at.is_(None), Document.current_version_id.is_not(None)
                )
            )
            return dict(rows.all())


class _KeptTokens:
    """Tokens by reading, the oldest readings dropped when there are too many pages."""

    def __init__(self, most_pages: int) -> None:
        self._most = most_pages
        self._pages = 0
        self._readings: OrderedDict[UUID, Mapping[int, Tokens]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, reading: UUID, tokens: Mapping[int, Tokens]) -> None:
        with self._lock:
            self._pages += len(tokens) - len(self._readings.pop(reading, ()))
            self._readings[reading] = tokens
            while self._pages > self._most and len(self._readings) > 1:
                _, dropped = self._readings.popitem(last=False)
                self._pages -= len(dropped)

    def get(self, reading: UUID, page: int) -> Tokens | None:
        with self._lock:
            return self._readings.get(reading, {}).get(page)
