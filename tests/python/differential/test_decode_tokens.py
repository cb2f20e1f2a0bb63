"""For any token and arguments of `decode`, both libraries return or raise the same."""

from __future__ import annotations

from functools import cache

import jwt
from hypothesis import given
from hypothesis import strategies as st

from . import strategies as make
from .keys import ALGORITHMS, HMAC_SECRET, private_keys
from .paths import assert_same_call

SIGNERS = ("HS256", "HS512", "RS256", "ES256", "EdDSA", "none")
functions = st.sampled_from(["decode", "decode_complete", "get_unverified_header"])
# Damaged tokens still have claims to check if the damage is not noticed.
LOOSE = {"verify_signature": False, "verify_exp": True}


@cache
def good_token(algorithm: str) -> str:
    """Return a token that verifies, created by PyJWT."""
    claims = {"sub": "user", "exp": 4_000_000_000, "name": "\U0001f600é"}
    if algorithm == "none":
        return jwt.encode(claims, "", "none")
    return jwt.encode(claims, own_key(algorithm), algorithm, {"kid": "key"})


def own_key(algorithm: str, *, public: bool = False):
    if ALGORITHMS.get(algorithm, "oct") == "oct":
        return HMAC_SECRET
    key = private_keys()[ALGORITHMS[algorithm]]
    return key.public_key() if public else key


@make.cases("tokens")
@given(
    st.sampled_from(SIGNERS),
    make.damages,
    st.sampled_from(
        ["str", "bytes"] * 10 + ["StrSub", "BytesSub", "bytearray", "memoryview", "list"]
    ),
    functions,
    st.sampled_from([None, LOOSE]),
)
def test_every_damaged_token_gives_the_same(algorithm, damages, kind, function, options):
    token = make.damage(good_token(algorithm), damages, make.TOKEN_PARTS)
    token = make.token_types(token, kind)
    if function == "get_unverified_header":
        assert_same_call(function, token)
    else:
        key = own_key(algorithm, public=True)
        assert_same_call(function, token, key, [algorithm], options)


segments = st.one_of(
    st.sampled_from([make.base64url(text).decode() for text in (b"{}", b'{"alg":"HS256"}', b"[]")]),
    st.sampled_from(
        [make.base64url(b'{"alg":"none"}').decode(), "", "=", "e30=", "e31", "A", "-_"]
    ),
    st.text(st.sampled_from("AQgwZaz09-_+/= "), max_size=9),
    st.text(max_size=3),
)


@make.cases("decode arguments")
@given(
    make.mix(
        (8, st.sampled_from([good_token("HS256"), good_token("HS512"), good_token("none")])),
        (3, st.lists(segments, min_size=1, max_size=5).map(".".join)),
        (1, make.any_values),
    ),
    make.mix((9, st.tuples(make.secrets)), (1, st.just(()))),
    st.fixed_dictionaries(
        {"algorithms": make.algorithm_arguments},
        optional={
            "options": st.sampled_from([None, {}, LOOSE, {"verify_signature": True}]),
            "verify": st.sampled_from([None, True, False, 0, "no"]),
            "detached_payload": st.sampled_from([None, b"", b"{}", "{}", 1]),
            "audience": st.sampled_from([None, "me", 1]),
            "unknown": st.just(1),
        },
    ),
    functions,
)
def test_every_set_of_arguments_gives_the_same(token, key, arguments, function):
    if function == "get_unverified_header":
        assert_same_call(function, token)
    else:
        assert_same_call(function, token, *key, **arguments)
