"""A document's whole way: handed in, read, understood, saved, indexed; twice, wrongly, and by two institutions."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select

from api.commands.index import rebuild
from api.demo.make import make_documents
from api.serving import working
from evidence.access import Access
from evidence.documents import SETTLED, count_states, get_document, list_documents
from evidence.errors import NotAllowed, NotFound
from evidence.models import Blob, Document, IdentityValue, Job, MatchRow, Reading, Version
from evidence.settings import Settings
from evidence.values import Finding, Place
from ingest import saving
from ingest.hand_in import Handed, Item, hand_in
from ingest.queue import retry
from ingest.runtime import Runtime
from search.finding import find
from tests.support.world import World, a_world

_PERWALI = "Perwali Nomor 14 Tahun 2022 tentang Penyelenggaraan SPBE.pdf"
_BROKEN = "LHA Keamanan SPBE 2025.pdf"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    made = make_documents(tmp_path_factory.mktemp("berkas"))
    return {file.name: file.path.read_bytes() for file in made}


@pytest.fixture
def runtime(settings: Settings) -> Iterator[Runtime]:
    with working(settings) as opened:
        yield opened


@pytest.fixture
def world(runtime: Runtime) -> World:
    return a_world(runtime.db)


def take_in(runtime: Runtime, access: Access, name: str, content: bytes, period: UUID | None = None) -> Item:
    """Hand one file in and wait until it is settled."""
    uploader = Access(access.institution, access.account, access.roles | {"legal_bureau"}, name=access.name)
    batch = hand_in(runtime, uploader, [Handed(name, "", partial(io.BytesIO, content))], period=period, origin="web")
    settle(runtime, access)
    return batch.items[0]


def settle(runtime: Runtime, access: Access) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with runtime.db.reading() as session:
            if not set(count_states(session, access)) - SETTLED:
                return
        time.sleep(0.02)
    raise AssertionError("not settled within a minute")


def count(runtime: Runtime, table: type) -> int:
    with runtime.db.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_perwali_is_known_by_number_year_and_title_and_found_by_its_words(
    runtime: Runtime, world: World, files: dict[str, bytes]
) -> None:
    item = take_in(runtime, world.mine, _PERWALI, files[_PERWALI])
    assert item.document
    with runtime.db.reading() as session:
        detail = get_document(session, world.mine, item.document)
        hits = find(session, runtime.index, runtime.analyser, "jaringan intra", world.mine)
    assert (detail.row.doc_type, detail.row.number, detail.row.year) == ("perwali", "14", "2022")
    assert detail.row.state == "done"
    assert "2.element:audit_tik" in {match.criterion for match in detail.matches}
    assert [hit.id for hit in hits.documents] == [item.document]


def test_the_same_bytes_are_one_document_and_are_read_once(
    runtime: Runtime, world: World, files: dict[str, bytes]
) -> None:
    first = take_in(runtime, world.mine, _PERWALI, files[_PERWALI])
    again = take_in(runtime, world.mine, "salinan.pdf", files[_PERWALI])
    assert (again.outcome, again.document) == ("duplicate", first.document)
    assert (count(runtime, Document), count(runtime, Blob), count(runtime, Reading)) == (1, 1, 1)


def test_two_institutions_share_the_bytes_and_see_nothing_of_each_other(
    runtime: Runtime, world: World, files: dict[str, bytes]
) -> None:
    mine = take_in(runtime, world.mine, _PERWALI, files[_PERWALI])
    theirs = take_in(runtime, world.theirs, _PERWALI, files[_PERWALI])
    assert mine.document != theirs.document
    assert theirs.document
    assert (count(runtime, Document), count(runtime, Reading)) == (2, 1)
    with runtime.db.reading() as session:
        with pytest.raises(NotFound):
            get_document(session, world.mine, theirs.document)
        assert [row.id for row in list_documents(session, world.mine).rows] == [mine.document]
        hits = find(session, runtime.index, runtime.analyser, "SPBE", world.mine)
    assert [hit.id for hit in hits.documents] == [mine.document]
    assert hits.total == 1


def test_a_broken_file_fails_alone_and_its_original_is_kept(
    runtime: Runtime, world: World, files: dict[str, bytes]
) -> None:
    broken = take_in(runtime, world.mine, _BROKEN, files[_BROKEN])
    whole = take_in(runtime, world.mine, _PERWALI, files[_PERWALI])
    assert broken.document
    assert whole.document
    with runtime.db.reading() as session:
        failed = get_document(session, world.mine, broken.document)
        assert get_document(session, world.mine, whole.document).row.state == "done"
        by_name = find(session, runtime.index, runtime.analyser, "LHA Keamanan", world.mine)
    assert (failed.row.state, failed.row.error_code) == ("failed", "broken")
    with runtime.files.open(failed.parts[0].sha256) as original:
        assert original.read() == files[_BROKEN]
    assert [hit.id for hit in by_name.documents] == [broken.document]


def test_what_a_person_said_outranks_the_text_and_survives_a_second_reading(
    runtime: Runtime, world: World, files: dict[str, bytes]
) -> None:
    item = take_in(runtime, world.mine, _PERWALI, files[_PERWALI])
    assert item.document
    matches = count(runtime, MatchRow)
    with runtime.db.transaction() as session:
        version = session.scalars(select(Version)).one()
        for value in session.scalars(select(IdentityValue).where(IdentityValue.field == "number")):
            value.rank += 1
        session.add(
            IdentityValue(
                institution_id=version.institution_id,
                version_id=version.id,
                field="number",
                spot="person",
                method="person",
                value="41",
                confidence=1.0,
                rank=0,
            )
        )
        session.flush()
        job = session.scalars(select(Job)).one()
        job.state = "failed"
        assert retry(session, "process", version.id)
    runtime.queue.wake("text")
    settle(runtime, world.mine)
    with runtime.db.reading() as session:
        detail = get_document(session, world.mine, item.document)
    assert detail.row.number == "41"
    assert [value.value for value in detail.identity.fields["number"]][:2] == ["41", "14"]
    assert count(runtime, MatchRow) == matches


def test_the_index_is_built_anew_and_answers_as_before(settings: Settings, files: dict[str, bytes]) -> None:
    with working(settings) as opened:
        world = a_world(opened.db)
        item = take_in(opened, world.mine, _PERWALI, files[_PERWALI])
    assert rebuild(settings) == "Indeks dibangun ulang: 1 dokumen."
    with working(settings) as opened, opened.db.reading() as session:
        hits = find(session, opened.index, opened.analyser, "jaringan intra", world.mine)
    assert [hit.id for hit in hits.documents] == [item.document]


def test_what_the_index_has_lost_is_found_again_once_a_worker_has_started(
    settings: Settings, files: dict[str, bytes]
) -> None:
    with working(settings) as opened:
        world = a_world(opened.db)
        item = take_in(opened, world.mine, _PERWALI, files[_PERWALI])
        assert item.document
        with opened.db.reading() as session:
            opened.index.remove([(item.document, session.get_one(Document, item.document).revision)])
            assert not find(session, opened.index, opened.analyser, "jaringan intra", world.mine).documents
    with working(settings) as opened:
        end = time.monotonic() + 30
        with opened.db.reading() as session:
            while not find(session, opened.index, opened.analyser, "jaringan intra", world.mine).documents:
                assert time.monotonic() < end
                time.sleep(0.05)


def test_whoever_may_only_look_cannot_hand_anything_in(runtime: Runtime, world: World) -> None:
    viewer = Access(world.mine.institution, world.mine.account, frozenset({"viewer"}))
    with pytest.raises(NotAllowed):
        hand_in(runtime, viewer, [Handed("a.txt", "", partial(io.BytesIO, b"isi"))], origin="web")


def test_a_file_over_the_limit_is_refused_and_leaves_nothing_behind(tmp_path: Path, files: dict[str, bytes]) -> None:
    with working(Settings(data=tmp_path / "data", max_upload_mb=1)) as runtime:
        access = a_world(runtime.db).mine
        batch = hand_in(
            runtime, access, [Handed("besar.txt", "", partial(io.BytesIO, b"x" * (1 << 20) + b"x"))], origin="web"
        )
        (item,) = batch.items
        assert (item.outcome, item.document) == ("refused", None)
        assert "1 MB" in item.message
        assert count(runtime, Blob) == 0
        assert not list((tmp_path / "data/files/incoming").iterdir())


def test_a_line_that_contradicts_the_file_name_twice_is_told_once_with_both_reasons() -> None:
    place = Place(0, 1, 0, 20)
    twice = [Finding("META_CONFLICT", "W", detail, place, "NOMOR 14 TAHUN 2022") for detail in ("Nomor.", "Tahun.")]
    (told,) = saving._told_once([*twice, twice[0]])
    assert told.detail == "Nomor. Tahun."
