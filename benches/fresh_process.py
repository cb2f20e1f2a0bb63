"""Run one contestant in a fresh interpreter; used for start-up and for instruction counts.

    python -I fresh_process.py MODULE < job

The job on standard input is a Python literal (read by `eval`, which imports nothing): a dict with
`setup`, `expression`, `names` and `iterations`. The result on standard output is a Python literal.
"""

import sys
import time

PAGE_KB = 4


def resident_kb() -> int | None:
    """Return the resident memory of this process in KB, or None without /proc."""
    try:
        with open("/proc/self/statm") as statm:  # noqa: PTH123  (pathlib would count as memory)
            return int(statm.read().split()[1]) * PAGE_KB
    except OSError:
        return None


def main() -> None:
    module = sys.argv[1]
    job = eval(sys.stdin.read())
    memory_before = resident_kb()
    start = time.perf_counter()
    __import__(module)
    imported = time.perf_counter()
    memory_after = resident_kb()

    space = job["names"]
    first = time.perf_counter()
    exec(job["setup"], space)
    call = compile(job["expression"], "<benchmark>", "eval")
    eval(call, space)
    called = time.perf_counter()
    for _ in range(job["iterations"]):
        eval(call, space)

    memory = None
    if memory_before is not None and memory_after is not None:
        memory = memory_after - memory_before
    answer = {
        "import_ms": (imported - start) * 1e3,
        "import_kb": memory,
        "first_call_ms": (called - first) * 1e3,
    }
    print(repr(answer))


if __name__ == "__main__":
    main()
