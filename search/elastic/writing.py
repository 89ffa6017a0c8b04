"""Sending entries in bulk: what is refused for now is sent again, item by item; nothing is dropped in silence."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch import ApiError, Elasticsearch

from search.elastic.failures import in_words, words_for
from search.index import SearchUnavailable

_BYTES = 4_000_000  # of one request
_ITEMS = 500
# Seconds before each further try.
WAITS = (0.1, 0.3, 0.8, 2.0, 5.0)
# Too busy or too large for now, or an index that a switch has just dropped.
_AGAIN = (404, 408, 413, 429)


@dataclass(frozen=True, slots=True)
class Item:
    """One entry to be written, or without a body to be deleted. Nothing happens if a newer revision is held.

    `alias` is the index's: never a name that a late writer could bring to life again after a switch.
    """

    alias: str
    id: str
    routing: str
    revision: int
    body: dict[str, Any] | None

    def lines(self) -> list[bytes]:
        action = {
            "_index": self.alias,
            "_id": self.id,
            "routing": self.routing,
            "version": self.revision,
            "version_type": "external_gte",
        }
        if self.body is None:
            return [json.dumps({"delete": action}).encode()]
        # One of the words may be no valid Unicode: escaped, as JSON does by default, it does no harm.
        return [json.dumps({"index": {**action, "require_alias": True}}).encode(), json.dumps(self.body).encode()]


@dataclass(frozen=True, slots=True)
class Written:
    """`late` are the ids of which a newer revision is held, `made` those that were not there before.

    `indexes` are the names behind the aliases: more than one for one alias if a switch came in between.
    """

    late: frozenset[str]
    made: frozenset[str]
    indexes: frozenset[str]


def write(client: Elasticsearch, items: Iterable[Item], waits: Sequence[float] = WAITS) -> Written:
    """Send all; raise `SearchUnavailable` if something is refused for good, or still refused after the last wait."""
    late: set[str] = set()
    made: set[str] = set()
    indexes: set[str] = set()
    waiting: Iterable[Item] = items
    for_good, reason = "", ""
    for attempt, wait in enumerate((0.0, *waits)):
        time.sleep(wait)
        again: list[Item] = []
        disputed: list[Item] = []
        for chunk in _chunks(waiting, max(1, _ITEMS >> 3 * attempt)):
            for item, status, answer in _send(client, chunk):
                if status < 300 or (status == 404 and "error" not in answer):  # the second: nothing to delete
                    indexes.add(answer["_index"])
                    if status == 201:
                        made.add(item.id)
                elif status == 409:
                    disputed.append(item)
                elif status in _AGAIN or status >= 500:
                    again.append(item)
                    reason = words_for(status, answer["error"])
                else:
                    for_good = words_for(status, answer["error"])
        held = _held(client, disputed)
        late |= held
        again += [item for item in disputed if item.id not in held]
        if not again:
            break
        waiting = again
    if for_good or again:
        raise SearchUnavailable(for_good or reason or words_for(429, None))
    return Written(frozenset(late), frozenset(made), frozenset(indexes))


def _chunks(items: Iterable[Item], most: int) -> Iterator[list[tuple[Item, list[bytes]]]]:
    """Requests of a size that a busy node can take; each try makes them smaller, down to single items."""
    chunk: list[tuple[Item, list[bytes]]] = []
    size = 0
    for item in items:
        lines = item.lines()
        weight = sum(map(len, lines))
        if chunk and (len(chunk) >= most or size + weight > _BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append((item, lines))
        size += weight
    if chunk:
        yield chunk


def _send(
    client: Elasticsearch, chunk: Sequence[tuple[Item, list[bytes]]]
) -> Iterator[tuple[Item, int, dict[str, Any]]]:
    """Each item with its status and answer. A request refused as a whole is a refusal of each of its items."""
    refused: ApiError | None = None
    with in_words():
        lines: list[Any] = [line for _, lines in chunk for line in lines]  # JSON already
        try:
            outcomes = client.bulk(operations=lines)["items"]
        except ApiError as error:
            if error.status_code not in (413, 429, 503):
                raise
            refused = error
    for at, (item, _) in enumerate(chunk):
        if refused:
            yield item, refused.status_code, {"error": {"type": "refused"}}
        else:
            (answer,) = outcomes[at].values()
            yield item, int(answer["status"]), answer


def _held(client: Elasticsearch, disputed: Sequence[Item]) -> set[str]:
    """Which of these are there, in a newer revision. The others are refused for the sake of a deletion only, which the
    next refresh forgets."""
    held: set[str] = set()
    with in_words():
        for alias in {item.alias for item in disputed}:
            wanted = [{"_id": item.id, "routing": item.routing} for item in disputed if item.alias == alias]
            answer = client.mget(index=alias, docs=wanted, source=False)
            held |= {each["_id"] for each in answer["docs"] if each.get("found")}
            if any(not each.get("found") for each in answer["docs"]):
                client.indices.refresh(index=alias)
    return held
