"""Bearer tokens in Starlette: `claims = await JWTBearer(verifier)(request)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, overload

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from .bearer import (
    AnyVerifier,
    BearerError,
    ClaimsT,
    challenge,
    checked_verifier,
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
    """Returns the claims of a request's bearer token, or refuses it as in RFC 6750 Section 3."""

    #: What a refusal raises. That of a framework built on Starlette may be a subclass.
    _exception: type[HTTPException] = HTTPException

    @overload
    def __init__(
        self,
        verifier: AnyVerifier[ClaimsT],
        *,
        scopes: str | Iterable[str] = ...,
        realm: str = ...,
        claims: None = ...,
    ) -> None: ...

    @overload
    def __init__(
        self,
        verifier: AnyVerifier[dict[str, Any]],
        *,
        scopes: str | Iterable[str] = ...,
        realm: str = ...,
        claims: Callable[[dict[str, Any]], ClaimsT],
    ) -> None: ...

    # For `JWTBearer[MyClaims](verifier)` with a verifier of dicts.
    @overload
    def __init__(
        self,
        verifier: AnyVerifier[dict[str, Any]],
        *,
        scopes: str | Iterable[str] = ...,
        realm: str = ...,
        claims: None = ...,
    ) -> None: ...

    def __init__(
        self,
        verifier: AnyVerifier[Any],
        *,
        scopes: str | Iterable[str] = (),
        realm: str = "api",
        claims: Callable[[Any], ClaimsT] | None = None,
    ) -> None:
        """Set a verifier, with `decode` or `decode_async`, and the scopes that every request needs.

        All `scopes` are required. `claims` converts the verified claims to the result (a model, a
        dataclass), and raises ValueError, TypeError or LookupError to refuse them. Raises
        ValueError for a realm or a scope that a header cannot contain.
        """
        challenge(realm)
        self._verifier = checked_verifier(verifier)
        self._scopes = required_scopes(scopes)
        self._realm = realm
        self._convert = claims

    async def __call__(self, request: HTTPConnection, scopes: str | Iterable[str] = ()) -> ClaimsT:
        """Return the claims of a request or WebSocket; `scopes` are required in addition.

        Raises ValueError for anything that is not a scope.

        Raises HTTPException: 400 for a malformed header, 401 without a valid token, 403 if it
        lacks a scope, 503 if the keys to verify it are not available.
        """
        authorization = request.headers.getlist("Authorization")
        needed = [*self._scopes, *required_scopes(scopes)]
        try:
            claims = await verify_async(self._verifier, authorization, run_in_threadpool)
            require_scopes(claims, needed)
            return converted(claims, self._convert)
        except BearerError as error:
            raise self._exception(
                error.status, error.description, error.headers(self._realm)
            ) from error
