"""`MultiIssuerVerifier`: the unverified `iss` chooses a verifier, and nothing else."""

from __future__ import annotations

import asyncio
import gc
import re

import pytest
import rapidjwt
from rapidjwt import (
    AsyncJWKSClient,
    CacheInfo,
    DecodeError,
    InvalidAudienceError,
    InvalidIssuerError,
    InvalidSignatureError,
    JWKSClient,
    Key,
    MissingRequiredClaimError,
    MultiIssuerVerifier,
    Signer,
    Verifier,
)

A, B, EVIL = "https://a.example", "https://b.example", "https://evil.example"
KEYS = {name: Key.generate("ES256", kid="k") for name in (A, B, EVIL)}
TENANT = r"https://login\.example/[0-9a-f]{4}/v2\.0"


def tenant(number):
    return f"https://login.example/{number:04x}/v2.0"


def verifier(issuer, **policy):
    return Verifier(KEYS[issuer].public(), issuer=issuer, **policy)


def token(issuer, key=None, **claims):
    claims |= {} if issuer is None else {"iss": issuer}
    return Signer(KEYS[key or issuer]).encode(claims)


def all_ways(verifiers, compact):
    """Return the result or the error of each method for a token."""

    async def asynchronous():
        many = [result async for result in verifiers.decode_many_async([compact])]
        return await result_of(verifiers.decode_async(compact)), many[0]

    async def result_of(coroutine):
        try:
            return await coroutine
        except rapidjwt.PyJWTError as error:
            return error

    def caught(call):
        try:
            return call(compact)
        except rapidjwt.PyJWTError as error:
            return error

    complete = [caught(verifiers.decode_complete), *verifiers.decode_complete_many([compact])]
    return [
        caught(verifiers.decode),
        *verifiers.decode_many([compact]),
        *asyncio.run(asynchronous()),
        *(one["payload"] if isinstance(one, dict) else one for one in complete),
    ]


def refused(verifiers, compact, error):
    results = all_ways(verifiers, compact)
    assert {type(result) for result in results} == {error}
    return str(results[0])


def accepted(verifiers, compact):
    first, *others = all_ways(verifiers, compact)
    assert all(other == first for other in others)
    return first


BOTH = MultiIssuerVerifier([verifier(A, audience="api"), verifier(B)])


def test_each_issuer_has_its_own_keys_and_policy():
    assert accepted(BOTH, token(A, aud="api")) == {"iss": A, "aud": "api"}
    assert accepted(BOTH, token(B)) == {"iss": B}
    refused(BOTH, token(A, aud="web"), InvalidAudienceError)
    refused(BOTH, token(B, aud="api"), InvalidAudienceError)


@pytest.mark.parametrize(("issuer", "key"), [(A, B), (B, A), (A, EVIL), (B, EVIL)])
def test_the_key_of_one_issuer_never_verifies_the_token_of_another(issuer, key):
    refused(BOTH, token(issuer, key, aud="api"), InvalidSignatureError)


NOT_ISSUERS = [EVIL, A.upper(), f"{A}/", f"{A}\0", f" {A}", "", "a.example", A * 1000]


@pytest.mark.parametrize("issuer", NOT_ISSUERS)
def test_an_unknown_issuer_is_refused_by_a_text_that_does_not_quote_it(issuer):
    message = refused(BOTH, token(issuer, EVIL), InvalidIssuerError)
    assert message == "The token's issuer (iss) is not one of those that are accepted"


@pytest.mark.parametrize("issuer", [[A], {"a": A}, 7, True])
def test_an_issuer_that_is_not_a_string_is_refused(issuer):
    compact = rapidjwt.PyJWS().encode(
        rapidjwt.api_jwt.json.dumps({"iss": issuer}).encode(), "x" * 64
    )
    refused(BOTH, compact, InvalidIssuerError)


def test_a_token_without_an_issuer_is_refused():
    refused(BOTH, token(None, A), MissingRequiredClaimError)


def test_of_two_issuers_in_a_token_the_one_that_is_verified_counts():
    def with_two(first, second, key):
        payload = f'{{"iss":"{first}","iss":"{second}"}}'.encode()
        return rapidjwt.PyJWS().encode(payload, KEYS[key], "ES256")

    assert accepted(BOTH, with_two(EVIL, B, B)) == {"iss": B}
    refused(BOTH, with_two(A, B, A), InvalidSignatureError)
    refused(BOTH, with_two(B, EVIL, B), InvalidIssuerError)


@pytest.mark.parametrize("compact", ["", "a.b", "x.y.z", "Bearer a.b.c", None, 7])
def test_a_malformed_token_gets_the_error_of_a_verifier(compact):
    with pytest.raises(DecodeError) as expected:
        verifier(B).decode(compact)
    assert refused(BOTH, compact, DecodeError) == str(expected.value)


@pytest.mark.parametrize("client", [JWKSClient, AsyncJWKSClient])
def test_an_unknown_issuer_causes_no_fetch(client):
    fetched = []

    def transport(request):
        fetched.append(request)
        raise AssertionError

    remote = client.from_issuer(A, transport=transport)
    verifiers = MultiIssuerVerifier([Verifier(jwks=remote, algorithms=["ES256"])])
    assert verifiers.issuers == (A,)
    for issuer in (EVIL, None, A + "/"):
        with pytest.raises(rapidjwt.InvalidTokenError):
            asyncio.run(verifiers.decode_async(token(issuer, EVIL)))
    assert fetched == []


class Maker:
    """Makes verifiers of tenants below 100, and counts."""

    def __init__(self):
        self.asked = []

    def __call__(self, issuer):
        self.asked.append(issuer)
        if int(issuer.split("/")[3], 16) >= 100:
            return None
        return Verifier(KEYS[A].public(), issuer=issuer)


def test_a_pattern_makes_the_verifier_of_an_issuer_once():
    maker = Maker()
    verifiers = MultiIssuerVerifier([verifier(B)], pattern=TENANT, make=maker)
    for _ in range(3):
        assert accepted(verifiers, token(tenant(1), A)) == {"iss": tenant(1)}
        assert accepted(verifiers, token(B)) == {"iss": B}
    assert maker.asked == [tenant(1)]
    refused(verifiers, token(tenant(1), B), InvalidSignatureError)
    refused(verifiers, token(tenant(500), A), InvalidIssuerError)


@pytest.mark.parametrize(
    "issuer", [EVIL, f"{EVIL}/{tenant(1)}", f"{tenant(1)}/x", f"{tenant(1)}\n", tenant(1) * 100]
)
@pytest.mark.parametrize("pattern", [TENANT, re.compile(TENANT)])
def test_an_issuer_that_does_not_match_as_a_whole_is_not_made(issuer, pattern):
    maker = Maker()
    verifiers = MultiIssuerVerifier(pattern=pattern, make=maker)
    refused(verifiers, token(issuer, A), InvalidIssuerError)
    assert maker.asked == []


def test_a_very_long_issuer_does_not_reach_the_pattern():
    maker = Maker()
    verifiers = MultiIssuerVerifier(pattern=".*", make=maker)
    refused(verifiers, token("https://" + "a" * 3000, A), InvalidIssuerError)
    assert maker.asked == []


def test_the_number_of_made_verifiers_is_bounded():
    maker = Maker()
    verifiers = MultiIssuerVerifier(pattern=TENANT, make=maker, max_made=3)
    for number in range(50):
        verifiers.decode(token(tenant(number), A))
    assert len(maker.asked) == 50
    assert verifiers._made.cache_info().currsize == 3
    verifiers.decode(token(tenant(49), A))
    assert len(maker.asked) == 50
    verifiers.decode(token(tenant(0), A))
    assert len(maker.asked) == 51


def test_a_refused_issuer_takes_no_place_and_is_asked_for_again():
    maker = Maker()
    verifiers = MultiIssuerVerifier(pattern=TENANT, make=maker, max_made=3)
    for number in range(100, 150):
        with pytest.raises(InvalidIssuerError):
            verifiers.decode(token(tenant(number), A))
    assert verifiers._made.cache_info().currsize == 0
    with pytest.raises(InvalidIssuerError):
        verifiers.decode(token(tenant(100), A))
    assert maker.asked.count(tenant(100)) == 2


@pytest.mark.parametrize("issuer", [None, EVIL])
def test_a_made_verifier_must_demand_the_issuer(issuer):
    verifiers = MultiIssuerVerifier(
        pattern=TENANT, make=lambda _: Verifier(KEYS[A].public(), issuer=issuer)
    )
    with pytest.raises(ValueError, match=r"needs its issuer|for other issuers"):
        verifiers.decode(token(tenant(1), A))


WRONG = {
    "no issuer": (lambda: [Verifier(KEYS[A])], {}, ValueError, "needs its issuer"),
    "an issuer that is not checked": (
        lambda: [verifier(A, options={"verify_iss": False})],
        {},
        ValueError,
        "needs its issuer",
    ),
    "two for one issuer": (lambda: [verifier(A), verifier(A)], {}, ValueError, "Two verifiers"),
    "a key": (lambda: [KEYS[A]], {}, TypeError, "Expected a Verifier, got Key"),
    "nothing": (list, {}, ValueError, "needs a verifier, or pattern and make"),
    "a pattern alone": (list, {"pattern": TENANT}, ValueError, "belong together"),
    "make alone": (list, {"make": Maker()}, ValueError, "belong together"),
    "no room": (list, {"pattern": TENANT, "make": Maker(), "max_made": 0}, ValueError, "max_made"),
    "no size": (lambda: [verifier(A)], {"max_token_size": 0}, ValueError, "max_token_size"),
}


@pytest.mark.parametrize(("verifiers", "arguments", "error", "message"), WRONG.values(), ids=WRONG)
def test_wrong_arguments_are_refused_at_once(verifiers, arguments, error, message):
    with pytest.raises(error, match=message):
        MultiIssuerVerifier(verifiers(), **arguments)


def test_a_verifier_may_have_several_issuers():
    shared = Verifier(KEYS[A].public(), issuer=[A, B])
    verifiers = MultiIssuerVerifier([shared])
    assert sorted(verifiers.issuers) == [A, B]
    assert accepted(verifiers, token(B, A)) == {"iss": B}
    assert repr(MultiIssuerVerifier([verifier(A)])) == f"<MultiIssuerVerifier issuers={(A,)!r}>"


def test_a_large_token_is_refused_first():
    verifiers = MultiIssuerVerifier([verifier(A)], max_token_size=500)
    accepted(verifiers, token(A))
    message = refused(verifiers, token(A, pad="x" * 500), DecodeError)
    assert message == "The token has more than 500 bytes"


def test_a_batch_keeps_its_order_over_chunks_and_issuers():
    compacts = [
        token((A, B, EVIL)[n % 3], n=n, aud="api" if n % 3 == 0 else None) for n in range(9)
    ]
    compacts *= 300
    results = list(BOTH.decode_many(compacts))
    assert len(results) == 2700
    for place, result in enumerate(results):
        n = place % 9
        if n % 3 == 2:
            assert type(result) is InvalidIssuerError
        else:
            assert result["n"] == n


def test_an_error_of_the_iterable_is_raised_after_the_results_before_it():
    def tokens():
        yield token(B)
        yield "garbage"
        raise OSError("mine")

    results = BOTH.decode_many(tokens())
    assert next(results) == {"iss": B}
    assert type(next(results)) is DecodeError
    with pytest.raises(OSError, match="mine"):
        next(results)
    with pytest.raises(TypeError, match=r"decode_many takes an iterable .* pass \[token\]"):
        BOTH.decode_many(token(B))


def test_it_is_a_verifier_for_the_framework_helpers():
    from rapidjwt.integrations import bearer

    assert bearer.checked_verifier(BOTH) is BOTH
    assert bearer.verify(BOTH, [f"Bearer {token(B)}"]) == {"iss": B}
    with pytest.raises(bearer.BearerError) as raised:
        bearer.verify(BOTH, [f"Bearer {token(EVIL)}"])
    assert raised.value.description == "The access token is from another issuer"


def test_the_caches_of_all_verifiers_are_counted_and_emptied():
    def make(issuer):
        return Verifier(KEYS[EVIL].public(), issuer=issuer, cache_size=5)

    verifiers = MultiIssuerVerifier(
        [verifier(A, cache_size=10), verifier(B)], pattern=TENANT, make=make, max_made=1
    )
    assert verifiers.cache_info() == CacheInfo(maxsize=10)
    tokens = [token(A), token(tenant(1), EVIL)]
    for _ in range(3):
        for compact in tokens:
            verifiers.decode(compact)
    assert verifiers.cache_info() == CacheInfo(hits=4, misses=2, maxsize=15, currsize=2)
    verifiers.decode(token(tenant(2), EVIL))  # takes the place of the other tenant
    gc.collect()
    assert verifiers.cache_info() == CacheInfo(hits=2, misses=2, maxsize=15, currsize=2)
    verifiers.cache_clear()
    assert verifiers.cache_info().currsize == 0


def test_it_has_every_method_of_a_verifier():
    methods = {name for name in vars(Verifier) if callable(getattr(Verifier, name))}
    missing = {name for name in methods if not name.startswith("__")} - set(
        dir(MultiIssuerVerifier)
    )
    assert not missing
