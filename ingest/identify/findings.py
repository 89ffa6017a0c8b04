"""The validity flags that the text and the file alone decide, with the guards against the known false alarms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from evidence.flags import flags
from evidence.values import Finding, Identity, Place, Read, Section, Value
from ingest.identify import patterns as p
from ingest.identify.closing import Closing, read_closing
from ingest.identify.headings import roman
from ingest.identify.lines import Line, lines_of
from ingest.identify.titles import parse_number

_LEGAL = frozenset({"regulation", "decision"})
_PROMULGATED = frozenset({"perda", "pergub", "perbup", "perwali", "permen", "pp", "perpres", "uu", "per_dprd"})
_DRAFT_WORD = re.compile(r"\b(?:R\s?A\s?N\s?C\s?A\s?N\s?G\s?A\s?N|DRAFT?|Hasil Harmonisasi)\b", re.I)
# A page with fewer letters has not been read.
_FEW_LETTERS = 50
_EDITABLE = ("wordprocessingml", "msword", "spreadsheetml", "ms-excel", "opendocument.text")
_ESIGNED = re.compile(
    r"ditandatangani\s+secara\s+elektronik[\s\S]{0,120}(?:sertifikat\s+elektronik|BS[rR]E|BSSN|Balai\s+(?:Besar\s+)?Sertifikasi)",
    re.I,
)
_ANNEX_REFERENCE = re.compile(
    r"tercantum\s+(?:dalam|pada)\s+(?P<annex>Lampiran(?:\s+[IVX]{1,5})?)\b|"
    r"(?P<annex2>Lampiran(?:\s+[IVX]{1,5})?)\s+(?:yang\s+merupakan|dan\s+merupakan|sebagai)\s+bagian\s+(?:yang\s+)?tidak\s+terpisah",
    re.I,
)
_CERTIFIED = re.compile(r"(?:Salinan|Petikan)\s+sesuai\s+dengan\s+(?:yang\s+)?asli", re.I)
_CONTEXT = re.compile(
    r"https?://|www\.|\b[\w-]+\.(?:go|co|or|ac)\.id\b|\b\d{1,2}[:.]\d{2}\s*(?:WIB|WITA|WIT|AM|PM)\b", re.I
)
# The articles say "diundangkan" and name gazettes too; only the block says "di", "dalam", or stands after the signing.
_BLOCK = re.compile(
    r"un[dc]an[gq]?k?an\s*:?\s+(?:d[il1]|dalam|pada\s+tanggal)\b|(?-i:BERITA|LEMBARAN)\s+(?:DAERAH|NEGARA)", re.I
)
_AFTER = re.compile(
    r"\bD[il1]?\s?un[dc]an[gq]|[BS8][ec][rt][il1]?ta\s+(?:Daerah|Negara)|L[ec](?:m|rn)[bh]a?ran\s+(?:Daerah|Negara)",
    re.I,
)
_ANNEX_AT_TOP = re.compile(r"\A(?:.*\n){0,8}?.*\bL\s?A\s?M\s?P\s?I\s?R\s?A\s?N\b")
# Only where an act speaks of itself can readings contradict each other; a report mentions many dates.
_SPOT = {"title_block": "judul", "annex_header": "lampiran", "closing": "penetapan"}
_FIELD = {"number": "Nomor", "year": "Tahun", "date_set": "Tanggal penetapan"}


def findings(read: Read, sections: Sequence[Section], identity: Identity) -> tuple[Finding, ...]:
    """What was found about a version, the gravest first."""
    if not read.parts:
        return ()
    closing = read_closing(read, sections)
    found = [
        *_draft(read, sections, identity, closing),
        *_file(read, identity),
        *_signing(read, sections, identity, closing),
        *_annexes(read, sections, identity),
        *_conflicts(identity),
        *_kinds(read, identity),
    ]
    return tuple(sorted(found, key=lambda finding: "BWI".index(finding.severity)))


def _draft(read: Read, sections: Sequence[Section], identity: Identity, closing: Closing) -> Iterator[Finding]:
    if not _is_act(identity):
        return
    block = _title_block(read, sections)
    draft = identity.best("is_draft")
    if named := next((line for line in block if _DRAFT_WORD.match(line.text)), None):
        word = _DRAFT_WORD.match(named.text)
        assert word is not None
        kept = draft is not None and draft.value == "false"
        note = "Nomor, tanggal, dan pengundangan terisi; tampaknya kata itu tertinggal." if kept else ""
        yield flags()["DRAFT_TITLE"].found(
            named.place, named.quote, "W" if kept else "", note, word=p.squeeze(word[0]).title()
        )
    signed = any(part.facts.signature_fields for part in read.parts)
    yield from _blank_number(block, signed)
    yield from _blank_date(closing, signed)
    for part, page in read.pages():
        if ("${" in page.text or "[" in page.text) and (holder := p.PLACEHOLDER.search(page.text)):
            place = Place(part.ordinal, page.number, holder.start(), holder.end())
            yield flags()["DRAFT_PLACEHOLDER"].found(place, holder[0])
            break


def _blank_number(block: Sequence[Line], signed: bool) -> Iterator[Finding]:
    """An empty slot after NOMOR. By hand on a scan, or drawn on a signed file, it may be filled: a person looks."""
    for i, line in enumerate(block):
        if line.letters.startswith("TENTANG"):
            return
        mark = p.NUMBER_MARK.match(line.text)
        number = parse_number(line.text[mark.end() :]) if mark else None
        if number is None or not number.blank:
            continue
        below = block[i + 1].text if i + 1 < len(block) else ""
        if line.letters != "NOMOR" or not any(c.isdigit() for c in below):  # else the number has a line of its own
            yield _empty("DRAFT_BLANK_NUMBER", line, signed)
        return


def _blank_date(closing: Closing, signed: bool) -> Iterator[Finding]:
    if closing.set and closing.set.slot:
        yield _empty("DRAFT_BLANK_DATE", closing.set.slot, signed)


def _empty(flag: str, line: Line, signed: bool) -> Finding:
    if line.ocr or signed:
        return flags()[flag].found(line.place, line.quote, "W", "Perlu dilihat pada gambar halaman.")
    return flags()[flag].found(line.place, line.quote)


def _file(read: Read, identity: Identity) -> Iterator[Finding]:
    facts = read.parts[0].facts
    if facts.tracked_changes or facts.comments:
        yield flags()["DRAFT_TRACKED"].found(changes=facts.tracked_changes, comments=facts.comments)
    if _is_act(identity) and any(kind in facts.mime for kind in _EDITABLE):
        yield flags()["EDITABLE_FORMAT"].found()
    pages = [page for part in read.parts for page in part.pages]
    dim = [page for page in pages if page.method != "blank" and (page.method == "unreadable" or _garbled(page.text))]
    if pages and len(dim) > 0.3 * len(pages):
        yield flags()["UNREADABLE"].found(pages=len(dim), all=len(pages))
    if not any(part.facts.signature_fields for part in read.parts):
        for part, page in read.pages():
            if "lektronik" in page.text and (claim := _ESIGNED.search(page.text)):
                place = Place(part.ordinal, page.number, claim.start(), claim.end())
                yield flags()["ESIGN_CLAIM_ONLY"].found(place, " ".join(claim[0].split())[:300])
                return


def _garbled(text: str) -> bool:
    letters = len(list(islice(filter(str.isalpha, text[:4000]), _FEW_LETTERS)))
    return letters < _FEW_LETTERS or text.count("\ufffd") > 0.05 * len(text)


def _signing(read: Read, sections: Sequence[Section], identity: Identity, closing: Closing) -> Iterator[Finding]:
    """What the end of an act lacks. Only for files that hold its articles or dictum: an annex alone is not signed."""
    if identity.value("class") not in _LEGAL or not any(s.kind in ("article", "dictum") for s in sections):
        return
    if closing.set is None:
        yield _absent("NO_SIGN_BLOCK", read)
    elif (
        identity.value("doc_type") in _PROMULGATED
        and closing.promulgated is None
        and not identity.is_draft()
        and not _gazetted(read, closing.set.place_line)
    ):
        line = closing.set.place_line
        yield _absent("NOT_PROMULGATED", read, line.place if line else None, line.quote if line else "")
    block = _title_block(read, sections)
    copy = next((line for line in block if line.letters == "SALINAN"), None)
    certified = any(_CERTIFIED.search(page.text) for _, page in read.pages())
    if copy and not certified and not any(part.facts.signature_fields for part in read.parts):
        yield flags()["COPY_NOT_CERTIFIED"].found(copy.place, copy.quote)


def _absent(flag: str, read: Read, place: Place | None = None, quote: str = "", **words: object) -> Finding:
    """A finding that something is not there: on scanned pages it may only not have been read, which is no proof."""
    scanned = any(page.method in ("ocr", "unreadable") or page.picture for _, page in read.pages())
    note = "Halaman hasil pindai: perlu dilihat." if scanned else ""
    return flags()[flag].found(place, quote, "I" if scanned else "", note, **words)


def _gazetted(read: Read, signed: Line | None) -> bool:
    """Whether the pages of the signing speak of promulgation at all, in whatever order and spelling they were read."""
    if signed is None:
        return False
    place = signed.place
    pages = (page for page in read.parts[place.part].pages if place.page <= page.number <= place.page + 1)
    return any(
        _BLOCK.search(page.text) or _AFTER.search(page.text, place.end if page.number == place.page else 0)
        for page in pages
    )


def _annexes(read: Read, sections: Sequence[Section], identity: Identity) -> Iterator[Finding]:
    """An annex that an article or dictum refers to and that no heading opens. Annexes may be parts of their own."""
    if identity.value("class") not in _LEGAL or any(part.role == "annex" for part in read.parts):
        return
    present = {s.address for s in sections if s.kind == "annex"}
    if not present and any(_ANNEX_AT_TOP.match(page.text) for _, page in read.pages()):
        present = {"Lampiran"}
    missing: set[str] = set()
    for section in sections:
        if section.kind not in ("article", "dictum") or section.zone != "body":
            continue
        page = next(page for page in read.parts[section.part].pages if page.number == section.page)
        text = page.text[section.start : section.end if section.end_page == section.page else len(page.text)]
        for match in _ANNEX_REFERENCE.finditer(text) if "ampiran" in text else ():
            named = " ".join((match["annex"] or match["annex2"]).split())
            annex = "Lampiran" + (f" {roman(named[9:])}" if len(named) > 9 else "")
            there = bool(present) if annex == "Lampiran" or present == {"Lampiran"} else annex in present
            if not there and annex not in missing:
                missing.add(annex)
                start = section.start + match.start()
                place = Place(section.part, section.page, start, section.start + match.end())
                quote = " ".join(match[0].split())
                yield _absent("MISSING_ANNEX", read, place, quote, address=section.address, annex=annex)


def _conflicts(identity: Identity) -> Iterator[Finding]:
    """Readings of one field that disagree, and a date of another year than the act's."""
    for name, label in _FIELD.items():
        readings = [v for v in identity.fields.get(name, ()) if v.spot in _SPOT]
        best = readings[0] if readings else None
        other = next((v for v in readings[1:] if best and v.value != best.value and v.spot != best.spot), None)
        if best and other and best.method == "text" and other.method == "text":
            yield _conflict(label, best, other)
    year, dated = identity.best("year"), identity.best("date_set")
    if not (_is_act(identity) and year and dated) or not year.method == dated.method == "text":
        return
    if year.spot == "title_block" and dated.spot in _SPOT and dated.value[:4] != year.value:
        yield _conflict("Tahun", year, dated)


def _conflict(label: str, best: Value, other: Value) -> Finding:
    return flags()["META_CONFLICT"].found(
        other.place,
        other.quote,
        field=label,
        first=best.value,
        spot=_SPOT[best.spot],
        second=other.value,
        other=_SPOT[other.spot],
    )


def _kinds(read: Read, identity: Identity) -> Iterator[Finding]:
    doc_type = identity.value("doc_type")
    term = identity.best("effective_to")
    if term and term.spot == "title_block":
        said = identity.value("period_year")
        yield flags()["EXPIRED_TERM"].found(
            term.place, term.quote, term=said if term.value.startswith(said) else f"{said}–{term.value[:4]}"
        )
    if doc_type == "sop":
        text = "\n".join(page.text for page in read.parts[0].pages[:2])
        approved = re.search(r"disahkan\s+oleh|pengesahan|disetujui\s+oleh", text, re.I)
        missing = [
            label
            for label, there in (
                ("nomor", identity.value("number")),
                ("tanggal efektif", identity.value("date_set")),
                ("pejabat yang mengesahkan", approved),
            )
            if not there
        ]
        if missing:
            yield flags()["SOP_NO_APPROVAL"].found(missing=", ".join(missing))
    if doc_type == "screenshot_aplikasi":
        text = "\n".join(page.text for _, page in read.pages())
        if not _CONTEXT.search(text) and not p.first_date(text):
            yield flags()["SHOT_NO_CONTEXT"].found()


def _is_act(identity: Identity) -> bool:
    return identity.value("class") in ("regulation", "decision", "directive") and bool(identity.value("issuer"))


def _title_block(read: Read, sections: Sequence[Section]) -> list[Line]:
    section = next((s for s in sections if s.kind == "title_block" and s.address == "Judul"), None)
    return lines_of(read, sections, section)[:60] if section else []
