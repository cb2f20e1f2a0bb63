"""Many tokens at once in coroutines, in threads that verify a chunk each."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, Any

from rapidjwt._rapidjwt import CHUNK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from .exceptions import PyJWTError


async def decode_many_async(
    decode_many: Callable[[Iterator[Any]], Iterator[dict[str, Any] | PyJWTError]],
    tokens: Iterator[str | bytes],
) -> AsyncIterator[dict[str, Any] | PyJWTError]:
    """Yield the results of `decode_many`, which is called in a thread for each chunk of tokens."""
    while chunk := list(islice(tokens, CHUNK)):
        for result in await asyncio.to_thread(_all, decode_many, chunk):
            yield result


def _all(
    decode_many: Callable[[Iterator[Any]], Iterator[dict[str, Any] | PyJWTError]],
    chunk: list[str | bytes],
) -> list[dict[str, Any] | PyJWTError]:
    return list(decode_many(iter(chunk)))
