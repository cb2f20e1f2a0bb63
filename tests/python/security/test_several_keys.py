"""Several keys at once: each is used with its own family and `alg`, regardless of the token.

RFC 8725 Sections 2.1, 3.1 and 3.10; RFC 7515 Section 4.1.4.
"""

from __future__ import annotations

import itertools

import pytest
import rapidjwt
from differential.keys import forms, private_keys, private_pem, public_pem
from rapidjwt import (
    DecodeError,
    InvalidAlgorithmError,
    InvalidKeyError,
    InvalidSignatureError,
    InvalidTokenError,
    Key,
    KeySet,
    PyJWK,
    PyJWKSet,
    PyJWT,
    Verifier,
)
from rapidjwt.algorithms import HMACAlgorithm

from .harness import SECRET, hmac_token

ALGORITHMS = ["HS256", "RS256", "PS256", "ES256"]
SIGNERS = {
    "rsa": (private_pem("RSA-2048"), "RS256"),
    "ec": (private_pem("P-256"), "ES256"),
    "oct": (SECRET, "HS256"),
}


class OwnPyJWT(PyJWT):
    """A subclass, whose calls use the fallback."""


def decode_many(token, keys, algorithms):
    (result,) = Verifier(keys, algorithms=algorithms).decode_many([token])
    if isinstance(result, Exception):
        raise result
    return result


def with_cache(token, keys, algorithms):
    verifier = Verifier(keys, algorithms=algorithms, cache_size=10)
    first = verifier.decode(token)
    assert verifier.decode(token) == first
    assert verifier.cache_info().hits == 1
    return first


WAYS = {
    "decode": lambda token, keys, names: rapidjwt.decode(token, keys, algorithms=names),
    "decode_complete": lambda token, keys, names: rapidjwt.decode_complete(token, keys, names)[
        "payload"
    ],
    "PyJWT": lambda token, keys, names: PyJWT().decode(token, keys, names),
    "subclass": lambda token, keys, names: OwnPyJWT().decode(token, keys, names),
    "Verifier": lambda token, keys, names: Verifier(keys, algorithms=names).decode(token),
    "decode_many": decode_many,
    "cache": with_cache,
}
COLLECTIONS = {
    "list of Key": lambda jwks: [Key.from_jwk(jwk) for jwk in jwks],
    "tuple of PyJWK": lambda jwks: tuple(map(PyJWK, jwks)),
    "PyJWKSet": PyJWKSet,
    "KeySet": KeySet,
}
every_way = pytest.mark.parametrize("decode", WAYS.values(), ids=WAYS)
every_collection = pytest.mark.parametrize("collect", COLLECTIONS.values(), ids=COLLECTIONS)


def jwk_of(name, **members):
    if name == "oct":
        return Key.from_secret(SECRET).to_jwk(private=True) | members
    return Key.from_pem(public_pem({"rsa": "RSA-2048", "ec": "P-256"}[name])).to_jwk() | members


def jwks(**members):
    """Return an RSA key, an EC key and a secret, each with its name as its ID."""
    return [
        jwk_of(name, kid=name, **{"alg": SIGNERS[name][1]} | members)
        for name in ("rsa", "ec", "oct")
    ]


def token_of(name, kid=None, alg=None):
    key, usual = SIGNERS[name]
    return rapidjwt.encode({"by": name}, key, alg or usual, {} if kid is None else {"kid": kid})


@every_way
@every_collection
def test_each_token_is_verified_with_its_own_key(decode, collect):
    keys = collect(jwks())
    for name, kid in itertools.product(SIGNERS, (None, "same")):
        token = token_of(name, kid and name)
        assert decode(token, keys, ALGORITHMS) == {"by": name}


@every_way
@every_collection
@pytest.mark.parametrize("kid", [None, "rsa", "oct", "ec", "unknown"])
def test_a_public_key_of_the_set_is_no_secret(decode, collect, kid):
    keys = collect(jwks())
    header = {"alg": "HS256"} | ({} if kid is None else {"kid": kid})
    material = dict(forms("RSA-2048")) | {"JWK": jwk_of("rsa")["n"].encode()}
    for secret in material.values():
        with pytest.raises(InvalidTokenError):
            decode(hmac_token(header, secret=secret), keys, ALGORITHMS)


@every_way
def test_a_public_pem_beside_a_secret_is_no_secret(decode):
    keys = [public_pem("RSA-2048"), SECRET, public_pem("P-256").encode()]
    for name in SIGNERS:
        assert decode(token_of(name), keys, ALGORITHMS) == {"by": name}
    for kid in ({}, {"kid": "0"}):
        forged = hmac_token({"alg": "HS256"} | kid, secret=public_pem("RSA-2048").encode())
        with pytest.raises(InvalidSignatureError):
            decode(forged, keys, ALGORITHMS)


@every_way
def test_without_a_secret_no_hmac_token_is_accepted(decode):
    pem = public_pem("RSA-2048")
    forged = hmac_token({"alg": "HS256"}, secret=pem.encode())
    for keys in (KeySet(jwks()[:2]), PyJWKSet(jwks()[:2]), [Key.from_pem(pem)], [PyJWK(jwks()[0])]):
        with pytest.raises((InvalidAlgorithmError, InvalidKeyError)):
            decode(forged, keys, ALGORITHMS)
    for keys in ([pem], (pem.encode(), public_pem("P-256"))):
        with pytest.raises(InvalidAlgorithmError, match="not allowed"):
            decode(forged, keys, ALGORITHMS)


@every_way
@every_collection
def test_the_kid_of_another_key_does_not_help(decode, collect):
    keys = collect([*jwks(), jwk_of("oct", kid="other", alg="HS256", k="b3RoZXI" * 9)])
    with pytest.raises(InvalidSignatureError):
        decode(token_of("oct", "other"), keys, ALGORITHMS)
    for kid in ("rsa", "ec", "unknown", ""):
        with pytest.raises(InvalidTokenError, match="No key matches the token's kid"):
            decode(token_of("oct", kid), keys, ALGORITHMS)
    with pytest.raises(InvalidTokenError, match="several keys fit its alg"):
        decode(token_of("oct"), keys, ALGORITHMS)


@every_way
@every_collection
def test_of_keys_with_the_same_id_the_first_that_fits_the_alg_is_taken(decode, collect):
    other = jwk_of("oct", kid="same", alg="HS256", k="b3RoZXI" * 9)
    keys = collect([jwk_of(name, kid="same") for name in ("rsa", "ec", "oct")] + [other])
    for name in SIGNERS:
        assert decode(token_of(name, "same"), keys, ALGORITHMS) == {"by": name}
    by_other = rapidjwt.encode({}, Key.from_jwk(other), "HS256", {"kid": "same"})
    with pytest.raises(InvalidSignatureError):
        decode(by_other, keys, ALGORITHMS)


@every_way
@every_collection
def test_the_alg_of_a_jwk_binds_it(decode, collect):
    keys = collect([jwk_of("rsa", kid="rsa", alg="PS256"), jwk_of("oct", kid="oct", alg="HS256")])
    assert decode(token_of("rsa", "rsa", "PS256"), keys, ALGORITHMS) == {"by": "rsa"}
    with pytest.raises(InvalidAlgorithmError):
        decode(token_of("rsa", "rsa", "RS256"), keys, ALGORITHMS)


@every_way
@every_collection
def test_an_algorithm_that_the_caller_does_not_allow_is_refused(decode, collect):
    keys = collect(jwks())
    if isinstance(keys, (list, tuple)):
        keys = keys[:1]  # a Verifier refuses a list with a key that fits nothing
    for name in ("oct", "ec"):
        with pytest.raises(InvalidAlgorithmError):
            decode(token_of(name, name), keys, ["RS256"])
    assert decode(token_of("rsa", "rsa"), keys, ["RS256"]) == {"by": "rsa"}


@every_way
@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", None])
def test_none_is_no_algorithm_of_a_set(decode, alg):
    keys = [Key.from_jwk(jwk) for jwk in jwks()]
    for signature in ("", "AA"):
        token = hmac_token({"alg": alg}).rpartition(".")[0] + "." + signature
        with pytest.raises(InvalidAlgorithmError):
            decode(token, keys, ALGORITHMS)


@every_way
@pytest.mark.parametrize(
    "collect",
    [
        PyJWKSet,
        KeySet,
        lambda jwks: [PyJWK(one) for one in jwks],
        lambda jwks: [Key.from_jwk(one) for one in jwks],
    ],
)
@pytest.mark.parametrize("restriction", [{"use": "enc"}, {"key_ops": ["sign"]}, {"key_ops": []}])
def test_a_key_for_something_else_verifies_nothing(decode, collect, restriction):
    keys = collect([jwk_of("rsa", kid="rsa"), jwk_of("ec", kid="ec") | restriction])
    for kid in (None, "ec"):
        with pytest.raises(InvalidAlgorithmError):
            decode(token_of("ec", kid), keys, ALGORITHMS)
    fine = collect([jwk_of("ec", kid="ec", use="sig", key_ops=["verify"])])
    assert decode(token_of("ec", "ec"), fine, ALGORITHMS) == {"by": "ec"}


@every_way
def test_a_set_of_keys_for_something_else_is_the_callers_mistake(decode):
    for keys in ([PyJWK(jwk_of("ec", use="enc"))], KeySet([jwk_of("ec", use="enc")]), []):
        with pytest.raises((InvalidKeyError, rapidjwt.PyJWKSetError, ValueError)) as raised:
            decode(token_of("ec"), keys, ALGORITHMS)
        assert not isinstance(raised.value, InvalidTokenError)


@every_way
def test_keys_without_ids_are_each_tried(decode):
    secrets = [f"{number} is a secret of more than thirty-two bytes" for number in range(3)]
    for secret, kid in itertools.product(secrets, (None, "any")):
        token = rapidjwt.encode({}, secret, headers=kid and {"kid": kid})
        assert decode(token, secrets, ["HS256"]) == {}
        with pytest.raises(InvalidSignatureError):
            decode(token, [other for other in secrets if other != secret], ["HS256"])
        with pytest.raises(DecodeError):
            decode(token + "=!", secrets, ["HS256"])


def result_of(call, *arguments):
    try:
        return call(*arguments)
    except InvalidTokenError as error:
        return type(error), str(error)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_verifier_and_decode_choose_alike(length):
    secrets = [bytes([number]) * 32 for number in (1, 2)]

    def member(number, kid):
        jwk = Key.from_secret(secrets[number]).to_jwk(private=True)
        return Key.from_jwk(jwk if kid is None else jwk | {"kid": kid})

    members = [member(*each) for each in itertools.product((0, 1), (None, "a", "b"))]
    tokens = [
        rapidjwt.encode({"by": number}, secrets[number], headers=kid and {"kid": kid})
        for number, kid in itertools.product((0, 1), (None, "a", "b", "x"))
    ]
    accepted = 0
    for keys in itertools.product(members, repeat=length):
        verifier = Verifier(keys, algorithms=["HS256"])
        for token in tokens:
            outcome = result_of(verifier.decode, token)
            assert result_of(rapidjwt.decode, token, keys, ["HS256"]) == outcome
            accepted += isinstance(outcome, dict)
    assert accepted


def test_decode_needs_algorithms_for_several_keys():
    for keys in (KeySet(jwks()), PyJWKSet(jwks()), [PyJWK(jwk) for jwk in jwks()]):
        for decode in (rapidjwt.decode, PyJWT().decode):
            with pytest.raises(DecodeError, match="algorithms"):
                decode(token_of("rsa", "rsa"), keys)


def test_a_short_secret_in_a_list_is_warned_about_or_refused():
    short, long = b"short", SECRET
    token = rapidjwt.encode({}, long)
    with pytest.warns(rapidjwt.InsecureKeyLengthWarning, match="5 bytes"):
        assert rapidjwt.decode(token, [short, long], ["HS256"]) == {}
    options = {"enforce_minimum_key_length": True}
    with pytest.raises(InvalidKeyError, match="5 bytes"):
        rapidjwt.decode(token, [short, long], ["HS256"], options)


def test_a_key_object_of_cryptography_may_be_in_a_list():
    keys = [private_keys()[name].public_key() for name in ("RSA-2048", "P-256")]
    for name in ("rsa", "ec"):
        for decode in WAYS.values():
            assert decode(token_of(name), keys, ["RS256", "ES256"]) == {"by": name}


def test_an_algorithm_of_the_programs_own_takes_its_keys_from_a_list():
    class Reversed(HMACAlgorithm):
        def sign(self, msg, key):
            return super().sign(msg, key)[::-1]

    own = PyJWT()
    own._jws.register_algorithm("REV", Reversed(Reversed.SHA256))
    token = own.encode({"a": 1}, SECRET, "REV")
    keys = [public_pem("RSA-2048"), b"x" * 32, SECRET]
    assert own.decode(token, keys, ["REV"]) == {"a": 1}
    with pytest.raises(InvalidSignatureError):
        own.decode(token, keys[:2], ["REV"])


def test_a_signature_that_is_not_checked_needs_no_key_of_the_list():
    unchecked = {"verify_signature": False}
    assert rapidjwt.decode(token_of("oct"), [1, None], options=unchecked) == {"by": "oct"}
