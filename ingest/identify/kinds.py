"""Tells the type of a document: by its title, by the cues of its first pages, by its kind of file, by its name.

The words are in kinds.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePath

import yaml

from evidence.values import Read
from ingest.identify.lines import Line
from ingest.identify.patterns import near

_TABLES = yaml.safe_load(files("ingest.identify").joinpath("kinds.yaml").read_text("utf-8"))


def _compiled(table: str, before: str, flags: int) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((row["type"], re.compile(f"{before}(?:{'|'.join(row['patterns'])})", flags)) for row in _TABLES[table])


_LEGAL = _compiled("legal", "(?:SALINAN)?(?:RANCANGAN|DRAFT?)?", 0)
_TITLES = _compiled("titles", r"(?:\d+[.)]\s*)?", re.I)
_CUES = tuple((row["type"], row["needed"], tuple(row["words"])) for row in _TABLES["cues"])
_SCREEN = re.compile(
    r"https?://|www\.|\b(?:aplikasi|login|log in|halaman|dashboard|menu|password|username|sistem)\b", re.I
)
_CLASSES = {code: klass for klass, codes in _TABLES["classes"].items() for code in codes}
_LABELS = tuple((row["label"], frozenset(row["of"]), re.compile(row["title"], re.I)) for row in _TABLES["labels"])
_NAMES = tuple((row["type"], re.compile(row["pattern"])) for row in _TABLES["names"])


@dataclass(frozen=True, slots=True)
class Kind:
    """A type with how surely and by what it was told; `lines` are the words that told it."""

    code: str
    confidence: float
    spot: str
    lines: tuple[Line, ...] = ()


def legal_kind(lines: Sequence[Line]) -> tuple[Kind, int] | None:
    """The legal product a title block names, with the index of the line that names it."""
    for index, line in enumerate(lines):
        letters = line.letters
        if letters in ("PERATURAN", "KEPUTUSAN", "RANCANGAN", "INSTRUKSI") or (
            letters.startswith(("RANCANGAN", "PERUBAHAN")) and len(letters) < 22
        ):
            letters += "".join(following.letters for following in lines[index + 1 : index + 3])
        elif line.ocr:  # OCR's reading of the first word ("Peraruran") is repaired
            first, _, rest = line.text.partition(" ")
            for word in ("PERATURAN", "KEPUTUSAN", "INSTRUKSI"):
                if first.isupper() and near(first, word):
                    letters = word + re.sub(r"[\W_]+", "", rest).upper()
        if not line.text[:1].isupper() or (line.text[1:2].islower() and len(line.text) > 60):
            continue
        for code, pattern in _LEGAL:
            if pattern.match(letters):
                return Kind(code, 0.85 if line.ocr else 0.97, "title_block", (line,)), index
    return None


def titled_kind(lines: Sequence[Line]) -> Kind | None:
    """The kind of document that the first telling line of a title block names."""
    for line in lines:
        if line.text[:1].islower() or len(line.text) > 120 or line.text.endswith((",", ";")):
            continue
        for code, pattern in _TITLES:
            if pattern.match(line.text):
                return Kind(code, 0.75 if line.ocr else 0.9, "title_block", (line,))
    return None


def cued_kind(text: str, first: Sequence[Line]) -> Kind | None:
    """The kind whose cues stand on the first pages, at least three of them."""
    text = text.lower()
    found = [(sum(word in text for word in words) - needed, code) for code, needed, words in _CUES]
    surplus, code = max(found, key=lambda pair: pair[0])
    return Kind(code, min(0.85, 0.7 + 0.05 * surplus), "first_page", tuple(first[:1])) if surplus >= 0 else None


def filed_kind(read: Read, text: str) -> Kind | None:
    """What the kind of file says when its words do not: slides, a picture, few words that belong to a screen."""
    facts = read.parts[0].facts
    if "presentation" in facts.mime:
        return Kind("materi_paparan", 0.8, "file_metadata")
    if facts.mime.startswith("image/"):
        return Kind("screenshot_aplikasi", 0.5, "file_metadata")
    pages = [page for part in read.parts for page in part.pages]
    if sum(len(page.text) for page in pages) < 450 * len(pages) and len(_SCREEN.findall(text)) >= 2:
        return Kind("screenshot_aplikasi", 0.5, "first_page")
    return None


def named_kind(name: str) -> Kind | None:
    plain = re.sub(r"[_\-.]+", " ", PurePath(name).stem.lower())
    return next((Kind(code, 0.4, "file_name") for code, pattern in _NAMES if pattern.search(plain)), None)


def class_of(code: str) -> str:
    klass: str = _CLASSES.get(code, "other")
    return klass


def labels_of(klass: str, title: str) -> list[str]:
    """The content labels a title earns a document of this class."""
    return [label for label, of, pattern in _LABELS if klass in of and pattern.search(title)]
