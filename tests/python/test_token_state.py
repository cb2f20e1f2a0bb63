"""`Verifier(replay=..., revocation=...)`, by every method and with every kind of keys."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time

import pytest
import rapidjwt
import time_machine
from rapidjwt import AsyncJWKSClient, JWKSClient, Key, KeySet, MultiIssuerVerifier, Signer, Verifier
from rapidjwt.exceptions import (
    DecodeError,
    MissingRequiredClaimError,
    ReplayedTokenError,
    RevokedTokenError,
    StoreUnavailableError,
)
from rapidjwt.jwe import Decrypter, Encrypter
from rapidjwt.jwks import Response
from rapidjwt.replay import MemoryReplayStore
from rapidjwt.revocation import RevocationList

KEY = Key.generate("ES256", kid="2026-11")
SIGNER = Signer(KEY, issuer="https://auth.example", lifetime=60, jwt_id=True)
SECRET = Key.from_secret(b"a secret of 32 bytes for A128CBC")
ENCRYPTION = {"algorithms": ["dir"], "encryptions": ["A128CBC-HS256"]}


def token(**claims):
    return SIGNER.encode({"sub": "alice", **claims})


def transport(request, *_):
    body = json.dumps({"keys": [KEY.public().to_jwk()]}).encode()
    return Response(200, {"Content-Type": "application/json"}, body)


async def transport_async(request, *_):
    return transport(request)


def held(**state):
    return Verifier(KEY.public(), issuer="https://auth.example", **state)


def cached(**state):
    return Verifier(KEY.public(), cache_size=100, **state)


def several(**state):
    return Verifier([Key.generate("ES256", kid="other"), KEY], algorithms=["ES256"], **state)


def key_set(**state):
    return Verifier(KeySet([KEY.public()]), **state)


def fetched(**state):
    client = JWKSClient("https://auth.example/keys", transport=transport)
    return Verifier(jwks=client, algorithms=["ES256"], **state)


def fetched_async(**state):
    client = AsyncJWKSClient("https://auth.example/keys", transport=transport_async)
    return Verifier(jwks=client, algorithms=["ES256"], **state)


def several_issuers(**state):
    return MultiIssuerVerifier([held(**state)])


KINDS = [held, cached, several, key_set, fetched, several_issuers]

#: The methods, each as a function that returns the claims or raises.
METHODS = {
    "decode": lambda verifier, text: verifier.decode(text),
    "decode_complete": lambda verifier, text: verifier.decode_complete(text)["payload"],
    "decode_many": lambda verifier, text: only(verifier.decode_many([text])),
    "decode_complete_many": lambda verifier, text: only(verifier.decode_complete_many([text])),
}


async def collected(results):
    return [result async for result in results]


ASYNC_METHODS = {
    "decode_async": lambda verifier, text: asyncio.run(verifier.decode_async(text)),
    "decode_complete_async": lambda verifier, text: asyncio.run(
        verifier.decode_complete_async(text)
    )["payload"],
    "decode_many_async": lambda verifier, text: only(
        asyncio.run(collected(verifier.decode_many_async([text])))
    ),
}
PAIRS = [
    *((kind, method) for kind in KINDS for method in METHODS | ASYNC_METHODS),
    *((fetched_async, method) for method in ASYNC_METHODS),
]


def only(results):
    (result,) = results
    if isinstance(result, Exception):
        raise result
    return result.get("payload", result)


def call(method, verifier, text):
    return (METHODS | ASYNC_METHODS)[method](verifier, text)


@pytest.mark.parametrize(("kind", "method"), PAIRS)
def test_a_token_is_accepted_once_by_every_method(kind, method):
    verifier = kind(replay=MemoryReplayStore())
    one, two = token(), token()
    assert call(method, verifier, one)["sub"] == "alice"
    with pytest.raises(ReplayedTokenError, match=r"^The token was used before$"):
        call(method, verifier, one)
    assert call(method, verifier, two)["sub"] == "alice"


@pytest.mark.parametrize(("kind", "method"), PAIRS)
def test_a_revoked_token_is_refused_by_every_method(kind, method):
    revoked = RevocationList(3600)
    verifier = kind(revocation=revoked)
    text = token(jti="1")
    for _ in range(2):
        assert call(method, verifier, text)["sub"] == "alice"
    revoked.revoke_token("1")
    with pytest.raises(RevokedTokenError):
        call(method, verifier, text)
    other = token(sid="s")
    assert call(method, verifier, other)["sub"] == "alice"
    revoked.revoke_session("s", before=time.time() + 10)
    with pytest.raises(RevokedTokenError):
        call(method, verifier, other)
    revoked.revoke_key("2026-11")
    with pytest.raises(RevokedTokenError, match="key"):
        call(method, verifier, token())


def test_a_hit_of_the_signature_cache_is_asked_about_too():
    revoked = RevocationList(3600)
    verifier = cached(revocation=revoked)
    text = token(jti="1")
    for _ in range(3):
        verifier.decode(text)
    assert verifier.cache_info().hits == 2
    revoked.revoke_token("1")
    with pytest.raises(RevokedTokenError):
        verifier.decode(text)
    assert verifier.cache_info().hits == 3
    once = cached(replay=MemoryReplayStore())
    once.decode(text)
    with pytest.raises(ReplayedTokenError):
        once.decode(text)
    assert once.cache_info().hits == 1


def test_a_token_that_is_refused_does_not_fill_the_store():
    store, revoked = MemoryReplayStore(), RevocationList(3600)
    revoked.revoke_token("revoked")
    verifier = held(replay=store, revocation=revoked, audience="api")
    head, payload, signature = token(aud="api").split(".")
    stranger = Signer(Key.generate("ES256", kid="2026-11"), issuer="https://auth.example")
    for text in (
        "garbage",
        f"{head}.{payload}.{'A' * len(signature)}",
        stranger.encode({"aud": "api", "jti": "1", "exp": int(time.time()) + 60}),
        token(aud="other"),
        token(aud="api", iat=1),
        token(aud="api", jti="revoked"),
        SIGNER.encode({"aud": "api", "iss": "https://other.example"}),
    ):
        with pytest.raises(rapidjwt.InvalidTokenError):
            verifier.decode(text)
    assert len(store) == 0
    verifier.decode(token(aud="api"))
    assert len(store) == 1


@pytest.mark.parametrize("claim", ["jti", "exp"])
def test_a_one_time_token_needs_an_id_and_an_end(claim):
    claims = {"jti": "1", "exp": int(time.time()) + 60}
    del claims[claim]
    verifier = Verifier(KEY.public(), replay=MemoryReplayStore())
    with pytest.raises(MissingRequiredClaimError, match=claim):
        verifier.decode(Signer(KEY).encode(claims))


@pytest.mark.parametrize("exp", ["x", [1], {}, 1e400])
def test_a_token_without_a_usable_end_is_refused(exp):
    verifier = Verifier(KEY.public(), replay=MemoryReplayStore(), options={"verify_exp": False})
    text = rapidjwt.encode({"jti": "1", "exp": exp}, KEY, "ES256")
    with pytest.raises(DecodeError, match="exp"):
        verifier.decode(text)


def test_an_end_in_the_far_future_is_remembered():
    verifier = Verifier(KEY.public(), replay=MemoryReplayStore())
    text = Signer(KEY).encode({"jti": "1", "exp": 10**300})
    verifier.decode(text)
    with pytest.raises(ReplayedTokenError):
        verifier.decode(text)


def test_a_token_is_remembered_until_the_leeway_has_passed_too():
    store = MemoryReplayStore()
    verifier = Verifier(KEY.public(), replay=store, leeway=30)
    now = int(time.time())
    with time_machine.travel(now, tick=False) as clock:
        text = Signer(KEY).encode({"jti": "1", "exp": now + 10})
        verifier.decode(text)
        clock.shift(39)
        with pytest.raises(ReplayedTokenError):
            verifier.decode(text)
        clock.shift(1)
        with pytest.raises(rapidjwt.ExpiredSignatureError):
            verifier.decode(text)


def test_tokens_of_two_issuers_may_have_the_same_id():
    verifier = Verifier(KEY.public(), replay=MemoryReplayStore())
    for issuer in ("https://one.example", "https://two.example", None):
        signer = Signer(KEY, issuer=issuer, lifetime=60)
        verifier.decode(signer.encode({"jti": "1"}))
        with pytest.raises(ReplayedTokenError):
            verifier.decode(signer.encode({"jti": "1"}))


def test_nested_tokens_are_asked_about_too():
    revoked = RevocationList(3600)
    decrypter = Decrypter(SECRET, **ENCRYPTION)
    verifier = held(decrypter=decrypter, replay=MemoryReplayStore(), revocation=revoked)
    encrypter = Encrypter(SECRET, "dir", "A128CBC-HS256", headers={"cty": "JWT"})

    def nested(**claims):
        return encrypter.encrypt(token(**claims))

    one = nested()
    assert verifier.decode(one)["sub"] == "alice"
    with pytest.raises(ReplayedTokenError):
        verifier.decode(one)
    two = nested()
    assert asyncio.run(collected(verifier.decode_many_async([two])))[0]["sub"] == "alice"
    revoked.revoke_key("2026-11")  # the ID is in the header of the token inside
    with pytest.raises(RevokedTokenError):
        verifier.decode(nested())
    (error,) = asyncio.run(collected(verifier.decode_many_async([nested()])))
    assert isinstance(error, RevokedTokenError)
    assert verifier.decrypter is decrypter


@pytest.mark.parametrize("kind", [held, fetched])
def test_a_verifier_with_more_rules_has_the_same_stores(kind):
    store, revoked = MemoryReplayStore(), RevocationList(3600)
    verifier = kind(replay=store, revocation=revoked)
    narrower = verifier.expecting({"sub": "alice"})
    assert (narrower.replay, narrower.revocation) == (store, revoked)
    text = token()
    assert verifier.decode(text)
    with pytest.raises(ReplayedTokenError):
        narrower.decode(text)
    with pytest.raises(rapidjwt.InvalidTokenError, match="sub"):
        narrower.decode(token(sub="bob"))


def test_results_come_in_order_with_errors_in_their_places():
    verifier = held(replay=MemoryReplayStore())
    one, two = token(n=1), token(n=2)
    tokens = [one, "garbage", two, one, token(n=3), two]
    kinds = [dict, DecodeError, dict, ReplayedTokenError, dict, ReplayedTokenError]
    assert [type(result) for result in verifier.decode_many(tokens)] == kinds
    verifier = held(replay=MemoryReplayStore())
    results = asyncio.run(collected(verifier.decode_many_async(tokens)))
    assert [type(result) for result in results] == kinds
    assert [result["n"] for result in results if isinstance(result, dict)] == [1, 2, 3]


def test_an_exception_of_the_iterable_comes_after_the_results_before_it():
    def tokens():
        yield token()
        raise OSError("the file ends here")

    verifier, seen = held(replay=MemoryReplayStore()), []
    with pytest.raises(OSError, match="ends here"):
        seen.extend(verifier.decode_many(tokens()))

    async def gather():
        async for result in verifier.decode_many_async(tokens()):
            seen.append(result)  # noqa: PERF401 - what came before the exception counts

    with pytest.raises(OSError, match="ends here"):
        asyncio.run(gather())


class AsyncStore:
    def __init__(self):
        self.store = MemoryReplayStore()

    async def seen_before_async(self, issuer, jti, until, /):
        await asyncio.sleep(0)
        return self.store.seen_before(issuer, jti, until)


class SyncStore:
    """A store that may block: it must not run in the thread of the event loop."""

    def __init__(self):
        self.store = MemoryReplayStore()

    def seen_before(self, issuer, jti, until, /):
        with pytest.raises(RuntimeError):
            asyncio.get_running_loop()
        return self.store.seen_before(issuer, jti, until)


@pytest.mark.parametrize("method", ASYNC_METHODS)
@pytest.mark.parametrize("store", [AsyncStore, SyncStore])
@pytest.mark.parametrize("kind", [held, fetched, fetched_async])
def test_coroutines_take_stores_of_both_kinds(kind, store, method):
    verifier, text = kind(replay=store()), token()
    call(method, verifier, text)
    with pytest.raises(ReplayedTokenError):
        call(method, verifier, text)


@pytest.mark.parametrize("method", METHODS)
def test_a_store_for_asyncio_is_refused_by_methods_that_cannot_wait(method):
    with pytest.raises(TypeError, match="asyncio"):
        call(method, held(replay=AsyncStore()), token())


class Down:
    def seen_before(self, issuer, jti, until, /):
        raise StoreUnavailableError("down")

    def check(self, claims, header, /):
        raise StoreUnavailableError("down")

    async def check_async(self, claims, header, /):
        self.check(claims, header)


@pytest.mark.parametrize(("kind", "method"), PAIRS)
@pytest.mark.parametrize("argument", ["replay", "revocation"])
def test_a_store_out_of_reach_lets_nothing_in(kind, method, argument):
    verifier = kind(**{argument: Down()})
    with pytest.raises(StoreUnavailableError):
        call(method, verifier, token())


def test_a_revoked_token_is_not_used_up():
    revoked, store = RevocationList(100), MemoryReplayStore()
    verifier = held(replay=store, revocation=revoked)
    revoked.revoke_token("1")
    with pytest.raises(RevokedTokenError):
        verifier.decode(token(jti="1"))
    assert len(store) == 0


def test_a_verifier_shows_its_stores_and_its_policy():
    store, revoked = MemoryReplayStore(), RevocationList(3600)
    verifier = held(replay=store, revocation=revoked, leeway=5, require=["sub"])
    assert (verifier.replay, verifier.revocation) == (store, revoked)
    assert (verifier.algorithms, verifier.leeway) == (("ES256",), 5)
    assert (verifier.issuer, verifier.require) == ("https://auth.example", ("sub",))
    assert (held().replay, held().revocation, verifier.decrypter) == (None, None, None)
    shown = repr(held(leeway=5, require=["sub"])).rstrip(">")
    assert repr(verifier) == f"{shown} replay={store!r} revocation={revoked!r}>"
    waiting = fetched_async(replay=store)
    assert (waiting.replay, waiting.revocation) == (store, None)


@pytest.mark.parametrize("wrong", [object(), "redis://", MemoryReplayStore, 1, dict])
@pytest.mark.parametrize("argument", ["replay", "revocation"])
def test_what_is_not_a_store_is_refused(argument, wrong):
    with pytest.raises(TypeError, match=r"replay store|list of rapidjwt\.revocation"):
        held(**{argument: wrong})


def test_a_plain_verifier_imports_nothing_of_this():
    code = (
        "import sys, rapidjwt; rapidjwt.Verifier('s' * 32, algorithms=['HS256'])\n"
        "print([name for name in sys.modules if 'replay' in name or 'token_state' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
