"""Long scans: recognised in chunks by whoever is free, readable from their first pages on, never lost."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from api.serving import working
from evidence.db import now
from evidence.documents import SETTLED, count_states, get_document
from evidence.models import Job, Page, Reading
from evidence.settings import Settings
from ingest.formats.ocr import ocr_ready
from ingest.hand_in import Handed, hand_in
from ingest.pipeline import process
from ingest.queue import MAX_TRIES, QUEUES, claim, sweep
from ingest.readings import load_boxes
from ingest.runtime import Runtime, runtime
from ingest.worker import Hands
from search.finding import find
from tests.support.files import scan_pdf
from tests.support.world import World, a_world

pytestmark = pytest.mark.skipif(not ocr_ready(), reason="OCR data (ingest/tessdata/ind.traineddata) is not there")

_NAMES = ("satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan", "sepuluh")
SCAN = scan_pdf(*([f"LAPORAN REVIU SPBE HALAMAN {name.upper()}"] for name in _NAMES))


def put_in(opened: Runtime, world: World) -> UUID:
    access = world.mine
    uploader = type(access)(access.institution, access.account, access.roles | {"legal_bureau"}, name=access.name)
    (item,) = hand_in(opened, uploader, [Handed("pindaian.pdf", "", partial(io.BytesIO, SCAN))], origin="web").items
    assert item.document
    return item.document


def wait_for(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 90
    while not true():
        assert time.monotonic() < end, "did not come about within 90 seconds"
        time.sleep(0.01)


def settled(opened: Runtime, world: World) -> bool:
    with opened.db.reading() as session:
        return not set(count_states(session, world.mine)) - SETTLED


def methods(opened: Runtime) -> list[str]:
    with opened.db.reading() as session:
        return list(session.scalars(select(Page.method).order_by(Page.number)))


def test_a_long_scan_is_read_in_chunks_and_found_by_its_last_page(settings: Settings) -> None:
    with working(settings) as opened:
        world = a_world(opened.db)
        document = put_in(opened, world)
        wait_for(lambda: settled(opened, world))
        with opened.db.reading() as session:
            detail = get_document(session, world.mine, document)
            chunks = session.scalars(select(Job.revision).where(Job.kind == "ocr").order_by(Job.revision)).all()
            hits = find(session, opened.index, opened.analyser, "halaman sepuluh", world.mine)
            reading = session.scalars(select(Reading)).one()
        assert (detail.row.state, detail.row.pages) == ("done", 10)
        assert methods(opened) == ["ocr"] * 10
        assert chunks == [1, 9]
        assert [page.page for page in hits.documents[0].pages][:1] == [10]
        assert load_boxes(opened.files, reading, 10)


@contextmanager
def hands(settings: Settings) -> Iterator[tuple[Runtime, Hands]]:
    """An instance with a worker that only works when it is told to."""
    with runtime(settings, writable=True) as opened:
        mine = Hands(opened, QUEUES)
        mine.start()
        try:
            yield opened, mine
        finally:
            mine.stop()


def chunk(opened: Runtime, first: int, **values: Any) -> None:
    with opened.db.transaction() as session:
        session.execute(update(Job).where(Job.kind == "ocr", Job.revision == first).values(**values))


def test_the_first_pages_are_found_while_the_others_wait(settings: Settings) -> None:
    with hands(settings) as (opened, mine):
        world = a_world(opened.db)
        document = put_in(opened, world)
        process_only(opened, mine)
        assert methods(opened) == ["pending"] * 10
        chunk(opened, 9, not_before=now() + timedelta(minutes=5))
        mine.work_off("ocr")

        def found() -> bool:
            with opened.db.reading() as session:
                hits = find(session, opened.index, opened.analyser, "halaman satu", world.mine)
                return bool(hits.documents) and hits.documents[0].pages[0].page == 1

        wait_for(found)
        with opened.db.reading() as session:
            row = get_document(session, world.mine, document).row
        assert (row.state, row.progress) == ("ocr", "8/10")
        chunk(opened, 9, not_before=now())
        mine.work_off("ocr")
        wait_for(lambda: settled(opened, world))
        assert methods(opened) == ["ocr"] * 10


def test_pages_that_end_every_worker_are_given_up_and_the_others_count(settings: Settings) -> None:
    with hands(settings) as (opened, mine):
        world = a_world(opened.db)
        document = put_in(opened, world)
        process_only(opened, mine)
        chunk(opened, 9, tries=MAX_TRIES)
        sweep(opened.db)
        mine.work_off("ocr")
        sweep(opened.db)
        mine.work_off("text")
        wait_for(lambda: settled(opened, world))
        with opened.db.reading() as session:
            assert get_document(session, world.mine, document).row.state == "done"
        assert methods(opened) == ["ocr"] * 8 + ["unreadable"] * 2


def process_only(opened: Runtime, mine: Hands) -> None:
    """Let the file be looked at, and its chunks be written down but not worked off."""
    job = claim(opened.db, "test", ["text"], timedelta(minutes=1))
    assert job
    process(opened, mine.children, job)
    with opened.db.reading() as session:
        assert session.scalars(select(Job.state).where(Job.kind == "process")).all() == ["parked"]
