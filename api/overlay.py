"""Where highlights lie on a page picture: from ranges of the page's text to rectangles, as fractions of the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evidence.values import Box

# Readers give one box per line. Within it a range is placed by how wide letters usually are (in a book face, as parts
# of an "n"), which is right to about half a letter; equal widths would be wrong by two or three.
_NARROW = dict.fromkeys("iljt.,;:'|!()[]/ I", 0.56) | dict.fromkeys("rfs-", 0.75)
_WIDE = dict.fromkeys("mwMW", 1.6)


@dataclass(frozen=True, slots=True)
class Rectangle:
    x: float
    y: float
    width: float
    height: float


def rectangles(text: str, boxes: Iterable[Box], ranges: Sequence[tuple[int, int]]) -> tuple[Rectangle, ...]:
    """One rectangle for each range and line it touches."""
    found = []
    for box in boxes:
        touching = [(max(start, box.start), min(end, box.end)) for start, end in ranges]
        touching = [(start, end) for start, end in touching if start < end]
        if not touching:
            continue
        per_width = (box.x1 - box.x0) / _width(text[box.start : box.end])
        for start, end in touching:
            left = box.x0 + per_width * _width(text[box.start : start])
            width = per_width * _width(text[start:end])
            found.append(Rectangle(round(left, 4), round(box.y0, 4), round(width, 4), round(box.y1 - box.y0, 4)))
    return tuple(found)


def _width(letters: str) -> float:
    return sum(_NARROW.get(letter) or _WIDE.get(letter) or (1.3 if letter.isupper() else 1.0) for letter in letters)
