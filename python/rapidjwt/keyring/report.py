"""The keys of a ring as lines of text, for the commands that rotate it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rapidjwt._utc import rfc3339, utc

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .state import RingKey


def lines(keys: Iterable[RingKey]) -> list[str]:
    """Return a line for each key: what it is, its ID, and until or from when."""
    now = time.time()
    return [f"{key.status(now):8} {key.kid}  {_when(key, now)}" for key in keys]


def _when(key: RingKey, now: float) -> str:
    if key.retired_at is None or key.withdrawn_at is None or key.retired_at > now:
        return f"signs from {rfc3339(utc(key.signs_from))}"
    return f"published until {rfc3339(utc(key.withdrawn_at))}"
