#!/usr/bin/env bash
# Fuzzes what reads keys and tokens with little stack or little memory.
#   fuzz/limits.sh SECONDS_EACH stack|memory [TARGET...]
# stack: 128 KB, which is what threads have with musl, and inputs of up to 64 KB. memory: 64 MB of
# address space in all, so an allocation that is out of proportion to the input fails, which ends the
# process. There is no sanitizer, whose own frames and memory would count.
# Needs cargo-fuzz, as fuzz/run.sh does, and shares its folders.
set -euo pipefail
cd "$(dirname "$0")/.."

usage="usage: fuzz/limits.sh SECONDS_EACH stack|memory [TARGET...]"
seconds=${1:?$usage}
case ${2:?$usage} in
stack) limit=(-s 128) max_len=65536 ;;
memory) limit=(-v 65536) max_len=4096 ;;
*) echo "$usage" >&2; exit 2 ;;
esac
name=$2
shift 2
all=(compact header pem der ssh jwk secret)
targets=("${all[@]}")
[ $# -eq 0 ] || targets=("$@")

export RUSTC_BOOTSTRAP=1
binaries=fuzz/target/$(rustc -vV | sed -n 's/^host: //p')/release
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for target in "${targets[@]}"; do
    nice -n 19 cargo fuzz build --sanitizer none "$target" >"$log" 2>&1 || { cat "$log"; exit 1; }
    mkdir -p "fuzz/work/$target" "fuzz/artifacts/$target"
    (
        ulimit "${limit[@]}"
        exec nice -n 19 "$binaries/$target" "fuzz/work/$target" "fuzz/corpus/$target" \
            tests/vectors/keys -artifact_prefix="fuzz/artifacts/$target/" -max_len="$max_len" \
            -max_total_time="$seconds" -timeout=10 -rss_limit_mb=0 -print_final_stats=1
    ) >"$log" 2>&1 ||
        { tail -n 60 "$log"; echo "fuzz: $target with little $name: FAILED"; exit 1; }
    stat() { sed -n "s/^stat::$1: *//p" "$log"; }
    echo "fuzz: $target with little $name: $(stat number_of_executed_units) executions," \
        "$(stat average_exec_per_sec) per second, 0 failures"
done
