"""Lines of text with their places: what identity reads of a title block or a signing block."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from evidence.values import PageText, Place, Read, Section
from ingest.identify.patterns import squeeze, unspace


@dataclass(frozen=True, slots=True)
class Line:
    """One filled line as printed, with letter-spacing undone in `text` and everything but letters in `letters`."""

    place: Place
    quote: str
    text: str
    letters: str
    ocr: bool


def lines_of(read: Read, sections: Sequence[Section], within: Section) -> list[Line]:
    """The filled lines of a section, without furniture and contents lists."""
    skipped = [s for s in sections if s.kind in ("furniture", "contents") and s.part == within.part]
    lines: list[Line] = []
    for page in read.parts[within.part].pages:
        if not within.page <= page.number <= within.end_page:
            continue
        start = within.start if page.number == within.page else 0
        end = within.end if page.number == within.end_page else len(page.text)
        hidden = [(s.start, s.end) for s in skipped if s.page == page.number]
        for line in _lines(within.part, page.number, page.text, start, end, _from_picture(page)):
            if not any(a <= line.place.start < b for a, b in hidden):
                lines.append(line)
    return lines


def first_lines(read: Read, part: int, most: int) -> list[Line]:
    """The first filled lines of a part, furniture and all: what a person sees first."""
    lines: list[Line] = []
    for page in read.parts[part].pages:
        lines += _lines(part, page.number, page.text, 0, len(page.text), _from_picture(page))
        if len(lines) >= most:
            break
    return lines[:most]


def last_lines(read: Read, part: int, most: int) -> list[Line]:
    """The last filled lines of a part."""
    lines: list[Line] = []
    for page in read.parts[part].pages[-1:]:
        lines += _lines(part, page.number, page.text, 0, len(page.text), _from_picture(page))
    return lines[-most:]


def span(lines: Sequence[Line]) -> tuple[Place, str]:
    """The place and the words of neighbouring lines of one page, at most 300 characters."""
    first = lines[0].place
    last = max((line.place for line in lines if line.place.page == first.page), key=lambda place: place.end)
    quote = " ".join(" ".join(line.quote.split()) for line in lines)
    return Place(first.part, first.page, first.start, last.end), quote[:300]


@dataclass(frozen=True, slots=True)
class Passage:
    """Lines as one text, over page breaks and without furniture; ranges on it become places again."""

    text: str
    lines: tuple[Line, ...]
    starts: tuple[int, ...]

    @classmethod
    def of(cls, lines: Sequence[Line]) -> Passage:
        starts = tuple(accumulate((len(line.quote) + 1 for line in lines), initial=0))
        return cls("\n".join(line.quote for line in lines), tuple(lines), starts[:-1])

    def place(self, start: int, end: int) -> Place:
        """The place of a range; where it runs over a page break, of its beginning on the first page."""
        at, to = bisect_right(self.starts, start) - 1, bisect_right(self.starts, max(start, end - 1)) - 1
        first, last = self.lines[at], self.lines[to]
        begin = first.place.start + start - self.starts[at]
        if last.place.page == first.place.page:
            return Place(first.place.part, first.place.page, begin, last.place.start + end - self.starts[to])
        ends = [line.place.end for line in self.lines[at:to] if line.place.page == first.place.page]
        return Place(first.place.part, first.place.page, begin, ends[-1])


def joined(lines: Iterable[Line]) -> str:
    return " ".join(" ".join(line.text.split()) for line in lines)


def _from_picture(page: PageText) -> bool:
    """Whether the words come from an image: read by us, or by the scanner that put a text layer under it."""
    return page.method == "ocr" or page.picture


def _lines(part: int, page: int, text: str, start: int, end: int, ocr: bool) -> Iterable[Line]:
    offset = start
    for raw in text[start:end].split("\n"):
        if stripped := raw.strip():
            at = offset + raw.index(stripped[0])
            place = Place(part, page, at, at + len(stripped))
            yield Line(place, stripped, unspace(stripped), squeeze(stripped), ocr)
        offset += len(raw) + 1
