"""Where the hits of a version stand: sentence, article, heading or title, zone, or inside another act's name."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from evidence.values import Analysed, PageText, Section, Tokens

_ARTICLES = frozenset({"article", "dictum", "sop_box", "heading"})
_HEADINGS = frozenset({"chapter", "part", "paragraph", "heading"})
_FIRST_DICTUM = frozenset({"KESATU", "PERTAMA"})
_SMALL = frozenset({"clause", "point", "item", "article", "dictum"})
# A sentence also ends where a list item or a labelled line begins: forms and slides have no full stops.
_SENTENCE_END = re.compile(r"[.;!?](?=\s)|\n\s*\n|\n(?=\s*(?:[-•●▪]\s|\(?[a-z0-9]{1,2}[.)]\s|[A-Z][\w/ ]{2,40}\s*:))")
# Forms, slides and pictures of screens break lines where prose would have a full stop; table rows end in figures.
_SHORT_LINE = re.compile(r"^.{1,48}\n(?=\s*[A-Z0-9])|[\d–-]\n(?=\s*[A-Z])", re.M)
# The address line of a letterhead names a website, and so every letter would speak of something electronic.
_LETTERHEAD = re.compile(
    r"^.*(?:\bJalan\b|\bJl\.|\bTel(?:p|epon)\b|\bFa(?:x|ks)\b|\bKode Pos\b|www\.|@).*$", re.M | re.I
)
_ROW_END = re.compile(r"[.;!?](?=\s)|\n")
# Titles run over a few lines; what stands deeper in a cover page is its small print.
_TITLE_WORDS = 70
_FIRST_WORDS = 35
_AT_LEAST = 12
_CUE_WORDS = 20
_NAME_WORDS = 12
_NAMED = frozenset({("nama", "sop"), ("nama", "spo"), ("judul", "sop")})
_CUES = frozenset({"perihal", "hal", "acara", "agenda", "topik"})
_CITED_WITHIN = 24
_LABEL = re.compile(r"\n\s*[A-Z][\w/. ]{2,30}\s*:")
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
        self._titles = self._find_titles()
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

    def _find_titles(self) -> list[tuple[int, int, int, int]]:
        """Token ranges that say what the version is about: part, page, first, after."""
        if self._first_page not in self._version.tokens:
            return []
        cued = self._cued()
        if any(strong for strong, _ in cued):
            return [title for strong, title in cued if strong]
        blocks = [s for s in self._sections if s.zone == "title" and s.kind in ("title_block", "decides")]
        annexes = next((i for i, s in enumerate(blocks) if s.address.startswith("Lampiran")), len(blocks))
        # The titles of annexes say less than the act's own; a file that is only an annex has no other.
        titles = [title for block in blocks[: max(1, annexes)] if (title := self._block_title(block))]
        titles += self._titles_in_recitals()
        if not titles:
            titles = [self._first_words()]
        return titles + [title for _, title in cued]

    def _titles_in_recitals(self) -> list[tuple[int, int, int, int]]:
        """ "perlu menetapkan Peraturan Wali Kota tentang ...": the title once more, often better read."""
        found: list[tuple[int, int, int, int]] = []
        for section in self._sections:
            if section.kind != "recitals":
                continue
            for page in range(section.page, section.end_page + 1):
                tokens = self._version.tokens.get((section.part, page))
                if tokens is None or "tentang" not in tokens.exact:
                    continue
                first, after = _token_range(tokens, section, page)
                for at in range(first + 1, after):
                    named = tokens.exact[at] == "tentang" and not tokens.exact[at - 1].isdigit()
                    if named and "menetapkan" in tokens.exact[max(first, at - _CITED_WITHIN) : at]:
                        found.append((section.part, page, at + 1, min(at + 1 + _CUE_WORDS, after)))
        return found

    def _first_words(self) -> tuple[int, int, int, int]:
        """The first words of a page without a title, up to its first heading."""
        part, page = self._first_page
        starts = self._version.tokens[self._first_page].starts
        inner = next(
            (s.start for s in self._sections if s.part == part and s.page == page and s.zone != "title"), 1 << 30
        )
        before = bisect_right(starts, inner - 1)
        return part, page, 0, min(before, _FIRST_WORDS) if before > 3 else _FIRST_WORDS

    def _block_title(self, block: Section) -> tuple[int, int, int, int] | None:
        tokens = self._version.tokens[(block.part, block.page)]
        first = bisect_right(tokens.starts, block.start - 1)
        stop = block.end if block.end_page == block.page else 1 << 30
        # In a report the first headings lie inside the title block.
        inner = next(
            (s for s in self._sections if s.part == block.part and (s.page, s.start) > (block.page, block.start)), None
        )
        if inner and inner.page == block.page:
            stop = min(stop, inner.start)
        after = min(bisect_right(tokens.starts, stop - 1), first + (_TITLE_WORDS if self.is_act else _FIRST_WORDS))
        if self.is_act or block.kind == "decides":
            # What stands before TENTANG is the issuer: a Dinas Kominfo is no subject.
            about = _after_tentang(tokens.exact, first, after)
            first, after = about, min(after + about - first, bisect_right(tokens.starts, stop - 1))
        else:
            text = self._pages[(block.part, block.page)].text
            heads = [found.end() for found in _LETTERHEAD.finditer(text, block.start, min(stop, len(text)))]
            under = bisect_right(tokens.starts, heads[-1] - 1) if heads else first
            if after - under >= 2:
                first = under
            # A short title ("Manual SIRENA") is explained by the words that follow.
            next_section = (
                bisect_right(tokens.starts, inner.start - 1) if inner and inner.page == block.page else 1 << 30
            )
            after = max(after, min(first + _AT_LEAST, next_section, len(tokens.starts)))
        return (block.part, block.page, first, after) if after - first >= 2 else None

    def _cued(self) -> list[tuple[bool, tuple[int, int, int, int]]]:
        """Ranges after "Nama SOP" (strong: nothing else is the title), "Perihal", "Acara"."""
        found: list[tuple[bool, tuple[int, int, int, int]]] = []
        if self.is_act:
            return found
        part, first_page = self._first_page
        for page in (first_page, first_page + 1):
            tokens = self._version.tokens.get((part, page))
            for at, word in enumerate(tokens.exact[:220] if tokens else ()):
                pair = (word, tokens.exact[at + 1] if tokens and at + 1 < len(tokens.exact) else "")
                if pair in _NAMED:
                    found.append((True, (part, page, at + 2, self._label_end((part, page), at + 2, _NAME_WORDS))))
                elif word in _CUES and tokens and self._labels(part, page, tokens.ends[at]):
                    found.append((False, (part, page, at + 1, self._label_end((part, page), at + 1, _CUE_WORDS))))
        return found

    def _label_end(self, key: tuple[int, int], first: int, most: int) -> int:
        """The token where the value of a label ends: at the next label, or after `most` words."""
        starts = self._version.tokens[key].starts
        if first >= len(starts):
            return first
        label = _LABEL.search(self._pages[key].text, starts[first])
        return min(first + most, bisect_right(starts, label.start()) if label else len(starts))

    def _labels(self, part: int, page: int, offset: int) -> bool:
        """Whether a colon follows: "Hal : Undangan" is a label, "hal ini" is not."""
        return self._pages[(part, page)].text[offset : offset + 4].lstrip().startswith(":")

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


def _after_tentang(exact: Sequence[str], first: int, after: int) -> int:
    """The token after TENTANG, also where it is set with spaces between the letters; `first` without it."""
    for at in range(first, after):
        if exact[at] == "tentang":
            return at + 1
        if exact[at] == "t" and "".join(exact[at : at + 7]) == "tentang":
            return at + 7
    return first


def _token_range(tokens: Tokens, section: Section, page: int) -> tuple[int, int]:
    """The tokens of a section on one of its pages."""
    start = section.start if page == section.page else 0
    end = section.end if page == section.end_page else 1 << 30
    return bisect_right(tokens.starts, start - 1), bisect_right(tokens.starts, end - 1)


def _words(tokens: Tokens, start: int, end: int) -> str:
    first, after = bisect_right(tokens.starts, start - 1), bisect_right(tokens.starts, end - 1)
    return f" {' '.join(tokens.exact[first:after])} "
