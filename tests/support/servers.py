"""The real servers as tests meet them: started when first asked for, counted, and skipped by name when missing."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from deploy.local.process import Server, ServerMissing

SERVERS = ("postgres", "redis", "rabbitmq", "elasticsearch", "s3")
_EMBEDDED = "embedded"

AnyServer = TypeVar("AnyServer", bound=Server)


def run_or_skip(server: AnyServer) -> Iterator[AnyServer]:
    """What a fixture yields from: the server, running, stopped at the end; or a skip that says what is missing.

    With BUKTI_REQUIRE_SERVERS=1 a failure instead, for a machine that is to have them all.
    """
    try:
        server.start()
    except ServerMissing as missing:
        if os.environ.get("BUKTI_REQUIRE_SERVERS") == "1":
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))
    yield server
    server.stop()


def count(request: pytest.FixtureRequest, server: type[Server]) -> None:
    """Have the summary count this test as one that needs the server."""
    request.node.user_properties.append(("server", server.name))


def running(request: pytest.FixtureRequest, server: type[AnyServer]) -> AnyServer:
    """The session's server for one test, started again if the test before has killed it."""
    count(request, server)
    found: AnyServer = request.getfixturevalue(server.name)
    found.start()
    return found


@dataclass(eq=False)  # pytest keeps its plugins in sets
class Tally:
    """A pytest plugin: how many tests met which server, and which servers were missing and why."""

    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    missing: dict[str, str] = field(default_factory=dict)

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        names = getattr(item, "fixturenames", ())
        item.user_properties += [("server", name) for name in SERVERS if name in names]
        if "server" in getattr(getattr(item, "callspec", None), "params", {}).values():  # server mode
            item.user_properties += [("server", name) for name in SERVERS if name != "rabbitmq"]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "call" and report.passed:
            return
        names = {str(value) for key, value in report.user_properties if key == "server"}
        for name in names or {_EMBEDDED}:
            self.outcomes[name][report.outcome] += 1
        if report.skipped and isinstance(report.longrepr, tuple):
            reason = report.longrepr[2].removeprefix("Skipped: ")
            self.missing |= {name: reason for name in names if reason.startswith(f"{name}:")}

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.section("tests by server")
        for name in (_EMBEDDED, *SERVERS):
            counts = self.outcomes.get(name, Counter())
            words = [f"{counts[outcome]} {outcome}" for outcome in ("passed", "failed", "skipped")]
            terminalreporter.line(f"{name:<14} {', '.join(words)}")
        for name, reason in self.missing.items():
            terminalreporter.line(f"MISSING  {reason}  (all tests with {name} were skipped)", red=True, bold=True)
