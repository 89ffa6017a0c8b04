"""Reading the YAML files of a rulebook so that every entry knows its file and line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import yaml

from evidence.errors import InstrumentError


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule, claim or list entry with the file and line where it stands."""

    file: str
    line: int
    data: dict[str, Any]

    def error(self, problem: str) -> InstrumentError:
        return InstrumentError(f"{self.file} baris {self.line}, aturan {self.data.get('id', '?')}: {problem}")


class _LineLoader(yaml.SafeLoader):
    """A safe loader whose mappings know their line."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep)
        mapping["__line__"] = node.start_mark.line + 1
        return mapping


def collect(name: str, text: str, entries: dict[str, list[Entry]], single: dict[str, dict[str, Any]]) -> None:
    """Sort one file's content: lists into `entries` by key, mappings into `single`, merged over the files."""
    try:
        data = yaml.load(text, _LineLoader)  # noqa: S506 (a SafeLoader that adds line numbers)
    except yaml.YAMLError as error:
        raise InstrumentError(f"{name}: bukan YAML yang benar: {error}") from error
    for key, value in (data or {}).items():
        if isinstance(value, list):
            for item in value:
                entries.setdefault(key, []).append(Entry(name, item.pop("__line__", 0), item))
        elif isinstance(value, dict):
            line = value.pop("__line__", 0)
            single.setdefault(key, {}).update(value)
            for inner, item in value.items():
                if isinstance(item, dict):
                    item.setdefault("__line__", line)
                    item["__file__"] = name
                    item["id"] = inner
