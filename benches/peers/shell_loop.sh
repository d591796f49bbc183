#!/usr/bin/env bash
# One process of the AWS CLI for each file. What was started is a line in a file, so that a second run starts the rest.
# shell_loop.sh DIRECTORY STATE MACHINE ENDPOINT
set -euo pipefail
directory=$1 state=$2 machine=$3 endpoint=$4
touch "$state"
for file in "$directory"/*.yaml; do
    # The files of the comparison have one entry each, in this form: `  NAME: {at: TIME, lambda: FUNCTION, payload: JSON}`.
    [[ $(sed -n 2p "$file") =~ ^\ \ ([^:]+):\ \{at:\ ([^,]+),\ lambda:\ ([^,]+),\ payload:\ (.*)\}$ ]]
    name=${BASH_REMATCH[1]}
    grep --quiet --line-regexp --fixed-strings "$name" "$state" && continue
    input="{\"functionName\":\"${BASH_REMATCH[3]}\",\"invocationTime\":\"${BASH_REMATCH[2]}\",\"payload\":${BASH_REMATCH[4]}}"
    aws stepfunctions start-execution --endpoint-url "$endpoint" --state-machine-arn "$machine" \
        --name "loop-$name" --input "$input" >/dev/null
    echo "$name" >>"$state"
done
# Until it is looked at: what its children used is counted as its own.
exec sleep 3600
