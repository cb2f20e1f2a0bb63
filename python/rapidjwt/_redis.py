"""What the stores in Redis have in common: their clients, and what their errors mean."""

from __future__ import annotations

import inspect
from typing import Any

from .exceptions import StoreUnavailableError

try:
    from redis.exceptions import RedisError
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "Stores in Redis need redis-py (pip install 'rapidjwt[redis]')", name=error.name
    ) from error

__all__ = ["RedisError", "checked_client", "unavailable"]


def checked_client(client: Any, *, is_async: bool) -> Any:
    """Return a client of redis-py; raise TypeError or ValueError for one that cannot be used.

    Without a timeout, a request would wait for as long as Redis does not answer.
    """
    if isinstance(client, type) or not callable(getattr(client, "set", None)):
        raise TypeError(f"Expected a client of redis-py, got {type(client).__name__}")
    if inspect.iscoroutinefunction(getattr(client, "aclose", None)) != is_async:
        kind = "redis.asyncio.Redis" if is_async else "redis.Redis"
        raise TypeError(f"Expected a client such as {kind}(...): the other kind has another class")
    pool = getattr(client, "connection_pool", None)
    arguments = client.get_connection_kwargs() if pool is None else pool.connection_kwargs
    if arguments.get("socket_timeout", 0) is None:
        raise ValueError("The client needs a timeout, for example Redis(..., socket_timeout=0.5)")
    return client


def unavailable(error: Exception) -> StoreUnavailableError:
    """Return the error for one of redis-py, whose text may have an address."""
    return StoreUnavailableError(f"Redis cannot be asked: {type(error).__name__}")
