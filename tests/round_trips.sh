#!/usr/bin/env bash
# Random values through files as PyYAML, ruamel.yaml, js-yaml, npm's yaml and prettier write them, and what onced reads.
#
#   tests/round_trips.sh          600 values, which are other ones each time
#   tests/round_trips.sh SEED     those of a run before
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tests/peers.sh

"$PYTHON_OF_WRITERS" tests/round_trips.py "$MODULES" "${1:-$RANDOM}" "$WORK/lines"
export ONCED_ROUND_TRIPS=$WORK/lines
cargo test --locked --test main -- --nocapture round_trips::values
