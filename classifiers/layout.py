"""Where the hits of a version stand: sentence, article, heading or title, zone, or inside another act's name."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from classifiers.titles import Titles
from evidence.values import Analysed, PageText, Section, Tokens

_ARTICLES = frozenset({"article", "dictum", "sop_box", "heading"})
_HEADINGS = frozenset({"chapter", "part", "paragraph", "heading"})
_FIRST_DICTUM = frozenset({"KESATU", "PERTAMA"})
_SMALL = frozenset({"clause", "point", "item", "article", "dictum"})
# A sentence also ends where a list item or a labelled line begins: forms and slides have no full stops.
_SENTENCE_END = re.compile(r"[.;!?](?=\s)|\n\s*\n|\n(?=\s*(?:[-•●▪]\s|\(?[a-z0-9]{1,2}[.)]\s|[A-Z][\w/ ]{2,40}\s*:))")
# Forms, slides and pictures of screens break lines where prose would have a full stop; table rows end in figures.
_SHORT_LINE = re.compile(r"^.{1,48}\n(?=\s*[A-Z0-9])|[\d–-]\n(?=\s*[A-Z])", re.M)
_ROW_END = re.compile(r"[.;!?](?=\s)|\n")
_CITED_WITHIN = 24
_NUMBERING = 5  # "(12) "
_SHORT_ITEM = 90
_HEADING_NUMBER = 12  # "BAB XVIII" and a line break before the title


@dataclass(slots=True, eq=False)
class Spot:
    """Where one hit stands. `article` and `headings` are keys to compare, not addresses.

    Not frozen: there are many, and freezing doubles their price.
    """

    part: int
    page: int
    first: int  # token
    after: int
    zone: str
    leaf: int  # the clause, list item or article that holds it; -1 in running text
    listing: int  # the clause or article whose list this short item belongs to; -1 elsewhere
    article: tuple[int, int, int]
    headings: tuple[int, ...]
    is_title: bool
    is_heading: bool
    is_first_dictum: bool
    cited: bool
    sentence_number: int = -1


@dataclass(frozen=True, slots=True)
class _Segment:
    """What the sections around a stretch of text say of it. `heading`: it is the direct text of a headed section."""

    zone: str
    leaf: int
    listing: int
    article: int
    headings: tuple[int, ...]
    heading: bool
    first_dictum: bool


class Layout:
    """Looks up spots and surroundings of one version; everything is computed for the pages that are asked for only."""

    def __init__(self, version: Analysed) -> None:
        self._version = version
        self._sections = version.sections
        self._bounds = [_boundaries(version.sections, part.ordinal) for part in version.read.parts]
        self._pages: dict[tuple[int, int], PageText] = {
            (part.ordinal, page.number): page for part, page in version.read.pages()
        }
        self._ends: dict[tuple[int, int], list[int]] = {}
        self._words = ""
        self._segments: dict[tuple[int, ...], _Segment] = {}
        self._named: dict[tuple[int, int], list[tuple[int, bool]]] = {}
        self._scope_text: dict[tuple[int, int, int], str] = {}
        self._first_page = next((key for key, tokens in version.tokens.items() if len(tokens.exact) >= 3), (0, 1))
        self.is_act = any(s.kind in ("article", "dictum", "recitals", "legal_basis") for s in version.sections)
        self.has_annex = any(s.kind == "annex" for s in version.sections)
        self._titles = Titles(version, self._pages, self._first_page, self.is_act).find()
        self._titled = {title[:2] for title in self._titles}

    def tokens(self, part: int, page: int) -> Tokens:
        return self._version.tokens[(part, page)]

    def page(self, part: int, page: int) -> PageText:
        return self._pages[(part, page)]

    def spot(self, part: int, page: int, first: int, after: int) -> Spot:
        key = (part, page)
        offset = self._version.tokens[key].starts[first]
        segment = self._segment(part, page, offset)
        is_title = key in self._titled and self._in_title(part, page, first)
        zone = segment.zone
        if zone == "title" and not is_title and not self.is_act:
            zone = "body"  # the letterhead, the small print of a cover, all of a short form
        return Spot(
            part,
            page,
            first,
            after,
            zone,
            segment.leaf,
            segment.listing,
            (part, -1, segment.article) if segment.article >= 0 else (part, page, -1),
            segment.headings,
            is_title,
            segment.heading and self._in_heading(self._sections[segment.headings[-1]], page, offset),
            segment.first_dictum,
            zone != "title" and self._is_cited(key, first),
        )

    def sentence(self, spot: Spot) -> tuple[int, int, int]:
        """The key of the sentence a spot stands in; found late, because most hits are never looked at again."""
        if spot.sentence_number < 0:
            offset = self._version.tokens[(spot.part, spot.page)].starts[spot.first]
            spot.sentence_number = bisect_right(self._sentence_ends(spot.part, spot.page), offset)
        return (spot.part, spot.page, spot.sentence_number)

    def _segment(self, part: int, page: int, offset: int) -> _Segment:
        """What the open sections say; the same for all hits between two section boundaries."""
        keys, chains = self._bounds[part]
        at = bisect_right(keys, (page, offset)) - 1
        chain = chains[at] if at >= 0 else ()
        segment = self._segments.get(chain)
        if segment is None:
            sections = self._sections
            leaf = chain[-1] if chain else -1
            headings = tuple(i for i in chain if sections[i].kind in _HEADINGS)
            segment = self._segments[chain] = _Segment(
                zone=sections[leaf].zone if chain else "body",
                leaf=leaf if chain and sections[leaf].kind in _SMALL else -1,
                listing=self._listing(chain),
                article=next((i for i in reversed(chain) if sections[i].kind in _ARTICLES), -1),
                headings=headings,
                heading=bool(headings) and headings[-1] == leaf,
                first_dictum=any(sections[i].address in _FIRST_DICTUM for i in chain),
            )
        return segment

    def _listing(self, chain: tuple[int, ...]) -> int:
        """A short item ("g. Audit TIK;") says nothing without the clause that introduces the list."""
        if len(chain) < 2:
            return -1
        item, outer = self._sections[chain[-1]], self._sections[chain[-2]]
        short = item.page == item.end_page and item.end - item.start < _SHORT_ITEM
        return chain[-2] if item.kind in ("point", "item") and short and outer.kind in _SMALL else -1

    def sentence_range(self, spot: Spot) -> tuple[int, int]:
        """Offsets of the sentence on its page, without blanks around it."""
        ends = self._sentence_ends(spot.part, spot.page)
        text = self._pages[(spot.part, spot.page)].text
        number = self.sentence(spot)[2]
        start = ends[number - 1] if number else 0
        end = ends[number] if number < len(ends) else len(text)
        while start < end and text[start] in " \n\t;.|)":
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        return start, end

    def begins_sentence(self, spot: Spot) -> bool:
        """Whether the hit comes first in its sentence, after a clause's number at most."""
        start, _ = self.sentence_range(spot)
        return self._version.tokens[(spot.part, spot.page)].starts[spot.first] - start <= _NUMBERING

    def sentence_text(self, spot: Spot) -> str:
        """The words of the sentence, padded with blanks."""
        key = self.sentence(spot)
        if key not in self._scope_text:
            tokens = self._version.tokens[(spot.part, spot.page)]
            start, end = self.sentence_range(spot)
            self._scope_text[key] = _words(tokens, start, end)
        return self._scope_text[key]

    def article_text(self, spot: Spot) -> str:
        """The words of the whole article, or of the page where no article is, padded with blanks."""
        key = (spot.article[0], spot.article[1] - 1_000_000, spot.article[2])
        if key not in self._scope_text:
            self._scope_text[key] = self._read_article(spot)
        return self._scope_text[key]

    def document_text(self) -> str:
        """All words of the version, padded with blanks."""
        if not self._words:
            self._words = f" {' '.join(' '.join(tokens.exact) for tokens in self._version.tokens.values())} "
        return self._words

    def title_text(self) -> str:
        """The words of the title, padded with blanks."""
        words: list[str] = []
        for part, page, first, after in self._titles:
            words += self._version.tokens[(part, page)].exact[first:after]
        return f" {' '.join(words)} "

    def _read_article(self, spot: Spot) -> str:
        if spot.article[2] < 0:
            return f" {' '.join(self.tokens(spot.part, spot.page).exact)} "
        section = self._sections[spot.article[2]]
        texts: list[str] = []
        for page in range(section.page, section.end_page + 1):
            tokens = self._version.tokens.get((section.part, page))
            if tokens is None:
                continue
            start = section.start if page == section.page else 0
            end = section.end if page == section.end_page else 1 << 30
            texts.append(_words(tokens, start, end).strip())
        return f" {' '.join(texts)} "

    def _in_heading(self, section: Section, page: int, offset: int) -> bool:
        """Whether the place is in the heading itself; its text lies in the same section."""
        if page != section.page or not section.title:
            return False
        text = self._pages[(section.part, page)].text
        most = section.start + len(section.title) + _HEADING_NUMBER
        found = text.find(section.title, section.start, most)
        return offset < (found + len(section.title) if found >= 0 else most)

    def _is_cited(self, key: tuple[int, int], first: int) -> bool:
        """Whether the hit stands in the name of another act: "Peraturan ... Nomor 35 Tahun 2014 tentang ..."."""
        named = self._named.get(key)
        if named is None:
            exact = self._version.tokens[key].exact
            named = self._named[key] = (
                [
                    (at, exact[at - 1].isdigit() and len(exact[at - 1]) == 4)
                    for at, word in enumerate(exact)
                    if word == "tentang"
                ]
                if "tentang" in exact
                else []
            )
        at = bisect_right(named, (first, False)) - 1
        if at < 0 or not named[at][1] or first - named[at][0] >= _CITED_WITHIN:
            return False
        starts = self._version.tokens[key].starts
        ends = self._sentence_ends(*key)
        return bisect_right(ends, starts[named[at][0]]) == bisect_right(ends, starts[first])

    def _in_title(self, part: int, page: int, first: int) -> bool:
        return any(p == part and n == page and low <= first < high for p, n, low, high in self._titles)

    def _sentence_ends(self, part: int, page: int) -> list[int]:
        key = (part, page)
        if key not in self._ends:
            text = self._pages[key].text
            rows = self._pages[key].label.startswith("Lembar") or " | " in text
            ends = {found.end() for found in (_ROW_END if rows else _SENTENCE_END).finditer(text)}
            if not self.is_act:
                ends.update(found.end() for found in _SHORT_LINE.finditer(text))
            keys, _ = self._bounds[part]
            low, high = bisect_right(keys, (page, -1)), bisect_right(keys, (page, 1 << 30))
            ends.update(offset for _, offset in keys[low:high] if offset)
            self._ends[key] = sorted(ends)
        return self._ends[key]


def _boundaries(sections: Sequence[Section], part: int) -> tuple[list[tuple[int, int]], list[tuple[int, ...]]]:
    """Where the chain of open sections changes: positions, and the chain (outer first, as indexes) from there on."""
    keys: list[tuple[int, int]] = []
    chains: list[tuple[int, ...]] = []
    stack: list[int] = []

    def mark(position: tuple[int, int]) -> None:
        if keys and keys[-1] == position:
            chains[-1] = tuple(stack)
        else:
            keys.append(position)
            chains.append(tuple(stack))

    def close(before: tuple[int, int]) -> None:
        while stack:
            ends = [(sections[i].end_page, sections[i].end) for i in stack]
            first = min(ends)
            if first > before:
                return
            del stack[ends.index(first)]
            mark(max(first, keys[-1]) if keys else first)

    for index, section in enumerate(sections):
        if section.part != part:
            continue
        start = (section.page, section.start)
        close(start)
        stack.append(index)
        mark(start)
    close((1 << 30, 0))
    return keys, chains


def _words(tokens: Tokens, start: int, end: int) -> str:
    first, after = bisect_right(tokens.starts, start - 1), bisect_right(tokens.starts, end - 1)
    return f" {' '.join(tokens.exact[first:after])} "
