"""Bearer tokens in aiohttp: `@jwt_required(verifier)`. See docs/guides/frameworks.md."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

from aiohttp import web

from .bearer import AnyVerifier, BearerError
from .guard import EXPIRED, Arguments, Guard, is_preflight
from .possession import PlainRequest, url_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from typing import TypeAlias

    from typing_extensions import Unpack

    from .answers import Answers

    Handler: TypeAlias = Callable[[Any], Awaitable[web.StreamResponse]]

__all__ = ["CLAIMS", "accepted", "jwt_middleware", "jwt_required"]

#: Where the claims are in the request: `request[CLAIMS]`. aiohttp 3.14 wants keys of this kind.
CLAIMS: Any = (
    web.RequestKey("rapidjwt.claims", object) if hasattr(web, "RequestKey") else "rapidjwt.claims"
)

_EXCEPTIONS: dict[int, type[web.HTTPError]] = {
    400: web.HTTPBadRequest,
    401: web.HTTPUnauthorized,
    403: web.HTTPForbidden,
    503: web.HTTPServiceUnavailable,
}


def _presented(request: web.BaseRequest) -> PlainRequest:
    upgrade = request.headers.get("Upgrade", "").lower()
    return PlainRequest(
        method=request.method,
        url=url_of(request.scheme, request.host, request.path),
        headers=request.headers.items(),
        query=request.query_string,
        is_websocket=request.method == "GET" and upgrade == "websocket",
        original=request,
    )


def _http_exception(error: BearerError, answers: Answers) -> web.HTTPException:
    body, media_type = answers.body(error)
    return _EXCEPTIONS[error.status](
        headers=answers.headers(error), text=json.dumps(body), content_type=media_type
    )


def jwt_required(
    verifier: AnyVerifier,
    *,
    claims: Callable[[dict[str, Any]], Any] | None = None,
    optional: bool = False,
    **arguments: Unpack[Arguments],
) -> Callable[[Handler], Handler]:
    """Require a valid bearer token for a handler, whose request then has the claims.

    They are in `request[CLAIMS]`. The handler is a coroutine function, or a method of a
    `web.View`. The arguments are those of `guard.Guard`. A request is refused with aiohttp's
    exception for the status.
    """
    guard: Guard[Any] = Guard(verifier, claims=claims, optional=optional, **arguments)

    def decorate(handler: Handler) -> Handler:
        @wraps(handler)
        async def protected(target: web.Request | web.View) -> web.StreamResponse:
            await _check(target.request if isinstance(target, web.View) else target, guard)
            return await handler(target)

        return protected

    return decorate


def jwt_middleware(
    verifier: AnyVerifier,
    *,
    claims: Callable[[dict[str, Any]], Any] | None = None,
    optional: bool = False,
    allow_preflight: bool = False,
    **arguments: Unpack[Arguments],
) -> Any:
    """Return a middleware that does for all handlers of an app what `jwt_required` does for one.

    With `allow_preflight`, CORS preflights, which cannot have a token, reach the handlers.
    """
    guard: Guard[Any] = Guard(verifier, claims=claims, optional=optional, **arguments)

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not (allow_preflight and is_preflight(_presented(request))):
            await _check(request, guard)
        return await handler(request)

    return middleware


async def _check(request: web.Request, guard: Guard[Any]) -> None:
    try:
        request[CLAIMS] = await guard.check_async(_presented(request), asyncio.to_thread)
    except BearerError as error:
        raise _http_exception(error, guard.answers) from error


@asynccontextmanager
async def accepted(
    request: web.Request,
    verifier: AnyVerifier,
    *,
    claims: Callable[[dict[str, Any]], Any] | None = None,
    optional: bool = False,
    **arguments: Unpack[Arguments],
) -> AsyncGenerator[tuple[web.WebSocketResponse, Any], None]:
    """Accept a WebSocket that has a valid token, and yield it and the claims.

    When the token expires, the connection is closed with code 1008, which ends its iteration. The
    arguments are those of `guard.Guard`.
    """
    guard: Guard[Any] = Guard(verifier, claims=claims, optional=optional, **arguments)
    presented = _presented(request)
    try:
        result, verified = await guard.check_socket(presented, asyncio.to_thread)
    except BearerError as error:
        raise _http_exception(error, guard.answers) from error
    subprotocol = guard.subprotocol(presented)
    socket = web.WebSocketResponse(protocols=() if subprotocol is None else (subprotocol,))
    await socket.prepare(request)
    closing = asyncio.ensure_future(_close(socket, guard.seconds_left(verified)))
    try:
        yield socket, result
    finally:
        closing.cancel()
        await socket.close()


async def _close(socket: web.WebSocketResponse, seconds: float | None) -> None:
    if seconds is not None:
        await asyncio.sleep(seconds)
        await socket.close(code=1008, message=EXPIRED.encode())
