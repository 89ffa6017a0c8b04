"""What only Elasticsearch can meet: several writers, refusals, a rebuild beside them, a server that is not there."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from elasticsearch import Elasticsearch as Client

from deploy.local.elastic import Elasticsearch
from deploy.local.process import free_ports
from evidence.db import uuid7
from evidence.errors import InvalidInput
from evidence.settings import Settings
from search.elastic import ElasticIndex
from search.elastic.address import Address
from search.elastic.failures import LOGIN, READ_ONLY, RIGHTS, SLOW, UNREACHABLE
from search.index import Hits, IndexEntry, IndexOutdated, SearchIndex, SearchUnavailable, open_index
from search.query import parse
from tests.support.entries import ANALYSER, access_to, an_entry
from tests.support.servers import count, run_or_skip

MINE = uuid7()
ME = access_to(MINE)


@pytest.fixture
def index(search_url: str) -> Iterator[ElasticIndex]:
    opened = ElasticIndex(search_url, ANALYSER, writable=True)
    yield opened
    for name in names(opened):
        client(opened).indices.delete(index=name)
    opened.close()


def client(index: ElasticIndex) -> Client:
    return index._client


def names(index: ElasticIndex) -> list[str]:
    return sorted(client(index).indices.get(index=f"{index._address.prefix}-*").body)


def search(index: SearchIndex, typed: str) -> Hits:
    return index.search(parse(typed, ANALYSER), ME, None, 1000)


def titles(hits: Hits) -> set[str]:
    return {document.title for document in hits.documents}


def blocked(index: ElasticIndex, blocked: bool | None) -> None:
    """What Elasticsearch itself does when a disk is nearly full."""
    settings = {"index.blocks.read_only_allow_delete": blocked}
    client(index).indices.put_settings(index=names(index), settings=settings)


# --- the same as the embedded engine

WORDS = ["peta", "rencana", "spbe", "menetapkan", "penetapan", "risiko", "audit", "layanan", "perwali", "wali", "kota"]
WORDS += ["peraturan", "nomor", "12", "2023", "rancangan", "keamanan", "informasi", "manajemen", "arsitektur"]
TYPED = ["{}", "{} {}", "{} {} {}", '"{} {}"', "{} -{}", "-{}", "{} OR {}", "{} jenis:perwali", "{} tahun:2022..2023"]
TYPED += ["{} indikator:1,2", "{} {} -{}", "opd:bappeda {}", "", "12/2023", "perwali {}"]


UNITS = [(uuid7(), "Bappeda"), (uuid7(), "Dinas Kominfo")]
INSTITUTIONS = [MINE, uuid7()]


def at_random(document: UUID, revision: int) -> IndexEntry:
    """One revision of a document is always the same."""
    chance = random.Random(f"{document} {revision}")

    def text(most: int) -> str:
        return " ".join(chance.choices(WORDS, k=chance.randint(0, most)))

    unit, unit_name = chance.choice(UNITS)
    facts: dict[str, Any] = {"unit": unit, "unit_name": unit_name} if chance.random() < 0.8 else {}
    return an_entry(
        INSTITUTIONS[document.int % 7 == 0],
        *(text(12) for _ in range(chance.randint(0, 6))),
        document=document,
        revision=revision,
        title=text(4),
        doc_type=chance.choice(["perwali", "laporan", "keputusan_kepala_daerah", ""]),
        year=chance.choice([2021, 2022, 2023, None]),
        indicators=tuple(chance.sample(["1", "2", "35-1"], k=chance.randint(0, 2))),
        confidentiality=chance.randint(0, 2),
        **facts,
    )


def test_both_engines_find_the_same_in_documents_made_at_random(index: ElasticIndex, tmp_path: Path) -> None:
    chance = random.Random(4)
    embedded = open_index(Settings(data=tmp_path), ANALYSER, writable=True)
    documents = [UUID(int=chance.getrandbits(128)) for _ in range(80)]
    for _ in range(3):
        batch = [at_random(document, chance.randint(1, 5)) for document in chance.sample(documents, 60)]
        gone = [(document, 3) for document in chance.sample(documents, 5)]
        for engine in (index, embedded):
            engine.put(batch)
            engine.remove(gone)
        # A late writer is a matter of Elasticsearch alone: what was just removed does not come back there.
        documents = [document for document in documents if document not in dict(gone)]
    assert sorted(index.revisions()) == sorted(embedded.revisions())
    accesses = [ME, access_to(MINE, confidentiality=1), access_to(MINE, units=frozenset({UNITS[0][0]}))]
    for number in range(150):
        typed = chance.choice(TYPED)
        typed = typed.format(*chance.choices(WORDS, k=typed.count("{}")))
        query, access = parse(typed, ANALYSER), chance.choice(accesses)
        ours, theirs = (engine.search(query, access, None, 1000) for engine in (index, embedded))
        assert summary(ours) == summary(theirs), (number, typed)
        assert pages_in_order(index, query, access) == [row.id for row in ours.documents], (number, typed)
    embedded.close()


def summary(hits: Hits) -> object:
    """All that both engines must agree on: everything but scores, and the order that follows from them."""
    rows = {row.id: (row.version, row.title, row.unit, row.year, len(row.pages), row.further) for row in hits.documents}
    pages = sorted((page.document, page.page) for page in hits.pages)
    return hits.total, rows, pages, hits.facets, hits.after


def pages_in_order(index: SearchIndex, query: Any, access: Any) -> list[UUID]:
    seen: list[UUID] = []
    hits = index.search(query, access, None, 7)
    while hits.documents:
        seen += [row.id for row in hits.documents]
        if hits.after is None:
            break
        hits = index.search(query, access, hits.after, 7)
    return seen


@pytest.mark.parametrize("typed", ["arsitektur spbe", "perwali 12", "12/2023", "peta rencana", "audit keamanan"])
def test_the_first_hit_of_a_title_or_a_number_is_the_same(index: ElasticIndex, tmp_path: Path, typed: str) -> None:
    embedded = open_index(Settings(data=tmp_path), ANALYSER, writable=True)
    shelf = [
        an_entry(MINE, "menetapkan arsitektur spbe", "peta rencana", title="Arsitektur SPBE", doc_type="perwali"),
        an_entry(MINE, "tata kelola", "layanan", title="Tata Kelola", doc_type="perwali", number="12", year=2023),
        an_entry(MINE, "arsitektur disebut sekali", "peta rencana spbe peta rencana", title="Peta Rencana SPBE"),
        an_entry(MINE, "laporan audit", "keamanan informasi", "audit keamanan", title="Audit Keamanan"),
        an_entry(MINE, "notulen rapat arsitektur spbe audit keamanan perwali nomor 12 tahun 2023", title="Notulen"),
    ]
    for engine in (index, embedded):
        engine.put(shelf)
    ours, theirs = (search(engine, typed).documents[0].title for engine in (index, embedded))
    embedded.close()
    assert ours == theirs


def test_a_search_takes_two_requests(index: ElasticIndex) -> None:
    index.put([an_entry(MINE, "peta rencana", "peta", title="A"), an_entry(MINE, "peta", title="B")])
    sent: list[int] = []

    def counting(searches: Any, institution: str | None) -> Any:
        sent.append(len(searches))
        return plain(searches, institution)

    plain = index._search
    index._search = counting  # type: ignore[method-assign]
    for typed in ("peta", "peta rencana", "peta -rencana", "-rencana", ""):
        sent.clear()
        assert search(index, typed).total > 0
        assert len(sent) <= 2


# --- writing


def test_a_page_that_is_refused_takes_no_other_with_it_and_is_not_forgotten(index: ElasticIndex) -> None:
    impossible = an_entry(MINE, "isi", title="mustahil", year=99_999)
    with pytest.raises(SearchUnavailable, match="document_parsing_exception"):
        index.put([an_entry(MINE, "isi", title="A"), impossible, an_entry(MINE, "isi", title="B")])
    index.put([an_entry(MINE, "lain", title="C")])
    assert titles(search(index, "lain")) == {"C"}


def test_what_is_refused_for_a_while_is_sent_again_until_it_is_taken(index: ElasticIndex) -> None:
    index.put([an_entry(MINE, "awal", title="awal")])
    blocked(index, True)
    release = threading.Timer(0.5, blocked, (index, None))
    release.start()
    index.put([an_entry(MINE, "isi", title=str(number)) for number in range(20)])
    release.join()
    assert len(titles(search(index, "isi"))) == 20


def test_an_index_locked_by_a_full_disk_says_so_and_can_still_be_searched(
    index: ElasticIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.elastic.writing.time.sleep", lambda seconds: None)
    index.put([an_entry(MINE, "isi", title="A")])
    blocked(index, True)
    with pytest.raises(SearchUnavailable) as refused:
        index.put([an_entry(MINE, "isi", title="B")])
    assert refused.value.message == READ_ONLY
    with pytest.raises(SearchUnavailable) as locked:
        index.ping()
    assert locked.value.message == READ_ONLY
    assert titles(search(index, "isi")) == {"A"}
    blocked(index, None)
    index.ping()


def test_a_late_writer_brings_nothing_back_that_was_withdrawn(index: ElasticIndex) -> None:
    known, unknown = (an_entry(MINE, "isi", "isi lampiran", title="dicabut", revision=5) for _ in "ab")
    index.put([known])
    index.remove([(known.document, 6), (unknown.document, 6)])
    index.put([known, unknown])
    assert list(index.revisions()) == []
    hits = search(index, "isi")
    assert (hits.total, hits.pages) == (0, ())
    assert client(index).count(index=index._aliases["pages"])["count"] == 0


def test_writers_that_race_leave_the_newest_revision_and_no_page_of_the_others(index: ElasticIndex) -> None:
    document = uuid7()
    revisions = list(range(1, 25))
    random.Random(1).shuffle(revisions)
    entries = [
        an_entry(MINE, *["isi"] * (1 + revision % 7), document=document, revision=revision, title=str(revision))
        for revision in revisions
    ]

    def write(mine: Sequence[IndexEntry]) -> None:
        for entry in mine:
            index.put([entry])

    writers = [threading.Thread(target=write, args=(entries[n::4],)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    hits = search(index, "isi")
    assert titles(hits) == {"24"}
    assert len(hits.pages) == 1 + 24 % 7
    assert client(index).count(index=index._aliases["pages"])["count"] == 1 + 24 % 7


# --- rebuilding


def test_a_rebuild_leaves_one_generation_behind_the_aliases(index: ElasticIndex) -> None:
    index.put([an_entry(MINE, "lama", title="lama")])
    index.rebuild([an_entry(MINE, "baru", title="baru")])
    assert len(names(index)) == 2
    assert titles(search(index, "")) == {"baru"}


def test_a_failed_rebuild_leaves_no_index_behind(index: ElasticIndex) -> None:
    def broken() -> Iterator[IndexEntry]:
        yield an_entry(MINE, "setengah", title="setengah")
        assert len(names(index)) == 4
        raise OSError("database gone")

    index.put([an_entry(MINE, "lama", title="lama")])
    before = names(index)
    with pytest.raises(OSError, match="database gone"):
        index.rebuild(broken())
    assert names(index) == before
    assert titles(search(index, "")) == {"lama"}


def test_what_a_killed_rebuild_left_is_removed_by_the_next(index: ElasticIndex) -> None:
    index.put([an_entry(MINE, "lama", title="lama")])
    prefix = index._address.prefix
    leftover, neighbour = f"{prefix}-pages-20250101t0000-abcd", f"{prefix}-pages-lain"
    client(index).indices.create(index=leftover)
    client(index).indices.create(index=neighbour)  # begins alike and is none of ours
    index.rebuild([an_entry(MINE, "baru", title="baru")])
    assert leftover not in names(index)
    assert neighbour in names(index)


def test_what_others_write_during_a_rebuild_is_seen_to_lack_and_no_document_is_cut_in_two(
    index: ElasticIndex, search_url: str
) -> None:
    other = ElasticIndex(search_url, ANALYSER, writable=True)
    index.put([an_entry(MINE, "lama", title="lama")])
    stop = threading.Event()
    written: list[IndexEntry] = []

    def write() -> None:
        while not stop.is_set():
            entry = an_entry(MINE, "isi", "isi", "isi", title="tulisan")
            other.put([entry])
            written.append(entry)

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(4):
        time.sleep(0.3)
        index.rebuild(list(written))
    time.sleep(0.3)
    stop.set()
    writer.join()
    held = dict(index.revisions())
    lacking = [entry for entry in written if entry.document not in held]
    # What `Indexer.sync` does after a rebuild.
    index.put(lacking)
    hits = search(index, "isi")
    assert hits.total == len(written) > 0
    assert {len(row.pages) for row in hits.documents} == {3}
    other.close()


def test_an_index_of_another_layout_asks_to_be_rebuilt(index: ElasticIndex, search_url: str) -> None:
    index.put([an_entry(MINE, "isi", title="lama")])
    for alias in index._aliases.values():
        client(index).indices.put_mapping(index=alias, meta={"layout": "0", "analysis_version": "0"})
    later = ElasticIndex(search_url, ANALYSER, writable=True)
    attempts: list[Callable[[], object]] = [later.ping, lambda: search(later, "isi"), lambda: list(later.revisions())]
    for attempt in attempts:
        with pytest.raises(IndexOutdated):
            attempt()
    with pytest.raises(IndexOutdated):
        later.put([])
    later.rebuild([an_entry(MINE, "isi", title="baru")])
    assert titles(search(later, "isi")) == {"baru"}
    later.close()


# --- a server that is not there


def test_an_instance_without_index_says_so_to_readers(search_url: str) -> None:
    reader = ElasticIndex(search_url, ANALYSER, writable=False)
    with pytest.raises(SearchUnavailable, match="belum dibuat"):
        search(reader, "isi")
    reader.close()


def test_a_server_that_does_not_run_is_told_in_words_at_once() -> None:
    (port, other) = free_ports(2)
    gone = ElasticIndex(f"http://127.0.0.1:{port},http://127.0.0.1:{other}/bukti", ANALYSER, writable=True)
    began = time.monotonic()
    attempts: list[Callable[[], object]] = [gone.ping, lambda: search(gone, "isi"), lambda: list(gone.revisions())]
    for attempt in attempts:
        with pytest.raises(SearchUnavailable) as told:
            attempt()
        assert told.value.message == UNREACHABLE
    with pytest.raises(SearchUnavailable):
        gone.put([an_entry(MINE, "isi")])
    assert time.monotonic() - began < 5
    gone.close()


def test_a_server_that_never_answers_is_given_up_within_five_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        index = ElasticIndex(f"http://127.0.0.1:{silent.getsockname()[1]}/bukti", ANALYSER, writable=False)
        began = time.monotonic()
        with pytest.raises(SearchUnavailable) as told:
            search(index, "isi")
        assert told.value.message == SLOW
        assert time.monotonic() - began < 5
        index.close()


@pytest.mark.slow
def test_a_wrong_password_and_too_few_rights_are_told_in_words(
    request: pytest.FixtureRequest, server_folder: Path
) -> None:
    count(request, Elasticsearch)
    for server in run_or_skip(Elasticsearch(server_folder / "secured", secured=True)):
        url = server.url_of("bukti")
        index = ElasticIndex(url, ANALYSER, writable=True)
        index.put([an_entry(MINE, "isi", title="A")])
        index.ping()
        other = {"other": {"cluster": ["monitor"], "indices": [{"names": ["lain-*"], "privileges": ["all"]}]}}
        key = client(index).security.create_api_key(name="lain", role_descriptors=other)["encoded"]
        own = {"own": {"cluster": ["monitor"], "indices": [{"names": ["bukti-*"], "privileges": ["all"]}]}}
        own_key = client(index).security.create_api_key(name="bukti", role_descriptors=own)["encoded"]
        host = f"http://127.0.0.1:{server.ports[0]}"
        for address, sentence in (
            (url.replace(server.password, "salah"), LOGIN),
            (f"{host}/bukti", LOGIN),
            (f"{host}/bukti?api_key={quote(key)}", RIGHTS),
        ):
            stranger = ElasticIndex(address, ANALYSER, writable=True)
            attempts: list[Callable[[], object]] = [stranger.ping, partial(search, stranger, "isi")]
            for attempt in attempts:
                with pytest.raises(SearchUnavailable) as told:
                    attempt()
                assert told.value.message == sentence
            stranger.close()
        # No more than these rights are needed, for a rebuild neither.
        by_key = ElasticIndex(f"{host}/bukti?api_key={quote(own_key)}", ANALYSER, writable=True)
        by_key.rebuild([an_entry(MINE, "isi", title="B")])
        by_key.ping()
        assert titles(search(by_key, "isi")) == {"B"}
        by_key.close()
        index.close()


# --- the address


def test_an_address_names_hosts_account_and_prefix() -> None:
    address = Address.parse("https://bukti:s%40ndi@a:9201,https://b/kota-x?ca_certs=/etc/ca.pem&shards=3")
    assert address == Address(("https://a:9201", "https://b:9200"), "kota-x", "bukti", "s@ndi", "", "/etc/ca.pem", 3)
    assert Address.parse("http://es").prefix == "bukti"
    assert Address.parse("http://es/x?api_key=abc").api_key == "abc"
    assert "s@ndi" not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        "es:9200",
        "ftp://es",
        "http://",
        "http://es:x",
        "http://es/Nama",
        "http://es/a/b",
        "http://a/x,http://b",
        "http://u:p@a,http://v:q@b",
        "http://es/x?warna=biru",
        "http://es/x?shards=0",
        "http://es/x?api_key",
    ],
)
def test_a_wrong_address_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(InvalidInput, match="Alamat Elasticsearch"):
        Address.parse(url)
