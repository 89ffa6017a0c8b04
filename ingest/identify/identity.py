"""What a version says it is: type, number, year, title, issuer, dates, signer. Every reading keeps its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from evidence.values import Identity, Part, Place, Read, Section, Value
from ingest.identify import kinds
from ingest.identify import patterns as p
from ingest.identify.closing import Closing, Signing, read_closing
from ingest.identify.gathered import Fields
from ingest.identify.keys import NATIONAL, Region, legal_key, ministry, region_in
from ingest.identify.kinds import Kind
from ingest.identify.lines import Line, first_lines, joined, lines_of
from ingest.identify.others import read_other
from ingest.identify.titles import Title, read_title

_FIRST = 45  # lines of the first pages in which what is no regulation introduces itself
_DRAFT = re.compile(
    r"RANCANGAN(?:PERATURAN|KEPUTUSAN|QANUN|SURAT|INSTRUKSI|PERDA|PERWAL|PERBUP|PERGUB|AKHIR)|DRAFT?$|HASILHARMONISASI"
)
_ANNEX_WORD = re.compile(r"^LAMPIRAN[IVX0-9]*?(?=PERATURAN|KEPUTUSAN|INSTRUKSI|SURAT|QANUN|UNDANG|PENGUMUMAN|$)")
_ADMINISTRATION = re.compile(r"PEMERINTAH\s+(?:DAERAH\s+)?(?:KOTA|KABUPATEN|KAB\.|PROVINSI|PROPINSI)\b", re.I)
_IN_FORCE = re.compile(
    r"(?:ini|dan)\s+(?:mulai\s+)?berlaku\s+(?:pada|sejak|terhitung\s+sejak)\s+(?:saat\s+)?(?:tanggal\s+)?"
    r"(?P<when>di\s?undangkan|di\s?tetapkan|pengundangan|penetapan|[^\s.]{1,3}\s+\w+\s+\d{4})",
    re.I,
)
_UNTIL = re.compile(
    r"(?:Keputusan|Peraturan|Instruksi|Edaran)\b[^.]{0,60}?\bini\b[^.]{0,160}?\bsampai\s+dengan\s+(?:tanggal\s+)?(?P<rest>[^.;]{6,30})",
    re.I,
)
_TERM = re.compile(
    r"\b(?:TAHUN(?:\s+ANGGARAN)?|PERIODE(?:\s+TAHUN)?)\s*(?P<a>20\d\d)"
    r"(?:\s*(?:[-–—/]|S\.?/?D\.?|SAMPAI DENGAN)\s*(?:TAHUN\s*)?(?P<b>20\d\d))?\W*$",
    re.I,
)
_DECIDING = re.compile(r"^\W*(?:M\s?E\s?M\s?U\s?T\s?U\s?S\s?K\s?A\s?N\W*)?(?:Menetapkan\W*)?", re.I)
_PLANS = frozenset({"arsitektur", "peta_rencana", "dokumen_perencanaan"})


def identify(read: Read, sections: Sequence[Section]) -> Identity:
    """Every field with every reading of it, best first. What is not printed stays out; nothing is guessed."""
    fields = Fields()
    if not read.parts:
        return fields.identity()
    part = next((part for part in read.parts if part.role == "body"), read.parts[0])
    block = _block(read, sections, part, "Judul")
    annex = _annex_head(read, sections, part)
    first = first_lines(read, part.ordinal, _FIRST)
    act, title = _act(read, sections, part, fields, block, annex)
    closing = read_closing(read, sections)
    if title is None:
        boxed = any(s.kind == "sop_box" and s.part == part.ordinal for s in sections)
        read_other(read, part, fields, block or first[:14], first, boxed)
    _signatures(fields, closing)
    _region(fields, act, title, first, closing)
    signed = any(each.facts.signature_fields for each in read.parts)
    _draft(fields, block, title, closing, signed)
    _force(read, sections, fields)
    _sum_up(fields, act, title)
    return fields.identity()


# --- legal products ---------------------------------------------------------------------------------------------


def _act(
    read: Read, sections: Sequence[Section], part: Part, fields: Fields, block: list[Line], annex: list[Line]
) -> tuple[Kind | None, Title | None]:
    """The legal product a version is, with its title; None for other documents."""
    regulation = any(s.kind in ("recitals", "decides", "dictum") and s.part == part.ordinal for s in sections)
    legal, other = kinds.legal_kind(block), kinds.titled_kind(block)
    if legal and not regulation:  # then only a title counts, no act that an SOP or a report cites
        line, boxed = block[legal[1]], any(s.kind == "sop_box" and s.part == part.ordinal for s in sections)
        if boxed or not line.text.isupper() or (other and block.index(other.lines[0]) < legal[1]):
            legal = None
    dictum = _dictum_title(read, sections, part)
    if legal:
        kind, at = legal
        title = read_title(block, at)
        fields.add("doc_type", kind.code, kind.confidence, "title_block", kind.lines)
        _title(fields, title, "title_block", 0.97)
    elif regulation and dictum and (legal := kinds.legal_kind(dictum)):
        kind, at = legal
        title = Title("", (), None, "", ())
        fields.add("doc_type", kind.code, 0.85, "dictum", kind.lines)
    elif annex and (legal := kinds.legal_kind(annex)):
        kind, at = legal
        title = read_title(annex, at)
        content = kinds.titled_kind([replace(line, text=title.title) for line in title.title_lines[:1]])
        fields.add("doc_type", content.code if content else "lainnya", 0.6, "annex_header", title.title_lines[:1])
    else:
        return None, None
    if dictum:
        at_dictum = read_title(dictum, 0)
        fields.add("title", at_dictum.title, 0.8, "dictum", at_dictum.title_lines)
    if annex and (head := kinds.legal_kind(annex)):
        _title(fields, read_title(annex, head[1]), "annex_header", 0.85)
    return kind, title


def _title(fields: Fields, title: Title, spot: str, confidence: float) -> None:
    if (number := title.number) and number.number:
        sure = confidence if number.printed.isdigit() or "/" in number.printed else confidence - 0.1
        fields.add("number", number.number, sure, spot, number.lines)
        fields.add("number_printed", number.printed, sure, spot, number.lines)
    if number := title.number:
        fields.add("year", number.year, confidence, spot, number.lines)
    if title.title:
        fields.add("title", title.title, confidence, spot, title.title_lines)
    elif not title.number:  # the constitution and the like: the name of the act is its title
        fields.add("title", joined(title.issuer_lines), confidence - 0.3, spot, title.issuer_lines)
    fields.add("issuer", title.issuer, confidence, spot, title.issuer_lines)
    if title.dated and (dated := p.first_date(title.dated.text)):
        fields.add("date_set", dated[0], confidence, spot, (title.dated,))


def _signatures(fields: Fields, closing: Closing) -> None:
    for name, signing in (("set", closing.set), ("promulgated", closing.promulgated)):
        if signing is None:
            continue
        _one(fields, f"date_{name}", signing.date, 0.97, signing.date_line)
        if name == "set":
            _one(fields, "place_set", signing.place, 0.9, signing.place_line)
            _one(fields, "signer_name", signing.name, 0.8, signing.name_line)
            _one(fields, "signer_office", signing.office, 0.85, signing.office_line)
    if closing.gazette:
        fields.add("gazette", joined([closing.gazette]), 0.9, "source_line", (closing.gazette,))


def _one(fields: Fields, name: str, value: str, confidence: float, line: Line | None) -> None:
    fields.add(name, value, confidence, "closing", (line,) if line else ())


# --- what follows from it ---------------------------------------------------------------------------------------


def _region(fields: Fields, act: Kind | None, title: Title | None, first: Sequence[Line], closing: Closing) -> None:
    """Whose document it is, by level and name together: 26 names belong both to a city and to a regency."""
    if act and act.code in NATIONAL:
        lines = title.issuer_lines if title and title.issuer_lines else act.lines
        fields.add("region_level", "pusat", 0.97, "title_block", lines)
        fields.add("region_name", _national_body(act.code, title), 0.9, "title_block", lines)
        return
    if title and title.issuer_lines and (region := region_in(joined(title.issuer_lines))):
        _put_region(fields, region, 0.97, "title_block", title.issuer_lines)
    signing: Signing | None = closing.set
    if signing and signing.office_line and (region := region_in(signing.office)):
        _put_region(fields, region, 0.9, "closing", (signing.office_line,))
    if act and title and re.search(r"\bMENTERI\b|\bPRESIDEN\b|REPUBLIK INDONESIA", title.issuer.upper()):
        fields.add("region_level", "pusat", 0.95, "title_block", title.issuer_lines)
        fields.add("region_name", _national_body(act.code, title), 0.85, "title_block", title.issuer_lines)
        return
    for line in first[:25]:
        if (named := _ADMINISTRATION.search(line.text)) and (region := region_in(line.text[named.start() :])):
            _put_region(fields, region, 0.9 if line.text.isupper() else 0.7, "first_page", (line,))
            return
    if act is None:
        for line in first[:25]:
            if line.text.isupper() and len(line.text) < 90 and (region := region_in(line.text)):
                _put_region(fields, region, 0.75, "first_page", (line,))
                return


def _put_region(fields: Fields, region: Region, confidence: float, spot: str, lines: Sequence[Line]) -> None:
    fields.add("region_level", region.level, confidence, spot, lines)
    fields.add("region_name", region.name, confidence, spot, lines)


def _national_body(code: str, title: Title | None) -> str:
    if code in ("uu", "pp", "perpres", "perppu") or title is None:
        return "Republik Indonesia"
    return re.sub(r"\s+REPUBLIK INDONESIA$", "", title.issuer).title()


def _draft(fields: Fields, block: Sequence[Line], title: Title | None, closing: Closing, signed: bool) -> None:
    """A draft by its own title; a RANCANGAN left over in the title of a numbered and dated act is no draft.

    An empty number makes no draft of a scan, where it may be written by hand, nor of a signed file, where it is drawn.
    """
    named = next((line for line in block if _DRAFT.match(line.letters)), None)
    number = title.number if title else None
    numbered = bool(number and number.number)
    dated = bool(closing.set and closing.set.date)
    if named and not (numbered and dated and closing.promulgated):
        fields.add("is_draft", "true", 0.95, "title_block", (named,))
    elif number and number.blank and not (dated or signed or any(line.ocr for line in number.lines)):
        fields.add("is_draft", "true", 0.9, "title_block", number.lines)
    elif number and (holder := next((line for line in number.lines if p.PLACEHOLDER.search(line.text)), None)):
        fields.add("is_draft", "true", 0.97, "title_block", (holder,))
    elif title:
        fields.add("is_draft", "false", 0.9 if numbered and dated else 0.6, "title_block", title.issuer_lines)


def _force(read: Read, sections: Sequence[Section], fields: Fields) -> None:
    """From when and until when the act says it is in force, in its articles or its dictum."""
    for section in sections:
        if section.kind not in ("article", "dictum") or section.zone != "body":
            continue
        page = next(page for page in read.parts[section.part].pages if page.number == section.page)
        text = page.text[section.start : section.end if section.end_page == section.page else len(page.text)]
        if "berlaku" not in text:
            continue
        if match := _IN_FORCE.search(text):
            when = p.squeeze(match["when"])
            same = "date_promulgated" if "UNDANG" in when else "date_set" if "TETAP" in when else ""
            dated = p.first_date(match["when"])
            value = fields.value(same) if same else dated[0] if dated else ""
            _put(fields, "effective_from", value, 0.9, section, match)
        if (match := _UNTIL.search(text)) and (dated := p.first_date(match["rest"])):
            _put(fields, "effective_to", dated[0], 0.93, section, match)


def _put(fields: Fields, name: str, value: str, confidence: float, section: Section, match: re.Match[str]) -> None:
    if value:
        place = Place(section.part, section.page, section.start + match.start(), section.start + match.end())
        fields.put(name, Value(value, confidence, "dictum", "text", place, " ".join(match[0].split())[:300]))


def _sum_up(fields: Fields, act: Kind | None, title: Title | None) -> None:
    """Class, labels, year, term and key: what follows from the readings."""
    if not fields.value("doc_type"):
        fields.put("doc_type", Value("lainnya", 0.3, "first_page", "text"))
    doc_type, said = fields.value("doc_type"), fields.best("title")
    klass = kinds.class_of(doc_type)
    fields.put("class", replace(fields.best("doc_type") or Value("", 0, "", ""), value=klass))
    if not fields.value("year") and (dated := fields.best("date_set")):
        fields.put("year", replace(dated, value=dated.value[:4], confidence=round(dated.confidence * 0.9, 2)))
    labels = kinds.labels_of(klass, said.value if said else "")
    draft = fields.best("is_draft")
    if draft and draft.value == "true":
        fields.put("label", replace(draft, value="rancangan_kebijakan" if act else "rancangan_dokumen"))
    for label in labels:
        if said and label != doc_type:
            fields.put("label", replace(said, value=label, confidence=round(said.confidence * 0.95, 2)))
    if said and (term := _TERM.search(said.value)):
        fields.put("period_year", replace(said, value=term["a"]))
        if klass == "decision" or _PLANS & {doc_type, *labels}:
            fields.put("effective_to", replace(said, value=f"{term['b'] or term['a']}-12-31", confidence=0.6))
    number, code = fields.best("number"), act.code if act else ""
    if act and title and number:
        issuer = _key_issuer(code, title, fields)
        if key := legal_key(code, issuer, number.value, fields.value("year")):
            fields.put("key", replace(number, value=key))


def _key_issuer(code: str, title: Title, fields: Fields) -> str:
    if code in ("uu", "pp", "perpres", "perppu"):
        return "ri"
    if code == "keputusan_kepala_pd":
        return p.slug(title.issuer)[:60]
    if code == "keputusan_pimpinan_instansi":
        return ministry(title.issuer) if title.issuer else ""
    if fields.value("region_level") in ("kota", "kabupaten", "provinsi"):
        return Region(fields.value("region_level"), fields.value("region_name")).slug
    return ministry(title.issuer) if title.issuer else ""


def _block(read: Read, sections: Sequence[Section], part: Part, address: str) -> list[Line]:
    own = (s for s in sections if s.kind == "title_block" and s.part == part.ordinal and s.address == address)
    section = next(own, None)
    return lines_of(read, sections, section)[:60] if section else []


def _annex_head(read: Read, sections: Sequence[Section], part: Part) -> list[Line]:
    """The lines of the first annex head; the word LAMPIRAN is taken off, so that they read like a title."""
    section = next((s for s in sections if s.kind == "title_block" and s.address.startswith("Lampiran")), None)
    if section is None:
        return []
    return [replace(line, letters=_ANNEX_WORD.sub("", line.letters)) for line in lines_of(read, sections, section)]


def _dictum_title(read: Read, sections: Sequence[Section], part: Part) -> list[Line]:
    """The title as Menetapkan repeats it, for checking and repairing the title block."""
    section = next((s for s in sections if s.kind == "decides" and s.part == part.ordinal), None)
    lines = lines_of(read, sections, section) if section else []
    rows: list[Line] = []
    for line in lines:
        letters = re.sub(r"^(?:MEMUTUSKAN)?(?:MENETAPKAN)?", "", line.letters)
        text = _DECIDING.sub("", line.text)
        about = (
            re.search(r"\bTENTANG\b", text, re.I)
            if not any(row.letters.startswith("TENTANG") for row in rows)
            else None
        )
        if about and about.start():  # read_title expects TENTANG at the beginning of a line
            head, text = text[: about.start()], text[about.start() :]
            rows.append(replace(line, text=head, letters=p.squeeze(head)))
            letters = p.squeeze(text)
        if letters:
            rows.append(replace(line, text=text, letters=letters))
    return rows
