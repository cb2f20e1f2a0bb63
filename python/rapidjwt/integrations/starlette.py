"""Bearer tokens in Starlette: `claims = await JWTBearer(verifier)(request)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from .bearer import (
    AnyVerifier,
    BearerError,
    ClaimsT,
    challenge,
    converted,
    require_scopes,
    required_scopes,
    verify_async,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starlette.requests import HTTPConnection

__all__ = ["JWTBearer"]


class JWTBearer(Generic[ClaimsT]):
    """Gives the claims of a request's bearer token, or refuses as RFC 6750 Section 3 says."""

    def __init__(
        self,
        verifier: AnyVerifier,
        *,
        scopes: str | Iterable[str] = (),
        realm: str = "api",
        claims: Callable[[dict[str, Any]], ClaimsT] | None = None,
    ) -> None:
        """Take a verifier, with `decode` or `decode_async`, and what every request must have.

        `scopes` are all needed; `claims` makes of the verified claims what is given (a model, a
        dataclass), and refuses them with a ValueError, TypeError or LookupError. Raises ValueError
        for a realm or a scope that no header can hold.
        """
        challenge(realm)
        self._verifier = verifier
        self._scopes = required_scopes(scopes)
        self._realm = realm
        self._convert = claims

    async def __call__(self, request: HTTPConnection, scopes: Iterable[str] = ()) -> ClaimsT:
        """Give the claims of a request or WebSocket that has all scopes, these too.

        Raises HTTPException: 400 for a malformed header, 401 without a valid token, 403 when it
        lacks a scope, 503 when the keys to verify it with cannot be had.
        """
        authorization = request.headers.getlist("Authorization")
        try:
            claims = await verify_async(self._verifier, authorization, run_in_threadpool)
            require_scopes(claims, [*self._scopes, *scopes])
            return converted(claims, self._convert)
        except BearerError as error:
            raise HTTPException(
                error.status, error.description, error.headers(self._realm)
            ) from error
