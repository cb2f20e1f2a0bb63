"""A decoding thread beside a busy pure-Python thread, as in a web worker with one busy request.

A library that releases the interpreter lock around every verification must get it back each time,
which takes a whole switch interval (5 ms).
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from statistics import median
from timeit import Timer
from typing import TYPE_CHECKING

from fixtures import CLAIMS, namespace
from results import BusyThread
from timing import Unfit, calibrate, check, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from peers import Contestant

ALGORITHM = "RS256"
# Never releases the lock voluntarily: its share is the fair one under this machine's scheduler.
CONTROL = "plain Python loop"
CONTROL_STATEMENT = "for _ in range(1000): pass"
BATCH_SECONDS = 0.002


@contextmanager
def busy_thread() -> Iterator[None]:
    """Keep one thread computing in pure Python for the length of the block."""
    stop = threading.Event()

    def count() -> None:
        number = 0
        while not stop.is_set():
            for _ in range(1000):
                number += 1

    thread = threading.Thread(target=count, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def throughput(timer: Timer, batch: int, seconds: float) -> float:
    """Return the calls per second over a window of about `seconds`."""
    calls = 0
    start = time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds:
        timer.timeit(batch)
        calls += batch
    return calls / elapsed


def measure_busy_thread(
    contestants: list[Contestant], windows: int, seconds: float
) -> list[BusyThread]:
    """Return medians over `windows` alternating windows of `seconds` each, the control first."""
    timers = {CONTROL: Timer(CONTROL_STATEMENT)}
    names = namespace(ALGORITHM, CLAIMS)
    for contestant in contestants:
        code = contestant.decode
        if code is None:
            continue
        try:
            space = prepare(contestant, code, names)
            check(code, space)
        except Unfit:
            continue
        timers[contestant.name] = Timer(code.expression, globals=space)
    return [share(name, timer, windows, seconds) for name, timer in timers.items()]


def share(name: str, timer: Timer, windows: int, seconds: float) -> BusyThread:
    """Return one contestant's throughput alone and beside a busy thread."""
    batch = calibrate(timer, BATCH_SECONDS)
    alone: list[float] = []
    beside: list[float] = []
    for _ in range(windows):
        alone.append(throughput(timer, batch, seconds))
        with busy_thread():
            beside.append(throughput(timer, batch, seconds))
    return BusyThread(
        contestant=name,
        alone_per_second=round(median(alone)),
        beside_per_second=round(median(beside)),
    )
