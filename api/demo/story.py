"""Reads the story of the demonstration institution: what its documents prove, what people decided, what was planted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("story.yaml")


@dataclass(frozen=True, slots=True)
class Institution:
    kind: str
    name: str
    full_name: str
    units: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    key: str
    name: str
    office: str
    role: str


@dataclass(frozen=True, slots=True)
class Proof:
    """These words of this document stand for this criterion."""

    criterion: str
    document: str
    words: str


@dataclass(frozen=True, slots=True)
class IndicatorStory:
    """`proven`: level by accepted evidence alone; `proposed`: if all open proposals were accepted; None: no evidence.

    `blocked` looks like proof but its document may not count; `rejected` was turned down by a person.
    Without OCR `needs_ocr` stays unread and the proposed level is `without_ocr`.
    """

    code: str
    story: str
    proven: int | None
    proposed: int | None
    without_ocr: int | None
    proof: tuple[Proof, ...]
    blocked: tuple[Proof, ...]
    rejected: tuple[Proof, ...]
    needs_ocr: tuple[str, ...]

    def proofs(self) -> Iterator[Proof]:
        yield from self.proof
        yield from self.blocked
        yield from self.rejected


@dataclass(frozen=True, slots=True)
class StoryDecision:
    """One decision on one criterion; `words` tell which passage of the document it is about."""

    document: str
    criterion: str
    words: str
    verdict: str
    reason: str
    person: Person
    on: date


@dataclass(frozen=True, slots=True)
class PlantedObjection:
    document: str
    code: str
    by: str


@dataclass(frozen=True, slots=True)
class Story:
    institution: Institution
    other: Institution
    other_documents: tuple[str, ...]
    instrument: str
    year: int
    kind: str
    cutoff: date
    submitted: bool
    people: Mapping[str, Person]
    indicators: Mapping[str, IndicatorStory]
    decisions: tuple[StoryDecision, ...]
    objections: tuple[PlantedObjection, ...]
    unreadable: Mapping[str, str]  # document -> error code
    amendments: Mapping[str, str]  # amending document -> amended document
    dated: Mapping[str, date]  # the day printed on a document, where it matters
    proves_nothing: tuple[str, ...]


def load_story(file: Path = FILE) -> Story:
    data = yaml.safe_load(file.read_text("utf-8"))
    people = {key: Person(key, who["name"], who["office"], who["role"]) for key, who in data["people"].items()}
    indicators = {code: _indicator(code, entry) for code, entry in data["indicators"].items()}
    period, other = data["period"], data["other_institution"]
    return Story(
        institution=_institution({**data["institution"], "units": data["units"]}),
        other=_institution(other),
        other_documents=tuple(other["documents"]),
        instrument=period["instrument"],
        year=period["year"],
        kind=period["kind"],
        cutoff=period["cutoff"],
        submitted=period["submitted"],
        people=people,
        indicators=indicators,
        decisions=tuple(_decisions(data["decisions"], people, indicators)),
        objections=tuple(
            PlantedObjection(entry["document"], entry["code"], entry.get("by", "")) for entry in data["objections"]
        ),
        unreadable={entry["document"]: entry["error"] for entry in data["unreadable"]},
        amendments={entry["document"]: entry["amends"] for entry in data["amendments"]},
        dated=data["dated"],
        proves_nothing=tuple(data["proves_nothing"]),
    )


def _institution(entry: Mapping[str, Any]) -> Institution:
    return Institution(entry["kind"], entry["name"], entry["full_name"], tuple(entry["units"]))


def _indicator(code: str, entry: Mapping[str, Any]) -> IndicatorStory:
    return IndicatorStory(
        code=code,
        story=entry["story"],
        proven=entry["proven"],
        proposed=entry["proposed"],
        without_ocr=entry.get("without_ocr", entry["proposed"]),
        proof=_proofs(entry, "proof"),
        blocked=_proofs(entry, "blocked"),
        rejected=_proofs(entry, "rejected"),
        needs_ocr=tuple(entry.get("needs_ocr", ())),
    )


def _proofs(entry: Mapping[str, Any], kind: str) -> tuple[Proof, ...]:
    return tuple(
        Proof(criterion, document, words)
        for criterion, documents in entry.get(kind, {}).items()
        for document, words in documents.items()
    )


def _decisions(
    entries: list[dict[str, Any]], people: Mapping[str, Person], indicators: Mapping[str, IndicatorStory]
) -> Iterator[StoryDecision]:
    words = {
        (proof.document, proof.criterion): proof.words
        for indicator in indicators.values()
        for proof in indicator.proofs()
    }
    for entry in entries:
        document, person = entry["document"], people[entry["person"]]
        for criterion in entry["criteria"]:
            passage = words[document, criterion]
            yield StoryDecision(document, criterion, passage, entry["verdict"], entry["reason"], person, entry["date"])
