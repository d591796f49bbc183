#!/usr/bin/env bash
# What `onced add`, `edit` and `fmt` write, held against yamllint's defaults, `prettier --check`, and other readers of YAML 1.1
# and 1.2; and `fmt` and `prettier --write` by turns until nothing moves.
#
#   tests/yaml_writers.sh ONCED
#
# ONCED_SEED    which random values (default 21)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tests/peers.sh

"$PYTHON_OF_WRITERS" tests/yaml_writers/check.py "$1" "$MODULES" "$WORK"
