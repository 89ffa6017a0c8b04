"""What the code relies on in a database, on both: migrations, constraints, writers beside each other."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from evidence.audit import record, verify
from evidence.db import Database, insert_row, now, put_row, uuid7
from evidence.errors import DatabaseUnavailable, StorageFull
from evidence.models import Audit, Base, Batch, Blob, Document, Job, Outbox, Reading
from evidence.settings import Settings
from ingest.hand_in import Handed, hand_in, touch
from ingest.queue import enqueue, enqueue_new
from ingest.runtime import open_runtime
from tests.support.world import World, a_database, a_world

_SCRIPTS = str(resources.files("evidence") / "migrations")
_REVISIONS = [script.revision for script in ScriptDirectory(_SCRIPTS).walk_revisions()]


def at_once(work: Callable[[int], Any], times: int = 8) -> list[Any]:
    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(work, range(times)))


def a_document(db: Database, world: World) -> UUID:
    document = uuid7()
    with db.transaction() as session:
        insert_row(session, Document, id=document, institution_id=world.mine.institution, revision=1)
    return document


@pytest.mark.parametrize("revision", _REVISIONS)
def test_an_instance_of_every_revision_comes_up_to_date(empty_db: Database, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", _SCRIPTS)
    with empty_db.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    empty_db.migrate()
    with empty_db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    document = a_document(empty_db, a_world(empty_db))
    with empty_db.transaction() as session:
        touch(session, document)


def test_processes_that_start_at_once_migrate_once(empty_db: Database) -> None:
    def start(_: int) -> None:
        with closing(Database(empty_db.url)) as db:
            db.migrate()

    at_once(start, 4)
    a_world(empty_db)


def test_the_same_work_is_written_down_once(db: Database) -> None:
    institution, subject = a_world(db).mine.institution, uuid7()
    with db.transaction() as session:
        enqueue(session, institution, "process", subject, "text")
        enqueue_new(session, institution, "process", subject, queue="text")
    with pytest.raises(IntegrityError), db.transaction() as session:
        enqueue(session, institution, "process", subject, "text")
    with db.reading() as session:
        assert len(session.scalars(select(Job)).all()) == 1


def test_a_row_that_points_nowhere_is_refused(db: Database) -> None:
    with pytest.raises(IntegrityError), db.transaction() as session:
        insert_row(session, Reading, blob_sha256="0" * 64, fingerprint="1", facts={}, pages_expected=1)
    with pytest.raises(IntegrityError), db.transaction() as session:
        session.add(Batch(institution_id=uuid7(), origin="web"))


def test_what_a_transaction_wrote_before_it_failed_is_gone(db: Database) -> None:
    def fail() -> None:
        with db.transaction() as session:
            insert_row(session, Blob, sha256="a" * 64, size=1, mime="text/plain")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with db.reading() as session:
        assert session.get(Blob, "a" * 64) is None


def test_times_come_back_as_they_went_in(db: Database) -> None:
    document, lease = a_document(db, a_world(db)), now() + timedelta(minutes=1)
    with db.transaction() as session:
        put_row(session, Outbox, ("lease",), document_id=document, revision=1, lease=lease)
    with db.reading() as session:
        assert session.scalars(select(Outbox.lease)).one() == lease


def test_every_one_of_eight_changes_at_once_raises_the_revision(db: Database) -> None:
    document = a_document(db, a_world(db))

    def change(_: int) -> None:
        with db.transaction() as session:
            touch(session, document)

    at_once(change)
    with db.reading() as session:
        revisions = session.scalars(select(Document.revision)).one(), session.scalars(select(Outbox.revision)).one()
    assert revisions == (9, 9)


def test_the_audit_chain_of_eight_writers_at_once_is_whole(db: Database) -> None:
    world = a_world(db)

    def act(number: int) -> None:
        with db.transaction() as session:
            record(session, world.mine.institution, f"orang {number}", "hand_in", str(number))

    at_once(act)
    with db.reading() as session:
        assert len(session.scalars(select(Audit)).all()) == 8
        assert verify(session, world.mine.institution) is None


def test_the_same_bytes_handed_in_eight_times_at_once_are_one_document(db: Database, tmp_path: Path) -> None:
    url = "" if db.url.startswith("sqlite") else db.url.replace("+psycopg", "")
    runtime = open_runtime(Settings(data=tmp_path, database_url=url))
    world = a_world(runtime.db)
    access = world.mine

    def give(number: int) -> str:
        handed = Handed(f"salinan {number}.txt", "", partial(io.BytesIO, b"isi yang sama"))
        return hand_in(runtime, access, [handed], period=world.period.id, origin="web").items[0].outcome

    outcomes = at_once(give)
    runtime.close()
    assert sorted(outcomes) == ["duplicate"] * 7 + ["new"]


def test_a_database_that_cannot_be_reached_is_told_in_words(tmp_path: Path) -> None:
    for url in ("postgresql://bukti:x@127.0.0.1:1/bukti", f"sqlite:///{tmp_path}/tiada/bukti.db"):
        db = Database(Settings(database_url=url).database)
        with pytest.raises(DatabaseUnavailable, match="Basis data tidak dapat dibuka"):
            db.ping()
        with pytest.raises(DatabaseUnavailable), db.reading() as session:
            session.scalars(select(Job)).all()


def test_a_database_on_a_full_disk_says_so_in_words_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    def write_too_much(db: Database) -> None:
        with db.transaction() as session:
            session.execute(text("pragma max_page_count=1"))  # as many as there are now
            session.execute(text("create table ballast as select zeroblob(1000000)"))

    with a_database(tmp_path) as db:
        with pytest.raises(StorageFull, match="Ruang penyimpanan Bukti habis"):
            write_too_much(db)
        a_world(db)
