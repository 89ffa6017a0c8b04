"""What a version says: the value that all pure steps together return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evidence.values import Finding, Identity, Match, Relation, Section, Words


@dataclass(frozen=True, slots=True)
class Understood:
    """`words` maps (part, page number) to the page's tokens as the index takes them."""

    sections: tuple[Section, ...]
    words: Mapping[tuple[int, int], Words]
    identity: Identity
    relations: tuple[Relation, ...]
    findings: tuple[Finding, ...]
    matches: tuple[Match, ...]
