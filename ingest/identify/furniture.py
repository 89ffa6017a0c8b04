"""Page furniture: running headers, page numbers, stamps and catch-words. Marked, never deleted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

EDGE = 3  # lines from the top and from the bottom of a page in which running matter stands

_PAGE_NUMBER = re.compile(
    r"[-–—~.\s|]*(?:(?:hal(?:aman)?|page)\s*[.|:]?\s*)?(?:\d{1,4}|[ivxl]{1,6})(?:\s*(?:of|dari|/)\s*\d{1,4})?[-–—~.\s|]*",
    re.I,
)
_CATCH_WORD = re.compile(r".{1,48}?(?:\s?\.\s?\.\s?\.[.\s]*|…+)\s*")
_STAMP = re.compile(
    r"(?:https?://)?(?:www\.)?(?:jdih\.|peraturan\.go\.id|legalitas\.org|djpp\.)\S*(?:/\S*)?|"
    r"dipindai dengan camscanner|scanned (?:by|with) camscanner|sk no\.? ?\d+ ?[a-z]?|"
    r"(?:dokumen ini (?:telah )?)?ditandatangani secara elektronik .{0,160}|\d{4}, no\.? ?\d+",
    re.I,
)
_PRESIDENT = frozenset({"PRESIDEN", "REPUBLIK INDONESIA", "SALINAN", "MENTERI", "PRESIDEN REPUBLIK INDONESIA"})
_STAMP_STARTS = frozenset("hHwWjJpPlLdDsS0123456789")
_SECTION = re.compile(r"(?:Pasal|BAB|Bagian|Paragraf|Cukup jelas)\b|\(?\w{1,2}[.)]", re.I)
_DIGITS = re.compile(r"\d+")


def running_lines(pages: Sequence[Sequence[str]]) -> frozenset[str]:
    """The lines (digits masked) that come back in the same row of most pages' edges. `pages` are stripped lines."""
    if len(pages) < 3:
        return frozenset()
    seen: Counter[tuple[int, str]] = Counter()
    for lines in pages:
        edge = [*enumerate(lines[:EDGE]), *((-row, line) for row, line in enumerate(reversed(lines[-EDGE:]), start=1))]
        seen.update({(row, masked(line)) for row, line in edge if len(line) > 3 and not _SECTION.match(line)})
    least = max(3, len(pages) // 2)
    return frozenset(line for (_, line), times in seen.items() if times >= least)


def masked(line: str) -> str:
    return _DIGITS.sub("#", line)


def is_furniture(line: str, number: int, edge: bool, last: bool, running: frozenset[str]) -> bool:
    """Whether a stripped line of page `number` is furniture; `edge`: near top or bottom, `last`: near the bottom."""
    if line[0] in _STAMP_STARTS and len(line) < 220 and _STAMP.fullmatch(line):
        return True
    if not edge:
        return False
    if len(line) < 24 and _PAGE_NUMBER.fullmatch(line):
        return True
    if number > 1 and (line in _PRESIDENT or masked(line) in running):
        return True
    return last and len(line) < 60 and line[-1] in ".…" and _CATCH_WORD.fullmatch(line) is not None
