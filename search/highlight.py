"""Where a query's words stand on a page, and the passage that shows them best. Plain text and ranges, never HTML."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from evidence.values import Tokens
from search.index import Clause, Phrase, Snippet

_WIDTH = 240  # characters of a snippet


@dataclass(frozen=True, slots=True)
class Mark:
    """A range of the page's text where `clause` (its number in the query) is met."""

    start: int
    end: int
    clause: int


def find_marks(tokens: Tokens, clauses: Sequence[Clause]) -> tuple[Mark, ...]:
    """Every place where a wanted clause is met, in order of the text."""
    exact = _by_first_word(clauses, exact=True)
    stems = _by_first_word(clauses, exact=False)
    marks = set()
    for starts, forms in ((exact, tokens.exact), (stems, tokens.stems)):
        if not starts:
            continue
        for at in [at for at, form in enumerate(forms) if form in starts]:
            for phrase, clause in starts[forms[at]]:
                last = at + len(phrase.words)
                if forms[at:last] == phrase.words:
                    marks.add(Mark(tokens.starts[at], tokens.ends[last - 1], clause))
    return tuple(sorted(marks, key=lambda mark: (mark.start, mark.end, mark.clause)))


def ranges(marks: Iterable[Mark]) -> tuple[tuple[int, int], ...]:
    """The marks as ranges in order, overlapping ones joined."""
    joined: list[tuple[int, int]] = []
    for mark in marks:
        if joined and mark.start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], mark.end))
        else:
            joined.append((mark.start, mark.end))
    return tuple(joined)


def snippet(text: str, tokens: Tokens, clauses: Sequence[Clause], width: int = _WIDTH) -> Snippet:
    """The passage of about `width` characters with most of the query's words; else the page's beginning."""
    marks = find_marks(tokens, clauses)
    first, last = _best_stretch(marks, width)
    start, end = _whole_words(tokens, len(text), first, last, width)
    return _tidy(text, start, end, [pair for pair in ranges(marks) if pair[0] >= start and pair[1] <= end])


def _by_first_word(clauses: Sequence[Clause], exact: bool) -> dict[str, list[tuple[Phrase, int]]]:
    starts: dict[str, list[tuple[Phrase, int]]] = {}
    for number, clause in enumerate(clauses):
        if not clause.excluded:
            for phrase in clause.alternatives:
                if phrase.exact == exact:
                    starts.setdefault(phrase.words[0], []).append((phrase, number))
    return starts


def _best_stretch(marks: Sequence[Mark], width: int) -> tuple[int, int]:
    """First and last character of the densest group of marks that fits into `width`."""
    best, best_value = (0, 0), (0, 0)
    for at, mark in enumerate(marks):
        group: list[Mark] = []
        for other in marks[at:]:
            if group and other.end - mark.start > width:
                break
            group.append(other)
        value = (len({other.clause for other in group}), len(group))
        if value > best_value:
            best, best_value = (mark.start, group[-1].end), value
    return best


def _whole_words(tokens: Tokens, length: int, first: int, last: int, width: int) -> tuple[int, int]:
    """Widen first..last to `width`, a third of the room before it, cutting between words only."""
    room = max(0, width - (last - first))
    from_ = max(0, first - room // 3)
    to = min(length, from_ + width if last <= from_ + width else last)
    start = 0 if from_ == 0 else next((at for at in tokens.starts if at >= from_), first)
    end = length if to == length else next((at for at in reversed(tokens.ends) if at <= to), to)
    return min(start, first), max(end, last)


def _tidy(text: str, start: int, end: int, marks: Sequence[tuple[int, int]]) -> Snippet:
    """The range as one line, without invisible characters (some turn the reading order round)."""
    before, after = "… " if start > 0 else "", " …" if end < len(text) else ""
    line = text[start:end].replace("\n", " ")
    if line.isprintable() and "  " not in line and not line.startswith(" "):  # nothing moves, as nearly always
        shift = len(before) - start
        return Snippet(f"{before}{line}{after}", tuple((a + shift, b + shift) for a, b in marks))
    out = [before]
    moved: list[int] = []
    length = len(before)
    blank = True
    for char in _shown(text[start:end]):
        moved.append(length)
        if char == " " and blank:
            continue
        if char:
            out.append(char)
            length += 1
            blank = char == " "
    moved.append(length)
    return Snippet("".join(out) + after, tuple((moved[a - start], moved[b - start]) for a, b in marks))


def _shown(text: str) -> Iterator[str]:
    """Each character as it is shown: itself, a blank, or nothing."""
    for char in text:
        if char.isprintable():
            yield char
        else:
            yield "" if unicodedata.category(char) == "Cf" else " "
