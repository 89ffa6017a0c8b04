"""Word files, from their XML.

python-docx would leave out text boxes, headers and text inserted with tracked changes, repeat merged cells, and refuse
Strict OOXML and files with macros.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from evidence.errors import BrokenFile
from evidence.values import FileFacts, PageText
from ingest.formats import NOT_RECOGNISED, Opened
from ingest.formats.archives import core_metadata, local_name, open_archive, read_xml
from ingest.formats.text import canonical
from ingest.wire import Limits

# A page break as Word stored it, inside the text until the pages are cut.
_BREAK = "\f"
_BREAKS = re.compile(rf"{_BREAK}[\s{_BREAK}]*")

# Deleted text, field codes, and the second copy of a drawing for older programs.
_LEFT_OUT = {"del", "moveFrom", "instrText", "delText", "Fallback"}
_CHARACTERS = {"tab": " ", "cr": "\n", "noBreakHyphen": "-", "sym": "•", "lastRenderedPageBreak": _BREAK}
_CHANGES = {"ins", "del", "moveFrom", "moveTo"}


def open_document(path: Path, mime: str, limits: Limits, ocr_pages: int) -> Opened:
    with open_archive(path, limits) as archive:
        main = _main_part(archive)
        document = read_xml(archive, main)
        if document is None:
            raise BrokenFile()
        folder = main.rpartition("/")[0]
        names = archive.namelist()
        frame = {
            kind: [read_xml(archive, name) for name in names if name.startswith(f"{folder}/{kind}")]
            for kind in ("header", "footer", "footnotes", "endnotes")
        }
        comments = read_xml(archive, f"{folder}/comments.xml")
        changes = sum(local_name(element) in _CHANGES for element in document.iter())
        warnings = [f"tracked_changes:{changes}"] if changes else []
        if any(name.endswith("vbaProject.bin") for name in names):
            warnings.append("macros")
        pictures = any("/media/" in name for name in names)
        metadata = core_metadata(archive)

    texts = _pages(document, frame)
    facts = FileFacts(
        mime=mime,
        pages=len(texts),
        metadata=metadata,
        tracked_changes=changes,
        comments=0 if comments is None else sum(local_name(element) == "comment" for element in comments),
        warnings=tuple(warnings),
    )
    scanned = pictures and not any(texts)

    def pages(first: int) -> Iterator[PageText]:
        for number in range(first, len(texts) + 1):
            text = texts[number - 1]
            note = NOT_RECOGNISED if scanned else ""
            yield PageText(number, f"hal. {number}", text, "text" if text else "blank", picture=scanned, note=note)

    return Opened(facts, pages)


def _main_part(archive: zipfile.ZipFile) -> str:
    relations = read_xml(archive, "_rels/.rels")
    for relation in () if relations is None else relations:
        if relation.get("Type", "").endswith("/officeDocument"):
            return relation.get("Target", "").lstrip("/")
    return "word/document.xml"


def _pages(document: Element, frame: dict[str, list[Element | None]]) -> list[str]:
    """The text cut at the page breaks; headers stand on the first page once, notes at the end."""
    head, foot, notes = (
        "\n".join(dict.fromkeys(line for part in parts if part is not None for line in _lines(part))).replace(
            _BREAK, ""
        )
        for parts in (frame["header"], frame["footer"], frame["footnotes"] + frame["endnotes"])
    )
    pages = _BREAKS.split("\n".join(_lines(document)).strip(f"\n {_BREAK}"))
    pages = [page.strip("\n") for page in pages]
    pages[0] = "\n".join(filter(None, (head, pages[0], foot)))
    pages[-1] = "\n".join(filter(None, (pages[-1], notes)))
    return [canonical(page) for page in pages]


def _lines(element: Element) -> Iterator[str]:
    """The paragraphs and table rows below an element, in order."""
    for child in element:
        match local_name(child):
            case "p":
                yield from _paragraph(child)
            case "tbl":
                for row in _inside(child, "tr"):
                    yield from _row(row)
            case name if name not in _LEFT_OUT:
                yield from _lines(child)


def _paragraph(paragraph: Element) -> Iterator[str]:
    boxes: list[Element] = []
    text = "".join(_runs(paragraph, boxes))
    if text.strip(" "):
        yield text
    for box in boxes:
        yield from _lines(box)


def _runs(element: Element, boxes: list[Element]) -> Iterator[str]:
    """The characters of a paragraph; the text boxes anchored in it are put aside."""
    for child in element:
        name = local_name(child)
        if name == "t":
            yield child.text or ""
        elif name == "br":
            yield _BREAK if _value(child, "type") == "page" else "\n"
        elif name == "pageBreakBefore":
            yield "" if _value(child, "val") in ("0", "false") else _BREAK
        elif name == "sectPr":
            yield "" if any(_value(kind, "val") == "continuous" for kind in child) else _BREAK
        elif name == "tab" and local_name(element) == "tabs":
            continue
        elif name in _CHARACTERS:
            yield _CHARACTERS[name]
        elif name == "txbxContent":
            boxes.append(child)
        elif name not in _LEFT_OUT:
            yield from _runs(child, boxes)


def _row(row: Element) -> Iterator[str]:
    """The cells side by side; where cells hold several paragraphs, the others follow, each on its own line."""
    firsts, rest, broken = [], [], False
    for cell in _inside(row, "tc"):
        if _goes_on(cell):
            continue
        lines = [line.strip() for line in _lines(cell)]
        broken = broken or any(_BREAK in line for line in lines)
        lines = [kept for line in lines if (kept := line.replace(_BREAK, " ").strip())]
        firsts += lines[:1]
        rest += lines[1:]
    # "Menimbang | : | a. bahwa ..." is a sentence laid out in a table.
    line = (" " if ":" in firsts else " | ").join(firsts)
    if line:
        yield line
    yield from rest
    if broken:
        yield _BREAK


def _inside(element: Element, wanted: str) -> Iterator[Element]:
    """The rows of a table or cells of a row, also where a content control holds them; not those of inner tables."""
    for child in element:
        name = local_name(child)
        if name == wanted:
            yield child
        elif name in ("sdt", "sdtContent", "customXml", "ins"):
            yield from _inside(child, wanted)


def _goes_on(cell: Element) -> bool:
    """Is it the lower part of a cell merged over several rows?"""
    for properties in cell:
        if local_name(properties) == "tcPr":
            return any(
                local_name(merge) == "vMerge" and _value(merge, "val") in (None, "continue") for merge in properties
            )
    return False


def _value(element: Element, name: str) -> str | None:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), None)
