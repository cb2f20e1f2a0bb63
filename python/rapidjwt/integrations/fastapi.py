"""Bearer tokens in FastAPI: `Depends(JWTBearer(verifier))`. See docs/guides/fastapi.md."""

# FastAPI reads the annotations of `JWTBearer.__call__`, so they must not become strings.
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from copy import copy
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from fastapi import HTTPException
from fastapi.security import APIKeyCookie, APIKeyQuery, HTTPBearer, SecurityScopes
from fastapi.security.base import SecurityBase
from fastapi.security.http import HTTPBase
from starlette.requests import HTTPConnection

from rapidjwt import Verifier

from . import starlette
from .answers import PROBLEM_JSON
from .bearer import AnyVerifier, ClaimsT, UntypedVerifier
from .guard import Guard
from .sources import Cookie, Query
from .starlette import PROBLEM_DETAILS, REFUSALS, jwks_response, metadata_response

if TYPE_CHECKING:
    from starlette.websockets import WebSocket
    from typing_extensions import Unpack

    from .guard import Arguments

GivenT = TypeVar("GivenT")

__all__ = [
    "PROBLEM_DETAILS",
    "PROBLEM_RESPONSES",
    "REFUSALS",
    "RESPONSES",
    "JWTBearer",
    "Refused",
    "jwks_response",
    "metadata_response",
]


_DESCRIPTIONS = {
    400: "The Authorization header is malformed",
    401: "There is no valid bearer token",
    403: "The token does not grant the required scopes",
    503: "Tokens cannot currently be verified",
}


def _responses(media_type: str, *members: str) -> dict[int | str, dict[str, Any]]:
    properties = {name: {"type": "integer" if name == "status" else "string"} for name in members}
    content = {media_type: {"schema": {"type": "object", "properties": properties}}}
    return {
        status: {"description": text, "content": content} for status, text in _DESCRIPTIONS.items()
    }


#: The answers to requests that a `JWTBearer` refuses, for OpenAPI: pass them as `responses` to a
#: route, an `APIRouter` or the app.
RESPONSES = _responses("application/json", "detail")

#: The same for an app with `PROBLEM_DETAILS`.
PROBLEM_RESPONSES = _responses(PROBLEM_JSON, "type", "title", "status", "detail", "code")


def _scheme(guard: Guard[Any]) -> SecurityBase:
    """Return the security scheme that describes where a client puts the token."""
    first = guard.sources[0]
    if isinstance(first, Cookie):
        return APIKeyCookie(name=first.name)
    if isinstance(first, Query):
        return APIKeyQuery(name=first.name)
    if "Bearer" not in guard.answers.possession.schemes:
        return HTTPBase(scheme="dpop")
    return HTTPBearer(bearerFormat="JWT")


class Refused(starlette.Refused, HTTPException):
    """The same as FastAPI's class: its handlers would not see Starlette's, its base class."""


class _Bearer(starlette.JWTBearer[ClaimsT]):
    _exception = Refused


class JWTBearer(SecurityBase, Generic[ClaimsT]):
    """A dependency that returns the claims of a request's bearer token.

    In OpenAPI it is a security scheme of type `http` and scheme `bearer` (`dpop` if proofs are
    required), unless another is given.
    """

    @overload
    def __init__(
        self,
        verifier: Verifier[ClaimsT],
        *,
        claims: None = ...,
        optional: Literal[False] = ...,
        scheme: SecurityBase | None = ...,
        scheme_name: str = ...,
        description: str | None = ...,
        **arguments: "Unpack[Arguments]",
    ) -> None: ...

    @overload
    def __init__(
        self: "JWTBearer[GivenT | None]",
        verifier: Verifier[GivenT],
        *,
        claims: None = ...,
        optional: bool,
        scheme: SecurityBase | None = ...,
        scheme_name: str = ...,
        description: str | None = ...,
        **arguments: "Unpack[Arguments]",
    ) -> None: ...

    @overload
    def __init__(
        self,
        verifier: UntypedVerifier,
        *,
        claims: Callable[[dict[str, Any]], ClaimsT],
        optional: Literal[False] = ...,
        scheme: SecurityBase | None = ...,
        scheme_name: str = ...,
        description: str | None = ...,
        **arguments: "Unpack[Arguments]",
    ) -> None: ...

    @overload
    def __init__(
        self: "JWTBearer[GivenT | None]",
        verifier: UntypedVerifier,
        *,
        claims: Callable[[dict[str, Any]], GivenT],
        optional: bool,
        scheme: SecurityBase | None = ...,
        scheme_name: str = ...,
        description: str | None = ...,
        **arguments: "Unpack[Arguments]",
    ) -> None: ...

    # For `JWTBearer[MyClaims](verifier)` with a verifier of dicts.
    @overload
    def __init__(
        self,
        verifier: UntypedVerifier,
        *,
        claims: None = ...,
        optional: Literal[False] = ...,
        scheme: SecurityBase | None = ...,
        scheme_name: str = ...,
        description: str | None = ...,
        **arguments: "Unpack[Arguments]",
    ) -> None: ...

    @overload
    def __init__(
        self: "JWTBearer[dict[str, Any] | None]",
        verifier: UntypedVerifier,
        *,
        claims: None = ...,
        optional: bool,
        scheme: SecurityBase | None = ...,
        scheme_name: str = ...,
        description: str | None = ...,
        **arguments: "Unpack[Arguments]",
    ) -> None: ...

    def __init__(
        self,
        verifier: AnyVerifier,
        *,
        claims: Callable[[dict[str, Any]], Any] | None = None,
        optional: bool = False,
        scheme: SecurityBase | None = None,
        scheme_name: str = "JWTBearer",
        description: str | None = None,
        **arguments: "Unpack[Arguments]",
    ) -> None:
        """Create the dependency with the arguments of `rapidjwt.integrations.starlette.JWTBearer`.

        `scheme`, `scheme_name` and `description` are for OpenAPI. `scheme` is an object of
        `fastapi.security` that says where clients get tokens: `OpenIdConnect`,
        `OAuth2PasswordBearer`, `OAuth2AuthorizationCodeBearer`. Only its description is used.
        """
        if scheme is not None and not isinstance(scheme, SecurityBase):
            raise TypeError(
                "scheme must be a security scheme of fastapi.security, such as "
                f"OpenIdConnect(openIdConnectUrl=...), not {type(scheme).__name__}"
            )
        self._bearer: _Bearer[ClaimsT] = _Bearer(
            verifier, claims=claims, optional=optional, **arguments
        )
        self.model = copy((scheme or _scheme(self._bearer.guard)).model)
        self.model.description = description or self.model.description
        self.scheme_name = scheme_name

    async def __call__(self, request: HTTPConnection, security_scopes: SecurityScopes) -> ClaimsT:
        """Return the claims of a request; `Security(..., scopes=[...])` adds required scopes.

        Raises Refused, an HTTPException of FastAPI, where
        `rapidjwt.integrations.starlette.JWTBearer` raises one of Starlette.
        """
        return await self._bearer(request, security_scopes.scopes)

    def accepted(
        self, socket: "WebSocket", scopes: str | Iterable[str] = ()
    ) -> AbstractAsyncContextManager[ClaimsT]:
        """Accept a WebSocket with a valid token, and close it when the token expires.

        See `rapidjwt.integrations.starlette.JWTBearer.accepted`.
        """
        return self._bearer.accepted(socket, scopes)
