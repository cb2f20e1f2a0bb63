"""Bearer tokens in Starlette: `claims = await JWTBearer(verifier)(request)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from .bearer import (
    AnyVerifier,
    BearerError,
    ClaimsT,
    Possession,
    challenge,
    checked_verifier,
    converted,
    require_scopes,
    required_scopes,
    verify_async,
)
from .possession import url_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from starlette.requests import HTTPConnection

    from rapidjwt.dpop import DPoPVerifier
    from rapidjwt.mtls import ClientCertificates

__all__ = ["JWTBearer"]


class _Presented:
    """A request as the checks of `possession` see it."""

    def __init__(self, connection: HTTPConnection) -> None:
        self._connection = connection

    @property
    def original(self) -> HTTPConnection:
        return self._connection

    @property
    def method(self) -> str:
        method: str = self._connection.scope.get("method", "GET")  # a WebSocket starts with GET
        return method

    @property
    def url(self) -> str:
        url = self._connection.url
        scheme = {"ws": "http", "wss": "https"}.get(url.scheme, url.scheme)
        return url_of(scheme, url.netloc, self._connection.scope["path"])

    def values(self, header: str, /) -> Sequence[str]:
        return self._connection.headers.getlist(header)


class JWTBearer(Generic[ClaimsT]):
    """Returns the claims of a request's bearer token, or refuses it as in RFC 6750 Section 3."""

    #: What a refusal raises. That of a framework built on Starlette may be a subclass.
    _exception: type[HTTPException] = HTTPException

    def __init__(
        self,
        verifier: AnyVerifier,
        *,
        scopes: str | Iterable[str] = (),
        realm: str = "api",
        claims: Callable[[dict[str, Any]], ClaimsT] | None = None,
        dpop: DPoPVerifier | None = None,
        certificates: ClientCertificates | None = None,
    ) -> None:
        """Set a verifier, with `decode` or `decode_async`, and the scopes that every request needs.

        All `scopes` are required. `claims` converts the verified claims to the result (a model, a
        dataclass), and raises ValueError, TypeError or LookupError to refuse them. `dpop` verifies
        the proofs of tokens that are bound to a key, and `certificates` finds the certificates that
        others are bound to. Raises ValueError for a realm or a scope that a header cannot contain.
        """
        challenge(realm)
        self._verifier = checked_verifier(verifier)
        self._scopes = required_scopes(scopes)
        self._realm = realm
        self._convert = claims
        self._possession = Possession(dpop, certificates)

    async def __call__(self, request: HTTPConnection, scopes: str | Iterable[str] = ()) -> ClaimsT:
        """Return the claims of a request or WebSocket; `scopes` are required in addition.

        Raises ValueError for anything that is not a scope.

        Raises HTTPException: 400 for a malformed header, 401 without a valid token, 403 if it
        lacks a scope, 503 if the keys to verify it, or a store, are not available.
        """
        authorization = request.headers.getlist("Authorization")
        needed = [*self._scopes, *required_scopes(scopes)]
        try:
            claims = await verify_async(
                self._verifier,
                authorization,
                run_in_threadpool,
                self._possession,
                _Presented(request),
            )
            require_scopes(claims, needed)
            return converted(claims, self._convert)
        except BearerError as error:
            headers = error.headers(self._realm, self._possession)
            raise self._exception(error.status, error.description, headers) from error
