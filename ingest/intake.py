"""What comes in: the type of a file from its bytes, and what an archive holds. Knows no database."""

from __future__ import annotations

import re
import stat
import struct
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from evidence.errors import LimitExceeded
from evidence.values import FileFacts
from ingest.formats import FORMATS, LOCKED_OFFICE
from ingest.formats.archives import open_archive
from ingest.formats.plain import wide_encoding
from ingest.wire import Limits

_ZIP = "application/zip"
_OOXML = "application/vnd.openxmlformats-officedocument."

# Extensions the upload page accepts before sending; the bytes decide in the end.
SUPPORTED = tuple(sorted({extension for _, _, extensions in FORMATS.values() for extension in extensions} | {".zip"}))

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MZ", "application/x-executable"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xcf\xfa\xed\xfe", "application/x-executable"),
    (b"\xca\xfe\xba\xbe", "application/x-executable"),
    (b"Rar!\x1a\x07", "application/x-rar"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"\x1f\x8b", "application/gzip"),
    (b"{\\rtf", "application/rtf"),
    (b"wOFF", "font/woff"),
    (b"wOF2", "font/woff"),
)

# Office files: the type of the main part in [Content_Types].xml (with or without macros), and that part's usual name.
_OFFICE = (
    ("wordprocessingml.document", rb"wordprocessingml\.\w+\.main|ms-word\.\w+\.macro", b"word/document.xml"),
    ("spreadsheetml.sheet", rb"spreadsheetml\.\w+\.main|ms-excel\.[\w.]+\.macro", b"xl/workbook.xml"),
    ("presentationml.presentation", rb"presentationml\.\w+\.main|ms-powerpoint\.\w+\.macro", b"ppt/presentation.xml"),
)

# Streams of an OLE file, named in UTF-16.
_STREAMS = (
    ("EncryptedPackage", LOCKED_OFFICE),
    ("WordDocument", "application/msword"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
)
_OLD_NAMES = {".doc": "application/msword", ".xls": "application/vnd.ms-excel", ".ppt": "application/vnd.ms-powerpoint"}

_HTML = re.compile(rb"<(!doctype\s+html|html|head|body|table|div|p)[\s>]", re.IGNORECASE)
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))

# What operating systems put beside the files of people.
_LITTER = {".ds_store", "thumbs.db", "desktop.ini"}
_DEEPEST = 2
_IN_MEMORY = 8_000_000
_CHUNK = 1 << 20


def detect(head: bytes, name: str) -> str:
    """The content type, from the first megabyte or so. The name decides only between old office files cut short."""
    for magic, mime in _MAGIC:
        if head.startswith(magic):
            return mime
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return "image/heic" if head[8:11] in (b"hei", b"hev", b"mif", b"avi") else "video/mp4"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(head)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _old_office(head, name)
    # Last, because a ZIP may hold a PDF as it is: some programs write lines of their own before a PDF begins.
    if b"%PDF-" in head[:1024]:
        return "application/pdf"
    return _written(head)


def is_archive(mime: str) -> bool:
    return mime == _ZIP


def has_wrong_extension(mime: str, name: str) -> bool:
    """Does the name promise another type than the bytes hold? Such a file is read all the same."""
    extension = Path(name).suffix.lower()
    known = FORMATS[mime][2] if mime in FORMATS else (".zip",) if is_archive(mime) else ()
    return bool(known) and extension not in known and not (mime == "text/plain" and extension not in SUPPORTED)


def with_name(facts: FileFacts, name: str) -> FileFacts:
    """A reader sees bytes only; what the file's name adds to the facts."""
    if not has_wrong_extension(facts.mime, name):
        return facts
    return replace(facts, warnings=(*facts.warnings, "wrong_extension"))


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: its cleaned name, the folders it lay in (`Diskominfo/2025`), and its bytes."""

    name: str
    folder: str
    open: Callable[[], BinaryIO]


def members(path: Path, limits: Limits, depth: int = 1) -> Iterator[Member]:
    """The files of a ZIP; raises UnreadableDocument. `depth` is 1 for an archive handed in, 2 for one inside another.

    A member's bytes must be taken before the next member is asked for.
    """
    if depth > _DEEPEST:
        raise LimitExceeded(detail=f"arsip di dalam arsip lebih dari {_DEEPEST} tingkat")
    with open_archive(path, limits) as archive:
        for entry in archive.infolist():
            parts = clean_path(_printed_name(entry))
            if entry.is_dir() or stat.S_ISLNK(entry.external_attr >> 16) or not parts or _is_litter(parts):
                continue
            yield Member(parts[-1], "/".join(parts[:-1]), partial(_unpacked, archive, entry))


def clean_path(name: str) -> list[str]:
    """Folders and name without what leads elsewhere or deceives the eye: drives, dots, control and turning marks."""
    shown = "".join(" " if unicodedata.category(char) == "Cc" else char for char in name)
    shown = "".join(char for char in shown if unicodedata.category(char) not in ("Cf", "Cs", "Co", "Cn"))
    parts = (part.strip() for part in shown.replace("\\", "/").split("/"))
    return [part[:200] for part in parts if part and set(part) != {"."} and not re.fullmatch("[A-Za-z]:", part)]


def _printed_name(entry: zipfile.ZipInfo) -> str:
    """Many programs write UTF-8 without saying so; zipfile then reads it in DOS's alphabet."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _is_litter(parts: list[str]) -> bool:
    return parts[0] == "__MACOSX" or parts[-1].lower() in _LITTER or parts[-1].startswith(("~$", "._"))


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> BinaryIO:
    """The member's bytes. Of a damaged member, what could be read: it then fails alone, or is repaired."""
    target = cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115  the caller closes it
    try:
        with archive.open(entry) as source:
            while chunk := source.read(_CHUNK):
                target.write(chunk)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError):
        pass
    target.seek(0)
    return target


# Members looked at for the type: office programs write theirs first.
_MOST_LOCAL = 500


def _zipped(head: bytes) -> str:
    """A plain archive, an office file (by its content types), or another program's file in a ZIP."""
    names = dict(islice(_local_entries(head), _MOST_LOCAL))
    if names.get(b"mimetype", b"").startswith(b"application/vnd.oasis.opendocument"):
        return "application/vnd.oasis.opendocument"
    if b"META-INF/MANIFEST.MF" in names:
        return "application/java-archive"
    types = names.get(b"[Content_Types].xml", b"")
    for kind, main_type, main_name in _OFFICE:
        if re.search(main_type, types) or main_name in names:
            return _OOXML + kind
    return _ZIP


def _local_entries(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and contents of the members as far as the head reaches; contents are cut at a megabyte."""
    at = 0
    while head[at : at + 4] == b"PK\x03\x04" and len(head) >= at + 30:
        flags, method = head[at + 6], head[at + 8]
        size, name_size, extra_size = struct.unpack_from("<I4xHH", head, at + 18)
        start = at + 30 + name_size + extra_size
        if method == 8:
            unpacker = zlib.decompressobj(-15)
            try:
                content = unpacker.decompress(memoryview(head)[start:], _CHUNK)
            except zlib.error:
                content = b""
        else:
            unpacker, content = None, head[start : start + min(size, _CHUNK)]
        name = head[at + 30 : at + 30 + name_size]
        # Only these tell a type by what they hold; keeping the others would let a small ZIP fill the memory.
        yield name, content if name in (b"mimetype", b"[Content_Types].xml") else b""
        at = start + size
        if flags & 8 and not size:
            # The size stands behind the data, whose end only the unpacker knows.
            if unpacker is None or not unpacker.eof:
                return
            at = len(head) - len(unpacker.unused_data)
            at += 16 if head[at : at + 4] == b"PK\x07\x08" else 12


def _old_office(head: bytes, name: str) -> str:
    for stream, mime in _STREAMS:
        if stream.encode("utf-16-le") + b"\0\0" in head:
            return mime
    return _OLD_NAMES.get(Path(name).suffix.lower(), "application/x-ole-storage")


def _written(head: bytes) -> str:
    if wide_encoding(head) not in ("", "utf-8-sig"):
        return "text/plain"
    if b"\0" in head or len(head) - len(head.translate(None, _CONTROL)) > len(head) // 100:
        return "application/octet-stream"
    begin = head[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    if b"<svg" in begin and begin.startswith(b"<"):
        return "image/svg+xml"
    return "text/html" if begin.startswith(b"<") and _HTML.search(begin) else "text/plain"
