"""The tagging child: understands versions as read (`python -P -m ingest.tagger INSTRUMENT STEMS`).

Pure work on texts, on another core than the parent's. It opens no document, so nothing that a file does to the reader
child reaches the stems; new ones flow back to the parent, which alone writes the table.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import msgspec

from classifiers.rules import load_rulebook
from evidence.analysis import Analyser
from ingest.understand import understand
from ingest.wire import HEADER, NotTagged, Tag, Tagged, frame


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the parent decides, as for the reader
    instrument, stems = sys.argv[1:]
    analyser = Analyser(Path(stems))
    rules = load_rulebook(instrument, analyser)
    # Rules and stems stay for ever; the collector need not walk over them again and again.
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
    decode = msgspec.msgpack.Decoder(Tag).decode
    while len(header := sys.stdin.buffer.read(HEADER.size)) == HEADER.size:
        begun = time.process_time()
        request = decode(sys.stdin.buffer.read(HEADER.unpack(header)[0]))
        reply: Tagged | NotTagged
        try:
            understood = replace(understand(request.read, analyser, rules), sections=())
            cpu_ms = (time.process_time() - begun) * 1000
            reply = Tagged(understood, rules.fingerprint, analyser.take_new(), cpu_ms)
        except Exception as error:  # noqa: BLE001  a fault of ours fails this document; the next may do
            reply = NotTagged(type(error).__name__, _where(error))
        rest = memoryview(frame(reply))
        while rest:
            rest = rest[answers.write(rest) :]


def _where(error: BaseException) -> str:
    """Module and line of the innermost frame: enough to find a fault, and no text of the document."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else "?"


if __name__ == "__main__":
    main()
