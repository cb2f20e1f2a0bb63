"""Keys of an issuer's past, each with the time in which it was valid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .exceptions import PyJWKSetError
from .key_set import KeySet, SkippedKey, read_jwks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._rapidjwt import Key

#: The members of a JWK that say when its key is valid.
TIMES = ("nbf", "exp", "revoked")


class HistoricalKey(NamedTuple):
    """A key and the times that its JWK states, in seconds since the epoch; None if it does not.

    It is valid from `nbf` on, and before `exp` and `revoked_at`.
    """

    key: Key
    nbf: float | None = None
    exp: float | None = None
    revoked_at: float | None = None

    def to_jwk(self) -> dict[str, Any]:
        """Return the public JWK with the times.

        Raises InvalidKeyError for a shared secret, which has none.
        """
        revoked = None if self.revoked_at is None else {"revoked_at": self.revoked_at}
        times = dict(zip(TIMES, (self.nbf, self.exp, revoked), strict=True))
        stated = {name: value for name, value in times.items() if value is not None}
        return self.key.to_jwk() | stated


class HistoricalKeys:
    """Keys that are each valid for a time, as an issuer publishes those of its past.

    The format is that of OpenID Federation 1.0 Section 8.7.2: a JWK Set whose keys may have `nbf`,
    `exp` and `revoked`, an object with `revoked_at`, all in seconds since the epoch. `iat` is not a
    bound. A key without these members is valid forever.

    It can be the `key` of a `Verifier`, which then verifies each token as if the keys that are not
    valid at its time did not exist: now for `decode`, `at` for `rapidjwt.arrow.verify`. Its
    `leeway` is for the times of tokens, not for those of keys.

    Members that cannot be used are left out and listed in `unusable`. The set is immutable;
    iterating over it yields the `HistoricalKey` objects in order.
    """

    __slots__ = ("_keys", "_unusable")

    def __init__(self, jwks: Mapping[str, Any] | str | bytes) -> None:
        """Read a JWK Set from a dictionary or its JSON text.

        Raises PyJWKSetError if it is not a JWK Set, has no keys, or none that can be used, and for
        times that are not numbers.
        """
        members = read_jwks(jwks)
        usable = KeySet(members)
        left_out = {skipped.source for skipped in usable.skipped}
        used = (member for number, member in enumerate(members) if number not in left_out)
        self._keys = tuple(
            HistoricalKey(entry.key, *_times(member))
            for entry, member in zip(usable, used, strict=True)
        )
        self._unusable = usable.skipped

    # Not `skipped`, as in a `KeySet`: what takes those may not know the times.
    @property
    def unusable(self) -> tuple[SkippedKey, ...]:
        """The members that were left out, in order."""
        return self._unusable

    def __iter__(self) -> Iterator[HistoricalKey]:
        """Iterate over the keys."""
        return iter(self._keys)

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._keys)

    def __repr__(self) -> str:
        """Return a text with the type and ID of each key."""
        keys = ", ".join(f"{one.key.kty} {one.key.kid!r}" for one in self._keys)
        return f"<HistoricalKeys {keys}>"


def _times(member: Any) -> tuple[float | None, float | None, float | None]:
    """Return `nbf`, `exp` and `revoked_at` of a JWK."""
    jwk: Mapping[str, Any] = member if isinstance(member, Mapping) else {}
    kid = jwk.get("kid")
    revoked = jwk.get("revoked")
    if revoked is None:
        revoked_at = None
    elif isinstance(revoked, Mapping) and revoked.get("revoked_at") is not None:
        revoked_at = _time(kid, "revoked_at", revoked["revoked_at"])
    else:
        raise PyJWKSetError(f'"revoked" of the key {kid!r} must be an object with "revoked_at"')
    return _time(kid, "nbf", jwk.get("nbf")), _time(kid, "exp", jwk.get("exp")), revoked_at


def _time(kid: Any, name: str, value: Any) -> float | None:
    if value is None:
        return None
    # The bound is that of integers which every float can tell apart; NaN is beyond it.
    if type(value) not in (int, float) or not abs(value) < 1 << 53:
        raise PyJWKSetError(
            f'"{name}" of the key {kid!r} must be a number of seconds since the epoch'
        )
    seconds: float = value
    return seconds
