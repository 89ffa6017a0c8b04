"""Spreadsheets: one page per sheet, one line per row."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from evidence.errors import BrokenFile, PasswordNeeded
from evidence.values import FileFacts, PageText
from ingest.formats import Opened
from ingest.formats.archives import core_metadata, open_archive, refuse_doctypes
from ingest.formats.text import canonical
from ingest.wire import Limits


def open_document(path: Path, mime: str, limits: Limits, ocr_pages: int) -> Opened:
    metadata: dict[str, str] = {}
    warnings: tuple[str, ...] = ()
    if zipfile.is_zipfile(path):
        with open_archive(path, limits) as archive:
            refuse_doctypes(archive)
            metadata = core_metadata(archive)
            if any(name.endswith("vbaProject.bin") for name in archive.namelist()):
                warnings = ("macros",)
    try:
        book = CalamineWorkbook.from_path(str(path))
    except PasswordError as error:
        raise PasswordNeeded() from error
    except CalamineError as error:
        raise BrokenFile() from error
    names = book.sheet_names[: limits.pages]

    def pages(first: int) -> Iterator[PageText]:
        for number in range(first, len(names) + 1):
            yield _sheet(book, number, names[number - 1])

    return Opened(FileFacts(mime, len(names), metadata, warnings=warnings), pages)


def _sheet(book: Any, number: int, name: str) -> PageText:
    label = canonical(name) or f"Lembar {number}"
    try:
        rows = book.get_sheet_by_name(name).iter_rows()
    except CalamineError:
        return PageText(number, label, "", "unreadable", note="Lembar ini rusak atau bukan lembar kerja.")
    lines = (" | ".join(text for cell in row if (text := _cell(cell))) for row in rows)
    text = "\n".join(line for line in lines if line)
    return PageText(number, label, text, "text" if text else "blank")


def _cell(value: object) -> str:
    """A cell as a person would write it: 0.952 for 0.9519920983066629, 31-12-2025 for a date."""
    match value:
        case "" | None:
            return ""
        case str():
            return " ".join(canonical(value).split())
        case bool():
            return "Ya" if value else "Tidak"
        case float():
            return f"{value:.0f}" if value.is_integer() else f"{round(value, 4):.10f}".rstrip("0").rstrip(".")
        case datetime():
            return value.strftime("%d-%m-%Y" if value.time() == time() else "%d-%m-%Y %H:%M")
        case date():
            return value.strftime("%d-%m-%Y")
        case _:
            return str(value)
