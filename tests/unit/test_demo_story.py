"""The demonstration institution: its story holds together, and its documents say what the story says they do."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from docx import Document
from pptx import Presentation
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from python_calamine import CalamineWorkbook

from api.demo.make import DemoFile, make_documents, make_other_documents
from api.demo.pdf import authority
from api.demo.story import Proof, load_story
from evidence.coverage import measure
from evidence.edition import open_edition
from evidence.values import Evidence, Objection
from evidence.wording import spell_day

STORY = load_story()
EDITION = open_edition(STORY.instrument, STORY.year)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[DemoFile]:
    return make_documents(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def contents(files: list[DemoFile]) -> dict[str, tuple[str, bytes]]:
    """Story id -> name and bytes of every document, also of those in the archive."""
    found: dict[str, tuple[str, bytes]] = {}
    for file in files:
        if not file.members:
            found[file.document] = (file.name, file.path.read_bytes())
            continue
        with zipfile.ZipFile(file.path) as archive:
            assert set(archive.namelist()) == set(file.members)
            found |= {document: (path, archive.read(path)) for path, document in file.members.items()}
    return found


def test_the_story_tells_something_of_each_of_the_47_indicators() -> None:
    assert list(STORY.indicators) == [indicator.code for indicator in EDITION.instrument.indicators]
    assert all(indicator.story for indicator in STORY.indicators.values())


def test_the_story_uses_only_criteria_that_this_year_asks() -> None:
    known = {criterion.key for criteria in EDITION.criteria.values() for criterion in criteria}
    used = {proof.criterion for indicator in STORY.indicators.values() for proof in indicator.proofs()}
    assert used <= known


def test_a_criterion_stands_under_its_own_indicator() -> None:
    for code, indicator in STORY.indicators.items():
        assert {proof.criterion.partition(".")[0] for proof in indicator.proofs()} <= {code}


def test_the_levels_of_the_story_follow_from_its_own_evidence() -> None:
    accepted = {(d.document, d.criterion) for d in STORY.decisions if d.verdict == "accepted"}
    told = {code: (i.proven, i.proposed, i.without_ocr) for code, i in STORY.indicators.items()}
    proven = _levels(proof for proof in _all_proofs() if (proof.document, proof.criterion) in accepted)
    proposed = _levels(_all_proofs(), _all_blocked())
    unread = {key for indicator in STORY.indicators.values() for key in indicator.needs_ocr}
    without_ocr = _levels((proof for proof in _all_proofs() if proof.criterion not in unread), _all_blocked())
    assert {code: (proven[code], proposed[code], without_ocr[code]) for code in told} == told


def test_what_was_rejected_or_may_not_count_is_not_among_the_proofs() -> None:
    rejected = {(d.document, d.criterion) for d in STORY.decisions if d.verdict == "rejected"}
    assert rejected.isdisjoint((proof.document, proof.criterion) for proof in _all_proofs())
    out_of_force = {planted.document for planted in STORY.objections}
    assert out_of_force.isdisjoint(proof.document for proof in _all_proofs())
    assert {proof.document for proof in _all_blocked()} <= out_of_force


def test_every_file_is_made_and_belongs_to_a_unit_of_the_city(
    files: list[DemoFile], contents: dict[str, tuple[str, bytes]]
) -> None:
    assert {file.unit for file in files} <= set(STORY.institution.units)
    assert all(date(2025, 1, 1) <= file.handed_in <= STORY.cutoff for file in files)
    told = {proof.document for indicator in STORY.indicators.values() for proof in indicator.proofs()}
    assert told | set(STORY.unreadable) | set(STORY.proves_nothing) <= set(contents)
    assert 40 <= len(contents) <= 50
    assert sum(file.path.stat().st_size for file in files) < 5_000_000


def test_every_document_holds_the_words_the_story_quotes(contents: dict[str, tuple[str, bytes]]) -> None:
    unread = {key for indicator in STORY.indicators.values() for key in indicator.needs_ocr}
    texts: dict[str, str] = {}
    missing = []
    for indicator in STORY.indicators.values():
        for proof in indicator.proofs():
            if proof.criterion in unread:
                continue
            text = texts.setdefault(proof.document, _folded(_text(*contents[proof.document])))
            if _folded(proof.words) not in text:
                missing.append(proof)
    assert not missing


def test_what_needs_ocr_is_a_picture_without_text(contents: dict[str, tuple[str, bytes]]) -> None:
    unread = {key for indicator in STORY.indicators.values() for key in indicator.needs_ocr}
    for proof in _all_proofs():
        if proof.criterion in unread:
            name, content = contents[proof.document]
            assert name.endswith((".png", ".jpg")) or not _text(name, content).strip()


def test_the_dates_of_the_story_are_printed_on_the_documents(contents: dict[str, tuple[str, bytes]]) -> None:
    for document, day in STORY.dated.items():
        assert _folded(spell_day(day)) in _folded(_text(*contents[document]))


def test_making_the_files_twice_gives_the_same_bytes(files: list[DemoFile], tmp_path: Path) -> None:
    again = make_documents(tmp_path)
    assert [(file.name, _sha256(file)) for file in again] == [(file.name, _sha256(file)) for file in files]


def test_the_circular_is_digitally_signed_by_the_secretary(contents: dict[str, tuple[str, bytes]]) -> None:
    (signature,) = PdfFileReader(io.BytesIO(contents["se-konsultasi-tik"][1])).embedded_signatures
    trust = ValidationContext(trust_roots=[authority()], allow_fetching=False)
    status = validate_pdf_signature(signature, trust)
    assert status.bottom_line
    assert "LAKSMI AYUNINGTYAS" in status.signing_cert.subject.human_friendly


def test_one_file_is_broken_and_one_is_locked_with_a_password(contents: dict[str, tuple[str, bytes]]) -> None:
    errors = {"broken": pikepdf.PdfError, "password_needed": pikepdf.PasswordError}
    for document, code in STORY.unreadable.items():
        with pytest.raises(errors[code]):
            pikepdf.open(io.BytesIO(contents[document][1])).pages[0]


def test_nothing_of_the_city_names_the_second_institution(contents: dict[str, tuple[str, bytes]]) -> None:
    for document, (name, content) in contents.items():
        if document not in STORY.unreadable:
            assert STORY.other.name.casefold() not in _folded(_text(name, content))


def test_the_second_institution_has_documents_of_its_own(tmp_path: Path) -> None:
    others = make_other_documents(tmp_path)
    assert tuple(file.document for file in others) == STORY.other_documents
    assert all(STORY.other.name.casefold() in _folded(_text(file.name, file.path.read_bytes())) for file in others)


def _all_proofs() -> Iterator[Proof]:
    return (proof for indicator in STORY.indicators.values() for proof in indicator.proof)


def _all_blocked() -> Iterator[Proof]:
    return (proof for indicator in STORY.indicators.values() for proof in indicator.blocked)


def _levels(proofs: Iterable[Proof], blocked: Iterable[Proof] = ()) -> dict[str, int | None]:
    objection = {planted.document: Objection(planted.code, True, "") for planted in STORY.objections}
    evidence = [_evidence(proof) for proof in proofs]
    evidence += [_evidence(proof, objection[proof.document]) for proof in blocked]
    levels = measure(EDITION, evidence, STORY.cutoff).levels
    return {code: None if level is None else int(level) for code, level in levels.items()}


def _evidence(proof: Proof, *objections: Objection) -> Evidence:
    dated = STORY.dated.get(proof.document)
    return Evidence(
        ref=f"{proof.document} {proof.criterion}",
        criterion=proof.criterion,
        state="proposed",
        document=proof.document,
        dated=dated.isoformat() if dated else "",
        objections=objections,
    )


def _text(name: str, content: bytes) -> str:
    stream = io.BytesIO(content)
    match Path(name).suffix:
        case ".pdf":
            with pypdfium2.PdfDocument(stream) as pdf:
                return "\n".join(page.get_textpage().get_text_range() for page in pdf)
        case ".docx":
            document = Document(stream)
            cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
            return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)
        case ".pptx":
            shapes = [shape for slide in Presentation(stream).slides for shape in slide.shapes]
            return "\n".join(shape.text_frame.text for shape in shapes if shape.has_text_frame)
        case ".xlsx":
            book = CalamineWorkbook.from_filelike(stream)
            rows = [row for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python()]
            return "\n".join(str(cell) for row in rows for cell in row)
        case ".txt":
            return content.decode()
    return ""


def _folded(text: str) -> str:
    return re.sub(r"\s+", " ", text).casefold()


def _sha256(file: DemoFile) -> str:
    return hashlib.sha256(file.path.read_bytes()).hexdigest()
