"""Stores of seen tokens in Redis or Valkey, for all processes of a service.

They need the extra `rapidjwt[redis]`. See docs/guides/one-time-tokens.md.
"""

from __future__ import annotations

import math
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from rapidjwt._redis import RedisError, checked_client, unavailable

if TYPE_CHECKING:
    import redis
    import redis.asyncio

__all__ = ["AsyncRedisReplayStore", "RedisReplayStore"]

#: Seconds that an entry stays after its token has ended, for servers whose clocks are behind.
_CLOCK_SKEW = 60


class _Entries:
    """The keys of a store, and the one command that decides: SET with NX and PX."""

    def __init__(self, client: Any, prefix: str, *, is_async: bool) -> None:
        self._client = checked_client(client, is_async=is_async)
        self._prefix = prefix

    def _set(self, issuer: str, jti: str, milliseconds: int) -> Any:
        """Return what the client returns: true if there was no entry, None if there was."""
        token = f"{len(issuer)}:{issuer}{jti}".encode(errors="surrogatepass")
        name = urlsafe_b64encode(sha256(token).digest()).rstrip(b"=").decode()
        return self._client.set(self._prefix + name, b"", nx=True, px=milliseconds)


class RedisReplayStore(_Entries):
    """Remembers tokens in Redis, asked by a client for threads.

    Each token is one key that Redis removes by itself. The client may be one of a cluster.
    """

    def __init__(
        self, client: redis.Redis | redis.RedisCluster, *, prefix: str = "rapidjwt:replay:"
    ) -> None:
        """Take a client of redis-py with a `socket_timeout`, and what names of keys begin with.

        Raises TypeError and ValueError for another client.
        """
        super().__init__(client, prefix, is_async=False)

    def seen_before(self, issuer: str, jti: str, until: float, /) -> bool:
        """Remember a token until a Unix time; return whether it was remembered already.

        Returns True also if that time has passed. Raises StoreUnavailableError if Redis does not
        answer in time, or with an error.
        """
        left = until - time.time()
        try:
            return left <= 0 or not self._set(issuer, jti, _milliseconds(left))
        except RedisError as error:
            raise unavailable(error) from error


class AsyncRedisReplayStore(_Entries):
    """Remembers tokens in Redis, asked by a client for asyncio."""

    def __init__(
        self,
        client: redis.asyncio.Redis | redis.asyncio.RedisCluster,
        *,
        prefix: str = "rapidjwt:replay:",
    ) -> None:
        """Take a client of redis.asyncio; arguments are those of `RedisReplayStore`."""
        super().__init__(client, prefix, is_async=True)

    async def seen_before_async(self, issuer: str, jti: str, until: float, /) -> bool:
        """Do what `RedisReplayStore.seen_before` does without blocking the event loop."""
        left = until - time.time()
        try:
            return left <= 0 or not await self._set(issuer, jti, _milliseconds(left))
        except RedisError as error:
            raise unavailable(error) from error


def _milliseconds(left: float) -> int:
    return math.ceil((left + _CLOCK_SKEW) * 1000)
