"""Sastrawi's stems, the same ones, in a third of the time.

Sastrawi tries all its forty prefix rules on every word that it has not brought back to a root. A rule can only fit
words that begin as it says: to names of persons and places, on which most of the time goes, hardly any does.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any

from Sastrawi.Dictionary.ArrayDictionary import ArrayDictionary
from Sastrawi.Stemmer.Context.Context import Context
from Sastrawi.Stemmer.Context.Visitor.PrefixDisambiguator import PrefixDisambiguator
from Sastrawi.Stemmer.Context.Visitor.VisitorProvider import VisitorProvider
from Sastrawi.Stemmer.Stemmer import Stemmer
from Sastrawi.Stemmer.StemmerFactory import StemmerFactory

_VISITORS = VisitorProvider()

# The last rule of each family, and how words begin on which the family works.
_FAMILIES = (
    (5, re.compile("be")),
    (9, re.compile("te")),
    (19, re.compile("me")),
    (34, re.compile("pe")),
    (35, re.compile("te")),
    (36, re.compile("pe")),
    (40, re.compile("[^aiueo][ei]")),  # infixes: -er-, -el-, -em-, -in-
    (42, re.compile("k[ua]")),
)


def indonesian_stemmer() -> Stemmer:
    """Sastrawi with our roots beside its own; not its factory's: that one's cache would keep every form once more."""
    return _Stemmer(ArrayDictionary([*StemmerFactory().get_words(), *_roots()]))


class _Stemmer(Stemmer):  # type: ignore[misc]  # Sastrawi has no types
    def stem_singular_word(self, word: str) -> str:
        context = _Context(word, self.dictionary, _VISITORS)
        context.execute()
        return str(context.result)


class _Context(Context):  # type: ignore[misc]
    def accept_prefix_visitors(self, _: Any) -> Any:
        return super().accept_prefix_visitors(_fitting(self.current_word[:2]))


@cache
def _fitting(beginning: str) -> tuple[Any, ...]:
    """The prefix rules, in Sastrawi's order, that may fit a word with these first two letters.

    The first (di-, ke-, se-) always: after it, fitting or not, Sastrawi looks whether the word is a root.
    """
    first, *others = _VISITORS.get_prefix_visitors()
    return (first, *(rule for rule in others if _beginning(rule).match(beginning)))


def _beginning(rule: PrefixDisambiguator) -> re.Pattern[str]:
    number = re.search(r"\d+", type(rule.disambiguators[0]).__name__)
    assert number, "Sastrawi names its rules by number"
    return next(beginning for last, beginning in _FAMILIES if int(number[0]) <= last)


def _roots() -> list[str]:
    """Root words that Sastrawi lacks; evidence/roots.txt."""
    lines = resources.files("evidence").joinpath("roots.txt").read_text("utf-8").splitlines()
    return [word for line in lines if not line.startswith("#") for word in line.split()]
