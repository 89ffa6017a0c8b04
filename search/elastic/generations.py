"""The indexes behind the aliases: made new, switched, dropped.

A generation is a pair `<name>-pages-<generation>` and `<name>-documents-<generation>`. While it is filled, it is
reached by aliases of its own: a name may not be written to, as a late writer would bring a dropped index to life again.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from elasticsearch import BadRequestError, Elasticsearch, NotFoundError

from search.elastic.failures import MISSING
from search.elastic.mapping import KINDS, MADE_BY, MAPPING, SETTINGS
from search.index import IndexOutdated, SearchUnavailable

Aliases = Mapping[str, str]  # by kind

# A new instance's indexes have one name whoever comes first, so that two who come together make one.
_FIRST = "first"
_GENERATION = re.compile(rf"-(?:{'|'.join(KINDS)})-(first|\d{{8}}t\d{{4}}-[0-9a-f]{{4}})")


@dataclass(frozen=True, slots=True)
class Generation:
    """Names and aliases of indexes that are being filled, by kind."""

    names: Mapping[str, str]
    aliases: Aliases


def generation_of(index: str) -> str:
    found = _GENERATION.search(index)
    return found[1] if found else index


class Generations:
    """All generations of one instance, found by its aliases. Raises the client's errors."""

    def __init__(self, client: Elasticsearch, aliases: Aliases, shards: int) -> None:
        self._client = client
        self._aliases = aliases
        self._shards = shards

    def check(self, *, make: bool) -> None:
        """Raise `IndexOutdated` if another version made the indexes in use; without any, `make` the first."""
        for kind, alias in self._aliases.items():
            try:
                mappings = self._client.indices.get_mapping(index=alias)
            except NotFoundError as error:
                if not make:
                    raise SearchUnavailable(MISSING) from error
                try:
                    self._create(kind, f"{alias}-{_FIRST}", alias)
                except BadRequestError as refusal:  # somebody else was faster
                    if refusal.error != "resource_already_exists_exception":
                        raise
            else:
                if any(index["mappings"].get("_meta") != MADE_BY for index in mappings.body.values()):
                    raise IndexOutdated()

    def create(self) -> Generation:
        """A new, empty generation beside the one in use."""
        generation = f"{datetime.now(UTC):%Y%m%dt%H%M}-{secrets.token_hex(2)}"
        names = {kind: f"{alias}-{generation}" for kind, alias in self._aliases.items()}
        made = Generation(names, {kind: f"{name}-new" for kind, name in names.items()})
        try:
            for kind, name in names.items():
                self._create(kind, name, made.aliases[kind])
        except BaseException:
            self.drop(made)
            raise
        return made

    def switch(self, generation: Generation) -> None:
        """Put a generation in use and drop the one that was, in one step: there is no moment without an index."""
        actions: list[dict[str, Any]] = []
        for kind, alias in self._aliases.items():
            name = generation.names[kind]
            actions += [{"remove_index": {"index": old}} for old in self._behind(alias)]
            actions.append({"add": {"index": name, "alias": alias}})
            actions.append({"remove": {"index": name, "alias": generation.aliases[kind]}})
        self._client.indices.update_aliases(actions=actions)

    def drop(self, generation: Generation) -> None:
        self._client.indices.delete(index=list(generation.names.values()), ignore_unavailable=True)

    def drop_unused(self) -> None:
        """What a rebuild left behind that was killed."""
        for alias in self._aliases.values():
            for name, index in self._client.indices.get_alias(index=f"{alias}-*").body.items():
                # Another instance's name may begin like this one's.
                if alias not in index["aliases"] and name == f"{alias}-{generation_of(name)}":
                    self._client.indices.delete(index=name, ignore_unavailable=True)

    def _behind(self, alias: str) -> list[str]:
        try:
            return list(self._client.indices.get_alias(name=alias).body)
        except NotFoundError:
            return []

    def _create(self, kind: str, name: str, alias: str) -> None:
        settings = {**SETTINGS, "number_of_shards": self._shards}
        self._client.indices.create(index=name, mappings=MAPPING[kind], settings=settings, aliases={alias: {}})
