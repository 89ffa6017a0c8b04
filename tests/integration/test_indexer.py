"""The indexer over a real database and index: what is in the database is found, what is not is not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from evidence.access import Access
from evidence.db import Database, now
from evidence.models import (
    Batch,
    Blob,
    Document,
    IdentityValue,
    MatchRow,
    Outbox,
    Page,
    Reading,
    Tagging,
    Version,
    VersionPart,
)
from evidence.settings import Settings
from search import indexer as indexer_module
from search.finding import find
from search.index import Hits, IndexOutdated, SearchIndex, open_index
from search.indexer import Indexer, SyncReport
from tests.support.entries import ANALYSER
from tests.support.world import World, a_database, a_world


@dataclass
class Office:
    """A database with two institutions, an index beside it, and what a test does with them."""

    db: Database
    world: World
    index: SearchIndex
    indexer: Indexer
    folder: Path

    def hand_in(self, *texts: str, access: Access | None = None, **identity: str) -> UUID:
        """A document as the pipeline leaves it: read, identified, waiting in the outbox."""
        access = access or self.world.mine
        sha256 = hashlib.sha256(repr(texts).encode()).hexdigest()
        with self.db.transaction() as session:
            batch = Batch(institution_id=access.institution, origin="web")
            document = Document(institution_id=access.institution, revision=1)
            session.add_all([batch, document])
            session.merge(Blob(sha256=sha256, size=1, mime="application/pdf"))
            session.flush()
            version = Version(institution_id=access.institution, document_id=document.id, ordinal=0, batch_id=batch.id)
            session.add(version)
            session.flush()
            document.current_version_id = version.id
            session.add(VersionPart(version_id=version.id, ordinal=0, blob_sha256=sha256, name="berkas.pdf"))
            for field, value in identity.items():
                facts = {"spot": "title_block", "method": "text", "confidence": 1.0, "rank": 0}
                session.add(
                    IdentityValue(
                        institution_id=access.institution, version_id=version.id, field=field, value=value, **facts
                    )
                )
            session.add(Outbox(document_id=document.id, revision=1))
            if session.scalar(select(Reading).where(Reading.blob_sha256 == sha256)) is None:
                self._read(session, sha256, texts)
        return document.id

    @staticmethod
    def _read(session: Any, sha256: str, texts: tuple[str, ...]) -> None:
        reading = Reading(
            blob_sha256=sha256, fingerprint="r1", facts={}, pages_expected=len(texts), pages_done=len(texts)
        )
        session.add(reading)
        session.flush()
        for number, text in enumerate(texts, start=1):
            session.add(Page(reading_id=reading.id, number=number, label=f"hal. {number}", text=text, method="text"))

    def change(self, document_id: UUID, **facts: Any) -> None:
        with self.db.transaction() as session:
            document = session.get_one(Document, document_id)
            for name, value in facts.items():
                setattr(document, name, value)
            document.revision += 1
            session.merge(Outbox(document_id=document_id, revision=document.revision))

    def find(self, typed: str, access: Access | None = None, **options: Any) -> Hits:
        with self.db.reading() as session:
            return find(session, self.index, ANALYSER, typed, access or self.world.mine, **options)

    def waiting(self) -> int:
        with self.db.reading() as session:
            return session.scalar(select(func.count()).select_from(Outbox)) or 0


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with a_database(tmp_path) as db:
        index = open_index(Settings(data=tmp_path), ANALYSER, writable=True)
        yield Office(db, a_world(db), index, Indexer(db, index, ANALYSER, batch=10), tmp_path)
        index.close()


def test_a_document_handed_in_is_found_with_its_passage(office: Office) -> None:
    document = office.hand_in("pengantar", "Wali Kota menetapkan peta rencana", title="Peta Rencana", year="2023")
    assert office.find("penetapan rencana").total == 0
    assert office.indexer.run_once() == 1
    hits = office.find("penetapan rencana")
    (row,) = hits.documents
    assert (row.id, row.title, row.year, row.name) == (document, "Peta Rencana", 2023, "berkas.pdf")
    snippet = row.pages[0].snippet
    assert [piece for piece, marked in snippet.pieces() if marked] == ["menetapkan", "rencana"]
    assert hits.forms == ("menetapkan",)
    assert office.waiting() == 0
    assert office.indexer.run_once() == 0


def test_another_institution_finds_nothing_even_with_the_same_file(office: Office) -> None:
    office.hand_in("kebijakan rahasia", title="milik saya")
    theirs = office.hand_in("kebijakan rahasia", access=office.world.theirs, title="milik mereka")
    office.hand_in("rahasia lain", access=office.world.theirs, doc_type="perbup")
    office.indexer.run_once()
    hits = office.find("rahasia")
    assert [row.title for row in hits.documents] == ["milik saya"]
    assert (hits.total, len(hits.pages)) == (1, 1)
    assert hits.facets["type"] == ()
    assert {row.id for row in office.find("kebijakan", office.world.theirs).documents} == {theirs}


def test_indicators_with_a_sure_match_become_filters(office: Office) -> None:
    document = office.hand_in("peta rencana")
    with office.db.transaction() as session:
        stored = session.get_one(Document, document)
        tagging = Tagging(
            institution_id=stored.institution_id, version_id=stored.current_version_id, fingerprint="rules"
        )
        session.add(tagging)
        session.flush()
        for indicator, score in (("12", 0.9), ("12", 0.7), ("7", 0.3)):
            session.add(
                MatchRow(
                    institution_id=stored.institution_id,
                    tagging_id=tagging.id,
                    indicator=indicator,
                    score=score,
                    part=0,
                    page=1,
                    start=0,
                    end=4,
                    quote="peta",
                    article="",
                    rule="peta-rencana",
                    reasons=[],
                )
            )
    office.indexer.run_once()
    assert office.find("indikator:12").total == 1
    assert office.find("indikator:7").total == 0


def test_a_withdrawn_document_is_gone_at_once_and_for_ever(office: Office) -> None:
    document = office.hand_in("keputusan lama")
    office.indexer.run_once()
    office.change(document, withdrawn_at=now())
    hits = office.find("keputusan")
    assert (hits.total, hits.documents, hits.pages) == (0, (), ())
    office.indexer.run_once()
    assert list(office.index.revisions()) == []
    assert office.waiting() == 0


def test_a_document_made_confidential_shows_nothing_before_the_index_has_learned_of_it(office: Office) -> None:
    document = office.hand_in("anggaran rahasia")
    office.indexer.run_once()
    office.change(document, confidentiality=2)
    viewer = replace(office.world.mine, confidentiality=0)
    hits = office.find("anggaran", viewer)
    assert (hits.total, hits.documents, hits.pages, hits.forms) == (0, (), (), ())
    office.indexer.run_once()
    assert office.find("anggaran", viewer).total == 0
    assert office.find("anggaran").total == 1


def test_dying_between_index_and_outbox_loses_nothing_and_doubles_nothing(office: Office) -> None:
    class Killed(BaseException):
        pass

    class DyingIndex:
        """An index whose process is killed right after a commit."""

        def __getattr__(self, name: str) -> Any:
            return getattr(office.index, name)

        def put(self, entries: Any) -> None:
            office.index.put(entries)
            raise Killed

    for text in ("layanan satu", "layanan dua"):
        office.hand_in(text)
    with pytest.raises(Killed):
        Indexer(office.db, DyingIndex(), ANALYSER).run_once()
    assert office.waiting() == 2
    once = office.find("layanan")
    assert office.indexer.run_once() == 2
    twice = office.find("layanan")
    assert (twice.total, len(twice.pages)) == (once.total, len(once.pages)) == (2, 2)
    assert office.waiting() == 0


def test_a_change_made_while_indexing_stays_in_the_outbox(office: Office) -> None:
    document = office.hand_in("isi")

    class SlowIndex:
        """An index so slow that the document changes meanwhile."""

        def __getattr__(self, name: str) -> Any:
            return getattr(office.index, name)

        def put(self, entries: Any) -> None:
            office.index.put(entries)
            office.change(document, confidentiality=1)

    Indexer(office.db, SlowIndex(), ANALYSER).run_once()
    assert office.waiting() == 1
    office.indexer.run_once()
    assert list(office.index.revisions()) == [(document, 2)]


def test_many_documents_come_in_batches(office: Office) -> None:
    for number in range(12):
        office.hand_in(f"layanan {number}")
    assert [office.indexer.run_once() for _ in range(3)] == [10, 2, 0]
    assert office.find("layanan").total == 12


def test_a_document_without_a_reading_is_found_by_its_title(office: Office) -> None:
    document = office.hand_in(title="Arsitektur SPBE")
    office.indexer.run_once()
    (row,) = office.find("arsitektur").documents
    assert (row.id, row.pages) == (document, ())


def test_a_scan_shows_what_is_read_so_far_until_a_complete_reading_is_there(office: Office) -> None:
    document = office.hand_in("halaman satu dari dua")
    with office.db.transaction() as session:
        reading = session.scalars(select(Reading)).one()
        reading.pages_expected = 2
    office.indexer.run_once()
    assert office.find("satu").total == 1
    with office.db.transaction() as session:
        whole = Reading(blob_sha256=reading.blob_sha256, fingerprint="r2", facts={}, pages_expected=1, pages_done=1)
        session.add(whole)
        session.flush()
        session.add(Page(reading_id=whole.id, number=1, label="hal. 1", text="halaman utuh", method="ocr"))
    office.change(document)
    office.indexer.run_once()
    assert office.find("satu").total == 0
    assert office.find("utuh").documents[0].pages[0].snippet.text == "halaman utuh"


def test_words_made_by_the_pipeline_are_used_instead_of_made_again(office: Office) -> None:
    office.hand_in("teks asli")
    with office.db.reading() as session:
        reading = session.scalars(select(Reading)).one()
    office.indexer.keep(reading.id, {1: ANALYSER.analyse("token titipan").words()})
    office.indexer.run_once()
    assert office.find("titipan").total == 1


def test_words_kept_for_the_indexer_are_bounded() -> None:
    kept = indexer_module._KeptWords(most_pages=3)
    words = ANALYSER.analyse("kata").words()
    first, second = UUID(int=1), UUID(int=2)
    kept.keep(first, {1: words, 2: words})
    kept.keep(second, {1: words, 2: words})
    assert kept.get(first, 1) is None
    assert kept.get(second, 2) is words


def test_sync_repairs_whatever_differs_and_then_finds_nothing_to_do(office: Office) -> None:
    kept, changed, withdrawn, lost = (office.hand_in(f"arsip {name}") for name in ("a", "b", "c", "d"))
    office.indexer.run_once()
    with office.db.transaction() as session:  # changes whose outbox rows were lost, and a backup older than the index
        session.get_one(Document, changed).revision = 5
        session.get_one(Document, withdrawn).withdrawn_at = now()
        session.get_one(Document, kept).revision = 0
    office.index.remove([(lost, 1)])
    assert office.indexer.sync() == SyncReport(put=3, removed=1)
    assert dict(office.index.revisions()) == {kept: 0, changed: 5, lost: 1}
    assert office.indexer.sync() == SyncReport(put=0, removed=0)


def test_an_index_of_another_analysis_asks_for_a_rebuild_and_gets_well_by_it(office: Office) -> None:
    office.hand_in("layanan publik")
    office.indexer.run_once()
    office.index.close()
    current = office.folder / "index" / "current.json"
    current.write_text(json.dumps(json.loads(current.read_text("utf-8")) | {"made_by": "another analysis"}), "utf-8")
    with pytest.raises(IndexOutdated):
        office.index.ping()
    with pytest.raises(IndexOutdated):
        office.find("layanan")
    assert office.indexer.rebuild() == 1
    office.index.ping()
    assert office.find("layanan").total == 1
    assert [path.name for path in current.parent.glob("pages-*")] == ["pages-2"]


def test_a_reader_sees_what_the_writer_commits_and_what_a_rebuild_switches_to(office: Office) -> None:
    reader = open_index(Settings(data=office.folder), ANALYSER, writable=False)
    office.hand_in("layanan satu")
    office.indexer.run_once()
    assert len(list(reader.revisions())) == 1
    office.hand_in("layanan dua")
    office.indexer.run_once()
    assert len(list(reader.revisions())) == 2
    office.hand_in("layanan tiga")
    office.indexer.rebuild()
    assert len(list(reader.revisions())) == 3
    with pytest.raises(RuntimeError, match="opened for reading"):
        reader.put([])


def test_where_no_document_has_all_words_those_with_most_are_shown_and_it_is_said(office: Office) -> None:
    office.hand_in("ketua tim koordinasi", title="SK Tim")
    office.hand_in("ketua", title="lain")
    office.indexer.run_once()
    hits = office.find("siapa ketua tim koordinasi")
    assert [row.title for row in hits.documents] == ["SK Tim"]
    assert any("sebagian" in notice for notice in hits.notices)
    assert office.find("siapa mengapa").notices == ()
