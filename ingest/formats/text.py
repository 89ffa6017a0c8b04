"""The canonical text of a page: what all offsets mean. Characters are repaired; nothing a person could read is lost."""

from __future__ import annotations

import re
import unicodedata

# PDFium writes U+FFFE (older calls U+0002) for a hyphen at a line's end; in Indonesian it is nearly always a real one
# (perundang-undangan). Soft hyphens, zero-width and direction marks go, as do control characters.
_REPAIRS: dict[int, str | None] = dict.fromkeys(
    (
        *range(0x20),
        *range(0x7F, 0xA0),
        0xAD,
        0xFEFF,
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
    )
)
_REPAIRS |= {0xFFFE: "-", 0x0002: "-", ord("\t"): " "}

# Private-use characters are the bullets of symbol fonts.
_PRIVATE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010fffd]")
_BROKEN = re.compile("[\ud800-\udfff\uffff]")

# A heading with blanks between its letters: "T E N T A N G". The first pattern is a fast test for the second.
_MAYBE_SPACED = re.compile(r" [^\W\d_](?: +[^\W\d_]){3}")
SPACED = re.compile(r"(?<![^\W_])[^\W\d_](?: +[^\W\d_]){4,}(?![^\W_])")

_LEADERS = re.compile(r"[\s._…-]+")
_WORD = re.compile(r"[^\W\d_]{4,}")
_UNSPEAKABLE = re.compile("[qx]|[bcdfghjklmnprstvwyz]{5}")


def canonical(text: str) -> str:
    """Text from any source in the form everything else works on."""
    return "\n".join(join_spaced(repair(line)).rstrip() for line in text.splitlines()).strip("\n")


def repair(line: str) -> str:
    """One line: NFKC, real hyphens, no invisible characters."""
    if line.isascii() and line.isprintable():
        return line
    line = _PRIVATE.sub("•", line.translate(_REPAIRS))
    return unicodedata.normalize("NFKC", _BROKEN.sub("", line))


def is_spaced(text: str) -> bool:
    """Does a line of it hold five single letters in a row?"""
    return _MAYBE_SPACED.search(text) is not None and SPACED.search(text) is not None


def join_spaced(line: str) -> str:
    """Join letter-spaced headings; two blanks were a gap between words, where somebody typed them."""
    if not is_spaced(line):
        return line
    return SPACED.sub(lambda found: re.sub(r" +", _gap, found.group()), line)


def readable_share(text: str) -> float:
    """0 to 1: how much of the page looks like language. A font without a usable character map gives about 0."""
    if sum(map(text.count, "aeiouAEIOU")) * 5 > len(text):
        return 1.0
    shown = len(_LEADERS.sub("", text))
    if not shown:
        return 1.0
    # Tables of figures are readable without words.
    spoken = sum(len(word) for word in _WORD.findall(text) if _is_speakable(word.lower()))
    figures = sum(map(text.count, "0123456789"))
    return min(1.0, (1.5 * spoken + figures) / shown)


def _gap(blanks: re.Match[str]) -> str:
    return "" if len(blanks.group()) == 1 else " "


def _is_speakable(word: str) -> bool:
    """Words have vowels, but not only, no long run of consonants, and in Indonesian hardly ever a q or x."""
    vowels = sum(map(word.count, "aeiou"))
    return 0.2 <= vowels / len(word) <= 0.8 and not _UNSPEAKABLE.search(word)
