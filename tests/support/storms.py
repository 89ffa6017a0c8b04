"""What may befall an instance while documents are handed in and worked on. Each tells what was hit, and what was seen.

A storm is over when all files are in and worked off; that nothing is lost and nothing twice is for the caller to see.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from evidence.db import Database
from evidence.models import Job
from evidence.settings import Settings
from tests.support.crash import kill
from tests.support.faults import Clock, Office, small_disk, true_clock
from tests.support.sight import Sight

Storm = Callable[[Office, Sequence[Path], Mapping[str, Any]], Iterator[str]]

# Of what an embedded instance needs beside its originals: too little to begin working on all of them.
_ROOM = 3 << 20
_FULL = 64 << 10
_JUMPS = {
    "an hour ahead": timedelta(hours=1),
    "an hour back": timedelta(hours=-1),
    "a day ahead": timedelta(days=1),
    "a day back": timedelta(days=-1),
    "right": timedelta(),
}
_JUMP_SECONDS = 3


def kills_and_search_away(at: Office, files: Sequence[Path], servers: Mapping[str, Any]) -> Iterator[str]:
    """Worker, web server and broker killed, search away for a while, messages lost and delivered too often."""
    first, second, rest = _cut(files, 0.3, 0.5)
    seen = at.hand_in_while_a_worker_is_killed(first)
    yield f"a worker killed with {_told(seen)}; another started"

    servers["redis"].kill()
    assert not at.hand_in(second)
    yield f"Redis killed; {len(second)} files handed in, of which no worker was told"
    servers["redis"].start()
    at.settle()

    servers["elasticsearch"].stop()
    with at.web() as visitor:
        yield f'Elasticsearch stopped; the search page says "{visitor.refusal("/cari?q=SPBE")}"'
        visitor.open_a_document()
        at.hand_in_and_be_killed(rest, after=len(rest) // 3)
        yield f"a document opened; {len(rest)} files handed in, the command killed on the way and given again"
    seen = at.wait_for(lambda sight: not sight.running and sight.unindexed >= len(rest))
    yield f"the web server killed; all was read meanwhile, with {seen.unindexed} documents not yet indexed"
    servers["elasticsearch"].start()
    yield f"Elasticsearch back, and every message delivered {at.ring_the_bell_too_often()} times"
    at.settle()


def database_killed(at: Office, files: Sequence[Path], servers: Mapping[str, Any]) -> Iterator[str]:
    """PostgreSQL killed in the middle of handing in, and again when workers and indexer are at it."""
    postgres = servers["postgres"]
    with at.web() as visitor:
        with at.insisting(files) as refusals:
            seen = at.wait_for(lambda sight: sight.handed > len(files) // 3 and bool(sight.running))
            postgres.kill()
            yield f"PostgreSQL killed with {_told(seen)}"
            yield f'the page says "{visitor.refusal("/dokumen")}"'
            assert visitor.upload(files[-1])
            postgres.start()
            at.wait_for(lambda sight: sight.handed > seen.handed)
        yield f"the command said {_counted(refusals)} and was given again"
        assert refusals
        seen = at.wait_for(lambda sight: bool(sight.running and sight.in_hand))
        postgres.kill()
        yield f"PostgreSQL killed again with {_told(seen)}, of which an indexer had {seen.in_hand} in hand"
        postgres.start()
        visitor.open_a_document()
        yield "back: the same web server opens a document"
        at.settle()


def files_killed(at: Office, files: Sequence[Path], servers: Mapping[str, Any]) -> Iterator[str]:
    """S3 killed in the middle of handing in, and again when workers are at it."""
    s3 = servers["s3"]
    with at.web() as visitor:
        with at.insisting(files) as refusals:
            seen = at.wait_for(lambda sight: sight.handed > len(files) // 3 and bool(sight.running))
            s3.kill()
            yield f"S3 killed with {_told(seen)}"
            document = visitor.open_a_document()
            yield f'a document opens; its original says "{visitor.refusal(f"{document}/asli")}"'
            assert visitor.upload(files[-1])
            s3.start()
        yield f"the command said {_counted(refusals)} and was given again"
        assert refusals
        seen = at.wait_for(lambda sight: len(sight.running) > 1)
        s3.kill()
        yield f"S3 killed again with {_told(seen)}"
        time.sleep(_JUMP_SECONDS)
        s3.start()
        visitor.page(f"{document}/asli")
        yield "back: the same web server hands out the original"
        at.settle()


def disk_full(at: Office, files: Sequence[Path], _servers: Mapping[str, Any]) -> Iterator[str]:
    """An embedded instance whose disk is full twice: for the originals, and for what is made of them."""
    originals = sum(path.stat().st_size for path in files)
    disk = at.held.enter_context(small_disk(at.settings.data, originals // 2 + _ROOM))
    with at.web() as visitor:
        words = at.hand_in(files)
        seen = at.look()
        yield f'disk full with {_told(seen)}: the command says "{words}"'
        words = visitor.upload(files[-1])
        visitor.open_a_document()
        visitor.page("/cari?q=SPBE")
        yield f'a document opens, a search is answered, an upload is refused with "{words}"'
        assert words
    words = at.hand_in(files)
    yield f'the web server killed on the full disk; the command says "{words}"'
    disk.resize(originals + 2 * _ROOM)
    with at.web():
        with at.insisting(files):
            seen = at.wait_for(lambda sight: sight.handed > seen.handed and disk.free < _FULL)
            yield f"given room, and full again with {_told(seen)}"
            time.sleep(_JUMP_SECONDS)
            disk.resize(originals * 20)
            yield "given room once more"
        at.settle()


def clock_jumps(at: Office, files: Sequence[Path], _servers: Mapping[str, Any]) -> Iterator[str]:
    """The clock of one of two workers is set to and fro by an hour and by a day while both work."""
    clock = true_clock(at.settings.data.parent)
    kill(at.workers.pop(), everything=True)
    late = at.start_worker(clock.surroundings)
    with at.insisting(files):
        yield from _jump(at, clock)
    at.settle()
    yield _begun(at.settings, late.pid)


def own_clock_jumps(at: Office, files: Sequence[Path], _servers: Mapping[str, Any]) -> Iterator[str]:
    """The same of an embedded instance, which has only one clock."""
    clock = true_clock(at.settings.data.parent)
    with at.web(clock.surroundings):
        with at.insisting(files):
            yield from _jump(at, clock)
        at.settle()
    yield _begun(at.settings)


def node_killed(at: Office, files: Sequence[Path], servers: Mapping[str, Any]) -> Iterator[str]:
    """One of three Elasticsearch nodes killed in the middle of indexing, while somebody searches all the time."""
    cluster = servers["elasticsearch"]
    first, rest = _cut(files, 0.2)
    with at.web() as visitor:
        assert not at.hand_in(first)
        at.settle()
        with visitor.searching("SPBE") as searches:
            with at.insisting(rest):
                seen = at.wait_for(lambda sight: bool(sight.in_hand and sight.running))
                number, master = _holder(cluster, at.settings)
                cluster.kill(number)
                yield (
                    f"node {number} killed, which held the pages' primary shard{' and was master' if master else ''}, "
                    f"with {_told(seen)}, of which an indexer had {seen.in_hand} in hand"
                )
                asked = searches.answered + len(searches.refused)
            at.settle()
            yield f"all indexed by two nodes, {searches.answered + len(searches.refused) - asked} searches meanwhile"
            cluster.start_node(number)
            _wait_for_green(cluster)
            yield f"node {number} back, all copies complete"
        yield (
            f"{searches.answered} searches answered; told to try again: {_counted(searches.refused) or 'none'}; "
            f"longest time without an answer {searches.longest:.1f} s"
        )


def _cut(files: Sequence[Path], *shares: float) -> list[Sequence[Path]]:
    bounds = [0, *(round(share * len(files)) for share in shares), len(files)]
    return [files[begin:end] for begin, end in itertools.pairwise(bounds)]


def _told(sight: Sight) -> str:
    return f"{len(sight.running)} jobs running, {sight.handed} files handed in, {sight.unindexed} not yet indexed"


def _counted(words: Sequence[str]) -> str:
    return ", ".join(f'{count} times "{said}"' for said, count in Counter(words).items())


def _jump(at: Office, clock: Clock) -> Iterator[str]:
    for words, ahead in _JUMPS.items():
        seen = at.wait_for(lambda sight: bool(sight.running) or sight.at_rest)
        clock.jump(ahead)
        yield f"clock set {words} with {_told(seen)}"
        time.sleep(_JUMP_SECONDS)


def _begun(settings: Settings, pid: int | None = None) -> str:
    """How often jobs had to be begun, and how many of them the worker `pid` ended."""
    db = Database(settings.database)
    try:
        with db.reading() as session:
            tries = Counter(session.scalars(select(Job.tries)))
            ended = session.scalar(select(func.count()).where(Job.owner.contains(f"-{pid}-")))
    finally:
        db.close()
    again = ", ".join(f"{count} begun {often} times" for often, count in sorted(tries.items()) if often > 1)
    by = f"; {ended} ended by the worker whose clock jumped" if pid else ""
    return f"of {tries.total()} jobs {again or 'none was begun twice'}{by}"


def _holder(cluster: Any, settings: Settings) -> tuple[int, bool]:
    """The node that holds the primary shard of the pages, and whether it is the master."""
    name = settings.search_url.rpartition("/")[2]
    shards = cluster.ask(f"/_cat/shards/{name}-pages*?h=prirep,node&format=json")
    node = next(shard["node"] for shard in shards if shard["prirep"] == "p")
    (master,) = cluster.ask("/_cat/master?h=node&format=json")
    return int(node.removeprefix("node")), master["node"] == node


def _wait_for_green(cluster: Any) -> None:
    end = time.monotonic() + 120
    while cluster.health()["status"] != "green":
        assert time.monotonic() < end, cluster.health()
        time.sleep(0.2)
