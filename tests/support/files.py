"""Small files for the tests of intake and reading, made in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

import docx
import pikepdf
import xlsxwriter
from docx.enum.text import WD_BREAK
from docx.oxml import parse_xml
from PIL import Image, ImageDraw, ImageFont
from pptx import Presentation
from pptx.util import Cm

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_VML = 'xmlns:v="urn:schemas-microsoft-com:vml"'


def text_pdf(
    *pages: Sequence[str],
    rotate: int = 0,
    spacing: float = 0,
    title: str = "",
    user: str = "",
    owner: str = "",
    raw: Mapping[int, bytes] | None = None,
) -> bytes:
    """A PDF with one line of Helvetica per string. `raw` replaces the content of pages (from 1) by PDF operators."""
    document = pikepdf.new()
    font = document.make_indirect(
        pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    )
    for number, lines in enumerate(pages, 1):
        shown = " T* ".join(f"({line}) Tj" for line in lines)
        content = f"BT /F1 12 Tf {spacing} Tc 16 TL 72 760 Td {shown} ET".encode("cp1252")
        page = document.add_blank_page(page_size=(595, 842))
        page.obj.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        page.obj.Contents = document.make_stream((raw or {}).get(number, content))
        if rotate:
            page.obj.Rotate = rotate
    if title:
        document.docinfo["/Title"] = title
        document.docinfo["/CreationDate"] = "D:20250131083000+07'00'"
    encryption = pikepdf.Encryption(user=user, owner=owner) if user or owner else False
    target = io.BytesIO()
    document.save(target, encryption=encryption, compress_streams=True, recompress_flate=True)
    return target.getvalue()


def bomb_pdf() -> bytes:
    """Three pages; the second is a few kilobytes that unpack to a hundred megabytes of text operators."""
    content = b"BT /F1 12 Tf " + b"(Pasal) Tj " * 9_000_000 + b"ET"
    return text_pdf(["Halaman pertama"], ["-"], ["Halaman ketiga"], raw={2: content})


def picture(lines: Sequence[str], kind: str = "PNG") -> bytes:
    """A page as a scanner or a screen would show it."""
    target = io.BytesIO()
    _drawn(lines).save(target, kind)
    return target.getvalue()


def stamped(scan: bytes, stamp: str) -> bytes:
    """A scan with a line of real text on its first page, as a signing service prints it."""
    with pikepdf.open(io.BytesIO(scan)) as document, pikepdf.open(io.BytesIO(text_pdf([stamp]))) as text:
        document.pages[0].add_overlay(text.pages[0], pikepdf.Rectangle(0, 0, 595, 842))
        target = io.BytesIO()
        document.save(target)
    return target.getvalue()


def scan_pdf(*pages: Sequence[str], turned: int = 0) -> bytes:
    """A PDF without a text layer: each page is one picture of 200 dpi, turned by so many degrees."""
    first, *rest = (_drawn(lines).rotate(turned, expand=True) for lines in pages)
    target = io.BytesIO()
    first.save(target, "PDF", resolution=200, save_all=True, append_images=rest)
    return target.getvalue()


def tiff(*pages: Sequence[str]) -> bytes:
    first, *rest = (_drawn(lines) for lines in pages)
    target = io.BytesIO()
    first.save(target, "TIFF", save_all=True, append_images=rest)
    return target.getvalue()


def word_file() -> bytes:
    """Everything that python-docx alone does not show: headers, text boxes, merged cells, tracked changes."""
    document = docx.Document()
    document.core_properties.title = "Keputusan Tim Koordinasi"
    document.sections[0].header.paragraphs[0].text = "PEMERINTAH KOTA TIRTA"
    document.sections[0].footer.paragraphs[0].text = "Dokumen ini sah tanpa cap"
    document.add_paragraph("T E N T A N G")
    changed = document.add_paragraph("Tim Koordinasi SPBE")._p
    for change in (
        f'<w:ins {_W} w:id="1" w:author="A"><w:r><w:t> ditetapkan</w:t></w:r></w:ins>',
        f'<w:del {_W} w:id="2" w:author="A"><w:r><w:delText> dibubarkan</w:delText></w:r></w:del>',
    ):
        changed.append(parse_xml(change))
    box = "<w:p><w:r><w:t>Isi kotak teks</w:t></w:r></w:p>"
    document.add_paragraph("Sebelum kotak")._p.append(
        parse_xml(
            f"<w:r {_W} {_VML}><w:pict><v:shape><v:textbox><w:txbxContent>{box}</w:txbxContent></v:textbox></v:shape>"
            "</w:pict></w:r>"
        )
    )
    recital = document.add_table(1, 3)
    for cell, text in zip(recital.rows[0].cells, ("Menimbang", ":", "a. bahwa pertama;"), strict=True):
        cell.text = text
    recital.rows[0].cells[2].add_paragraph("b. bahwa kedua;")
    team = document.add_table(3, 2)
    team.cell(0, 0).merge(team.cell(0, 1)).text = "Susunan Tim"
    team.cell(1, 0).merge(team.cell(2, 0)).text = "Ketua"
    team.cell(1, 1).text = "Sekretaris Daerah"
    team.cell(2, 1).text = "Wakil"
    document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
    document.add_paragraph("Lampiran pada halaman kedua")
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def sheet_file() -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    risks = book.add_worksheet("Lembar Risiko")
    risks.write_row(0, 0, ["No", "Risiko", "Nilai"])
    risks.write_row(4, 0, [1, "Server padam", 0.9519920983066629])
    book.add_worksheet("Kosong")
    book.close()
    return target.getvalue()


def slides_file() -> bytes:
    show = Presentation()
    slide = show.slides.add_slide(show.slide_layouts[5])
    slide.shapes.title.text = "Arsitektur SPBE"
    table = slide.shapes.add_table(1, 2, Cm(1), Cm(5), Cm(10), Cm(2)).table
    table.cell(0, 0).text = "Domain"
    table.cell(0, 1).text = "Aplikasi"
    slide.notes_slide.notes_text_frame.text = "Catatan pembicara"
    show.slides.add_slide(show.slide_layouts[6])
    target = io.BytesIO()
    show.save(target)
    return target.getvalue()


def archive(members: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return target.getvalue()


def repacked(office_file: bytes, part: str, change: tuple[bytes, bytes]) -> bytes:
    """An office file with one of its parts changed."""
    with zipfile.ZipFile(io.BytesIO(office_file)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    parts[part] = parts[part].replace(*change)
    return archive(parts)


def _drawn(lines: Sequence[str]) -> Image.Image:
    image = Image.new("L", (1654, 2339), "white")
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(40)
    for row, line in enumerate(lines):
        pen.text((180, 200 + 70 * row), line, fill="black", font=font)
    return image
