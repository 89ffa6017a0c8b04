"""Makes the demonstration's files into a folder: the same bytes on every run, so that nothing is loaded twice.

What each file is for stands in `story.yaml`; how it is made and called in `documents/catalogue.yaml`.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from api.demo import office, pdf, screen

SOURCES = Path(__file__).parent / "documents"
PASSWORD = "ranupane"  # noqa: S105 (of a file that exists to be refused)
SIGNER = "LAKSMI AYUNINGTYAS"


@dataclass(frozen=True, slots=True)
class DemoFile:
    """One file to hand in. `members` tells which of the story's documents lie in it, by their path in the archive."""

    document: str  # the id the story uses
    path: Path
    name: str
    folder: str
    unit: str
    handed_in: date
    members: Mapping[str, str]


def make_documents(folder: Path) -> list[DemoFile]:
    """The files of Kota Ranupane."""
    return _make(folder, "institution")


def make_other_documents(folder: Path) -> list[DemoFile]:
    """The files of the second institution, which never show."""
    return _make(folder, "other_institution")


def _make(folder: Path, owner: str) -> list[DemoFile]:
    folder.mkdir(parents=True, exist_ok=True)
    entries: Mapping[str, Mapping[str, Any]] = _load("catalogue.yaml")[owner]
    files = []
    for document, entry in entries.items():
        if "archive" in entry:
            continue
        inside = {
            f"{member['folder']}/{member['name']}": id
            for id, member in entries.items()
            if member.get("archive") == document
        }
        content = _zip(inside, entries) if inside else _content(document, entry["form"])
        path = folder / entry["name"]
        path.write_bytes(content)
        files.append(
            DemoFile(document, path, entry["name"], entry["folder"], entry["unit"], entry["handed_in"], inside)
        )
    return files


def _content(document: str, form: str) -> bytes:
    source = SOURCES / f"{document}.typ"
    match form:
        case "pdf":
            return pdf.typeset(source)
        case "signed":
            return pdf.sign(pdf.typeset(source), SIGNER, "Menandatangani surat edaran")
        case "scanned":
            return pdf.scan(source)
        case "locked":
            return pdf.lock(pdf.typeset(source), PASSWORD)
        case "broken":
            return pdf.break_off(pdf.typeset(source))
        case "word":
            return office.word(_load(f"{document}.yaml"))
        case "sheets":
            return office.sheets(_load(f"{document}.yaml"))
        case "slides":
            return office.slides(_load(f"{document}.yaml"))
        case "plain":
            return (SOURCES / f"{document}.txt").read_bytes()
        case "png" | "jpeg":
            return screen.screenshot(_load("screens.yaml")[document], form.upper())
    raise ValueError(f"{document}: unknown form {form}")


def _zip(inside: Mapping[str, str], entries: Mapping[str, Mapping[str, Any]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, document in inside.items():
            member = zipfile.ZipInfo(path, office.EARLIEST)
            archive.writestr(member, _content(document, entries[document]["form"]), zipfile.ZIP_DEFLATED)
    return out.getvalue()


@cache
def _load(name: str) -> Any:
    return yaml.safe_load((SOURCES / name).read_text("utf-8"))
