"""Killing the server while it works, and comparing what is left with an undisturbed run."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from evidence.db import Database
from evidence.models import (
    Document,
    FindingRow,
    IdentityValue,
    Job,
    MatchRow,
    Outbox,
    Page,
    Reading,
    RelationRow,
    Tagging,
    Version,
    VersionPart,
)
from evidence.settings import Settings

BUKTI = Path(sys.executable).with_name("bukti")
_WORDS = ("SPBE", "peta rencana", "risiko", "pusat data", "perangkat daerah", "keamanan informasi", "audit", "rapat")
_START_SECONDS = 60
_SETTLE_SECONDS = 600


def bukti(*arguments: str, data: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run([BUKTI, *arguments, "--data", str(data)], capture_output=True, text=True, cwd=data.parent)


@contextmanager
def serving(data: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server of its own on a free port; killed with everything it started when the context ends."""
    port = free_port()
    command = [str(BUKTI), "serve", "--data", str(data), "--port", str(port)]
    with (data.parent / "server.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=data.parent, start_new_session=True)
    try:
        _wait_for(port, process)
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """kill -9, the way a power cut or the memory killer ends a process."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.wait()


def ingest_undisturbed(files: Path, data: Path) -> None:
    answer = bukti("ingest", str(files), "--json", data=data)
    assert answer.returncode in (0, 1), answer.stderr


def ingest_with_kills(files: Path, data: Path, kills: int, seed: int) -> list[str]:
    """Hand in beside a server that is killed `kills` times at random moments; what it hit, as `state/stage`."""
    chance = random.Random(seed)
    hit: list[str] = []
    with serving(data):
        handed = bukti("ingest", str(files), "--json", data=data)
        assert handed.returncode in (0, 1), handed.stderr
    for _ in range(kills):
        with serving(data):
            time.sleep(chance.uniform(0.3, 2.5))
        hit.extend(_under_way(data))
    with serving(data):
        _settle(data)
    return hit


def snapshot(data: Path) -> dict[str, Any]:
    """What an instance holds, without ids and times: documents, pages, what was found in them, and the index."""
    db = Database(Settings(data=data).database)
    with db.reading() as session:
        names = {
            version: f"{folder}/{name}"
            for version, folder, name in session.execute(
                select(Version.id, Version.folder_hint, VersionPart.name).join(
                    VersionPart, VersionPart.version_id == Version.id
                )
            )
        }
        jobs = select(Job.subject, Job.state, Job.error_code).where(Job.kind == "process")
        matches = select(MatchRow, Tagging.version_id).join(Tagging, Tagging.id == MatchRow.tagging_id)
        pages = select(Page, Reading.blob_sha256).join(Reading, Reading.id == Page.reading_id)
        held = {
            "documents": sorted(names.values()),
            "jobs": sorted((names[subject], state, error) for subject, state, error in session.execute(jobs)),
            "pages": sorted(
                (sha, page.number, page.label, page.method, page.text) for page, sha in session.execute(pages)
            ),
            "identity": _rows(session, IdentityValue, names, "version_id"),
            "relations": _rows(session, RelationRow, names, "from_version_id"),
            "findings": _rows(session, FindingRow, names, "version_id"),
            "matches": sorted(_plain(match, names[version]) for match, version in session.execute(matches)),
            "unindexed": session.query(Outbox).count(),
            "revisions": sorted(session.execute(select(Document.revision)).scalars()),
        }
    db.close()
    held["hits"] = {word: _hits(word, data) for word in _WORDS}
    return held


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _hits(word: str, data: Path) -> list[tuple[str, int]]:
    answer = bukti("search", word, "--json", "--limit", "500", data=data)
    assert answer.returncode == 0, answer.stderr
    return sorted((page["sha256"], page["page"]) for page in json.loads(answer.stdout)["pages"])


def _rows(session: Any, table: Any, names: dict[Any, str], owner: str) -> list[str]:
    return sorted(_plain(row, names[getattr(row, owner)]) for row in session.scalars(select(table)))


def _plain(row: Any, name: str) -> str:
    left_out = ("id", "_id")
    columns = {
        column.key: getattr(row, column.key) for column in row.__table__.columns if not column.key.endswith(left_out)
    }
    return json.dumps([name, columns], ensure_ascii=False, sort_keys=True, default=str)


def _under_way(data: Path) -> list[str]:
    db = Database(Settings(data=data).database)
    with db.reading() as session:
        running = [f"running/{stage}" for stage in session.scalars(select(Job.stage).where(Job.state == "running"))]
        unindexed = session.query(Outbox).count()
    db.close()
    return running + ["done/indexing"] * unindexed


def _settle(data: Path) -> None:
    db = Database(Settings(data=data).database)
    end = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < end:
        with db.reading() as session:
            open_jobs = session.query(Job).where(Job.state.in_(("waiting", "running"))).count()
            unindexed = session.query(Outbox).count()
        if not open_jobs and not unindexed:
            db.close()
            return
        time.sleep(0.2)
    raise AssertionError("the instance did not come to rest")


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "the server ended by itself; see server.log"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not answer")
