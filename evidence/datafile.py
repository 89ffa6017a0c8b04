"""Read a YAML data file strictly: numbers keep their text, doubles are errors, every error names file and place."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from fractions import Fraction
from typing import Any

import yaml

from evidence.errors import InstrumentError


class Node:
    """A mapping of a data file that knows where it stands, so that a wrong value can be found by a person."""

    def __init__(self, file: str, place: str, data: object) -> None:
        self.file = file
        self.place = place
        if not isinstance(data, dict):
            raise self.error("harus berupa pasangan nama dan nilai")
        self._data: dict[Any, Any] = data

    def error(self, reason: str) -> InstrumentError:
        return InstrumentError(": ".join(part for part in (self.file, self.place, reason) if part))

    def __contains__(self, key: object) -> bool:
        return key in self._data

    def __iter__(self) -> Iterator[Any]:
        return iter(self._data)

    def get(self, key: str | int) -> Any:
        """The raw value; missing is an error."""
        if key not in self._data:
            raise self.error(f"isian '{key}' tidak ada")
        return self._data[key]

    def text(self, key: str | int, default: str | None = None) -> str:
        if default is not None and key not in self._data:
            return default
        value = self.get(key)
        if isinstance(value, dict | list) or value is None:
            raise self.error(f"isian '{key}' harus berupa teks")
        return str(value)

    def number(self, key: str | int, default: int | None = None) -> Fraction:
        """An exact number, from the text that stands in the file: `1.3`, `27.5`, `10/3`."""
        text = self.text(key, None if default is None else str(default))
        try:
            return Fraction(text)
        except (ValueError, ZeroDivisionError) as error:
            raise self.error(f"isian '{key}' bukan angka: {text}") from error

    def flag(self, key: str) -> bool:
        return self._data.get(key, False) is True

    def items(self, key: str | int) -> list[Any]:
        """A list; missing is empty."""
        value = self._data.get(key, [])
        if not isinstance(value, list):
            raise self.error(f"isian '{key}' harus berupa daftar")
        return value

    def texts(self, key: str | int) -> tuple[str, ...]:
        return tuple(str(item) for item in self.items(key))

    def node(self, key: str | int, place: str = "") -> Node:
        """A mapping below; missing is empty."""
        return Node(self.file, place or self._below(str(key)), self._data.get(key, {}))

    def nodes(self, key: str | int, place: str, name: str) -> list[Node]:
        """A list of mappings; each one's place is `place` and its own `name`."""
        found = []
        for position, item in enumerate(self.items(key), 1):
            label = item.get(name, position) if isinstance(item, dict) else position
            found.append(Node(self.file, self._below(f"{place} {label}"), item))
        return found

    def unique(self, what: str, codes: Iterable[str]) -> None:
        """Raise if a code stands twice."""
        seen: set[str] = set()
        for code in codes:
            if code in seen:
                raise self.error(f"{what} ganda: {code}")
            seen.add(code)

    def known(self, what: str, codes: Iterable[str], known: Container[str]) -> None:
        """Raise if a code is not among the `known` ones."""
        for code in codes:
            if code not in known:
                raise self.error(f"{what} tidak dikenal: {code}")

    def _below(self, place: str) -> str:
        return f"{self.place}, {place}" if self.place else place


def read_yaml(file: str, text: str) -> Node:
    """The root of a data file. `file` is the name used in messages."""
    try:
        data = yaml.load(text, Loader=_Loader)  # noqa: S506 (a safe loader, stricter than the usual one)
    except yaml.MarkedYAMLError as error:
        line = f"baris {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InstrumentError(f"{file}: {line}: {error.problem}") from error
    return Node(file, "", data)


class _Loader(yaml.CSafeLoader):
    """Floats stay text (a Fraction is made of it), and a name may stand only once in a mapping."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in result:
            raise yaml.constructor.ConstructorError(None, None, f"nama ganda '{key}'", key_node.start_mark)
        result[key] = loader.construct_object(value_node, deep=True)
    return result


def _text(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(node.value)


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:float", _text)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _text)
