"""The audit trail: who did what, chained by hashes per institution, so that a removed or altered row shows."""

from __future__ import annotations

import hashlib
import json
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence.db import lock, now
from evidence.models import Audit

_START = "0" * 64


def record(session: Session, institution_id: UUID, actor: str, action: str, subject: str) -> None:
    """Append one row within the caller's transaction."""
    lock(session, f"audit {institution_id}")
    newest = select(Audit).where(Audit.institution_id == institution_id).order_by(Audit.seq.desc()).limit(1)
    last = session.scalars(newest).one_or_none()
    row = Audit(
        institution_id=institution_id,
        seq=last.seq + 1 if last else 1,
        at=now(),
        actor=actor,
        action=action,
        object=subject,
        prev=last.hash if last else _START,
    )
    row.hash = _digest(row)
    session.add(row)
    session.flush()


def verify(session: Session, institution_id: UUID) -> int | None:
    """The number of the first row that does not fit the chain, or None if the chain is whole."""
    prev = _START
    rows = session.scalars(select(Audit).where(Audit.institution_id == institution_id).order_by(Audit.seq))
    for expected, row in enumerate(rows, 1):
        if row.seq != expected or row.prev != prev or row.hash != _digest(row):
            return expected
        prev = row.hash
    return None


def _digest(row: Audit) -> str:
    content = [str(row.institution_id), row.seq, row.at.isoformat(), row.actor, row.action, row.object, row.prev]
    return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()
