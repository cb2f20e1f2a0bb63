"""Bearer tokens in any ASGI application: `JWTMiddleware(app, verifier)`.

See docs/guides/frameworks.md.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeAlias

from .bearer import AnyVerifier, BearerError
from .guard import EXPIRED, Arguments, Guard, is_preflight
from .possession import PresentedRequest, url_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping, Sequence

    from typing_extensions import Unpack

    from .answers import Response

    Message: TypeAlias = MutableMapping[str, Any]
    Scope: TypeAlias = MutableMapping[str, Any]
    Receive: TypeAlias = Callable[[], Awaitable[Message]]
    Send: TypeAlias = Callable[[Message], Awaitable[None]]
    ASGIApp: TypeAlias = Callable[[Any, Any, Any], Awaitable[Any]]

__all__ = ["CLAIMS", "JWTMiddleware", "Presented"]

#: Where the claims are in the scope.
CLAIMS = "rapidjwt.claims"


class Presented(PresentedRequest):
    """The scope of a request or a WebSocket as the rules see it."""

    def __init__(self, scope: Scope, original: object = None) -> None:
        """Take the scope, and the framework's own request if it has one."""
        self._scope = scope
        self._original = original

    @property
    def original(self) -> Any:
        """The framework's own request, or the scope."""
        return self._scope if self._original is None else self._original

    @property
    def method(self) -> str:
        """The HTTP method; a WebSocket starts with GET."""
        method: str = self._scope.get("method", "GET")
        return method

    @property
    def url(self) -> str:
        """The URL, with http or https for a WebSocket too."""
        scheme: str = self._scope.get("scheme", "http")
        authority = next(iter(self.values("Host")), None)
        if authority is None:
            host, port = self._scope.get("server") or ("localhost", None)
            authority = host if port is None else f"{host}:{port}"
        scheme = {"ws": "http", "wss": "https"}.get(scheme, scheme)
        return url_of(scheme, authority, self._scope["path"])

    @property
    def query(self) -> str:
        """The query of the URL."""
        query: bytes = self._scope.get("query_string", b"")
        return query.decode("latin-1")

    @property
    def is_websocket(self) -> bool:
        """Whether the scope is one of a WebSocket."""
        return bool(self._scope["type"] == "websocket")

    def values(self, header: str, /) -> Sequence[str]:
        """Return the values of all headers of that name."""
        wanted = header.lower().encode("latin-1")
        return [value.decode("latin-1") for name, value in self._scope["headers"] if name == wanted]


class JWTMiddleware:
    """Lets only requests and WebSockets with a valid token reach an application.

    Their claims are in `scope["rapidjwt.claims"]`. With `resource`, its metadata are answered here,
    for everybody. A WebSocket is closed, with code 1008, when its
    token expires; that needs asyncio.
    """

    def __init__(
        self,
        app: ASGIApp,
        verifier: AnyVerifier,
        *,
        claims: Callable[[dict[str, Any]], Any] | None = None,
        optional: bool = False,
        allow_preflight: bool = False,
        **arguments: Unpack[Arguments],
    ) -> None:
        """Take the application, a verifier and the arguments of `guard.Guard`.

        With `allow_preflight`, CORS preflights, which cannot have a token, reach the application.
        """
        self._app = app
        self._allow_preflight = allow_preflight
        #: The rules that requests are checked with.
        self.guard: Guard[Any] = Guard(verifier, claims=claims, optional=optional, **arguments)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request or a WebSocket, then call the application; refuse it otherwise."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        presented, resource = Presented(scope), self.guard.resource
        is_http = scope["type"] == "http"
        if resource is not None and is_http and scope["path"] == resource.metadata_path:
            await _respond(resource.response(), scope, send)
            return
        if self._allow_preflight and is_preflight(presented):
            await self._app({**scope, CLAIMS: None}, receive, send)
            return
        try:
            result, claims = await self.guard.check_socket(presented, asyncio.to_thread)
        except BearerError as error:
            await self._refuse(error, scope, receive, send)
            return
        granted = {**scope, CLAIMS: result}
        if is_http:
            await self._app(granted, receive, send)
            return
        socket = _Socket(send, self.guard.subprotocol(presented))
        await socket.run(self._app(granted, receive, socket.send), self.guard.seconds_left(claims))

    async def _refuse(self, error: BearerError, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()  # websocket.connect
            if "websocket.http.response" not in (scope.get("extensions") or {}):
                await send({"type": "websocket.close", "code": 1008, "reason": ""})
                return
        await _respond(self.guard.answers.response(error), scope, send)


async def _respond(answer: Response, scope: Scope, send: Send) -> None:
    kind = "http.response" if scope["type"] == "http" else "websocket.http.response"
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in answer.headers.items()
    ]
    body = b"" if scope.get("method") == "HEAD" else answer.body
    await send({"type": f"{kind}.start", "status": answer.status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})


class _Socket:
    """A WebSocket that is accepted with a subprotocol and closed when time is up."""

    def __init__(self, send: Send, subprotocol: str | None) -> None:
        self._send = send
        self._subprotocol = subprotocol
        self._is_open = True

    async def send(self, message: Message) -> None:
        """Pass a message on, with the subprotocol if it accepts the connection."""
        if message["type"] == "websocket.accept" and self._subprotocol is not None:
            chosen = message.get("subprotocol") or self._subprotocol
            message = {**message, "subprotocol": chosen}
        self._is_open = message["type"] != "websocket.close"
        await self._send(message)

    async def run(self, application: Awaitable[Any], seconds: float | None) -> None:
        """Wait for the application, but no longer than this; then close the connection."""
        task = asyncio.ensure_future(application)
        try:
            done, _ = await asyncio.wait([task], timeout=seconds)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait([task])
        if done:
            task.result()
        elif self._is_open:
            await self.send({"type": "websocket.close", "code": 1008, "reason": EXPIRED})
