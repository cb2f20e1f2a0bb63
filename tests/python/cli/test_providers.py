"""`rapidjwt verify` with the keys of a provider, on loopback."""

from __future__ import annotations

import json

import pytest
from jwks.provider import SigningKey, body, running_provider, status

from .conftest import is_one_line


@pytest.fixture
def provider():
    with running_provider() as provider:
        yield provider


@pytest.fixture(scope="module")
def signing_key():
    return SigningKey("key-1")


def publish_metadata(provider):
    metadata = {"issuer": provider.origin, "jwks_uri": provider.url}
    provider.answer(body(json.dumps(metadata).encode()), "/.well-known/openid-configuration")


def test_the_keys_of_a_url(run, provider, signing_key):
    provider.publish(signing_key)
    source = ["--jwks", provider.url, "--allow-http"]
    made = signing_key.token(aud="api")
    for options in ([], ["--alg", "ES256"], ["--alg", "RS256", "--alg", "ES256"]):
        result = run("verify", *source, *options, "--aud", "api", stdin=made)
        assert (result.code, result.err) == (0, "")
    assert run("verify", *source, stdin=made).code == 1
    assert run("verify", *source, "--alg", "RS256", stdin=made).code == 1


def test_an_unknown_key_refuses_the_token_and_its_name_drives_no_terminal(
    run, provider, signing_key
):
    provider.publish(signing_key)
    made = SigningKey("\x1b[31mother").token()
    result = run("verify", "--jwks", provider.url, "--allow-http", stdin=made)
    assert (result.code, result.out) == (1, "")
    assert is_one_line(result.err)
    assert "\\u001b[31mother" in result.err


def test_discovery_expects_the_issuer_too(run, provider, signing_key):
    provider.publish(signing_key)
    publish_metadata(provider)
    source = ["--issuer", provider.origin, "--allow-http"]
    good, bad = signing_key.token(iss=provider.origin), signing_key.token(iss="other")
    assert run("verify", *source, "--json", stdin=good).json["verified"] is True
    assert run("verify", *source, "--json", stdin=bad).json["error"] == "InvalidIssuerError"


@pytest.mark.parametrize("answer", [status(500), status(302), body(b"no JSON"), body(b"{}")])
def test_a_provider_without_an_answer_is_a_code_of_its_own(run, provider, signing_key, answer):
    provider.answer(answer)
    for options in ([], ["--alg", "ES256"]):
        command = ["verify", "--jwks", provider.url, "--allow-http", *options]
        result = run(*command, stdin=signing_key.token())
        assert (result.code, result.out) == (4, "")
        assert is_one_line(result.err)


def test_a_provider_that_is_down_is_a_code_of_its_own(run, signing_key):
    with running_provider() as provider:
        url = provider.url
    result = run("verify", "--jwks", url, "--allow-http", stdin=signing_key.token())
    assert result.code == 4
    assert is_one_line(result.err)


def test_http_is_asked_for(run, provider, signing_key):
    provider.publish(signing_key)
    publish_metadata(provider)
    for source in (["--jwks", provider.url], ["--issuer", provider.origin]):
        result = run("verify", *source, "--alg", "ES256", stdin=signing_key.token())
        assert result.code == 2
        assert is_one_line(result.err)
        assert "--allow-http" in result.err
    assert provider.requests == []


def test_a_published_secret_is_none(run, provider):
    provider.answer(body(b'{"keys": [{"kty": "oct", "k": "MTIz", "alg": "HS256"}]}'))
    result = run("verify", "--jwks", provider.url, "--allow-http", stdin="x.y.z")
    assert (result.code, result.out) == (3, "")
