"""`Verifier.decode_many_async` with the keys of both clients, and with keys in memory."""

from __future__ import annotations

import asyncio
import threading

import pytest
import rapidjwt
from rapidjwt import AsyncJWKSClient, JWKSClient, Verifier
from rapidjwt.exceptions import PyJWKClientConnectionError
from rapidjwt.jwks import UnknownKeyError

from .conftest import POLICY
from .provider import status

CHUNK = 1024
COOLDOWN = 30


@pytest.fixture(params=[JWKSClient, AsyncJWKSClient])
def verifier(request, provider, clock):
    client = request.param(provider.url, allow_http=True, refresh_policy=POLICY, clock=clock)
    return Verifier(jwks=client, algorithms=["ES256"])


def results_of(verifier, tokens):
    async def gather():
        return [result async for result in verifier.decode_many_async(tokens)]

    return asyncio.run(gather())


def kinds(results):
    return [type(result) for result in results]


def test_results_come_in_the_order_of_the_tokens_after_one_fetch(verifier, provider, signing_keys):
    provider.publish(*signing_keys)
    tokens = [signing_keys[n % 4].token(n=n) for n in range(CHUNK + 5)]
    results = results_of(verifier, (token for token in tokens))
    assert [result["n"] for result in results] == list(range(CHUNK + 5))
    assert len(provider.requests) == 1


def test_a_refused_token_gives_its_exception_in_its_place(verifier, provider, signing_keys):
    provider.publish(signing_keys[0])
    good = signing_keys[0].token()
    tokens = [good, "garbage", signing_keys[0].token(exp=1), signing_keys[1].token(), None, good]
    assert kinds(results_of(verifier, tokens)) == [
        dict,
        rapidjwt.DecodeError,
        rapidjwt.ExpiredSignatureError,
        UnknownKeyError,
        rapidjwt.DecodeError,
        dict,
    ]


def test_a_new_key_in_a_batch_is_fetched_once(verifier, provider, clock, signing_keys):
    old, new = signing_keys[:2]

    async def both():
        provider.publish(old)
        first = [result async for result in verifier.decode_many_async([old.token()])]
        provider.publish(old, new)
        clock.advance(COOLDOWN)
        tokens = [old.token(), new.token()] * 10
        return first + [result async for result in verifier.decode_many_async(tokens)]

    assert kinds(asyncio.run(both())) == [dict] * 21
    assert len(provider.requests) == 2


def test_an_outage_gives_each_token_the_error(verifier, provider, signing_keys):
    provider.answer(status(500))
    tokens = [signing_keys[0].token()] * 3
    assert set(kinds(results_of(verifier, tokens))) == {PyJWKClientConnectionError}


def test_keys_in_memory_verify_in_another_thread(signing_keys):
    key = signing_keys[0]
    threads = set()

    class Scalar:
        def as_py(self):
            threads.add(threading.get_ident())
            return key.token(n=1)

    verifier = Verifier(rapidjwt.Key.from_jwk(key.jwk()), algorithms=["ES256"])
    (claims,) = results_of(verifier, [Scalar()])
    assert claims["n"] == 1
    assert threads.isdisjoint({threading.get_ident()})


def test_what_is_not_an_iterable_of_tokens_is_refused_at_once(verifier):
    for wrong in ("a.b.c", 5):
        with pytest.raises(TypeError, match="decode_many_async takes an iterable of tokens, got"):
            verifier.decode_many_async(wrong)


def test_an_async_client_names_the_method_to_use(provider):
    verifier = Verifier(jwks=AsyncJWKSClient(provider.url, allow_http=True), algorithms=["ES256"])
    for method in (verifier.decode_many, verifier.decode_complete_many):
        with pytest.raises(TypeError, match=r"async for \.\.\. in decode_many_async"):
            method([])
