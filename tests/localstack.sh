#!/usr/bin/env bash
# The conformance suite against LocalStack, whose known differences are in tests/conformance/localstack.txt. By hand: it
# needs Python 3.13, and a compiler where PyPI has no wheels for it.
#
#   tests/localstack.sh
#
# PYTHON        a Python 3.13 (default python3.13)
# ONCED_PEERS   where the virtual environment is kept (default target/peers)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# What the state machines need of the extra `runtime`, which is much more; then older releases than pip would take, with
# which this LocalStack starts.
readonly REQUIREMENTS='localstack-core[base-runtime]==4.14.0 antlr4-python3-runtime==4.13.2 jpype1>=1.6.0 jsonpath-ng>=1.6.1
jsonpath-rw>=1.4.0 moto-ext[stepfunctions,iam,sts]>=5.1.22 airspeed-ext crontab jinja2'
readonly OLDER='cbor2<5.8 cryptography<44 pyopenssl==24.2.1 service_identity<24.2'
readonly ENVIRONMENT=${ONCED_PEERS:-$PWD/target/peers}/localstack

if [[ $(cat "$ENVIRONMENT/stamp" 2>/dev/null) != "$REQUIREMENTS $OLDER" ]]; then
    echo "installing LocalStack into $ENVIRONMENT"
    rm -rf "$ENVIRONMENT"
    "${PYTHON:-python3.13}" -m venv "$ENVIRONMENT"
    "$ENVIRONMENT/bin/pip" install --quiet --disable-pip-version-check $REQUIREMENTS
    "$ENVIRONMENT/bin/pip" install --quiet --disable-pip-version-check $OLDER
    echo "$REQUIREMENTS $OLDER" >"$ENVIRONMENT/stamp"
fi

WORK=$(mktemp -d)
SERVER=
clean_up() {
    local code=$?
    [[ -n $SERVER ]] && { kill "$SERVER" 2>/dev/null || true; wait "$SERVER" 2>/dev/null || true; }
    ((code == 0)) || tail -n 20 "$WORK/log" 2>/dev/null || true
    rm -rf "$WORK"
    exit "$code"
}
trap clean_up EXIT

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
env GATEWAY_LISTEN="127.0.0.1:$port" SERVICES=stepfunctions,sts,iam DNS_ADDRESS=0 DISABLE_EVENTS=1 \
    SKIP_SSL_CERT_DOWNLOAD=1 FILESYSTEM_ROOT="$WORK" XDG_CACHE_HOME="$WORK" \
    "$ENVIRONMENT/bin/python" -m localstack.runtime.main >"$WORK/log" 2>&1 &
SERVER=$!
until grep -q '^Ready' "$WORK/log"; do
    kill -0 "$SERVER" 2>/dev/null || { echo "LocalStack has ended"; exit 1; }
    sleep 0.5
done

export ONCED_CONFORMANCE_ENDPOINT=http://127.0.0.1:$port ONCED_CONFORMANCE_PEER=localstack
cargo test --locked --test main an_independent_emulator -- --nocapture
