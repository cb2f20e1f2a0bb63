"""Bearer tokens in FastAPI: `Depends(JWTBearer(verifier))`. See docs/guides/fastapi.md."""

# FastAPI reads the annotations of `JWTBearer.__call__`, so they must not become strings.
from collections.abc import Callable, Iterable
from copy import copy
from typing import Any, Generic, overload

from fastapi import HTTPException
from fastapi.openapi.models import HTTPBase, HTTPBearer
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from rapidjwt import Verifier
from rapidjwt.dpop import DPoPVerifier
from rapidjwt.mtls import ClientCertificates

from . import starlette
from .answers import PROBLEM_JSON
from .bearer import AnyVerifier, ClaimsT, UntypedVerifier
from .starlette import PROBLEM_DETAILS, jwks_response

__all__ = [
    "PROBLEM_DETAILS",
    "PROBLEM_RESPONSES",
    "RESPONSES",
    "JWTBearer",
    "Refused",
    "jwks_response",
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
        scopes: str | Iterable[str] = ...,
        realm: str = ...,
        claims: None = ...,
        on_result: Callable[[str], object] | None = ...,
        dpop: DPoPVerifier | None = ...,
        certificates: ClientCertificates | None = ...,
        scheme: SecurityBase | None = ...,
        scheme_name: str = ...,
        description: str | None = ...,
    ) -> None: ...

    @overload
    def __init__(
        self,
        verifier: UntypedVerifier,
        *,
        scopes: str | Iterable[str] = ...,
        realm: str = ...,
        claims: Callable[[dict[str, Any]], ClaimsT],
        on_result: Callable[[str], object] | None = ...,
        dpop: DPoPVerifier | None = ...,
        certificates: ClientCertificates | None = ...,
        scheme: SecurityBase | None = ...,
        scheme_name: str = ...,
        description: str | None = ...,
    ) -> None: ...

    # For `JWTBearer[MyClaims](verifier)` with a verifier of dicts.
    @overload
    def __init__(
        self,
        verifier: UntypedVerifier,
        *,
        scopes: str | Iterable[str] = ...,
        realm: str = ...,
        claims: None = ...,
        on_result: Callable[[str], object] | None = ...,
        dpop: DPoPVerifier | None = ...,
        certificates: ClientCertificates | None = ...,
        scheme: SecurityBase | None = ...,
        scheme_name: str = ...,
        description: str | None = ...,
    ) -> None: ...

    def __init__(
        self,
        verifier: AnyVerifier,
        *,
        scopes: str | Iterable[str] = (),
        realm: str = "api",
        claims: Callable[[dict[str, Any]], ClaimsT] | None = None,
        on_result: Callable[[str], object] | None = None,
        dpop: DPoPVerifier | None = None,
        certificates: ClientCertificates | None = None,
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
            verifier,
            scopes=scopes,
            realm=realm,
            claims=claims,
            on_result=on_result,
            dpop=dpop,
            certificates=certificates,
        )
        if scheme is not None:
            self.model = copy(scheme.model)
        elif dpop is not None and dpop.required:
            self.model = HTTPBase(scheme="dpop")
        else:
            self.model = HTTPBearer(bearerFormat="JWT")
        self.model.description = description or self.model.description
        self.scheme_name = scheme_name

    async def __call__(self, request: HTTPConnection, security_scopes: SecurityScopes) -> ClaimsT:
        """Return the claims of a request; `Security(..., scopes=[...])` adds required scopes.

        Raises Refused, an HTTPException of FastAPI, where
        `rapidjwt.integrations.starlette.JWTBearer` raises one of Starlette.
        """
        return await self._bearer(request, security_scopes.scopes)
