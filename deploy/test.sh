#!/bin/sh
# Installs what the tests need and runs every check: format, lint, types, import contracts, tests.
set -eu
cd "$(dirname "$0")/.."
sh deploy/setup.sh dev

# Debian's Chromium for the browser tests, and the servers. What cannot be had makes its tests skip by name.
if [ "$(id -u)" = 0 ]; then
  wanted=""
  command -v chromium >/dev/null 2>&1 || wanted="$wanted chromium fonts-liberation"
  command -v redis-server >/dev/null 2>&1 || wanted="$wanted redis-server"
  command -v mvn >/dev/null 2>&1 || wanted="$wanted maven"
  [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || wanted="$wanted rabbitmq-server"
  ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || wanted="$wanted postgresql"
  if [ -n "$wanted" ]; then
    apt-get update -qq || true
    for package in $wanted; do
      DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package" >/dev/null || true
    done
  fi
fi
.venv/bin/python -m deploy.local fetch || true

PATH="$PWD/.venv/bin:$PATH"
ruff format --check .
ruff check .
mypy
lint-imports
exec pytest "$@"
