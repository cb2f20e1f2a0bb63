"""A signer whose key is always the current one of a ring."""

from __future__ import annotations

import asyncio
import calendar
import time
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from rapidjwt._fork import ForkAware
from rapidjwt._rapidjwt import Signer

if TYPE_CHECKING:
    from rapidjwt._rapidjwt import _ClaimsObject
    from rapidjwt.profiles import Profile

    from .ring import KeyRing, _Copy
    from .state import RingKey

__all__ = ["RingSigner"]


class _Prepared(NamedTuple):
    """A signer of the current key, and from when to when it may be used, by both clocks.

    It ends earlier if the ring has another copy of the state.
    """

    signer: Signer
    copy: _Copy
    begins: float
    ends: float
    monotonic_end: float
    longest: float

    def serves(self, copy: _Copy | None) -> bool:
        is_in_time = self.begins <= time.time() < self.ends
        return is_in_time and time.monotonic() < self.monotonic_end and copy is self.copy


class RingSigner(ForkAware):
    """Signs claims as a `Signer` does, with the key of a ring that is current at each call.

    `KeyRing.signer` makes it. It is safe to share between threads.
    """

    def __init__(self, ring: KeyRing, arguments: dict[str, Any]) -> None:
        """Take the ring, and the arguments of `Signer` but its key."""
        super().__init__()
        self._ring = ring
        self._arguments = arguments
        self._prepared: _Prepared | None = None

    @property
    def algorithm(self) -> str:
        """The `alg` of the current key."""
        return self._ready().signer.algorithm

    @property
    def key_id(self) -> str | None:
        """The `kid` of the current key."""
        return self._ready().signer.key_id

    @property
    def issuer(self) -> str | None:
        """The `iss` of claims that have none, or None."""
        return self._ready().signer.issuer

    @property
    def audience(self) -> str | tuple[str, ...] | None:
        """The `aud` of claims that have none: a str, a tuple of several, or None."""
        return self._ready().signer.audience

    @property
    def lifetime(self) -> int | None:
        """The seconds from `iat` to the `exp` of claims that have none."""
        return self._ready().signer.lifetime

    @property
    def profile(self) -> Profile | None:
        """The profile, or None."""
        return self._ready().signer.profile

    def encode(self, claims: Mapping[str, Any] | _ClaimsObject) -> str:
        """Sign claims, with the missing ones filled in, and return the token.

        Raises what `Signer.encode` raises; `ValueError` for claims with an `exp` or `iat` with
        which the token could outlive its key; what `KeyRing.key_set` raises; what opening the key
        raises.
        """
        prepared = self._ready()
        _refuse_long_life(claims, prepared.longest)
        return prepared.signer.encode(claims)

    async def encode_async(self, claims: Mapping[str, Any] | _ClaimsObject) -> str:
        """Do what `encode` does without blocking the event loop; see `Signer.encode_async`."""
        prepared = self._usable()
        if prepared is None:
            prepared = await asyncio.to_thread(self._prepare)
        _refuse_long_life(claims, prepared.longest)
        return await prepared.signer.encode_async(claims)

    def _ready(self) -> _Prepared:
        return self._usable() or self._prepare()

    def _usable(self) -> _Prepared | None:
        """Return what was prepared, unless its time has passed."""
        prepared, copy = self._prepared, self._ring._copy  # noqa: SLF001 - ours
        return prepared if prepared is not None and prepared.serves(copy) else None

    def _prepare(self) -> _Prepared:
        now = time.time()
        copy = self._ring._fresh()  # noqa: SLF001 - ours
        schedule = copy.state.schedule
        self._prepared = _Prepared(
            self._with_key(copy.state.current(now), schedule.token_lifetime),
            copy,
            begins=now,
            ends=min(copy.wall + schedule.reading_interval, copy.state.next_switch(now)),
            monotonic_end=copy.monotonic + schedule.reading_interval,
            longest=schedule.token_lifetime,
        )
        return self._prepared

    def _with_key(self, key: RingKey, longest: float) -> Signer:
        arguments: dict[str, Any] = self._arguments | {
            "headers": {**(self._arguments["headers"] or {}), "kid": key.kid}
        }
        if arguments["lifetime"] is None:
            arguments["lifetime"] = longest
        opened = self._ring._opened(key)  # noqa: SLF001 - ours
        signer = Signer(opened, key.public.alg, **arguments)
        if (signer.lifetime or 0) > longest:
            raise ValueError(
                f"lifetime is above the token_lifetime of the ring, {longest:g} seconds"
            )
        return signer

    def _after_fork(self) -> None:
        self._prepared = None


def _refuse_long_life(claims: Any, longest: float) -> None:
    """Raise ValueError for a token whose key might be withdrawn before the token ends."""
    end, start = _time(claims, "exp"), _time(claims, "iat")
    now = time.time()
    if end is not None:
        if end > now + longest:
            raise ValueError(
                f"exp is further ahead than the token_lifetime of the ring, {longest:g} s"
            )
    elif start is not None and start > now:
        raise ValueError("iat is in the future, and exp would be too far ahead")


def _time(claims: Any, name: str) -> float | None:
    """Return the time of a claim; `Signer` handles other values."""
    value = claims.get(name) if isinstance(claims, Mapping) else getattr(claims, name, None)
    if isinstance(value, datetime):
        return calendar.timegm(value.utctimetuple())
    return value if isinstance(value, (int, float)) else None
