#!/usr/bin/env bash
# Runs the extension under valgrind: invalid reads, writes and frees are errors. Uninitialised
# values are not searched for: CPython's small integers and the assembly of the crypto libraries
# cause false positives. Needs valgrind (Debian's package of that name).
#   MEMCHECK_SECONDS   seconds of JSON through the reader and the writer, 120 by default
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-.venv/bin/python}
# Each Python object is in a block of its own, so that valgrind knows where it ends.
export PYTHONMALLOC=malloc
check() {
    nice valgrind --quiet --undef-value-errors=no --leak-check=no --error-exitcode=9 \
        --suppressions=scripts/memcheck.supp "$python" "$@"
}

check fuzz/json_differential.py --seconds "${MEMCHECK_SECONDS:-120}" --seed 7519
check -W ignore -m pytest -q -p no:cacheprovider tests/python/test_vectors.py tests/python/test_errors.py
# Columns of every type and edge, which Rust reads by pointers; the others start processes or threads.
check -W ignore -m pytest -q -p no:cacheprovider tests/python/test_arrow.py \
    -k "any_type or become_columns or own or nulls or utf8 or thousand or outlives or live_as or no_rows"
echo "memcheck: 0 invalid reads, writes and frees"
