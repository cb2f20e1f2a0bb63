"""Bearer tokens in Starlette: `claims = await JWTBearer(verifier)(request)`."""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from anyio import move_on_after
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocketDisconnect, WebSocketState

from .answers import PROBLEM_JSON, Answers, problem
from .asgi import Presented
from .bearer import AnyVerifier, BearerError, ClaimsT, UntypedVerifier
from .guard import EXPIRED, Arguments, Guard
from .published_keys import published

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Mapping

    from starlette.requests import HTTPConnection
    from starlette.websockets import WebSocket
    from typing_extensions import Unpack

    from rapidjwt import Key, KeySet, Verifier

    from .protected_resource import ProtectedResource

    GivenT = TypeVar("GivenT")

__all__ = [
    "PROBLEM_DETAILS",
    "REFUSALS",
    "JWTBearer",
    "Refused",
    "jwks_response",
    "metadata_response",
]


class Refused(HTTPException):
    """A request is refused according to RFC 6750 Section 3; `error` is the reason.

    `code` is the kind of refusal, one of `rapidjwt.exceptions.CODES`.
    """

    def __init__(self, error: BearerError, answers: Answers) -> None:
        """Set the status, the message and the headers of the response."""
        super().__init__(error.status, error.description, answers.headers(error))
        self.error = error
        self.code = error.code
        self.answers = answers


async def _response(_request: HTTPConnection, refused: Refused) -> Response:
    body, media_type = refused.answers.body(refused.error)
    return JSONResponse(body, refused.status_code, refused.headers, media_type=media_type)


async def _problem_response(_request: HTTPConnection, refused: Refused) -> Response:
    return JSONResponse(
        problem(refused.error), refused.status_code, refused.headers, media_type=PROBLEM_JSON
    )


#: Answers refusals with problem details (RFC 9457): pass it as `exception_handlers` to the app.
PROBLEM_DETAILS: dict[Any, Any] = {Refused: _problem_response}

#: Answers each refusal as the arguments `error_body` and `problem_details` of its `JWTBearer` say:
#: pass it as `exception_handlers` to the app.
REFUSALS: dict[Any, Any] = {Refused: _response}


class JWTBearer(Generic[ClaimsT]):
    """Returns the claims of a request's bearer token, or refuses it as in RFC 6750 Section 3."""

    #: What a refusal raises. A framework built on Starlette may have a subclass.
    _exception: type[Refused] = Refused

    @overload
    def __init__(
        self,
        verifier: Verifier[ClaimsT],
        *,
        claims: None = ...,
        optional: Literal[False] = ...,
        **arguments: Unpack[Arguments],
    ) -> None: ...

    @overload
    def __init__(
        self: JWTBearer[GivenT | None],
        verifier: Verifier[GivenT],
        *,
        claims: None = ...,
        optional: bool,
        **arguments: Unpack[Arguments],
    ) -> None: ...

    @overload
    def __init__(
        self,
        verifier: UntypedVerifier,
        *,
        claims: Callable[[dict[str, Any]], ClaimsT],
        optional: Literal[False] = ...,
        **arguments: Unpack[Arguments],
    ) -> None: ...

    @overload
    def __init__(
        self: JWTBearer[GivenT | None],
        verifier: UntypedVerifier,
        *,
        claims: Callable[[dict[str, Any]], GivenT],
        optional: bool,
        **arguments: Unpack[Arguments],
    ) -> None: ...

    # For `JWTBearer[MyClaims](verifier)` with a verifier of dicts.
    @overload
    def __init__(
        self,
        verifier: UntypedVerifier,
        *,
        claims: None = ...,
        optional: Literal[False] = ...,
        **arguments: Unpack[Arguments],
    ) -> None: ...

    @overload
    def __init__(
        self: JWTBearer[dict[str, Any] | None],
        verifier: UntypedVerifier,
        *,
        claims: None = ...,
        optional: bool,
        **arguments: Unpack[Arguments],
    ) -> None: ...

    def __init__(
        self,
        verifier: AnyVerifier,
        *,
        claims: Callable[[dict[str, Any]], Any] | None = None,
        optional: bool = False,
        **arguments: Unpack[Arguments],
    ) -> None:
        """Set a verifier, with `decode` or `decode_async`, and what every request needs.

        `claims` converts the verified claims to the result (a model, a dataclass), and raises
        ValueError, TypeError or LookupError to refuse them. With `optional`, the result of a
        request without a token is None. The other arguments are those of `guard.Arguments`: where
        the token is, what it must grant, what refused clients are told. Raises ValueError for a
        realm or a scope that a header cannot contain.
        """
        #: The rules that requests are checked with.
        self.guard: Guard[ClaimsT] = Guard(verifier, claims=claims, optional=optional, **arguments)

    async def __call__(self, request: HTTPConnection, scopes: str | Iterable[str] = ()) -> ClaimsT:
        """Return the claims of a request or WebSocket; `scopes` are required in addition.

        Raises ValueError for anything that is not a scope.

        Raises Refused, an HTTPException: 400 for a malformed header, 401 without a valid token, 403
        if it lacks a scope, 503 if the keys to verify it, or a store, are not available.
        """
        try:
            return await self.guard.check_async(_presented(request), run_in_threadpool, scopes)
        except BearerError as error:
            raise self._exception(error, self.guard.answers) from error

    @asynccontextmanager
    async def accepted(
        self, socket: WebSocket, scopes: str | Iterable[str] = ()
    ) -> AsyncGenerator[ClaimsT, None]:
        """Accept a WebSocket that has a valid token, and yield the claims.

        When the token expires, the block is left and the connection closed, with code 1008. The
        block is also left when the client disconnects. With a `Subprotocol` among the `sources`,
        its name is selected. A refusal is raised as by a call, before the connection is accepted.
        """
        presented, guard = _presented(socket), self.guard
        try:
            result, claims = await guard.check_socket(presented, run_in_threadpool, scopes)
        except BearerError as error:
            raise self._exception(error, guard.answers) from error
        await socket.accept(guard.subprotocol(presented))
        with move_on_after(guard.seconds_left(claims)) as deadline, suppress(WebSocketDisconnect):
            yield result
        is_open = socket.application_state == socket.client_state == WebSocketState.CONNECTED
        if deadline.cancelled_caught and is_open:
            await socket.close(1008, EXPIRED)


def _presented(connection: HTTPConnection) -> Presented:
    return Presented(connection.scope, connection)


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


def metadata_response(resource: ProtectedResource) -> Response:
    """Return the metadata of a resource (RFC 9728), for a route with its `metadata_path`."""
    answer = resource.response()
    return Response(answer.body, answer.status, answer.headers)
