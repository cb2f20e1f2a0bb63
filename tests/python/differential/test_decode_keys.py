"""For anything passed as a key, well-formed or not, both libraries accept or refuse it alike."""

from __future__ import annotations

import json
import warnings
from functools import cache
from typing import Any

import jwt
import rapidjwt
from hypothesis import assume, given
from hypothesis import strategies as st

from . import strategies as make
from .keys import ALGORITHMS, DETERMINISTIC, forms, private_keys, signing_key
from .paths import Recipe, assert_same, assert_same_call, build

CLAIMS = {"sub": "user"}
# OpenSSL checks RSA private keys at length each time they are read; the small one is quick.
NAMES = [
    "RSA-2048",
    "RSA-1024",
    "P-224",
    "P-256",
    "P-384",
    "P-521",
    "secp256k1",
    "Ed25519",
    "Ed448",
]
PEM_PARTS = ["A", "z", "=", "\n", "\r\n", " ", "-", "-----", "é", "\0", "\t", "\ufeff", "#"] + [
    f"-----{edge} {label}-----\n"
    for edge in ("BEGIN", "END")
    for label in ("PUBLIC KEY", "PRIVATE KEY", "RSA PUBLIC KEY", "EC PRIVATE KEY", "CERTIFICATE")
]
algorithms = st.sampled_from(sorted(ALGORITHMS))


@cache
def good_token(algorithm: str) -> str:
    return jwt.encode(CLAIMS, signing_key(algorithm), algorithm)


def key_argument(data: bytes, kind: str) -> Any:
    if kind == "bytes":
        return data
    if kind == "str":
        return data.decode("utf-8", "surrogateescape")
    return Recipe(f"{kind}({data!r})")


PEM_BYTES = [part.encode() for part in PEM_PARTS]
damaged_keys = st.builds(
    lambda data, steps, kind: key_argument(make.damage(data, steps, PEM_BYTES), kind),
    st.sampled_from([data for name in NAMES for data in forms(name).values()]),
    make.damages,
    st.sampled_from(["str", "str", "str", "bytes", "bytes", "BytesSub", "bytearray", "memoryview"]),
)
key_objects = st.sampled_from(
    [
        Recipe(f"keys.private_keys()[{name!r}]{public}")
        for name in NAMES
        for public in ("", ".public_key()")
    ]
)


def fitting_key(algorithm: str) -> st.SearchStrategy[Any]:
    """Draw a key for `algorithm` in any form, most of them undamaged."""
    name = ALGORITHMS[algorithm]
    if name == "oct":
        return make.secrets
    whole = st.sampled_from(sorted(forms(name).values()))
    return st.builds(
        key_argument,
        st.builds(lambda data, steps: make.damage(data, steps, PEM_BYTES), whole, make.damages),
        st.sampled_from(["str", "bytes"]),
    )


any_keys = make.mix((3, damaged_keys), (3, key_objects), (1, make.secrets))


@make.cases("keys")
@given(
    algorithms.flatmap(
        lambda name: st.tuples(st.just(name), make.mix((1, any_keys), (1, fitting_key(name))))
    ),
    st.booleans(),
    st.sampled_from([None, True, False]),
)
def test_every_key_gives_the_same(algorithm_and_key, signs, enforce):
    algorithm, key = algorithm_and_key
    assume(not is_key_of_unknown_algorithm(algorithm, key))
    options = {} if enforce is None else {"enforce_minimum_key_length": enforce}
    if signs:
        assert_same_call(
            "encode", CLAIMS, key, algorithm, see=lambda token: signed(token, algorithm)
        )
    else:
        assert_same_call("decode", good_token(algorithm), key, [algorithm], options)


def is_key_of_unknown_algorithm(algorithm: str, key: Any) -> bool:
    """Whether a secret is DER that only rapidjwt refuses, as docs/compatibility.md says.

    Damage makes one of a key if it hits nothing but the identifier of the algorithm.
    """
    if ALGORITHMS[algorithm] != "oct":
        return False
    secret = build(key, rapidjwt)
    if not isinstance(secret, bytes) or not is_der_sequence(secret):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            jwt.encode(CLAIMS, bytes(secret))
        except jwt.InvalidKeyError:
            return False
        try:
            rapidjwt.encode(CLAIMS, bytes(secret))
        except rapidjwt.InvalidKeyError as error:
            return "asymmetric key or x509 certificate" in str(error)
    return False


def is_der_sequence(data: bytes) -> bool:
    """Whether these bytes are one SEQUENCE, from its tag to the end of its content."""
    if len(data) < 2 or data[0] != 0x30:
        return False
    # X.690 Section 8.1.3: a length, or how many bytes of a length follow.
    more = data[1] & 0x7F if data[1] & 0x80 else 0
    length = int.from_bytes(data[2 : 2 + more], "big") if more else data[1]
    return len(data) == 2 + more + length


@make.cases("deep secrets")
@given(make.deep_secrets)
def test_every_secret_that_is_deep_json_gives_the_same(secret):
    assert_same_call("encode", CLAIMS, secret)


def signed(token: str, algorithm: str) -> Any:
    """Return the part that is the same in every token signed with the same key."""
    signing_input, _, signature = token.rpartition(".")
    return signing_input, signature if algorithm in DETERMINISTIC else len(signature)


@cache
def good_jwks() -> list[dict[str, Any]]:
    """Return JWKs as PyJWT writes them."""
    jwks = [{"kty": "oct", "k": "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3JldA"}]
    writers = {
        "RSA": jwt.algorithms.RSAAlgorithm,
        "P": jwt.algorithms.ECAlgorithm,
        "secp256k1": jwt.algorithms.ECAlgorithm,
        "Ed25519": jwt.algorithms.OKPAlgorithm,
        "Ed448": jwt.algorithms.OKPAlgorithm,
    }
    for name in ("RSA-2048", "P-256", "P-384", "P-521", "secp256k1", "Ed25519", "Ed448"):
        writer = writers[name.partition("-")[0]]
        private = private_keys()[name]
        jwks += [writer.to_jwk(key, as_dict=True) for key in (private, private.public_key())]
    rsa = next(jwk for jwk in jwks if jwk["kty"] == "RSA")
    return [*jwks, {name: rsa[name] for name in ("kty", "n", "e", "d")}]


member_names = st.sampled_from(
    make.words("kty k n e d p q dp dq qi x y crv alg use kid key_ops oth")
)
member_values = st.one_of(
    st.sampled_from(["RSA", "EC", "OKP", "oct", "P-256", "P-384", "P-521", "secp256k1", "Ed25519"]),
    st.sampled_from(
        ["Ed448", "X25519", "HS256", "RS256", "ES256", "EdDSA", "none", "", "A", "AA", "=="]
    ),
    st.sampled_from([None, 0, 1, True, [], {}, ["sign"], b"AQAB", "AQAB", "AQAB=", "é", "!!!!"]),
)
# (what to do, on which member, with which value)
jwk_changes = st.lists(
    st.tuples(st.sampled_from(["set", "delete", "damage"]), member_names, member_values),
    max_size=3,
)


@st.composite
def jwks(draw):
    """Draw a JWK with a few members changed. Wrong values are drawn only for public members."""
    jwk = dict(draw(st.sampled_from(good_jwks())))
    for change, name, value in draw(jwk_changes):
        if change == "set":
            jwk[name] = value
        elif change == "delete":
            jwk.pop(name, None)
        elif isinstance(jwk.get(name), str):
            jwk[name] = make.damage(jwk[name], draw(make.damages), ["A", "=", "-", "é"])
    return jwk


def use_jwk(api, jwk, algorithm):
    return api.lib.PyJWK(jwk, algorithm)


def use_jwk_dict(api, jwk, algorithm):
    return api.lib.PyJWK.from_dict(jwk, algorithm)


def use_jwk_text(api, jwk, algorithm):
    return api.lib.PyJWK.from_json(json.dumps(jwk, default=repr), algorithm)


def use_jwk_set(api, jwk, algorithm):
    return api.lib.PyJWKSet.from_dict({"keys": [jwk, {**jwk, "kid": "other", "alg": algorithm}]})


def sign_with(api, jwk, algorithm):
    key = api.lib.PyJWK(jwk, algorithm)
    return signed(api.encode(CLAIMS, key), key.algorithm_name)


def verify_with(api, jwk, algorithm):
    key = api.lib.PyJWK(jwk, algorithm)
    return api.decode(good_token(key.algorithm_name), key)


@make.cases("JWKs")
@given(
    jwks(),
    st.sampled_from([use_jwk, use_jwk_dict, use_jwk_text, use_jwk_set, sign_with, verify_with]),
    st.one_of(st.none(), st.none(), st.sampled_from(["HS256", "RS256", "ES256", "EdDSA", "XX", 1])),
)
def test_every_jwk_gives_the_same(jwk, use, algorithm):
    def call(api):
        try:
            return use(api, build(jwk, api.lib), algorithm)
        except (api.lib.PyJWKError, api.lib.InvalidKeyError) as error:
            forget_quoted_jwk(error)
            raise

    assert_same(call, f"{use.__name__} {jwk!a} {algorithm!a}")


def forget_quoted_jwk(error: Exception) -> None:
    """Remove the JWK that PyJWT quotes in these messages: the one deliberate difference."""
    for start in ("kty is not found", "crv is not found", "Unable to find an algorithm for key"):
        if str(error).startswith(start):
            error.args = (start,)
