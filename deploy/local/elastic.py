"""Elasticsearch 9.4: fetched once by Maven into a cache, then one node or a cluster of three."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from deploy.local.process import Process, Server, ServerMissing, find_program, free_ports, give_to_nobody

FETCH = ".venv/bin/python -m deploy.local fetch"
_POM = Path(__file__).with_name("pom.xml")
_OLDEST_JAVA = 21
_STARTER = "org.elasticsearch.server.launcher.ServerLauncher"
# A third less CPU and 200 MB less to start a node; slower once warm.
_QUICK_START = ("-XX:TieredStopAtLevel=1", "-XX:-AlwaysPreTouch")
# The stock options keep up to 2 GB of garbage collection logs.
_QUIET = ("-Xlog:disable", "-Xlog:all=warning:stderr:utctime,level,tags")


class Elasticsearch(Server):
    """`kill(n)` and `start_node(n)` take one node, counted from 1, out of the cluster and back."""

    name = "elasticsearch"

    def __init__(self, scratch: Path, nodes: int = 1, secured: bool = False, quick_start: bool = True) -> None:
        super().__init__(scratch)
        self.password = secrets.token_hex(8) if secured else ""
        self.ports = free_ports(2 * nodes)
        self._transport = [self.ports.pop() for _ in range(nodes)]
        self._java_options = [*_QUIET, *(_QUICK_START if quick_start else ())]
        self._nodes: list[Process] = []

    @property
    def url(self) -> str:
        return self.url_of("bukti")

    def url_of(self, name: str) -> str:
        account = f"bukti:{self.password}@" if self.password else ""
        return ",".join(f"http://{account}127.0.0.1:{port}" for port in self.ports) + f"/{name}"

    def start(self) -> None:
        if not self._nodes:
            self._nodes = self._prepare()
        started = [number for number, node in enumerate(self._nodes, 1) if not node.runs]
        for number in started:
            self._nodes[number - 1].start()
        for number in started:
            self._wait_for(number)

    def start_node(self, number: int) -> None:
        node = self._nodes[number - 1]
        if not node.runs:
            node.start()
            self._wait_for(number)

    def stop(self) -> None:
        for node in self._nodes:
            node.stop()

    def kill(self, number: int | None = None) -> None:
        for node in self._nodes if number is None else [self._nodes[number - 1]]:
            node.kill()

    def health(self, number: int = 1) -> dict[str, Any]:
        """What one node says of the cluster; empty while it does not answer."""
        return dict(self.ask("/_cluster/health", number) or {})

    def ask(self, path: str, number: int = 1) -> Any:
        """What one node answers to a GET, as JSON; None while it does not answer."""
        connection = HTTPConnection("127.0.0.1", self.ports[number - 1], timeout=5)
        account = base64.b64encode(f"bukti:{self.password}".encode()).decode()
        try:
            connection.request("GET", path, headers={"Authorization": f"Basic {account}"})
            answer = connection.getresponse()
            return json.loads(answer.read()) if answer.status == 200 else None
        except (OSError, HTTPException):
            return None
        finally:
            connection.close()

    def _wait_for(self, number: int) -> None:
        """Until this node has met all that run and every primary shard is up."""
        expected = sum(node.runs for node in self._nodes)

        def complete() -> bool:
            health = self.health(number)
            return bool(health) and health["number_of_nodes"] >= expected and health["status"] != "red"

        self._nodes[number - 1].wait_until(complete)

    def _prepare(self) -> list[Process]:
        java, home = _find_java(), _find_home()
        self.folder.mkdir(parents=True)
        return [self._configure(index, java, home) for index in range(len(self.ports))]

    def _configure(self, index: int, java: Path, home: Path) -> Process:
        folder = self.folder / f"node{index + 1}"
        config, temporary = folder / "config", folder / "tmp"
        for made in (config / "jvm.options.d", temporary):
            made.mkdir(parents=True)
        for stock in ("log4j2.properties", "jvm.options"):
            shutil.copy(home / "config" / stock, config)
        java_options = ["-Xms512m", "-Xmx512m", *self._java_options]
        (config / "jvm.options.d/bukti.options").write_text("\n".join(java_options) + "\n")
        names = [f"node{n + 1}" for n in range(len(self.ports))]
        # Kept for every later start: a node that has data ignores the initial masters.
        cluster: dict[str, Any] = {
            "discovery.seed_hosts": [f"127.0.0.1:{port}" for port in self._transport],
            "cluster.initial_master_nodes": names,
        }
        settings = {
            "cluster.name": "bukti",
            "node.name": names[index],
            "network.host": "127.0.0.1",
            "http.port": self.ports[index],
            "transport.port": self._transport[index],
            "path.data": str(folder / "data"),
            "path.logs": str(folder / "logs"),
            "xpack.security.enabled": bool(self.password),
            "cluster.routing.allocation.disk.threshold_enabled": False,  # a full disk must not turn tests red
            **(cluster if len(names) > 1 else {"discovery.type": "single-node"}),
        }
        if self.password:
            (config / "users").write_text(f"bukti:{_hashed(self.password)}\n")
            (config / "users_roles").write_text("superuser:bukti\n")
        # JSON values are valid YAML.
        (config / "elasticsearch.yml").write_text("".join(f"{k}: {json.dumps(v)}\n" for k, v in settings.items()))
        give_to_nobody(folder)
        env = {name: value for name, value in os.environ.items() if not name.startswith(("JAVA_", "_JAVA", "ES_"))}
        env |= {
            "ES_HOME": str(home),
            "ES_PATH_CONF": str(config),
            "ES_TMPDIR": str(temporary),
            "ES_JAVA_HOME": str(java),
            "JAVA": str(java / "bin/java"),
            "JAVA_TYPE": "ES_JAVA_HOME",
            "ES_DISTRIBUTION_TYPE": "zip",
            "HOME": str(temporary),
        }
        launcher = [env["JAVA"], "-Xms4m", "-Xmx64m", "-XX:+UseSerialGC", "-cp", f"{home}/lib/tools/server-launcher/*"]
        # The launcher takes its working directory for the home, whatever ES_HOME says.
        return Process([*launcher, _STARTER], folder / "log.txt", home, env, as_nobody=True)


def fetch() -> Path:
    """Have Maven unpack the server into the cache, unless it is there: a download of 0.95 GB of which 0.2 GB stay."""
    home = _cached_home()
    if home.is_dir():
        return home
    maven = find_program(Elasticsearch.name, "mvn", "maven")
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as folder:
        # A local repository of its own, so that the big archive goes with it.
        places = [f"-Dunpack={folder}/tree", f"-Dmaven.repo.local={folder}/repository"]
        # -C: a wrong checksum ends it.
        done = subprocess.run([maven, "-B", "-q", "-C", "-f", str(_POM), *places, "process-resources"])
        if done.returncode:
            raise ServerMissing(Elasticsearch.name, "the download by Maven", f"{FETCH}  (see Maven's message above)")
        (tree,) = Path(folder).glob("tree/*/elasticsearch")
        for path in (tree, *tree.rglob("*")):  # whoever the server runs as must be able to read it
            path.chmod(0o755 if path.is_dir() else 0o644)
        try:
            tree.rename(home)
        except OSError:  # somebody else was faster
            if not home.is_dir():
                raise
    return home


def _cached_home() -> Path:
    """Outside the checkout. Root's own cache is closed to those the server runs as."""
    own = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cache = Path("/var/cache") if os.getuid() == 0 else own
    return cache / "bukti" / f"elasticsearch-{_version()}"


def _version() -> str:
    found = re.search(r"Elasticsearch ([\d.]+\d)", _POM.read_text())
    assert found, "pom.xml names the version it brings"
    return found[1]


def _find_home() -> Path:
    home = _cached_home()
    if not home.is_dir():
        raise ServerMissing(Elasticsearch.name, "Elasticsearch itself", FETCH)
    return home


def _find_java() -> Path:
    """The newest full JDK. Smaller ones lack the module that Lucene's vectors need."""
    named = os.environ.get("JAVA_HOME")
    found: list[tuple[int, Path]] = []
    for home in (*([Path(named)] if named else []), *Path("/usr/lib/jvm").glob("*")):
        release = home / "release"
        text = release.read_text() if release.is_file() else ""
        version = re.search(r'JAVA_VERSION="(\d+)', text)
        if version and int(version[1]) >= _OLDEST_JAVA and "jdk.incubator.vector" in text:
            found.append((int(version[1]), home))
    if not found:
        raise ServerMissing(
            Elasticsearch.name,
            f"a full JDK {_OLDEST_JAVA} or newer",
            f"apt-get install -y openjdk-{_OLDEST_JAVA}-jdk-headless (Debian 13), or set JAVA_HOME to another's",
        )
    return max(found)[1]


def _hashed(password: str) -> str:
    salt = os.urandom(32)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 10000, 32)
    return "{PBKDF2}10000$" + "$".join(base64.b64encode(part).decode() for part in (salt, digest))
