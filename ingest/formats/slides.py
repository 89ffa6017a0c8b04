"""Presentations: one page per slide, with its tables and notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pptx import Presentation

from evidence.values import FileFacts, PageText
from ingest.formats import Opened
from ingest.formats.archives import core_metadata, open_archive, refuse_doctypes
from ingest.formats.text import canonical
from ingest.wire import Limits


def open_document(path: Path, mime: str, limits: Limits, ocr_pages: int) -> Opened:
    with open_archive(path, limits) as archive:
        refuse_doctypes(archive)
        metadata = core_metadata(archive)
        macros = any(name.endswith("vbaProject.bin") for name in archive.namelist())
    slides = list(Presentation(str(path)).slides)[: limits.pages]

    def pages(first: int) -> Iterator[PageText]:
        for number in range(first, len(slides) + 1):
            text = canonical("\n".join(_slide(slides[number - 1])))
            yield PageText(number, f"Slide {number}", text, "text" if text else "blank")

    return Opened(FileFacts(mime, len(slides), metadata, warnings=("macros",) if macros else ()), pages)


def _slide(slide: Any) -> Iterator[str]:
    yield from _shapes(slide.shapes)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        yield slide.notes_slide.notes_text_frame.text


def _shapes(shapes: Iterable[Any]) -> Iterator[str]:
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes)
        elif shape.has_text_frame:
            yield shape.text_frame.text
        elif shape.has_table:
            for row in shape.table.rows:
                # A merged cell counts once, where it begins.
                cells = (" ".join(cell.text.split()) for cell in row.cells if not cell.is_spanned)
                yield " | ".join(text for text in cells if text)
