"""Bearer tokens in Starlette: `claims = await JWTBearer(verifier)(request)`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, overload

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from .answers import PROBLEM_JSON, Answers, problem
from .bearer import (
    AnyVerifier,
    BearerError,
    ClaimsT,
    Possession,
    UntypedVerifier,
    checked_verifier,
    conversion,
    converted,
    require_scopes,
    required_scopes,
    verify_async,
)
from .possession import url_of
from .published_keys import published

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from starlette.requests import HTTPConnection

    from rapidjwt import Key, KeySet, Verifier
    from rapidjwt.dpop import DPoPVerifier
    from rapidjwt.mtls import ClientCertificates

__all__ = ["PROBLEM_DETAILS", "JWTBearer", "Refused", "jwks_response"]


class Refused(HTTPException):
    """A request is refused according to RFC 6750 Section 3; `error` is the reason.

    `code` is the kind of refusal, one of `rapidjwt.exceptions.CODES`.
    """

    def __init__(self, error: BearerError, answers: Answers) -> None:
        """Set the status, the message and the headers of the response."""
        super().__init__(error.status, error.description, answers.headers(error))
        self.error = error
        self.code = error.code


async def _problem_response(_request: HTTPConnection, refused: Refused) -> Response:
    return JSONResponse(
        problem(refused.error), refused.status_code, refused.headers, media_type=PROBLEM_JSON
    )


#: Answers refusals with problem details (RFC 9457): pass it as `exception_handlers` to the app.
PROBLEM_DETAILS: dict[Any, Any] = {Refused: _problem_response}


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

    #: What a refusal raises. A framework built on Starlette may have a subclass.
    _exception: type[Refused] = Refused

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
    ) -> None:
        """Set a verifier, with `decode` or `decode_async`, and the scopes that every request needs.

        All `scopes` are required. `claims` converts the verified claims to the result (a model, a
        dataclass), and raises ValueError, TypeError or LookupError to refuse them. `realm` and
        `on_result` are described in `answers.Answers`. `dpop` verifies the proofs of tokens that
        are bound to a key, and `certificates` finds the certificates that others are bound to.
        Raises ValueError for a realm or a scope that a header cannot contain.
        """
        possession = Possession(dpop, certificates)
        self._answers = Answers(realm, on_result=on_result, possession=possession)
        self._verifier = checked_verifier(verifier)
        self._scopes = required_scopes(scopes)
        self._convert = conversion(verifier, claims)

    async def __call__(self, request: HTTPConnection, scopes: str | Iterable[str] = ()) -> ClaimsT:
        """Return the claims of a request or WebSocket; `scopes` are required in addition.

        Raises ValueError for anything that is not a scope.

        Raises Refused, an HTTPException: 400 for a malformed header, 401 without a valid token, 403
        if it lacks a scope, 503 if the keys to verify it, or a store, are not available.
        """
        authorization = request.headers.getlist("Authorization")
        needed = [*self._scopes, *required_scopes(scopes)]
        try:
            claims = await verify_async(
                self._verifier,
                authorization,
                run_in_threadpool,
                self._answers.possession,
                _Presented(request),
            )
            self._answers.verified()
            require_scopes(claims, needed)
            return converted(claims, self._convert)
        except BearerError as error:
            self._answers.refused(error)
            raise self._exception(error, self._answers) from error


def jwks_response(
    request: HTTPConnection,
    keys: KeySet | Iterable[Key | Mapping[str, Any]],
    *,
    max_age: int = 300,
) -> Response:
    """Return the public parts of keys as a JWK Set, in answer to a request.

    Arguments and errors are those of `rapidjwt.integrations.published_keys.published`.
    """
    answer = published(keys, request.headers.getlist("If-None-Match"), max_age=max_age)
    return Response(answer.body, answer.status, answer.headers)
