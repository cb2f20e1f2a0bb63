"""The state of a key ring in Redis or Valkey, for the processes of several machines.

It needs the extra `rapidjwt[redis]`. See docs/guides/key-rotation.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapidjwt._redis import RedisError, checked_client, unavailable

if TYPE_CHECKING:
    import redis

__all__ = ["RedisStore"]

#: Compares and replaces in one step; the empty string stands for no state.
_REPLACE = """
if (redis.call("GET", KEYS[1]) or "") ~= ARGV[1] then return 0 end
redis.call("SET", KEYS[1], ARGV[2])
return 1
"""


class RedisStore:
    """Holds the state of a key ring in one key of Redis, which must keep its data (persistence).

    The client may be one of a cluster.
    """

    def __init__(
        self, client: redis.Redis | redis.RedisCluster, *, name: str = "rapidjwt:keyring"
    ) -> None:
        """Take a client of redis-py with a `socket_timeout`, and the name of the key.

        Raises TypeError and ValueError for another client.
        """
        self._client = checked_client(client, is_async=False)
        self._name = name

    def load(self) -> bytes | None:
        """Return the state, or None if there is none yet.

        Raises StoreUnavailableError if Redis does not answer in time, or with an error.
        """
        try:
            found: bytes | str | None = self._client.get(self._name)
        except RedisError as error:
            raise unavailable(error) from error
        return found.encode() if isinstance(found, str) else found

    def replace(self, old: bytes | None, new: bytes, /) -> bool:
        """Store `new` if the state is still `old`, by one script, and return whether it was.

        Raises StoreUnavailableError as `load` does. Redis may have stored it even so.
        """
        try:
            return bool(self._client.eval(_REPLACE, 1, self._name, old or b"", new))
        except RedisError as error:
            raise unavailable(error) from error
