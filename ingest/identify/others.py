"""Reads what documents other than legal acts say of themselves: reports, minutes, letters, manuals, SOPs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from evidence.values import Part, Read, Value
from ingest.identify import kinds
from ingest.identify import patterns as p
from ingest.identify.gathered import Fields
from ingest.identify.kinds import Kind
from ingest.identify.lines import Line, joined, last_lines
from ingest.identify.titles import read_title

_A_YEAR = re.compile(r"(?<![:\d])20\d\d(?!\d)")
_YEAR_ALONE = re.compile(r"(?:TAHUN\s+)?(?:ANGGARAN\s+)?20\d\d", re.I)
_YEAR_SAID = re.compile(rf"\b(?:TAHUN(?:\s+ANGGARAN)?|T\.A\.|(?:{p.MONTH}))\s+(?P<y>20\d\d)\b", re.I)
_OWNER = re.compile(
    r"(?:PEMERINTAH|DINAS|BADAN|SEKRETARIAT|FAKULTAS|UNIVERSITAS|KEMENTERIAN|INSPEKTORAT|KOTA|KABUPATEN|PROVINSI|JALAN|JL\.?|"
    r"TELP|ALAMAT|FORMULIR)\b",
    re.I,
)
_DATED = re.compile(r"(?:\b(?:[Hh]ari|[Tt]anggal|TANGGAL|[Tt]gl)\b[^\n]{0,60}|(?:^|\s)[A-Z][A-Za-z.]{2,24},\s*)$")


def read_other(read: Read, part: Part, fields: Fields, block: list[Line], first: list[Line], boxed: bool) -> None:
    text = "\n".join(page.text for page in part.pages[:3])
    told = [
        Kind("sop", 0.92, "first_page", tuple(first[:1])) if boxed else None,
        kinds.titled_kind(block),
        kinds.cued_kind(text, first),
        kinds.filed_kind(read, text),
        kinds.named_kind(part.name),
    ]
    for kind in told:
        if kind:
            fields.add("doc_type", kind.code, kind.confidence, kind.spot, kind.lines)
    doc_type = fields.value("doc_type")
    if doc_type == "sop":
        _sop(fields, first)
    elif numbered := next((line for line in block if p.NUMBER_MARK.match(line.text)), None):
        title = read_title(block, block.index(numbered))
        if title.number and title.number.number:
            fields.add("number", title.number.number, 0.8, "first_page", title.number.lines)
            fields.add("number_printed", title.number.printed, 0.8, "first_page", title.number.lines)
            fields.add("year", title.number.year, 0.8, "first_page", title.number.lines)
    if rows := _heading_rows(block, fields.best("doc_type")):
        fields.add("title", joined(rows), 0.7, "first_page", rows)
    alone = [line for line in block if _YEAR_ALONE.fullmatch(line.text)]
    if doc_type != "sop" and (line := next((line for line in [*rows, *alone] if _A_YEAR.search(line.text)), None)):
        fields.add("year", _A_YEAR.findall(line.text)[0], 0.6, "first_page", (line,))
    elif doc_type != "sop":  # the cover of a guide or a report says when it was made
        for line in first[:25]:
            if (said := _YEAR_SAID.search(line.text)) and len(line.text) < 80:
                fields.add("year", said["y"], 0.5, "first_page", (line,))
                break
    dated = next(_dates(first), None) or next(_dates(last_lines(read, part.ordinal, 30)), None)
    if dated and doc_type != "sop":  # a meeting took place before its minutes were signed
        fields.add(
            "date_set", dated[0], 0.98 if kinds.class_of(doc_type) == "meeting" else 0.7, "first_page", (dated[1],)
        )


def _heading_rows(block: Sequence[Line], kind: Value | None) -> list[Line]:
    """The words a report or plan is called by: from the line that told the type, else below the letterhead."""
    start = kind.place.start if kind and kind.place else -1
    told = next((i for i, line in enumerate(block) if line.place.start == start), None)
    rows: list[Line] = []
    for line in block[told or 0 : (told or 0) + 8]:
        if not rows and told is None and _OWNER.match(line.text):
            continue
        capital = (
            line.text.isupper()
            or line.text.isdigit()
            or not rows
            or (line.text.istitle() and not rows[0].text.isupper())
        )
        numeral = line.text[:1].isdigit() and not _YEAR_ALONE.fullmatch(line.text)
        if rows and (not capital or _OWNER.match(line.text) or numeral):
            break
        if p.NUMBER_MARK.match(line.text) or p.DATE.search(line.text):
            break
        rows.append(line)
    return rows


def _sop(fields: Fields, first: Sequence[Line]) -> None:
    """The identity box of an SOP, also where its cells were extracted apart from their labels."""
    for i, line in enumerate(first):
        low = line.text.lower()
        after = line.text.partition(":")[2].strip() or (first[i + 1].text.strip(" :") if i + 1 < len(first) else "")
        if re.match(r"(?:nomor|no\.?)\s*(?:sop|dokumen)?\b", low) and any(c.isdigit() for c in line.text + after):
            rest = re.sub(r"^(?:nomor|no)\.?\s*(?:(?:sop|dokumen)\b(?!/))?\s*[:.]?\s*", "", line.text, flags=re.I)
            _sop_number(fields, rest if any(c.isdigit() for c in rest) else after, line)
        elif "/sop" in low and not fields.value("number"):
            _sop_number(fields, line.text, line)
        if match := re.search(r"(?:nama|judul)\s*sop\s*:?\s*(.*)", line.text, re.I):
            fields.add("title", match[1].strip(" :") or after, 0.85, "first_page", (line,))
        for label, confidence in (("efektif", 0.85), ("pengesahan", 0.85), ("revisi", 0.5), ("pembuatan", 0.6)):
            named = re.search(rf"(?:tgl|tanggal)\.?\s*{label}", low)
            if named and (dated := p.first_date(line.text) or p.first_date(after)):
                fields.add("date_set", dated[0], confidence, "first_page", (line,))
        if re.search(r"\btgl\.?\s*\d", low) and (dated := p.first_date(line.text)):
            fields.add("date_set", dated[0], 0.75, "first_page", (line,))
        if re.match(r"sop\s+\w{3,}", low) and line.text.isupper() and not fields.value("title"):
            rows = [line]
            for row in first[i + 1 : i + 3]:
                if not row.text.isupper() or any(c.isdigit() for c in row.text) or "PENGESAHAN" in row.text:
                    break
                rows.append(row)
            fields.add("title", joined(rows), 0.75, "first_page", rows)
    if not fields.value("number"):
        for line in first:
            if coded := p.CODED.search(line.text):
                _sop_number(fields, line.text[coded.start() :], line)
                break


def _sop_number(fields: Fields, rest: str, line: Line) -> None:
    rest = re.split(r"\s+(?:Tgl|Tanggal|Rev|Hal|Page)\b", rest, maxsplit=1)[0].strip(" :.")
    coded = p.CODED.match(rest)
    bare = p.CODED_BARE.match(rest)
    printed = coded["n"] + (coded["tail"] or "") if coded else bare["n"] if bare else ""
    if not printed and (plain := re.match(r"\d{1,4}\b(?!\s*[./-])", rest)):
        printed = plain[0]
    fields.add("number", p.coded_number(printed), 0.8, "first_page", (line,))
    fields.add("number_printed", printed.strip(), 0.8, "first_page", (line,))


def _dates(first: Sequence[Line]) -> Iterator[tuple[str, Line]]:
    """Dates that say when something took place: after "hari", "tanggal", or a place and a comma."""
    for line in first:
        for match in p.DATE.finditer(line.text):
            if (value := p.iso_date(match)) and _DATED.search(line.text[: match.start()]):
                yield value, line
