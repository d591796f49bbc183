#!/usr/bin/env bash
# npm's yaml 2.9.1, with `schema: 'yaml-1.1'` (or `version: '1.1'`), writes a JavaScript Date without its `Z`, and a Date
# at midnight UTC as a date alone. A Date one millisecond later keeps the `Z`. An offset that it reads is gone too: the
# time is written in UTC, and nothing in the text says so. With the default schema the same Date is
# `2027-06-01T09:00:00.000Z`.
#
# In YAML 1.1 a timestamp without an offset is in UTC, so the writer is within its rights. But PyYAML 6.0.4, a reader of
# YAML 1.1, gives a datetime without a time zone, which Python takes for local time: between the two programs the instant
# moves by the reader's offset.
#
# Installs both into a directory of its own, which goes at the end. Fails if one of them writes or reads otherwise.
set -euo pipefail
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
cd "$WORK"
npm install --silent --no-audit --no-fund --prefix "$WORK" yaml@2.9.1
python3 -m venv "$WORK/python"
"$WORK/python/bin/pip" install --quiet --disable-pip-version-check PyYAML==6.0.4

same() {
    [[ $2 == "$3" ]] || { echo "CHANGED: $1: expected \`$2\`, saw \`$3\`" >&2; exit 1; }
    echo "$1: $3"
}

written() { node -e "process.stdout.write(require('yaml').stringify($1, { $2 }).trim())"; }

echo "yaml $(node -p "require('yaml/package.json').version"), node $(node --version)"
nine='new Date(Date.UTC(2027, 5, 1, 9))'
same "09:00 UTC, default schema" 2027-06-01T09:00:00.000Z "$(written "$nine" '')"
same "09:00 UTC, schema yaml-1.1" 2027-06-01T09:00:00 "$(written "$nine" "schema: 'yaml-1.1'")"
same "09:00 UTC, version 1.1" 2027-06-01T09:00:00 "$(written "$nine" "version: '1.1'")"
same "a millisecond later" 2027-06-01T09:00:00.001Z "$(written 'new Date(Date.UTC(2027, 5, 1, 9, 0, 0, 1))' "schema: 'yaml-1.1'")"
same "midnight UTC" 2027-06-01 "$(written 'new Date(Date.UTC(2027, 5, 1))' "schema: 'yaml-1.1'")"
same "09:00 at +02:00, read and written" "at: 2027-06-01T07:00:00" "$(node -e "
const document = require('yaml').parseDocument('at: 2027-06-01T09:00:00+02:00', { schema: 'yaml-1.1' })
process.stdout.write(String(document).trim())")"

same "PyYAML reads 09:00 UTC from it" "datetime.datetime(2027, 6, 1, 9, 0)" \
    "$(written "$nine" "schema: 'yaml-1.1'" | "$WORK/python/bin/python" -c 'import sys, yaml; print(repr(yaml.safe_load(sys.stdin)))')"
same "which a Python in New York takes for" "2027-06-01T13:00:00+00:00" \
    "$(written "$nine" "schema: 'yaml-1.1'" | TZ=EST5EDT,M3.2.0,M11.1.0 "$WORK/python/bin/python" -c '
import sys, yaml
from datetime import timezone
print(yaml.safe_load(sys.stdin).astimezone(timezone.utc).isoformat())')"
