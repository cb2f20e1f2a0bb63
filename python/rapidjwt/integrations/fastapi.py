"""Bearer tokens in FastAPI: `Depends(JWTBearer(verifier))`. See docs/guides/fastapi.md."""

# FastAPI reads the annotations of `JWTBearer.__call__`, so they must not become strings.
from collections.abc import Callable, Iterable
from typing import Any, Generic

from fastapi.openapi.models import HTTPBearer
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from . import starlette
from .bearer import AnyVerifier, ClaimsT

__all__ = ["JWTBearer"]


class JWTBearer(SecurityBase, Generic[ClaimsT]):
    """A dependency that returns the claims of a request's bearer token.

    In OpenAPI it is a security scheme of type `http` and scheme `bearer`.
    """

    def __init__(
        self,
        verifier: AnyVerifier,
        *,
        scopes: str | Iterable[str] = (),
        realm: str = "api",
        claims: Callable[[dict[str, Any]], ClaimsT] | None = None,
        scheme_name: str = "JWTBearer",
        description: str | None = None,
    ) -> None:
        """Create the dependency with the arguments of `rapidjwt.integrations.starlette.JWTBearer`.

        `scheme_name` and `description` are for OpenAPI.
        """
        self._bearer = starlette.JWTBearer(verifier, scopes=scopes, realm=realm, claims=claims)
        self.model = HTTPBearer(bearerFormat="JWT", description=description)
        self.scheme_name = scheme_name

    async def __call__(self, request: HTTPConnection, security_scopes: SecurityScopes) -> ClaimsT:
        """Return the claims of a request; `Security(..., scopes=[...])` adds required scopes.

        Raises HTTPException as `rapidjwt.integrations.starlette.JWTBearer` does.
        """
        return await self._bearer(request, security_scopes.scopes)
