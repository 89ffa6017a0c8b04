"""The flags a finding may carry: severity and Indonesian text, read from YAML."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from evidence.values import Finding, Place


@dataclass(frozen=True, slots=True)
class Flag:
    id: str
    severity: str
    text: str

    def found(
        self, place: Place | None = None, quote: str = "", severity: str = "", note: str = "", **words: object
    ) -> Finding:
        """A finding of this flag. `severity` outranks the flag's own where a guard says so; `note` then says why."""
        detail = self.text.format(quote=quote, **words)
        return Finding(self.id, severity or self.severity, f"{detail} {note}".strip(), place, quote)


@cache
def flags() -> dict[str, Flag]:
    text = files("evidence").joinpath("instruments", "flags.yaml").read_text("utf-8")
    return {row["id"]: Flag(row["id"], row["severity"], row["text"]) for row in yaml.safe_load(text)["flags"]}
