"""The caller's headers, fixed or new for each fetch."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from rapidjwt.exceptions import PyJWKClientError
from rapidjwt.jwks import AsyncJWKSClient, Response

from .test_discovery import OPENID, metadata

LIFETIME = 600  # of conftest's policy


def test_a_function_gives_the_headers_of_each_fetch(connect, provider, clock, signing_keys):
    tokens = iter(["one", "two"])
    provider.publish(signing_keys[0])
    face = connect(headers=lambda: {"Authorization": f"Bearer {next(tokens)}"})
    assert provider.requests == []
    face.key_set()
    face.key_set()
    face.refresh()
    sent = [request.headers["Authorization"] for request in provider.requests]
    assert sent == ["Bearer one", "Bearer two"]


def test_one_fetch_with_discovery_asks_for_its_headers_once(connect, provider, signing_keys):
    tokens = iter(["one", "two"])
    provider.publish(signing_keys[0])
    provider.answer(metadata(issuer=provider.origin, jwks_uri=provider.url), OPENID)
    face = connect(issuer=provider.origin, headers=lambda: {"X-Token": next(tokens)})
    face.key_set()
    assert [request.headers["X-Token"] for request in provider.requests] == ["one", "one"]


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda: {"Authorization": Path("/nonexistent/s3cret").read_text()}, "FileNotFoundError"),
        (lambda: "Bearer s3cret", "must be a mapping, not 'str'"),
        (lambda: {"Authorization": b"s3cret"}, "header 'Authorization' must be strings"),
        (lambda: {"Authorization": "Bearer s3cret\n"}, "'Authorization' has a line break"),
        (lambda: {"s3cret"}, "must be a mapping, not 'set'"),
    ],
)
def test_a_function_that_fails_is_a_failed_fetch_without_its_secret(
    connect, provider, clock, signing_keys, function, message
):
    provider.publish(signing_keys[0])
    works = [True]
    face = connect(headers=lambda: {} if works[0] else function())
    face.key_set()
    works[0] = False
    with pytest.raises(PyJWKClientError, match=message) as caught:
        face.refresh()
    assert "s3cret" not in str(caught.value)
    assert len(provider.requests) == 1
    assert face.client.metrics.failures == 1
    clock.advance(LIFETIME)
    assert face.decode(signing_keys[0].token()) == {"sub": "user"}


@pytest.mark.parametrize("value", ["s3cret\n", "s3cret\r\nX-Other: 1", "s3cret\0"])
def test_fixed_headers_are_checked_at_once(connect, value):
    with pytest.raises(PyJWKClientError, match="'X-Key' has a line break") as caught:
        connect(headers={"X-Key": value})
    assert "s3cret" not in str(caught.value)
    with pytest.raises(TypeError, match="a mapping, or a function"):
        connect(headers=7)


def async_client(headers, **arguments):
    async def transport(request):
        sent.append(request.headers.get("x-token"))
        return Response(500, {}, b"")

    sent = []
    client = AsyncJWKSClient(
        "https://id.example/jwks", headers=headers, transport=transport, **arguments
    )
    with pytest.raises(PyJWKClientError) as caught:
        asyncio.run(client.key_set())
    return sent, str(caught.value)


def test_the_function_of_an_async_client_may_be_a_coroutine_function():
    async def headers():
        await asyncio.sleep(0)
        return {"X-Token": "abc"}

    sent, message = async_client(headers)
    assert sent == ["abc"]
    assert message == "https://id.example/jwks answered with status 500"


def test_a_coroutine_function_that_hangs_is_cut_short():
    async def headers():
        await asyncio.get_running_loop().create_future()

    sent, message = async_client(headers, timeout=0.05)
    assert sent == []
    assert message == "The headers function raised TimeoutError"
