"""The reader child: reads what its parent asks for, under limits it sets on itself (`python -P -m ingest.reader`).

It knows neither database nor web. A file that breaks it breaks this process only.
"""

from __future__ import annotations

import gc
import os
import queue
import resource
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import msgspec

from evidence.errors import BrokenFile, EmptyFile, UnreadableDocument
from evidence.values import PageText
from ingest import formats, wire
from ingest.wire import HEADER, Done, Facts, Failed, Limits, Page, Picture, PictureRequest, ReadRequest, Reply, Request

# No page a person wrote is longer; a sheet may be.
_LONGEST_PAGE = 1_000_000

# Beyond this share of its memory limit a child is replaced after its file rather than used again.
_TIRED = 0.5


def main() -> None:
    # Libraries in C print to descriptor 1 at times; the answers go through a copy of it.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    _limit(resource.RLIMIT_CORE, 0)
    # A terminal or the service manager ends the whole group at once. The parent decides: dying before it would look
    # like a page that cannot be read.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # Pages are values without cycles: the collector's usual rounds find nothing and cost 4 % of the time.
    gc.set_threshold(100_000, 20, 50)
    requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, requests), daemon=True).start()
    while True:
        _serve(requests.get(), answers)


def _listen(source: BinaryIO, requests: queue.SimpleQueue[Request]) -> None:
    """Hand on the requests. When the parent is gone, so is this process, also in the middle of a page."""
    decode = msgspec.msgpack.Decoder(Request).decode
    while len(header := source.read(HEADER.size)) == HEADER.size:
        requests.put(decode(source.read(HEADER.unpack(header)[0])))
    os._exit(0)


def _serve(request: Request, answers: BinaryIO) -> None:
    def send(reply: Reply) -> None:
        rest = memoryview(wire.frame(reply))
        while rest:
            rest = rest[answers.write(rest) :]

    path, limits = Path(request.path), request.limits
    _limit(resource.RLIMIT_AS, limits.memory_mb << 20)
    _allow_time(limits)
    try:
        if path.stat().st_size == 0:
            raise EmptyFile()
        match request:
            case PictureRequest():
                send(Picture(formats.draw_page(path, request.mime, limits, request.page, request.width)))
            case ReadRequest():
                opened = formats.open_document(path, request.mime, limits, request.ocr_pages)
                send(Facts(opened.facts))
                left = limits.output_mb * 1_000_000
                for page in opened.pages(request.first_page):
                    if 0 < request.last_page < page.number:
                        break
                    fitting = _fit(page, min(left, _LONGEST_PAGE))
                    left -= len(fitting.text)
                    send(Page(replace(fitting, boxes=()), msgspec.Raw(wire.pack(fitting.boxes))))
                    _allow_time(limits)
    except UnreadableDocument as error:
        send(Failed(error.code, error.message))
    except MemoryError:
        # What is left of this process cannot be trusted.
        os._exit(1)
    except Exception as error:  # noqa: BLE001  parsers raise whatever a broken file makes them raise
        send(Failed(BrokenFile.code, BrokenFile.message, f"{type(error).__name__} in {_where(error)}"))
    send(Done(tired=_memory() > _TIRED * (limits.memory_mb << 20)))


def _allow_time(limits: Limits) -> None:
    """Time for one more page. The parent's clock strikes first; this one serves when the parent cannot."""
    _limit(resource.RLIMIT_CPU, int(time.process_time()) + limits.page_seconds + 2)


def _limit(kind: int, value: int) -> None:
    """Set the soft limit, which can be raised again for the next file."""
    most = resource.getrlimit(kind)[1]
    resource.setrlimit(kind, (value if most == resource.RLIM_INFINITY else min(value, most), most))


def _fit(page: PageText, longest: int) -> PageText:
    if len(page.text) <= longest:
        return page
    return replace(page, text=page.text[:longest], boxes=(), note="Teks halaman ini terlalu panjang dan dipotong.")


def _where(error: BaseException) -> str:
    """Module and line of the innermost frame: enough to find a fault, and no text of the document."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else "?"


def _memory() -> int:
    """Address space in use, in bytes."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()
