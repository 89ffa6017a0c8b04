"""Keeps the index equal to the database: drains the outbox in batches, compares, repairs, rebuilds.

A commit per document costs seven times a commit per batch, so an indexer takes whatever has gathered. The embedded
index has one, in the process that owns the data folder; with Elasticsearch any number of them share the outbox. Dying
between the commit of the index and that of the outbox only means that the same documents are put again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, delete, or_, select, update

from evidence.analysis import Analyser
from evidence.db import Database, clock
from evidence.models import Base, Document, Outbox, Page
from evidence.values import Words
from search.entries import load_outlines
from search.index import IndexEntry, SearchIndex

_BATCH = 100  # documents
_MOST_KEPT_PAGES = 5_000
# An indexer that died gives its documents to another after this time.
_LEASE = timedelta(minutes=1)

_DONE = delete(Base.metadata.tables["outbox"]).where(
    Outbox.document_id == bindparam("document"), Outbox.revision == bindparam("brought")
)


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
        self._kept = _KeptWords(_MOST_KEPT_PAGES)

    def keep(self, reading: UUID, words: Mapping[int, Words]) -> None:
        """Offer the words of a reading's pages (by number), so that they need not be made a second time. Optional."""
        self._kept.keep(reading, words)

    def run_once(self) -> int:
        """Bring one batch of changed documents into the index; the number taken, 0 when nothing waits."""
        lease, waiting = self._take()
        if not waiting:
            return 0
        try:
            self._bring(waiting)
        except BaseException:
            with self._database.transaction() as session:
                session.execute(update(Outbox).where(Outbox.lease == lease).values(lease=None))
            raise
        with self._database.transaction() as session:
            done = [{"document": document, "brought": revision} for document, revision in waiting]
            session.connection().execute(_DONE, done)
            # A change made meanwhile has raised the revision and stays in the outbox.
            session.execute(update(Outbox).where(Outbox.lease == lease).values(lease=None))
        return len(waiting)

    def take_back(self) -> None:
        """Forget who has which documents in hand; for a process that knows that it is the only indexer."""
        with self._database.transaction() as session:
            session.execute(update(Outbox).values(lease=None))

    def _take(self) -> tuple[datetime, list[tuple[UUID, int]]]:
        """Documents for this indexer alone, and until when: the lease also tells them from others'."""
        with self._database.reading() as session:
            at = clock(session)
            free = or_(Outbox.lease.is_(None), Outbox.lease < at)
            if session.scalar(select(Outbox.document_id).where(free).limit(1)) is None:
                return at, []
        lease = at + _LEASE
        some = select(Outbox.document_id).where(free).limit(self._batch).with_for_update(skip_locked=True)
        with self._database.transaction() as session:
            taken = update(Outbox).where(Outbox.document_id.in_(some)).values(lease=lease)
            rows = session.execute(taken.returning(Outbox.document_id, Outbox.revision))
            return lease, [(document, revision) for document, revision in rows]

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

    def _entries(self, documents: Collection[UUID], gone: list[UUID]) -> Iterator[IndexEntry]:
        """The documents' entries, their pages filled in one document at a time."""
        documents = list(documents)
        for at in range(0, len(documents), self._batch):
            batch = documents[at : at + self._batch]
            with self._database.reading() as session:
                outlines = load_outlines(session, batch)
            for outline in outlines:
                yield outline.fill(self._words)
            gone += set(batch) - {outline.entry.document for outline in outlines}

    def _words(self, reading: UUID, pages: Collection[int]) -> Mapping[int, Words]:
        """The pages' words as the recipe left them, else made again from their texts."""
        words = {number: kept for number in pages if (kept := self._kept.get(reading, number)) is not None}
        lacking = [number for number in pages if number not in words]
        for at in range(0, len(lacking), _BATCH):
            texts = select(Page.number, Page.text).where(
                Page.reading_id == reading, Page.number.in_(lacking[at : at + _BATCH])
            )
            with self._database.reading() as session:
                rows = session.execute(texts).all()
            words |= {number: self._analyser.analyse(text).words() for number, text in rows}
        return words

    def _revisions(self) -> dict[UUID, int]:
        with self._database.reading() as session:
            rows = session.execute(
                select(Document.id, Document.revision).where(
                    Document.withdrawn_at.is_(None), Document.current_version_id.is_not(None)
                )
            )
            return dict(rows.all())


class _KeptWords:
    """Words by reading, the oldest readings dropped when there are too many pages."""

    def __init__(self, most_pages: int) -> None:
        self._most = most_pages
        self._pages = 0
        self._readings: OrderedDict[UUID, Mapping[int, Words]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, reading: UUID, words: Mapping[int, Words]) -> None:
        with self._lock:
            self._pages += len(words) - len(self._readings.pop(reading, ()))
            self._readings[reading] = words
            while self._pages > self._most and len(self._readings) > 1:
                _, dropped = self._readings.popitem(last=False)
                self._pages -= len(dropped)

    def get(self, reading: UUID, page: int) -> Words | None:
        with self._lock:
            return self._readings.get(reading, {}).get(page)
