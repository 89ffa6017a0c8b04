"""What the reader child can read: one module per format, chosen by content type and imported only when needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from evidence.errors import PasswordNeeded, UnsupportedType
from evidence.values import FileFacts, PageText
from ingest.wire import Limits

_OOXML = "application/vnd.openxmlformats-officedocument."

# Content type -> (module, what people call it, extensions).
FORMATS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "application/pdf": ("pdf", "PDF", (".pdf",)),
    _OOXML + "wordprocessingml.document": ("word", "Word", (".docx", ".docm")),
    _OOXML + "spreadsheetml.sheet": ("sheets", "Excel", (".xlsx", ".xlsm")),
    _OOXML + "presentationml.presentation": ("slides", "PowerPoint", (".pptx", ".pptm")),
    "application/vnd.ms-excel": ("sheets", "Excel 97-2003", (".xls",)),
    "text/plain": ("plain", "teks", (".txt", ".csv", ".md")),
    "text/html": ("plain", "HTML", (".html", ".htm")),
    "image/png": ("images", "PNG", (".png",)),
    "image/jpeg": ("images", "JPEG", (".jpg", ".jpeg")),
    "image/tiff": ("images", "TIFF", (".tif", ".tiff")),
    "image/webp": ("images", "WebP", (".webp",)),
    "image/gif": ("images", "GIF", (".gif",)),
}

# What Bukti recognises but does not read, as people call it.
REFUSED = {
    "application/msword": "Word 97-2003 (.doc); simpan sebagai .docx",
    "application/vnd.ms-powerpoint": "PowerPoint 97-2003 (.ppt); simpan sebagai .pptx",
    "application/rtf": "RTF; simpan sebagai .docx",
    "application/vnd.oasis.opendocument": "OpenDocument; simpan sebagai .docx, .xlsx, atau .pptx",
    "application/x-ole-storage": "Office lama",
    "application/x-executable": "program",
    "application/x-rar": "RAR; kemas sebagai .zip",
    "application/x-7z-compressed": "7-Zip; kemas sebagai .zip",
    "application/gzip": "GZIP; kemas sebagai .zip",
    "application/java-archive": "Java",
    "font/woff": "huruf (font)",
    "image/heic": "HEIC; simpan sebagai JPEG",
    "image/svg+xml": "SVG; simpan sebagai PNG",
    "video/mp4": "video",
    "application/zip": "ZIP",
    "application/octet-stream": "tidak dikenal",
}

# An office file under a password is an OLE file that tells nothing else of itself.
LOCKED_OFFICE = "application/x-ole-encrypted"

NOT_RECOGNISED = "Pindaian: belum di-OCR"


@dataclass(frozen=True, slots=True)
class Opened:
    """An open file: its facts, and its pages from a given number on."""

    facts: FileFacts
    pages: Callable[[int], Iterator[PageText]]


class Format(Protocol):
    """What each module of this package offers."""

    def open_document(self, path: Path, mime: str, limits: Limits, ocr_pages: int) -> Opened:
        """Open the file; raises UnreadableDocument, or anything else when the file is broken.

        Pictures of text are recognised if the file has at most `ocr_pages` pages, else left with NOT_RECOGNISED.
        """


class Pictured(Format, Protocol):
    def draw_page(self, path: Path, mime: str, limits: Limits, page: int, width: int) -> bytes:
        """The page as WebP."""


def open_document(path: Path, mime: str, limits: Limits, ocr_pages: int) -> Opened:
    return _format(mime).open_document(path, mime, limits, ocr_pages)


def draw_page(path: Path, mime: str, limits: Limits, page: int, width: int) -> bytes:
    module = _format(mime)
    if not hasattr(module, "draw_page"):
        raise UnsupportedType("Berkas {kind} tidak punya gambar halaman.", kind=FORMATS[mime][1])
    return cast(Pictured, module).draw_page(path, mime, limits, page, width)


def _format(mime: str) -> Format:
    if mime == LOCKED_OFFICE:
        raise PasswordNeeded()
    if mime not in FORMATS:
        raise UnsupportedType(kind=REFUSED.get(mime, mime))
    return cast(Format, import_module(f"ingest.formats.{FORMATS[mime][0]}"))
