"""Pictures: screenshots, photographs and scans, read by OCR; a TIFF may hold several pages."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from evidence.errors import BrokenFile, LimitExceeded
from evidence.values import FileFacts, PageText
from ingest.formats import NOT_RECOGNISED, Opened
from ingest.formats.ocr import DPI, ocr_ready, recognise
from ingest.wire import Limits

# An A4 page at OCR's resolution; smaller pictures (screenshots, 96 dpi) are enlarged towards it, at most threefold.
_PAGE_WIDTH = round(8.27 * DPI)


def open_document(path: Path, mime: str, limits: Limits, ocr_pages: int) -> Opened:
    with _open(path, limits) as image:
        count = min(int(getattr(image, "n_frames", 1)), limits.pages) if mime == "image/tiff" else 1

    def pages(first: int) -> Iterator[PageText]:
        for number in range(first, count + 1):
            label = "Gambar" if count == 1 else f"Gambar {number}"
            if not (count <= ocr_pages and ocr_ready()):
                yield PageText(number, label, "", "blank", picture=True, note=NOT_RECOGNISED)
                continue
            try:
                seen = recognise(_for_ocr(_frame(path, number, limits)))
            except (OSError, SyntaxError):
                yield PageText(number, label, "", "unreadable", picture=True, note="Gambar ini rusak.")
                continue
            if seen.text:
                yield PageText(number, label, seen.text, "ocr", round(seen.confidence, 2), seen.boxes, picture=True)
            else:
                yield PageText(number, label, "", "blank", picture=True)

    return Opened(FileFacts(mime, count), pages)


def draw_page(path: Path, mime: str, limits: Limits, page: int, width: int) -> bytes:
    target = io.BytesIO()
    try:
        image = _frame(path, page, limits)
        image.thumbnail((width, 10 * width))
        image.convert("RGB").save(target, "WEBP", quality=80, method=2)
    except (OSError, SyntaxError, EOFError) as error:
        raise BrokenFile() from error
    return target.getvalue()


def _open(path: Path, limits: Limits) -> Any:
    # Our own limit, on the size that the header promises; Pillow's would only warn.
    Image.MAX_IMAGE_PIXELS = None
    try:
        image = Image.open(path)
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise BrokenFile() from error
    if image.width * image.height > limits.pixels:
        image.close()
        raise LimitExceeded(detail=f"gambar lebih dari {limits.pixels // 1_000_000} megapiksel")
    return image


def _frame(path: Path, number: int, limits: Limits) -> Any:
    """One picture of the file, upright as the camera meant it."""
    with _open(path, limits) as image:
        if number > 1:
            image.seek(number - 1)
            if image.width * image.height > limits.pixels:
                raise LimitExceeded(detail=f"gambar lebih dari {limits.pixels // 1_000_000} megapiksel")
        return ImageOps.exif_transpose(image.convert("RGBA") if "transparency" in image.info else image).copy()


def _for_ocr(image: Any) -> Any:
    if image.mode in ("RGBA", "LA"):
        white = Image.new("RGBA", image.size, "white")
        white.alpha_composite(image.convert("RGBA"))
        image = white
    grey = image.convert("L")
    factor = min(3.0, _PAGE_WIDTH / grey.width)
    if factor > 1.2 or factor < 0.5:
        grey = grey.resize((round(grey.width * factor), round(grey.height * factor)))
    return grey
