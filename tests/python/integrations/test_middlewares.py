"""What the matrix does not ask the middlewares for ASGI, WSGI and aiohttp, and Litestar's guard."""

from __future__ import annotations

import asyncio
import json

import pytest
from rapidjwt.integrations import asgi, wsgi
from rapidjwt.integrations.possession import PlainRequest
from rapidjwt.integrations.sources import AUTHORIZATION, Subprotocol
from rapidjwt.testing import Issuer

from .tokens import Async, NoKeys, Slow

ISSUER = Issuer()
TOKEN = ISSUER.token(scope="orders:read", expires_in=2 * 86400)
PREFLIGHT = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
BEARER = {"Authorization": f"Bearer {TOKEN}"}
MISSING = {"detail": "A bearer token is required"}


async def echo(scope, receive, send):
    claims = scope.get("rapidjwt.claims", "none at all")
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        body = json.dumps(claims and claims["sub"]).encode()
        await send({"type": "http.response.body", "body": body})
    elif scope["type"] == "lifespan":
        await send({"type": "lifespan", "claims": claims})


def headers_of(headers):
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def run(app, headers=None, *, kind="http", method="GET", messages=(), **more):
    """Return what an ASGI application sends."""
    sent, waiting = [], list(messages)
    scope = {
        "type": kind,
        "path": "/orders/ü",
        "query_string": b"",
        "headers": headers_of(headers or {}),
        "server": ("127.0.0.1", 8000),
        **more,
    }
    if kind == "http":
        scope["method"] = method

    async def receive():
        return waiting.pop(0) if waiting else await asyncio.sleep(60)

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return sent


def asked(app, headers=None, method="GET"):
    start, body = run(app, headers, method=method)
    return start["status"], dict(start["headers"]), body["body"]


def test_an_asgi_application_sees_the_claims_and_the_lifespan():
    app = asgi.JWTMiddleware(echo, ISSUER.verifier())
    assert asked(app, BEARER)[2] == b'"alice"'
    assert run(app, kind="lifespan") == [{"type": "lifespan", "claims": "none at all"}]


@pytest.mark.parametrize("verifier", [Async, Slow])
def test_verifiers_of_any_kind_are_taken_under_asgi(verifier):
    from .tokens import bearer, token

    app = asgi.JWTMiddleware(echo, verifier())
    assert asked(app, {"Authorization": bearer(token())})[0] == 200


def test_a_refusal_is_complete():
    app = asgi.JWTMiddleware(echo, ISSUER.verifier())
    status, headers, body = asked(app)
    assert (status, json.loads(body)) == (401, MISSING)
    assert headers[b"content-type"] == b"application/json"
    assert headers[b"content-length"] == str(len(body)).encode()
    assert headers[b"www-authenticate"] == b'Bearer realm="api"'
    status, headers, body = asked(app, method="HEAD")
    assert (status, body) == (401, b"")
    assert headers[b"content-length"] != b"0"
    assert asked(asgi.JWTMiddleware(echo, NoKeys()), BEARER)[0] == 503


def test_preflights_get_through_if_they_may():
    app = asgi.JWTMiddleware(echo, ISSUER.verifier(), allow_preflight=True)
    assert asked(app, PREFLIGHT, "OPTIONS")[0] == 200
    assert asked(app, PREFLIGHT, "GET")[0] == 401
    assert asked(app, {"Origin": "https://shop.example"}, "OPTIONS")[0] == 401
    assert asked(asgi.JWTMiddleware(echo, ISSUER.verifier()), PREFLIGHT, "OPTIONS")[0] == 401


def test_what_asgi_says_of_a_request():
    scope = {"type": "websocket", "scheme": "wss", "path": "/ü b", "headers": [], "server": None}
    assert asgi.Presented(scope).url == "https://localhost/%C3%BC%20b"
    assert asgi.Presented(scope).method == "GET"
    assert asgi.Presented(scope).original is scope
    scope["server"] = ("::1", 8000)
    assert asgi.Presented(scope).url == "https://::1:8000/%C3%BC%20b"
    scope["headers"] = headers_of({"Host": "api.example"})
    assert asgi.Presented(scope).url == "https://api.example/%C3%BC%20b"


# --- WebSockets ---

SOCKETS = {"sources": [AUTHORIZATION, Subprotocol()]}
CONNECT = [{"type": "websocket.connect"}]
DENIAL = {"websocket.http.response": {}}


def accepting(subprotocol="unset", then=None):
    async def app(scope, receive, send):
        await receive()
        accept = {"type": "websocket.accept"}
        await send(accept if subprotocol == "unset" else accept | {"subprotocol": subprotocol})
        if then is not None:
            await then(receive, send)

    return app


def run_socket(app, token=TOKEN, **more):
    offered = {} if token is None else {"Sec-WebSocket-Protocol": f"bearer, {token}"}
    return run(app, offered, kind="websocket", messages=CONNECT, **more)


@pytest.mark.parametrize(
    ("own", "selected"), [("unset", "bearer"), (None, "bearer"), ("chat", "chat")]
)
def test_the_subprotocol_of_the_token_is_selected_unless_the_application_selects(own, selected):
    app = asgi.JWTMiddleware(accepting(own), ISSUER.verifier(), **SOCKETS)
    assert run_socket(app) == [{"type": "websocket.accept", "subprotocol": selected}]


def test_a_socket_is_refused_with_a_response_where_the_server_can():
    app = asgi.JWTMiddleware(accepting(), ISSUER.verifier(), **SOCKETS)
    assert run_socket(app, None) == [{"type": "websocket.close", "code": 1008, "reason": ""}]
    start, body = run_socket(app, None, extensions=DENIAL)
    assert (start["type"], start["status"]) == ("websocket.http.response.start", 401)
    assert (body["type"], json.loads(body["body"])) == ("websocket.http.response.body", MISSING)


def test_a_socket_is_closed_once_when_time_is_up():
    async def wait(receive, send):
        await receive()

    async def close_late(receive, send):
        try:
            await receive()
        finally:
            await send({"type": "websocket.close", "code": 1000})

    for then, code in ((wait, 1008), (close_late, 1000)):
        app = asgi.JWTMiddleware(accepting(then=then), ISSUER.verifier(), **SOCKETS)
        app.guard.seconds_left = lambda claims: 0.1
        accept, close = run_socket(app)
        assert accept["type"] == "websocket.accept"
        assert (close["type"], close["code"]) == ("websocket.close", code)


def test_errors_of_an_application_are_passed_on():
    async def fail(receive, send):
        raise KeyError("of the application")

    app = asgi.JWTMiddleware(accepting(then=fail), ISSUER.verifier(), **SOCKETS)
    with pytest.raises(KeyError, match="of the application"):
        run_socket(app)


def test_an_application_is_cancelled_with_its_connection():
    ended = []

    async def wait(receive, send):
        try:
            await receive()
        finally:
            ended.append(True)

    async def cancel():
        app = asgi.JWTMiddleware(accepting(then=wait), ISSUER.verifier(), **SOCKETS)
        offered = headers_of({"Sec-WebSocket-Protocol": f"bearer, {TOKEN}"})
        scope = {"type": "websocket", "path": "/", "headers": offered}
        accepted, messages = asyncio.Event(), list(CONNECT)

        async def receive():
            return messages.pop() if messages else await asyncio.sleep(60)

        async def send(message):
            accepted.set()

        task = asyncio.ensure_future(app(scope, receive, send))
        await accepted.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)

    asyncio.run(cancel())
    assert ended == [True]


@pytest.mark.parametrize("own_close", [True, False])
def test_starlette_closes_a_socket_once(own_close):
    from anyio import sleep
    from rapidjwt.integrations.starlette import JWTBearer
    from starlette.applications import Starlette
    from starlette.routing import WebSocketRoute
    from starlette.testclient import TestClient
    from starlette.websockets import WebSocketDisconnect

    bearer = JWTBearer(ISSUER.verifier(), **SOCKETS)
    bearer.guard.seconds_left = lambda claims: 0.1

    async def live(socket):
        async with bearer.accepted(socket):
            if own_close:
                await socket.close(1000)
            await sleep(60)

    client = TestClient(Starlette(routes=[WebSocketRoute("/", live)]))
    connected = client.websocket_connect("/", ["bearer", TOKEN])
    with connected as socket, pytest.raises(WebSocketDisconnect) as raised:
        socket.receive_text()
    assert raised.value.code == (1000 if own_close else 1008)


def test_a_client_of_starlette_may_leave():
    from rapidjwt.integrations.starlette import JWTBearer
    from starlette.applications import Starlette
    from starlette.routing import WebSocketRoute
    from starlette.testclient import TestClient

    bearer, left = JWTBearer(ISSUER.verifier(), **SOCKETS), []

    async def live(socket):
        async with bearer.accepted(socket) as claims:
            await socket.receive_text()
        left.append(claims["sub"])

    client = TestClient(Starlette(routes=[WebSocketRoute("/", live)]))
    with client.websocket_connect("/", ["bearer", TOKEN]):
        pass
    assert left == ["alice"]


# --- WSGI ---


def plain(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    claims = environ["rapidjwt.claims"]
    return [claims["sub"].encode() if claims else b"nobody"]


def ask_wsgi(app, headers=None, method="GET"):
    from werkzeug.test import Client

    return Client(app).open("/orders", method=method, headers=headers)


def test_a_wsgi_application_sees_the_claims():
    app = wsgi.JWTMiddleware(plain, ISSUER.verifier())
    assert ask_wsgi(app, BEARER).text == "alice"
    refused = ask_wsgi(app)
    assert (refused.status, refused.json) == ("401 Unauthorized", MISSING)
    assert ask_wsgi(app, method="HEAD").data == b""
    assert ask_wsgi(app, PREFLIGHT, "OPTIONS").status_code == 401
    app = wsgi.JWTMiddleware(plain, ISSUER.verifier(), allow_preflight=True)
    assert ask_wsgi(app, PREFLIGHT, "OPTIONS").text == "nobody"


def test_wsgi_needs_a_verifier_that_does_not_wait():
    with pytest.raises(TypeError, match="A verifier with decode is required"):
        wsgi.JWTMiddleware(plain, Async())


def test_what_wsgi_says_of_a_request():
    environ = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "/shop",
        "PATH_INFO": "/ü".encode().decode("latin-1"),
        "QUERY_STRING": "a=b",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "wsgi.url_scheme": "https",
    }
    presented = wsgi.Presented(environ)
    assert presented.url == "https://127.0.0.1:8000/shop/%C3%BC"
    assert (presented.method, presented.query, presented.original) == ("POST", "a=b", environ)
    assert not presented.is_websocket
    environ["HTTP_HOST"] = "api.example"
    assert presented.url == "https://api.example/shop/%C3%BC"


# --- others ---


def test_a_plain_request_has_the_headers_of_any_case():
    request = PlainRequest(headers=[("a", "1"), ("B", "2"), ("A", "3")])
    assert (request.values("A"), request.values("b"), request.values("c")) == (
        ["1", "3"],
        ["2"],
        [],
    )


def test_a_middleware_of_aiohttp_protects_every_handler():
    pytest.importorskip("aiohttp")
    from aiohttp import web
    from aiohttp.test_utils import TestClient, TestServer
    from rapidjwt.integrations.aiohttp import CLAIMS, jwt_middleware

    async def show(request):
        claims = request.get(CLAIMS)
        return web.json_response(claims and claims["sub"])

    async def ask():
        middleware = jwt_middleware(ISSUER.verifier(), allow_preflight=True)
        app = web.Application(middlewares=[middleware])
        app.router.add_route("*", "/", show)
        async with TestClient(TestServer(app)) as client:
            assert await (await client.get("/", headers=BEARER)).json() == "alice"
            assert (await client.get("/")).status == 401
            assert (await client.get("/no/such/route")).status == 401
            assert (await client.options("/", headers=PREFLIGHT)).status == 200

    asyncio.run(ask())


def test_a_guard_of_litestar_refuses_and_its_own_handler_answers():
    pytest.importorskip("litestar")
    from litestar import Litestar, get
    from litestar.testing import TestClient
    from rapidjwt.integrations.litestar import JWTBearer

    @get("/", guards=[JWTBearer(ISSUER.verifier(), scopes="orders:read").guard])
    async def show() -> str:
        return "seen"

    with TestClient(Litestar([show], openapi_config=None)) as client:
        assert client.get("/", headers=BEARER).text == "seen"
        refused = client.get("/", headers=ISSUER.bearer())
        assert (refused.status_code, refused.json()["status_code"]) == (403, 403)
        assert 'error="insufficient_scope"' in refused.headers["WWW-Authenticate"]
