"""Recognising text on a picture with Tesseract: Indonesian, one thread, no Debian package needed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evidence.values import Box
from ingest.formats.text import join_spaced, repair

if TYPE_CHECKING:
    from PIL.Image import Image

# Fetched at set-up (npm) and part of every wheel.
LANGUAGE_DATA = Path(__file__).parent.parent / "tessdata"

DPI = 200

# Below this mean confidence the page may not be one block of text, and Tesseract's own layout analysis gets a try.
_UNSURE = 0.6
# Below this it may lie on its side, as pages in landscape often do in scans.
_SIDEWAYS = 0.5


@dataclass(frozen=True, slots=True)
class Recognised:
    text: str
    confidence: float
    boxes: tuple[Box, ...]


def ocr_ready() -> bool:
    """Is the language data there?"""
    return (LANGUAGE_DATA / "ind.traineddata").is_file()


def recognise(picture: Image) -> Recognised:
    """The text of a grey picture of about 200 dpi, line by line."""
    from tesserocr import PSM

    best = _recognise(picture, PSM.SINGLE_BLOCK)
    if best.confidence < _UNSURE:
        best = max(best, _recognise(picture, PSM.AUTO), key=_worth)
    if best.confidence < _SIDEWAYS:
        best = max(best, *(_recognise_turned(picture, turns) for turns in (1, 3)), key=_worth)
    return best


def turn(box: Box, turns: int) -> Box:
    """The box on a page that is turned clockwise by so many quarters."""
    start, end, x0, y0, x1, y1 = box.start, box.end, box.x0, box.y0, box.x1, box.y1
    for _ in range(turns):
        x0, y0, x1, y1 = 1 - y1, x0, 1 - y0, x1
    return Box(start, end, x0, y0, x1, y1)


def _worth(found: Recognised) -> float:
    """Confidence alone would prefer one sure word to a page of fair ones."""
    return found.confidence * math.sqrt(len(found.text))


def _recognise_turned(picture: Image, turns: int) -> Recognised:
    from tesserocr import PSM

    found = _recognise(picture.rotate(-90 * turns, expand=True), PSM.SINGLE_BLOCK)
    return replace(found, boxes=tuple(turn(box, 4 - turns) for box in found.boxes))


def _recognise(picture: Image, layout: int) -> Recognised:
    from tesserocr import RIL, iterate_level

    engine = _engine()
    engine.SetPageSegMode(layout)
    engine.SetImage(picture)
    engine.SetSourceResolution(DPI)
    engine.Recognize()
    lines, boxes, start = [], [], 0
    for line in iterate_level(engine.GetIterator(), RIL.TEXTLINE):
        if line.Empty(RIL.TEXTLINE):
            continue
        text = join_spaced(repair(line.GetUTF8Text(RIL.TEXTLINE).strip().replace("\n", " "))).strip()
        if not text:
            continue
        left, top, right, bottom = line.BoundingBox(RIL.TEXTLINE)
        width, height = picture.size
        boxes.append(Box(start, start + len(text), left / width, top / height, right / width, bottom / height))
        lines.append(text)
        start += len(text) + 1
    confidence = engine.MeanTextConf() / 100 if lines else 0.0
    engine.Clear()
    return Recognised("\n".join(lines), confidence, tuple(boxes))


@cache
def _engine() -> Any:
    from tesserocr import OEM, PSM, PyTessBaseAPI

    return PyTessBaseAPI(path=str(LANGUAGE_DATA), lang="ind", oem=OEM.LSTM_ONLY, psm=PSM.SINGLE_BLOCK)
