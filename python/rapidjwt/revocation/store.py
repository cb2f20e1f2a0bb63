"""What a list of revoked tokens does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping


class Revocation(Protocol):
    """Tells which tokens are revoked; safe to share between threads."""

    def check(self, claims: Mapping[str, Any], header: Mapping[str, Any], /) -> None:
        """Raise RevokedTokenError if a token with these verified claims is revoked.

        Raises StoreUnavailableError if the list cannot tell.
        """
        ...

    def check_async(
        self, claims: Mapping[str, Any], header: Mapping[str, Any], /
    ) -> Coroutine[Any, Any, None]:
        """Return a coroutine that does the same: `async def`."""
        ...


def checked_revocation(revocation: Any) -> Revocation:
    """Return the list; raise TypeError for an object that is not one."""
    methods = [getattr(revocation, name, None) for name in ("check", "check_async")]
    if isinstance(revocation, type) or not all(map(callable, methods)):
        raise TypeError(
            "revocation must be a list of rapidjwt.revocation, got "
            f"{revocation.__name__ if isinstance(revocation, type) else type(revocation).__name__}"
        )
    found: Revocation = revocation
    return found
