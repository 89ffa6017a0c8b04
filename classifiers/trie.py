"""One trie of all phrases of a rulebook, walked once over a page's stems."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

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
        for first, stem in enumerate(stems):
            node = root.get(stem)
            if node is None:
                continue
            after = first + 1
            while True:
                ends = node.get(_ENDS)
                if ends is not None:
                    for term in ends:
                        found.append((term, first, after))
                if after == length:
                    break
                node = node.get(stems[after])
                if node is None:
                    break
                after += 1
        return found
