#!/usr/bin/env bash
# The times that real programs write, and what onced makes of them: each writer that is installed writes schedule files,
# and tests/time_writers.rs judges them. Those of pandas, Go and Java are heavy to install: what they wrote lies in
# tests/fixtures/times, with their versions, and they write again only where they are there.
#
#   tests/time_writers.sh            writes into a directory of its own, which goes, and judges
#   tests/time_writers.sh DIRECTORY  writes there and judges; `tests/fixtures/times` makes the fixtures again
#
# ONCED_PEERS   where the virtual environment and the packages of npm are kept (default target/peers)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly PYTHON='PyYAML==6.0.4 ruamel.yaml==0.19.1 jsonnet==0.22.0'
readonly NODE='js-yaml@5.5.0 yaml@2.9.1'
readonly PEERS=${ONCED_PEERS:-$PWD/target/peers}
readonly WRITERS=tests/time_writers
export TZ=UTC

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
readonly INTO=${1:-$WORK/times}
mkdir -p "$INTO"

if [[ $(cat "$PEERS/times/stamp" 2>/dev/null) != "$PYTHON $NODE" ]]; then
    rm -rf "$PEERS/times"
    python3 -m venv "$PEERS/times"
    "$PEERS/times/bin/pip" install --quiet --disable-pip-version-check $PYTHON
    npm install --silent --no-audit --no-fund --prefix "$PEERS/times" $NODE
    echo "$PYTHON $NODE" >"$PEERS/times/stamp"
fi

# writes NAME COMMAND…: CI must have it
writes() {
    echo "-- $1"
    "${@:2}"
}

# may_write NAME COMMAND…: a writer that is skipped where it is not there
may_write() {
    if "$2" "${@:3}" >"$WORK/said" 2>&1; then
        echo "-- $1"
        return
    fi
    echo "SKIPPED: $1, which is not there; its fixture is judged: $(tail -n 1 "$WORK/said")"
}

# needs NAME COMMAND…: like may_write, but in CI it must be there
needs() {
    if [[ -n ${ONCED_CI:-} ]]; then writes "$@"; else may_write "$@"; fi
}

version_of() { dpkg-query --show --showformat='${Version}' "$1" 2>/dev/null || echo unknown; }

writes "Python" "$PEERS/times/bin/python" $WRITERS/python.py "$INTO"
writes "Node" node $WRITERS/node.cjs "$PEERS/times/node_modules" "$INTO"
needs "Ruby" ruby $WRITERS/ruby.rb "$INTO"
needs "PHP" php $WRITERS/php.php /usr/share/php/Symfony/Component/Yaml/autoload.php "$INTO" "$(version_of php-symfony-yaml)"
needs "Perl" perl $WRITERS/perl.pl "$INTO"
may_write "pandas" python3 -W ignore $WRITERS/python.py "$INTO" pandas
may_write "Go" env GO111MODULE=off GOPATH=/usr/share/gocode go run $WRITERS/go.go "$INTO" "$(version_of golang-gopkg-yaml.v3-dev)"
may_write "Java" java -cp /usr/share/java/snakeyaml.jar $WRITERS/Java.java "$INTO" "$(version_of libyaml-snake-java)"
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
