"""Where highlights lie on a page picture: from ranges of the page's text to rectangles, as fractions of the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evidence.values import Box


@dataclass(frozen=True, slots=True)
class Rectangle:
    x: float
    y: float
    width: float
    height: float


def rectangles(boxes: Iterable[Box], ranges: Sequence[tuple[int, int]]) -> tuple[Rectangle, ...]:
    """One rectangle per range and line it touches; within a line the letters are taken to be equally wide."""
    found = []
    for box in boxes:
        letters = box.end - box.start
        for start, end in ranges:
            start, end = max(start, box.start), min(end, box.end)
            if start >= end:
                continue
            left = box.x0 + (box.x1 - box.x0) * (start - box.start) / letters
            right = box.x0 + (box.x1 - box.x0) * (end - box.start) / letters
            found.append(Rectangle(round(left, 4), round(box.y0, 4), round(right - left, 4), round(box.y1 - box.y0, 4)))
    return tuple(found)
