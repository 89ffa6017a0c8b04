"""An original handed out as it was handed in: by this process, in ranges too, or by a link to the S3 server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from evidence.documents import PartView
from evidence.files import FileStore

_CHUNK = 1 << 18
# Long enough to begin a download; whoever has the link needs no account.
_LINK_SECONDS = 300
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def hand_out(request: Request, files: FileStore, part: PartView, *, links: bool) -> Response:
    if links and (link := files.link(part.sha256, part.name, _LINK_SECONDS)):
        return RedirectResponse(link, 302, {"Cache-Control": "no-store"})
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": f'"{part.sha256}"',
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(part.name, safe='')}",
        # Said so that nothing on the way compresses it: a range counts the file's own bytes.
        "Content-Encoding": "identity",
        # What was uploaded never runs as a page of ours, should a browser open it all the same.
        "Content-Security-Policy": "sandbox",
    }
    start, end, status = 0, part.size, 200
    if wanted := _wanted(request, part, headers["ETag"]):
        start, end = wanted
        if start >= end:
            return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{part.size}"})
        status, headers["Content-Range"] = 206, f"bytes {start}-{end - 1}/{part.size}"
    headers["Content-Length"] = str(end - start)
    # Opened before the answer begins: what is not there is still told as such.
    stream = files.open(part.sha256, start)
    return StreamingResponse(_pieces(stream, end - start), status, headers, part.mime)


def _wanted(request: Request, part: PartView, etag: str) -> tuple[int, int] | None:
    """From where to where, if one range is asked for; several at once are answered with the whole."""
    asked = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if not asked or request.headers.get("if-range", etag) != etag:
        return None
    first, last = asked.groups()
    if first:
        return int(first), min(int(last) + 1 if last else part.size, part.size)
    return (max(part.size - int(last), 0), part.size) if last else None


def _pieces(stream: BinaryIO, size: int) -> Iterator[bytes]:
    with stream:
        while size and (chunk := stream.read(min(_CHUNK, size))):
            size -= len(chunk)
            yield chunk
