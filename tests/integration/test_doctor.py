"""`bukti doctor` over real servers: each fault that can be had is named, with what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_server

import psycopg
import pytest

from api.commands import servers
from api.commands.doctor import Check, examine
from deploy.local.servers import S3, Postgres, RabbitMQ, Redis
from evidence.analysis import Analyser
from evidence.db import Database
from evidence.settings import Settings
from search.elastic.address import Address
from search.index import open_index
from tests.support.world import server_urls


def look(part: str, folder: Path, **urls: str) -> Check:
    (check,) = (check for check in examine(Settings(data=folder, **urls)) if check.part == part)  # type: ignore[arg-type]
    return check


def refused(part: str, folder: Path, **urls: str) -> str:
    check = look(part, folder, **urls)
    assert check.needed
    assert not check.ok
    return check.detail


@pytest.fixture
def closed_port() -> int:
    with create_server(("127.0.0.1", 0)) as closed:
        return int(closed.getsockname()[1])


def test_four_servers_in_order_are_each_named_with_their_version(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    checks = {check.part: check for check in examine(Settings(data=tmp_path, **server_urls(request)))}
    assert [part for part, check in checks.items() if check.needed and not check.ok] == []
    assert checks["database"].detail.startswith("PostgreSQL ")
    assert checks["files"].detail.startswith("S3 127.0.0.1:")
    assert checks["index"].detail.startswith("Elasticsearch 9.")
    assert checks["broker"].detail.startswith("Redis ")
    assert checks["clock"].ok


# --- the database -----------------------------------------------------------------------------------------------------


def test_a_wrong_database_password_is_named(postgres_url: str, postgres: Postgres, tmp_path: Path) -> None:
    said = refused("database", tmp_path, database_url=postgres_url.replace(postgres.password, "bukan-sandinya"))
    assert "kata sandi salah" in said
    assert "bukan-sandinya" not in said


def test_a_database_that_does_not_exist_is_named_with_the_command_that_makes_it(
    postgres: Postgres, tmp_path: Path
) -> None:
    assert "createdb -O bukti arsip" in refused("database", tmp_path, database_url=postgres.url_of("arsip"))


def test_a_database_server_out_of_reach_is_named(closed_port: int, tmp_path: Path) -> None:
    said = refused("database", tmp_path, database_url=f"postgresql://bukti:x@127.0.0.1:{closed_port}/bukti")
    assert f"127.0.0.1:{closed_port} tidak terjangkau" in said


def test_a_database_that_only_reads_is_named(postgres_url: str, tmp_path: Path) -> None:
    name = postgres_url.rpartition("/")[2]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'alter database "{name}" set default_transaction_read_only = on'.encode())
    assert "hanya dapat dibaca" in refused("database", tmp_path, database_url=postgres_url)


def test_doctor_says_how_far_the_tables_are_and_leaves_them(postgres_url: str, tmp_path: Path) -> None:
    def tables() -> str:
        check = look("database", tmp_path, database_url=postgres_url)
        return check.detail if check.ok else "refused: " + check.detail

    assert "belum dibuat" in tables()
    assert "belum dibuat" in tables()
    database = Database(Settings(data=tmp_path, database_url=postgres_url).database)
    database.migrate()
    database.close()
    assert "sesuai versi ini" in tables()
    for revision, words in (("0001", "versi lama"), ("9999", "refused: ")):
        with psycopg.connect(postgres_url) as connection:
            connection.execute("update alembic_version set version_num = %s", (revision,))
        assert words in tables()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "bukti.db").write_bytes(b"bukan basis data" * 100)
    assert "bukti.db" in refused("database", tmp_path)


def test_doctor_makes_no_database(tmp_path: Path) -> None:
    assert look("database", tmp_path).ok
    assert not (tmp_path / "bukti.db").exists()


@pytest.mark.parametrize("url", ["mysql://u:rahasia@h/d", "bukan alamat"])
def test_a_database_address_that_means_nothing_is_refused(url: str, tmp_path: Path) -> None:
    said = refused("database", tmp_path, database_url=url)
    assert "BUKTI_DATABASE_URL" in said
    assert "rahasia" not in said


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_wrong_s3_secret_is_named(s3_url: str, s3: S3, tmp_path: Path) -> None:
    said = refused("files", tmp_path, files_url=s3_url.replace(s3.password, "salah"))
    assert "kunci rahasianya salah" in said


def test_a_file_server_out_of_reach_is_named(closed_port: int, tmp_path: Path) -> None:
    assert "tidak terjangkau" in refused("files", tmp_path, files_url=f"s3+http://k:r@127.0.0.1:{closed_port}/bukti")


# --- search -----------------------------------------------------------------------------------------------------------


def test_a_search_server_out_of_reach_is_named(closed_port: int, tmp_path: Path) -> None:
    said = refused("index", tmp_path, search_url=f"http://127.0.0.1:{closed_port}/bukti")
    assert "tidak dapat dihubungi" in said


def test_an_index_that_is_lost_or_locked_is_named(search_url: str, tmp_path: Path) -> None:
    assert "belum dibuat" in look("index", tmp_path, search_url=search_url).detail
    settings = Settings(data=tmp_path, search_url=search_url)
    database = Database(settings.database)
    database.migrate()
    database.close()
    assert "rebuild-index" in refused("index", tmp_path, search_url=search_url)
    index = open_index(settings, Analyser(), writable=True)
    index.rebuild([])
    index.close()
    assert look("index", tmp_path, search_url=search_url).ok
    address = Address.parse(search_url)
    with address.connect() as client:
        locked = {"index.blocks.read_only_allow_delete": True}
        client.indices.put_settings(index=f"{address.prefix}-*", settings=locked)
        said = refused("index", tmp_path, search_url=search_url)
        client.indices.put_settings(index=f"{address.prefix}-*", settings=dict.fromkeys(locked))
    assert "hanya-baca" in said


# --- the broker -------------------------------------------------------------------------------------------------------


def test_a_wrong_broker_password_is_named(broker_url: str, redis: Redis, tmp_path: Path) -> None:
    said = refused("broker", tmp_path, broker_url=broker_url.replace(redis.password, "salah"))
    assert "kata sandi salah" in said


def test_a_broker_that_only_copies_another_is_named(broker_url: str, redis: Redis, tmp_path: Path) -> None:
    from redis import Redis as Client

    with Client.from_url(broker_url) as client:
        client.replicaof("127.0.0.1", redis.port)
        said = refused("broker", tmp_path, broker_url=broker_url)
        client.replicaof("NO", "ONE")
    assert "hanya salinan" in said


def test_rabbitmq_serves_as_well_and_its_faults_are_named(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    assert look("broker", tmp_path, broker_url=rabbitmq.url).detail.startswith("RabbitMQ ")
    said = refused("broker", tmp_path, broker_url=rabbitmq.url.replace(rabbitmq.password, "salah"))
    assert "kata sandi salah" in said
    assert "vhost tidak ada" in refused("broker", tmp_path, broker_url=f"{rabbitmq.url}lain")


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_out_of_reach_is_named(scheme: str, closed_port: int, tmp_path: Path) -> None:
    assert "tidak terjangkau" in refused("broker", tmp_path, broker_url=f"{scheme}://u:p@127.0.0.1:{closed_port}//")


def test_a_broker_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    assert "amqp://" in refused("broker", tmp_path, broker_url="kafka://host")


# --- clocks and what else may be missing ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "place"), [("database_url", "postgres_url"), ("files_url", "s3_url"), ("broker_url", "broker_url")]
)
def test_a_clock_that_differs_by_more_than_a_minute_is_told(
    setting: str, place: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = request.getfixturevalue(place)
    assert look("clock", tmp_path, **{setting: url}).ok
    monkeypatch.setattr(servers, "now", lambda: datetime.now(UTC) + timedelta(minutes=5))
    check = look("clock", tmp_path, **{setting: url})
    assert not check.ok
    assert "-300 detik" in check.detail or "-299 detik" in check.detail or "-301 detik" in check.detail


def test_without_libreoffice_doctor_says_what_stays_unread_and_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    check = look("libreoffice", tmp_path / "data")
    assert (check.ok, check.needed) == (False, False)
    assert "DOC/PPT" in check.detail
    assert check.remedy.startswith("apt-get install -y libreoffice-writer-nogui")
