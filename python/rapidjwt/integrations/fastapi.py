"""Bearer tokens in FastAPI: `Depends(JWTBearer(verifier))`. See docs/guides/fastapi.md."""

# FastAPI reads the annotations of `JWTBearer.__call__`, so they must not become strings.
from collections.abc import Callable, Iterable
from copy import copy
from typing import Any, Generic, overload

from fastapi import HTTPException
from fastapi.openapi.models import HTTPBearer
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from . import starlette
from .bearer import AnyVerifier, ClaimsT

__all__ = ["RESPONSES", "JWTBearer"]


def _described(description: str) -> dict[str, Any]:
    detail = {"type": "object", "properties": {"detail": {"type": "string"}}}
    return {"description": description, "content": {"application/json": {"schema": detail}}}


#: The answers to requests that a `JWTBearer` refuses, for OpenAPI: pass them as `responses` to a
#: route, an `APIRouter` or the app.
RESPONSES: dict[int | str, dict[str, Any]] = {
    400: _described("The Authorization header is malformed"),
    401: _described("There is no valid bearer token"),
    403: _described("The token does not grant the required scopes"),
    503: _described("Tokens cannot currently be verified"),
}


class _Bearer(starlette.JWTBearer[ClaimsT]):
    # Handlers that an app registers for FastAPI's class would not see Starlette's, its base class.
    _exception = HTTPException


class JWTBearer(SecurityBase, Generic[ClaimsT]):
    """A dependency that returns the claims of a request's bearer token.

    In OpenAPI it is a security scheme of type `http` and scheme `bearer`, unless another is given.
    """

    @overload
    def __init__(
        self,
        verifier: AnyVerifier[ClaimsT],
        *,
        scopes: str | Iterable[str] = ...,
        realm: str = ...,
        claims: None = ...,
        scheme: SecurityBase | None = ...,
        scheme_name: str = ...,
        description: str | None = ...,
    ) -> None: ...

    @overload
    def __init__(
        self,
        verifier: AnyVerifier[dict[str, Any]],
        *,
        scopes: str | Iterable[str] = ...,
        realm: str = ...,
        claims: Callable[[dict[str, Any]], ClaimsT],
        scheme: SecurityBase | None = ...,
        scheme_name: str = ...,
        description: str | None = ...,
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
        scheme: SecurityBase | None = ...,
        scheme_name: str = ...,
        description: str | None = ...,
    ) -> None: ...

    def __init__(
        self,
        verifier: AnyVerifier[Any],
        *,
        scopes: str | Iterable[str] = (),
        realm: str = "api",
        claims: Callable[[Any], ClaimsT] | None = None,
        scheme: SecurityBase | None = None,
        scheme_name: str = "JWTBearer",
        description: str | None = None,
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
            verifier, scopes=scopes, realm=realm, claims=claims
        )
        model = HTTPBearer(bearerFormat="JWT") if scheme is None else scheme.model
        self.model = copy(model)
        self.model.description = description or model.description
        self.scheme_name = scheme_name

    async def __call__(self, request: HTTPConnection, security_scopes: SecurityScopes) -> ClaimsT:
        """Return the claims of a request; `Security(..., scopes=[...])` adds required scopes.

        Raises FastAPI's HTTPException where `rapidjwt.integrations.starlette.JWTBearer` raises
        Starlette's.
        """
        return await self._bearer(request, security_scopes.scopes)
