"""The gap report of one period: what is proven, what would be if all proposals were accepted, and what to fix first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session, aliased

from evidence.access import Access
from evidence.coverage import Coverage, Gain, gains, measure
from evidence.decisions import anchor
from evidence.documents import PROPOSED, load_findings, load_identities, newest_reading_id
from evidence.edition import Edition, open_edition
from evidence.errors import NotFound
from evidence.maturity import MaturityIndex, maturity_index
from evidence.models import (
    Account,
    Decision,
    Document,
    DocumentPeriod,
    Institution,
    Job,
    Link,
    MatchRow,
    Page,
    Period,
    Reading,
    RelationRow,
    Tagging,
    VersionPart,
)
from evidence.validity import Incoming, national_incoming, objections, status
from evidence.values import AssessmentPeriod, Evidence, Identity, Objection, Place, Relation, Status


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One passage put forward for one criterion, with everything a person needs to judge it.

    `ref` is `match:<id>` for a proposal no one has acted on, else `link:<id>`. `state`: proposed, accepted, rejected,
    returned.
    """

    ref: str
    criterion: str
    state: str
    document_id: UUID
    document_title: str
    doc_type: str
    version: UUID
    part: int
    page: int
    page_label: str
    start: int
    end: int
    article: str
    quote: str
    value: str
    score: float | None
    rule: str
    reasons: tuple[str, ...]
    objections: tuple[Objection, ...]
    link_id: UUID | None = None
    decided_by: str = ""
    decided_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A document of the period with what decides whether it counts."""

    id: UUID
    version: UUID
    name: str
    blobs: Mapping[int, str]  # by part
    identity: Identity
    status: Status
    objections: tuple[Objection, ...]


@dataclass(frozen=True, slots=True)
class GapReport:
    institution: Institution
    period: Period
    edition: Edition
    proven: Coverage  # accepted evidence only
    proposed: Coverage  # if every proposal were accepted
    proven_index: MaturityIndex
    proposed_index: MaturityIndex
    gains: tuple[Gain, ...]  # what to fix first, measured from what is proven
    evidence: Mapping[str, EvidenceView]  # by ref
    documents: Mapping[UUID, Judged]  # by version
    unfinished: int  # documents of the period still being processed


def current_period(session: Session, access: Access, year: int | None = None) -> Period:
    """The institution's period of that year, or its newest; raises NotFound."""
    query = select(Period).where(Period.institution_id == access.institution).order_by(Period.year.desc())
    if year is not None:
        query = query.where(Period.year == year)
    period = session.scalars(query.limit(1)).one_or_none()
    if period is None:
        raise NotFound("Belum ada periode penilaian{year}.", year=f" {year}" if year else "")
    return period


def gap_report(session: Session, access: Access, period: Period) -> GapReport:
    """Everything the period's gap report shows. Reads only what `access` may see."""
    institution = session.get_one(Institution, access.institution)
    edition = open_edition(period.instrument, period.year)
    judged = judge(session, access, institution, period)
    links = tuple(_links(session, access, period, judged))
    proposals = _proposals(session, judged, {_anchor(view, judged) for view in links})
    views = {view.ref: view for view in (*links, *proposals)}
    evidence = [_evidence(view, judged) for view in views.values()]
    accepted = [item for item in evidence if item.state == "accepted"]
    proven = measure(edition, accepted, period.cutoff)
    proposed = measure(edition, evidence, period.cutoff)
    return GapReport(
        institution=institution,
        period=period,
        edition=edition,
        proven=proven,
        proposed=proposed,
        proven_index=maturity_index(edition, proven.levels, period.submitted),
        proposed_index=maturity_index(edition, proposed.levels, period.submitted),
        gains=gains(edition, proven),
        evidence=views,
        documents=judged,
        unfinished=_unfinished(session, access, period),
    )


def judge(
    session: Session,
    access: Access,
    institution: Institution,
    period: Period,
    only: Collection[UUID] | None = None,
) -> dict[UUID, Judged]:
    """The period's visible documents by version, each with its status and objections at the cut-off date.

    `only` narrows to these documents.
    """
    parts: dict[UUID, list[Any]] = defaultdict(list)
    for row in session.execute(
        select(Document.id, VersionPart.version_id, VersionPart.ordinal, VersionPart.name, VersionPart.blob_sha256)
        .join(DocumentPeriod, DocumentPeriod.document_id == Document.id)
        .join(VersionPart, VersionPart.version_id == Document.current_version_id)
        .where(
            access.documents(),
            DocumentPeriod.period_id == period.id,
            true() if only is None else Document.id.in_(only),
        )
        .order_by(Document.id, VersionPart.ordinal)
    ):
        parts[row.version_id].append(row)
    versions = list(parts)
    identities = load_identities(session, versions)
    findings = load_findings(session, versions)
    incoming = _incoming(session, access)
    assessed = AssessmentPeriod(institution.kind, institution.name, period.year, period.cutoff)
    judged = {}
    for version, rows in parts.items():
        identity = identities.get(version, Identity())
        key = identity.value("key")
        edges = [*incoming.get(key, ()), *national_incoming(key)] if key else []
        state = status(identity, [edge for edge in edges if edge.source != str(version)], period.cutoff)
        judged[version] = Judged(
            id=rows[0].id,
            version=version,
            name=rows[0].name,
            blobs={row.ordinal: row.blob_sha256 for row in rows},
            identity=identity,
            status=state,
            objections=tuple(objections(identity, state, findings.get(version, ()), assessed)),
        )
    return judged


def _incoming(session: Session, access: Access) -> dict[str, list[Incoming]]:
    """What the institution's visible documents do to other acts, by the other act's legal key."""
    rows = session.scalars(
        select(RelationRow)
        .join(Document, Document.current_version_id == RelationRow.from_version_id)
        .where(access.documents(), RelationRow.kind.in_(("revokes", "revokes_part", "amends")))
    ).all()
    identities = load_identities(session, [row.from_version_id for row in rows])
    edges: dict[str, list[Incoming]] = defaultdict(list)
    for row in rows:
        relation = Relation(
            row.kind,
            row.target_key,
            Place(row.part or 0, row.page or 1, row.start or 0, row.end or 0),
            row.quote,
            row.scope,
            row.effective,
        )
        acting = identities.get(row.from_version_id, Identity())
        edges[row.target_key].append(Incoming(relation, str(row.from_version_id), acting))
    return edges


def _links(session: Session, access: Access, period: Period, judged: Mapping[UUID, Judged]) -> Iterable[EvidenceView]:
    """Links with their newest decision; one taken back is a proposal again."""
    later = aliased(Decision)
    newest = (
        select(later.id)
        .where(later.link_id == Link.id)
        .order_by(later.at.desc(), later.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Link, Decision, Account.name)
        .select_from(Link)
        .join(Decision, Decision.id == newest)
        .join(Account, Account.id == Decision.account_id)
        .where(Link.period_id == period.id, Link.institution_id == access.institution, Link.version_id.in_(judged))
        .order_by(Link.id)
    ).all()
    labels = _labels(session, {link.version_id for link, _, _ in rows if link.version_id})
    for link, decision, person in rows:
        assert link.version_id is not None
        document = judged[link.version_id]
        undone = decision.verdict == "undone"
        yield EvidenceView(
            ref=f"link:{link.id}",
            criterion=link.criterion,
            state="proposed" if undone else decision.verdict,
            **_where(document, link, labels),
            score=None,
            rule=link.origin.removeprefix("rule:"),
            reasons=(),
            link_id=link.id,
            decided_by="" if undone else person,
            decided_at=None if undone else decision.at,
            reason=decision.reason,
        )


def _proposals(session: Session, judged: Mapping[UUID, Judged], taken: Collection[str]) -> Iterable[EvidenceView]:
    """Matches nobody has acted on: what a person decided about a passage outranks the rule for ever."""
    rows = session.execute(
        select(MatchRow, Tagging.version_id)
        .join(Tagging, Tagging.id == MatchRow.tagging_id)
        .where(Tagging.version_id.in_(judged), MatchRow.criterion.is_not(None), MatchRow.score >= PROPOSED)
        .order_by(MatchRow.score.desc(), MatchRow.id)
    ).all()
    labels = _labels(session, {version for _, version in rows})
    for match, version in rows:
        assert match.criterion is not None
        view = EvidenceView(
            ref=f"match:{match.id}",
            criterion=match.criterion,
            state="proposed",
            **_where(judged[version], match, labels),
            score=match.score,
            rule=match.rule,
            reasons=tuple(match.reasons),
        )
        if _anchor(view, judged) not in taken:
            yield view


def _where(document: Judged, row: Any, labels: Mapping[tuple[UUID, int, int], str]) -> dict[str, Any]:
    """What links and proposals have in common: the document and the place in it."""
    return {
        "document_id": document.id,
        "document_title": document.identity.value("title") or document.name,
        "doc_type": document.identity.value("doc_type"),
        "version": document.version,
        "part": row.part,
        "page": row.page,
        "page_label": labels.get((document.version, row.part, row.page), ""),
        "start": row.start,
        "end": row.end,
        "article": row.article,
        "quote": row.quote,
        "value": row.value,
        "objections": document.objections,
    }


def _evidence(view: EvidenceView, judged: Mapping[UUID, Judged]) -> Evidence:
    identity = judged[view.version].identity
    return Evidence(
        ref=view.ref,
        criterion=view.criterion,
        state=view.state,
        document=str(view.document_id),
        doc_type=view.doc_type,
        labels=tuple(label.value for label in identity.fields.get("label", ())),
        dated=identity.value("date_set"),
        value=view.value,
        score=view.score or 1.0,
        objections=view.objections,
    )


def _anchor(view: EvidenceView, judged: Mapping[UUID, Judged]) -> str:
    return anchor(view.criterion, judged[view.version].blobs[view.part], view.page, view.quote)


def _labels(session: Session, versions: Collection[UUID]) -> dict[tuple[UUID, int, int], str]:
    """The printed label of every page of these versions."""
    rows = session.execute(
        select(VersionPart.version_id, VersionPart.ordinal, Page.number, Page.label)
        .select_from(VersionPart)
        .join(Reading, Reading.id == newest_reading_id(VersionPart.blob_sha256))
        .join(Page, Page.reading_id == Reading.id)
        .where(VersionPart.version_id.in_(versions))
    )
    return {(version, part, number): label for version, part, number, label in rows}


def _unfinished(session: Session, access: Access, period: Period) -> int:
    return (
        session.scalar(
            select(func.count())
            .select_from(Document)
            .join(DocumentPeriod, DocumentPeriod.document_id == Document.id)
            .join(Job, (Job.kind == "process") & (Job.subject == Document.current_version_id))
            .where(access.documents(), DocumentPeriod.period_id == period.id, Job.state.in_(("waiting", "running")))
        )
        or 0
    )
