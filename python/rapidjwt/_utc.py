"""A NumericDate (RFC 7519 Section 2) as a datetime, and that as text."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def utc(seconds: float) -> datetime:
    """Return the time in UTC; raises OverflowError or ValueError outside of the years 1 to 9999.

    `datetime.fromtimestamp` asks the system, whose times end in 2038 on some 32-bit machines.
    """
    return _EPOCH + timedelta(seconds=seconds)


def rfc3339(moment: datetime) -> str:
    """Return a time in UTC, in whole seconds, as text with a Z (RFC 3339 Section 5.6)."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
