"""The Elasticsearch engine: an index of pages and one of documents, written and read by any number of processes.

Everybody writes to and reads from the aliases `<name>-pages` and `<name>-documents`; a rebuild makes new indexes behind
them. The entry of a document is written after its pages, so that the revision it holds means that all is there.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

from evidence.access import Access
from evidence.analysis import Analyser
from search.elastic import ranking
from search.elastic.address import Address
from search.elastic.failures import READ_ONLY, REBUILT, STRANGE, in_words, words_for
from search.elastic.generations import Aliases, Generations, generation_of
from search.elastic.mapping import DOCUMENTS, KINDS, PAGES, document_entry, page_entries
from search.elastic.queries import Json
from search.elastic.writing import Item, write
from search.index import Cursor, Hits, IndexEntry, Query, SearchUnavailable

_SEARCH_SECONDS = 4.0
_MOST_ROWS = 1000
_ROWS_AT_A_TIME = 5000
_CLAUSES = 500
_BATCH = 16_000_000  # characters of words that are sent before the entries of their documents
_MOST_SWITCHES = 3  # that a batch is sent again for
_OLDEST_VERSION = 9
# How long an index found right is taken for right; a newer Bukti may have rebuilt it meanwhile.
_TRUSTED_SECONDS = 60.0


class ElasticIndex:
    """See `SearchIndex`. Any thread and any process may search and, if opened `writable`, write.

    Totals are exact up to 10,000; facets always. Routing is by institution; a removed document of which the index
    knows nothing has none, so that with several shards an older revision may still come in (`sync` finds it).
    """

    def __init__(self, url: str, analyser: Analyser, *, writable: bool) -> None:
        self._address = Address.parse(url)
        with in_words():
            self._client = self._address.connect()
        self._analyser = analyser
        self._writable = writable
        self._aliases: Aliases = {kind: f"{self._address.prefix}-{kind}" for kind in KINDS}
        # A person who searches is told within a few seconds that no answer comes.
        self._searching = self._client.options(request_timeout=_SEARCH_SECONDS, max_retries=1, retry_on_timeout=False)
        self._looked = -math.inf

    # --- writing

    def put(self, entries: Iterable[IndexEntry]) -> None:
        self._require_writable()
        self._look()
        self._put(entries, self._aliases)
        self._refresh(self._aliases.values())

    def remove(self, documents: Iterable[tuple[UUID, int]]) -> None:
        """An empty entry stays where a newer revision than the one held is named: what was withdrawn does not come
        back with a writer that is late. The very revision that is held is forgotten, so that after a restored backup
        an older one can be put."""
        self._require_writable()
        self._look()
        named = {document.hex: revision for document, revision in documents}
        self._refresh(self._aliases.values())
        held = self._held(named)
        items = []
        for key, revision in named.items():
            routing, its_revision = held.get(key, (key, None))
            body = None if its_revision == revision else {"key": key}
            items.append(Item(self._aliases[DOCUMENTS], key, routing, revision, body))
        late = write(self._client, items).late
        self._drop_pages({key: revision for key, revision in named.items() if key not in late}, self._aliases[PAGES])
        self._refresh(self._aliases.values())

    def rebuild(self, entries: Iterable[IndexEntry]) -> None:
        """Others go on writing to the old indexes, which cannot be copied: what they wrote is in the database before,
        so that `sync` finds it lacking here. A second rebuild takes the place of one that is still under way."""
        self._require_writable()
        indexes = Generations(self._client, self._aliases, self._address.shards)
        with in_words():
            indexes.drop_unused()
            fresh = indexes.create()
        try:
            self._put(entries, fresh.aliases)
            self._refresh(fresh.aliases.values())
            with in_words():
                indexes.switch(fresh)
        except BaseException:
            with suppress(SearchUnavailable), in_words():
                indexes.drop(fresh)
            raise
        self._looked = time.monotonic()

    def _put(self, entries: Iterable[IndexEntry], aliases: Aliases) -> None:
        batch: list[IndexEntry] = []
        size = 0
        for entry in entries:
            batch.append(entry)
            size += 2 * sum(len(page.words.stems) + len(page.words.exact) for page in entry.pages)
            if size > _BATCH:
                self._put_batch(batch, aliases)
                batch, size = [], 0
        if batch:
            self._put_batch(batch, aliases)

    def _put_batch(self, batch: Sequence[IndexEntry], aliases: Aliases) -> None:
        newest: dict[UUID, IndexEntry] = {}
        for entry in batch:
            if entry.document not in newest or newest[entry.document].revision <= entry.revision:
                newest[entry.document] = entry
        for _ in range(_MOST_SWITCHES):
            pages = write(self._client, self._page_items(newest.values(), aliases[PAGES]))
            documents = write(self._client, self._document_items(newest.values(), aliases[DOCUMENTS]))
            if len({generation_of(index) for index in pages.indexes | documents.indexes}) <= 1:
                break
        else:
            raise SearchUnavailable(REBUILT)
        # A shorter revision leaves pages of the one before; one that came too late leaves its own.
        limits = {}
        for entry in newest.values():
            key = entry.document.hex
            if key not in documents.made:
                limits[key] = entry.revision if key in documents.late else entry.revision - 1
        self._drop_pages(limits, aliases[PAGES])

    def _page_items(self, entries: Iterable[IndexEntry], alias: str) -> Iterator[Item]:
        for entry in entries:
            for id_, body in page_entries(entry, self._analyser):
                yield Item(alias, id_, entry.institution.hex, entry.revision, body)

    def _document_items(self, entries: Iterable[IndexEntry], alias: str) -> Iterator[Item]:
        for entry in entries:
            body = document_entry(entry, self._analyser)
            yield Item(alias, entry.document.hex, entry.institution.hex, entry.revision, body)

    def _drop_pages(self, limits: Mapping[str, int], alias: str) -> None:
        """Delete these documents' pages up to the revision given."""
        if not limits:
            return
        self._refresh([alias])  # only what a search would find is deleted
        rows = list(limits.items())
        for at in range(0, len(rows), _CLAUSES):
            outdated = [
                {"bool": {"filter": [{"term": {"key": key}}, {"range": {"revision": {"lte": revision}}}]}}
                for key, revision in rows[at : at + _CLAUSES]
            ]
            with in_words():
                # A conflict means that a newer revision of the page has come meanwhile.
                answer = self._client.delete_by_query(
                    index=alias, query={"bool": {"should": outdated}}, conflicts="proceed"
                )
            if answer["failures"]:
                failure = answer["failures"][0]
                raise SearchUnavailable(words_for(int(failure.get("status", 500)), failure.get("cause")))

    def _held(self, keys: Iterable[str]) -> dict[str, tuple[str, int | None]]:
        """Of the documents that have an entry: where it lies, and its revision unless it is empty."""
        wanted = list(keys)
        held: dict[str, tuple[str, int | None]] = {}
        for at in range(0, len(wanted), _ROWS_AT_A_TIME):
            ids = wanted[at : at + _ROWS_AT_A_TIME]
            with in_words():
                answer = self._client.search(
                    index=self._aliases[DOCUMENTS],
                    query={"ids": {"values": ids}},
                    size=len(ids),
                    source=False,
                    docvalue_fields=[{"field": "revision"}],
                    allow_partial_search_results=False,
                )
            for hit in answer["hits"]["hits"]:
                revision = hit.get("fields", {}).get("revision", [None])[0]
                held[hit["_id"]] = hit["_routing"], revision
        return held

    def _refresh(self, aliases: Iterable[str]) -> None:
        with in_words():
            self._client.indices.refresh(index=list(aliases))

    def _require_writable(self) -> None:
        if not self._writable:
            raise RuntimeError("the index was opened for reading")

    # --- reading

    def search(self, query: Query, access: Access, after: Cursor | None, size: int) -> Hits:
        self._look()

        def send(searches: Sequence[tuple[str, Json]]) -> list[Json]:
            return self._search(searches, access.institution.hex)

        return ranking.search(send, query, access, after, max(1, min(size, _MOST_ROWS)))

    def revisions(self) -> Iterator[tuple[UUID, int]]:
        self._look()
        with in_words():
            pit = self._client.open_point_in_time(index=self._aliases[DOCUMENTS], keep_alive="5m")["id"]
        try:
            after: list[Any] | None = None
            while True:
                with in_words():
                    answer = self._client.search(
                        pit={"id": pit, "keep_alive": "5m"},
                        query={"exists": {"field": "revision"}},
                        sort=[{"_shard_doc": "asc"}],
                        search_after=after,
                        size=_ROWS_AT_A_TIME,
                        stored_fields="_none_",
                        docvalue_fields=[{"field": "key"}, {"field": "revision"}],
                        track_total_hits=False,
                        allow_partial_search_results=False,
                    )
                rows = answer["hits"]["hits"]
                if not rows:
                    return
                for row in rows:
                    yield UUID(hex=row["fields"]["key"][0]), int(row["fields"]["revision"][0])
                pit, after = answer["pit_id"], rows[-1]["sort"]
        finally:
            with suppress(SearchUnavailable), in_words():
                self._client.close_point_in_time(id=pit)

    def ping(self) -> None:
        with in_words():
            version = str(self._searching.info()["version"]["number"])
        if int(version.split(".")[0]) < _OLDEST_VERSION:
            raise SearchUnavailable(STRANGE)
        self._looked = -math.inf
        self._look()
        with in_words():
            settings = self._searching.indices.get_settings(
                index=list(self._aliases.values()), name="index.blocks.read_only_allow_delete", flat_settings=True
            )
        if any(index["settings"] for index in settings.body.values()):
            raise SearchUnavailable(READ_ONLY)
        self._search([(kind, {"size": 0}) for kind in KINDS], None)

    def close(self) -> None:
        self._client.close()

    def _search(self, searches: Sequence[tuple[str, Json]], institution: str | None) -> list[Json]:
        """One request. Always the same copy of an institution's entries, as scores differ a little between copies."""
        lines: list[Json] = []
        for kind, body in searches:
            header: Json = {"index": self._aliases[kind], "allow_partial_search_results": False}
            if institution:
                header |= {"routing": institution, "preference": institution}
            lines += [header, body]
        for last in (False, True):
            with in_words():
                answers: list[Json] = self._searching.msearch(searches=lines)["responses"]
            failed = next((answer for answer in answers if "error" in answer), None)
            if failed is None:
                break
            # An index that a switch dropped just now has a successor.
            if last or failed["status"] != 404:
                raise SearchUnavailable(words_for(failed["status"], failed["error"]))
        return answers

    def _look(self) -> None:
        """Raise `IndexOutdated` if the indexes were made otherwise; make them if this instance has none yet."""
        if time.monotonic() - self._looked < _TRUSTED_SECONDS:
            return
        with in_words():
            Generations(self._searching, self._aliases, self._address.shards).check(make=self._writable)
        self._looked = time.monotonic()
