"""Draws a screenshot of an application in a browser: window, address, date, menu, table, buttons."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1280, 760
INK, PAPER, FRAME, LINE, ACCENT = "#1c2430", "#ffffff", "#e6e9ee", "#b8c0cc", "#1f5f8b"


def screenshot(spec: Mapping[str, Any], image_format: str) -> bytes:
    """`spec`: url, clock, application, user, menu, heading, fields, buttons, table (rows, first is the heading)."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(picture)
    _browser(draw, spec)
    _menu(draw, spec["menu"])
    _write(draw, (270, 135), spec["heading"], 28)
    x = 270
    for field in spec["fields"]:
        draw.rectangle((x, 190, x + 300, 228), outline=LINE, width=2)
        _write(draw, (x + 12, 199), field, 18)
        x += 320
    x = 270
    for button in spec["buttons"]:
        width = 40 + int(_font(19).getlength(button))
        draw.rectangle((x, 250, x + width, 292), outline=ACCENT, width=2)
        _write(draw, (x + 20, 260), button, 19, ACCENT)
        x += width + 18
    _table(draw, spec["table"])
    out = io.BytesIO()
    picture.save(out, image_format, **({"quality": 88} if image_format == "JPEG" else {"optimize": True}))
    return out.getvalue()


def _browser(draw: ImageDraw.ImageDraw, spec: Mapping[str, Any]) -> None:
    draw.rectangle((0, 0, WIDTH, 56), fill=FRAME)
    for number, colour in enumerate(("#d9695f", "#e0b04c", "#6fae63")):
        draw.ellipse((18 + 26 * number, 20, 34 + 26 * number, 36), fill=colour)
    draw.rectangle((120, 12, 930, 44), fill=PAPER, outline=LINE)
    _write(draw, (134, 18), spec["url"], 19)
    _write(draw, (960, 18), spec["clock"], 18)
    draw.rectangle((0, 56, WIDTH, 112), fill=ACCENT)
    _write(draw, (24, 70), spec["application"], 25, PAPER)
    _write(draw, (960, 75), spec["user"], 18, PAPER)


def _menu(draw: ImageDraw.ImageDraw, entries: Sequence[str]) -> None:
    draw.rectangle((0, 112, 240, HEIGHT), fill="#f3f5f8")
    for number, entry in enumerate(entries):
        _write(draw, (24, 140 + 44 * number), entry, 19)


def _table(draw: ImageDraw.ImageDraw, rows: Sequence[Sequence[object]]) -> None:
    width = 970 // len(rows[0])
    for line, row in enumerate(rows):
        y = 320 + 46 * line
        if line == 0:
            draw.rectangle((270, y, 1240, y + 46), fill=FRAME)
        draw.line((270, y + 46, 1240, y + 46), fill=LINE)
        for column, value in enumerate(row):
            _write(draw, (282 + width * column, y + 12), str(value), 18)


def _write(draw: ImageDraw.ImageDraw, at: tuple[int, int], words: str, size: int, colour: str = INK) -> None:
    draw.text(at, words, font=_font(size), fill=colour)


def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font
