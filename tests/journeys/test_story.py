"""The demonstration tells exactly the story that was written down first, indicator by indicator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import pytest
from sqlalchemy import func, select

from api.demo.load import load, names
from api.demo.make import make_documents
from api.demo.story import Story, load_story
from api.serving import working
from evidence.access import Access
from evidence.documents import DocumentFilter, DocumentRow, list_documents
from evidence.instance import first_institution, local_access
from evidence.models import Account, Decision, Document, Institution, Link, MatchRow
from evidence.report import EvidenceView, GapReport, Judged, current_period, gap_report, judge
from evidence.settings import Settings
from ingest.reading import reader_fingerprint
from ingest.runtime import Runtime
from search.finding import find
from tests.support.world import server_urls

STORY = load_story()
OCR = reader_fingerprint() != reader_fingerprint(ocr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """The demonstration, loaded: what the report says, by the story's own names for its documents."""

    runtime: Runtime
    access: Access
    report: GapReport
    judged: dict[str, Judged]
    rows: dict[str, DocumentRow]

    def evidence(self, criterion: str, document: str) -> list[EvidenceView]:
        wanted = self.rows[document].id
        views = self.report.evidence.values()
        return [view for view in views if view.criterion == criterion and view.document_id == wanted]


@pytest.fixture(scope="module", params=["embedded", "server"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("demo")
    urls = server_urls(request) if request.param == "server" else {}
    with working(Settings(data=folder / "data", **urls)) as runtime:
        load(runtime, lambda line: None)
        yield _told(runtime, names(make_documents(folder / "again")))


def _told(runtime: Runtime, file_names: dict[str, str]) -> Told:
    with runtime.db.reading() as session:
        institution = first_institution(session)
        access = local_access(institution)
        period = current_period(session, access)
        rows = {row.name: row for row in list_documents(session, access, size=1000).rows}
        by_document = {one.id: one for one in judge(session, access, institution, period).values()}
        report = gap_report(session, access, period)
    documents = {document: rows[name] for document, name in file_names.items()}
    judged = {document: by_document[row.id] for document, row in documents.items()}
    return Told(runtime, access, report, judged, documents)


def _level(level: int | None) -> Fraction | None:
    return None if level is None else Fraction(level)


@pytest.mark.parametrize("code", STORY.indicators)
def test_each_indicator_ends_at_the_level_the_story_gives_it(told: Told, code: str) -> None:
    story = STORY.indicators[code]
    assert told.report.proven.indicators[code].level == _level(story.proven), story.story
    expected = story.proposed if OCR else story.without_ocr
    assert told.report.proposed.indicators[code].level == _level(expected), story.story


@pytest.mark.parametrize("code", STORY.indicators)
def test_each_criterion_is_proven_by_the_document_that_was_written_for_it(told: Told, code: str) -> None:
    story = STORY.indicators[code]
    missing = [
        (proof.criterion, proof.document)
        for proof in story.proofs()
        if (OCR or proof.criterion not in story.needs_ocr) and not told.evidence(proof.criterion, proof.document)
    ]
    assert not missing


def test_evidence_that_may_not_count_is_shown_with_its_objection_and_counts_nowhere(told: Told) -> None:
    for code, story in STORY.indicators.items():
        counted = {
            evidence.ref for item in told.report.proposed.indicators[code].criteria for evidence in item.evidence
        }
        for proof in story.blocked:
            (view, *_) = told.evidence(proof.criterion, proof.document)
            assert any(objection.blocks for objection in view.objections), proof
            assert view.ref not in counted, proof


def test_every_planted_objection_is_found_with_its_reason(told: Told) -> None:
    for planted in STORY.objections:
        if planted.document not in told.judged:
            continue
        found = {objection.code: objection for objection in told.judged[planted.document].objections}
        assert planted.code in found, planted
        assert found[planted.code].detail, planted
    assert {planted.document for planted in STORY.objections} - set(told.judged) <= {"pedoman-manajemen-perubahan"}


def test_an_amended_perwali_still_counts_and_says_by_what_it_was_amended(told: Told) -> None:
    for amending, amended in STORY.amendments.items():
        status = told.judged[amended].status
        assert status.code == "amended"
        assert status.source == str(told.judged[amending].version)


def test_unreadable_files_fail_alone_with_their_reason(told: Told) -> None:
    failed = {document: row.error_code for document, row in told.rows.items() if row.state == "failed"}
    assert failed == dict(STORY.unreadable)
    assert all(told.rows[document].error for document in failed)


def test_documents_that_prove_nothing_are_put_forward_for_nothing(told: Told) -> None:
    silent = {told.rows[document].id for document in STORY.proves_nothing}
    assert not [view.criterion for view in told.report.evidence.values() if view.document_id in silent]


def test_each_decision_was_taken_by_the_person_and_on_the_day_the_story_says(told: Told) -> None:
    for decision in STORY.decisions:
        views = told.evidence(decision.criterion, decision.document)
        decided = [view for view in views if view.decided_by]
        assert decided, decision
        assert decided[0].decided_by == decision.person.name
        assert decided[0].decided_at is not None
        assert decided[0].decided_at.date() == decision.on
        assert (decided[0].state, decided[0].reason) == (decision.verdict, decision.reason)


def test_nothing_of_the_second_institution_ever_shows(told: Told) -> None:
    with told.runtime.db.reading() as session:
        other = session.scalars(select(Institution).where(Institution.name == STORY.other.name)).one()
        theirs = set(session.scalars(select(Document.id).where(Document.institution_id == other.id)))
        assert len(theirs) == len(STORY.other_documents)
        for typed in ("Telaga Biru", "Perbup", "tim koordinasi", "Bupati", "SPBE"):
            hits = find(session, told.runtime.index, told.runtime.analyser, typed, told.access, size=1000)
            assert not theirs & {hit.id for hit in hits.documents}, typed
            assert (
                "telaga biru"
                not in " ".join(page.snippet.text for hit in hits.documents for page in hit.pages).casefold()
            ), typed
        listed = list_documents(session, told.access, DocumentFilter(), size=1000)
    assert not theirs & {row.id for row in listed.rows}
    assert not theirs & {view.document_id for view in told.report.evidence.values()}


def test_loading_the_demonstration_again_changes_nothing(told: Told) -> None:
    def held() -> list[int]:
        tables = (Institution, Account, Document, MatchRow, Link, Decision)
        with told.runtime.db.reading() as session:
            return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]

    before = held()
    load(told.runtime, lambda line: None)
    assert held() == before


def test_the_story_is_about_an_evaluation_with_a_result_between_proven_and_proposed(told: Told) -> None:
    story: Story = STORY
    assert told.report.period.year == story.year
    assert told.report.proven_index.index < told.report.proposed_index.index
    assert told.report.gains
