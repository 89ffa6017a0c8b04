"""The servers that tests run against are real: they ask for a password, keep their data when killed, and go away."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import redis as redis_client
from elasticsearch import AuthenticationException
from elasticsearch import Elasticsearch as ElasticsearchClient
from kombu.connection import Connection
from minio import Minio, S3Error

from deploy.local.elastic import Elasticsearch
from deploy.local.process import Process, Server, ServerFailed, ServerMissing, find_program
from deploy.local.servers import S3, Postgres, RabbitMQ, Redis

_START_AND_HANG = """
import sys, time
from pathlib import Path
from deploy.local.servers import Redis
Redis(Path(sys.argv[1])).start()
print("started", flush=True)
time.sleep(600)
"""


def test_postgres_keeps_what_was_committed_when_killed(postgres: Postgres, postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'Perwali' AS act")
    with psycopg.connect(postgres_url):  # a client that is still connected when it happens
        postgres.kill()
        assert not _processes_of(postgres)
        postgres.start()
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT act FROM kept").fetchone() == ("Perwali",)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)


def test_postgres_refuses_a_wrong_password(postgres: Postgres, postgres_url: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres_url.replace(postgres.password, "salah"))


def test_redis_answers_again_after_it_was_killed_but_has_forgotten(redis: Redis, broker_url: str) -> None:
    with redis_client.Redis.from_url(broker_url) as client:
        client.set("kept", "no")
        redis.kill()
        assert not _processes_of(redis)
        redis.start()
        assert client.get("kept") is None


def test_redis_refuses_a_wrong_password(redis: Redis, broker_url: str) -> None:
    with (
        redis_client.Redis.from_url(broker_url.replace(redis.password, "salah")) as client,
        pytest.raises(redis_client.AuthenticationError),
    ):
        client.ping()


def test_rabbitmq_keeps_a_confirmed_message_when_killed(rabbitmq: RabbitMQ) -> None:
    with _rabbitmq_queue(rabbitmq) as queue:
        queue.clear()
        queue.put("Perwali")
    rabbitmq.kill()
    assert not _processes_of(rabbitmq)
    rabbitmq.start()
    with _rabbitmq_queue(rabbitmq) as queue:
        assert queue.get(timeout=10).payload == "Perwali"


def test_s3_keeps_objects_when_killed(s3: S3, s3_url: str) -> None:
    client, bucket = _minio(s3_url)
    client.make_bucket(bucket_name=bucket)
    client.put_object(bucket_name=bucket, object_name="kept", data=io.BytesIO(b"Perwali"), length=7)
    s3.kill()
    assert not _processes_of(s3)
    s3.start()
    answer = client.get_object(bucket_name=bucket, object_name="kept")
    assert answer.read() == b"Perwali"
    answer.close()


def test_s3_makes_no_bucket_by_itself_and_refuses_a_wrong_secret(s3: S3, s3_url: str) -> None:
    client, bucket = _minio(s3_url)
    with pytest.raises(S3Error, match="NoSuchBucket"):
        client.put_object(bucket_name=bucket, object_name="lost", data=io.BytesIO(b"Perwali"), length=7)
    stranger, _ = _minio(s3_url.replace(s3.password, "salah"))
    with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
        stranger.list_buckets()


def test_elasticsearch_keeps_acknowledged_documents_when_killed(elasticsearch: Elasticsearch, search_url: str) -> None:
    host, _, name = search_url.rpartition("/")
    with ElasticsearchClient(host) as client:
        client.index(index=name, id="kept", document={"act": "Perwali"})
        elasticsearch.kill()
        assert not _processes_of(elasticsearch)
        elasticsearch.start()
        assert client.get(index=name, id="kept")["_source"] == {"act": "Perwali"}


@pytest.mark.slow
def test_a_cluster_of_three_loses_nothing_with_one_node_and_asks_for_a_password(
    elasticsearch_cluster: Elasticsearch,
) -> None:
    cluster = elasticsearch_cluster
    hosts = cluster.url.rpartition("/")[0].split(",")
    strange_hosts = [host.replace(cluster.password, "salah") for host in hosts]
    with ElasticsearchClient(strange_hosts) as stranger, pytest.raises(AuthenticationException):
        stranger.info()
    with ElasticsearchClient(hosts, retry_on_timeout=True, max_retries=5) as client:
        client.indices.create(index="acts", settings={"number_of_replicas": 1})
        client.index(index="acts", id="kept", document={"act": "Perwali"}, wait_for_active_shards=2)
        cluster.kill(1)
        assert not cluster.health(1)
        assert client.get(index="acts", id="kept")["_source"] == {"act": "Perwali"}
        cluster.start_node(1)
        assert client.cluster.health(wait_for_status="green", timeout="60s")["number_of_nodes"] == 3
    cluster.stop()
    assert not _processes_of(cluster)


def test_a_server_does_not_outlive_a_program_that_is_killed(redis: Redis, tmp_path: Path) -> None:
    orphan = Redis(tmp_path)
    program = subprocess.Popen([sys.executable, "-c", _START_AND_HANG, str(tmp_path)], stdout=subprocess.PIPE)
    assert program.stdout
    assert program.stdout.readline() == b"started\n"
    assert _processes_of(orphan)
    program.kill()
    program.communicate()
    end = time.monotonic() + 10
    while _processes_of(orphan) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _processes_of(orphan)


def test_a_missing_program_is_named_with_the_command_that_brings_it() -> None:
    with pytest.raises(ServerMissing, match="redis: the program tidak-ada is missing; get it with: apt-get install"):
        find_program("redis", "tidak-ada", "redis-server")


def test_a_server_that_ends_by_itself_leaves_its_last_words(tmp_path: Path) -> None:
    broken = Process(["/bin/sh", "-c", "echo port taken; exit 1"], tmp_path / "log.txt", tmp_path)
    broken.start()
    with pytest.raises(ServerFailed, match="port taken"):
        broken.wait_until(lambda: False)
    broken.kill()


@contextmanager
def _rabbitmq_queue(rabbitmq: RabbitMQ) -> Iterator[Any]:
    confirmed = {"confirm_publish": True}  # putting returns when the message is on disk
    with (
        Connection(rabbitmq.url, transport_options=confirmed) as connection,  # type: ignore[no-untyped-call]
        connection.SimpleQueue("kept") as queue,
    ):
        yield queue


def _minio(url: str) -> tuple[Minio, str]:
    parts = urlsplit(url)
    host = f"{parts.hostname}:{parts.port}"
    return Minio(host, access_key=parts.username, secret_key=parts.password, secure=False), parts.path[1:]


def _processes_of(server: Server) -> list[int]:
    """Those that were started with the server's folder among their arguments, or that work in it."""
    folder, found = str(server.folder), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            traces = process.joinpath("cmdline").read_text() + str(process.joinpath("cwd").readlink())
        except OSError:  # ended meanwhile, or a zombie
            continue
        if folder in traces:
            found.append(int(process.name))
    return found
