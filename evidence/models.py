"""The tables. Rows marked "only ever added" are never changed; institution-owned rows carry `institution_id`."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from evidence.db import UtcDateTime, now, uuid7

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        date: Date,
        uuid.UUID: Uuid,
        dict[str, Any]: JSON,
        list[str]: JSON,
    }


def primary_key() -> Any:
    return mapped_column(Uuid, primary_key=True, default=uuid7)


def owned() -> Any:
    return mapped_column(ForeignKey("institution.id"), index=True)


# --- who ---


class Institution(Base):
    __tablename__ = "institution"
    __table_args__ = (UniqueConstraint("kind", "name"),)
    id: Mapped[uuid.UUID] = primary_key()
    kind: Mapped[str] = mapped_column(String(20))  # kota, kabupaten, provinsi, pusat
    name: Mapped[str] = mapped_column(String(200))


class Unit(Base):
    __tablename__ = "unit"
    __table_args__ = (UniqueConstraint("institution_id", "name"),)
    id: Mapped[uuid.UUID] = primary_key()
    institution_id: Mapped[uuid.UUID] = owned()
    name: Mapped[str] = mapped_column(String(200))


class Account(Base):
    __tablename__ = "account"
    id: Mapped[uuid.UUID] = primary_key()
    login: Mapped[str] = mapped_column(String(100), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str | None] = mapped_column(Text)  # None: may not log in with a password
    created_at: Mapped[datetime] = mapped_column(default=now)


class RoleGrant(Base):
    __tablename__ = "role_grant"
    id: Mapped[uuid.UUID] = primary_key()
    institution_id: Mapped[uuid.UUID] = owned()
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"), index=True)
    period_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("period.id"))
    unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("unit.id"))
    role: Mapped[str] = mapped_column(String(40))  # admin, coordinator, legal_bureau, assessor, unit, viewer


class LoginSession(Base):
    """A log-in (`kind` session) or the one-time link that makes the first account (`kind` setup)."""

    __tablename__ = "login_session"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(String(10))
    expires_at: Mapped[datetime]


class Period(Base):
    __tablename__ = "period"
    __table_args__ = (UniqueConstraint("institution_id", "year", "kind"),)
    id: Mapped[uuid.UUID] = primary_key()
    institution_id: Mapped[uuid.UUID] = owned()
    year: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(20))  # evaluation, monitoring
    instrument: Mapped[str] = mapped_column(String(60))  # with the year, this is the edition
    cutoff: Mapped[date]
    submitted: Mapped[bool] = mapped_column(Boolean, default=False)


# --- bytes and documents ---


class Blob(Base):
    """Immutable bytes, named by their hash; only ever added. Shared by all who hold the same bytes, invisibly."""

    __tablename__ = "blob"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(Integer)
    mime: Mapped[str] = mapped_column(String(120))


class Batch(Base):
    """One act of handing in; only ever added."""

    __tablename__ = "batch"
    id: Mapped[uuid.UUID] = primary_key()
    institution_id: Mapped[uuid.UUID] = owned()
    account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(default=now)
    origin: Mapped[str] = mapped_column(String(40))  # web, cli, demo


class Document(Base):
    __tablename__ = "document"
    id: Mapped[uuid.UUID] = primary_key()
    institution_id: Mapped[uuid.UUID] = owned()
    unit_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("unit.id"))
    confidentiality: Mapped[int] = mapped_column(Integer, default=0)  # 0 open, 1 internal, 2 restricted
    current_version_id: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    revision: Mapped[int] = mapped_column(Integer, default=0)  # grows with every change the index must learn of
    withdrawn_at: Mapped[datetime | None]
    legal_hold: Mapped[bool] = mapped_column(Boolean, default=False)


class DocumentPeriod(Base):
    __tablename__ = "document_period"
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("document.id"), primary_key=True)
    period_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("period.id"), primary_key=True)
    handed_in_at: Mapped[datetime] = mapped_column(default=now)


class Version(Base):
    """One state of a document; only ever added."""

    __tablename__ = "version"
    __table_args__ = (UniqueConstraint("document_id", "ordinal"),)
    id: Mapped[uuid.UUID] = primary_key()
    institution_id: Mapped[uuid.UUID] = owned()
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("document.id"))
    ordinal: Mapped[int] = mapped_column(Integer)
    batch_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("batch.id"))
    folder_hint: Mapped[str] = mapped_column(Text, default="")  # folders inside the archive or the upload
    at: Mapped[datetime] = mapped_column(default=now)


class VersionPart(Base):
    """One part of a version; only ever added."""

    __tablename__ = "part"
    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("version.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True)
    blob_sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"), index=True)
    role: Mapped[str] = mapped_column(String(20), default="body")
    name: Mapped[str] = mapped_column(Text)
    page_from: Mapped[int | None] = mapped_column(Integer)
    page_to: Mapped[int | None] = mapped_column(Integer)


# --- what was read and found ---


class Reading(Base):
    __tablename__ = "reading"
    __table_args__ = (UniqueConstraint("blob_sha256", "fingerprint"),)
    id: Mapped[uuid.UUID] = primary_key()
    blob_sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"))
    fingerprint: Mapped[str] = mapped_column(String(80))  # which reader, in which version
    facts: Mapped[dict[str, Any]]
    pages_expected: Mapped[int] = mapped_column(Integer)
    pages_done: Mapped[int] = mapped_column(Integer, default=0)


class Page(Base):
    __tablename__ = "page"
    reading_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("reading.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    label: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(String(12))
    confidence: Mapped[float | None] = mapped_column(Float)
    picture: Mapped[bool] = mapped_column(Boolean, default=False)
    note: Mapped[str] = mapped_column(Text, default="")


class PlaceColumns:
    """A `Place`, as nullable columns: some values stand in no text (file names, metadata)."""

    part: Mapped[int | None] = mapped_column(Integer)
    page: Mapped[int | None] = mapped_column(Integer)
    start: Mapped[int | None] = mapped_column(Integer)
    end: Mapped[int | None] = mapped_column(Integer)
    quote: Mapped[str] = mapped_column(Text, default="")


class IdentityValue(PlaceColumns, Base):
    __tablename__ = "identity"
    # `value` belongs to the key for fields that hold several (content labels).
    __table_args__ = (UniqueConstraint("version_id", "field", "spot", "method", "value"),)
    id: Mapped[uuid.UUID] = primary_key()
    institution_id: Mapped[uuid.UUID] = owned()
    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("version.id"))
    field: Mapped[str] = mapped_column(String(40))
    spot: Mapped[str] = mapped_column(String(40))
    method: Mapped[str] = mapped_column(String(20))
    value: Mapped[str] = mapped_column(Text)
    confidence: Mapped[float] = mapped_column(Float)
    rank: Mapped[int] = mapped_column(Integer)  # 0 is the reading shown; a person's word always is


class RelationRow(PlaceColumns, Base):
    __tablename__ = "relation"
    __table_args__ = (UniqueConstraint("from_version_id", "kind", "target_key", "scope"),)
    id: Mapped[uuid.UUID] = primary_key()
    institution_id: Mapped[uuid.UUID] = owned()
    from_version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("version.id"))
    kind: Mapped[str] = mapped_column(String(20))
    target_key: Mapped[str] = mapped_column(Text, index=True)
    scope: Mapped[str] = mapped_column(Text, default="all")
    effective: Mapped[str] = mapped_column(String(10), default="")


class FindingRow(PlaceColumns, Base):
    __tablename__ = "finding"
    __table_args__ = (UniqueConstraint("version_id", "kind", "part", "page", "start", "end"),)
    id: Mapped[uuid.UUID] = primary_key()
    institution_id: Mapped[uuid.UUID] = owned()
    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("version.id"))
    kind: Mapped[str] = mapped_column(String(40))
    severity: Mapped[str] = mapped_column(String(1))
    detail: Mapped[str] = mapped_column(Text)


class Tagging(Base):
    __tablename__ = "tagging"
    __table_args__ = (UniqueConstraint("version_id", "fingerprint"),)
    id: Mapped[uuid.UUID] = primary_key()
    institution_id: Mapped[uuid.UUID] = owned()
    version_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("version.id"))
    fingerprint: Mapped[str] = mapped_column(String(80))  # which rulebook, in which version


class MatchRow(Base):
    __tablename__ = "match"
    __table_args__ = (Index("ix_match_indicator_criterion", "institution_id", "indicator", "criterion"),)
    id: Mapped[uuid.UUID] = primary_key()
    institution_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("institution.id"))
    tagging_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("tagging.id", ondelete="CASCADE"), index=True)
    indicator: Mapped[str] = mapped_column(String(20))
    criterion: Mapped[str | None] = mapped_column(String(120))
    part: Mapped[int] = mapped_column(Integer)
    page: Mapped[int] = mapped_column(Integer)
    start: Mapped[int] = mapped_column(Integer)
    end: Mapped[int] = mapped_column(Integer)
    quote: Mapped[str] = mapped_column(Text)
    article: Mapped[str] = mapped_column(Text)
    score: Mapped[float] = mapped_column(Float)
    rule: Mapped[str] = mapped_column(String(120))
    reasons: Mapped[list[str]]
    value: Mapped[str] = mapped_column(Text, default="")


# --- what people decided ---


class Link(Base):
    """A passage, URL or note put forward for a criterion of a period. Kept for ever; see `Decision`."""

    __tablename__ = "link"
    __table_args__ = (
        UniqueConstraint("period_id", "criterion", "anchor"),
        CheckConstraint("version_id is not null or url is not null or note is not null", name="has_substance"),
    )
    id: Mapped[uuid.UUID] = primary_key()
    institution_id: Mapped[uuid.UUID] = owned()
    period_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("period.id"))
    criterion: Mapped[str] = mapped_column(String(120))
    anchor: Mapped[str] = mapped_column(String(64))
    version_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("version.id"))
    part: Mapped[int | None] = mapped_column(Integer)
    page: Mapped[int | None] = mapped_column(Integer)
    start: Mapped[int | None] = mapped_column(Integer)
    end: Mapped[int | None] = mapped_column(Integer)
    quote: Mapped[str] = mapped_column(Text, default="")
    article: Mapped[str] = mapped_column(Text, default="")
    value: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str | None] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    origin: Mapped[str] = mapped_column(String(160))  # "rule:<id>" or "person"


class Decision(Base):
    """What a person decided about a link; only ever added, the newest counts. `undone` takes the last one back."""

    __tablename__ = "decision"
    id: Mapped[uuid.UUID] = primary_key()
    institution_id: Mapped[uuid.UUID] = owned()
    link_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("link.id"), index=True)
    verdict: Mapped[str] = mapped_column(String(20))  # accepted, rejected, returned, undone
    reason: Mapped[str] = mapped_column(Text, default="")
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime] = mapped_column(default=now)


# --- work ---


class Job(Base):
    """One thing to do. This table is the truth about all work; a queue message only says "wake up"."""

    __tablename__ = "job"
    __table_args__ = (
        UniqueConstraint("kind", "subject", "revision"),
        Index("ix_job_due", "queue", "state", "not_before"),
    )
    id: Mapped[uuid.UUID] = primary_key()
    # Empty for work that belongs to the whole instance (rebuild_index).
    institution_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("institution.id"), index=True)
    kind: Mapped[str] = mapped_column(String(30))  # process, ocr, rebuild_index
    subject: Mapped[uuid.UUID]  # the version to process, or the reading to recognise pages of
    revision: Mapped[int] = mapped_column(Integer, default=0)  # of an ocr job: the first page of its chunk
    queue: Mapped[str] = mapped_column(String(20))  # text, ocr, index, maintenance
    priority: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(String(12), default="waiting")  # waiting, running, parked, done, failed
    stage: Mapped[str] = mapped_column(String(20), default="waiting")  # waiting, reading, ocr, tagging, indexing
    progress: Mapped[str] = mapped_column(String(40), default="")  # "14/46"
    owner: Mapped[str] = mapped_column(String(80), default="")
    lease: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(Integer, default=0)
    # Not "now": a clock that is set back would make all that waits wait for it.
    not_before: Mapped[datetime] = mapped_column(default=_LONG_AGO)
    error_code: Mapped[str] = mapped_column(String(40), default="")
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class Outbox(Base):
    """Documents the index must learn of, written in the transaction of the change; the indexer drains it."""

    __tablename__ = "outbox"
    document_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("document.id"), primary_key=True)
    revision: Mapped[int] = mapped_column(Integer)
    lease: Mapped[datetime | None]  # until then an indexer has the document in hand


class Audit(Base):
    """Who did what, chained by hashes per institution; only ever added."""

    __tablename__ = "audit"
    institution_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("institution.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(60))
    object: Mapped[str] = mapped_column(Text)
    prev: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
