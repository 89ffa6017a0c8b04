"""What an instance holds, without ids and times, so that two instances can be compared: rows, files and index."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from evidence.analysis import Analyser
from evidence.audit import verify
from evidence.db import Database
from evidence.errors import DamagedFile, NotFound
from evidence.files import FileStore, open_files
from evidence.instance import local_access
from evidence.models import (
    Audit,
    Batch,
    Blob,
    Decision,
    Document,
    DocumentPeriod,
    FindingRow,
    IdentityValue,
    Institution,
    Job,
    Link,
    MatchRow,
    Outbox,
    Page,
    Period,
    Reading,
    RelationRow,
    Tagging,
    Version,
    VersionPart,
)
from evidence.settings import Settings
from ingest.readings import load_boxes
from search.finding import find
from search.index import open_index

_WORDS = 150
_MOST_HITS = 2000


def snapshot(settings: Settings) -> dict[str, Any]:
    """All that must be the same in two instances which were handed the same files, whatever happened meanwhile.

    For an instance at rest. How often a document was put into the index is not part of it; that the index holds the
    newest revision of each document, and nothing else, is.
    """
    db, files = Database(settings.database), open_files(settings)
    try:
        with db.reading() as session:
            return _rows(session) | _files(session, files) | _index(session, settings)
    finally:
        db.close()


def differences(expected: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """What is missing, and what is there too often, one line for each; empty when nothing differs."""
    return [line for part in expected for line in _differences(part, expected[part], found[part])]


def leftovers(settings: Settings) -> dict[str, int]:
    """Half-written files that nobody will ever ask for, by the folder they lie in."""
    incoming = [path for path in (settings.files_dir / "incoming").rglob("*") if path.is_file()]
    derived = list((settings.files_dir / "derived").rglob("tmp*"))
    return {"incoming": len(incoming), "derived": len(derived)}


def _differences(part: str, expected: Any, found: Any) -> Iterator[str]:
    if not isinstance(expected, list):
        if expected != found:
            yield f"{part}: {_short(found)}, not {_short(expected)}"
        return
    lacking = list(expected)
    for item in found:
        if item in lacking:
            lacking.remove(item)
        else:
            yield f"{part}: there but not expected: {_short(item)}"
    yield from (f"{part}: expected but not there: {_short(item)}" for item in lacking)


def _short(item: Any) -> str:
    return str(item)[:300]


def _rows(session: Session) -> dict[str, Any]:
    names = _names(session)
    jobs = select(Job.subject, Job.state, Job.error_code, Job.error).where(Job.kind == "process")
    pages = select(Page, Reading.blob_sha256).join(Reading, Reading.id == Page.reading_id)
    readings = select(Reading.blob_sha256, Reading.fingerprint, Reading.pages_done, Reading.pages_expected)
    periods = (
        select(DocumentPeriod, Period.year, Document.current_version_id)
        .join(Period, Period.id == DocumentPeriod.period_id)
        .join(Document, Document.id == DocumentPeriod.document_id)
    )
    decisions = select(Decision, Link.criterion, Link.version_id).join(Link, Link.id == Decision.link_id)
    matches = select(MatchRow, Tagging.version_id).join(Tagging, Tagging.id == MatchRow.tagging_id)
    chunks = (
        select(Reading.blob_sha256, Job.revision, Job.state)
        .join(Reading, Reading.id == Job.subject)
        .where(Job.kind == "ocr")
    )
    open_jobs = select(func.count()).select_from(Job).where(Job.state.not_in(("done", "failed")))
    institutions = session.scalars(select(Institution.id)).all()
    return {
        "documents": sorted(names.values()),
        "periods": sorted((names[version], year) for _, year, version in session.execute(periods)),
        "jobs": sorted((names[subject], *ended) for subject, *ended in session.execute(jobs)),
        "chunks of scans": sorted(map(tuple, session.execute(chunks))),
        "jobs open": session.scalar(open_jobs),
        "readings": sorted(map(tuple, session.execute(readings))),
        "pages": sorted(_plain(page, sha256) for page, sha256 in session.execute(pages)),
        "identity": _of_versions(session, IdentityValue, names, "version_id"),
        "relations": _of_versions(session, RelationRow, names, "from_version_id"),
        "findings": _of_versions(session, FindingRow, names, "version_id"),
        "taggings": _of_versions(session, Tagging, names, "version_id"),
        "matches": sorted(_plain(match, names[version]) for match, version in session.execute(matches)),
        "links": _of_versions(session, Link, names, "version_id"),
        "decisions": sorted(
            _plain(decision, f"{criterion} {names.get(version, '')}")
            for decision, criterion, version in session.execute(decisions)
        ),
        "broken audit chains": [row for institution in institutions if (row := verify(session, institution))],
        "batches not in the audit trail": sorted(
            set(map(str, session.scalars(select(Batch.id)))).symmetric_difference(
                session.scalars(select(Audit.object).where(Audit.action == "hand_in"))
            )
        ),
    }


def _names(session: Session) -> dict[UUID | None, str]:
    """Every version by what a person calls it; the hash tells apart what has the same name."""
    rows = session.execute(
        select(Version.id, Version.folder_hint, VersionPart.name, VersionPart.blob_sha256)
        .join(VersionPart, VersionPart.version_id == Version.id)
        .order_by(VersionPart.ordinal.desc())
    )
    return {version: f"{folder}/{name} {sha256[:12]}" for version, folder, name, sha256 in rows}


def _files(session: Session, files: FileStore) -> dict[str, Any]:
    """The originals, each hashed again, and the line boxes that highlights on scans are drawn from."""
    blobs = session.execute(select(Blob.sha256, Blob.size, Blob.mime)).all()
    pages = session.execute(
        select(Reading, Page.number)
        .join(Page, Page.reading_id == Reading.id)
        .order_by(Reading.blob_sha256, Reading.fingerprint, Page.number)
    )
    boxes = [(reading, number, load_boxes(files, reading, number)) for reading, number in pages]
    return {
        "blobs": sorted(map(tuple, blobs)),
        "originals missing or damaged": sorted(blob.sha256 for blob in blobs if not _is_whole(files, blob.sha256)),
        "boxes": [
            (reading.blob_sha256, reading.fingerprint, number, hashlib.sha256(repr(drawn).encode()).hexdigest())
            for reading, number, drawn in boxes
            if drawn
        ],
    }


def _is_whole(files: FileStore, sha256: str) -> bool:
    digest = hashlib.sha256()
    try:
        with files.open(sha256) as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    except (NotFound, DamagedFile):
        return False
    return digest.hexdigest() == sha256


def _index(session: Session, settings: Settings) -> dict[str, Any]:
    """What the index answers to words of all the documents' vocabulary, for each institution."""
    analyser = Analyser(settings.stems_table)
    index = open_index(settings, analyser, writable=False)
    try:
        wanted = select(Document.id, Document.revision).where(Document.withdrawn_at.is_(None))
        stale = set(index.revisions()).symmetric_difference(map(tuple, session.execute(wanted)))
        accesses = [local_access(institution) for institution in session.scalars(select(Institution))]
        answers = []
        for word in _vocabulary(session, analyser):
            for access in accesses:
                hits = find(session, index, analyser, word, access, size=_MOST_HITS, snippets=False)
                facets = sorted(
                    (name, facet.label, facet.count) for name, values in hits.facets.items() for facet in values
                )
                places = sorted((page.sha256, page.page) for page in hits.pages)
                names = sorted((row.name, row.sha256, row.title, row.doc_type, row.number) for row in hits.documents)
                answers.append((access.name, word, hits.total, names, places, facets))
        return {
            "not yet indexed": session.scalar(select(func.count()).select_from(Outbox)),
            "indexed at another revision": len(stale),
            "answers": answers,
        }
    finally:
        index.close()


def _vocabulary(session: Session, analyser: Analyser) -> list[str]:
    texts = session.scalars(select(Page.text))
    words = sorted({word for text in texts for word in analyser.analyse(text).exact if word.isalpha()})
    return words[:: max(1, len(words) // _WORDS)]


def _of_versions(session: Session, table: Any, names: Mapping[UUID | None, str], owner: str) -> list[str]:
    return sorted(_plain(row, names.get(getattr(row, owner), "")) for row in session.scalars(select(table)))


def _plain(row: Any, name: str) -> str:
    """A row as text, by the name of what it belongs to, without ids and times."""
    columns = {
        column.key: getattr(row, column.key)
        for column in row.__table__.columns
        if column.key not in ("id", "at") and not column.key.endswith("_id")
    }
    return json.dumps([name, columns], ensure_ascii=False, sort_keys=True, default=str)
