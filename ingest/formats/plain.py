"""Text in any encoding, and HTML without its tags (also tables exported as HTML and called .xls)."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from evidence.values import FileFacts, PageText
from ingest.formats import Opened
from ingest.formats.text import canonical
from ingest.wire import Limits

# What ends a line on screen.
_BLOCK_TAGS = """
address article aside blockquote br caption dd div dl dt figcaption footer form h1 h2 h3 h4 h5 h6 header hr li main nav
ol p pre section table tbody tfoot thead title tr ul
"""
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_HIDDEN = {"script", "style", "template"}
_CELLS = {"td", "th"}

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def open_document(path: Path, mime: str, limits: Limits, ocr_pages: int) -> Opened:
    data = path.read_bytes()
    text = decode(data)
    if mime == "text/html":
        text = _without_tags(text)
    text = canonical(text)

    def pages(first: int) -> Iterator[PageText]:
        if first == 1:
            yield PageText(1, "hal. 1", text, "text" if text else "blank")

    return Opened(FileFacts(mime, 1), pages)


def decode(data: bytes) -> str:
    """The text, by byte order mark, else UTF-16 by its zero bytes, else UTF-8, else what Windows writes."""
    if encoding := wide_encoding(data):
        return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def wide_encoding(data: bytes) -> str:
    """The encoding, where a mark or the zero bytes tell it; else an empty string."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    # Latin text in UTF-16 has a zero as nearly every second byte, and only there.
    start = data[:400]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if min(even, odd) == 0 and max(even, odd) > 0.35 * len(start):
        return "utf-16-le" if odd else "utf-16-be"
    return ""


def _without_tags(text: str) -> str:
    page = _Page()
    page.feed(text)
    page.close()
    lines = (re.sub(r"[ \t\xa0]+", " ", line).strip(" |") for line in "".join(page.pieces).split("\n"))
    return "\n".join(line for line in lines if line)


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _HIDDEN
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in _HIDDEN and self._hidden > 0
        if tag in _CELLS:
            self.pieces.append(" | ")
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(re.sub(r"\s+", " ", data))
