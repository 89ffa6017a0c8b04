"""What every search engine promises. Written against the seam alone, it runs over each engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from deploy.local.elastic import Elasticsearch
from evidence.access import Access
from evidence.db import uuid7
from evidence.settings import Settings
from search.index import Cursor, Filters, Hits, IndexEntry, SearchIndex, open_index
from search.query import parse
from tests.support.entries import ANALYSER, access_to, an_entry
from tests.support.servers import running

MINE, THEIRS = uuid7(), uuid7()
ME, THEM = access_to(MINE), access_to(THEIRS)


@pytest.fixture(params=["embedded", "elasticsearch"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchIndex]:
    if request.param == "embedded":
        opened = open_index(Settings(data=tmp_path), ANALYSER, writable=True)
        yield opened
        opened.close()
    else:
        running(request, Elasticsearch)
        shared: SearchIndex = request.getfixturevalue("on_elasticsearch")
        # Making indexes takes far longer than emptying them.
        shared.remove(list(shared.revisions()))
        yield shared


@pytest.fixture(scope="module")
def on_elasticsearch(elasticsearch: Elasticsearch) -> Iterator[SearchIndex]:
    opened = open_index(Settings(search_url=elasticsearch.url_of("bukti-contract")), ANALYSER, writable=True)
    yield opened
    opened.close()


def search(
    index: SearchIndex, typed: str, access: Access = ME, after: Cursor | None = None, size: int = 20, **options: Any
) -> Hits:
    return index.search(parse(typed, ANALYSER, **options), access, after, size)


def titles(hits: Hits) -> set[str]:
    return {document.title for document in hits.documents}


def page_numbers(hits: Hits) -> list[int]:
    return [page.page for document in hits.documents for page in document.pages]


def counts(hits: Hits, facet: str) -> dict[str, int]:
    return {row.label: row.count for row in hits.facets[facet]}


# --- finding


def test_a_page_is_found_by_another_form_of_its_words(index: SearchIndex) -> None:
    index.put([an_entry(MINE, "Kata pengantar", "Wali Kota menetapkan arsitektur SPBE", title="Arsitektur")])
    hits = search(index, "penetapan arsitektur")
    assert hits.total == 1
    page = hits.documents[0].pages[0]
    assert (page.part, page.page, page.label) == (0, 2, "hal. 2")
    assert [(row.page, row.sha256) for row in hits.pages] == [(2, hits.documents[0].sha256)]


def test_a_row_says_what_the_document_is(index: SearchIndex) -> None:
    unit = uuid7()
    facts = {"title": "Tata Kelola SPBE", "doc_type": "perwali", "number": "12", "year": 2023, "name": "perwali12.pdf"}
    entry = an_entry(MINE, "tata kelola", unit=unit, unit_name="Dinas Kominfo", **facts)
    index.put([entry])
    row = search(index, "tata kelola").documents[0]
    assert (row.id, row.version, row.sha256) == (entry.document, entry.version, entry.sha256)
    assert (row.unit, row.unit_name) == (unit, "Dinas Kominfo")
    assert {name: getattr(row, name) for name in facts} == facts


def test_words_on_different_pages_find_the_document(index: SearchIndex) -> None:
    index.put(
        [
            an_entry(MINE, "manajemen risiko", "audit teknologi", title="keduanya"),
            an_entry(MINE, "manajemen risiko", title="satu saja"),
        ]
    )
    hits = search(index, "risiko audit")
    assert titles(hits) == {"keduanya"}
    assert sorted(page_numbers(hits)) == [1, 2]


def test_a_page_with_all_the_words_stands_before_pages_with_some(index: SearchIndex) -> None:
    index.put([an_entry(MINE, "peta peta peta", "peta rencana", "rencana rencana", title="A")])
    hits = search(index, "peta rencana")
    assert page_numbers(hits) == [2]
    assert hits.pages[0].page == 2
    assert {page.page for page in hits.pages} == {1, 2, 3}


def test_pages_beyond_the_best_three_are_counted(index: SearchIndex) -> None:
    index.put([an_entry(MINE, *["layanan publik"] * 8, title="A")])
    document = search(index, "layanan").documents[0]
    assert (len(document.pages), document.further) == (3, 5)


def test_the_title_and_the_file_name_are_searched_too(index: SearchIndex) -> None:
    index.put(
        [
            an_entry(MINE, "isi tanpa kata itu", title="Peta Rencana", name="SK_188-45_2022.pdf"),
            an_entry(MINE, "isi lain", title="Lain"),
        ]
    )
    assert titles(search(index, "peta rencana")) == {"Peta Rencana"}
    assert titles(search(index, "188-45")) == {"Peta Rencana"}


def test_a_word_in_the_title_ranks_a_document_first(index: SearchIndex) -> None:
    index.put(
        [
            an_entry(MINE, "arsitektur disebut sekali di sini", title="Laporan"),
            an_entry(MINE, "arsitektur disebut sekali di sini", title="Arsitektur SPBE"),
            an_entry(MINE, "arsitektur disebut sekali di sini", title="Notulen"),
        ]
    )
    assert search(index, "arsitektur").documents[0].title == "Arsitektur SPBE"


def test_an_abbreviation_finds_the_words_it_stands_for(index: SearchIndex) -> None:
    index.put(
        [
            an_entry(MINE, "Peraturan Wali Kota tentang layanan", title="panjang"),
            an_entry(MINE, "Perwali layanan", title="singkat"),
            an_entry(MINE, "wali murid dan kota", title="lain"),
        ]
    )
    assert titles(search(index, "perwali")) == {"panjang", "singkat"}
    assert titles(search(index, "peraturan wali kota")) == {"panjang", "singkat"}


def test_a_quoted_phrase_is_found_only_as_it_is_written(index: SearchIndex) -> None:
    index.put(
        [
            an_entry(MINE, "rencana induk sudah disusun", title="cocok"),
            an_entry(MINE, "induk rencana", title="urutan lain"),
            an_entry(MINE, "perencanaan induk", title="bentuk lain"),
        ]
    )
    assert titles(search(index, '"rencana induk"')) == {"cocok"}


def test_exact_search_takes_no_other_forms(index: SearchIndex) -> None:
    index.put([an_entry(MINE, "mengatur", title="mengatur"), an_entry(MINE, "pengaturan", title="pengaturan")])
    assert titles(search(index, "pengaturan")) == {"mengatur", "pengaturan"}
    assert titles(search(index, "pengaturan", exact=True)) == {"pengaturan"}


def test_an_excluded_word_is_on_no_page_shown_and_in_no_title(index: SearchIndex) -> None:
    index.put(
        [
            an_entry(MINE, "peta rencana", "peta rencana rancangan", title="campuran"),
            an_entry(MINE, "peta rencana rancangan", title="hanya dengan"),
            an_entry(MINE, "peta rencana", title="Rancangan Perwali"),
            an_entry(MINE, "peta rencana", title="bersih", doc_type="perwali"),
        ]
    )
    hits = search(index, "peta rencana -rancangan")
    assert titles(hits) == {"campuran", "bersih"}
    assert hits.total == 2
    assert page_numbers(hits) == [1, 1]
    assert len(hits.pages) == 2
    assert counts(hits, "type") == {"perwali": 1}


def test_only_an_exclusion_lists_the_other_documents(index: SearchIndex) -> None:
    index.put([an_entry(MINE, "satu", title="satu"), an_entry(MINE, "dua", title="dua")])
    assert titles(search(index, "-satu")) == {"dua"}


def test_either_of_two_words_is_enough_with_or(index: SearchIndex) -> None:
    index.put([an_entry(MINE, word, title=word) for word in ("kabel", "server", "meja")])
    assert titles(search(index, "kabel OR server")) == {"kabel", "server"}


def test_an_empty_search_lists_all_documents_newest_first(index: SearchIndex) -> None:
    ids = sorted(uuid7() for _ in "ABC")
    index.put([an_entry(MINE, "isi", title=title, document=id_) for title, id_ in zip("ABC", ids, strict=True)])
    assert [document.title for document in search(index, "").documents] == ["C", "B", "A"]


def test_most_of_the_words_are_enough_when_asked_so(index: SearchIndex) -> None:
    index.put([an_entry(MINE, "ketua tim koordinasi", title="A"), an_entry(MINE, "ketua", title="B")])
    query = parse("siapa ketua tim", ANALYSER)
    assert index.search(query, ME, None, 20).total == 0
    assert titles(index.search(replace(query, all_words=False), ME, None, 20)) == {"A"}


# --- filters and counts


@pytest.fixture
def shelf(index: SearchIndex) -> SearchIndex:
    kominfo, bappeda = uuid7(), uuid7()
    index.put([
        an_entry(MINE, "layanan", title="A", doc_type="perwali", year=2021, indicators=("12", "7"), unit=kominfo,
                 unit_name="Dinas Komunikasi dan Informatika"),
        an_entry(MINE, "layanan", title="B", doc_type="keputusan_kepala_daerah", year=2023, indicators=("12",),
                 unit=bappeda, unit_name="Bappeda"),
        an_entry(MINE, "layanan", title="C", doc_type="perwali", year=2023, indicators=("1",)),
        an_entry(MINE, "lain", title="D", doc_type="laporan", year=2020),
    ])  # fmt: skip
    return index


def test_counts_are_those_of_the_documents_found(shelf: SearchIndex) -> None:
    hits = search(shelf, "layanan")
    assert counts(hits, "type") == {"perwali": 2, "keputusan_kepala_daerah": 1}
    assert counts(hits, "year") == {"2023": 2, "2021": 1}
    assert counts(hits, "unit") == {"Dinas Komunikasi dan Informatika": 1, "Bappeda": 1}
    assert counts(hits, "indicator") == {"12": 2, "7": 1, "1": 1}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("jenis:perwali", "AC"),
        ("jenis:keputusan", "B"),
        ('jenis:"peraturan wali kota"', "AC"),
        ("jenis:sk,laporan", "BD"),
        ("tahun:2021..2023", "ABC"),
        ("tahun:..2021", "AD"),
        ("tahun:2022..", "BC"),
        ("indikator:12", "AB"),
        ("indikator:7,1", "AC"),
        ("opd:diskominfo", "A"),
        ("opd:bappeda layanan", "B"),
        ("layanan jenis:perwali tahun:2023 indikator:1", "C"),
    ],
)
def test_typed_filters_narrow_the_search(shelf: SearchIndex, typed: str, found: str) -> None:
    assert titles(search(shelf, typed)) == set(found)


def test_filters_of_the_page_narrow_by_exact_values(shelf: SearchIndex) -> None:
    unit = next(row for row in search(shelf, "").facets["unit"] if row.label == "Bappeda")
    assert titles(search(shelf, "", filters=Filters(units=(UUID(unit.value),)))) == {"B"}
    assert titles(search(shelf, "", filters=Filters(types=("perwali",), years=(2023, 2023)))) == {"C"}
    assert titles(search(shelf, "", filters=Filters(types=("keputusan",)))) == set()
    assert search(shelf, "", filters=Filters(years=(-1, 2**70))).total == 4


# --- who may see what


def test_another_institution_sees_no_row_no_count_and_no_page(index: SearchIndex) -> None:
    index.put([
        an_entry(MINE, "rahasia bersama", title="milik saya", doc_type="perwali", year=2023, indicators=("1",)),
        an_entry(THEIRS, "rahasia bersama", title="milik mereka", doc_type="perbup", year=2024, indicators=("2",),
                 unit=uuid7(), unit_name="OPD mereka"),
    ])  # fmt: skip
    for typed in ("rahasia", "", "-kosong", "jenis:perbup", "opd:mereka", "rahasia OR mereka"):
        hits = search(index, typed)
        assert titles(hits) <= {"milik saya"}
        assert hits.total == len(hits.documents)
        assert {row.document for row in hits.pages} <= {document.id for document in hits.documents}
        labels = {row.label for rows in hits.facets.values() for row in rows}
        assert not labels & {"perbup", "2024", "2", "OPD mereka"}
    assert titles(search(index, "rahasia", THEM)) == {"milik mereka"}


def test_confidential_documents_are_seen_only_up_to_ones_level_and_in_ones_own_units(index: SearchIndex) -> None:
    own, other = uuid7(), uuid7()
    index.put(
        [
            an_entry(MINE, "anggaran", title="terbuka", confidentiality=0, unit=other, doc_type="dpa"),
            an_entry(MINE, "anggaran", title="internal sendiri", confidentiality=1, unit=own),
            an_entry(MINE, "anggaran", title="internal lain", confidentiality=1, unit=other),
            an_entry(MINE, "anggaran", title="terbatas sendiri", confidentiality=2, unit=own, doc_type="rka"),
        ]
    )
    assert titles(search(index, "anggaran", access_to(MINE, confidentiality=0))) == {"terbuka"}
    hits = search(index, "anggaran", access_to(MINE, confidentiality=1, units=frozenset({own})))
    assert titles(hits) == {"terbuka", "internal sendiri"}
    assert (hits.total, counts(hits, "type")) == (2, {"dpa": 1})
    assert search(index, "anggaran", access_to(MINE, units=frozenset())).total == 1
    assert search(index, "anggaran").total == 4


def test_counts_never_tell_of_documents_that_may_not_be_seen(index: SearchIndex) -> None:
    own, other = uuid7(), uuid7()
    seen: dict[str, Any] = {"unit": own, "unit_name": "Sendiri", "doc_type": "dpa", "year": 2023, "indicators": ("1",)}
    hidden: dict[str, Any] = {"unit": other, "unit_name": "Lain", "doc_type": "rka", "year": 2024, "indicators": ("2",)}
    index.put(
        [
            an_entry(MINE, "anggaran belanja", title="sendiri", confidentiality=2, **seen),
            an_entry(MINE, "anggaran belanja", title="lain", confidentiality=1, **hidden),
        ]
    )
    access = access_to(MINE, units=frozenset({own}))
    for typed in ("anggaran", "anggaran -kosong", "", "-kosong", "anggaran OR lain", '"anggaran belanja"'):
        hits = search(index, typed, access)
        assert (hits.total, titles(hits)) == (1, {"sendiri"})
        assert {name: counts(hits, name) for name in hits.facets} == {
            "type": {"dpa": 1}, "year": {"2023": 1}, "unit": {"Sendiri": 1}, "indicator": {"1": 1},
        }  # fmt: skip
    assert search(index, "lain", access).total == 0
    assert search(index, "", access, filters=Filters(units=(other,))).total == 0


# --- paging


def test_pages_of_results_follow_each_other_without_gaps_or_doubles(index: SearchIndex) -> None:
    index.put([an_entry(MINE, *["layanan"] * (1 + number % 3), title=str(number)) for number in range(23)])
    seen: list[str] = []
    after: Cursor | None = None
    for expected in (10, 10, 3):
        hits = search(index, "layanan", after=after, size=10)
        assert (hits.total, len(hits.documents)) == (23, expected)
        seen += [document.title for document in hits.documents]
        after = Cursor.parse(str(hits.after)) if hits.after else None
    assert after is None
    assert sorted(seen, key=int) == [str(number) for number in range(23)]


@pytest.mark.parametrize("typed", ["layanan", "layanan -rancangan", "", "-rancangan", "layanan OR publik"])
def test_paging_to_the_end_shows_each_document_once(index: SearchIndex, typed: str) -> None:
    texts = ("layanan publik", "layanan", "layanan layanan daerah", "rancangan layanan", "publik")
    index.put([an_entry(MINE, *texts[: 1 + number % 5], title=str(number)) for number in range(17)])
    whole = search(index, typed, size=100)
    seen = []
    hits = search(index, typed, size=3)
    while True:
        seen += [document.id for document in hits.documents]
        if hits.after is None:
            break
        hits = search(index, typed, after=hits.after, size=3)
    assert seen == [document.id for document in whole.documents]
    assert len(seen) == len(set(seen)) == whole.total


# --- keeping


def test_the_newest_revision_wins_in_whatever_order_it_comes(index: SearchIndex) -> None:
    document = uuid7()
    new = an_entry(MINE, "isi baru", document=document, revision=3, title="baru")
    old = an_entry(MINE, "isi lama", document=document, revision=2, title="lama")
    index.put([new])
    index.put([old])
    assert titles(search(index, "isi")) == {"baru"}
    assert search(index, "lama").total == 0
    newest = an_entry(MINE, "isi terbaru", document=document, revision=4, title="terbaru")
    index.put([newest, old])
    assert titles(search(index, "isi")) == {"terbaru"}
    assert list(index.revisions()) == [(document, 4)]


def test_a_document_that_shrinks_loses_its_pages(index: SearchIndex) -> None:
    document = uuid7()
    index.put([an_entry(MINE, "satu", "dua", "lampiran lama", document=document, revision=1)])
    index.put([an_entry(MINE, "satu", document=document, revision=2)])
    assert search(index, "lampiran").total == 0
    hits = search(index, "satu OR lampiran")
    assert page_numbers(hits) == [page.page for page in hits.pages] == [1]
    assert hits.documents[0].further == 0


def test_an_older_revision_adds_no_page(index: SearchIndex) -> None:
    document = uuid7()
    index.put([an_entry(MINE, "satu", document=document, revision=2, title="baru", doc_type="perwali")])
    index.put([an_entry(MINE, "satu", "satu lampiran", document=document, revision=1, title="lama")])
    hits = search(index, "satu")
    assert (titles(hits), page_numbers(hits), len(hits.pages)) == ({"baru"}, [1], 1)
    assert counts(hits, "type") == {"perwali": 1}
    assert search(index, "lampiran").total == 0


def test_a_document_may_be_put_again_after_its_newest_revision_was_taken_out(index: SearchIndex) -> None:
    """A database restored from a backup is older than the index."""
    document = uuid7()
    index.put([an_entry(MINE, "arsip", "lampiran", document=document, revision=9)])
    index.remove([(document, 9)])
    index.put([an_entry(MINE, "arsip", document=document, revision=4)])
    assert list(index.revisions()) == [(document, 4)]
    assert page_numbers(search(index, "arsip")) == [1]


def test_putting_a_document_twice_changes_nothing(index: SearchIndex) -> None:
    entry = an_entry(MINE, "satu", "dua satu", title="A")
    index.put([entry])
    once = search(index, "satu")
    index.put([entry])
    twice = search(index, "satu")
    assert (twice.total, twice.facets, page_numbers(twice)) == (once.total, once.facets, page_numbers(once))
    assert len(twice.pages) == len(once.pages) == 2


def test_a_removed_document_is_gone_unless_a_newer_revision_has_come(index: SearchIndex) -> None:
    gone, newer = (an_entry(MINE, "arsip", title=title, revision=5) for title in ("hapus", "tetap"))
    index.put([gone, newer])
    index.remove([(gone.document, 5), (newer.document, 4), (uuid7(), 1)])
    assert titles(search(index, "arsip")) == {"tetap"}
    assert list(index.revisions()) == [(newer.document, 5)]


def test_a_rebuild_holds_exactly_what_it_was_given(index: SearchIndex) -> None:
    index.put([an_entry(MINE, "lama", title="lama")])
    index.rebuild([an_entry(MINE, "baru", title="baru")])
    assert titles(search(index, "")) == {"baru"}
    index.put([an_entry(MINE, "sesudah", title="sesudah")])
    assert titles(search(index, "")) == {"baru", "sesudah"}


def test_a_put_that_fails_leaves_no_half_document_and_the_next_one_works(index: SearchIndex) -> None:
    def broken() -> Iterator[IndexEntry]:
        yield an_entry(MINE, "utuh", "utuh", title="utuh")
        raise OSError("database gone")

    with pytest.raises(OSError, match="database gone"):
        index.put(broken())
    assert [len(row.pages) for row in search(index, "utuh").documents] in ([], [2])
    index.put([an_entry(MINE, "berikut", title="berikut")])
    assert titles(search(index, "berikut")) == {"berikut"}


def test_a_rebuild_that_fails_leaves_the_old_index_in_use(index: SearchIndex) -> None:
    def broken() -> Iterator[IndexEntry]:
        yield an_entry(MINE, "setengah", title="setengah")
        raise OSError("disk full")

    index.put([an_entry(MINE, "lama", title="lama")])
    with pytest.raises(OSError, match="disk full"):
        index.rebuild(broken())
    assert titles(search(index, "")) == {"lama"}
    index.put([an_entry(MINE, "lagi", title="lagi")])
    assert search(index, "").total == 2


def test_strange_words_and_a_document_without_pages_do_no_harm(index: SearchIndex) -> None:
    index.put([an_entry(MINE, title="belum dibaca"), an_entry(MINE, "", "x" * 70_000, "\x00 <b>&", title="aneh")])
    index.ping()
    assert search(index, "").total == 2
    assert titles(search(index, "belum dibaca")) == {"belum dibaca"}
    assert search(index, "b").total == 1
