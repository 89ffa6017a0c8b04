"""What the database knows of documents, as entries for the index and as the texts of its hits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence.documents import PROPOSED
from evidence.models import Document, IdentityValue, MatchRow, Page, Reading, Tagging, Unit, Version, VersionPart
from evidence.values import Tokens
from search.index import IndexEntry, PageEntry

TokensOf = Callable[[UUID, int], Tokens]


def load_entry(session: Session, document_id: UUID, tokens_of: TokensOf) -> IndexEntry | None:
    """The document with all its pages as they are now; None if it is withdrawn, gone, or has no version yet."""
    row = session.execute(
        select(Document, Version, Unit)
        .join(Version, Version.id == Document.current_version_id)
        .outerjoin(Unit, Unit.id == Document.unit_id)
        .where(Document.id == document_id, Document.withdrawn_at.is_(None))
    ).one_or_none()
    if row is None:
        return None
    document, version, unit = row
    parts = session.scalars(
        select(VersionPart).where(VersionPart.version_id == version.id).order_by(VersionPart.ordinal)
    ).all()
    if not parts:
        return None
    identity = _identity(session, version.id)
    year = identity.get("year", "")
    return IndexEntry(
        document=document.id,
        revision=document.revision,
        institution=document.institution_id,
        version=version.id,
        sha256=parts[0].blob_sha256,
        name=parts[0].name,
        confidentiality=document.confidentiality,
        unit=unit.id if unit else None,
        unit_name=unit.name if unit else "",
        title=identity.get("title", ""),
        doc_type=identity.get("doc_type", ""),
        number=identity.get("number", ""),
        year=int(year) if year.isascii() and year.isdigit() and len(year) == 4 else None,
        indicators=_indicators(session, version.id),
        pages=_pages(session, parts, tokens_of),
    )


def newest_readings(session: Session, blobs: Collection[str]) -> Mapping[str, Reading]:
    """For each blob the reading to use: the newest complete one, else the newest that has any page."""
    readings = session.scalars(
        select(Reading).where(Reading.blob_sha256.in_(blobs), Reading.pages_done > 0).order_by(Reading.id)
    ).all()
    # Later ones overwrite earlier ones; complete ones come last.
    ordered = sorted(readings, key=lambda reading: reading.pages_done >= reading.pages_expected)
    return {reading.blob_sha256: reading for reading in ordered}


def _pages(session: Session, parts: Iterable[VersionPart], tokens_of: TokensOf) -> tuple[PageEntry, ...]:
    parts = list(parts)
    readings = newest_readings(session, {part.blob_sha256 for part in parts})
    entries = []
    for part in parts:
        reading = readings.get(part.blob_sha256)
        if reading is None:
            continue
        pages = select(Page.number, Page.label).where(Page.reading_id == reading.id).order_by(Page.number)
        if part.page_from is not None:
            pages = pages.where(Page.number >= part.page_from)
        if part.page_to is not None:
            pages = pages.where(Page.number <= part.page_to)
        entries += [
            PageEntry(part.ordinal, number, label, part.blob_sha256, tokens_of(reading.id, number))
            for number, label in session.execute(pages)
        ]
    return tuple(entries)


def _identity(session: Session, version: UUID) -> dict[str, str]:
    rows = session.execute(
        select(IdentityValue.field, IdentityValue.value).where(
            IdentityValue.version_id == version,
            IdentityValue.rank == 0,
            IdentityValue.field.in_(("title", "doc_type", "number", "year")),
        )
    )
    return dict(rows.all())


def _indicators(session: Session, version: UUID) -> tuple[str, ...]:
    newest = select(Tagging.id).where(Tagging.version_id == version).order_by(Tagging.id.desc()).limit(1)
    codes = session.scalars(
        select(MatchRow.indicator)
        .where(MatchRow.tagging_id == newest.scalar_subquery(), MatchRow.score >= PROPOSED)
        .distinct()
        .order_by(MatchRow.indicator)
    )
    return tuple(codes)
