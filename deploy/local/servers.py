"""PostgreSQL, Redis, RabbitMQ and S3, each one process."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import sys
from abc import abstractmethod
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import create_connection

import psycopg
import redis

from deploy.local.process import (
    Process,
    Server,
    ServerMissing,
    find_program,
    free_ports,
    give_to_nobody,
    run_as_nobody,
)


class _OneProcess(Server):
    def __init__(self, scratch: Path) -> None:
        super().__init__(scratch)
        self.password = secrets.token_hex(8)
        self._process: Process | None = None

    def start(self) -> None:
        if self._process is None:
            self._process = self._prepare()
        if not self._process.runs:
            self._process.start()
            self._process.wait_until(self._answers)

    def stop(self) -> None:
        if self._process:
            self._process.stop()

    def kill(self) -> None:
        if self._process:
            self._process.kill()

    @abstractmethod
    def _prepare(self) -> Process:
        """Find the program, make the folder and what lies in it; only once."""

    @abstractmethod
    def _answers(self) -> bool: ...


class Postgres(_OneProcess):
    """As durable as Debian delivers it (fsync on). `bukti` may create databases and no more."""

    name = "postgres"

    def __init__(self, scratch: Path) -> None:
        super().__init__(scratch)
        (self.port,) = free_ports(1)

    @property
    def url(self) -> str:
        return self.url_of("bukti")

    def url_of(self, database: str) -> str:
        return f"postgresql://bukti:{self.password}@127.0.0.1:{self.port}/{database}"

    def _prepare(self) -> Process:
        versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        postgres = find_program(self.name, "postgres", "postgresql", *reversed(versions))
        data = self.folder / "data"
        data.mkdir(parents=True)
        give_to_nobody(self.folder)
        log = self.folder / "log.txt"
        initdb = [str(Path(postgres).resolve().with_name("initdb")), "-U", "postgres", "-D", str(data)]
        run_as_nobody([*initdb, "-E", "UTF8", "--locale=C.UTF-8", "--auth=trust"], "", log)
        (data / "pg_hba.conf").write_text("host all bukti 127.0.0.1/32 scram-sha-256\n")
        set_up = f"CREATE ROLE bukti LOGIN CREATEDB PASSWORD '{self.password}'\nCREATE DATABASE bukti OWNER bukti\n"
        run_as_nobody([postgres, "--single", "-D", str(data), "postgres"], set_up, log)
        options = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": ""}
        command = [postgres, "-D", str(data), *(f"--{name}={value}" for name, value in options.items())]
        return Process(command, log, data, as_nobody=True, stop_signal=signal.SIGINT)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


class Redis(_OneProcess):
    """Keeps nothing on disk: a killed broker comes back empty, and nothing may be lost by that."""

    name = "redis"

    def __init__(self, scratch: Path) -> None:
        super().__init__(scratch)
        (self.port,) = free_ports(1)

    @property
    def url(self) -> str:
        return self.url_of(0)

    def url_of(self, database: int) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"

    def _prepare(self) -> Process:
        program = find_program(self.name, "redis-server", "redis-server")
        self.folder.mkdir(parents=True)
        settings = {
            "bind": "127.0.0.1",
            "port": self.port,
            "requirepass": self.password,
            "dir": self.folder,
            "save": '""',
            "appendonly": "no",
        }
        config = self.folder / "redis.conf"
        config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
        return Process([program, str(config)], self.folder / "log.txt", self.folder)

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


class RabbitMQ(_OneProcess):
    """The other broker. Erlang's register of names (epmd) runs beside it, as its own would outlive it."""

    name = "rabbitmq"

    def __init__(self, scratch: Path) -> None:
        super().__init__(scratch)
        self.port, self._distribution, self._names_port = free_ports(3)
        self._names: Process | None = None

    @property
    def url(self) -> str:
        return f"amqp://bukti:{self.password}@127.0.0.1:{self.port}//"

    def start(self) -> None:
        if self._process is None:
            self._process = self._prepare()
        if self._names and not self._names.runs:
            self._names.start()
        super().start()

    def stop(self) -> None:
        super().stop()
        if self._names:
            self._names.kill()

    def kill(self) -> None:
        super().kill()
        if self._names:
            self._names.kill()

    def _prepare(self) -> Process:
        # What lies on PATH insists on its own user.
        program = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
        if not program.exists():
            raise ServerMissing(self.name, "the program rabbitmq-server", "apt-get install -y rabbitmq-server")
        names = find_program(self.name, "epmd", "erlang-base")
        self.folder.mkdir(parents=True)
        settings = {
            "listeners.tcp.default": f"127.0.0.1:{self.port}",
            "default_user": "bukti",
            "default_pass": self.password,
        }
        config = self.folder / "rabbitmq.conf"
        config.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
        plugins = self.folder / "plugins"
        plugins.write_text("[].\n")
        give_to_nobody(self.folder)
        env = os.environ | {
            "HOME": str(self.folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._names_port),
            "RABBITMQ_NODENAME": "bukti@localhost",
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(config),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false",
            "RUNNING_UNDER_SYSTEMD": "true",  # the script becomes the server instead of waiting for it
        }
        command = [names, "-address", "127.0.0.1", "-port", str(self._names_port)]
        self._names = Process(command, self.folder / "names.txt", self.folder, env, as_nobody=True)
        return Process([str(program)], self.folder / "log.txt", self.folder, env, as_nobody=True)

    def _answers(self) -> bool:
        try:
            with create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(b"AMQP\x00\x00\x09\x01")
                return connection.recv(1) == b"\x01"
        except OSError:
            return False


class S3(_OneProcess):
    """SeaweedFS with versioning and object lock; it begins without a bucket and makes none by itself."""

    name = "s3"

    def __init__(self, scratch: Path) -> None:
        super().__init__(scratch)
        self.key = "bukti"
        self.port, self._master, *self._other_ports = free_ports(8)

    @property
    def url(self) -> str:
        return self.url_of("bukti")

    def url_of(self, bucket: str) -> str:
        return f"s3+http://{self.key}:{self.password}@127.0.0.1:{self.port}/{bucket}"

    def _prepare(self) -> Process:
        program = shutil.which(Path(sys.executable).with_name("weed")) or shutil.which("weed")
        if not program:
            raise ServerMissing(self.name, "the program weed", "sh deploy/setup.sh dev")
        data = self.folder / "data"
        data.mkdir(parents=True)
        account = {"accessKey": self.key, "secretKey": self.password}
        accounts = {"identities": [{"name": "bukti", "credentials": [account], "actions": ["Admin"]}]}
        config = self.folder / "s3.json"
        config.write_text(json.dumps(accounts))
        volume, filer, *grpc = self._other_ports
        options = {
            "dir": data,
            "ip": "127.0.0.1",
            "ip.bind": "127.0.0.1",
            "master.port": self._master,
            "master.port.grpc": grpc[0],
            "master.telemetry": "false",
            "master.electionTimeout": "1s",
            "master.volumeSizeLimitMB": 64,
            "volume.port": volume,
            "volume.port.grpc": grpc[1],
            "volume.max": 5000,
            "filer": "true",
            "filer.port": filer,
            "filer.port.grpc": grpc[2],
            "filer.localSocket": self.folder / "filer.sock",
            "s3": "true",
            "s3.port": self.port,
            "s3.port.grpc": grpc[3],
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            "s3.localSocket": self.folder / "s3.sock",
            "s3.config": config,
            "s3.autoCreateBucket": "false",
        }
        command = [program, "server", *(f"-{name}={value}" for name, value in options.items())]
        # Ten minutes after SIGTERM it still ran.
        # One volume for a bucket instead of seven: with those of many tests it takes 17 s to come back, not 3.
        env = os.environ | {"WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"}
        return Process(command, self.folder / "log.txt", self.folder, env, stop_signal=signal.SIGKILL)

    def stop(self) -> None:
        super().stop()
        for port in self._other_ports:
            for left_behind in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108 where it puts them
                left_behind.unlink(missing_ok=True)

    def _answers(self) -> bool:
        """The gateway greets strangers before there is a volume to write to."""
        return _http_status(self._master, "/dir/assign") == 200 and _http_status(self.port, "/") == 403


def _http_status(port: int, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()
