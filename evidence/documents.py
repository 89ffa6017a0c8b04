"""Documents as pages and programs see them. Every query carries the Access condition; nothing is filtered later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from evidence.access import Access
from evidence.errors import NotFound
from evidence.models import (
    Blob,
    Document,
    FindingRow,
    IdentityValue,
    Job,
    MatchRow,
    Outbox,
    Page,
    PlaceColumns,
    Reading,
    RelationRow,
    Tagging,
    Unit,
    Version,
    VersionPart,
)
from evidence.values import Finding, Identity, Match, Place, Relation, Value

# A match with at least this score is shown as a proposal by default.
PROPOSED = 0.5

# In these states a document stays until somebody acts.
SETTLED = frozenset({"done", "failed"})

# States people see: waiting, reading, ocr, tagging, indexing, done, failed. A processed document is done only when
# the index commit that holds it is durable, that is, when its outbox row is gone.
_STATE = case(
    (Job.state == "failed", "failed"),
    (Job.state == "waiting", "waiting"),
    (Job.state.in_(("running", "parked")), Job.stage),
    (Outbox.document_id.is_not(None), "indexing"),
    else_="done",
)


@dataclass(frozen=True, slots=True)
class DocumentFilter:
    text: str = ""  # in title, file name or number
    doc_type: str = ""
    year: str = ""
    unit: str = ""
    state: str = ""
    indicator: str = ""
    batch: UUID | None = None
    period: UUID | None = None


@dataclass(frozen=True, slots=True)
class DocumentRow:
    id: UUID
    title: str
    name: str
    folder: str
    doc_type: str
    number: str
    year: str
    unit: str
    state: str
    progress: str
    error_code: str
    error: str
    pages: int
    uploaded_at: datetime
    indicators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    rows: tuple[DocumentRow, ...]
    total: int
    facets: Mapping[str, tuple[tuple[str, int], ...]]  # doc_type, year, unit, state: (value, count), most first


@dataclass(frozen=True, slots=True)
class PartView:
    ordinal: int
    role: str
    name: str
    sha256: str
    mime: str
    size: int
    pages: int


@dataclass(frozen=True, slots=True)
class PageRow:
    """How one page was read."""

    part: int
    number: int
    label: str
    method: str
    confidence: float | None
    note: str


@dataclass(frozen=True, slots=True)
class DocumentDetail:
    row: DocumentRow
    version: UUID
    parts: tuple[PartView, ...]
    pages: tuple[PageRow, ...]
    identity: Identity
    findings: tuple[Finding, ...]
    relations: tuple[Relation, ...]
    matches: tuple[Match, ...]


@dataclass(frozen=True, slots=True)
class PageView:
    part: int
    number: int
    count: int
    label: str
    text: str
    method: str
    confidence: float | None
    note: str
    reading: Reading
    mime: str


def list_documents(
    session: Session, access: Access, wanted: DocumentFilter | None = None, page: int = 1, size: int = 50
) -> Listing:
    """Visible documents, newest first; facet counts under the same filter and permissions."""
    base = _rows(access, wanted or DocumentFilter()).subquery()
    rows = session.execute(select(base).order_by(base.c.id.desc()).limit(size).offset((page - 1) * size)).all()
    tags = _indicators(session, [row.version for row in rows])
    facets = {name: _counts(session, base, name) for name in ("doc_type", "year", "unit", "state")}
    total = session.scalar(select(func.count()).select_from(base)) or 0
    return Listing(tuple(_row(row, tags.get(row.version, ())) for row in rows), total, facets)


def count_states(session: Session, access: Access, batch: UUID | None = None) -> Counter[str]:
    """How many visible documents are in which state, of one batch or of all; cheap enough to ask often."""
    query = (
        select(_STATE, func.count())
        .select_from(Document)
        .join(Version, Version.id == Document.current_version_id)
        .outerjoin(Job, (Job.kind == "process") & (Job.subject == Version.id))
        .outerjoin(Outbox, Outbox.document_id == Document.id)
        .where(access.documents())
        .group_by(_STATE)
    )
    if batch is not None:
        query = query.where(Version.batch_id == batch)
    return Counter({state: count for state, count in session.execute(query)})  # noqa: C416 (rows are no pairs to dict)


def get_document(session: Session, access: Access, document: UUID) -> DocumentDetail:
    """Everything about one visible document; raises NotFound."""
    row = session.execute(_rows(access, DocumentFilter()).where(Document.id == document)).one_or_none()
    if row is None:
        raise NotFound()
    version: UUID = row.version
    pages = tuple(PageRow(*page) for page in session.execute(_pages(version)))
    return DocumentDetail(
        row=_row(row, _indicators(session, [version]).get(version, ())),
        version=version,
        parts=tuple(PartView(*part) for part in session.execute(_parts(version))),
        pages=pages,
        identity=load_identities(session, [version]).get(version, Identity()),
        findings=load_findings(session, [version]).get(version, ()),
        relations=tuple(
            Relation(row.kind, row.target_key, _place(row) or Place(0, 1, 0, 0), row.quote, row.scope, row.effective)
            for row in session.scalars(select(RelationRow).where(RelationRow.from_version_id == version))
        ),
        matches=tuple(
            Match(
                row.indicator,
                row.criterion,
                Place(row.part, row.page, row.start, row.end),
                row.quote,
                row.article,
                row.score,
                row.rule,
                tuple(row.reasons),
                row.value,
            )
            for row in session.scalars(
                select(MatchRow)
                .join(Tagging, Tagging.id == MatchRow.tagging_id)
                .where(Tagging.version_id == version)
                .order_by(MatchRow.part, MatchRow.page, MatchRow.start)
            )
        ),
    )


def get_page(session: Session, access: Access, document: UUID, part: int, number: int) -> PageView:
    """One page of the current version of a visible document; raises NotFound."""
    row = session.execute(
        select(Page, Reading, Blob.mime)
        .select_from(Document)
        .join(VersionPart, VersionPart.version_id == Document.current_version_id)
        .join(Blob, Blob.sha256 == VersionPart.blob_sha256)
        .join(Reading, Reading.id == newest_reading_id(VersionPart.blob_sha256))
        .join(Page, Page.reading_id == Reading.id)
        .where(access.documents(), Document.id == document, VersionPart.ordinal == part, Page.number == number)
    ).one_or_none()
    if row is None:
        raise NotFound()
    page, reading, mime = row
    return PageView(
        part=part,
        number=number,
        count=reading.pages_done,
        label=page.label,
        text=page.text,
        method=page.method,
        confidence=page.confidence,
        note=page.note,
        reading=reading,
        mime=mime,
    )


def get_original(session: Session, access: Access, document: UUID, part: int) -> PartView:
    """The part of a visible document whose original bytes are wanted; raises NotFound."""
    version = session.scalar(select(Document.current_version_id).where(access.documents(), Document.id == document))
    row = session.execute(_parts(version).where(VersionPart.ordinal == part)).one_or_none() if version else None
    if row is None:
        raise NotFound()
    return PartView(*row)


def units(session: Session, access: Access) -> Sequence[Unit]:
    return session.scalars(select(Unit).where(Unit.institution_id == access.institution).order_by(Unit.name)).all()


def load_identities(session: Session, versions: Sequence[UUID]) -> dict[UUID, Identity]:
    """Identity per version, each field's readings best first; what a person said stands before all others."""
    fields: dict[UUID, dict[str, list[Value]]] = {}
    for row in session.scalars(
        select(IdentityValue).where(IdentityValue.version_id.in_(versions)).order_by(IdentityValue.rank)
    ):
        value = Value(row.value, row.confidence, row.spot, row.method, _place(row), row.quote)
        fields.setdefault(row.version_id, {}).setdefault(row.field, []).append(value)
    return {
        version: Identity({name: tuple(values) for name, values in named.items()}) for version, named in fields.items()
    }


def load_findings(session: Session, versions: Sequence[UUID]) -> dict[UUID, tuple[Finding, ...]]:
    found: dict[UUID, tuple[Finding, ...]] = {}
    for row in session.scalars(select(FindingRow).where(FindingRow.version_id.in_(versions))):
        finding = Finding(row.kind, row.severity, row.detail, _place(row), row.quote)
        found[row.version_id] = (*found.get(row.version_id, ()), finding)
    return found


def _rows(access: Access, wanted: DocumentFilter) -> Select[*tuple[Any, ...]]:
    """One row per visible document: its identity in short, its state, its pages."""
    identity = {name: aliased(IdentityValue) for name in ("title", "doc_type", "number", "year")}
    held = aliased(VersionPart)
    pages = (
        select(func.coalesce(func.sum(Reading.pages_done), 0))
        .join(held, Reading.id == newest_reading_id(held.blob_sha256))
        .where(held.version_id == Version.id)
        .correlate(Version)
        .scalar_subquery()
    )
    columns = {name: func.coalesce(value.value, "").label(name) for name, value in identity.items()}
    columns["unit"] = func.coalesce(Unit.name, "").label("unit")
    columns["state"] = _STATE.label("state")
    query = (
        select(
            Document.id,
            Version.id.label("version"),
            VersionPart.name.label("name"),
            Version.folder_hint.label("folder"),
            *columns.values(),
            func.coalesce(Job.progress, "").label("progress"),
            func.coalesce(Job.error_code, "").label("error_code"),
            func.coalesce(Job.error, "").label("error"),
            pages.label("pages"),
            Version.at.label("uploaded_at"),
        )
        .join(Version, Version.id == Document.current_version_id)
        .join(VersionPart, (VersionPart.version_id == Version.id) & (VersionPart.ordinal == 0))
        .outerjoin(Unit, Unit.id == Document.unit_id)
        .outerjoin(Job, (Job.kind == "process") & (Job.subject == Version.id))
        .outerjoin(Outbox, Outbox.document_id == Document.id)
        .where(access.documents())
    )
    for name, value in identity.items():
        query = query.outerjoin(value, (value.version_id == Version.id) & (value.field == name) & (value.rank == 0))
    return _narrow(query, columns, wanted)


def _narrow(
    query: Select[*tuple[Any, ...]], columns: Mapping[str, Any], wanted: DocumentFilter
) -> Select[*tuple[Any, ...]]:
    for name in ("doc_type", "year", "unit", "state"):
        if value := getattr(wanted, name):
            query = query.where(columns[name] == value)
    if wanted.text:
        texts = (columns["title"], columns["number"], VersionPart.name)
        query = query.where(or_(*(text.icontains(wanted.text, autoescape=True) for text in texts)))
    if wanted.batch:
        query = query.where(Version.batch_id == wanted.batch)
    if wanted.indicator:
        tagged = (
            select(Tagging.version_id)
            .join(MatchRow, MatchRow.tagging_id == Tagging.id)
            .where(MatchRow.indicator == wanted.indicator, MatchRow.score >= PROPOSED)
        )
        query = query.where(Version.id.in_(tagged))
    return query


def _row(row: Any, indicators: tuple[str, ...]) -> DocumentRow:
    return DocumentRow(
        id=row.id,
        title=row.title or row.name,
        name=row.name,
        folder=row.folder,
        doc_type=row.doc_type,
        number=row.number,
        year=row.year,
        unit=row.unit,
        state=row.state,
        progress=row.progress,
        error_code=row.error_code,
        error=row.error,
        pages=row.pages,
        uploaded_at=row.uploaded_at,
        indicators=indicators,
    )


def _indicators(session: Session, versions: Sequence[UUID]) -> dict[UUID, tuple[str, ...]]:
    """The indicators each version is tagged with, in the instrument's order."""
    pairs = session.execute(
        select(Tagging.version_id, MatchRow.indicator)
        .join(MatchRow, MatchRow.tagging_id == Tagging.id)
        .where(Tagging.version_id.in_(versions), MatchRow.score >= PROPOSED)
        .distinct()
    )
    tags: dict[UUID, list[str]] = {}
    for version, indicator in pairs:
        tags.setdefault(version, []).append(indicator)
    return {version: tuple(sorted(codes, key=lambda code: (len(code), code))) for version, codes in tags.items()}


def _counts(session: Session, rows: Any, name: str) -> tuple[tuple[str, int], ...]:
    column = rows.c[name]
    counts = select(column, func.count()).where(column != "").group_by(column).order_by(func.count().desc(), column)
    return tuple((value, count) for value, count in session.execute(counts))


def _parts(version: UUID) -> Select[*tuple[Any, ...]]:
    done = (
        select(Reading.pages_done)
        .where(Reading.blob_sha256 == VersionPart.blob_sha256)
        .order_by(Reading.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            VersionPart.ordinal,
            VersionPart.role,
            VersionPart.name,
            Blob.sha256,
            Blob.mime,
            Blob.size,
            func.coalesce(done, 0),
        )
        .join(Blob, Blob.sha256 == VersionPart.blob_sha256)
        .where(VersionPart.version_id == version)
        .order_by(VersionPart.ordinal)
    )


def _pages(version: UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(VersionPart.ordinal, Page.number, Page.label, Page.method, Page.confidence, Page.note)
        .select_from(VersionPart)
        .join(Reading, Reading.id == newest_reading_id(VersionPart.blob_sha256))
        .join(Page, Page.reading_id == Reading.id)
        .where(VersionPart.version_id == version)
        .order_by(VersionPart.ordinal, Page.number)
    )


def newest_reading_id(sha256: Any) -> Any:
    """The id of the newest reading of a blob; ids are ordered by time."""
    newest = aliased(Reading)
    return select(newest.id).where(newest.blob_sha256 == sha256).order_by(newest.id.desc()).limit(1).scalar_subquery()


def _place(row: PlaceColumns) -> Place | None:
    if row.part is None or row.page is None or row.start is None or row.end is None:
        return None
    return Place(row.part, row.page, row.start, row.end)
