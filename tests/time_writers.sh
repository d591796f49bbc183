#!/usr/bin/env bash
# The times that real programs write, and what onced makes of them: each writer that is installed writes schedule files,
# and tests/time_writers.rs judges them. Those of pandas, Go and Java are heavy to install: what they wrote lies in
# tests/fixtures/times, with their versions, and they write again only where they are there.
#
#   tests/time_writers.sh            writes into a directory of its own, which goes, and judges
#   tests/time_writers.sh DIRECTORY  writes there and judges; `tests/fixtures/times` makes the fixtures again
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tests/peers.sh

readonly WRITERS=tests/time_writers
readonly INTO=${1:-$WORK/times}
mkdir -p "$INTO"

writes "Python" "$PYTHON_OF_WRITERS" $WRITERS/python.py "$INTO"
writes "Node" node $WRITERS/node.cjs "$MODULES" "$INTO"
needs "Ruby" ruby $WRITERS/ruby.rb "$INTO"
needs "PHP" php $WRITERS/php.php $SYMFONY "$INTO" "$(version_of php-symfony-yaml)"
needs "Perl" perl $WRITERS/perl.pl "$INTO"
may_write "pandas" python3 -W ignore $WRITERS/python.py "$INTO" pandas
may_write "Go" go_run $WRITERS/go.go "$INTO" "$(version_of golang-gopkg-yaml.v3-dev)"
may_write "Java" java -cp $SNAKEYAML $WRITERS/Java.java "$INTO" "$(version_of libyaml-snake-java)"
# GNU date has no YAML, and a comma before its nanoseconds.
{
    echo "# $(date --version | head -n 1)"
    echo "defaults: {timezone: Europe/Berlin}"
    echo "schedules:"
    for format in seconds ns minutes; do
        echo "  utc-iso-$format: {at: '$(date -d 2027-06-01T09:00Z --iso-8601=$format)', lambda: f}"
        echo "  utc-rfc-$format: {at: '$(date -d 2027-06-01T09:00Z --rfc-3339=${format/minutes/seconds})', lambda: f}"
    done
} >"$INTO/date.yaml"

export ONCED_TIMES=$(realpath "$INTO")
cargo test --locked --test main -- --nocapture time_writers
