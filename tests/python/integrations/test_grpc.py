"""The interceptors for gRPC, with servers on loopback and real clients."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from apps.serving import environment
from rapidjwt.testing import Issuer

from .tokens import SECRET, Async, NoKeys, tampered, token

grpc = pytest.importorskip("grpc")
pytest.importorskip("grpc.aio")

from rapidjwt.integrations.grpc import (  # noqa: E402
    AsyncJWTInterceptor,
    JWTInterceptor,
    current_claims,
)

ISSUER = Issuer()
METHODS = {"/shop.Orders/Delete": {"scopes": "orders:write"}, "/shop.Orders/Health": None}
Code = grpc.StatusCode


def sub():
    return current_claims()["sub"].encode()


def unary(request, context):
    return sub() + request


def stream(request, context):
    for part in (b"1", b"2", b"3"):
        yield sub() + part


def join(requests, context):
    return sub() + b"".join(requests)


def each(requests, context):
    for request in requests:
        yield sub() + request


def health(request, context):
    with pytest.raises(LookupError):
        current_claims()
    return b"up"


async def unary_async(request, context):
    return unary(request, context)


async def stream_async(request, context):
    for part in stream(request, context):
        yield part


async def join_async(requests, context):
    return sub() + b"".join([part async for part in requests])


async def each_async(requests, context):
    async for part in requests:
        await context.write(sub() + part)


async def health_async(request, context):
    return health(request, context)


DESERIALIZED = []


def deserialize(data):
    DESERIALIZED.append(data)
    if data == b"broken":
        raise ValueError("not a message")
    return data


def handlers(unary, stream, join, each, health):
    methods = {
        "Read": grpc.unary_unary_rpc_method_handler(unary, deserialize),
        "ReadAndList": grpc.unary_stream_rpc_method_handler(stream, deserialize),
        "ReadAndJoin": grpc.stream_unary_rpc_method_handler(join, deserialize),
        "ReadEach": grpc.stream_stream_rpc_method_handler(each, deserialize),
        "Get": grpc.unary_unary_rpc_method_handler(unary),
        "Delete": grpc.unary_unary_rpc_method_handler(unary),
        "Health": grpc.unary_unary_rpc_method_handler(health),
        "List": grpc.unary_stream_rpc_method_handler(stream),
        "Join": grpc.stream_unary_rpc_method_handler(join),
        "Each": grpc.stream_stream_rpc_method_handler(each),
    }
    return grpc.method_handlers_generic_handler("shop.Orders", methods)


@contextmanager
def with_threads(*arguments, **more):
    server = grpc.server(ThreadPoolExecutor(4), interceptors=[JWTInterceptor(*arguments, **more)])
    server.add_generic_rpc_handlers([handlers(unary, stream, join, each, health)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(None).wait()


@contextmanager
def with_asyncio(*arguments, **more):
    loop, started, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    ports = []

    async def serve():
        server = grpc.aio.server(interceptors=[AsyncJWTInterceptor(*arguments, **more)])
        of_server = handlers(unary_async, stream_async, join_async, each_async, health_async)
        server.add_generic_rpc_handlers([of_server])
        ports.append(server.add_insecure_port("127.0.0.1:0"))
        await server.start()
        started.set()
        await stop.wait()
        await server.stop(None)

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    assert started.wait(60)
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(60)
        loop.close()


SERVERS = {"threads": with_threads, "asyncio": with_asyncio}


@pytest.fixture(scope="module", params=SERVERS)
def channel(request):
    serving = SERVERS[request.param](ISSUER.verifier(), methods=METHODS)
    with serving as port, grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel


def with_token(token):
    return [] if token is None else [("authorization", f"Bearer {token}")]


def call(channel, method="Get", token=None):
    return channel.unary_unary(f"/shop.Orders/{method}")(
        b"!", metadata=with_token(token), timeout=60
    )


def denied(channel, method="Get", token=None):
    with pytest.raises(grpc.RpcError) as raised:
        call(channel, method, token)
    trailing = dict(raised.value.trailing_metadata())
    return raised.value.code(), raised.value.details(), trailing.get("www-authenticate")


def test_a_call_with_a_token_knows_whose_it_is(channel):
    assert call(channel, token=ISSUER.token("bob")) == b"bob!"


@pytest.mark.parametrize("kind", ["List", "Join", "Each"])
def test_streams_do_too(channel, kind):
    path, token = f"/shop.Orders/{kind}", ISSUER.token("bob")
    arguments = {"metadata": with_token(token), "timeout": 60}
    if kind == "List":
        answers = list(channel.unary_stream(path)(b"", **arguments))
    elif kind == "Join":
        answers = [channel.stream_unary(path)(iter([b"1", b"2"]), **arguments)]
    else:
        answers = list(channel.stream_stream(path)(iter([b"1", b"2"]), **arguments))
    expected = {
        "List": [b"bob1", b"bob2", b"bob3"],
        "Join": [b"bob12"],
        "Each": [b"bob1", b"bob2"],
    }
    assert answers == expected[kind]
    with pytest.raises(grpc.RpcError) as raised:
        list(channel.unary_stream("/shop.Orders/List")(b"", timeout=60))
    assert raised.value.code() is Code.UNAUTHENTICATED


@pytest.mark.parametrize("method", ["Read", "ReadAndList", "ReadAndJoin", "ReadEach"])
def test_a_request_is_deserialized_once_its_token_is_checked(channel, method):
    def ask(access_token):
        arguments = {"metadata": with_token(access_token), "timeout": 60}
        of_path = channel.stream_stream(f"/shop.Orders/{method}")
        return list(of_path(iter([b"order"]), **arguments))

    DESERIALIZED.clear()
    for refused, code in ((None, Code.UNAUTHENTICATED), ("a b", Code.INVALID_ARGUMENT)):
        with pytest.raises(grpc.RpcError) as raised:
            ask(refused)
        assert raised.value.code() is code
    assert DESERIALIZED == []
    assert ask(ISSUER.token("bob"))[0].startswith(b"bob")
    assert DESERIALIZED == [b"order"]


def answer_to_a_broken_request(serving, method):
    with serving as port, grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        of_path = channel.unary_stream(f"/shop.Orders/{method}")
        answers = of_path(b"broken", metadata=with_token(ISSUER.token()), timeout=60)
        with pytest.raises(grpc.RpcError) as raised:
            list(answers)
        return raised.value.code(), raised.value.details()


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("method", ["Read", "ReadAndList"])
def test_a_broken_request_is_answered_as_without_the_interceptor(server, method):
    serve = SERVERS[server]
    unguarded = serve(ISSUER.verifier(), methods={f"/shop.Orders/{method}": None})
    expected = answer_to_a_broken_request(unguarded, method)
    assert answer_to_a_broken_request(serve(ISSUER.verifier()), method) == expected


def test_without_a_token_a_call_is_unauthenticated(channel):
    assert denied(channel) == (
        Code.UNAUTHENTICATED,
        "A bearer token is required",
        'Bearer realm="api"',
    )


@pytest.mark.parametrize("kind", ISSUER.bad_tokens())
def test_bad_tokens_are_unauthenticated(channel, kind):
    code, text, challenge = denied(channel, token=ISSUER.bad_tokens()[kind])
    assert code is Code.UNAUTHENTICATED
    assert text.startswith("The ")
    assert 'error="invalid_token"' in challenge


def test_malformed_metadata_are_an_invalid_argument(channel):
    assert denied(channel, token="a b")[0] is Code.INVALID_ARGUMENT


def test_a_method_may_demand_more_or_nothing(channel):
    assert denied(channel, "Delete", ISSUER.token())[0] is Code.PERMISSION_DENIED
    assert call(channel, "Delete", ISSUER.token(scope="orders:write")) == b"alice!"
    assert call(channel, "Health") == b"up"


def test_a_method_that_does_not_exist_is_unimplemented(channel):
    assert denied(channel, "Nothing")[0] is Code.UNIMPLEMENTED


@pytest.mark.parametrize("server", SERVERS)
def test_keys_out_of_reach_are_unavailable(server):
    with SERVERS[server](NoKeys()) as port, grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        assert denied(channel, token=ISSUER.token())[0] is Code.UNAVAILABLE


def test_arguments_are_checked():
    with pytest.raises(TypeError, match="A verifier with decode is required"):
        JWTInterceptor(Async())
    AsyncJWTInterceptor(Async())
    for make in (JWTInterceptor, AsyncJWTInterceptor):
        with pytest.raises(TypeError, match=r"^Expected a Verifier"):
            make("a secret")
        with pytest.raises(ValueError, match="not for gRPC calls"):
            make(ISSUER.verifier(), dpop=None)
        with pytest.raises(ValueError, match="Not a scope"):
            make(ISSUER.verifier(), methods={"/a/b": {"scopes": '"'}})


EXAMPLE = Path(__file__).parents[3] / "examples" / "grpc_service"


@pytest.fixture(scope="module")
def port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = str(listener.getsockname()[1])
    command = [sys.executable, "server.py", free]
    server = subprocess.Popen(command, cwd=EXAMPLE, env=environment(JWT_SECRET=SECRET))
    try:
        yield free
    finally:
        server.terminate()
        server.wait(60)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (
            lambda: token(scope="orders:read"),
            ['{"user": "alice"}', '{"order": 7, "for": "Alice"}'],
        ),
        (
            token,
            [
                '{"user": "alice"}',
                "PERMISSION_DENIED: The access token does not grant the required scopes",
            ],
        ),
        (tampered, ["UNAUTHENTICATED: The signature of the access token is not valid"] * 2),
        (
            lambda: token(lifetime=-1, scope="orders:read"),
            ["UNAUTHENTICATED: The access token has expired"] * 2,
        ),
        (lambda: "", ["UNAUTHENTICATED: A bearer token is required"] * 2),
    ],
)
def test_the_client_of_the_example_is_answered_as_its_readme_says(port, make, expected):
    done = subprocess.run(
        [sys.executable, "client.py", port],
        cwd=EXAMPLE,
        env=environment(ACCESS_TOKEN=make()),
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.splitlines() == expected
