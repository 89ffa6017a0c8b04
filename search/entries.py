"""What the database knows of documents, as entries for the index and as the texts of its hits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from evidence.documents import PROPOSED
from evidence.models import Document, IdentityValue, MatchRow, Page, Reading, Tagging, Unit, Version, VersionPart
from evidence.values import Words
from search.index import IndexEntry, PageEntry

# The words of these pages of a reading.
WordsOf = Callable[[UUID, Collection[int]], Mapping[int, Words]]

_IDENTITY = ("title", "doc_type", "number", "year")


@dataclass(frozen=True, slots=True)
class Outline:
    """An entry that lacks its pages yet: a large document holds thousands, so that they are loaded one by one."""

    entry: IndexEntry
    parts: tuple[PartOutline, ...]

    def fill(self, words_of: WordsOf) -> IndexEntry:
        pages = []
        for part in self.parts:
            if part.reading is None:
                continue
            words = words_of(part.reading, [number for number, _ in part.pages])
            pages += [PageEntry(part.ordinal, at, label, part.sha256, words[at]) for at, label in part.pages]
        return replace(self.entry, pages=tuple(pages))


@dataclass(frozen=True, slots=True)
class PartOutline:
    """`reading` is None as long as nothing of the part is read."""

    ordinal: int
    sha256: str
    name: str
    reading: UUID | None
    pages: tuple[tuple[int, str], ...]  # number, label


def load_outlines(session: Session, documents: Collection[UUID]) -> list[Outline]:
    """The documents as they are now, without those that are withdrawn, gone, or have no version yet."""
    rows = session.execute(
        select(
            Document.id,
            Document.revision,
            Document.institution_id,
            Document.confidentiality,
            Document.unit_id,
            Unit.name.label("unit_name"),
            Version.id.label("version"),
        )
        .join(Version, Version.id == Document.current_version_id)
        .outerjoin(Unit, Unit.id == Document.unit_id)
        .where(Document.id.in_(documents), Document.withdrawn_at.is_(None))
    ).all()
    versions = [row.version for row in rows]
    parts = _parts(session, versions)
    identities, indicators = _identities(session, versions), _indicators(session, versions)
    outlines = []
    for row in rows:
        held, identity = parts[row.version], identities[row.version]
        if not held:
            continue
        year = identity.get("year", "")
        entry = IndexEntry(
            document=row.id,
            revision=row.revision,
            institution=row.institution_id,
            version=row.version,
            sha256=held[0].sha256,
            name=held[0].name,
            confidentiality=row.confidentiality,
            unit=row.unit_id,
            unit_name=row.unit_name or "",
            title=identity.get("title", ""),
            doc_type=identity.get("doc_type", ""),
            number=identity.get("number", ""),
            year=int(year) if year.isascii() and year.isdigit() and len(year) == 4 else None,
            indicators=tuple(indicators[row.version]),
        )
        outlines.append(Outline(entry, tuple(held)))
    return outlines


def newest_readings(session: Session, blobs: Collection[str]) -> Mapping[str, UUID]:
    """For each blob the reading to use: the newest complete one, else the newest that has any page."""
    return dict(session.connection().execute(_READINGS, {"blobs": list(blobs)}).all())


_READINGS = (
    select(Reading.blob_sha256, Reading.id)
    .where(Reading.blob_sha256.in_(bindparam("blobs", expanding=True)), Reading.pages_done > 0)
    # Later ones overwrite earlier ones; complete ones come last.
    .order_by(Reading.pages_done >= Reading.pages_expected, Reading.id)
)


def _parts(session: Session, versions: Collection[UUID]) -> Mapping[UUID, list[PartOutline]]:
    of = VersionPart
    rows = session.execute(
        select(of.version_id, of.ordinal, of.blob_sha256, of.name, of.page_from, of.page_to)
        .where(of.version_id.in_(versions))
        .order_by(of.version_id, of.ordinal)
    ).all()
    readings = newest_readings(session, {row.blob_sha256 for row in rows})
    pages: dict[UUID | None, list[tuple[int, str]]] = defaultdict(list)
    labels = select(Page.reading_id, Page.number, Page.label).where(Page.reading_id.in_(readings.values()))
    for of_reading, number, label in session.execute(labels.order_by(Page.reading_id, Page.number)):
        pages[of_reading].append((number, label))
    parts: dict[UUID, list[PartOutline]] = defaultdict(list)
    for version, ordinal, sha256, name, first, last in rows:
        reading = readings.get(sha256)
        own = tuple(page for page in pages[reading] if (first or 1) <= page[0] <= (last or page[0]))
        parts[version].append(PartOutline(ordinal, sha256, name, reading, own))
    return parts


def _identities(session: Session, versions: Collection[UUID]) -> Mapping[UUID, dict[str, str]]:
    rows = session.execute(
        select(IdentityValue.version_id, IdentityValue.field, IdentityValue.value).where(
            IdentityValue.version_id.in_(versions), IdentityValue.rank == 0, IdentityValue.field.in_(_IDENTITY)
        )
    )
    identities: dict[UUID, dict[str, str]] = defaultdict(dict)
    for version, field, value in rows:
        identities[version][field] = value
    return identities


def _indicators(session: Session, versions: Collection[UUID]) -> Mapping[UUID, list[str]]:
    """Codes with a match that is shown as a proposal."""
    rows = session.execute(
        select(Tagging.version_id, MatchRow.indicator)
        .join(MatchRow, MatchRow.tagging_id == Tagging.id)
        .where(Tagging.version_id.in_(versions), MatchRow.score >= PROPOSED)
        .distinct()
        .order_by(MatchRow.indicator)
    )
    indicators: dict[UUID, list[str]] = defaultdict(list)
    for version, code in rows:
        indicators[version].append(code)
    return indicators
