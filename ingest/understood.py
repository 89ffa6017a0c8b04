"""What a version says: the value that all pure steps together return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from evidence.values import Finding, Identity, Match, Relation, Section, Tokens


@dataclass(frozen=True, slots=True)
class Understood:
    """`tokens` maps (part, page number) to the page's tokens."""

    sections: tuple[Section, ...]
    tokens: Mapping[tuple[int, int], Tokens]
    identity: Identity
    relations: tuple[Relation, ...]
    findings: tuple[Finding, ...]
    matches: tuple[Match, ...]
