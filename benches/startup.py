"""The cost in a fresh process: the import, its memory, and the first verified token."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from fixtures import CLAIMS, namespace
from results import HERE, Startup
from timing import installed

if TYPE_CHECKING:
    from peers import Contestant

ALGORITHM = "RS256"


def fresh_run(contestant: Contestant, job: dict[str, Any]) -> dict[str, Any] | None:
    """Return what `fresh_process.py` measured for `job`, or None if it failed."""
    command = [sys.executable, "-I", "-W", "ignore", str(HERE / "fresh_process.py")]
    done = subprocess.run(
        [*command, contestant.module],
        input=repr(job),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"{contestant.name}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    answer: dict[str, Any] = ast.literal_eval(done.stdout)
    return answer


def forget_written(contestants: list[Contestant]) -> None:
    """Have the kernel read compiled modules from disk again, on Linux; before they are imported.

    A file that was just written is in the page cache in larger pieces than one that was read, and
    more of it is mapped into a process: up to a megabyte.
    """
    if sys.platform != "linux":
        return
    for package in {contestant.module.partition(".")[0] for contestant in contestants}:
        spec = find_spec(package)
        for folder in spec.submodule_search_locations or () if spec else ():
            for path in Path(folder).rglob("*.so"):
                with path.open("rb") as file:
                    os.fsync(file)
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def measure_startup(contestants: list[Contestant], runs: int) -> list[Startup]:
    """Return medians over `runs` fresh processes per contestant, interleaved.

    The first run of each fills the file cache and is discarded; a run that fails removes its
    contestant.
    """
    names = namespace(ALGORITHM, CLAIMS)
    jobs = {
        contestant.name: {
            "setup": contestant.decode.setup,
            "expression": contestant.decode.expression,
            "names": names,
            "iterations": 0,
        }
        for contestant in contestants
        if contestant.decode and installed(contestant)
    }
    running = [
        contestant
        for contestant in contestants
        if contestant.name in jobs and fresh_run(contestant, jobs[contestant.name])
    ]
    answers: dict[str, list[dict[str, Any]]] = {contestant.name: [] for contestant in running}
    for _ in range(runs):
        for contestant in running:
            if answer := fresh_run(contestant, jobs[contestant.name]):
                answers[contestant.name].append(answer)
    return [startup(name, measured) for name, measured in answers.items() if measured]


def startup(name: str, measured: list[dict[str, Any]]) -> Startup:
    """Return the medians of one contestant."""
    kilobytes = [row["import_kb"] for row in measured if row["import_kb"] is not None]
    return Startup(
        contestant=name,
        import_ms=round(median(row["import_ms"] for row in measured), 3),
        import_kb=round(median(kilobytes)) if kilobytes else None,
        first_call_ms=round(median(row["first_call_ms"] for row in measured), 3),
    )
