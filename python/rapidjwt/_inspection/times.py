"""Formatting of a token's times for people."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rapidjwt._utc import rfc3339, utc

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

#: The smallest number of seconds shown in a unit, the seconds in that unit, and its name.
_UNITS = (
    (2 * 365 * 86400, 365 * 86400, "years"),
    (2 * 86400, 86400, "days"),
    (3600, 3600, "h"),
    (60, 60, "min"),
    (0, 1, "s"),
)

#: The claims that are times (RFC 7519 Sections 4.1.4 to 4.1.6), and the words for each: for a time
#: in the past and for one in the future.
_SAYINGS = {
    "iat": ("issued {} ago", "issued in {}"),
    "nbf": ("valid since {} ago", "valid in {}"),
    "exp": ("expired {} ago", "expires in {}"),
}
NAMES = tuple(_SAYINGS)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time claim: `words` are like "expires in 4 min", `utc` and `local` are ISO 8601."""

    words: str
    utc: str
    local: str


def now() -> float:
    """Return the current time in seconds, as in claims."""
    return time.time()


def is_number(value: Any) -> bool:
    """Return whether a JSON value is a NumericDate (RFC 7519 Section 2); true and false are not."""
    is_numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_numeric and (isinstance(value, int) or math.isfinite(value))


def moments(claims: Mapping[str, Any]) -> dict[str, Moment]:
    """Return the times of a token that are numbers and within the years 1 to 9999."""
    found = {name: _moment(name, claims[name]) for name in NAMES if is_number(claims.get(name))}
    return {name: moment for name, moment in found.items() if moment is not None}


def _moment(name: str, seconds: float) -> Moment | None:
    try:
        moment = utc(seconds)
    except (OverflowError, ValueError):
        return None
    left = seconds - now()
    words = _SAYINGS[name][left > 0].format(duration(abs(left)))
    return Moment(words, rfc3339(moment), _local(moment).isoformat(timespec="seconds"))


def _local(moment: datetime) -> datetime:
    """Return the time in this machine's zone, or as it is if the machine cannot tell."""
    try:
        return moment.astimezone()
    except (OverflowError, OSError, ValueError):
        return moment


def duration(seconds: float) -> str:
    """Return a length of time in its largest unit, rounded down: 299 seconds are "4 min"."""
    _, size, unit = next(row for row in _UNITS if seconds >= row[0])
    return f"{int(seconds // size)} {unit}"
