"""A list of revoked tokens in Redis or Valkey, with a copy in each process.

It needs the extra `rapidjwt[redis]`. See docs/guides/revocation.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from rapidjwt._redis import RedisError, checked_client, unavailable
from rapidjwt.exceptions import StoreUnavailableError

from .entries import Entry, Kind
from .memory import CLOCK_SKEW, RevocationList

if TYPE_CHECKING:
    from collections.abc import Mapping

    import redis

__all__ = ["RedisRevocationList"]

#: Entries that are read at once.
_PAGE = 10_000
_FIRST = "-"


class RedisRevocationList(RevocationList):
    """Revoked tokens of one issuer, for all processes of a service.

    Redis has them in a stream, of which each process keeps a copy that a thread refreshes. A
    verification looks at the copy alone.
    """

    def __init__(
        self,
        client: redis.Redis | redis.RedisCluster,
        max_lifetime: float,
        *,
        name: str = "rapidjwt:revoked",
        refresh: float = 1,
        max_staleness: float = 10,
    ) -> None:
        """Take a client of redis-py with a `socket_timeout`; raise ValueError for wrong times.

        Arguments:
            client: it is used by threads, also in programs of asyncio.
            max_lifetime: as for `RevocationList`.
            name: the name of the stream, one for each issuer.
            refresh: the seconds between two refreshes of the copy.
            max_staleness: the age in seconds at which the copy is not used any more: tokens are
                then refused with StoreUnavailableError. `math.inf` accepts any age.

        """
        super().__init__(max_lifetime)
        self._kept_for += CLOCK_SKEW
        if not 0 < refresh < max_staleness:
            raise ValueError("refresh must be above 0 and below max_staleness")
        self._client = checked_client(client, is_async=False)
        self._name = name
        self._interval, self._max_staleness = refresh, max_staleness
        self._forget_refreshes()

    def _forget_refreshes(self) -> None:
        self._refreshing = threading.Lock()
        self._last_read = _FIRST
        self._thread: threading.Thread | None = None
        self._is_current_at = -math.inf
        self._usable_until = -math.inf
        self._next_attempt = -math.inf

    def staleness(self) -> float:
        """Return the age of the copy in seconds: what was revoked before that is in it."""
        return time.monotonic() - self._is_current_at

    def check(self, claims: Mapping[str, Any], header: Mapping[str, Any]) -> None:
        """Raise RevokedTokenError if a token with these verified claims is revoked.

        Raises StoreUnavailableError if the copy is too old and Redis does not answer.
        """
        if time.monotonic() > self._usable_until:
            self._catch_up()
        self._entries.check(claims, header)

    async def check_async(self, claims: Mapping[str, Any], header: Mapping[str, Any]) -> None:
        """Do what `check` does without blocking the event loop."""
        if time.monotonic() > self._usable_until:
            await asyncio.to_thread(self._catch_up)
        self._entries.check(claims, header)

    def refresh(self) -> None:
        """Read what is new in Redis; raise StoreUnavailableError if it does not answer.

        A thread does this every `refresh` seconds from the first verification on.
        """
        with self._refreshing:
            self._refresh()

    def _catch_up(self) -> None:
        """Refresh a copy that is too old, unless that has failed a moment ago."""
        with self._refreshing:
            if self._thread is None:
                self._thread = _start(self)
            if time.monotonic() <= self._usable_until:
                return
            if time.monotonic() < self._next_attempt:
                raise StoreUnavailableError("The list of revoked tokens is too old")
            self._refresh()

    def _refresh(self) -> None:
        asked_at = time.monotonic()
        try:
            self._read_new()
        except (RedisError, ValueError) as error:
            raise unavailable(error) from error
        finally:
            self._next_attempt = time.monotonic() + self._interval
        self._is_current_at = asked_at
        self._usable_until = asked_at + self._max_staleness
        self._remove_ended()

    def _read_new(self) -> None:
        """Read from the last entry on, or all if that one is gone: Redis may have lost others."""
        found = self._page(self._last_read)
        if self._last_read != _FIRST and (not found or found[0][0] != self._last_read):
            self._last_read = _FIRST
            found = self._page(_FIRST)
        while found:
            for number, entry in found:
                self._store(entry, _time_of(number))
            is_last = self._last_read == found[-1][0]
            self._last_read = found[-1][0]
            found = [] if is_last or len(found) < _PAGE else self._page(self._last_read)

    def _page(self, first: str) -> list[tuple[str, Entry]]:
        page = self._client.xrange(self._name, min=first, count=_PAGE)
        return [(_text(number), _entry(fields)) for number, fields in page]

    def _add(self, entry: Entry) -> None:
        """Write an entry, and remove those that have ended, by one command."""
        oldest = int((time.time() - self._kept_for) * 1000)
        fields = {entry.kind.value: f"{entry.before!r} {entry.value}"}
        try:
            number = self._client.xadd(self._name, fields, minid=oldest)
        except RedisError as error:
            raise unavailable(error) from error
        self._store(entry, _time_of(_text(number)))

    def _after_fork(self) -> None:
        super()._after_fork()
        self._forget_refreshes()


def _start(revoked: RedisRevocationList) -> threading.Thread:
    """Start a thread that refreshes a list for as long as somebody else has it."""
    thread = threading.Thread(
        target=_refresh_forever,
        args=(weakref.ref(revoked), revoked._interval),  # noqa: SLF001 - of this module
        name="rapidjwt-revocation",
        daemon=True,
    )
    thread.start()
    return thread


def _refresh_forever(reference: weakref.ref[RedisRevocationList], interval: float) -> None:
    while True:
        time.sleep(interval)
        revoked = reference()
        if revoked is None:
            return
        # `check` notices that the copy gets old. While another thread closes the client, redis-py
        # raises other exceptions than its own.
        with contextlib.suppress(Exception):
            revoked.refresh()
        del revoked


def _entry(fields: Mapping[Any, Any]) -> Entry:
    """Read an entry, one field; raise ValueError for what another program wrote."""
    ((kind, content),) = fields.items()
    before, _, value = _text(content).partition(" ")
    return Entry(Kind(_text(kind)), value, float(before))


def _time_of(number: str) -> float:
    """Return the Unix time in an ID of a stream: milliseconds, a dash, a number."""
    return int(number.partition("-")[0]) / 1000


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
