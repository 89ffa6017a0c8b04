"""How long a search takes, with facets and twenty rows with snippets, for an account of one of two institutions.

    python -m tests.bench.search [--pages 2000 100000] [--engines embedded elasticsearch] [--rounds 3]

Pages are made of the vocabulary of the demonstration's documents and the instruments: runs of words as they stand
there, half of them from what the document is about, in documents of 1 to 80 pages. Searches are made of the same words:
one to three of them, quoted, excluded, either of two, with filters, and none. The account sees 2 of 8 units' restricted
documents. Wall and CPU time are those of `search.finding.find`, the database (SQLite) and the snippets included; the
engine's share is given as well, and for Elasticsearch the server's CPU time per search.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import statistics
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from uuid import UUID

import yaml
from sqlalchemy import insert

from deploy.local.elastic import Elasticsearch
from deploy.local.process import ServerMissing, scratch
from evidence.access import Access
from evidence.analysis import Analyser
from evidence.collocations import with_collocations
from evidence.db import Database, uuid7
from evidence.models import Batch, Blob, Document, Institution, Page, Reading, Unit, Version, VersionPart
from evidence.settings import Settings
from evidence.values import Words
from search.finding import find
from search.index import Cursor, Hits, IndexEntry, PageEntry, Query, SearchIndex, open_index

_HOME = Path(__file__).parents[2]
_WORDS_OF_A_PAGE = (80, 420)
_PAGES_OF_A_DOCUMENT = (1, 2, 4, 8, 15, 40, 80)
_TYPES = ("perwali", "keputusan_kepala_daerah", "laporan", "sop", "notulen", "surat_edaran")
_SEARCHES = 150
_ROWS = 20

_Row = dict[str, Any]


# --- what is searched


class Shelf:
    """Documents at random; the same for the same number of pages."""

    def __init__(self, pages: int, analyser: Analyser) -> None:
        self.chance = random.Random(pages)
        self._pages = pages
        self._analyser = analyser
        self.words = _vocabulary(analyser)
        self.institutions = [uuid7(), uuid7()]
        self.units = [(uuid7(), f"Dinas {number}") for number in range(8)]

    def documents(self) -> Iterator[tuple[IndexEntry, list[str]]]:
        """Each entry with the texts of its pages. Three of four belong to the institution that is asked."""
        left = self._pages
        while left:
            count = min(left, self.chance.choice(_PAGES_OF_A_DOCUMENT))
            left -= count
            yield self._document(count)

    def _document(self, count: int) -> tuple[IndexEntry, list[str]]:
        chance, document = self.chance, uuid7()
        sha256 = hashlib.sha256(document.bytes).hexdigest()
        topic = [chance.randrange(len(self.words) - 400) for _ in range(3)]
        forms = [self._page(topic) for _ in range(count)]
        title = " ".join(self.run(topic, 6))
        pages = tuple(
            PageEntry(0, number, f"hal. {number}", sha256, self._words(page)) for number, page in enumerate(forms, 1)
        )
        unit, unit_name = chance.choice(self.units)
        return (
            IndexEntry(
                document=document,
                revision=1,
                institution=self.institutions[chance.random() < 0.25],
                version=uuid7(),
                sha256=sha256,
                name=f"{title.replace(' ', '_')}.pdf",
                confidentiality=chance.choice((0, 0, 0, 1, 2)),
                unit=unit,
                unit_name=unit_name,
                title=title,
                doc_type=chance.choice(_TYPES),
                number=str(chance.randint(1, 99)),
                year=chance.randint(2017, 2025),
                indicators=tuple(str(each) for each in chance.sample(range(1, 48), 3)),
                pages=pages,
            ),
            [" ".join(page).capitalize() for page in forms],
        )

    def _words(self, page: Sequence[str]) -> Words:
        return Words(" ".join(page), with_collocations(" ".join(self._analyser.stems(page))))

    def _page(self, topic: Sequence[int]) -> list[str]:
        length = self.chance.randint(*_WORDS_OF_A_PAGE)
        page: list[str] = []
        while len(page) < length:
            page += self.run(topic if self.chance.random() < 0.5 else (), self.chance.randint(2, 9))
        return page[:length]

    def run(self, topic: Sequence[int], length: int) -> list[str]:
        """Words that follow each other in the vocabulary, near one of the places of the topic or anywhere."""
        start = (
            self.chance.choice(topic) + self.chance.randrange(400) if topic else self.chance.randrange(len(self.words))
        )
        return self.words[start : start + length]

    def searches(self, count: int) -> list[str]:
        chance = self.chance

        def some(length: int) -> str:
            return " ".join(self.run((), length))

        forms: dict[str, Callable[[], str]] = {
            "one": lambda: some(1),
            "two": lambda: f"{some(1)} {some(1)}",
            "run": lambda: some(chance.choice((2, 3))),
            "quoted": lambda: f'"{some(2)}"',
            "filtered": lambda: f"{some(2)} jenis:{chance.choice(_TYPES)} tahun:2020..2024",
            "excluded": lambda: f"{some(2)} -{some(1)}",
            "either": lambda: f"{some(1)} OR {some(1)}",
            "none": lambda: "",
        }
        weights = (20, 20, 30, 10, 10, 4, 4, 2)
        return [forms[name]() for name in chance.choices(list(forms), weights, k=count)]


def _vocabulary(analyser: Analyser) -> list[str]:
    """All words of the project's own texts, in their order: frequent words are as frequent as they are there."""
    texts: list[str] = []
    for folder in ("api/demo/documents", "evidence/instruments"):
        for path in sorted((_HOME / folder).iterdir()):
            if path.suffix == ".yaml":
                texts += _sentences(yaml.safe_load(path.read_text("utf-8")))
            elif path.suffix in (".typ", ".txt"):
                texts.append(path.read_text("utf-8"))
    return [word for text in texts for word in analyser.analyse(unicodedata.normalize("NFKC", text)).exact]


def _sentences(value: object) -> Iterator[str]:
    """What is written for people in a YAML file: texts of several words, not keys and codes."""
    if isinstance(value, str):
        if " " in value:
            yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _sentences(each)
    elif isinstance(value, list):
        for each in value:
            yield from _sentences(each)


def fill(shelf: Shelf, database: Database, indexes: Sequence[SearchIndex]) -> tuple[int, list[float]]:
    """Documents written, and seconds that each index took."""
    seconds = [0.0 for _ in indexes]
    with database.transaction() as session:
        session.execute(
            insert(Institution), [{"id": id_, "kind": "kota", "name": str(id_)} for id_ in shelf.institutions]
        )
        owner = shelf.institutions[0]
        session.execute(insert(Unit), [{"id": id_, "institution_id": owner, "name": name} for id_, name in shelf.units])
        batch = Batch(institution_id=owner, origin="bench")
        session.add(batch)
    made = 0
    waiting: list[tuple[IndexEntry, list[str]]] = []

    def write() -> None:
        _write_rows(database, waiting, batch.id)
        for number, index in enumerate(indexes):
            begun = time.monotonic()
            index.put(entry for entry, _ in waiting)
            seconds[number] += time.monotonic() - begun
        waiting.clear()

    for document in shelf.documents():
        waiting.append(document)
        made += 1
        if len(waiting) == 200:
            write()
    write()
    return made, seconds


def _write_rows(database: Database, documents: Sequence[tuple[IndexEntry, list[str]]], batch: UUID) -> None:
    blobs: list[_Row] = []
    rows: list[_Row] = []
    versions: list[_Row] = []
    parts: list[_Row] = []
    readings: list[_Row] = []
    pages: list[_Row] = []
    for entry, texts in documents:
        owned: _Row = {"institution_id": entry.institution}
        blobs.append({"sha256": entry.sha256, "size": 1, "mime": "application/pdf"})
        rows.append(
            owned
            | {
                "id": entry.document,
                "unit_id": entry.unit,
                "confidentiality": entry.confidentiality,
                "current_version_id": entry.version,
                "revision": 1,
            }
        )
        versions.append(owned | {"id": entry.version, "document_id": entry.document, "ordinal": 1, "batch_id": batch})
        parts.append({"version_id": entry.version, "ordinal": 0, "blob_sha256": entry.sha256, "name": entry.name})
        reading: _Row = {"id": uuid7(), "blob_sha256": entry.sha256, "fingerprint": "bench", "facts": {}}
        readings.append(reading | {"pages_expected": len(texts), "pages_done": len(texts)})
        pages += [
            {"reading_id": reading["id"], "number": number, "label": f"hal. {number}", "text": text, "method": "text"}
            for number, text in enumerate(texts, 1)
        ]
    tables = ((Blob, blobs), (Document, rows), (Version, versions), (VersionPart, parts), (Reading, readings))
    with database.transaction() as session:
        for table, its_rows in (*tables, (Page, pages)):
            if its_rows:
                session.execute(insert(table), its_rows)


# --- the clock


@dataclass
class Timed:
    """An index whose own share of a search is measured."""

    index: SearchIndex
    wall: float = 0.0
    cpu: float = 0.0
    rows: list[tuple[str, float, float, float, float]] = field(default_factory=list)  # milliseconds

    def search(self, query: Query, access: Access, after: Cursor | None, size: int) -> Hits:
        wall, cpu = time.perf_counter(), time.process_time()
        hits = self.index.search(query, access, after, size)
        self.wall += time.perf_counter() - wall
        self.cpu += time.process_time() - cpu
        return hits

    def measure(self, database: Database, analyser: Analyser, typed: str, access: Access) -> None:
        self.wall = self.cpu = 0.0
        wall, cpu = time.perf_counter(), time.process_time()
        with database.reading() as session:
            find(session, self, analyser, typed, access, size=_ROWS)  # type: ignore[arg-type]  # asks only `search`
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        self.rows.append((typed, 1000 * wall, 1000 * cpu, 1000 * self.wall, 1000 * self.cpu))


def report(name: str, rows: Sequence[tuple[str, float, float, float, float]], slowest: int) -> None:
    print(f"  {name}")
    for column, what in enumerate(("wall", "CPU", "of these the engine, wall", "of these the engine, CPU"), start=1):
        values = sorted(float(row[column]) for row in rows)
        quantiles = statistics.quantiles(values, n=100)
        print(f"    {what:26} p50 {quantiles[49]:7.1f} ms   p95 {quantiles[94]:7.1f} ms")
    for row in sorted(rows, key=lambda row: -row[2])[:slowest]:
        print(f"      {row[0]!r}: CPU {row[2]:.1f} ms, the engine {row[4]:.1f} ms")


def measure(pages: int, engines: Sequence[str], rounds: int, slowest: int, server: Elasticsearch | None) -> None:
    analyser = Analyser()
    shelf = Shelf(pages, analyser)
    with tempfile.TemporaryDirectory(prefix="bukti-bench-") as folder, ExitStack() as held:
        database = Database(f"sqlite:///{folder}/bukti.db")
        held.callback(database.close)
        database.migrate()
        indexes = {}
        for name in engines:
            url = server.url_of(f"bench-{pages}") if name == "elasticsearch" and server else ""
            indexes[name] = open_index(Settings(data=Path(folder), search_url=url), analyser, writable=True)
            held.callback(indexes[name].close)
        documents, seconds = fill(shelf, database, list(indexes.values()))
        print(f"{pages} pages in {documents} documents")
        searches = shelf.searches(_SEARCHES)
        units = frozenset(unit for unit, _ in shelf.units[:2])
        access = Access(shelf.institutions[0], None, frozenset({"unit"}), units)
        for (name, index), spent in zip(indexes.items(), seconds, strict=True):
            timed = Timed(index)
            for typed in searches:
                timed.measure(database, analyser, typed, access)
            timed.rows.clear()  # the first round fills caches, as the first minutes of a day do
            with _server_cpu(server if name == "elasticsearch" else None, rounds * len(searches)):
                for _ in range(rounds):
                    for typed in searches:
                        timed.measure(database, analyser, typed, access)
                report(f"{name}, put at {pages / spent:.0f} pages/s", timed.rows, slowest)


@contextmanager
def _server_cpu(server: Elasticsearch | None, searches: int) -> Iterator[None]:
    before = _spent(server)
    yield
    if server:
        print(f"    {'the server, CPU':26} mean {(_spent(server) - before) / searches:6.1f} ms")


def _spent(server: Elasticsearch | None) -> float:
    """CPU milliseconds of the node since its start."""
    if server is None:
        return 0.0
    with urlopen(f"http://127.0.0.1:{server.ports[0]}/_nodes/stats/process") as answer:
        (node,) = json.load(answer)["nodes"].values()
    return float(node["process"]["cpu"]["total_in_millis"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, nargs="+", default=[2_000, 100_000])
    parser.add_argument("--engines", nargs="+", default=["embedded", "elasticsearch"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slowest", type=int, default=0, help="list so many of the slowest searches")
    arguments = parser.parse_args()
    print(f"{_SEARCHES} searches, {arguments.rounds} rounds after one to warm up, {_ROWS} rows with snippets")
    with ExitStack() as held:
        server = None
        if "elasticsearch" in arguments.engines:
            try:
                server = held.enter_context(Elasticsearch(held.enter_context(scratch()), quick_start=False))
            except ServerMissing as missing:
                raise SystemExit(str(missing)) from missing
        for pages in arguments.pages:
            measure(pages, arguments.engines, arguments.rounds, arguments.slowest, server)


if __name__ == "__main__":
    main()
