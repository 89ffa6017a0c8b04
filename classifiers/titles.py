"""Finds where a version says what it is about: the title after TENTANG, the name of an SOP, the subject of a letter."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence

from evidence.values import Analysed, PageText, Section, Tokens

# Part, page, first token, token after the last.
Range = tuple[int, int, int, int]

# Titles run over a few lines; what stands deeper in a cover page is its small print.
_TITLE_WORDS = 70
_FIRST_WORDS = 35
_AT_LEAST = 12
_CUE_WORDS = 20
_NAME_WORDS = 12
_NAMED = frozenset({("nama", "sop"), ("nama", "spo"), ("judul", "sop")})
_CUES = frozenset({"perihal", "hal", "acara", "agenda", "topik"})
# The address line of a letterhead names a website, and so every letter would speak of something electronic.
_LETTERHEAD = re.compile(
    r"^.*(?:\bJalan\b|\bJl\.|\bTel(?:p|epon)\b|\bFa(?:x|ks)\b|\bKode Pos\b|www\.|@).*$", re.M | re.I
)
_LABEL = re.compile(r"\n\s*[A-Z][\w/. ]{2,30}\s*:")
# "menetapkan Peraturan Wali Kota ... tentang": so far apart the two words still belong together.
_SETS_WITHIN = 24


class Titles:
    """Looks for the titles of one version."""

    def __init__(
        self, version: Analysed, pages: Mapping[tuple[int, int], PageText], first_page: tuple[int, int], is_act: bool
    ) -> None:
        self._version = version
        self._sections = version.sections
        self._pages = pages
        self._first_page = first_page
        self._is_act = is_act

    def find(self) -> list[Range]:
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

    def _titles_in_recitals(self) -> list[Range]:
        """ "perlu menetapkan Peraturan Wali Kota tentang ...": the title once more, often better read."""
        found: list[Range] = []
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
                    if named and "menetapkan" in tokens.exact[max(first, at - _SETS_WITHIN) : at]:
                        found.append((section.part, page, at + 1, min(at + 1 + _CUE_WORDS, after)))
        return found

    def _first_words(self) -> Range:
        """The first words of a page without a title, up to its first heading."""
        part, page = self._first_page
        starts = self._version.tokens[self._first_page].starts
        inner = next(
            (s.start for s in self._sections if s.part == part and s.page == page and s.zone != "title"), 1 << 30
        )
        before = bisect_right(starts, inner - 1)
        return part, page, 0, min(before, _FIRST_WORDS) if before > 3 else _FIRST_WORDS

    def _block_title(self, block: Section) -> Range | None:
        tokens = self._version.tokens[(block.part, block.page)]
        first = bisect_right(tokens.starts, block.start - 1)
        stop = block.end if block.end_page == block.page else 1 << 30
        # In a report the first headings lie inside the title block.
        inner = next(
            (s for s in self._sections if s.part == block.part and (s.page, s.start) > (block.page, block.start)), None
        )
        if inner and inner.page == block.page:
            stop = min(stop, inner.start)
        after = min(bisect_right(tokens.starts, stop - 1), first + (_TITLE_WORDS if self._is_act else _FIRST_WORDS))
        if self._is_act or block.kind == "decides":
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

    def _cued(self) -> list[tuple[bool, Range]]:
        """Ranges after "Nama SOP" (strong: nothing else is the title), "Perihal", "Acara"."""
        found: list[tuple[bool, Range]] = []
        if self._is_act:
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
