"""What the children and their parent say to each other: length-prefixed msgpack messages."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from evidence.values import FileFacts, PageText, Read
from ingest.understood import Understood

if TYPE_CHECKING:  # the child must not pay for pydantic
    from evidence.settings import Settings


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one file may cost. What is over a limit is left out and said, or fails that file alone."""

    memory_mb: int = 1536
    page_seconds: int = 60
    pages: int = 5000
    pixels: int = 60_000_000
    output_mb: int = 100
    # An archive or an office file, unpacked.
    unpacked_mb: int = 1000
    members: int = 5000

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        return cls(
            memory_mb=settings.reader_memory_mb,
            page_seconds=settings.reader_page_seconds,
            pages=settings.reader_pages,
        )


class ReadRequest(msgspec.Struct, tag="read", array_like=True, frozen=True):
    path: str
    mime: str
    limits: Limits
    ocr_pages: int  # 0: no OCR
    first_page: int
    last_page: int  # 0: to the end


class PictureRequest(msgspec.Struct, tag="picture", array_like=True, frozen=True):
    path: str
    mime: str
    limits: Limits
    page: int
    width: int


class Facts(msgspec.Struct, tag="facts", array_like=True, frozen=True):
    facts: FileFacts


class Page(msgspec.Struct, tag="page", array_like=True, frozen=True):
    """`boxes` are those of the page, packed: they are kept, and only unpacked where somebody looks at the page."""

    page: PageText
    boxes: msgspec.Raw


class Picture(msgspec.Struct, tag="picture", array_like=True, frozen=True):
    webp: bytes


class Failed(msgspec.Struct, tag="failed", array_like=True, frozen=True):
    """`code` is that of an UnreadableDocument; `detail` is for the log and holds no document text."""

    code: str
    message: str
    detail: str = ""


class Done(msgspec.Struct, tag="done", array_like=True, frozen=True):
    """The request is finished. A `tired` child has grown too large to be used again."""

    tired: bool = False


class Tag(msgspec.Struct, tag="tag", array_like=True, frozen=True):
    """To the tagging child: a version as read, without boxes."""

    read: Read


class Tagged(msgspec.Struct, tag="tagged", array_like=True, frozen=True):
    """`rules` is the fingerprint it was tagged by, `stems` the forms met for the first time, `cpu_ms` its cost."""

    understood: Understood
    rules: str
    stems: dict[str, str]
    cpu_ms: float


class NotTagged(msgspec.Struct, tag="not_tagged", array_like=True, frozen=True):
    error: str
    where: str


Request = ReadRequest | PictureRequest
Reply = Facts | Page | Picture | Failed | Done

HEADER = struct.Struct("<I")

pack = msgspec.msgpack.Encoder().encode


def frame(message: object) -> bytes:
    """The message with its length in front."""
    body = pack(message)
    return HEADER.pack(len(body)) + body
