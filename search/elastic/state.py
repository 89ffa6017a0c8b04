"""A look at the cluster: its version and its clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from search.elastic.address import Address
from search.elastic.failures import in_words

_SECONDS = 5


@dataclass(frozen=True, slots=True)
class ClusterState:
    server: str
    clock: datetime


def look_at_cluster(url: str) -> ClusterState:
    """Raises SearchUnavailable, InvalidInput."""
    with in_words(), Address.parse(url).connect() as client:
        asking = client.options(request_timeout=_SECONDS, max_retries=0)
        version = asking.info()["version"]["number"]
        seconds = int(str(asking.cat.health(h="epoch")))
    return ClusterState(f"Elasticsearch {version}", datetime.fromtimestamp(seconds, UTC))
