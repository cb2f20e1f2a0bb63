"""The keys of a ring and their times, as data: without a clock, a store or a secret.

All times are Unix times, and all lengths of time are seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from rapidjwt.exceptions import KeyRingError

if TYPE_CHECKING:
    from rapidjwt import Key


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How often keys rotate, and what verifiers need for that. All values are in seconds.

    A key is published `max_age + max_staleness + leeway` before it signs, and stays published for
    `token_lifetime + leeway` after it has signed for the last time.

    Arguments:
        every: how long each key signs.
        token_lifetime: the longest lifetime of a token.
        max_age: how long verifiers may keep the JWK Set: the `max-age` that it is published with,
            or more for verifiers that keep it longer. A `JWKSClient` keeps it for 60 seconds at
            least, unless its policy says otherwise.
        max_staleness: how old the copy of the state may be that a process signs and publishes with.
            It is read again four times as often.
        leeway: the difference of clocks, and what requests take.

    Raises `ValueError` for values that are negative or not finite, for a `token_lifetime` below 1,
    for a `max_staleness` of 0, and if `every` leaves no time to publish the next key.

    """

    every: float = 30 * 86400
    token_lifetime: float = 3600
    max_age: float = 300
    max_staleness: float = 60
    leeway: float = 60

    def __post_init__(self) -> None:
        """Check the values."""
        for each in fields(self):
            value = getattr(self, each.name)
            if not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
                raise ValueError(f"{each.name} must be a number of seconds, 0 or more")
        if self.token_lifetime < 1 or not self.max_staleness:
            raise ValueError("token_lifetime must be at least 1, and max_staleness above 0")
        if self.every < self.overlap:
            raise ValueError(
                "every must be at least max_age + max_staleness + leeway, "
                f"{self.overlap:g}: the next key is published for that long before it signs"
            )

    @property
    def overlap(self) -> float:
        """How long a key is published before it signs."""
        return self.max_age + self.max_staleness + self.leeway

    @property
    def retention(self) -> float:
        """How long a key is published after it has been retired.

        Every process then knows the next key: it was published for longer than `max_staleness`.
        """
        return self.token_lifetime + self.leeway

    @property
    def reading_interval(self) -> float:
        """How often a process reads the state."""
        return self.max_staleness / 4


@dataclass(frozen=True, kw_only=True)
class RingKey:
    """A key of a ring, and its times. `public` is its public `Key`.

    `retired_at` and `withdrawn_at` are None as long as there is no next key.
    """

    public: Key
    #: The encrypted private key, or the name of a remote one.
    held: str = field(repr=False)
    is_remote: bool
    published_at: float
    signs_from: float
    retired_at: float | None = None
    withdrawn_at: float | None = None

    @property
    def kid(self) -> str:
        """The key ID of its tokens."""
        return self.public.kid or ""

    def status(self, now: float) -> str:
        """Return what the key is at a Unix time: "next", "current" or "retired"."""
        if self.signs_from > now:
            return "next"
        return "current" if self.retired_at is None or self.retired_at > now else "retired"

    def is_published(self, now: float) -> bool:
        """Return whether its tokens may still be valid, or will be."""
        return self.withdrawn_at is None or now < self.withdrawn_at


@dataclass(frozen=True)
class State:
    """The keys of a ring, in the order in which they sign: each one retires when the next signs."""

    schedule: Schedule
    keys: tuple[RingKey, ...] = ()

    def current(self, now: float) -> RingKey:
        """Return the key that signs; before the first one's time, by a wrong clock, the first."""
        if not self.keys:
            raise KeyRingError("The key ring has no keys yet: call its method rotate() first")
        return next((key for key in reversed(self.keys) if key.signs_from <= now), self.keys[0])

    def next_switch(self, now: float) -> float:
        """Return when another key than the current one signs."""
        return min((key.signs_from for key in self.keys if key.signs_from > now), default=math.inf)

    def is_due(self, now: float) -> bool:
        """Return whether the next key must be published."""
        return now >= self.due_at()

    def due_at(self) -> float:
        """Return when the next key must be published."""
        if not self.keys:
            return -math.inf
        return self.keys[-1].signs_from + self.schedule.every - self.schedule.overlap

    def has_next(self, now: float) -> bool:
        """Return whether a key is published that does not sign yet."""
        return bool(self.keys) and self.keys[-1].signs_from > now

    def with_key(self, key: RingKey, now: float, *, at_once: bool = False) -> State:
        """Add a key, which signs when verifiers know it, or at once. The others get their ends."""
        signs_from = now
        if self.keys and not at_once:
            newest = self.keys[-1].signs_from
            regular = newest + self.schedule.every if self.is_due(now) else now
            signs_from = max(regular, now + self.schedule.overlap)
        added = replace(key, published_at=now, signs_from=signs_from)
        earlier = tuple(self._retired(each, signs_from) for each in self.keys)
        return replace(self, keys=(*earlier, added))

    def _retired(self, key: RingKey, when: float) -> RingKey:
        if key.retired_at is not None:
            return key
        return replace(key, retired_at=when, withdrawn_at=when + self.schedule.retention)

    def without_old(self, now: float) -> State:
        """Remove the keys that are no longer published."""
        return replace(self, keys=tuple(key for key in self.keys if key.is_published(now)))

    def without(self, kid: str, now: float) -> State:
        """Remove a key at once; a key that waits for its turn takes the place of the current one.

        If there is none, the state needs a new key that signs at once: see `has_current`.
        """
        position = next((at for at, key in enumerate(self.keys) if key.kid == kid), None)
        if position is None:
            raise KeyRingError("The key ring has no key with this kid")
        earlier, later = self.keys[:position], self.keys[position + 1 :]
        was_current = self.keys[position] is self.current(now)
        if was_current and later:
            later = (replace(later[0], signs_from=now), *later[1:])
        elif not was_current and not later:
            earlier = (*earlier[:-1], replace(earlier[-1], retired_at=None, withdrawn_at=None))
        return replace(self, keys=earlier + later)

    def has_current(self) -> bool:
        """Return whether a key signs, or will, that has not been retired."""
        return bool(self.keys) and self.keys[-1].retired_at is None

    def rescheduled(self, wanted: Schedule, now: float) -> State:
        """Change the schedule as far as that is possible before the next key is published.

        Verifiers have JWK Sets and tokens of the old one, so that only longer times apply at once.
        """
        old = self.schedule
        lengths = {
            name: max(getattr(old, name), getattr(wanted, name))
            for name in ("token_lifetime", "max_age", "max_staleness", "leeway")
        }
        overlap = lengths["max_age"] + lengths["max_staleness"] + lengths["leeway"]
        schedule = Schedule(every=max(wanted.every, overlap), **lengths)
        keys = tuple(_extended(key, schedule.retention, now) for key in self.keys)
        return State(schedule, keys)


def _extended(key: RingKey, retention: float, now: float) -> RingKey:
    """Keep a key longer that still signs: its tokens may live longer from now on."""
    if key.retired_at is None or key.withdrawn_at is None or key.retired_at <= now:
        return key
    return replace(key, withdrawn_at=max(key.withdrawn_at, key.retired_at + retention))
