#!/usr/bin/env bash
# Everything that a security reviewer asks for: the attack tests, Project Wycheproof, mutated
# inputs, secrets left in memory, copies broken on purpose, a short round of fuzzing, and the rules
# for dependencies. Prints counts per class; any surprise is a failure.
#   FUZZ_SECONDS   seconds for each fuzz target, 10 by default
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-.venv/bin/python}
export PYTHON=$python
log=$(mktemp)
trap 'rm -f "$log"' EXIT

quietly() { # COMMAND...: shows the output only if the command fails
    "$@" >"$log" 2>&1 || { cat "$log"; exit 1; }
}

echo "==> Attack tests"
for file in tests/python/security/test_*.py; do
    quietly "$python" -m pytest -q --no-header "$file"
    printf '%-28s %s\n' "$(basename "$file" .py)" "$(tail -n 1 "$log")"
done

for features in "--no-default-features" ""; do
    echo "==> Project Wycheproof and mutated inputs, cargo test $features"
    # shellcheck disable=SC2086 # no argument at all if there are no features
    quietly cargo test $features --test wycheproof --test robustness -- --nocapture
    grep -E '^(wycheproof|robustness): ' "$log"
done

echo "==> Secrets in freed memory"
quietly cargo test --test zeroize
grep '^test result: ' "$log"

echo "==> Copies broken on purpose"
quietly "$python" scripts/broken_copies.py
grep '^broken copies: ' "$log"
quietly "$python" scripts/panicking_copy.py
grep '^panics: ' "$log"

echo "==> Fuzzing"
if cargo fuzz --version >/dev/null 2>&1; then
    fuzz/run.sh "${FUZZ_SECONDS:-10}"
else
    echo "cargo-fuzz is not installed: the mutated inputs above stand in for it"
    "$python" fuzz/json_differential.py --seconds "${FUZZ_SECONDS:-10}"
fi

echo "==> Dependencies"
if cargo deny --version >/dev/null 2>&1; then
    quietly cargo deny --offline check licenses bans sources
    tail -n 1 "$log"
else
    echo "cargo-deny is not installed: licences, duplicates and sources were not checked"
fi
