"""A store of seen tokens in the memory of one process."""

from __future__ import annotations

import math
import threading
import time

from rapidjwt._fork import ForkAware
from rapidjwt.exceptions import StoreUnavailableError


class MemoryReplayStore(ForkAware):
    """Remembers tokens in this process, for all of its threads and tasks.

    It is for programs of one process: another process, or this one after a restart, does not know
    what was seen here. An entry counts until the moment of its end, and is then removed.
    """

    def __init__(self, max_entries: int = 100_000) -> None:
        """Set the maximum number of entries, each of which takes about 300 bytes.

        A full store refuses new tokens with StoreUnavailableError, because an entry that made room
        for another would let its token in again.
        """
        if max_entries < 1:
            raise ValueError("max_entries must be above 0")
        self._max_entries = max_entries
        self._until: dict[str, float] = {}
        #: The entries that have ended at the beginning of a second.
        self._ended_at: dict[int, list[str]] = {}
        self._next_removal = 0
        self._lock = threading.Lock()
        super().__init__()

    def __len__(self) -> int:
        """Return the number of entries in memory."""
        return len(self._until)

    def seen_before(self, issuer: str, jti: str, until: float, /) -> bool:
        """Remember a token until a Unix time; return whether it was remembered already.

        Returns True also if that time has passed. Raises StoreUnavailableError if the store is
        full.
        """
        token = f"{issuer}\0{jti}"
        now = time.time()
        with self._lock:
            if now >= self._next_removal:
                self._remove_ended(now)
            if self._until.get(token, now) > now or until <= now:
                return True
            if len(self._until) >= self._max_entries:
                raise StoreUnavailableError(
                    f"The replay store is full ({self._max_entries} entries): raise max_entries, "
                    "or shorten the lifetime of tokens"
                )
            self._until[token] = until
            self._ended_at.setdefault(math.ceil(until), []).append(token)
            return False

    async def seen_before_async(self, issuer: str, jti: str, until: float, /) -> bool:
        """Do what `seen_before` does, which never waits."""
        return self.seen_before(issuer, jti, until)

    def _remove_ended(self, now: float) -> None:
        """Remove what has ended, once in a second."""
        self._next_removal = int(now) + 1
        for second in [second for second in self._ended_at if second <= now]:
            for token in self._ended_at.pop(second):
                if self._until.get(token, math.inf) <= now:  # otherwise it was used again since
                    del self._until[token]

    def _after_fork(self) -> None:
        # A thread of the parent may have held the lock when the process forked.
        self._lock = threading.Lock()
