"""What people decide about proposals: a link is written when a person acts, and its decisions are kept for ever."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from evidence.access import DECIDERS, Access
from evidence.analysis import fold_text
from evidence.audit import record
from evidence.db import now
from evidence.errors import InvalidInput, NotFound
from evidence.models import Decision, Document, Link, MatchRow, Period, Tagging, Version, VersionPart

VERDICTS = ("accepted", "rejected", "returned")


def decide(
    session: Session,
    access: Access,
    period: UUID,
    ref: str,
    verdict: str,
    reason: str = "",
    at: datetime | None = None,
) -> UUID:
    """Accept, reject or return a proposal (`match:<id>`) or an earlier link (`link:<id>`); the link's id.

    `at` is for decisions brought in from elsewhere; now by default.

    Raises NotAllowed, NotFound, InvalidInput (unknown verdict, or a rejection without its reason).
    """
    access.require(DECIDERS)
    if verdict not in VERDICTS:
        raise InvalidInput("Keputusan tidak dikenal.")
    if verdict != "accepted" and not reason.strip():
        raise InvalidInput("Alasan wajib diisi bila bukti ditolak atau dikembalikan.")
    if (
        session.scalar(select(Period.id).where(Period.id == period, Period.institution_id == access.institution))
        is None
    ):
        raise NotFound()
    kind, _, number = ref.partition(":")
    identifier = _uuid(number)
    link = (
        _link_of_match(session, access, period, identifier) if kind == "match" else _link(session, access, identifier)
    )
    if link.period_id != period:
        raise NotFound()
    _decide(session, access, link, verdict, reason.strip(), at or now())
    return link.id


def undo(session: Session, access: Access, link: UUID) -> None:
    """Take the last decision back; the link is a proposal again, and both acts stay in its history."""
    access.require(DECIDERS)
    _decide(session, access, _link(session, access, link), "undone", "", now())


def anchor(criterion: str, sha256: str, page: int, quote: str) -> str:
    """What makes two links the same: criterion, bytes, page and the words, however they are spaced."""
    words = " ".join(fold_text(quote).split())
    return hashlib.sha256(f"{criterion}\n{sha256}\n{page}\n{words}".encode()).hexdigest()


def _decide(session: Session, access: Access, link: Link, verdict: str, reason: str, at: datetime) -> None:
    assert access.account is not None, "deciders are signed in"
    session.add(
        Decision(
            institution_id=access.institution,
            link_id=link.id,
            verdict=verdict,
            reason=reason,
            account_id=access.account,
            at=at,
        )
    )
    record(session, access.institution, access.name, f"decision.{verdict}", f"{link.criterion} {link.id}")


def _link(session: Session, access: Access, link: UUID) -> Link:
    """A link of the institution whose document the person may see."""
    row = session.scalars(
        select(Link)
        .join(Version, Version.id == Link.version_id)
        .join(Document, Document.id == Version.document_id)
        .where(access.documents(), Link.id == link, Link.institution_id == access.institution)
    ).one_or_none()
    if row is None:
        raise NotFound()
    return row


def _link_of_match(session: Session, access: Access, period: UUID, match: UUID) -> Link:
    row = session.execute(
        select(MatchRow, Tagging.version_id, VersionPart.blob_sha256)
        .join(Tagging, Tagging.id == MatchRow.tagging_id)
        .join(Document, Document.current_version_id == Tagging.version_id)
        .join(VersionPart, (VersionPart.version_id == Tagging.version_id) & (VersionPart.ordinal == MatchRow.part))
        .where(access.documents(), MatchRow.id == match, MatchRow.criterion.is_not(None))
    ).one_or_none()
    if row is None:
        raise NotFound("Usulan ini sudah tidak ada; dokumen mungkin baru ditandai ulang. Muat ulang halaman.")
    found, version, sha256 = row
    assert found.criterion is not None
    mark = anchor(found.criterion, sha256, found.page, found.quote)
    known = select(Link).where(Link.period_id == period, Link.criterion == found.criterion, Link.anchor == mark)
    link = session.scalars(known).one_or_none()
    if link is None:
        link = Link(
            institution_id=access.institution,
            period_id=period,
            criterion=found.criterion,
            anchor=mark,
            version_id=version,
            part=found.part,
            page=found.page,
            start=found.start,
            end=found.end,
            quote=found.quote,
            article=found.article,
            value=found.value,
            origin=f"rule:{found.rule}",
        )
        session.add(link)
        session.flush()
    return link


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound() from error
