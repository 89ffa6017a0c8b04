"""Loads the demonstration: institutions, people, files, and the decisions the story tells. Safe to run again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from datetime import time as clock
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from api.demo.make import DemoFile, make_documents, make_other_documents
from api.demo.story import Institution as Told
from api.demo.story import Person, Story, StoryDecision, load_story
from evidence.access import Access
from evidence.decisions import decide
from evidence.documents import SETTLED, count_states
from evidence.errors import InvalidInput
from evidence.instance import local_access
from evidence.models import (
    Account,
    Decision,
    Document,
    Institution,
    Link,
    MatchRow,
    Period,
    RoleGrant,
    Tagging,
    Unit,
    Version,
    VersionPart,
)
from ingest.hand_in import Handed, hand_in
from ingest.runtime import Runtime

log = structlog.get_logger()

_POLL_SECONDS = 0.3


def load(runtime: Runtime, say: Callable[[str], None]) -> None:
    """Load what is not there yet, show progress, and return when every file is done or has failed with its reason."""
    story = load_story()
    with runtime.db.transaction() as session:
        _refuse_strangers(session, story)
        mine = _institution(session, story, story.institution)
        people = {person.key: _person(session, mine, person) for person in story.people.values()}
        theirs = _institution(session, story, story.other)
    folder = runtime.settings.data / "demo"
    say("Membuat dokumen peragaan ...")
    _hand_in(runtime, theirs, make_other_documents(folder / "lain"))
    files = make_documents(folder / "ranupane")
    _hand_in(runtime, mine, files)
    _follow(runtime, mine, say)
    with runtime.db.transaction() as session:
        _decide(session, mine, people, names(files), story.decisions)


def names(files: Iterable[DemoFile]) -> dict[str, str]:
    """File name of each of the story's documents, archive members too."""
    found = {file.document: file.name for file in files}
    for file in files:
        found |= {document: path.rsplit("/", 1)[-1] for path, document in file.members.items()}
    return found


def _refuse_strangers(session: Session, story: Story) -> None:
    """The demonstration lets visitors read the first institution: that must never be a real one."""
    first = session.scalars(select(Institution).order_by(Institution.id).limit(1)).one_or_none()
    if first is not None and first.name != story.institution.name:
        raise InvalidInput("Folder data ini milik instansi lain. Jalankan peragaan dengan --data folder yang baru.")


def _institution(session: Session, story: Story, told: Told) -> Institution:
    known = select(Institution).where(Institution.kind == told.kind, Institution.name == told.name)
    institution = session.scalars(known).one_or_none()
    if institution is None:
        institution = Institution(kind=told.kind, name=told.name)
        session.add(institution)
        session.flush()
        session.add_all(Unit(institution_id=institution.id, name=name) for name in told.units)
        session.add(
            Period(
                institution_id=institution.id,
                year=story.year,
                kind=story.kind,
                instrument=story.instrument,
                cutoff=story.cutoff,
                submitted=story.submitted,
            )
        )
        session.flush()
    return institution


def _person(session: Session, institution: Institution, told: Person) -> Access:
    """An account without a password: it stands behind decisions and cannot sign in."""
    login = f"peragaan-{told.key}"
    account = session.scalars(select(Account).where(Account.login == login)).one_or_none()
    if account is None:
        account = Account(login=login, name=told.name)
        session.add(account)
        session.flush()
        session.add(RoleGrant(institution_id=institution.id, account_id=account.id, role=told.role))
    return Access(institution.id, account.id, frozenset({told.role}), name=account.name)


def _hand_in(runtime: Runtime, institution: Institution, files: Iterable[DemoFile]) -> None:
    with runtime.db.reading() as session:
        units = {
            unit.name: unit.id for unit in session.scalars(select(Unit).where(Unit.institution_id == institution.id))
        }
        period = session.scalars(select(Period.id).where(Period.institution_id == institution.id)).one()
    for unit, mine in _by_unit(files).items():
        hand_in(
            runtime,
            local_access(institution),
            [Handed.at(file.path, file.name, file.folder) for file in mine],
            unit=units[unit],
            period=period,
            origin="demo",
        )


def _by_unit(files: Iterable[DemoFile]) -> dict[str, list[DemoFile]]:
    grouped: dict[str, list[DemoFile]] = {}
    for file in files:
        grouped.setdefault(file.unit, []).append(file)
    return grouped


def _follow(runtime: Runtime, institution: Institution, say: Callable[[str], None]) -> None:
    told = ""
    while True:
        with runtime.db.reading() as session:
            states = count_states(session, local_access(institution))
        settled = sum(states[state] for state in SETTLED)
        line = f"{states['done']} dari {states.total()} dokumen selesai, {states['failed']} gagal"
        if line != told:
            say(line)
            told = line
        if settled == states.total():
            return
        time.sleep(_POLL_SECONDS)


def _decide(
    session: Session,
    institution: Institution,
    people: Mapping[str, Access],
    file_names: Mapping[str, str],
    told: Iterable[StoryDecision],
) -> None:
    """Take the story's decisions, each about the proposal that quotes its words, else about the strongest one."""
    period = session.scalars(select(Period.id).where(Period.institution_id == institution.id)).one()
    for decision in told:
        version = _version(session, institution, file_names[decision.document])
        if _decided(session, period, version, decision.criterion):
            continue
        proposals = session.scalars(
            select(MatchRow)
            .join(Tagging, Tagging.id == MatchRow.tagging_id)
            .where(Tagging.version_id == version, MatchRow.criterion == decision.criterion)
            .order_by(MatchRow.score.desc(), MatchRow.part, MatchRow.page, MatchRow.start)
        ).all()
        if not proposals:
            log.warning("demo.no_proposal", document=decision.document, criterion=decision.criterion)
            continue
        match = next((one for one in proposals if decision.words in " ".join(one.quote.split())), proposals[0])
        at = datetime.combine(decision.on, clock(9), UTC)
        access = people[decision.person.key]
        decide(session, access, period, f"match:{match.id}", decision.verdict, decision.reason, at)


def _version(session: Session, institution: Institution, name: str) -> UUID:
    return session.scalars(
        select(Version.id)
        .join(Document, Document.current_version_id == Version.id)
        .join(VersionPart, VersionPart.version_id == Version.id)
        .where(Document.institution_id == institution.id, VersionPart.name == name)
    ).one()


def _decided(session: Session, period: UUID, version: UUID, criterion: str) -> bool:
    decided = (
        select(Decision.id)
        .join(Link, Link.id == Decision.link_id)
        .where(Link.period_id == period, Link.version_id == version, Link.criterion == criterion)
    )
    return session.scalar(decided.limit(1)) is not None
