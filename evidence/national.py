"""The national acts that SPBE rests on, what became of them, and the short names of the bodies that issue them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Change:
    """What another national act did to an act: `kind` is revokes or amends, `on` an ISO date or ""."""

    kind: str
    by: str
    on: str


@dataclass(frozen=True, slots=True)
class NationalAct:
    key: str
    name: str
    title: str
    changes: tuple[Change, ...]


@cache
def national_acts() -> Mapping[str, NationalAct]:
    """The acts of the table by their legal key."""
    return {row["key"]: NationalAct(row["key"], row["name"], row["title"], _changes(row)) for row in _table()["acts"]}


@cache
def issuer_aliases() -> tuple[tuple[str, str], ...]:
    """Words of an issuer, as in a slug, with its short name; the first that fits counts."""
    return tuple((row["words"], row["short"]) for row in _table()["issuers"])


def act_name(key: str) -> str:
    """How people cite a key: "PermenPANRB 59/2020", "Perwali Kota X Nomor 12 Tahun 2023"."""
    if act := national_acts().get(key):
        return act.name
    parts = key.split("|")
    if len(parts) != 4:
        return key
    kind, issuer, number, year = parts
    said = _table()["kinds"].get(kind) or kind.replace("_", " ").title()
    of = "" if issuer == "ri" else issuer.upper() if kind == "permen" else issuer.replace("-", " ").title()
    return " ".join(f"{said} {of} Nomor {number} Tahun {year}".split())


def _changes(row: Mapping[str, Any]) -> tuple[Change, ...]:
    changes = [Change("amends", edge["key"], edge["since"]) for edge in row.get("amended_by", ())]
    if "revoked_by" in row:
        changes.append(Change("revokes", row["revoked_by"], row["revoked_on"]))
    return tuple(changes)


@cache
def _table() -> dict[str, Any]:
    text = files("evidence").joinpath("instruments", "national-acts.yaml").read_text("utf-8")
    table: dict[str, Any] = yaml.safe_load(text)
    return table
