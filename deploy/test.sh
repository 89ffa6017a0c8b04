#!/bin/sh
# Installs what the tests need and runs every check: format, lint, types, import contracts, tests.
set -eu
cd "$(dirname "$0")/.."
sh deploy/setup.sh dev

# The browser tests drive Debian's Chromium; without root and without Chromium they skip by name.
if ! command -v chromium >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium fonts-liberation >/dev/null
fi

PATH="$PWD/.venv/bin:$PATH"
ruff format --check .
ruff check .
mypy
lint-imports
exec pytest "$@"
