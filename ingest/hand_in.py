"""Handing in: keep the bytes, then write document, version and job in one transaction, then wake a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from evidence.access import UPLOADERS, Access
from evidence.analysis import fold_text
from evidence.audit import record
from evidence.db import insert_new, insert_row, lock, put_row, uuid7
from evidence.errors import InvalidInput
from evidence.files import StoredBlob
from evidence.models import Base, Batch, Blob, Document, DocumentPeriod, Outbox, Unit, Version, VersionPart
from ingest.intake import clean_path, detect
from ingest.queue import enqueue
from ingest.runtime import Runtime

_CHUNK = 1 << 20
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Handed:
    """One file as handed in: its name, the folders it lay in (`arsip.zip!/Diskominfo`), and how to open its bytes."""

    name: str
    folder: str
    open: Callable[[], BinaryIO]

    @classmethod
    def at(cls, path: Path, name: str, folder: str = "") -> Handed:
        return cls(name, folder, lambda: path.open("rb"))


@dataclass(frozen=True, slots=True)
class Item:
    """What became of one file. `outcome`: new, duplicate (`document` is the one already there), refused."""

    name: str
    outcome: str
    document: UUID | None
    message: str = ""


@dataclass(frozen=True, slots=True)
class BatchResult:
    batch: UUID
    items: tuple[Item, ...]


def hand_in(
    runtime: Runtime,
    access: Access,
    files: Iterable[Handed],
    *,
    unit: UUID | None = None,
    period: UUID | None = None,
    origin: str,
) -> BatchResult:
    """Take files in for one institution: when this returns, each is durable and its work written down."""
    access.require(UPLOADERS)
    with runtime.db.transaction() as session:
        batch = Batch(institution_id=access.institution, account_id=access.account, origin=origin)
        session.add(batch)
        session.flush()
        record(session, access.institution, access.name or origin, "hand_in", str(batch.id))
    periods = [period] if period else []
    return BatchResult(
        batch.id,
        tuple(_at_once(lambda file: hand_in_one(runtime, access.institution, batch.id, file, unit, periods), files)),
    )


def hand_in_one(
    runtime: Runtime, institution: UUID, batch: UUID, handed: Handed, unit: UUID | None, periods: Sequence[UUID]
) -> Item:
    """Keep one file and write down its work. Handing in the same bytes again finds the document already there.

    The unit is the one its folders name, else `unit`.
    """
    handed = replace(handed, name="/".join(clean_path(handed.name)) or "tanpa nama", folder=_printable(handed.folder))
    limit = runtime.settings.max_upload_mb << 20
    try:
        with handed.open() as stream:
            blob, head = _keep(runtime, stream, limit)
    except InvalidInput as error:
        return Item(handed.name, "refused", None, error.message)
    mime = detect(head, handed.name)
    with runtime.db.transaction() as session:
        lock(session, f"hand in {institution} {blob.sha256}")
        known = _holding(session, institution, blob.sha256)
        if known is not None:
            for period in periods:
                insert_new(session, DocumentPeriod, document_id=known, period_id=period)
            return Item(handed.name, "duplicate", known)
        insert_new(session, Blob, sha256=blob.sha256, size=blob.size, mime=mime)
        unit = _unit_of_folder(session, institution, handed.folder) or unit
        document, version = uuid7(), uuid7()
        owned = {"institution_id": institution}
        insert_row(session, Document, id=document, unit_id=unit, current_version_id=version, revision=1, **owned)
        folder, name = handed.folder, handed.name
        insert_row(
            session, Version, id=version, document_id=document, ordinal=1, batch_id=batch, folder_hint=folder, **owned
        )
        insert_row(session, VersionPart, version_id=version, ordinal=0, blob_sha256=blob.sha256, name=name)
        for period in periods:
            insert_row(session, DocumentPeriod, document_id=document, period_id=period)
        enqueue(session, institution, "process", version, "text")
    runtime.queue.wake("text")
    return Item(handed.name, "new", document)


def touch(session: Session, document: UUID) -> None:
    """The index must learn of this document: raise its revision and put it into the outbox, in the same transaction."""
    revision = session.connection().execute(_RAISE, {"of": document}).scalar_one()
    put_row(session, Outbox, ("revision",), document_id=document, revision=revision)


def _at_once(give: Callable[[Handed], Item], files: Iterable[Handed]) -> Iterator[Item]:
    """Several files at a time, as each is mostly waited for: for a disk or for servers. Stops at the first fault."""
    pool = ThreadPoolExecutor(_AT_ONCE)
    try:
        yield from pool.map(give, files)
    finally:
        pool.shutdown(cancel_futures=True)


def _keep(runtime: Runtime, stream: BinaryIO, limit: int) -> tuple[StoredBlob, bytes]:
    head = stream.read(_CHUNK)

    def chunks() -> Iterator[bytes]:
        chunk, size = head, 0
        while chunk:
            size += len(chunk)
            if size > limit:
                raise InvalidInput("Berkas lebih dari {limit} MB.", limit=limit >> 20)
            yield chunk
            chunk = stream.read(_CHUNK)

    return runtime.files.put(chunks()), head


def _holding(session: Session, institution: UUID, sha256: str) -> UUID | None:
    return session.connection().scalar(_HOLDING, {"institution": institution, "sha256": sha256})


# Made once: putting them together costs more than asking them.
_HOLDING = (
    select(Document.id)
    .join(Version, Version.id == Document.current_version_id)
    .join(VersionPart, VersionPart.version_id == Version.id)
    .where(
        Document.institution_id == bindparam("institution"),
        Document.withdrawn_at.is_(None),
        VersionPart.blob_sha256 == bindparam("sha256"),
    )
    .limit(1)
)
_RAISE = (
    update(Base.metadata.tables["document"])
    .where(Document.id == bindparam("of"))
    .values(revision=Document.revision + 1)
    .returning(Document.revision)
)


def _printable(text: str) -> str:
    """Names that are no UTF-8 come from the file system with surrogates, which no database takes."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _unit_of_folder(session: Session, institution: UUID, folder: str) -> UUID | None:
    """The unit whose name is one of the folders: offices sort what they hand in by unit."""
    if not folder:
        return None
    names = {fold_text(name).strip() for name in folder.replace("!", "").split("/")}
    units = session.scalars(select(Unit).where(Unit.institution_id == institution))
    return next((unit.id for unit in units if fold_text(unit.name) in names), None)
