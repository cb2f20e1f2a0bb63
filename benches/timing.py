"""Check, then time: interleaved rounds over all contestants of a case."""

from __future__ import annotations

import gc
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from statistics import quantiles
from timeit import Timer
from typing import TYPE_CHECKING, Any

from fixtures import reference_decode, unacceptable_tokens
from results import NOT_INSTALLED, Case, Failure, Timing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from peers import Code, Contestant


class Unfit(Exception):  # noqa: N818  (it is a result, not an error of the program)
    """The contestant cannot be timed here, for the reason in its message."""


@dataclass(frozen=True)
class Effort:
    """How long to measure: `rounds` batches of about `batch_seconds` for every contestant."""

    rounds: int
    batch_seconds: float


@dataclass
class Entry:
    """A checked contestant with its timer and its samples, in seconds per call."""

    contestant: Contestant
    timer: Timer
    batch: int
    samples: list[float]


def installed(contestant: Contestant) -> bool:
    """Return whether the contestant's module can be imported by this interpreter."""
    return find_spec(contestant.module.partition(".")[0]) is not None


def describe(error: BaseException) -> str:
    """Return the class and the first line of `error`, short enough for a table."""
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:100]}".rstrip(": ")


def prepare(contestant: Contestant, code: Code, names: dict[str, Any]) -> dict[str, Any]:
    """Run the contestant's setup and return its namespace, or raise `Unfit`."""
    if not installed(contestant):
        raise Unfit(NOT_INSTALLED)
    space = {**names, "reference_decode": reference_decode}
    try:
        exec(code.setup, space)
    except Exception as error:
        reason = f"set-up failed, {describe(error)}"
        raise Unfit(reason) from error
    return space


def check(code: Code, space: dict[str, Any]) -> None:
    """Raise `Unfit` unless the expression has the expected result."""
    try:
        space["result"] = eval(code.expression, space)
        right = bool(eval(code.expect, space))
    except Exception as error:
        reason = f"failed, {describe(error)}"
        raise Unfit(reason) from error
    if not right:
        reason = "wrong result"
        raise Unfit(reason)


def check_refusals(code: Code, space: dict[str, Any], refused: dict[str, str]) -> None:
    """Raise `Unfit` if the decoder accepts any of the `refused` tokens."""
    for what, token in refused.items():
        good = space["token"]
        space["token"] = token
        try:
            eval(code.expression, space)
        except Exception:  # noqa: BLE001  (every library has error classes of its own)
            continue
        finally:
            space["token"] = good
        reason = f"accepts {what}"
        raise Unfit(reason)


def calibrate(timer: Timer, batch_seconds: float) -> int:
    """Return the number of calls that takes about `batch_seconds`."""
    calls = 1
    while True:
        seconds = timer.timeit(calls)
        if seconds >= batch_seconds / 4:
            return max(1, round(calls * batch_seconds / seconds))
        calls *= 4


def interleave(entries: list[Entry], rounds: int) -> None:
    """Take one sample of every entry per round; each round starts with a different one."""
    for number in range(rounds):
        gc.collect()
        start = number % len(entries)
        for entry in entries[start:] + entries[:start]:
            entry.samples.append(entry.timer.timeit(entry.batch) / entry.batch)


def summary(entry: Entry, operations: int) -> Timing:
    """Return the entry's median and quartiles per operation."""
    low, middle, high = (
        seconds * 1e6 / operations for seconds in quantiles(entry.samples, n=4, method="inclusive")
    )
    return Timing(
        contestant=entry.contestant.name,
        median_us=round(middle, 4),
        q1_us=round(low, 4),
        q3_us=round(high, 4),
    )


def run_case(
    name: str,
    operation: str,
    contestants: Iterable[Contestant],
    names: dict[str, Any],
    effort: Effort,
    operations: int = 1,
) -> Case:
    """Check every contestant, time the correct ones, and return both kinds.

    `operations` is the number of tokens that one call handles.
    """
    entries: list[Entry] = []
    failures: list[Failure] = []
    refused = unacceptable_tokens(names["alg"]) if operation == "decode" else {}
    for contestant in contestants:
        code = contestant.code(operation)
        if code is None or sys.version_info < contestant.minimum_python:
            continue
        try:
            space = prepare(contestant, code, names)
            check(code, space)
            if contestant.kind == "library" and operations == 1:
                check_refusals(code, space, refused)
        except Unfit as reason:
            failures.append(Failure(contestant=contestant.name, reason=str(reason)))
            continue
        timer = Timer(code.expression, globals=space)
        entries.append(Entry(contestant, timer, calibrate(timer, effort.batch_seconds), []))
    if entries:
        interleave(entries, effort.rounds)
    timings = [summary(entry, operations) for entry in entries]
    return Case(name=name, timings=timings, failures=failures)
