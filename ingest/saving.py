"""Writing what was understood of a version: the rows of an earlier run are replaced, a person's words are kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.orm import Session

from evidence.db import uuid7
from evidence.models import Base, FindingRow, IdentityValue, MatchRow, RelationRow, Tagging
from evidence.values import Finding, Match, Place, Value
from ingest.understood import Understood

_MATCH_COLUMNS = ("indicator", "criterion", "article", "score", "rule", "value")
_INSERTS = {
    table: insert(Base.metadata.tables[table.__tablename__])
    for table in (IdentityValue, RelationRow, FindingRow, MatchRow, Tagging)
}
# What an earlier run wrote of a version; a person's words stay.
_REPLACED = (
    delete(IdentityValue).where(IdentityValue.version_id == bindparam("of"), IdentityValue.method != "person"),
    delete(RelationRow).where(RelationRow.from_version_id == bindparam("of")),
    delete(FindingRow).where(FindingRow.version_id == bindparam("of")),
    delete(Tagging).where(Tagging.version_id == bindparam("of")),
)
_SAID = select(IdentityValue.field).where(IdentityValue.version_id == bindparam("of"))


def save(session: Session, institution: UUID, version: UUID, understood: Understood, rules: str) -> None:
    """Replace identity (but what a person said), relations, findings and matches of the version."""
    owned = {"institution_id": institution}
    connection = session.connection()
    for statement in _REPLACED:
        connection.execute(statement, {"of": version})
    said = set(connection.scalars(_SAID, {"of": version}))
    _insert(session, IdentityValue, _identity(understood, said, owned | {"version_id": version}))
    _insert(
        session,
        RelationRow,
        (
            owned
            | {"from_version_id": version, "kind": relation.kind, "target_key": relation.target_key}
            | {"scope": relation.scope, "effective": relation.effective}
            | _place(relation.place, relation.quote)
            for relation in understood.relations
        ),
    )
    _insert(
        session,
        FindingRow,
        (
            owned
            | {"version_id": version, "kind": finding.kind, "severity": finding.severity, "detail": finding.detail}
            | _place(finding.place, finding.quote)
            for finding in _told_once(understood.findings)
        ),
    )
    tagging = uuid7()
    _insert(session, Tagging, [owned | {"id": tagging, "version_id": version, "fingerprint": rules}])
    _insert(session, MatchRow, (owned | {"tagging_id": tagging} | _match(match) for match in understood.matches))


def _told_once(findings: Iterable[Finding]) -> Iterable[Finding]:
    """One finding of a kind at a place: number and year of one line may both contradict the file's name."""
    told: dict[tuple[str, Place | None], Finding] = {}
    for finding in findings:
        if (first := told.get(key := (finding.kind, finding.place))) is None:
            told[key] = finding
        elif finding.detail not in first.detail:
            told[key] = replace(first, detail=f"{first.detail} {finding.detail}")
    return told.values()


def _identity(understood: Understood, said: set[str], owned: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """Ranks begin at 0, or at 1 where a person has `said` what the field is."""
    for field, values in understood.identity.fields.items():
        seen: set[tuple[str, str, str]] = set()
        for rank, value in enumerate(values, start=int(field in said)):
            if (key := (value.spot, value.method, value.value)) not in seen:
                seen.add(key)
                yield owned | {"field": field, "rank": rank} | _value(value)


def _value(value: Value) -> dict[str, Any]:
    kept = {"value": value.value, "confidence": value.confidence, "spot": value.spot, "method": value.method}
    return kept | _place(value.place, value.quote)


def _match(match: Match) -> dict[str, Any]:
    columns = {name: getattr(match, name) for name in _MATCH_COLUMNS}
    return columns | _place(match.place, match.quote) | {"reasons": list(match.reasons)}


def _place(place: Place | None, quote: str) -> dict[str, Any]:
    if place is None:
        return {"part": None, "page": None, "start": None, "end": None, "quote": quote}
    return {"part": place.part, "page": place.page, "start": place.start, "end": place.end, "quote": quote}


def _insert(session: Session, table: Any, rows: Iterable[dict[str, Any]]) -> None:
    if values := [{"id": uuid7()} | row for row in rows]:
        # Straight to the table: the mapper would look at each row on its way.
        session.connection().execute(_INSERTS[table], values)
