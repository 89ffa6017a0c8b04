"""ZIP containers, checked before anything in them is unpacked; the XML parts of office files, read safely."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from evidence.errors import BrokenFile, LimitExceeded, PasswordNeeded
from ingest.wire import Limits

# More than this is a bomb: text compresses by 10 to 30. Small members may do better.
_HIGHEST_RATIO = 200
_SMALL = 5_000_000


def open_archive(path: Path, limits: Limits) -> zipfile.ZipFile:
    """The archive, if its directory keeps within the limits. No member can be larger than the directory says."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError) as error:
        raise BrokenFile() from error
    try:
        _check(archive.infolist(), limits)
    except Exception:
        archive.close()
        raise
    return archive


def _check(members: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(members) > limits.members:
        raise LimitExceeded(detail=f"lebih dari {limits.members} berkas di dalam arsip")
    if any(member.flag_bits & 1 for member in members):
        raise PasswordNeeded()
    if sum(member.file_size for member in members) > limits.unpacked_mb * 1_000_000:
        raise LimitExceeded(detail=f"isi arsip lebih dari {limits.unpacked_mb} MB")
    for member in members:
        if member.file_size > _SMALL and member.file_size > _HIGHEST_RATIO * max(member.compress_size, 1):
            raise LimitExceeded(detail="isi arsip termampatkan secara tidak wajar")


def read_xml(archive: zipfile.ZipFile, name: str) -> Element | None:
    """A part of an office file, or None when it is not there. Entities and a DOCTYPE are refused."""
    try:
        element: Element = fromstring(archive.read(name), forbid_dtd=True)
    except KeyError:
        return None
    except (ParseError, DefusedXmlException, zipfile.BadZipFile) as error:
        raise BrokenFile() from error
    return element


def refuse_doctypes(archive: zipfile.ZipFile) -> None:
    """For parsers that read the parts themselves: no office program writes a DOCTYPE."""
    for member in archive.infolist():
        if member.filename.endswith((".xml", ".rels")):
            with archive.open(member) as part:
                if b"<!DOCTYPE" in part.read(4096).replace(b"\0", b""):
                    raise BrokenFile()


def core_metadata(archive: zipfile.ZipFile) -> dict[str, str]:
    """What an office file says of itself."""
    wanted = {"title": "title", "creator": "author", "created": "created", "Application": "producer"}
    found: dict[str, str] = {}
    for part in ("docProps/core.xml", "docProps/app.xml"):
        root = read_xml(archive, part)
        for element in () if root is None else root:
            key = wanted.get(local_name(element))
            if key and element.text and element.text.strip():
                found[key] = element.text.strip()
    return found


def local_name(element: Any) -> str:
    """The tag without its namespace: Strict OOXML uses other namespaces for the same words."""
    return str(element.tag).rpartition("}")[2]
