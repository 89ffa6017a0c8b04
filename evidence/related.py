"""What one document does to others and others to it: the relations of both directions, with the documents held here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence.access import Access
from evidence.documents import DocumentDetail
from evidence.models import Document, IdentityValue, RelationRow
from evidence.values import Place


@dataclass(frozen=True, slots=True)
class Related:
    """One relation seen from a document. `back` means the other act does it to this one.

    `key` is the other act's legal key, `document` the document held for it, if any. `place` and `quote` stand in the
    document that says so: this one, or with `back` the other.
    """

    kind: str
    back: bool
    key: str
    document: UUID | None
    scope: str
    place: Place
    quote: str


def related(session: Session, access: Access, detail: DocumentDetail) -> tuple[Related, ...]:
    """First what this document says of others, then what others say of it; only what `access` may see."""
    held = _held(session, access, {relation.target_key for relation in detail.relations})
    said = [
        Related(
            relation.kind,
            False,
            relation.target_key,
            held.get(relation.target_key),
            relation.scope,
            relation.place,
            relation.quote,
        )
        for relation in detail.relations
    ]
    return (*said, *_said_by_others(session, access, detail))


def _said_by_others(session: Session, access: Access, detail: DocumentDetail) -> list[Related]:
    key = detail.identity.value("key")
    if not key:
        return []
    rows = session.execute(
        select(RelationRow, Document.id, IdentityValue.value)
        .select_from(RelationRow)
        .join(Document, Document.current_version_id == RelationRow.from_version_id)
        .outerjoin(
            IdentityValue,
            (IdentityValue.version_id == RelationRow.from_version_id)
            & (IdentityValue.field == "key")
            & (IdentityValue.rank == 0),
        )
        .where(access.documents(), RelationRow.target_key == key, Document.id != detail.row.id)
        .order_by(Document.id)
    )
    return [
        Related(
            row.kind,
            True,
            other or "",
            document,
            row.scope,
            Place(row.part or 0, row.page or 1, row.start or 0, row.end or 0),
            row.quote,
        )
        for row, document, other in rows
    ]


def _held(session: Session, access: Access, keys: Collection[str]) -> dict[str, UUID]:
    """The visible document for each legal key; the newest where there are several."""
    rows = session.execute(
        select(IdentityValue.value, Document.id)
        .join(Document, Document.current_version_id == IdentityValue.version_id)
        .where(access.documents(), IdentityValue.field == "key", IdentityValue.value.in_(keys))
        .order_by(Document.id)
    )
    return {row.value: row.id for row in rows}
