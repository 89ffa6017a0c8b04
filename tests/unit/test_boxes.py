"""The line boxes of a long scan, kept chunk by chunk while it is read."""

from __future__ import annotations

from pathlib import Path

from evidence.files import FolderStore
from evidence.models import Reading
from evidence.values import Box, PageText
from ingest.readings import Draft, load_boxes
from ingest.wire import pack


def test_a_blank_page_in_a_scan_loses_no_highlights_of_the_pages_behind_it(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    draft = Draft("a" * 64, "1+ocr", None, [], {}, 0, seen=False)
    for number in range(1, 5):
        boxes = () if number == 2 else (Box(0, number, 0.1, 0.1, 0.9, 0.2),)
        draft.pages.append(PageText(number, f"hal. {number}", "x" * number, "ocr"))
        draft.boxes[number] = pack(boxes)
        draft.save_boxes(store)
    reading = Reading(blob_sha256=draft.sha256, fingerprint=draft.fingerprint)
    found = [[box.end for box in load_boxes(store, reading, page)] for page in range(1, 6)]
    assert found == [[1], [], [3], [4], []]
