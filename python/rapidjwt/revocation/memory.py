"""A list of revoked tokens in the memory of one process."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from rapidjwt._fork import ForkAware

from .entries import Entries, Entry, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping


#: Seconds by which the clocks of servers may differ.
CLOCK_SKEW = 60


class RevocationList(ForkAware):
    """Revoked tokens of one issuer, in this process; shared by its threads and tasks.

    It is for programs of one process, and for tests: `RedisRevocationList` has the same methods.
    """

    def __init__(self, max_lifetime: float) -> None:
        """Set how many seconds a token can be accepted after its `iat`, with leeway.

        That is how long entries are kept: then the tokens that they name have expired.
        """
        if not max_lifetime > 0:
            raise ValueError(
                "max_lifetime must be above 0: the longest life of a token, in seconds"
            )
        self._kept_for = max_lifetime
        self._entries = Entries()
        self._lock = threading.Lock()
        super().__init__()

    def __len__(self) -> int:
        """Return the number of entries in memory."""
        return len(self._entries)

    def revoke_token(self, jti: str) -> None:
        """Revoke the token with this ID."""
        self._revoke(Kind.TOKEN, jti, None)

    def revoke_subject(self, sub: str, *, before: float | None = None) -> None:
        """Revoke all tokens of a subject that were issued before a Unix time: now, by default.

        Tokens without an `iat` are revoked too. An `iat` in whole seconds is that of the second's
        beginning: give tokens that are issued in the same second an exact one.
        """
        self._revoke(Kind.SUBJECT, sub, before)

    def revoke_session(self, sid: str, *, before: float | None = None) -> None:
        """Revoke all tokens of a session, as `revoke_subject` does."""
        self._revoke(Kind.SESSION, sid, before)

    def revoke_key(self, kid: str) -> None:
        """Revoke all tokens whose header names this key, and those that name none.

        Remove the key from verifiers too: this is for those that have it a while longer.
        """
        self._revoke(Kind.KEY, kid, None)

    def check(self, claims: Mapping[str, Any], header: Mapping[str, Any]) -> None:
        """Raise RevokedTokenError if a token with these verified claims is revoked."""
        if self._entries.next_end <= time.time():
            self._remove_ended()
        self._entries.check(claims, header)

    async def check_async(self, claims: Mapping[str, Any], header: Mapping[str, Any]) -> None:
        """Do what `check` does without blocking the event loop."""
        self.check(claims, header)

    def _revoke(self, kind: Kind, value: str, before: float | None) -> None:
        if not isinstance(value, str) or not value:
            raise TypeError(f"{kind.value} must be a string that is not empty")
        now = time.time()
        if before is not None and not before <= now + CLOCK_SKEW:
            raise ValueError("before is in the future: tokens that do not exist cannot be revoked")
        self._add(Entry(kind, value, now if before is None else before))

    def _add(self, entry: Entry) -> None:
        self._store(entry, time.time())

    def _store(self, entry: Entry, made: float) -> None:
        """Add an entry that was made at a Unix time."""
        with self._lock:
            self._entries.add(entry, max(made, entry.before) + self._kept_for)

    def _remove_ended(self) -> None:
        with self._lock:
            self._entries.remove_ended(time.time())

    def _after_fork(self) -> None:
        # A thread of the parent may have held the lock when the process forked.
        self._lock = threading.Lock()
