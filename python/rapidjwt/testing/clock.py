"""A clock that stands still until a test moves it."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

__all__ = ["FakeClock"]


class FakeClock:
    """Replaces `time.time` and `time.time_ns`, which rapidjwt reads, in a with block.

    In contrast to freezegun and time-machine, it leaves `datetime.now()` and the timers of event
    loops alone; use one of those for code that reads the time otherwise.
    """

    def __init__(self, now: datetime | float | None = None) -> None:
        """Set the time, in seconds since the epoch or as a datetime with a time zone."""
        self._nanoseconds = time.time_ns() if now is None else _nanoseconds(now)
        self._replaced: list[tuple[Callable[[], float], Callable[[], int]]] = []

    def __enter__(self) -> Self:
        """Stop the time of this process."""
        self._replaced.append((time.time, time.time_ns))
        time.time, time.time_ns = lambda: self.now, lambda: self._nanoseconds
        return self

    def __exit__(self, *_error: object) -> None:
        """Restore the clock that was there before."""
        time.time, time.time_ns = self._replaced.pop()

    @property
    def now(self) -> float:
        """The time, in seconds since the epoch."""
        return self._nanoseconds / 1e9

    def tick(self, seconds: float | timedelta = 1) -> None:
        """Move the time forward by this much, or backward if it is negative."""
        if isinstance(seconds, timedelta):
            seconds = seconds.total_seconds()
        self._nanoseconds += round(seconds * 1e9)

    def move_to(self, now: datetime | float) -> None:
        """Set the time; raise ValueError for a datetime without a time zone."""
        self._nanoseconds = _nanoseconds(now)


def _nanoseconds(now: datetime | float) -> int:
    if isinstance(now, datetime):
        if now.tzinfo is None:
            raise ValueError("A clock needs a datetime with a time zone, such as timezone.utc")
        now = now.timestamp()
    return round(now * 1e9)
