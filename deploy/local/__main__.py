"""Start all four servers and print the settings that use them, or fetch what Debian does not have."""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import ExitStack, suppress

from deploy.local.elastic import Elasticsearch, fetch
from deploy.local.process import Server, ServerFailed, ServerMissing, scratch
from deploy.local.servers import S3, Postgres, Redis

_SETTINGS: dict[str, type[Server]] = {
    "BUKTI_DATABASE_URL": Postgres,
    "BUKTI_BROKER_URL": Redis,
    "BUKTI_FILES_URL": S3,
    "BUKTI_SEARCH_URL": Elasticsearch,
}


def run() -> None:
    # Set here because a program started in the background of a script inherits that ^C is ignored.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    fetch()
    with ExitStack() as stack:
        folder = stack.enter_context(scratch())
        for setting, server in _SETTINGS.items():
            print(f"export {setting}={stack.enter_context(server(folder)).url}", flush=True)
        print(f"Running, with data and logs in {folder}, until Ctrl+C; then all of it is removed.", file=sys.stderr)
        with suppress(KeyboardInterrupt):
            signal.pause()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    parser.add_argument("action", nargs="?", choices=["run", "fetch"], default="run")
    try:
        fetch() if parser.parse_args().action == "fetch" else run()
    except (ServerMissing, ServerFailed) as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
