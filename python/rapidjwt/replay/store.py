"""What a store of seen tokens does, and calling one of either kind."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol, TypeAlias


class ReplayStore(Protocol):
    """Remembers which tokens were seen; safe to share between threads."""

    def seen_before(self, issuer: str, jti: str, until: float, /) -> bool:
        """Remember a token until a Unix time; return whether it was remembered already.

        Of several calls at once for one token, exactly one returns False. Raises
        StoreUnavailableError if the store cannot tell.
        """
        ...


class AsyncReplayStore(Protocol):
    """The same for asyncio."""

    async def seen_before_async(self, issuer: str, jti: str, until: float, /) -> bool:
        """Remember a token until a Unix time; return whether it was remembered already."""
        ...


AnyReplayStore: TypeAlias = ReplayStore | AsyncReplayStore


def checked_store(store: Any) -> AnyReplayStore:
    """Return the store; raise TypeError for an object that is not one."""
    names = ("seen_before", "seen_before_async")
    if isinstance(store, type) or not any(callable(getattr(store, name, None)) for name in names):
        raise TypeError(
            "Expected a replay store, such as MemoryReplayStore(), got "
            f"{store.__name__ if isinstance(store, type) else type(store).__name__}"
        )
    found: AnyReplayStore = store
    return found


def seen_before(store: Any, issuer: str, jti: str, until: float) -> bool:
    """Ask a store of either kind; raise TypeError if it can be asked in coroutines only."""
    method = getattr(store, "seen_before", None)
    if method is None:
        raise TypeError("This replay store is for asyncio: await the asynchronous method instead")
    seen: bool = method(issuer, jti, until)
    return seen


async def seen_before_async(store: Any, issuer: str, jti: str, until: float) -> bool:
    """Ask a store of either kind without blocking the event loop."""
    method = getattr(store, "seen_before_async", None)
    if method is None:
        return await asyncio.to_thread(store.seen_before, issuer, jti, until)
    seen: bool = await method(issuer, jti, until)
    return seen
