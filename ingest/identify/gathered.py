"""Gathers the readings of identity fields while a document is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from evidence.values import Identity, Value
from ingest.identify.lines import Line, span


@dataclass(slots=True)
class Fields:
    """The readings gathered so far, by field; best means the most certain."""

    found: dict[str, list[Value]] = field(default_factory=dict)

    def add(self, name: str, value: str, confidence: float, spot: str, lines: Sequence[Line] = ()) -> None:
        if not value:
            return
        place, quote = span(lines) if lines else (None, "")
        ocr = any(line.ocr for line in lines)
        method = "ocr" if ocr else {"file_name": "file", "file_metadata": "metadata"}.get(spot, "text")
        self.put(name, Value(value, round(confidence * (0.88 if ocr else 1), 2), spot, method, place, quote))

    def put(self, name: str, value: Value) -> None:
        same = [v for v in self.found.get(name, ()) if (v.value, v.spot) == (value.value, value.spot)]
        if not same:
            self.found.setdefault(name, []).append(value)

    def best(self, name: str) -> Value | None:
        return max(self.found.get(name, ()), key=lambda v: v.confidence, default=None)

    def value(self, name: str) -> str:
        best = self.best(name)
        return best.value if best else ""

    def identity(self) -> Identity:
        return Identity({name: tuple(sorted(v, key=lambda v: -v.confidence)) for name, v in self.found.items()})
