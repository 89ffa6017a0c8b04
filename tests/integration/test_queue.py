"""The job table: who gets which job, what happens when a worker vanishes, what is set aside."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from evidence.access import Access
from evidence.db import Database, now, uuid7
from evidence.errors import BrokenFile
from evidence.models import Job
from ingest.queue import MAX_TRIES, LeaseLost, claim, enqueue, fail, finish, release, renew, retry, sweep
from tests.support.world import a_database, a_world


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with a_database(tmp_path) as database:
        yield database


def write_jobs(db: Database, access: Access, count: int) -> None:
    with db.transaction() as session:
        for _ in range(count):
            enqueue(session, access.institution, "process", uuid7(), "text")


def states(db: Database) -> list[str]:
    with db.reading() as session:
        return sorted(session.scalars(select(Job.state)))


def test_eight_workers_claim_each_job_exactly_once(db: Database) -> None:
    write_jobs(db, a_world(db).mine, 40)

    def work(owner: int) -> list[UUID]:
        taken = []
        while job := claim(db, f"worker-{owner}", "text"):
            taken.append(job.id)
        return taken

    with ThreadPoolExecutor(8) as pool:
        claimed = [job for taken in pool.map(work, range(8)) for job in taken]
    assert len(claimed) == 40
    assert len(set(claimed)) == 40


def test_one_institutions_five_hundred_files_do_not_delay_anothers_single_file(db: Database) -> None:
    world = a_world(db)
    write_jobs(db, world.mine, 500)
    write_jobs(db, world.theirs, 1)
    assert claim(db, "worker", "text")
    second = claim(db, "worker", "text")
    assert second
    with db.reading() as session:
        assert session.get_one(Job, second.id).institution_id == world.theirs.institution


def test_a_job_whose_worker_vanished_is_given_to_another(db: Database) -> None:
    write_jobs(db, a_world(db).mine, 1)
    lost = claim(db, "vanished", "text")
    assert lost
    assert claim(db, "other", "text") is None
    with db.transaction() as session:
        session.execute(update(Job).values(lease=now() - timedelta(seconds=1)))
    assert sweep(db) == ["text"]
    again = claim(db, "other", "text")
    assert again
    assert again.id == lost.id


def test_a_worker_that_lost_its_lease_can_write_nothing(db: Database) -> None:
    write_jobs(db, a_world(db).mine, 1)
    lost = claim(db, "slow", "text")
    assert lost
    release(db)
    assert claim(db, "other", "text")
    with pytest.raises(LeaseLost):
        renew(db, lost, "tagging")
    with pytest.raises(LeaseLost), db.transaction() as session:
        finish(session, lost)
    assert states(db) == ["running"]


def test_a_job_that_ends_no_worker_survives_is_set_aside_with_a_reason(db: Database) -> None:
    write_jobs(db, a_world(db).mine, 1)
    for _ in range(MAX_TRIES):
        assert claim(db, "worker", "text")
        release(db)
    assert sweep(db) == []
    with db.reading() as session:
        job = session.scalars(select(Job)).one()
    assert (job.state, job.error_code) == ("failed", "poison")
    assert "disisihkan" in job.error


def test_a_failed_job_keeps_its_reason_and_a_person_may_try_again(db: Database) -> None:
    write_jobs(db, a_world(db).mine, 1)
    job = claim(db, "worker", "text")
    assert job
    with db.transaction() as session:
        fail(session, job, BrokenFile())
    with db.reading() as session:
        assert session.scalars(select(Job.error)).one() == BrokenFile.message
    with db.transaction() as session:
        assert retry(session, "process", job.subject)
    assert states(db) == ["waiting"]
    assert claim(db, "worker", "text")


def test_a_job_for_later_waits(db: Database) -> None:
    write_jobs(db, a_world(db).mine, 1)
    with db.transaction() as session:
        session.execute(update(Job).values(not_before=now() + timedelta(minutes=1)))
    assert claim(db, "worker", "text") is None
    assert sweep(db) == []
