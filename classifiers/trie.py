"""One trie of all phrases of a rulebook, walked once over a page's stems."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

# "dari # perangkat daerah" stands for any number, in figures or in words.
NUMBER = "#"
_NUMBER_WORDS = frozenset("satu dua tiga empat lima enam tujuh delapan sembilan sepuluh sebelas".split())  # noqa: SIM905
# Where a node keeps the terms that end there; no stem is empty.
_ENDS = ""


class Trie:
    """Phrases as paths of stems. A hit is (term, first token, token after the last)."""

    def __init__(self) -> None:
        self._root: dict[str, Any] = {}

    def add(self, stems: Iterable[str], term: int) -> None:
        node = self._root
        for stem in stems:
            node = node.setdefault(stem, {})
        ends = node.get(_ENDS, ())
        if term not in ends:
            node[_ENDS] = (*ends, term)

    def hits(self, stems: Sequence[str]) -> list[tuple[int, int, int]]:
        """All hits in order of their first token, shorter ones first; overlapping phrases all count."""
        found: list[tuple[int, int, int]] = []
        root = self._root
        length = len(stems)
        # Most words begin no phrase: the comprehension passes them at a third of the price of the loop below.
        for first in [at for at, stem in enumerate(stems) if stem in root]:
            node = root[stems[first]]
            after = first + 1
            while True:
                if _ENDS in node:
                    found += [(term, first, after) for term in node[_ENDS]]
                if after == length:
                    break
                stem = stems[after]
                if stem in node:
                    node = node[stem]
                elif NUMBER in node and (stem.isdigit() or stem in _NUMBER_WORDS):
                    node = node[NUMBER]
                else:
                    break
                after += 1
        return found
