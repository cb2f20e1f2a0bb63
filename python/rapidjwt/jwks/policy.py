"""When to fetch keys again: pure arithmetic, without a clock, a network or a thread."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshPolicy:
    """How long fetched keys may be used, and how often they may be fetched. Times are in seconds.

    Keys live as long as the provider's Cache-Control says, but at least `min_lifetime` and at most
    `max_lifetime`; without Cache-Control, `default_lifetime`. They are refreshed at a random time
    in the last part of their lifetime, of which `jitter` is the fraction, so that many processes do
    not send requests at once.

    When the provider is down they serve `stale_limit` longer, and the waits between attempts
    double from `backoff_min` to `backoff_max`. A provider that asks for a longer wait by
    `Retry-After` gets it, up to `backoff_max`.

    An unknown `kid` causes a fetch unless one was started in the last `cooldown`.

    Raises ValueError for values that are negative, not finite, or out of order.
    """

    min_lifetime: float = 60
    max_lifetime: float = 6 * 3600
    default_lifetime: float = 600
    jitter: float = 0.25
    stale_limit: float = 4 * 3600
    cooldown: float = 30
    backoff_min: float = 1
    backoff_max: float = 300

    def __post_init__(self) -> None:
        """Check the values."""
        for field in fields(self):
            value = getattr(self, field.name)
            if not math.isfinite(value) or value < 0:
                raise ValueError(f"{field.name} must be finite and not negative, not {value}")
        if self.min_lifetime > self.max_lifetime:
            raise ValueError("min_lifetime must not be above max_lifetime")
        if self.backoff_min > self.backoff_max:
            raise ValueError("backoff_min must not be above backoff_max")
        if self.jitter > 1:
            raise ValueError(f"jitter is a part of the lifetime, at most 1, not {self.jitter}")

    def lifetime(self, offered: float | None) -> float:
        """Return the lifetime of keys for which the provider offers this time, or None."""
        wanted = self.default_lifetime if offered is None else offered
        return min(max(wanted, self.min_lifetime), self.max_lifetime)


class RefreshSchedule:
    """The policy applied to one client: it depends on past fetches and their times.

    Every `now` is a time in seconds of one clock that never goes backwards; `random` returns
    numbers from 0 up to 1.
    """

    def __init__(self, policy: RefreshPolicy, random: Callable[[], float]) -> None:
        """Start without keys, so that a fetch is due."""
        self._policy = policy
        self._random = random
        self._lifetime = 0.0
        self._refresh_at = -math.inf
        self._expires_at = -math.inf
        self._started_at = self._started_before = -math.inf
        self._failures = 0
        self._retry_at = -math.inf
        self._retry_without_keys_at = -math.inf
        self._asked_to_wait_until = -math.inf

    def is_expired(self, now: float) -> bool:
        """Return whether the keys are older than their lifetime."""
        return now >= self._expires_at

    def is_usable(self, now: float) -> bool:
        """Return whether the keys may still be used, stale or not."""
        return now < self._expires_at + self._policy.stale_limit

    def is_due(self, now: float) -> bool:
        """Return whether keys that may be used should be refreshed in the background."""
        return now >= self._refresh_at and now >= self._retry_at

    def may_fetch_without_keys(self, now: float) -> bool:
        """Return whether a caller may fetch when there are no keys."""
        return now >= self._retry_without_keys_at

    def may_fetch_for_unknown_kid(self, now: float) -> bool:
        """Whether an unknown `kid` may cause a fetch."""
        return now >= max(self._started_at + self._policy.cooldown, self._asked_to_wait_until)

    def started(self, now: float) -> None:
        """Record that a fetch starts."""
        self._started_before, self._started_at = self._started_at, now

    def cancelled(self) -> None:
        """Record that the fetch was abandoned: it counts as if it had not started."""
        self._started_at = self._started_before

    def succeeded(self, offered_lifetime: float | None) -> None:
        """Record that the fetch returned keys, and the lifetime that was offered, or None."""
        self._failures = 0
        self._retry_at = self._retry_without_keys_at = self._asked_to_wait_until = -math.inf
        self._lifetime = self._policy.lifetime(offered_lifetime)
        # From the start, not the end: the response shows the state at some time in between.
        self._expires_at = self._started_at + self._lifetime
        self.spread()

    def failed(self, now: float, retry_after: float | None = None) -> None:
        """Record that the fetch failed, and the wait in seconds that the provider asks for."""
        policy = self._policy
        doublings = min(self._failures, 64)  # a float overflows beyond 1023
        self._failures += 1
        ceiling = min(policy.backoff_min * 2.0**doublings, policy.backoff_max)
        delay = ceiling * (1 + self._random()) / 2
        self._asked_to_wait_until = now + min(retry_after or 0.0, policy.backoff_max)
        # Added, so that the processes which were all told the same time do not all come at once.
        self._retry_at = self._asked_to_wait_until + delay
        # Callers wait for these keys: no longer without an attempt than for an unknown kid.
        patience = now + min(delay, policy.cooldown)
        self._retry_without_keys_at = max(patience, self._asked_to_wait_until)

    def spread(self) -> None:
        """Choose the time of the next refresh (again, in the child of a fork)."""
        ahead = self._lifetime * self._policy.jitter * self._random()
        self._refresh_at = self._expires_at - ahead
