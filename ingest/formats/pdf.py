"""PDF: PDFium reads it page by page; qpdf repairs, pypdf is the second opinion, OCR reads what is only a picture."""

from __future__ import annotations

import ctypes
import io
import itertools
import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import pypdfium2 as pdfium
import pypdfium2.raw as c

from evidence.errors import BrokenFile, PasswordNeeded
from evidence.values import Box, FileFacts, PageText
from ingest.formats import NOT_RECOGNISED, Opened
from ingest.formats.ocr import DPI, ocr_ready, recognise, turn
from ingest.formats.text import SPACED, canonical, is_spaced, readable_share, repair
from ingest.wire import Limits

if TYPE_CHECKING:
    from PIL.Image import Image

# A page with fewer characters than the first number (blanks aside) may be a picture; with fewer than the second, and
# these words among them, a scan under the mark of a scanner's program or of an electronic signature.
_FEW, _STAMP = 40, 400
_STAMPED = re.compile("secara elektronik|sertifikat elektronik|BSrE|dipindai|scanned|scanner", re.IGNORECASE)
# Share of the page that pictures must cover, or number of drawn shapes, before such a page is OCRed.
_COVERED, _COVERED_BY_SCAN = 0.25, 0.8
_MANY_SHAPES = 40
# OCR reads the text layer's words too; it must find this much more to be worth its mistakes.
_MUCH_MORE = 1.5
# A text layer that looks less like language than this is not worth keeping.
_GIBBERISH = 0.25
_LOOKED_AT = 2000

_POINTS_PER_INCH = 72


def open_document(path: Path, mime: str, limits: Limits, ocr_pages: int) -> Opened:
    try:
        document, repaired = _open(path)
    except pdfium.PdfiumError:
        return _open_with_pypdf(path, mime, limits)
    count = min(len(document), limits.pages)
    warnings = [f"page_limit:{len(document)}"] if count < len(document) else []
    if repaired:
        warnings.append("repaired")
    if c.FPDFDoc_GetAttachmentCount(document):
        warnings.append("attachments")
    if c.FPDFDoc_GetJavaScriptActionCount(document) > 0:
        warnings.append("javascript")
    if c.FPDF_GetSecurityHandlerRevision(document) >= 0:
        warnings.append("encrypted")
    signatures, remnant = _signatures(path, document)
    if remnant:
        warnings.append("signature_remnant")
    facts = FileFacts(
        mime=mime,
        pages=count,
        metadata=_metadata(document.get_metadata_dict(skip_empty=True)),
        signature_fields=signatures,
        warnings=tuple(warnings),
    )

    def pages(first: int) -> Iterator[PageText]:
        for number in range(first, count + 1):
            page = _read_page(document, number, limits, count <= ocr_pages and ocr_ready())
            if repaired and page.method == "blank":
                # More likely in the lost part of the file than truly empty.
                page = replace(page, method="unreadable", note="Isi halaman ini hilang: berkas rusak atau terpotong.")
            yield page
        document.close()

    return Opened(facts, pages)


def draw_page(path: Path, mime: str, limits: Limits, page: int, width: int) -> bytes:
    try:
        with _open(path)[0] as document:
            if not 1 <= page <= len(document):
                raise BrokenFile("Halaman {page} tidak ada.", page=page)
            document.init_forms()
            target = io.BytesIO()
            points = document[page - 1].get_width()
            _render(document[page - 1], width / points, limits, grey=False).save(target, "WEBP", quality=80, method=2)
            return target.getvalue()
    except pdfium.PdfiumError as error:
        raise BrokenFile() from error


def _open(path: Path) -> tuple[Any, bool]:
    """The document by PDFium, and whether it needed a repair; raises PdfiumError or PasswordNeeded."""
    try:
        return pdfium.PdfDocument(path), False
    except pdfium.PdfiumError as error:
        if error.err_code == c.FPDF_ERR_PASSWORD:
            raise PasswordNeeded() from error
    return pdfium.PdfDocument(_repair(path) or b""), True


def _repair(path: Path) -> bytes | None:
    """What qpdf can save of a damaged file (cut off in the middle, say)."""
    import pikepdf

    target = io.BytesIO()
    try:
        with pikepdf.open(path) as document:
            document.save(target)
    except pikepdf.PasswordError as error:
        raise PasswordNeeded() from error
    except pikepdf.PdfError:
        return None
    return target.getvalue()


def _open_with_pypdf(path: Path, mime: str, limits: Limits) -> Opened:
    """Text without boxes, for what PDFium refuses."""
    from pypdf import PdfReader

    reader = PdfReader(path)
    if reader.is_encrypted and not reader.decrypt(""):
        raise PasswordNeeded()
    count = min(len(reader.pages), limits.pages)
    if not count:
        raise BrokenFile()

    def pages(first: int) -> Iterator[PageText]:
        for number in range(first, count + 1):
            yield PageText(number, f"hal. {number}", canonical(reader.pages[number - 1].extract_text()))

    return Opened(FileFacts(mime, count, warnings=("second_reader",)), pages)


def _metadata(found: dict[str, str]) -> dict[str, str]:
    names = {
        "Title": "title",
        "Author": "author",
        "Creator": "creator",
        "Producer": "producer",
        "CreationDate": "created",
    }
    facts = {names[name]: canonical(value) for name, value in found.items() if name in names}
    if "created" in facts:
        facts["created"] = _iso_date(facts["created"])
    return {name: value for name, value in facts.items() if value}


def _iso_date(text: str) -> str:
    """D:20240131093000+07'00' -> 2024-01-31T09:30:00; what is no such date stays as it is."""
    found = re.match(r"D:(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?", text)
    if not found:
        return text
    year, month, day, hour, minute, second = found.groups()
    return f"{year}-{month}-{day}" + (f"T{hour}:{minute}:{second or '00'}" if hour else "")


def _signatures(path: Path, document: Any) -> tuple[int, bool]:
    """The number of signature fields, and whether there are only remains of a signature."""
    count = int(c.FPDF_GetSignatureCount(document))
    if count > 0:
        return count, False
    with path.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data.find(b"/ByteRange") < 0:
            return 0, False
        if data.find(b"/AcroForm") < 0 and data.find(b"/ObjStm") < 0:
            return 0, True
    # PDFium counts the fields at the top of the form only.
    from pypdf import PdfReader

    try:
        fields = PdfReader(path).get_fields() or {}
        count = sum(field.get("/FT") == "/Sig" for field in fields.values())
    except Exception:  # noqa: BLE001  pypdf raises whatever a broken form makes it raise; the pages matter more
        count = 0
    return count, count == 0


@dataclass(frozen=True, slots=True)
class _Layer:
    """The text layer of one page."""

    text: str
    boxes: tuple[Box, ...]


def _read_page(document: Any, number: int, limits: Limits, ocr: bool) -> PageText:
    label = f"hal. {number}"
    page = c.FPDF_LoadPage(document, number - 1)
    if not page:
        return PageText(number, label, "", "unreadable", note="Halaman ini rusak di dalam berkasnya.")
    try:
        layer = _text_layer(page)
        if not _is_poor(layer.text, page):
            return PageText(number, label, layer.text, "text" if layer.text else "blank", boxes=layer.boxes)
    finally:
        c.FPDF_ClosePage(page)
    if not ocr:
        method = "text" if layer.text else "blank"
        return PageText(number, label, layer.text, method, boxes=layer.boxes, picture=True, note=NOT_RECOGNISED)
    seen = recognise(_render(document[number - 1], DPI / _POINTS_PER_INCH, limits, grey=True))
    if len(seen.text) < _MUCH_MORE * len(layer.text) and readable_share(layer.text) > _GIBBERISH:
        # A cover with a few words on a photograph: the words are better than what OCR makes of it.
        return PageText(number, label, layer.text, "text", boxes=layer.boxes, picture=True)
    if not seen.text:
        return PageText(number, label, "", "blank", picture=True)
    return PageText(number, label, seen.text, "ocr", round(seen.confidence, 2), seen.boxes, picture=True)


def _text_layer(page: Any) -> _Layer:
    textpage = c.FPDFText_LoadPage(page)
    try:
        count = c.FPDFText_CountChars(textpage)
        if count <= 0:
            return _Layer("", ())
        # More room than `count`: PDFium may insert characters that its own list does not hold.
        buffer = (ctypes.c_ushort * (2 * count + 16))()
        written = c.FPDFText_GetText(textpage, 0, count, buffer) - 1
        raw = ctypes.string_at(buffer, 2 * max(written, 0)).decode("utf-16-le", "replace")
        return _lines(raw, _Geometry(page, textpage, exact=len(raw) == count))
    finally:
        c.FPDFText_ClosePage(textpage)


def _lines(raw: str, geometry: _Geometry) -> _Layer:
    """Canonical text with a box per printed line. Offsets are followed line by line, as repairs change lengths."""
    lines: list[str] = []
    spaced, at, start = is_spaced(raw), 0, 0
    for line in raw.split("\r\n"):
        kept = line.rstrip()
        text = repair(geometry.join_spaced(kept, at) if spaced and is_spaced(kept) else kept).rstrip()
        if text and len(text) == len(kept) and "\ufffe" in kept:
            # PDFium joins a word hyphenated at the line's end: one line of text, two printed ones.
            first = 0
            for half in re.findall("[^\ufffe]*\ufffe|[^\ufffe]+$", kept):
                last = first + len(half)
                geometry.add_line(at + first, at + last, start + first, start + last)
                first = last
        elif text:
            geometry.add_line(at + len(kept) - len(kept.lstrip()), at + len(kept), start, start + len(text))
        if text or lines:
            lines.append(text)
            start += len(text) + 1
        at += len(line) + 2
    return _Layer("\n".join(lines).rstrip("\n"), geometry.boxes())


# The same function of PDFium, called with plain addresses: half the price of a call with checked structures.
_char_box = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)(
    ctypes.cast(c.FPDFText_GetLooseCharBox, ctypes.c_void_p).value or 0
)
_RECT = ctypes.sizeof(c.FS_RECTF)


class _Geometry:
    """Where characters stand on one page. Calls into PDFium are dear here: two per line, and no more."""

    def __init__(self, page: Any, textpage: Any, *, exact: bool) -> None:
        self._page = page
        self._textpage = textpage
        self._handle = ctypes.cast(textpage, ctypes.c_void_p).value
        self._exact = exact
        self._lines: list[tuple[int, int, int, int]] = []

    def add_line(self, first: int, beyond: int, start: int, end: int) -> None:
        """A printed line: the characters `first` up to `beyond` of the raw text, `start` to `end` of the canonical."""
        self._lines.append((first, beyond - 1, start, end))

    def boxes(self) -> tuple[Box, ...]:
        """The boxes around the lines, from the first and last character of each."""
        lines, handle = self._lines, self._handle
        corners = (ctypes.c_float * (8 * len(lines)))()
        target = ctypes.addressof(corners)
        for first, last, _, _ in lines:
            _char_box(handle, first if self._exact else self._index(first), target)
            _char_box(handle, last if self._exact else self._index(last), target + _RECT)
            target += 2 * _RECT
        bounds = c.FS_RECTF()
        c.FPDF_GetPageBoundingBox(self._page, bounds)
        x, y, width, height = bounds.left, bounds.bottom, bounds.right - bounds.left, bounds.top - bounds.bottom
        if not width or not height:
            return ()
        # FS_RECTF is left, top, right, bottom, with the origin at the bottom.
        corner = iter(corners[:])
        boxes = tuple(
            Box(
                start,
                end,
                ((l1 if l1 < l2 else l2) - x) / width,
                1 - ((t1 if t1 > t2 else t2) - y) / height,
                ((r1 if r1 > r2 else r2) - x) / width,
                1 - ((b1 if b1 < b2 else b2) - y) / height,
            )
            for (_, _, start, end), l1, t1, r1, b1, l2, t2, r2, b2 in zip(lines, *(corner,) * 8, strict=False)
        )
        turns = c.FPDFPage_GetRotation(self._page)
        return tuple(turn(box, turns) for box in boxes) if turns else boxes

    def join_spaced(self, line: str, at: int) -> str:
        """Join the letters of a letter-spaced line that starts at `at`; a wider gap was a gap between words."""
        return SPACED.sub(lambda found: self._join(found.group(), at + found.start()), line)

    def _join(self, run: str, at: int) -> str:
        letters = [(char, self._edges(at + index)) for index, char in enumerate(run) if char != " "]
        gaps = [right[1][0] - left[1][1] for left, right in itertools.pairwise(letters)]
        usual = median(gaps)
        size = max(edges[1] - edges[0] for _, edges in letters)
        if usual > 2 * size:
            # The columns of a table, not the letters of a word.
            return run
        joined = letters[0][0]
        for gap, (char, _) in zip(gaps, letters[1:], strict=True):
            joined += (" " if gap > usual + 0.5 * max(abs(usual), 0.3 * size) else "") + char
        return joined

    def _edges(self, index: int) -> tuple[float, float]:
        box = c.FS_RECTF()
        c.FPDFText_GetLooseCharBox(self._textpage, self._index(index), box)
        return box.left, box.right

    def _index(self, index: int) -> int:
        return index if self._exact else int(c.FPDFText_GetCharIndexFromTextIndex(self._textpage, index))


def _is_poor(text: str, page: Any) -> bool:
    """Is there more to see on the page than its text layer tells?"""
    if len(text) > 2 * _STAMP:
        return readable_share(text) < _GIBBERISH
    characters = len(text) - sum(map(str.isspace, text))
    if characters >= _FEW and readable_share(text) < _GIBBERISH:
        return True
    if characters >= _STAMP or (characters >= _FEW and not _STAMPED.search(text)):
        return False
    covered, shapes = _pictures(page)
    if characters >= _FEW:
        return covered > _COVERED_BY_SCAN
    return covered > _COVERED or shapes > _MANY_SHAPES


def _pictures(page: Any) -> tuple[float, int]:
    """The share of the page that is covered by pictures, and the number of drawn shapes."""
    covered, shapes = 0.0, 0
    sides = [ctypes.c_float() for _ in range(4)]
    for index in range(min(c.FPDFPage_CountObjects(page), _LOOKED_AT)):
        thing = c.FPDFPage_GetObject(page, index)
        match c.FPDFPageObj_GetType(thing):
            case c.FPDF_PAGEOBJ_IMAGE | c.FPDF_PAGEOBJ_FORM | c.FPDF_PAGEOBJ_SHADING:
                if c.FPDFPageObj_GetBounds(thing, *sides):
                    left, bottom, right, top = (side.value for side in sides)
                    covered += (right - left) * (top - bottom)
            case c.FPDF_PAGEOBJ_PATH:
                shapes += 1
    whole = c.FPDF_GetPageWidthF(page) * c.FPDF_GetPageHeightF(page)
    return (covered / whole if whole else 0.0), shapes


def _render(page: Any, scale: float, limits: Limits, *, grey: bool) -> Image:
    width, height = page.get_size()
    pixels = width * height * scale * scale
    if pixels > limits.pixels:
        scale *= (limits.pixels / pixels) ** 0.5
    image: Image = page.render(scale=scale, grayscale=grey, rev_byteorder=True).to_pil()
    return image
