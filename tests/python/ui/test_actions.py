"""What the page asks for, without the page."""

from __future__ import annotations

import json
import time

import pytest
import rapidjwt
from jwks.provider import SigningKey, body, running_provider
from rapidjwt import Key, Signer
from rapidjwt.jwks import JWKSClient
from rapidjwt.ui.actions import answer

SECRET = "a secret of at least thirty-two bytes, from a vault"


@pytest.fixture(scope="module")
def key():
    return Key.generate("ES256")


def now():
    """Return the time at which a test runs: others may run for minutes before it."""
    return int(time.time())


def token(key, claims=None, **header):
    return Signer(key, headers=header).encode({"exp": now() + 600} if claims is None else claims)


def test_reading_finds_the_token_and_says_what_inspect_says(key):
    issued = now()
    made = token(key, {"sub": "alice", "iat": issued, "big": 2**70}, typ="at+jwt")
    found = answer("inspect", {"text": f"curl -H 'Authorization: Bearer {made}' https://x.example"})
    assert found["token"] == made
    assert found["others"] == 0
    header, claims = found["parts"]
    assert json.loads(header["json"]) == {"alg": "ES256", "typ": "at+jwt"}
    assert f'"big": {2**70}' in claims["json"]
    assert [(one["name"], one["at"]) for one in found["moments"]] == [("iat", issued)]
    assert [one["code"] for one in found["findings"]] == ["exp-missing"]
    assert found["profile"]["profile"] == "access-token"
    assert 'Token is missing the "iss" claim' in found["profile"]["lacks"]
    assert set(found["profiles"]) > {"access-token", "id-token"}


@pytest.mark.parametrize("text", ["", "no token", "a.b.c", "eyJh.a.b.c.d", "{", '{"payload": 3}'])
def test_reading_what_is_not_a_token_says_so(text):
    found = answer("inspect", {"text": text})
    assert [one["level"] for one in found["findings"]][:1] == ["error"]


def test_invisible_characters_are_escaped(key):
    made = token(key, {"sub": "a\u202eb", "exp": "\u202e"})
    found = answer("inspect", {"text": made})
    assert "\u202e" not in json.dumps(found, ensure_ascii=False)
    assert json.loads(found["editable"]["claims"])["sub"] == "a\u202eb"


def test_json_that_is_nested_too_deeply_is_a_problem(key):
    deep = "[" * 900 + "]" * 900
    part = rapidjwt.utils.base64url_encode(f'{{"a":{deep}}}'.encode()).decode()
    found = answer("inspect", {"text": f"eyJhbGciOiJFUzI1NiJ9.{part}.c2ln"})
    assert found.get("problem", "The JSON is nested too deeply to show.") == (
        "The JSON is nested too deeply to show."
    )


def test_a_token_is_verified_with_a_key_a_set_and_a_secret(key):
    public = key.public().to_jwk() | {"alg": "ES256"}
    made = token(key, {"sub": "alice"})
    for text in (json.dumps(public), json.dumps({"keys": [public]})):
        assert answer("verify", {"text": made, "key": text})["verified"] is True
    chosen = {"text": made, "key": key.to_pem(), "algorithm": "ES256"}
    assert json.loads(answer("verify", chosen)["claims"]) == {"sub": "alice"}
    made = token(Key.from_secret(SECRET))
    assert answer("verify", {"text": made, "key": SECRET + "\n", "algorithm": "HS256"})["verified"]


def test_a_refused_token_has_the_error_and_its_words(key):
    request = {"key": key.to_pem(), "algorithm": "ES256"}
    assert answer("verify", request | {"text": token(key, {"exp": now() - 60})}) == {
        "verified": False,
        "error": "ExpiredSignatureError",
        "message": "Signature has expired",
    }
    late = request | {"text": token(key, {"exp": now() - 60}), "leeway": "120"}
    assert answer("verify", late)["verified"] is True
    other = token(Key.generate("ES256"))
    assert answer("verify", request | {"text": other})["error"] == "InvalidSignatureError"
    assert answer("verify", request | {"text": "a.b.c"})["verified"] is False


def test_issuer_audience_and_profile_are_demanded(key):
    made = token(key, {"iss": "https://id.example", "aud": "api", "exp": now() + 60, "sub": "a"})
    request = {"text": made, "key": key.to_pem(), "algorithm": "ES256", "audience": "api"}
    assert answer("verify", request)["verified"] is True
    assert answer("verify", request | {"audience": "web"})["error"] == "InvalidAudienceError"
    assert answer("verify", request | {"issuer": "other"})["error"] == "InvalidIssuerError"
    strict = request | {"profile": "access-token", "issuer": "https://id.example"}
    assert answer("verify", strict)["verified"] is False
    assert "expected issuer" in answer("verify", request | {"profile": "access-token"})["problem"]


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        ({}, "Paste a key or a JWK Set first."),
        ({"key": "KEY"}, "The key does not name its algorithm: choose one of ES256."),
        ({"key": "KEY", "algorithm": "RS256"}, "There is no key for RS256, only for ES256."),
        ({"key": "{"}, "The key begins like a JWK but is not valid JSON"),
        ({"key": '{"keys": []}'}, "The JWK Set has no keys"),
        ({"key": "KEY", "leeway": "soon"}, "The leeway must be a number of seconds, such as 30."),
        ({"from": "issuer"}, "Enter the issuer first: its keys are fetched from there."),
        ({"key": 3}, "key must be text."),
        ({"text": None}, "text must be text."),
    ],
)
def test_what_is_missing_is_said(key, request_, problem):
    filled = {name: key.to_pem() if value == "KEY" else value for name, value in request_.items()}
    assert answer("verify", {"text": token(key)} | filled) == {"problem": problem}


def test_an_encrypted_key_is_named_as_such(key):
    pem = key.to_pem(private=True, password=b"a password")
    assert "The key is encrypted" in answer("sign", {
        "header": "{}", "claims": "{}", "key": pem
    })["problem"]  # fmt: skip


def test_the_keys_of_an_issuer_are_fetched(monkeypatch):
    signing_key = SigningKey("key-1")
    with running_provider() as provider:
        provider.publish(signing_key)
        metadata = {"issuer": provider.origin, "jwks_uri": provider.url}
        provider.answer(body(json.dumps(metadata).encode()), "/.well-known/openid-configuration")
        from_issuer = JWKSClient.from_issuer
        monkeypatch.setattr(
            JWKSClient, "from_issuer", lambda issuer: from_issuer(issuer, allow_http=True)
        )
        request = {"from": "issuer", "issuer": provider.origin}
        good, bad = signing_key.token(iss=provider.origin), signing_key.token(iss="other")
        assert answer("verify", request | {"text": good})["verified"] is True
        assert answer("verify", request | {"text": bad})["error"] == "InvalidIssuerError"


@pytest.mark.parametrize("issuer", ["http://id.example", "id.example", "file:///etc/passwd"])
def test_keys_are_fetched_over_https_only(key, issuer):
    found = answer("verify", {"text": token(key), "from": "issuer", "issuer": issuer})
    assert "https" in found["problem"]


@pytest.mark.parametrize("algorithm", ["", "HS256", "RS256", "EdDSA"])
def test_a_development_key_signs_and_verifies(algorithm):
    made = answer("generate", {"algorithm": algorithm})["key"]
    request = {"header": '{"alg": "none", "typ": "x"}', "claims": '{"sub": "bob"}', "key": made}
    signed = answer("sign", request)["token"]
    header = rapidjwt.get_unverified_header(signed)
    assert header == {"alg": algorithm or "ES256", "kid": "development", "typ": "x"}
    assert answer("verify", {"text": signed, "key": made})["verified"] is True


def test_a_header_is_signed_as_it_is_written(key):
    pem = key.to_pem(private=True)
    request = {"header": '{"alg": "ES256", "kid": "a"}', "claims": "{}", "key": pem}
    header = rapidjwt.get_unverified_header(answer("sign", request)["token"])
    assert header == {"alg": "ES256", "kid": "a"}


@pytest.mark.parametrize(
    ("header", "claims", "problem"),
    [
        ("{", "{}", "The header cannot be read as JSON: "),
        ("{}", "[]", "The claims must be a JSON object."),
        ("{}", "", "The claims cannot be read as JSON: "),
    ],
)
def test_what_cannot_be_signed_is_said(key, header, claims, problem):
    request = {"header": header, "claims": claims, "key": key.to_pem(private=True)}
    assert answer("sign", request)["problem"].startswith(problem)


def test_signing_needs_a_private_key(key):
    request = {"header": "{}", "claims": "{}"}
    assert answer("sign", request)["problem"].startswith("Paste a key, or make")
    assert "problem" in answer("sign", request | {"key": key.public().to_pem()})


def test_two_tokens_are_compared_member_by_member(key):
    one = token(key, {"sub": "alice", "n": [1, 2]}, kid="a")
    other = token(key, {"sub": "bob", "n": [1, 2], "new": None})
    found = answer("compare", {"text": one, "other": f"Bearer {other}"})
    rows = {(row["part"], row["name"]): (row["one"], row["other"]) for row in found["rows"]}
    assert rows["claims", "sub"] == ('"alice"', '"bob"')
    assert rows["header", "kid"] == ('"a"', None)
    assert rows["claims", "new"] == (None, "null")
    assert rows["claims", "n"][0] == rows["claims", "n"][1]
    assert found["identical"] is False
    assert answer("compare", {"text": one, "other": one})["identical"] is True
    assert "second text" in answer("compare", {"text": one, "other": "x"})["problem"]


def test_no_problem_repeats_a_key():
    for text in ("SECRET-1", '{"kty": "oct", "k": "SECRET-1!"}', "-----BEGIN SECRET-1-----"):
        for action in ("verify", "sign"):
            request = {"text": "a.b.c", "key": text, "header": "{}", "claims": "{}"}
            assert "SECRET-1" not in json.dumps(answer(action, request))
