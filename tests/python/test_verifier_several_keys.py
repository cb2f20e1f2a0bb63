"""The choice among several keys of a `Verifier` (RFC 7515 Section 4.1.4)."""

from __future__ import annotations

import pytest
import rapidjwt
from differential.keys import private_pem, public_pem, signing_key, verifying_key
from rapidjwt import InvalidAlgorithmError, InvalidKeyError, InvalidTokenError, Key, PyJWK, Verifier
from rapidjwt.exceptions import InvalidSignatureError

ALGORITHMS = ["HS256"]
UNKNOWN_KID = r"\ANo key matches the token's kid\Z"
NO_KID = r"\AThe token has no kid, and several keys fit its alg\Z"


def secret(number):
    return f"{number} is a secret of more than thirty-two bytes"


def key(number, kid=None, alg=None):
    jwk = Key.from_secret(secret(number)).to_jwk(private=True)
    return Key.from_jwk(jwk | {name: text for name, text in (("kid", kid), ("alg", alg)) if text})


def token(number, kid=None, algorithm="HS256"):
    headers = {} if kid is None else {"kid": kid}
    return rapidjwt.encode({"key": number}, secret(number), algorithm, headers)


def refused(verifier, compact, error, message):
    with pytest.raises(error, match=message) as raised:
        verifier.decode(compact)
    assert type(raised.value) is error


@pytest.mark.parametrize("collection", [list, tuple])
def test_the_key_with_the_tokens_kid_verifies_it(collection):
    verifier = Verifier(collection([key(1, "a"), key(2, "b"), key(3)]), algorithms=ALGORITHMS)
    assert verifier.decode(token(1, "a")) == {"key": 1}
    assert verifier.decode(token(2, "b")) == {"key": 2}


def test_no_other_key_is_tried_than_the_one_with_the_kid():
    verifier = Verifier([key(1, "a"), key(2, "b")], algorithms=ALGORITHMS)
    refused(verifier, token(2, "a"), InvalidSignatureError, "Signature verification failed")


def test_a_kid_that_no_key_has_is_refused():
    verifier = Verifier([key(1, "a"), key(2, "b")], algorithms=ALGORITHMS)
    for kid in ("c", "", "A", "a ", "a\0"):
        refused(verifier, token(1, kid), InvalidTokenError, UNKNOWN_KID)


def test_a_kid_that_no_key_has_falls_to_the_keys_without_one():
    verifier = Verifier([key(1, "a"), key(2)], algorithms=ALGORITHMS)
    assert verifier.decode(token(2, "x")) == {"key": 2}
    refused(verifier, token(1, "x"), InvalidSignatureError, "failed")
    three = Verifier([key(1, "a"), key(2), key(3)], algorithms=ALGORITHMS)
    for number in (2, 3):
        assert three.decode(token(number, "x")) == {"key": number}
    refused(three, token(1, "x"), InvalidSignatureError, "failed")


def test_of_keys_with_ids_a_token_without_one_needs_exactly_one_that_fits():
    assert Verifier([key(1, "a")], algorithms=ALGORITHMS).decode(token(1)) == {"key": 1}
    several = Verifier([key(1, "a"), key(2)], algorithms=ALGORITHMS)
    for number in (1, 2):
        refused(several, token(number), InvalidTokenError, NO_KID)


def test_a_single_key_with_another_kid_than_the_tokens_is_not_tried():
    verifier = Verifier(key(1, "a"), algorithms=ALGORITHMS)
    refused(verifier, token(1, "b"), InvalidTokenError, UNKNOWN_KID)


def test_without_a_kid_the_algorithm_tells_the_keys_apart():
    names = ["HS256", "RS256", "ES256", "ES384", "EdDSA"]
    verifier = Verifier([verifying_key(name) for name in names], algorithms=names)
    for name in names:
        compact = rapidjwt.encode({"alg": name}, signing_key(name), name)
        assert verifier.decode(compact) == {"alg": name}


def test_the_same_kid_may_stand_for_keys_of_different_algorithms():
    jwk = Key.from_pem(public_pem("RSA-2048")).to_jwk() | {"kid": "a"}
    verifier = Verifier([key(1, "a"), Key.from_jwk(jwk)], algorithms=["HS256", "RS256"])
    compact = rapidjwt.encode({"a": 1}, private_pem("RSA-2048"), "RS256", {"kid": "a"})
    assert verifier.decode(compact) == {"a": 1}
    assert verifier.decode(token(1, "a")) == {"key": 1}


def test_one_key_may_serve_several_algorithms():
    verifier = Verifier(public_pem("RSA-2048"), algorithms=["RS256", "PS256"])
    for algorithm in ("RS256", "PS256"):
        compact = rapidjwt.encode({}, private_pem("RSA-2048"), algorithm)
        assert verifier.decode(compact) == {}
    compact = rapidjwt.encode({}, private_pem("RSA-2048"), "RS512")
    refused(
        verifier,
        compact,
        InvalidAlgorithmError,
        "The token's alg RS512 is not allowed: this verifier accepts RS256, PS256",
    )


def test_keys_that_name_their_algorithms_need_no_list_and_serve_no_other():
    verifier = Verifier([key(1, "a", "HS256"), key(2, "b", "HS512")])
    assert verifier.decode(token(1, "a", "HS256")) == {"key": 1}
    assert verifier.decode(token(2, "b", "HS512")) == {"key": 2}
    assert verifier.decode(token(2, None, "HS512")) == {"key": 2}
    refused(verifier, token(1, "a", "HS512"), InvalidTokenError, UNKNOWN_KID)
    refused(verifier, token(1, "a", "HS384"), InvalidAlgorithmError, "not allowed")


def test_a_list_of_algorithms_does_not_widen_what_a_key_names():
    verifier = Verifier(key(1, "a", "HS256"), algorithms=["HS512", "HS256"])
    assert verifier.decode(token(1, "a", "HS256")) == {"key": 1}
    refused(verifier, token(1, "a", "HS512"), InvalidAlgorithmError, "not allowed")


def test_a_key_that_names_an_algorithm_outside_of_the_list_is_refused():
    with pytest.raises(InvalidKeyError):
        Verifier(key(1, "a", "HS256"), algorithms=["HS512"])


def test_a_pyjwk_that_names_an_algorithm_outside_of_the_list_is_an_invalid_key():
    jwk = PyJWK(Key.from_pem(public_pem("RSA-2048")).to_jwk() | {"alg": "RS256"})
    with pytest.raises(InvalidKeyError):
        Verifier(jwk, algorithms=["PS256"])


def test_the_keys_of_a_jwk_set_are_bound_to_their_algorithms():
    members = [
        Key.from_pem(public_pem("RSA-2048")).to_jwk() | {"kid": "r", "alg": "PS256"},
        Key.from_pem(public_pem("P-256")).to_jwk() | {"kid": "e"},
    ]
    jwk_set = rapidjwt.PyJWKSet.from_dict({"keys": members})
    for verifier in (
        Verifier(jwk_set.keys),
        Verifier(jwk_set.keys, algorithms=["RS256", "PS256", "ES256"]),
    ):
        for name, algorithm, kid in (("RSA-2048", "PS256", "r"), ("P-256", "ES256", "e")):
            compact = rapidjwt.encode({}, private_pem(name), algorithm, {"kid": kid})
            assert verifier.decode(compact) == {}
        compact = rapidjwt.encode({}, private_pem("RSA-2048"), "RS256", {"kid": "r"})
        refused(verifier, compact, InvalidAlgorithmError, "not allowed")


def test_a_pyjwk_with_a_shared_secret_verifies():
    shared = PyJWK(key(1).to_jwk(private=True))
    assert rapidjwt.decode(token(1), shared, ALGORITHMS) == {"key": 1}
    assert Verifier(shared, algorithms=ALGORITHMS).decode(token(1)) == {"key": 1}


def test_one_key_that_fits_no_algorithm_spoils_the_ring():
    with pytest.raises(InvalidKeyError):
        Verifier([secret(1), public_pem("RSA-2048")], algorithms=ALGORITHMS)
    with pytest.raises(ValueError, match="algorithms is needed"):
        Verifier([key(1, "a", "HS256"), key(2, "b")])


def test_no_keys_at_all_are_refused():
    with pytest.raises(ValueError, match="key"):
        Verifier([], algorithms=ALGORITHMS)


def test_what_a_token_says_about_keys_is_not_followed():
    attacker = Key.from_pem(private_pem("P-256"))
    headers = {"kid": "a", "jwk": attacker.to_jwk(), "jku": "https://attacker.example/jwks"}
    compact = rapidjwt.encode({}, private_pem("P-256"), "ES256", headers)
    verifier = Verifier([key(1, "a"), public_pem("P-384")], algorithms=["HS256", "ES384"])
    refused(verifier, compact, InvalidAlgorithmError, "not allowed")
