"""The job table, on both databases: who gets which job, what happens when a worker vanishes, what is set aside."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from evidence.access import Access
from evidence.db import Database, now, uuid7
from evidence.errors import BrokenFile
from evidence.models import Job
from ingest.queue import (
    MAX_TRIES,
    Claimed,
    LeaseLost,
    Queue,
    claim,
    enqueue,
    fail,
    finish,
    park,
    release,
    renew,
    retry,
    sweep,
)
from tests.support.crash import free_port
from tests.support.world import a_database, a_world

LEASE = timedelta(minutes=1)


def take(db: Database, owner: str) -> Claimed | None:
    return claim(db, owner, ["text"], LEASE)


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
        while job := take(db, f"worker-{owner}"):
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
    assert take(db, "worker")
    second = take(db, "worker")
    assert second
    with db.reading() as session:
        assert session.get_one(Job, second.id).institution_id == world.theirs.institution


def test_a_job_whose_worker_vanished_is_given_to_another(db: Database) -> None:
    write_jobs(db, a_world(db).mine, 1)
    lost = take(db, "vanished")
    assert lost
    assert take(db, "other") is None
    with db.transaction() as session:
        session.execute(update(Job).values(lease=now() - timedelta(seconds=1)))
    assert sweep(db) == ["text"]
    again = take(db, "other")
    assert again
    assert again.id == lost.id


def test_a_worker_that_lost_its_lease_can_write_nothing(db: Database) -> None:
    write_jobs(db, a_world(db).mine, 1)
    lost = take(db, "slow")
    assert lost
    release(db)
    assert take(db, "other")
    with pytest.raises(LeaseLost):
        renew(db, lost, "tagging")
    with pytest.raises(LeaseLost), db.transaction() as session:
        finish(session, lost)
    assert states(db) == ["running"]


def test_a_job_that_ends_no_worker_survives_is_set_aside_with_a_reason(db: Database) -> None:
    write_jobs(db, a_world(db).mine, 1)
    for _ in range(MAX_TRIES):
        assert take(db, "worker")
        release(db)
    assert sweep(db) == []
    with db.reading() as session:
        job = session.scalars(select(Job)).one()
    assert (job.state, job.error_code) == ("failed", "poison")
    assert "disisihkan" in job.error


def test_a_version_whose_scanned_pages_nobody_works_on_any_more_is_woken(db: Database) -> None:
    write_jobs(db, a_world(db).mine, 1)
    job = take(db, "worker")
    assert job
    with db.transaction() as session:
        park(session, job, "8/10")
    assert take(db, "worker") is None
    sweep(db)
    assert take(db, "worker")


def test_a_failed_job_keeps_its_reason_and_a_person_may_try_again(db: Database) -> None:
    write_jobs(db, a_world(db).mine, 1)
    job = take(db, "worker")
    assert job
    with db.transaction() as session:
        fail(session, job, BrokenFile())
    with db.reading() as session:
        assert session.scalars(select(Job.error)).one() == BrokenFile.message
    with db.transaction() as session:
        assert retry(session, "process", job.subject)
    assert states(db) == ["waiting"]
    assert take(db, "worker")


def test_a_job_for_later_waits(db: Database) -> None:
    write_jobs(db, a_world(db).mine, 1)
    with db.transaction() as session:
        session.execute(update(Job).values(not_before=now() + timedelta(minutes=1)))
    assert take(db, "worker") is None
    assert sweep(db) == []


def test_a_clock_that_is_set_back_makes_no_job_wait(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    write_jobs(db, a_world(db).mine, 1)
    monkeypatch.setattr("evidence.db.now", lambda: now() - timedelta(hours=7))
    assert sweep(db) == ["text"]
    assert take(db, "worker")


def test_a_process_whose_clock_runs_ahead_of_the_servers_takes_no_job_from_another(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_database(tmp_path, postgres_url) as db:
        write_jobs(db, a_world(db).mine, 1)
        job = take(db, "worker")
        assert job
        monkeypatch.setattr("evidence.db.now", lambda: now() + timedelta(days=1))
        assert sweep(db) == []
        assert take(db, "other") is None
        with db.transaction() as session:
            finish(session, job)


def test_a_broker_that_is_gone_holds_up_a_thousand_files_for_seconds_only() -> None:
    queue, begun = Queue(f"redis://127.0.0.1:{free_port()}/0"), time.monotonic()
    with closing(queue.app):
        for _ in range(1000):
            queue.wake("text")
    assert time.monotonic() - begun < 10
