"""Many tokens at once in coroutines, in threads that verify a chunk each."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, Any

from rapidjwt._rapidjwt import CHUNK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from typing import TypeVar

    ResultT = TypeVar("ResultT")


async def decode_many_async(
    decode_many: Callable[[Iterator[Any]], Iterator[ResultT]],
    tokens: Iterator[str | bytes],
) -> AsyncIterator[ResultT]:
    """Yield the results of `decode_many`, which is called in a thread for each chunk of tokens."""
    while chunk := list(islice(tokens, CHUNK)):
        for result in await asyncio.to_thread(_all, decode_many, chunk):
            yield result


def _all(
    decode_many: Callable[[Iterator[Any]], Iterator[ResultT]],
    chunk: list[str | bytes],
) -> list[ResultT]:
    return list(decode_many(iter(chunk)))
