"""The signature cache of a `Verifier`: a hit never accepts a token that a miss would refuse."""

from __future__ import annotations

import pytest
import rapidjwt
import time_machine
from differential.keys import (
    ALGORITHMS,
    HMAC_SECRET,
    private_pem,
    public_pem,
    signing_key,
    verifying_key,
)
from rapidjwt import InvalidSignatureError, Key, Verifier

NOW = 1_800_000_000
OTHER_SECRET = "another secret, also of more than thirty-two bytes"


def token(claims=None, key=HMAC_SECRET, algorithm="HS256", kid=None):
    return rapidjwt.encode(claims or {}, key, algorithm, {"kid": kid} if kid else None)


def verifier(key=HMAC_SECRET, algorithms=("HS256",), cache_size=8, **policy):
    return Verifier(key, algorithms=algorithms, cache_size=cache_size, **policy)


def counts(one):
    info = one.cache_info()
    return info.hits, info.misses, info.currsize


@pytest.mark.parametrize("algorithm", [name for name in ALGORITHMS if name != "ES521"])
def test_a_token_that_comes_again_is_a_hit_with_the_same_result(algorithm):
    cached = verifier(verifying_key(algorithm), [algorithm])
    compact = token({"a": 1}, signing_key(algorithm), algorithm)
    complete = Verifier(verifying_key(algorithm), algorithms=[algorithm]).decode_complete(compact)
    assert cached.decode(compact) == {"a": 1}
    assert counts(cached) == (0, 1, 1)
    assert cached.decode(compact.encode()) == {"a": 1}
    assert cached.decode_complete(compact) == complete
    assert list(cached.decode_many([compact])) == [{"a": 1}]
    assert counts(cached) == (3, 1, 1)


def test_a_batch_fills_the_cache_too():
    cached = verifier()
    compact = token()
    list(cached.decode_many([compact]))
    cached.decode(compact)
    assert counts(cached) == (1, 1, 1)


def test_a_remembered_token_expires():
    cached = verifier()
    compact = token({"exp": NOW + 10})
    with time_machine.travel(NOW, tick=False):
        cached.decode(compact)
    with time_machine.travel(NOW + 10, tick=False):
        for decode in (cached.decode, cached.decode_complete):
            with pytest.raises(rapidjwt.ExpiredSignatureError):
                decode(compact)
        assert isinstance(next(cached.decode_many([compact])), rapidjwt.ExpiredSignatureError)
    assert counts(cached) == (3, 1, 1)


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_a_remembered_token_is_refused_before_its_time(claim):
    cached = verifier()
    compact = token({claim: NOW})
    with time_machine.travel(NOW, tick=False):
        cached.decode(compact)
    with time_machine.travel(NOW - 10, tick=False), pytest.raises(rapidjwt.ImmatureSignatureError):
        cached.decode(compact)


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256", "EdDSA"])
def test_one_changed_bit_anywhere_misses_and_is_refused(algorithm):
    cached = verifier(verifying_key(algorithm), [algorithm], cache_size=10_000)
    compact = token({"a": 1}, signing_key(algorithm), algorithm).encode()
    cached.decode(compact)
    for place in range(len(compact)):
        for bit in (1, 32):
            changed = bytearray(compact)
            changed[place] ^= bit
            with pytest.raises(rapidjwt.InvalidTokenError):
                cached.decode(bytes(changed))
    assert cached.cache_info().hits == 0
    assert cached.cache_info().currsize == 1


def test_the_parts_of_a_remembered_token_do_not_combine_to_another():
    cached = verifier()
    first, second = token({"a": 1}).split("."), token({"a": 2}).split(".")
    for compact in (first, second):
        cached.decode(".".join(compact))
    for mixed in ([*first[:2], second[2]], [*second[:2], first[2]]):
        with pytest.raises(InvalidSignatureError):
            cached.decode(".".join(mixed))


def test_a_token_of_one_key_is_none_of_another_key():
    keys = [
        Key.from_jwk(Key.from_secret(secret).to_jwk(private=True) | {"kid": kid})
        for kid, secret in (("a", HMAC_SECRET), ("b", OTHER_SECRET))
    ]
    cached = verifier(keys)
    cached.decode(token(kid="a"))
    with pytest.raises(InvalidSignatureError):
        cached.decode(token(kid="b"))
    with pytest.raises(InvalidSignatureError):
        verifier(OTHER_SECRET).decode(token(kid="a"))


def test_a_signature_of_one_algorithm_is_none_of_another_algorithm():
    cached = verifier(public_pem("RSA-2048"), ["RS256", "PS256"])
    rs256 = token(key=private_pem("RSA-2048"), algorithm="RS256")
    ps256 = token(key=private_pem("RSA-2048"), algorithm="PS256")
    cached.decode(rs256)
    cached.decode(ps256)
    for header, signed in ((ps256, rs256), (rs256, ps256)):
        compact = header.partition(".")[0] + "." + signed.partition(".")[2]
        with pytest.raises(InvalidSignatureError):
            cached.decode(compact)
    only_ps256 = verifier(public_pem("RSA-2048"), ["PS256"])
    only_ps256.decode(ps256)
    with pytest.raises(rapidjwt.InvalidAlgorithmError):
        only_ps256.decode(rs256)


@pytest.mark.parametrize(
    ("policy", "error"),
    [
        ({"audience": "other"}, rapidjwt.InvalidAudienceError),
        ({}, rapidjwt.InvalidAudienceError),
        ({"audience": "you", "issuer": "other"}, rapidjwt.InvalidIssuerError),
        ({"audience": "you", "require": ["jti"]}, rapidjwt.MissingRequiredClaimError),
        ({"audience": "you", "subject": "user"}, rapidjwt.exceptions.InvalidSubjectError),
    ],
)
def test_the_policy_is_each_verifiers_own(policy, error):
    compact = token({"aud": "you", "iss": "me", "sub": "other"})
    verifier(audience="you", issuer="me").decode(compact)
    strict = verifier(**policy)
    for _ in range(3):
        with pytest.raises(error):
            strict.decode(compact)
    assert counts(strict) == (2, 1, 1)


def test_two_verifiers_share_nothing():
    compact = token()
    first, second = verifier(), verifier()
    first.decode(compact)
    assert counts(second) == (0, 0, 0)
    second.decode(compact)
    assert counts(second) == (0, 1, 1)
    first.cache_clear()
    assert counts(first) == (0, 0, 0)
    assert counts(second) == (0, 1, 1)


def test_a_refused_signature_is_not_remembered():
    cached = verifier()
    compact = token(key=OTHER_SECRET)
    for _ in range(3):
        with pytest.raises(InvalidSignatureError):
            cached.decode(compact)
    assert counts(cached) == (0, 3, 0)


def test_a_remembered_token_with_a_payload_that_is_no_object_stays_refused():
    cached = verifier()
    compact = rapidjwt.PyJWS().encode(b"[1]", HMAC_SECRET, "HS256")
    for _ in range(2):
        with pytest.raises(rapidjwt.DecodeError, match="must be a json object"):
            cached.decode(compact)


def test_it_holds_no_more_than_its_size_and_forgets_the_least_recently_used():
    cached = verifier(cache_size=3)
    tokens = [token({"n": number}) for number in range(100)]
    for compact in tokens:
        cached.decode(compact)
        assert cached.cache_info().currsize <= 3
    assert counts(cached) == (0, 100, 3)
    cached.decode(tokens[97])  # used again, so 98 is the oldest now
    cached.decode(tokens[0])
    assert counts(cached) == (1, 101, 3)
    cached.decode(tokens[97])
    assert counts(cached) == (2, 101, 3)
    cached.decode(tokens[98])
    assert counts(cached) == (2, 102, 3)


def test_clearing_forgets_and_counts_anew():
    cached = verifier()
    compact = token()
    cached.decode(compact)
    cached.decode(compact)
    cached.cache_clear()
    assert counts(cached) == (0, 0, 0)
    cached.decode(compact)
    assert counts(cached) == (0, 1, 1)


def test_without_a_size_nothing_is_remembered():
    uncached = Verifier(HMAC_SECRET, algorithms=["HS256"])
    for _ in range(3):
        uncached.decode(token())
    uncached.cache_clear()
    info = uncached.cache_info()
    assert (info.hits, info.misses, info.maxsize, info.currsize) == (0, 0, 0, 0)


def test_cache_info_is_a_snapshot_that_compares_and_shows_itself():
    cached = verifier(cache_size=5)
    before = cached.cache_info()
    assert before == cached.cache_info()
    cached.decode(token())
    assert before != cached.cache_info()
    assert repr(cached.cache_info()) == "CacheInfo(hits=0, misses=1, maxsize=5, currsize=1)"
    with pytest.raises(AttributeError):
        before.hits = 1
