"""The rules of RFC 6750, independent of any framework."""

from __future__ import annotations

import asyncio
import json
import re
import threading

import pytest
import rapidjwt
from rapidjwt.integrations.bearer import (
    BearerError,
    MissingTokenError,
    bearer_token,
    challenge,
    converted,
    granted_scopes,
    refusal,
    require_scopes,
    required_scopes,
    sync_verifier,
    verify,
    verify_async,
)
from rapidjwt.jwks import AsyncJWKSClient, JWKSClient, Response, UnknownKeyError

from .tokens import CASES, SCOPE, Async, NoKeys, NoKeysAsync, Slow, bearer, token, verifier

#: `error-description` of RFC 6750 Section 3.
DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]+")


def all_errors(kind=rapidjwt.InvalidTokenError):
    return {kind}.union(*map(all_errors, kind.__subclasses__()))


def answer(authorization, scopes=(SCOPE,), check=verify):
    """Return the status and the challenge for a request."""
    try:
        require_scopes(check(verifier(), authorization), scopes)
    except BearerError as error:
        return int(error.status), error.headers("api").get("WWW-Authenticate")
    return 200, None


@pytest.mark.parametrize("case", CASES)
def test_each_request_gets_its_status_and_challenge(case):
    authorization, *expected = CASES[case]()
    assert answer([] if authorization is None else [authorization]) == tuple(expected)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_the_scheme_is_compared_without_regard_to_case(scheme):
    assert bearer_token([f"{scheme} abc.def.ghi"]) == "abc.def.ghi"


@pytest.mark.parametrize("value", ["Bearer  abc", "  Bearer abc\t ", "Bearer abc "])
def test_spaces_around_the_token_do_not_matter(value):
    assert bearer_token([value]) == "abc"


@pytest.mark.parametrize("value", ["a", "-._~+/", "abc==", "A9.b-_.~"])
def test_a_token_may_have_all_characters_of_b64token(value):
    assert bearer_token([f"Bearer {value}"]) == value


@pytest.mark.parametrize(
    "value",
    ["", " ", "a b", "a,b", "a=b", "=", 'a"b', "a\tb", "a\nb", "a\n", "ä", "a\0", "\u0661", "(a)"],
)
def test_what_is_no_b64token_is_a_bad_request(value):
    with pytest.raises(BearerError) as raised:
        bearer_token([f"Bearer {value}"])
    assert (raised.value.status, raised.value.error) == (400, "invalid_request")


@pytest.mark.parametrize("values", [[], [""], ["Basic YTpi"], ["Bearerabc"], ["Token abc"]])
def test_without_a_bearer_token_there_is_no_error_code(values):
    with pytest.raises(MissingTokenError) as raised:
        bearer_token(values)
    assert raised.value.headers("api") == {"WWW-Authenticate": 'Bearer realm="api"'}


def test_two_headers_are_a_bad_request_even_if_they_are_equal():
    for values in (["Bearer a", "Bearer a"], ["Basic a", "Bearer a"]):
        with pytest.raises(BearerError, match="more than one") as raised:
            bearer_token(values)
        assert (raised.value.status, raised.value.error) == (400, "invalid_request")


def test_a_realm_is_quoted_and_has_to_be_printable():
    assert challenge('say "\\"') == r'Bearer realm="say \"\\\""'
    for realm in ("a\r\nX: y", "ä", "\x7f"):
        with pytest.raises(ValueError, match="printable ASCII"):
            challenge(realm)


@pytest.mark.parametrize("kind", sorted(all_errors(), key=lambda kind: kind.__name__))
def test_every_error_of_a_token_has_a_description_that_quotes_nothing_of_it(kind):
    secret_text = 'eyJhbGci"\\\r\nSet-Cookie: a=b'
    refused = refusal(kind(secret_text))
    assert (refused.status, refused.error) == (401, "invalid_token")
    assert DESCRIPTION.fullmatch(refused.description)
    header = challenge("api", refused)
    assert "eyJ" not in header
    assert header.isprintable()


def test_an_unknown_key_is_the_tokens_fault_and_keys_out_of_reach_are_not():
    assert refusal(UnknownKeyError("no such key")).status == 401
    for kind in (rapidjwt.PyJWKClientError, rapidjwt.PyJWKClientConnectionError):
        refused = refusal(kind("no route to host"))
        assert (refused.status, refused.error, refused.headers("api")) == (503, None, {})


def test_errors_of_the_set_up_are_no_refusals():
    class Broken:
        def decode(self, _token, /):
            raise rapidjwt.InvalidKeyError("the key of the server")

    with pytest.raises(rapidjwt.InvalidKeyError):
        verify(Broken(), ["Bearer a"])


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({"scope": "a b"}, {"a", "b"}),
        ({"scope": "a  b "}, {"a", "b", ""}),
        ({"scope": "a\tb"}, {"a\tb"}),
        ({"scope": ["a", "b"]}, {"a", "b"}),
        ({"scp": ["a", 1, None, "b"]}, {"a", "b"}),
        ({"scp": "a b"}, {"a", "b"}),
        ({"scope": "a", "scp": ["b"]}, {"a"}),
        ({"scope": None, "scp": ["b"]}, set()),
        ({"scope": {"a": 1}}, set()),
        ({"scope": 1}, set()),
        ({}, set()),
    ],
)
def test_scopes_are_read_from_scope_or_scp(claims, scopes):
    assert granted_scopes(claims) == scopes


def test_each_required_scope_must_be_granted():
    claims = {"scope": "a b"}
    require_scopes(claims, [])
    require_scopes(claims, ["b", "a"])
    with pytest.raises(BearerError) as raised:
        require_scopes(claims, ["a", "c"])
    assert (raised.value.status, raised.value.scopes) == (403, ("a", "c"))
    assert challenge("api", raised.value).endswith('error="insufficient_scope", error_description='
        '"The access token does not grant the required scopes", scope="a c"')  # fmt: skip


def test_required_scopes_are_a_string_or_an_iterable():
    assert required_scopes("a b") == required_scopes(["a", "b"]) == ("a", "b")
    assert required_scopes("") == required_scopes(()) == ()
    for wrong in ("a  b", ["a b"], ['"'], ["ä"], [""]):
        with pytest.raises(ValueError, match="Not a scope"):
            required_scopes(wrong)


@pytest.mark.parametrize("error", [KeyError("sub"), TypeError("eyJ"), ValueError('"')])
def test_claims_that_cannot_be_converted_refuse_the_token(error):
    def convert(_claims):
        raise error

    with pytest.raises(BearerError) as raised:
        converted({}, convert)
    assert (raised.value.status, raised.value.error) == (401, "invalid_token")
    assert raised.value.description == "The claims of the access token are not valid"
    assert raised.value.__cause__ is error


def test_claims_stay_as_they_are_unless_something_is_made_of_them():
    claims = {"sub": "alice"}
    assert converted(claims, None) is claims
    assert converted(claims, lambda claims: claims["sub"]) == "alice"


def run(coroutine):
    return asyncio.run(coroutine)


@pytest.mark.parametrize("kind", [verifier, Async, Slow])
def test_any_verifier_serves_asyncio(kind):
    claims = run(verify_async(kind(), [bearer(token())], asyncio.to_thread))
    assert claims["sub"] == "alice"
    with pytest.raises(BearerError, match="has expired"):
        run(verify_async(kind(), [bearer(token(lifetime=-1))], asyncio.to_thread))


def test_a_verifier_that_may_wait_runs_in_another_thread():
    slow = Slow()
    run(verify_async(slow, [bearer(token())], asyncio.to_thread))
    assert slow.threads != [threading.get_ident()]


def test_decode_async_is_preferred():
    class Both(Async):
        def decode(self, _token, /):
            raise AssertionError("blocks")

    assert run(verify_async(Both(), [bearer(token())], asyncio.to_thread))["sub"] == "alice"


@pytest.mark.parametrize("kind", [NoKeys, NoKeysAsync])
def test_keys_out_of_reach_are_no_fault_of_the_client_in_asyncio_either(kind):
    with pytest.raises(BearerError) as raised:
        run(verify_async(kind(), [bearer(token())], asyncio.to_thread))
    assert raised.value.status == 503


def test_where_nothing_can_be_awaited_an_asynchronous_verifier_is_refused():
    with pytest.raises(TypeError, match="decode_async only"):
        sync_verifier(Async())
    assert sync_verifier(slow := Slow()) is slow


def provider(answer):
    """Return both verifiers of a provider whose keys come from `answer`."""

    async def answer_async(request):
        return answer(request)

    url, algorithms = "https://id.example/jwks.json", ["EdDSA"]
    waits = rapidjwt.Verifier(jwks=JWKSClient(url, transport=answer), algorithms=algorithms)
    awaits = rapidjwt.Verifier(
        jwks=AsyncJWKSClient(url, transport=answer_async), algorithms=algorithms
    )
    return waits, awaits


def test_tokens_of_a_provider_are_known_or_refused_or_cannot_be_verified():
    key = rapidjwt.Key.generate("EdDSA")
    jwks = json.dumps({"keys": [key.to_jwk() | {"kid": "a"}]}).encode()

    def sent(kid):
        return [bearer(rapidjwt.encode({"sub": "alice"}, key, "EdDSA", headers={"kid": kid}))]

    def unreachable(_request):
        raise OSError("no route to host")

    async def status(verifier, authorization):
        try:
            await verify_async(verifier, authorization, asyncio.to_thread)
        except BearerError as error:
            return error.status
        return 200

    async def statuses():
        for kind in provider(lambda _request: Response(200, {}, jwks)):
            assert await status(kind, sent("a")) == 200
            assert await status(kind, sent("b")) == 401
        for kind in provider(unreachable):
            assert await status(kind, sent("a")) == 503

    run(statuses())
