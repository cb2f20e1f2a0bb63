"""The entries of a list of revoked tokens, and the rule for a token. It knows no clock."""

from __future__ import annotations

from collections import deque
from enum import Enum
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from rapidjwt.exceptions import RevokedTokenError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(Enum):
    """What an entry names: the claim of a token, or the key ID of its header."""

    TOKEN = "jti"  # noqa: S105 - the name of a claim
    SUBJECT = "sub"
    SESSION = "sid"
    KEY = "kid"


class Entry(NamedTuple):
    """One revocation: all tokens of this kind and value that were issued before a time."""

    kind: Kind
    value: str
    before: float


class Entries:
    """Entries, all of which are kept for the same time. The caller holds a lock to change them."""

    def __init__(self) -> None:
        """Start without entries."""
        self._tokens: dict[str, float] = {}
        self._subjects: dict[str, float] = {}
        self._sessions: dict[str, float] = {}
        self._keys: dict[str, float] = {}
        self._named = {
            Kind.TOKEN: self._tokens,
            Kind.SUBJECT: self._subjects,
            Kind.SESSION: self._sessions,
            Kind.KEY: self._keys,
        }
        self._end_of: dict[tuple[Kind, str], float] = {}
        self._ends: deque[tuple[float, Kind, str]] = deque()
        #: The time when the oldest entry ends.
        self.next_end = inf

    def __len__(self) -> int:
        """Return the number of tokens, subjects, sessions and keys."""
        return len(self._end_of)

    def add(self, entry: Entry, end: float) -> None:
        """Add an entry that ends at a time; of several that name the same, the last ones count."""
        kind, value, before = entry
        named = self._named[kind]
        named[value] = max(before, named.get(value, before))
        if end > self._end_of.get((kind, value), 0):
            self._end_of[kind, value] = end
            self._ends.append((end, kind, value))
            self.next_end = self._ends[0][0]

    def remove_ended(self, now: float) -> None:
        """Remove the entries that have ended, unless a later one names the same."""
        while self.next_end <= now:
            end, kind, value = self._ends.popleft()
            if self._end_of[kind, value] == end:
                del self._end_of[kind, value], self._named[kind][value]
            self.next_end = self._ends[0][0] if self._ends else inf

    def check(self, claims: Mapping[str, Any], header: Mapping[str, Any]) -> None:
        """Raise RevokedTokenError for a token that an entry names.

        Almost without calls of functions, because it runs for every token. Each dict is asked once,
        because another thread may remove entries.
        """
        if self._tokens:
            jti = claims.get("jti")
            if isinstance(jti, str) and jti in self._tokens:
                raise RevokedTokenError("The token is revoked")
        if self._subjects:
            sub = claims.get("sub")
            if isinstance(sub, str):
                _check_time(claims, self._subjects.get(sub))
        if self._sessions:
            sid = claims.get("sid")
            if isinstance(sid, str):
                _check_time(claims, self._sessions.get(sid))
        if self._keys:
            # Who has stolen a key can leave its ID out.
            kid = header.get("kid")
            if not isinstance(kid, str) or kid in self._keys:
                raise RevokedTokenError("The key of the token is revoked")


def _check_time(claims: Mapping[str, Any], before: float | None) -> None:
    """Raise RevokedTokenError for a token from before this time, or from an unknown time."""
    if before is None:
        return
    issued_at = claims.get("iat")
    if not isinstance(issued_at, (int, float)) or not issued_at >= before:
        raise RevokedTokenError("The token was issued before its subject or session was revoked")
