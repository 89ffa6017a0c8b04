"""Who is asking. `Access` is an argument of every read of institution-owned data and is applied inside the query."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, or_

from evidence.errors import NotAllowed
from evidence.models import Document

DECIDERS = frozenset({"admin", "coordinator"})
UPLOADERS = frozenset({"admin", "coordinator", "legal_bureau", "unit"})


@dataclass(frozen=True, slots=True)
class Access:
    """One account's sight of one institution.

    `units` limits restricted documents to those units' own; None means every unit.
    `confidentiality` is the highest level seen: 0 open, 1 internal, 2 restricted.
    """

    institution: UUID
    account: UUID | None
    roles: frozenset[str]
    units: frozenset[UUID] | None = None
    confidentiality: int = 2
    name: str = ""

    def documents(self) -> ColumnElement[bool]:
        """The condition under which a document is visible; for the WHERE of every query that touches documents."""
        condition = Document.institution_id == self.institution
        condition &= Document.confidentiality <= self.confidentiality
        condition &= Document.withdrawn_at.is_(None)
        if self.units is not None:
            condition &= or_(Document.confidentiality == 0, Document.unit_id.in_(self.units))
        return condition

    def require(self, roles: frozenset[str]) -> None:
        """Raise `NotAllowed` unless the account holds one of `roles`."""
        if not self.roles & roles:
            raise NotAllowed()
