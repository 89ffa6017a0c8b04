#!/bin/sh
# Sets everything up and runs the main job: the demonstration institution, served at http://127.0.0.1:8000.
set -eu
cd "$(dirname "$0")/.."
sh deploy/setup.sh
exec .venv/bin/bukti demo "$@"
