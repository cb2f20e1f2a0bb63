"""Profiles and the values of one login, with keys that a client fetches."""

from __future__ import annotations

import asyncio

import pytest
import rapidjwt
from rapidjwt import Verifier, profiles
from rapidjwt.jwks import AsyncJWKSClient, JWKSClient, UnknownKeyError

from .conftest import POLICY

ISSUER, CLIENT = "https://id.example", "my-app"
CLAIMS = {"iss": ISSUER, "aud": CLIENT, "iat": 1, "exp": 4_000_000_000}


@pytest.fixture(params=[JWKSClient, AsyncJWKSClient])
def verifier(request, provider, clock):
    client = request.param(provider.url, allow_http=True, refresh_policy=POLICY, clock=clock)
    return Verifier(
        jwks=client,
        algorithms=["ES256"],
        issuer=ISSUER,
        audience=CLIENT,
        profile=profiles.ID_TOKEN,
        cache_size=10,
    )


def decode(verifier, token):
    return asyncio.run(verifier.decode_async(token))


def test_logins_share_the_keys_that_were_fetched(verifier, provider, signing_keys):
    provider.publish(signing_keys[0])
    logins = {nonce: verifier.expecting(profiles.login(nonce=nonce)) for nonce in ["a", "b"]}
    assert provider.requests == []
    for nonce, login in logins.items():
        assert login.profile is profiles.ID_TOKEN
        token = signing_keys[0].token(**CLAIMS, nonce=nonce)
        assert decode(login, token)["nonce"] == decode(verifier, token)["nonce"] == nonce
        for other in [*{"a", "b"} - {nonce}]:
            with pytest.raises(rapidjwt.InvalidTokenError, match='"nonce" is not accepted'):
                decode(logins[other], token)
        with pytest.raises(rapidjwt.MissingRequiredClaimError):
            decode(login, signing_keys[0].token(**CLAIMS))
    assert len(provider.requests) == 1
    assert verifier.cache_info().hits > 0


def test_a_login_sees_a_new_key(verifier, provider, clock, signing_keys):
    old, new = signing_keys[:2]
    provider.publish(old)
    login = verifier.expecting(profiles.login(nonce="a"))
    assert decode(login, old.token(**CLAIMS, nonce="a"))
    provider.publish(new)
    clock.advance(31)
    assert decode(login, new.token(**CLAIMS, nonce="a"))
    with pytest.raises(UnknownKeyError):
        decode(login, signing_keys[2].token(**CLAIMS, nonce="a"))


def test_batches_follow_the_login(verifier, provider, signing_keys):
    provider.publish(signing_keys[0])
    login = verifier.expecting(profiles.login(nonce="a"))
    tokens = [signing_keys[0].token(**CLAIMS, nonce=nonce) for nonce in "ab"]

    async def results():
        return [result async for result in login.decode_many_async(tokens)]

    good, bad = asyncio.run(results())
    assert good["nonce"] == "a"
    assert type(bad) is rapidjwt.InvalidTokenError
