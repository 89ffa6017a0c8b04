"""Fixtures: a server of each kind, one per session and only when a test asks; and a fresh place on it for each test.

Ask for the place (`postgres_url`, `broker_url`, `search_url`, `s3_url`) where it is enough. Ask for the server
(`postgres`, `redis`, `elasticsearch`, `s3`) to stop or kill it; the next test finds it running again.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier
from redis import Redis as RedisClient

from deploy.local.elastic import Elasticsearch
from deploy.local.process import scratch
from deploy.local.servers import S3, Postgres, RabbitMQ, Redis
from tests.support.servers import Tally, count, run_or_skip, running

_REDIS_DATABASES = itertools.cycle(range(1, 16))


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Tally())


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    with scratch() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres(server_folder: Path) -> Iterator[Postgres]:
    yield from run_or_skip(Postgres(server_folder))


@pytest.fixture(scope="session")
def redis(server_folder: Path) -> Iterator[Redis]:
    yield from run_or_skip(Redis(server_folder))


@pytest.fixture(scope="session")
def rabbitmq(server_folder: Path) -> Iterator[RabbitMQ]:
    """All its tests share one virtual host: whoever uses a queue empties it first."""
    yield from run_or_skip(RabbitMQ(server_folder))


@pytest.fixture(scope="session")
def elasticsearch(server_folder: Path) -> Iterator[Elasticsearch]:
    yield from run_or_skip(Elasticsearch(server_folder))


@pytest.fixture(scope="session")
def s3(server_folder: Path) -> Iterator[S3]:
    yield from run_or_skip(S3(server_folder))


@pytest.fixture
def elasticsearch_cluster(request: pytest.FixtureRequest, server_folder: Path) -> Iterator[Elasticsearch]:
    """Three nodes that ask for a password, for this test alone: they take 2 GB and half a minute."""
    count(request, Elasticsearch)
    yield from run_or_skip(Elasticsearch(server_folder / _fresh_name(), nodes=3, secured=True))


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> str:
    """A new, empty database."""
    server, name = running(request, Postgres), _fresh_name()
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    return server.url_of(name)


@pytest.fixture
def broker_url(request: pytest.FixtureRequest) -> str:
    """An empty Redis database; after fifteen tests the first comes round again."""
    server = running(request, Redis)
    url = server.url_of(next(_REDIS_DATABASES))
    with RedisClient.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture
def search_url(request: pytest.FixtureRequest) -> str:
    """A name for indexes that nobody has used."""
    return running(request, Elasticsearch).url_of(_fresh_name())


@pytest.fixture
def s3_url(request: pytest.FixtureRequest) -> str:
    """A bucket name that nobody has used; the bucket does not exist yet."""
    return running(request, S3).url_of(_fresh_name())


def _fresh_name() -> str:
    return f"bukti-{uuid4().hex[:12]}"
