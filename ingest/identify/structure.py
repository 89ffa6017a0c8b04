"""Finds the sections of a version: what is title, recital, article, annex, heading, contents list, furniture.

One pass over the lines. A test of the first character comes before every pattern, because most lines begin nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from evidence.values import Part, Read, Section
from ingest.identify import headings as h
from ingest.identify.furniture import EDGE, is_furniture, running_lines

# Opening a section closes every open one whose rank is not lower. Text quoted by an amendment nests below `Pasal I`.
_RANK = {"dictum": 1.0, "chapter": 1.0, "part": 2.0, "paragraph": 3.0, "article": 6.0, "clause": 10.0}
_ANNEX_HEAD, _AMENDING_ITEM, _QUOTED, _ENUMERATION, _NESTED_CLOSING = 0.5, 7.0, 8.0, 11.0, 11.5
_ZONE = {
    "title_block": "title", "recitals": "recitals", "legal_basis": "legal_basis", "considering": "legal_basis",
    "decides": "title", "closing": "closing", "copy_block": "closing", "annex": "annex", "explanation": "explanation",
}  # fmt: skip
_NAME = {
    "title_block": "Judul", "recitals": "Menimbang", "legal_basis": "Mengingat", "considering": "Memperhatikan",
    "decides": "Menetapkan", "closing": "Penetapan", "copy_block": "Salinan", "explanation": "Penjelasan",
}  # fmt: skip
_INHERITED = frozenset({"annex", "explanation", "definitions", "recitals", "legal_basis"})
_LISTS = frozenset({"recitals", "legal_basis", "considering", "article", "clause", "dictum", "point", "item"})
_TITLE_LINES = 14  # a document that is no regulation shows its title within so many lines of page 1


class _Line(NamedTuple):
    page: int
    row: int  # among the filled lines of its page
    start: int
    text: str


@dataclass(slots=True)
class _Open:
    """A section that may still grow. `value` is its place in an enumeration; `grows`: its title may go on."""

    kind: str
    rank: float
    address: str
    zone: str
    page: int
    start: int
    value: int = 0
    title: str = ""
    grows: int = 0


def structure(read: Read) -> tuple[Section, ...]:
    """The sections of a version, sorted by where they begin, outer before inner."""
    return tuple(section for part in read.parts for section in _Outline(part).sections())


@dataclass(slots=True)
class _Outline:
    """Walks the lines of one part with the stack of the sections that are open."""

    part: Part
    stack: list[_Open] = field(default_factory=list)
    done: list[Section] = field(default_factory=list)
    last: tuple[int, int] = (1, 0)  # page and offset where the previous line ended
    before: str = ""  # the previous line that is no furniture
    text: str = ""  # of the page being walked
    regulation: bool = False
    decided: bool = False  # MEMUTUSKAN was met: dictum words count
    closed: bool = False  # the signing block was met
    amending: bool = False  # inside Pasal I, II of an amendment
    fresh: bool = False  # the previous line opened an article

    def sections(self) -> list[Section]:
        pages = [(page.number, page.text, _filled(page.number, page.text)) for page in self.part.pages]
        running = running_lines([[line.text for line in lines] for _, _, lines in pages])
        self.regulation = any(h.REGULATION.search(text) for _, text, _ in pages[:8])
        if pages:
            self._push("title_block", 0.0, "Judul", _Line(pages[0][0], 0, 0, ""))
        for number, self.text, lines in pages:
            if h.is_contents(self.text, [line.text for line in lines]):
                self._whole("contents", "Daftar isi", "contents", number, 0, len(self.text))
                self.last = (number, len(self.text))
                continue
            self._walk(number, lines, running)
        self._close(-1.0)
        self.done.sort(key=lambda s: (s.page, s.start, -s.end_page, -s.end))
        return self.done

    def _walk(self, number: int, lines: list[_Line], running: frozenset[str]) -> None:
        bottom = len(lines) - EDGE
        for line in lines:
            end = line.start + len(line.text)
            low = line.row >= bottom
            if is_furniture(line.text, number, low or line.row < EDGE, low, running):
                self._whole("furniture", "", "furniture", number, line.start, end)
                continue
            self._step(line)
            self.last = (number, end)
            self.before = line.text
        if "SOP" in self.text and (box := h.sop_box(self.text)):
            self._whole("sop_box", "Kotak identitas SOP", "body", number, *box)

    # --- one line -----------------------------------------------------------------------------------------------

    def _step(self, line: _Line) -> None:
        if self.fresh:
            self.fresh = False
            if h.DEFINITIONS.match(self.text, line.start):
                self.stack[-1].zone = "definitions"
        first = line.text[0]
        if first == "(" or first == "[":
            opened = self._clause(line)
        elif first.isdigit():
            opened = self._listed(line) or self._heading(line)
        elif first.islower():
            opened = line.text[1:2] in (".", ")") and self._listed(line)
        else:
            opened = self._capital(first, line)
        if not opened and self.stack:
            self._continue(line)

    def _capital(self, first: str, line: _Line) -> bool:
        if first in "Mm" and (self._preamble(line) or self._dictum(line)):
            return True
        if first in "DA" and h.CLOSING.match(line.text):
            return self._closing(line)
        if first in "STP" and h.COPY.match(line.text):
            self._push("copy_block", 0.0 if self._annexed() is None else _NESTED_CLOSING, "Salinan", line)
            return True
        if first == "P" and (self._explanation(line) or self._article(line) or self._paragraph(line)):
            return True
        if first == "L" and self._annex(line):
            return True
        if first == "B" and (self._chapter(line) or self._part_heading(line)):
            return True
        if first in "KPkp" and self._dictum(line):
            return True
        return self._heading(line)

    def _preamble(self, line: _Line) -> bool:
        if not self.regulation or self._annexed() is not None:
            return False
        for kind, pattern in h.PREAMBLE:
            match = pattern.match(line.text)
            if not match:
                continue
            if kind == "decides":
                if self.closed or (self.stack and self.stack[0].kind == "decides"):
                    return False
                self.decided = True
            elif self.decided and not self.closed:
                return False
            if kind == "recitals":
                self.decided = self.closed = self.amending = False
            self._push(kind, 0.0, _NAME[kind], line)
            if kind != "decides":
                self._listed(_rest(line, match.end()))
            return True
        return False

    def _dictum(self, line: _Line) -> bool:
        if not self.decided or self.closed:
            return False
        match = h.DICTUM.match(line.text)
        if not match:
            return False
        rest = line.text[match.end() :]
        if not match["colon"] and not (match["no"].isupper() and (not rest or rest[0].isupper())):
            return False
        self._push("dictum", _RANK["dictum"], match["no"].upper(), line)
        self._close_preamble()
        self._listed(_rest(line, match.end()))
        return True

    def _closing(self, line: _Line) -> bool:
        if self._annexed() is not None:
            self._push("closing", _NESTED_CLOSING, self._prefix(), line)
            return True
        if not (self.stack and self.stack[0].kind == "closing"):
            self._push("closing", 0.0, "Penetapan", line)
        self.closed, self.amending = True, False
        return True

    def _annex(self, line: _Line) -> bool:
        match = h.ANNEX.match(line.text)
        if not match or h.ENDS_OPEN.search(self.before):
            return False
        upper = line.text.startswith("LAMPIRAN")
        if self.regulation and not self.closed and not (upper and line.row < 6):
            return False
        if not upper and line.row >= 4 and not self.closed:
            return False
        address = f"Lampiran {h.roman(match['no'] or match['no2'] or '')}".strip()
        current = self._annexed()
        if current is not None and current.kind == "annex" and current.address == address:
            return True  # the running head of the same annex
        self._push("annex", 0.0, address, line)
        self._push("title_block", _ANNEX_HEAD, "", line)
        return True

    def _explanation(self, line: _Line) -> bool:
        if not h.EXPLANATION.match(line.text) or (self.regulation and not self.closed and line.row >= 6):
            return False
        self.closed, self.amending = True, False
        self._push("explanation", 0.0, "Penjelasan", line)
        return True

    def _chapter(self, line: _Line) -> bool:
        match = h.CHAPTER.match(line.text)
        if not match:
            return False
        title = match["title"].strip()
        if not line.text.startswith("BAB") and (h.ENDS_OPEN.search(self.before) or (title and not title[0].isupper())):
            return False
        self._push("chapter", self._quoted(_RANK["chapter"]), f"BAB {h.roman(match['no'])}", line, title, 3)
        self._close_preamble()
        return True

    def _part_heading(self, line: _Line) -> bool:
        match = h.PART.match(line.text)
        if not match or h.ENDS_OPEN.search(self.before):
            return False
        self._push("part", self._quoted(_RANK["part"]), f"Bagian {match['no'].title()}", line, match["title"], 1)
        return True

    def _paragraph(self, line: _Line) -> bool:
        match = h.PARAGRAPH.match(line.text)
        if not match or h.ENDS_OPEN.search(self.before):
            return False
        self._push("paragraph", self._quoted(_RANK["paragraph"]), f"Paragraf {match['no']}", line, match["title"], 1)
        return True

    def _article(self, line: _Line) -> bool:
        match = h.ARTICLE.fullmatch(line.text)
        if not match or h.ENDS_OPEN.search(self.before):
            return False
        number = h.article_number(match["no"])
        if number[0] in "IVX":
            self.amending = True
            self._push("article", _RANK["article"], f"Pasal {number}", line)
        else:
            self._push("article", self._quoted(_RANK["article"]), f"Pasal {number}", line)
            self.fresh = self._annexed() is None
        self._close_preamble()
        return True

    def _clause(self, line: _Line) -> bool:
        match = h.CLAUSE.match(line.text)
        if not match or h.ENDS_WITH_CLAUSE.search(self.before):
            return False
        rest = line.text[match.end() :]
        if rest and rest[0].islower():
            return False
        at = next((i for i in range(len(self.stack) - 1, -1, -1) if self.stack[i].kind == "article"), None)
        if at is None:
            return False
        value = int(match["no"].rstrip("abcdefghij"))
        previous = next((s.value for s in self.stack[at:] if s.kind == "clause"), 0)
        if not (value == 1 or 0 <= value - previous <= 3):
            return False
        self._push("clause", _RANK["clause"], f"ayat ({match['no']})", line, value=value)
        self._listed(_rest(line, match.end()))
        return True

    def _listed(self, line: _Line) -> bool:
        """A huruf or an angka of a list, recognised by following the one before it."""
        match = h.POINT.match(line.text) or h.ITEM.match(line.text)
        if not match or not self.stack:
            return False
        kind, value = h.enumerator(match["no"])
        label = f"huruf {match['no']}" if kind == "point" else f"angka {value}"
        if self.amending and kind == "item" and h.AMENDING.match(line.text, match.end()):
            self._push(kind, _AMENDING_ITEM, label, line, value=value)
            return True
        if self.stack[-1].kind not in _LISTS:
            return False
        if value == 1:
            deepest = self.stack[-1]
            rank = deepest.rank + 0.01 if deepest.kind in ("point", "item") else _ENUMERATION
            self._push(kind, rank, label, line, value=value)
            return True
        for sibling in reversed(self.stack):
            if sibling.kind not in ("point", "item"):
                return False
            if sibling.kind == kind and 0 < value - sibling.value <= 3:
                self._push(kind, sibling.rank, label, line, value=value)
                return True
        return False

    def _heading(self, line: _Line) -> bool:
        """Numbered, lettered and capital headings of what is no regulation: reports, plans, annexes."""
        if self.regulation and self._annexed() is None:
            return False
        found = h.heading(line.text, self.before)
        if not found or (not found.number and self.stack and self.stack[-1].kind == "title_block"):
            return False
        if found.value:
            previous = next((s.value for s in reversed(self.stack) if s.kind == "heading" and s.value), 0)
            if found.value > 1 and not 0 < found.value - previous <= 3:
                return False
        address = f"{found.number} {found.title}".strip()
        if found.value and (chapter := next((s for s in self.stack if s.kind == "chapter"), None)):
            address = f"{chapter.address}, {address}"
        self._push("heading", found.rank, address, line, found.title, value=found.value)
        if h.DEFINITION_HEADING.search(found.title):
            self.stack[-1].zone = "definitions"
        return True

    def _continue(self, line: _Line) -> None:
        """A line that begins nothing: the rest of a title, or the end of the title block of a report."""
        top = self.stack[-1]
        if top.grows:
            if line.text.isupper() or top.kind != "chapter":
                top.title = f"{top.title} {line.text}".strip()
                top.grows = top.grows - 1 if top.kind == "chapter" else 0
            else:
                top.grows = 0
        elif top.rank == _ANNEX_HEAD:
            if line.page != top.page or line.row > _TITLE_LINES or not h.ANNEX_HEAD.match(line.text):
                self._close(_ANNEX_HEAD)
        elif top.kind == "title_block" and not self.regulation and not self._titling(line):
            self._close(0.0)

    # --- the stack ----------------------------------------------------------------------------------------------

    def _titling(self, line: _Line) -> bool:
        """Whether the title block of a document that is no regulation may still go on."""
        prose = len(line.text) > 60 and not line.text.isupper()
        return line.page == 1 and line.row < _TITLE_LINES and not prose

    def _annexed(self) -> _Open | None:
        return self.stack[0] if self.stack and self.stack[0].kind in ("annex", "explanation") else None

    def _prefix(self) -> str:
        return annexed.address if (annexed := self._annexed()) else ""

    def _quoted(self, rank: float) -> float:
        return _QUOTED + rank / 10 if self.amending else rank

    def _close_preamble(self) -> None:
        """The first chapter, article or dictum ends title, recitals and Menetapkan, which it does not nest in."""
        if len(self.stack) > 1 and self.stack[0].kind not in ("annex", "explanation", "dictum", "chapter", "article"):
            inner = self.stack.pop()
            self._close(-1.0)
            inner.address = inner.address.removeprefix("Menetapkan ")
            self.stack.append(inner)

    def _push(
        self, kind: str, rank: float, label: str, line: _Line, title: str = "", grows: int = 0, value: int = 0
    ) -> None:
        if rank > _ANNEX_HEAD and self.stack and self.stack[-1].rank == _ANNEX_HEAD:
            self._close(_ANNEX_HEAD)
        self._close(rank)
        parent = self.stack[-1] if self.stack else None
        zone = _ZONE.get(kind) or (parent.zone if parent and parent.zone in _INHERITED else "body")
        self.stack.append(
            _Open(kind, rank, self._address(kind, label), zone, line.page, line.start, value, title, grows)
        )
        if title:
            self.stack[-1].grows = 2 if kind == "chapter" and title.isupper() else 0

    def _address(self, kind: str, label: str) -> str:
        """The parent's address goes on for lists; articles and headings are cited by themselves."""
        if kind in ("clause", "point", "item"):
            return f"{self.stack[-1].address} {label}" if self.stack else label
        if kind == "part" and (chapter := next((s for s in self.stack if s.kind == "chapter"), None)):
            return f"{chapter.address} {label}"
        if kind == "article" and self.amending and self.stack and label[6:7] not in "IVX":
            outer = next((s for s in reversed(self.stack) if s.rank <= _AMENDING_ITEM), None)
            return f"{outer.address} {label}" if outer else label
        return f"{self._prefix()} {label}".strip() if kind != "closing" else label

    def _close(self, rank: float) -> None:
        while self.stack and self.stack[-1].rank >= rank:
            top = self.stack.pop()
            page, end = max(self.last, (top.page, top.start))
            if (page, end) <= (top.page, top.start):
                continue
            address = f"{top.address} {h.title_case(top.title)}".strip() if top.kind == "chapter" else top.address
            self.done.append(
                Section(top.kind, address, top.title, top.zone, self.part.ordinal, top.page, top.start, page, end)
            )

    def _whole(self, kind: str, address: str, zone: str, page: int, start: int, end: int) -> None:
        self.done.append(Section(kind, address, "", zone, self.part.ordinal, page, start, page, end))


def _filled(page: int, text: str) -> list[_Line]:
    """The lines of a page that hold anything, stripped, each with where it begins."""
    lines: list[_Line] = []
    offset = 0
    for raw in text.split("\n"):
        if stripped := raw.strip():
            lines.append(_Line(page, len(lines), offset + raw.index(stripped[0]), stripped))
        offset += len(raw) + 1
    return lines


def _rest(line: _Line, at: int) -> _Line:
    return _Line(line.page, line.row, line.start + at, line.text[at:])
