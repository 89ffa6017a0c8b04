"""Where a query's words stand on a page, and the passage that shows them best. Plain text and ranges, never HTML."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from evidence.analysis import Analyser, find_tokens, fold_text
from search.index import Phrase, Query, Snippet

_WIDTH = 240  # characters of a snippet


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
        return _ranges(self._marks(find_tokens(text)))

    def snippet(self, text: str, width: int = _WIDTH) -> Snippet:
        """The passage of about `width` characters with most of the query's words; else the page's beginning."""
        tokens = find_tokens(text)
        marks = self._marks(tokens)
        first, last = _best_stretch(marks, width)
        start, end = _whole_words(tokens, len(text), first, last, width)
        return _tidy(text, start, end, [pair for pair in _ranges(marks) if pair[0] >= start and pair[1] <= end])

    def _marks(self, tokens: Sequence[re.Match[str]]) -> list[Mark]:
        """Every place where a wanted clause is met, in order of the text."""
        forms = tuple([token[0] for token in tokens])
        stems = self._analyser.stems(forms)
        marks = set()
        for begun, words in ((self._by_form, forms), (self._by_stem, stems)):
            if not begun:
                continue
            for at in [at for at, word in enumerate(words) if word in begun]:
                for phrase, clause in begun[words[at]]:
                    beyond = at + len(phrase.words)
                    if words[at:beyond] == phrase.words:
                        marks.add(Mark(tokens[at].start(), tokens[beyond - 1].end(), clause))
                if stems[at] in self._asked and forms[at] not in self._typed:
                    self.forms[forms[at]] += 1
        return sorted(marks, key=lambda mark: (mark.start, mark.end, mark.clause))


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


def _whole_words(tokens: Sequence[re.Match[str]], length: int, first: int, last: int, width: int) -> tuple[int, int]:
    """Widen first..last to `width`, a third of the room before it, cutting between words only."""
    room = max(0, width - (last - first))
    from_ = max(0, first - room // 3)
    to = min(length, from_ + width if last <= from_ + width else last)
    after = bisect_left(tokens, from_, key=re.Match.start)
    before = bisect_right(tokens, to, key=re.Match.end) - 1
    start = 0 if from_ == 0 else tokens[after].start() if after < len(tokens) else first
    end = length if to == length else tokens[before].end() if before >= 0 else to
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
