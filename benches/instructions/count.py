"""Count the instructions of decode and encode, and compare them with the committed figures.

Instruction counts hardly vary between runs, so they show a slow-down in CI, where times are noise.
Each loop runs twice under callgrind, with N and 2N iterations; the difference divided by N is the
cost of one call without start-up. A count more than 5 % above `baseline.json` is a failure;
`--update` rewrites the file. The figures are stored per minor version of Python. valgrind emulates
one fixed, older processor, so they can be compared between machines but are not the instructions of
the real processor.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from fixtures import CLAIMS, namespace  # noqa: E402  (needs the path above)
from peers import by_name  # noqa: E402
from timing import Unfit, check, prepare  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

BASELINE = HERE / "baseline.json"
TOLERANCE = 0.05


@dataclass(frozen=True)
class Loop:
    """One hot loop and its number of iterations N, which is larger for cheaper calls.

    With `own_work` the raw crypto call is subtracted: for HMAC it would otherwise be three quarters
    of the count, because the processor that valgrind emulates has no SHA instructions.
    """

    contestant: str
    operation: str
    algorithm: str
    iterations: int
    own_work: bool = False

    @property
    def name(self) -> str:
        """Return the key in the baseline file."""
        name = f"{self.contestant} {self.operation} {self.algorithm}"
        return f"{name}, own work" if self.own_work else name


LOOPS = (
    Loop("rapidjwt", "decode", "HS256", 2000, own_work=True),
    Loop("rapidjwt", "encode", "HS256", 2000, own_work=True),
    Loop("rapidjwt prepared", "decode", "HS256", 2000, own_work=True),
    Loop("rapidjwt prepared", "encode", "HS256", 2000, own_work=True),
    Loop("rapidjwt repeated token", "decode", "RS256", 2000),
    Loop("rapidjwt", "decode", "RS256", 200),
    Loop("rapidjwt", "decode", "ES256", 100),
    Loop("rapidjwt", "encode", "EdDSA", 300),
)
RAW = "raw: rapidjwt.Key"


def stop(message: str) -> NoReturn:
    """End the program with a one-line message."""
    raise SystemExit(f"instructions: {message}")


def run_counted(module: str, job: dict[str, Any]) -> int:
    """Return the instructions that a fresh process executes for `job`."""
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    with tempfile.TemporaryDirectory() as folder:
        counts = Path(folder) / "callgrind.out"
        command = [
            "valgrind",
            "--tool=callgrind",
            f"--callgrind-out-file={counts}",
            sys.executable,
            "-W",
            "ignore",
            str(HERE.parent / "fresh_process.py"),
            module,
        ]
        done = subprocess.run(
            command,
            input=repr(job),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            stop(f"valgrind failed: {done.stderr.strip().splitlines()[-1]}")
        total = re.search(r"^(?:totals|summary): (\d+)", counts.read_text(), re.MULTILINE)
    if total is None:
        stop("callgrind wrote no total")
    return int(total[1])


def instructions_per_call(loop: Loop) -> int | None:
    """Return the instructions of one call, or None if the installed rapidjwt lacks it."""
    try:
        counted = count(loop.contestant, loop)
        return counted - count(RAW, loop) if loop.own_work else counted
    except Unfit as reason:
        print(f"{loop.name}: {reason}", file=sys.stderr)
        return None


def count(name: str, loop: Loop) -> int:
    """Return the instructions that one call of the contestant `name` takes, or raise `Unfit`."""
    contestant = by_name(name)
    code = contestant.code(loop.operation)
    if code is None:
        reason = f"{name} has no {loop.operation}"
        raise Unfit(reason)
    names = namespace(loop.algorithm, CLAIMS)
    check(code, prepare(contestant, code, names))
    job = {"setup": code.setup, "expression": code.expression, "names": names}
    once, twice = (
        run_counted(contestant.module, {**job, "iterations": factor * loop.iterations})
        for factor in (1, 2)
    )
    return round((twice - once) / loop.iterations)


def compared(name: str, counted: int | None, committed: int | None) -> tuple[str, bool]:
    """Return a line for the reader, and whether the loop is as fast as it was."""
    if counted is None:
        return f"{name:48} not measured", False
    if committed is None:
        return f"{name:48} {counted:>10,} no committed figure; run with --update", False
    change = counted / committed - 1
    fine = change <= TOLERANCE
    verdict = "" if fine else f"  SLOWER than the {TOLERANCE:.0%} allowed"
    return f"{name:48} {counted:>10,} {change:+8.1%}{verdict}", fine


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--update", action="store_true", help="write the figures as the baseline")
    parser.add_argument("--only", default="", metavar="TEXT", help="loops with TEXT in the name")
    options = parser.parse_args(argv)
    if shutil.which("valgrind") is None:
        stop("`valgrind` is missing; install it (Debian: apt-get install valgrind)")

    python = "cpython-{}.{}".format(*sys.version_info)
    baseline: dict[str, dict[str, int]] = {}
    if BASELINE.exists():
        baseline = json.loads(BASELINE.read_text(encoding="utf-8"))
    committed = baseline.get(python, {})

    loops = [loop for loop in LOOPS if options.only in loop.name]
    counts = {loop.name: instructions_per_call(loop) for loop in loops}
    if options.update:
        measured = {name: count for name, count in counts.items() if count is not None}
        baseline[python] = {**committed, **measured}
        BASELINE.write_text(json.dumps(baseline, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        committed = baseline[python]
    verdicts = [compared(name, count, committed.get(name)) for name, count in counts.items()]
    print(f"instructions per call, {python}, and change against {BASELINE.name}")
    for line, _ in verdicts:
        print(line)
    return 0 if all(fine for _, fine in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
