#!/usr/bin/env bash
# Fuzzes every target for SECONDS_EACH, one after the other, and the JSON reader and writer last.
#   fuzz/run.sh SECONDS_EACH [TARGET...]
# Needs cargo-fuzz (cargo install cargo-fuzz); a stable compiler will do. New inputs are kept in
# fuzz/work, which git ignores; what fails is kept in fuzz/artifacts and belongs into fuzz/corpus.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:?usage: fuzz/run.sh SECONDS_EACH [TARGET...]}
shift
all=(compact header base64url pem der ssh jwk secret jwe jws_json sd_jwt)
targets=("${all[@]}")
[ $# -eq 0 ] || targets=("$@")
python=${PYTHON:-.venv/bin/python}

# The sanitizer needs a flag that stable compilers have only for those who ask like this.
export RUSTC_BOOTSTRAP=1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for target in "${targets[@]}"; do
    mkdir -p "fuzz/work/$target"
    nice -n 19 cargo fuzz run "$target" \
        "fuzz/work/$target" "fuzz/corpus/$target" tests/vectors/keys -- \
        -max_total_time="$seconds" -timeout=10 -print_final_stats=1 >"$log" 2>&1 ||
        { tail -n 60 "$log"; echo "fuzz: $target: FAILED"; exit 1; }
    stat() { sed -n "s/^stat::$1: *//p" "$log"; }
    echo "fuzz: $target: $(stat number_of_executed_units) executions," \
        "$(stat average_exec_per_sec) per second, $(stat new_units_added) new inputs, 0 failures"
done
[ $# -gt 0 ] || nice -n 19 "$python" fuzz/json_differential.py --seconds "$seconds"
