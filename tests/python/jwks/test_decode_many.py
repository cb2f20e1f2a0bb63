"""Batches of tokens whose keys a `JWKSClient` fetches, against a real HTTP server on loopback."""

from __future__ import annotations

import itertools

import pytest
import rapidjwt
from rapidjwt import Verifier
from rapidjwt.exceptions import PyJWKClientConnectionError
from rapidjwt.jwks import JWKSClient, UnknownKeyError

from .conftest import POLICY
from .provider import status

COOLDOWN = 30
CHUNK = 1024


@pytest.fixture
def client(provider, clock):
    return JWKSClient(provider.url, allow_http=True, refresh_policy=POLICY, clock=clock)


@pytest.fixture
def verifier(client):
    return Verifier(jwks=client, algorithms=["ES256"])


def kinds(results):
    return [type(result) for result in results]


def test_results_come_in_the_order_of_the_tokens_after_one_fetch(verifier, provider, signing_keys):
    provider.publish(*signing_keys)
    tokens = [signing_keys[n % 4].token(n=n) for n in range(2 * CHUNK + 5)]
    results = verifier.decode_many(token for token in tokens)
    assert provider.requests == []
    assert [result["n"] for result in results] == list(range(2 * CHUNK + 5))
    assert len(provider.requests) == 1


def test_a_refused_token_gives_its_exception_in_its_place(verifier, provider, signing_keys):
    provider.publish(signing_keys[0])
    good = signing_keys[0].token()
    tokens = [good, "garbage", signing_keys[0].token(exp=1), signing_keys[1].token(), 7, good]
    assert kinds(verifier.decode_many(tokens)) == [
        dict,
        rapidjwt.DecodeError,
        rapidjwt.ExpiredSignatureError,
        UnknownKeyError,
        rapidjwt.DecodeError,
        dict,
    ]
    assert len(provider.requests) == 1


def test_a_new_key_in_a_batch_is_fetched_once(verifier, provider, clock, signing_keys):
    old, new = signing_keys[:2]
    provider.publish(old)
    assert kinds(verifier.decode_many([old.token()])) == [dict]
    provider.publish(old, new)
    clock.advance(COOLDOWN)
    assert kinds(verifier.decode_many([old.token(), new.token()] * 10)) == [dict] * 20
    assert len(provider.requests) == 2


def test_a_withdrawn_key_is_not_trusted_beyond_the_chunk(
    verifier, client, provider, clock, signing_keys
):
    old, new = signing_keys[:2]
    provider.publish(old)
    results = verifier.decode_many(itertools.repeat(old.token(), 2 * CHUNK))
    assert kinds(itertools.islice(results, CHUNK)) == [dict] * CHUNK
    provider.publish(new)
    client.refresh()
    assert set(kinds(results)) == {UnknownKeyError}


def test_an_outage_gives_each_token_the_error_and_is_over_when_it_is_over(
    verifier, provider, clock, signing_keys
):
    provider.answer(status(503))
    tokens = [signing_keys[0].token()] * 5
    assert kinds(verifier.decode_many(tokens)) == [PyJWKClientConnectionError] * 5
    assert len(provider.requests) == 1
    provider.publish(signing_keys[0])
    clock.advance(COOLDOWN)
    assert kinds(verifier.decode_many(tokens)) == [dict] * 5


def test_a_set_without_a_key_for_us_refuses_every_token(verifier, provider, signing_keys):
    provider.publish(signing_keys[0])
    verifier = Verifier(jwks=JWKSClient(provider.url, allow_http=True), algorithms=["RS256"])
    tokens = [signing_keys[0].token(), "garbage"]
    assert kinds(verifier.decode_many(tokens)) == [UnknownKeyError, UnknownKeyError]


def test_an_error_of_the_iterable_is_raised_after_the_results_before_it(
    verifier, provider, signing_keys
):
    provider.publish(signing_keys[0])

    def tokens():
        yield signing_keys[0].token()
        raise KeyError("of the iterable")

    results = verifier.decode_many(tokens())
    assert next(results) == {"sub": "user"}
    with pytest.raises(KeyError, match="of the iterable"):
        next(results)


def test_what_cannot_be_iterated_is_a_type_error(verifier):
    with pytest.raises(TypeError):
        verifier.decode_many(7)


class Scalar:
    """A value of a pyarrow column."""

    def __init__(self, value):
        self.value = value

    def as_py(self):
        return self.value


def test_the_scalars_of_a_column_are_read(verifier, provider, signing_keys):
    provider.publish(signing_keys[0])
    column = [Scalar(signing_keys[0].token()), Scalar(None), Scalar(signing_keys[1].token())]
    assert kinds(verifier.decode_many(column)) == [dict, rapidjwt.DecodeError, UnknownKeyError]


def test_complete_results_have_the_header_and_follow_a_new_key(
    verifier, provider, clock, signing_keys
):
    old, new = signing_keys[:2]
    provider.publish(old)
    assert kinds(verifier.decode_complete_many([old.token()])) == [dict]
    provider.publish(old, new)
    clock.advance(COOLDOWN)
    tokens = [old.token(n=1), "garbage", new.token(n=2)]
    first, refused, second = verifier.decode_complete_many(tokens)
    assert type(refused) is rapidjwt.DecodeError
    assert first == verifier.decode_complete(tokens[0])
    assert second == verifier.decode_complete(tokens[2])
