"""What the headers of an HTTP answer say about times, as far as a JWK Set needs it."""

from __future__ import annotations

from email.utils import mktime_tz, parsedate_tz
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def freshness_lifetime(headers: Mapping[str, str]) -> float | None:
    """Return the seconds for which a response stays fresh from now, or None if it does not say.

    That is `max-age` of Cache-Control minus Age (RFC 9111 Sections 4.2.3 and 5.2.2.1), and 0 for
    `no-store`, `no-cache` and a `max-age` that is not a number (RFC 9111 Section 4.2.1: such
    responses should be considered stale). The names in `headers` are in lower case.
    """
    directives = _directives(headers.get("cache-control", ""))
    if "no-store" in directives or "no-cache" in directives:
        return 0.0
    max_age = directives.get("max-age")
    if max_age is None:
        return None
    return max(0.0, _seconds(max_age) - _seconds(headers.get("age", "0")))


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return for how many seconds a provider asks not to be asked again, or None.

    `Retry-After` is seconds or a date (RFC 9110 Section 10.2.3). A date is compared with the
    provider's own clock if the answer tells its time, else with `now`, in seconds since 1970.
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return _seconds(value)
    moment = _moment(value)
    if moment is None:
        return None
    sent = _moment(headers.get("date", ""))
    return max(0.0, moment - (now if sent is None else sent))


def _moment(date: str) -> float | None:
    """Read an HTTP-date (RFC 9110 Section 5.6.7); None if it is not one."""
    try:
        parsed = parsedate_tz(date)
        return None if parsed is None else mktime_tz(parsed)
    except (ValueError, OverflowError):
        return None


def _directives(cache_control: str) -> dict[str, str]:
    directives: dict[str, str] = {}
    for part in cache_control.split(","):
        name, _, value = part.partition("=")
        # If a directive occurs twice, the first one counts (RFC 9111 Section 4.2.1).
        directives.setdefault(name.strip().lower(), value.strip().strip('"'))
    return directives


def _seconds(text: str) -> float:
    """Read delta-seconds (RFC 9111 Section 1.2.2); anything else counts as 0."""
    text = text.strip()
    return float(text[:20]) if text.isascii() and text.isdigit() else 0.0
