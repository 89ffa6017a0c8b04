"""Recognising text on a picture with Tesseract: Indonesian, one thread, no Debian package needed."""

from __future__ import annotations

from pathlib import Path

# Fetched at set-up (npm) and part of every wheel.
LANGUAGE_DATA = Path(__file__).parent.parent / "tessdata"


def ocr_ready() -> bool:
    """Is the language data there?"""
    return (LANGUAGE_DATA / "ind.traineddata").is_file()
