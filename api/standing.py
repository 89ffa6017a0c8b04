"""How a document stands at the period's cut-off date: in force, changed, at an end; and why it may not count."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from api.deps import Frame
from api.labels import label
from evidence.report import Judged, judge
from evidence.values import Objection, Place
from evidence.wording import spell_iso

# How the day in `Status.since` is said: the day of the change, or the last or first day of the act itself.
_SINCE = {"expired": ", berlaku sampai {day}", "not_yet": ", berlaku mulai {day}"}


@dataclass(frozen=True, slots=True)
class Standing:
    """`code` is a status code. `source` is the document that revoked or changed this one, if it is held here.

    `objections` are those that the status does not already say; `place` is where the status stands in `source`.
    """

    code: str
    words: str
    objections: tuple[Objection, ...]
    source: UUID | None
    place: Place | None

    @property
    def notable(self) -> bool:
        """Whether people should see it wherever the document is listed."""
        return self.code not in ("in_force", "unknown")


def standings(session: Session, frame: Frame, documents: Collection[UUID]) -> dict[UUID, Standing]:
    """How each of these documents stands, by document."""
    judged = judge(session, frame.access, frame.institution, frame.period, documents)
    return {each.id: standing_of(each, judged) for each in judged.values()}


def standing_of(judged: Judged, held: Mapping[UUID, Judged]) -> Standing:
    """`held` are the documents, by version, among which the one that changed this one is looked for."""
    status = judged.status
    other = held.get(UUID(status.source)) if status.source else None
    words = label("validity", status.code) + (f" dengan {status.by}" if status.by else "")
    if status.since:
        words += _SINCE.get(status.code, " sejak {day}").format(day=spell_iso(status.since))
    objections = tuple(each for each in judged.objections if each.code != status.code)
    return Standing(status.code, words, objections, other.id if other else None, status.place if other else None)
