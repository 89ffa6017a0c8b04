"""Phrases that the documents of the field use on every other page.

Looking one up word by word is what makes a search slow, and "spbe" alone stands for one. In the index each is one more
word behind the others of its page. Both indexes keep what they were made with: after a change here they are rebuilt.
"""

from __future__ import annotations

from collections.abc import Mapping

# Stems, as in the index.
_PHRASES = (
    "sistem perintah bas elektronik",
    "teknologi informasi dan komunikasi",
    "perangkat daerah",
    "wali kota",
    "atur wali kota",
    "atur bupati",
    "atur gubernur",
    "atur daerah",
    "atur menteri",
    "atur presiden",
    "undang undang",
    "surat putus",
)
# No token of a text holds a low line.
COLLOCATIONS: Mapping[tuple[str, ...], str] = {tuple(phrase.split()): phrase.replace(" ", "_") for phrase in _PHRASES}


def with_collocations(stems: str) -> str:
    """A page's stems, joined by blanks, and behind them its collocations, each as often as it stands there."""
    padded = f" {stems} "
    found = [word for phrase, word in _SEARCHED for _ in range(padded.count(phrase))]
    return " ".join([stems, *found]) if found else stems


_SEARCHED = [(f" {' '.join(words)} ", word) for words, word in COLLOCATIONS.items()]
