#!/usr/bin/env bash
# onced against programs that are not its own: the AWS CLI drives the sandbox, and onced drives moto's server.
#
#   tests/real_clients.sh           all parts; builds onced
#   tests/real_clients.sh A B       only these parts
#
# A  the AWS CLI speaks to `onced sandbox`
# B  `onced run` speaks to moto; the AWS CLI looks at what it did
# C  the conformance suite speaks to moto
#
# ONCED_PEERS   where the virtual environments are kept (default target/peers)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The AWS CLI, version 1.
readonly AWSCLI='awscli==1.46.3'
readonly MOTO='moto[server,stepfunctions]==5.2.5'
readonly PEERS=${ONCED_PEERS:-$PWD/target/peers}
readonly ONCED=${CARGO_TARGET_DIR:-$PWD/target}/debug/onced
readonly REGION=us-east-1
readonly PREFIX=arn:aws:states:$REGION:123456789012
readonly MACHINE=$PREFIX:stateMachine:OneTimeLambdaScheduler
readonly DEFINITION=file://config/one-time-lambda.asl.json
readonly ROLE=arn:aws:iam::123456789012:role/x

export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=$REGION AWS_REGION=$REGION
export AWS_EC2_METADATA_DISABLED=true AWS_PAGER='' AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
export TZ=UTC
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL AWS_ENDPOINT_URL_SFN
export NO_PROXY=127.0.0.1 no_proxy=127.0.0.1

WORK=$(mktemp -d)
STARTED=()   # ids of the background programs; only these are ended

clean_up() {
    local code=$? id
    for id in "${STARTED[@]}"; do kill "$id" 2>/dev/null || true; done
    for id in "${STARTED[@]}"; do wait "$id" 2>/dev/null || true; done
    if ((code != 0)); then
        local log
        for log in "$WORK"/*.log; do
            [[ -f $log ]] && { echo "--- the end of $(basename "$log")"; tail -n 40 "$log"; }
        done
    fi
    rm -rf "$WORK"
    exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() { echo "FAILED: $*" >&2; exit 1; }

# same WHAT EXPECTED SEEN
same() {
    [[ $2 == "$3" ]] || fail "$1: expected \`$2\`, saw \`$3\`"
    echo "ok: $1: $3"
}

# contains WHAT EXPECTED SEEN
contains() {
    [[ $3 == *"$2"* ]] || fail "$1: expected something with \`$2\`, saw \`$3\`"
    echo "ok: $1: $2"
}

# eventually WHAT SECONDS EXPECTED COMMAND…: asks until the command prints what is expected
eventually() {
    local what=$1 until=$((SECONDS + $2)) expected=$3 seen=
    shift 3
    while :; do
        seen=$("$@" 2>&1) || true
        [[ $seen == "$expected" ]] && { echo "ok: $what: $seen"; return; }
        ((SECONDS < until)) || fail "$what: expected \`$expected\`, last saw \`$seen\`"
        sleep 0.3
    done
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# at SECONDS: the time that many seconds ahead
at() { date -u -d "@$(($(date +%s) + $1))" +%Y-%m-%dT%H:%M:%SZ; }

# environment NAME REQUIREMENT PROGRAM: a virtual environment; reused when its stamp names the same requirement
environment() {
    local home=$PEERS/$1 requirement=$2 program=$3
    if [[ $(cat "$home/stamp" 2>/dev/null) == "$requirement" && -x $home/bin/$program ]] \
        && "$home/bin/python" -c '' 2>/dev/null; then
        return
    fi
    echo "installing $requirement into $home"
    rm -rf "$home"
    python3 -m venv "$home"
    "$home/bin/pip" install --quiet --disable-pip-version-check "$requirement"
    echo "$requirement" >"$home/stamp"
}

# sfn OPERATION…: the AWS CLI, against $ENDPOINT
sfn() { "$PEERS/awscli/bin/aws" stepfunctions --endpoint-url "$ENDPOINT" --output text "$@"; }

# sfn_refused OPERATION…: prints the error; fails if there is none
sfn_refused() {
    local said
    if said=$(sfn "$@" 2>&1); then fail "expected an error from \`$*\`, saw \`$said\`"; fi
    echo "$said"
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# await_port PORT ID: until the program that we started listens
await_port() {
    local until=$((SECONDS + 60))
    until answers "$1"; do
        kill -0 "$2" 2>/dev/null || fail "the program that should listen on port $1 has ended"
        ((SECONDS < until)) || fail "nothing listens on port $1 after 60 s"
        sleep 0.1
    done
}

# start_moto: sets ENDPOINT and LAST
start_moto() {
    local port
    port=$(free_port)
    "$PEERS/moto/bin/moto_server" -H 127.0.0.1 -p "$port" >"$WORK/moto-$port.log" 2>&1 &
    LAST=$!
    STARTED+=("$LAST")
    await_port "$port" "$LAST"
    ENDPOINT=http://127.0.0.1:$port
}

# end ID: ends a program of ours and forgets it
end() {
    local id kept=()
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
    for id in "${STARTED[@]}"; do [[ $id == "$1" ]] || kept+=("$id"); done
    STARTED=("${kept[@]}")
}

status_of() { sfn describe-execution --execution-arn "$1" --query status; }

part_A() {
    local port sandbox machine arn input name=$MACHINE
    port=$(free_port)
    "$ONCED" sandbox --listen "127.0.0.1:$port" >"$WORK/sandbox.log" 2>&1 &
    sandbox=$!
    STARTED+=("$sandbox")
    await_port "$port" "$sandbox"
    ENDPOINT=http://127.0.0.1:$port

    contains "list-state-machines" "$MACHINE" "$(sfn list-state-machines --query 'stateMachines[].stateMachineArn')"

    machine=$PREFIX:stateMachine:Another
    same "create-state-machine" "$machine" \
        "$(sfn create-state-machine --name Another --definition "$DEFINITION" --role-arn "$ROLE" --query stateMachineArn)"
    same "describe-state-machine" "ACTIVE STANDARD" \
        "$(sfn describe-state-machine --state-machine-arn "$machine" --query '[status,type]' | tr '\t' ' ')"

    arn=${name/:stateMachine:/:execution:}:by-hand-1
    input="{\"functionName\":\"f\",\"invocationTime\":\"$(at 86400)\",\"payload\":{}}"
    same "start-execution" "$arn" \
        "$(sfn start-execution --state-machine-arn "$MACHINE" --name by-hand-1 --input "$input" --query executionArn)"
    same "start-execution again" "$arn" \
        "$(sfn start-execution --state-machine-arn "$MACHINE" --name by-hand-1 --input "$input" --query executionArn)"
    contains "start-execution, other input" "(ExecutionAlreadyExists)" \
        "$(sfn_refused start-execution --state-machine-arn "$MACHINE" --name by-hand-1 --input '{}')"
    same "describe-execution" "RUNNING" "$(status_of "$arn")"
    same "describe-execution, input" "$input" "$(sfn describe-execution --execution-arn "$arn" --query input)"
    same "list-executions" "by-hand-1" \
        "$(sfn list-executions --state-machine-arn "$MACHINE" --status-filter RUNNING --query 'executions[].name')"
    sfn stop-execution --execution-arn "$arn" --error onced.Removed --cause '{}' >"$WORK/stop.log"
    eventually "stop-execution" 10 "ABORTED onced.Removed" stopped_with_error "$arn"
    contains "start-execution, a closed name" "(ExecutionAlreadyExists)" \
        "$(sfn_refused start-execution --state-machine-arn "$MACHINE" --name by-hand-1 --input "$input")"
    contains "describe-execution, unknown" "(ExecutionDoesNotExist)" \
        "$(sfn_refused describe-execution --execution-arn "${arn%-1}-none")"

    arn=${name/:stateMachine:/:execution:}:by-hand-2
    input="{\"functionName\":\"f\",\"invocationTime\":\"$(at 2)\",\"payload\":{}}"
    same "start-execution, soon" "$arn" \
        "$(sfn start-execution --state-machine-arn "$MACHINE" --name by-hand-2 --input "$input" --query executionArn)"
    eventually "two seconds later" 30 "SUCCEEDED" status_of "$arn"
    end "$sandbox"
}

stopped_with_error() {
    sfn describe-execution --execution-arn "$1" --query '[status,error]' | tr '\t' ' '
}

# executions: `entry status` for each, sorted; fails on a name that isn't ours. An entry's name here has no hyphen.
executions() {
    local name status
    sfn list-executions --state-machine-arn "$MACHINE" --query 'executions[].[name,status]' \
        | while read -r name status; do
            [[ $name == ci-* ]] || { echo "a name without our owner: $name"; continue; }
            name=${name#ci-}
            echo "${name%%-*} $status"
        done | sort | paste -sd, -
}

# schedule NAME…: a schedule file with these entries, a day ahead; put in place whole
schedule() {
    local name
    {
        echo "schedules:"
        for name in "$@"; do
            printf '  %s:\n    at: %s\n    lambda: hello\n    payload: {from: %s}\n' "$name" "$TOMORROW" "$name"
        done
    } >"$WORK/next"
    mv "$WORK/next" "$WORK/schedules/ci.yaml"
}

part_B() {
    local moto onced code=0
    start_moto
    moto=$LAST
    same "create-state-machine" "$MACHINE" "$(sfn create-state-machine --name OneTimeLambdaScheduler \
        --definition "$DEFINITION" --role-arn "$ROLE" --query stateMachineArn)"

    mkdir "$WORK/schedules" "$WORK/state"
    TOMORROW=$(at 86400)
    "$ONCED" run "$WORK/schedules" --endpoint-url "$ENDPOINT" --region "$REGION" --owner ci \
        --state-directory "$WORK/state" --state-machine "$MACHINE" \
        --set reconcile.stop_after=1s --set reconcile.settle=100ms >"$WORK/onced.log" 2>&1 &
    onced=$!
    STARTED+=("$onced")

    schedule first second
    eventually "two entries" 60 "first RUNNING,second RUNNING" executions
    schedule second
    eventually "one removed" 60 "first ABORTED,second RUNNING" executions

    kill -0 "$onced" 2>/dev/null || fail "onced has ended by itself"
    kill -TERM "$onced"
    wait "$onced" || code=$?
    same "exit code after SIGTERM" 0 "$code"
    same "after onced has ended" "first ABORTED,second RUNNING" "$(executions)"
    end "$onced"
    end "$moto"
}

part_C() {
    local moto
    start_moto
    moto=$LAST
    ONCED_CONFORMANCE_ENDPOINT=$ENDPOINT cargo test --locked --test main conformance -- --nocapture 2>&1 \
        | tee "$WORK/conformance"
    # A filter that matches nothing passes too.
    if grep -q '^running 0 tests' "$WORK/conformance"; then fail "no test has \`conformance\` in its name"; fi
    end "$moto"
}

environment awscli "$AWSCLI" aws
environment moto "$MOTO" moto_server
[[ -n ${ONCED_NO_BUILD:-} ]] || cargo build --locked
for part in "${@:-A B C}"; do
    for one in $part; do
        case $one in
            A | B | C) echo "-- part $one"; "part_$one" ;;
            *) echo "usage: $0 [A] [B] [C]" >&2; exit 64 ;;
        esac
    done
done
echo "real clients: all passed"
