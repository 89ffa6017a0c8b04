"""Makes the demonstration's Word, Excel and PowerPoint files from plain descriptions, always the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import docx
import pptx
import xlsxwriter
from docx.enum.text import WD_ALIGN_PARAGRAPH

AUTHOR = "Pemerintah Kota Ranupane"
EARLIEST = (1980, 1, 1, 0, 0, 0)  # the first moment a ZIP can name
Spec = Mapping[str, Any]


def word(spec: Spec) -> bytes:
    """`blocks`: a list of {title|heading|centre|text: words}, {items: [...]}, {table: rows} or {page_break: true}."""
    document = docx.Document()
    for block in spec["blocks"]:
        ((kind, content),) = block.items()
        if kind == "title":
            document.add_heading(content, level=0)
        elif kind == "heading":
            document.add_heading(content, level=1)
        elif kind == "centre":
            document.add_paragraph(content).alignment = WD_ALIGN_PARAGRAPH.CENTER
        elif kind == "text":
            document.add_paragraph(content)
        elif kind == "items":
            for item in content:
                document.add_paragraph(item, style="List Number")
        elif kind == "table":
            _word_table(document, content)
        elif kind == "page_break":
            document.add_page_break()  # type: ignore[no-untyped-call]
        else:
            raise ValueError(f"unknown block {kind}")
    return _finished(document, spec)


def _word_table(document: Any, rows: Sequence[Sequence[object]]) -> None:
    table = document.add_table(rows=0, cols=len(rows[0]), style="Table Grid")
    for row in rows:
        for cell, value in zip(table.add_row().cells, row, strict=True):
            cell.text = str(value)


def slides(spec: Spec) -> bytes:
    """`slides`: a list of {title, items}; the first one may have a `subtitle` instead of items."""
    deck = pptx.Presentation()
    for page in spec["slides"]:
        first = "subtitle" in page
        slide = deck.slides.add_slide(deck.slide_layouts[0 if first else 1])
        slide.shapes.title.text = page["title"]
        slide.placeholders[1].text = page["subtitle"] if first else "\n".join(page["items"])
    return _finished(deck, spec)


def _finished(document: Any, spec: Spec) -> bytes:
    made = datetime.fromisoformat(str(spec["made"]))
    facts = document.core_properties
    facts.author = facts.last_modified_by = AUTHOR
    facts.title = spec["title"]
    facts.created = facts.modified = made
    out = io.BytesIO()
    document.save(out)
    return with_fixed_times(out.getvalue())


def with_fixed_times(archive: bytes) -> bytes:
    """The same ZIP without the moment of its making: python-docx and python-pptx stamp every member with now."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.infolist():
            target.writestr(
                zipfile.ZipInfo(member.filename, EARLIEST), source.read(member), compress_type=zipfile.ZIP_DEFLATED
            )
    return out.getvalue()


def sheets(spec: Spec) -> bytes:
    """`sheets`: name -> rows; a row of one cell is a title line, `header` counts the rows above the table."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties(
        {"title": spec["title"], "author": AUTHOR, "created": datetime.fromisoformat(str(spec["made"]))}
    )
    bold = book.add_format({"bold": True})
    wrapped = book.add_format({"text_wrap": True, "valign": "top", "border": 1})
    heading = book.add_format({"text_wrap": True, "bold": True, "border": 1})
    for name, rows in spec["sheets"].items():
        page = book.add_worksheet(name)
        page.set_column(0, 0, 18)
        page.set_column(1, 8, 32)
        in_table = False
        for number, row in enumerate(rows):
            is_heading = len(row) > 1 and not in_table
            in_table = len(row) > 1
            for column, value in enumerate(row):
                page.write(number, column, value, heading if is_heading else wrapped if in_table else bold)
    book.close()
    return out.getvalue()
