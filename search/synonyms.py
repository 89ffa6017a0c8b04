"""Synonyms and abbreviations of the field, read from synonyms.yaml; they expand queries, never the index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Synonyms:
    others: Mapping[Words, tuple[Words, ...]]
    longest: int  # in words

    def of(self, words: Words) -> tuple[Words, ...]:
        return self.others.get(words, ())


@cache
def load_synonyms() -> Synonyms:
    return read_synonyms(yaml.safe_load(resources.files("search").joinpath("synonyms.yaml").read_text("utf-8")))


def read_synonyms(data: Mapping[str, Any]) -> Synonyms:
    """Check and index the file's content; raises ValueError naming the phrase that is wrong."""
    others: dict[Words, list[Words]] = {}
    for group in data["same"]:
        phrases = [_words(phrase) for phrase in group]
        for phrase in phrases:
            if phrase in others:
                raise ValueError(f"synonyms.yaml: {' '.join(phrase)!r} stands twice under same")
            others[phrase] = [other for other in phrases if other != phrase]
    for phrase, targets in data["wider"].items():
        known = others.setdefault(_words(phrase), [])
        known += [words for words in map(_words, targets) if words not in known]
    return Synonyms({phrase: tuple(found) for phrase, found in others.items()}, max(map(len, others)))


def _words(phrase: str) -> Words:
    words = tuple(phrase.split(" "))
    if not all(word.isalnum() and word == word.lower() for word in words):
        raise ValueError(f"synonyms.yaml: {phrase!r} is not lower-case words parted by single blanks")
    return words
