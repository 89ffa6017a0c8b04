"""What a compiled rulebook is: claims about documents, rules for passages, and the terms that wake them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from classifiers.trie import Trie


@dataclass(frozen=True, slots=True)
class Claim:
    """How surely a document belongs to an indicator whose subject stands `least` times at the place `where`.

    `where`: title, name (the title holds one of the subject's own phrases), topic (it holds one of the wider title
    phrases), heading, article (that many articles or dictums), passage. `needs` are words the title must hold as well.
    """

    id: str
    where: str
    score: float
    reason: str
    kinds: frozenset[str]
    least: int
    per_thousand: float
    needs: tuple[str, ...]
    told: tuple[str, ...]  # words one of which the text must hold
    annexed: bool  # an annex must follow: a decree that has no plan in its annex is not the plan


@dataclass(frozen=True, slots=True)
class Doubt:
    """Words in a title that make all claims doubtful: the title of an office's duties names every subject there is."""

    id: str
    words: tuple[str, ...]
    factor: float
    reason: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule for one indicator: a phrase that wakes it, in the right surroundings, supports `criterion`.

    `all` and `without` are compared word by word as written (" akan " must not fire on "seakan"), padded with blanks.
    `context` is the widest surrounding in which the subject may stand. `deed`: orders and plans do not count.
    """

    id: str
    indicator: str
    criterion: str
    weight: float
    reason: str
    kinds: frozenset[str]
    zones: frozenset[str]
    all: tuple[tuple[str, ...], ...]
    without: tuple[str, ...]
    title: tuple[str, ...]  # one of these must stand in the title
    within: str
    context: str
    deed: bool
    names: tuple[tuple[str, tuple[str, ...]], ...] = ()  # where the criterion leaves a choice: value, its words


@dataclass(frozen=True, slots=True, repr=False)
class Rulebook:
    """The compiled rules of one instrument. `fingerprint` changes with everything that has a say in the result."""

    instrument: str
    version: str
    fingerprint: str
    trie: Trie
    exact: Mapping[int, tuple[str, ...]]  # term -> the words it must have, where its stem is ambiguous
    hidden: Mapping[int, int]  # term -> the shorter term it hides where both begin
    about: frozenset[int]  # all terms of subjects, topics and headings
    subjects: Mapping[int, tuple[str, ...]]  # term -> indicators whose own phrase it is
    topics: Mapping[int, tuple[str, ...]]  # term -> indicators it means in a title
    headings: Mapping[int, tuple[str, ...]]  # term -> indicators it means in a heading of an act
    homonyms: Mapping[int, tuple[str, ...]]  # term -> indicators it takes away where it stands
    claims: Mapping[str, tuple[Claim, ...]]
    doubts: tuple[Doubt, ...]
    rules: Mapping[int, tuple[Rule, ...]]  # term -> rules it wakes
    kinds: Mapping[str, frozenset[str]]  # document type -> kinds it is of
    names: Mapping[str, str]  # criterion key -> Indonesian name
    policies: frozenset[str]
    services: frozenset[str]
    builders: frozenset[str]  # indicators about building applications, which a named service is not
    general: tuple[str, ...]  # words of a title that make an act one about SPBE as a whole
    deed_words: tuple[str, ...]
