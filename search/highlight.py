"""Where a query's words stand on a page, and the passage that shows them best. Plain text and ranges, never HTML."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from evidence.analysis import TOKEN, Analyser, exact_forms, fold, fold_text
from search.index import Phrase, Query, Snippet

_WIDTH = 240  # characters of a snippet
_BEGINNING = re.compile(r"(?<![^\W_])[^\W_]")


@dataclass(frozen=True, slots=True)
class Mark:
    """A range of the page's text where `clause` (its number in the query) is met."""

    start: int
    end: int
    clause: int


_Begun = dict[str, list[tuple[Phrase, int]]]  # by first word: phrases with the numbers of their clauses


class Highlighter:
    """Finds one query's words on any number of pages, and counts the `forms` met of them that were not typed."""

    def __init__(self, query: Query, analyser: Analyser) -> None:
        self.forms: Counter[str] = Counter()
        self._analyser = analyser
        self._by_form = _begun(query, exact=True)
        self._by_stem = _begun(query, exact=False)
        first = (clause.alternatives[0] for clause in query.wanted())
        self._asked = {phrase.words[0] for phrase in first if len(phrase.words) == 1 and not phrase.exact}
        self._typed = set(analyser.analyse(fold_text(query.typed)).exact)

    def ranges(self, text: str) -> tuple[tuple[int, int], ...]:
        """Where wanted words stand, in order; overlapping places are joined."""
        return _ranges(self._marks(fold(text)))

    def snippet(self, text: str, width: int = _WIDTH) -> Snippet:
        """The passage of about `width` characters with most of the query's words; else the page's beginning."""
        folded = fold(text)
        marks = self._marks(folded)
        start, end = _whole_words(folded, *_best_stretch(marks, width), width)
        return _tidy(text, start, end, [pair for pair in _ranges(marks) if pair[0] >= start and pair[1] <= end])

    def _marks(self, folded: str) -> list[Mark]:
        """Every place where a wanted clause is met, in order of the text."""
        forms = tuple(exact_forms(folded))
        stems = self._analyser.stems(forms)
        marks = set()
        for begun, words in ((self._by_form, forms), (self._by_stem, stems)):
            if not begun:
                continue
            hits = [at for at, word in enumerate(words) if word in begun]
            for at, start in zip(hits, _starts(folded, [forms[at] for at in hits]), strict=True):
                for phrase, clause in begun[words[at]]:
                    length = len(phrase.words)
                    if words[at : at + length] == phrase.words:
                        last = next(islice(TOKEN.finditer(folded, start), length - 1, None))
                        marks.add(Mark(start, last.end(), clause))
                if stems[at] in self._asked and forms[at] not in self._typed:
                    self.forms[forms[at]] += 1
        return sorted(marks, key=lambda mark: (mark.start, mark.end, mark.clause))


def _starts(folded: str, forms: Iterable[str]) -> Iterator[int]:
    """Where tokens begin that are, in order, all there are of their forms: cheaper than the places of all tokens."""
    at = 0
    for form in forms:
        at = folded.find(form, at)
        while folded[at - 1 : at].isalnum() or folded[at + len(form) : at + len(form) + 1].isalnum():
            at = folded.find(form, at + 1)  # it was only a part of a word
        yield at
        at += len(form)


def _begun(query: Query, *, exact: bool) -> _Begun:
    begun: _Begun = {}
    for number, clause in enumerate(query.clauses):
        if not clause.excluded:
            for phrase in clause.alternatives:
                if phrase.exact == exact:
                    begun.setdefault(phrase.words[0], []).append((phrase, number))
    return begun


def _ranges(marks: Iterable[Mark]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for mark in marks:
        if joined and mark.start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], mark.end))
        else:
            joined.append((mark.start, mark.end))
    return tuple(joined)


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


def _whole_words(folded: str, first: int, last: int, width: int) -> tuple[int, int]:
    """Widen first..last to `width`, a third of the room before it, cutting between words only."""
    length = len(folded)
    room = max(0, width - (last - first))
    start = max(0, first - room // 3)
    end = min(length, start + width if last <= start + width else last)
    if start:
        begun = _BEGINNING.search(folded, start)
        start = begun.start() if begun else first
    if end < length:
        ends = [word.end() for word in TOKEN.finditer(folded, start, end)]
        if ends and ends[-1] == end and TOKEN.match(folded, end):
            del ends[-1]  # only its beginning is inside
        end = ends[-1] if ends else end
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
