#!/usr/bin/env bash
# moto's own tests of Step Functions, in server mode, against `onced sandbox`. They come with moto's source distribution on
# PyPI and are not kept here. Those that must fail are listed in tests/moto/expected.txt, each with what AWS does instead.
# Fails when another one fails, and when a listed one passes.
#
#   tests/moto.sh           needs a built onced
#
# ONCED_PEERS   where the virtual environment and the tests are kept (default target/peers)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly MOTO=5.2.5 PYTEST=8.4.2
readonly REQUIREMENTS="moto[server,stepfunctions]==$MOTO pytest==$PYTEST"
readonly HOME_OF_TESTS=${ONCED_PEERS:-$PWD/target/peers}/moto-tests
readonly FILES='test_stepfunctions.py test_stepfunctions_aliases.py test_stepfunctions_versions.py test_stepfunctions_idempotency.py'
readonly BIN=$HOME_OF_TESTS/env/bin SOURCES=$HOME_OF_TESTS/moto-$MOTO

if [[ $(cat "$HOME_OF_TESTS/stamp" 2>/dev/null) != "$REQUIREMENTS" ]]; then
    echo "installing $REQUIREMENTS into $HOME_OF_TESTS"
    rm -rf "$HOME_OF_TESTS"
    mkdir -p "$HOME_OF_TESTS"
    python3 -m venv "$HOME_OF_TESTS/env"
    "$BIN/pip" install --quiet --disable-pip-version-check $REQUIREMENTS
    "$BIN/pip" download --quiet --disable-pip-version-check --no-deps --no-binary moto \
        --dest "$HOME_OF_TESTS" "moto==$MOTO"
    tar --extract --gzip --file "$HOME_OF_TESTS/moto-$MOTO.tar.gz" --directory "$HOME_OF_TESTS" "moto-$MOTO/tests"
    echo "$REQUIREMENTS" >"$HOME_OF_TESTS/stamp"
fi

WORK=$(mktemp -d)
SERVER=
clean_up() {
    local code=$?
    [[ -n $SERVER ]] && { kill "$SERVER" 2>/dev/null || true; wait "$SERVER" 2>/dev/null || true; }
    rm -rf "$WORK"
    exit "$code"
}
trap clean_up EXIT

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$BIN/moto_server" -H 127.0.0.1 -p "$port" >"$WORK/moto.log" 2>&1 &
SERVER=$!
until (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    kill -0 "$SERVER" 2>/dev/null || { cat "$WORK/moto.log"; echo "moto's server has ended"; exit 1; }
    sleep 0.1
done

export ONCED=${CARGO_TARGET_DIR:-$PWD/target}/debug/onced
export TEST_SERVER_MODE=true TEST_SERVER_MODE_ENDPOINT=http://127.0.0.1:$port
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL AWS_ENDPOINT_URL_SFN
export PYTHONPATH=$PWD/tests/moto:$SOURCES PYTHONDONTWRITEBYTECODE=1

files=()
for file in $FILES; do files+=("$SOURCES/tests/test_stepfunctions/$file"); done
"$BIN/python" -m pytest -p on_sandbox -W ignore -p no:cacheprovider --rootdir "$SOURCES" -c /dev/null \
    --quiet --tb=short -r xXfE "$@" "${files[@]}"
