"""Broken keys: `Key` refuses each, and the drop-in functions do what PyJWT does."""

from __future__ import annotations

import base64
import json
import re
import warnings

import jwt as pyjwt
import pytest
import rapidjwt
from differential.keys import forms, private_keys, private_pem, public_pem
from rapidjwt import InsecureKeyLengthWarning, InvalidKeyError, Key, Signer, Verifier


def integer(jwk, name):
    return int.from_bytes(base64.urlsafe_b64decode(jwk[name] + "=="), "big")


def base64url(number, length=None):
    data = number.to_bytes(length or (number.bit_length() + 7) // 8 or 1, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwk_of(name, private=True):
    return Key.from_pem(private_pem(name)).to_jwk(private=private)


def rsa(**changes):
    return jwk_of("RSA-2048") | changes


RSA, RSA_PUBLIC = jwk_of("RSA-2048"), jwk_of("RSA-2048", private=False)
EC, EC_PUBLIC = jwk_of("P-256"), jwk_of("P-256", private=False)
ED, ED448 = jwk_of("Ed25519"), jwk_of("Ed448")
N = integer(RSA, "n")
TINY = json.loads(pyjwt.algorithms.RSAAlgorithm.to_jwk(private_keys()["RSA-1024"]))
# A JWK, and the algorithm that it would be used with.
BAD_JWKS = {
    "RSA: even modulus": (RSA_PUBLIC | {"n": base64url(N + 1)}, "RS256"),
    "RSA: even modulus, private": (rsa(n=base64url(N + 1)), "RS256"),
    "RSA: e = 1": (RSA_PUBLIC | {"e": base64url(1)}, "RS256"),
    "RSA: e = 1, private": (rsa(e=base64url(1)), "RS256"),
    "RSA: e = 0": (RSA_PUBLIC | {"e": base64url(0, 1)}, "RS256"),
    "RSA: e even": (RSA_PUBLIC | {"e": base64url(65536)}, "RS256"),
    "RSA: e above n": (RSA_PUBLIC | {"e": base64url(N + 2)}, "RS256"),
    "RSA: n = 0": (RSA_PUBLIC | {"n": base64url(0, 1)}, "RS256"),
    "RSA: another n": (rsa(n=base64url(N + 2)), "RS256"),
    "RSA: another p": (rsa(p=RSA["q"]), "RS256"),
    "RSA: another q": (rsa(q=RSA["p"]), "RS256"),
    "RSA: another qi": (rsa(qi=base64url(3)), "RS256"),
    "RSA: half of the primes": ({k: v for k, v in RSA.items() if k != "dp"}, "RS256"),
    "RSA: d of another key, alone": (RSA_PUBLIC | {"d": base64url(pow(65537, -1, N - 1))}, "RS256"),
    "RSA: d = 0, alone": (RSA_PUBLIC | {"d": base64url(0, 1)}, "RS256"),
    "RSA: d = 1, alone": (RSA_PUBLIC | {"d": base64url(1)}, "RS256"),
    "RSA: d = n, alone": (RSA_PUBLIC | {"d": base64url(N)}, "RS256"),
    "RSA: no e": ({k: v for k, v in RSA.items() if k != "e"}, "RS256"),
    "EC: point off the curve": (EC_PUBLIC | {"x": EC["y"]}, "ES256"),
    "EC: point off the curve, private": (EC | {"x": EC["y"]}, "ES256"),
    "EC: point of zeros": (EC_PUBLIC | dict.fromkeys("xy", base64url(0, 32)), "ES256"),
    "EC: wrong curve": (EC_PUBLIC | {"crv": "secp256k1"}, "ES256K"),
    "EC: curve of another size": (EC_PUBLIC | {"crv": "P-384"}, "ES384"),
    "EC: unknown curve": (EC_PUBLIC | {"crv": "P-257"}, "ES256"),
    "EC: no curve": ({k: v for k, v in EC.items() if k != "crv"}, "ES256"),
    "EC: x cut off": (EC_PUBLIC | {"x": EC["x"][:-4]}, "ES256"),
    "EC: d cut off": (EC | {"d": EC["d"][:-4]}, "ES256"),
    "EC: d of another key": (EC | {"d": base64url(12345, 32)}, "ES256"),
    "EC: d = 0": (EC | {"d": base64url(0, 32)}, "ES256"),
    "EC: d above the order": (EC | {"d": base64url(2**256 - 1)}, "ES256"),
    "EC: no y": ({k: v for k, v in EC.items() if k != "y"}, "ES256"),
    "OKP: x of another key": (ED | {"x": base64url(7, 32)}, "EdDSA"),
    "OKP: x cut off": (ED | {"x": ED["x"][:-4]}, "EdDSA"),
    "OKP: d cut off": (ED | {"d": ED["d"][:-4]}, "EdDSA"),
    "OKP: wrong curve": (ED | {"crv": "Ed448"}, "EdDSA"),
    "OKP: unknown curve": (ED | {"crv": "X25519"}, "EdDSA"),
    "OKP: Ed448, x of another key": (ED448 | {"x": base64url(7, 57)}, "EdDSA"),
    "OKP: Ed448, d cut off": (ED448 | {"d": ED448["d"][:-4]}, "EdDSA"),
    "oct: empty": ({"kty": "oct", "k": ""}, "HS256"),
    "oct: no k": ({"kty": "oct"}, "HS256"),
    "no kty": ({k: v for k, v in EC.items() if k != "kty"}, "ES256"),
    "unknown kty": (EC | {"kty": "PQC"}, "ES256"),
}
TINY_JWKS = {"private": TINY, "public": {k: TINY[k] for k in ("kty", "n", "e")}}


@pytest.mark.parametrize(("jwk", "algorithm"), BAD_JWKS.values(), ids=BAD_JWKS)
def test_key_refuses_it(jwk, algorithm):
    with pytest.raises(InvalidKeyError) as raised:
        Key.from_jwk(jwk)
    assert str(raised.value)
    with pytest.raises(InvalidKeyError):
        Key.from_jwk(json.dumps(jwk | {"alg": algorithm}))


def outcome(library, jwk, algorithm):
    """Return how far a library gets with a JWK, and the message with which it stops."""
    try:
        key = library.PyJWK(jwk, algorithm)
        token = library.encode({"a": 1}, key, algorithm) if {"d", "k"} & set(jwk) else "e30.e30.e30"
        return "signed" if token != "e30.e30.e30" else library.decode(token, key, [algorithm])
    except Exception as error:  # noqa: BLE001 - whichever PyJWT raises
        message = re.sub("0x[0-9a-f]+", "0x...", str(error))
        # PyJWT quotes the whole JWK in some messages, where rapidjwt shows only the public members.
        return type(error).__name__, re.sub(r"\{.*\}", "{...}", message)


@pytest.mark.parametrize(("jwk", "algorithm"), BAD_JWKS.values(), ids=BAD_JWKS)
def test_the_drop_in_does_what_pyjwt_does(jwk, algorithm):
    assert outcome(rapidjwt, jwk, algorithm) == outcome(pyjwt, jwk, algorithm)


@pytest.mark.parametrize("form", ["PKCS#8 DER", "SPKI DER", "certificate DER"])
@pytest.mark.parametrize("name", ["RSA-2048", "P-256", "P-521"])
def test_key_refuses_it_cut_off_anywhere(name, form):
    data = forms(name)[form]
    for length in {*range(0, len(data), 7), *range(len(data) - 20, len(data))}:
        with pytest.raises(InvalidKeyError):
            Key.from_der(data[:length])


def cut_off(library, text):
    with pytest.raises(Exception) as raised:  # noqa: PT011 - whichever PyJWT raises
        library.encode({}, text, "ES256")
    return type(raised.value).__name__, str(raised.value)


@pytest.mark.parametrize("form", ["PKCS#8 PEM", "SPKI PEM", "traditional PEM", "certificate PEM"])
def test_a_pem_text_that_is_cut_off_is_refused_and_by_the_drop_in_as_by_pyjwt(form):
    text = forms("P-256")[form].strip()
    for length in range(1, len(text), 11):
        with pytest.raises(InvalidKeyError):
            Key.from_pem(text[:length])
        ours, theirs = (cut_off(library, text[:length]) for library in (rapidjwt, pyjwt))
        assert ours == theirs


@pytest.mark.parametrize("jwk", TINY_JWKS.values(), ids=TINY_JWKS)
def test_key_refuses_tiny_rsa_keys(jwk):
    with pytest.raises(InvalidKeyError, match="2048 to 8192 bits"):
        Key.from_jwk(jwk)
    for read, form in ((Key.from_pem, "PKCS#8 PEM"), (Key.from_der, "SPKI DER")):
        with pytest.raises(InvalidKeyError, match="this one has 1024"):
            read(forms("RSA-1024")[form])


def warned(call, *arguments):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call(*arguments)
    return [(warning.category.__name__, str(warning.message)) for warning in caught]


def test_of_a_tiny_rsa_key_the_drop_in_warns_as_pyjwt_does():
    token = rapidjwt.encode({}, private_pem("RSA-1024"), "RS256")
    for call in (
        lambda library: library.encode({}, private_pem("RSA-1024"), "RS256"),
        lambda library: library.decode(token, public_pem("RSA-1024"), ["RS256"]),
    ):
        ours, theirs = (warned(call, library) for library in (rapidjwt, pyjwt))
        assert ours == theirs
        assert [category for category, _ in ours] == ["InsecureKeyLengthWarning"]


@pytest.mark.parametrize(("algorithm", "length"), [("HS256", 31), ("HS384", 47), ("HS512", 63)])
def test_of_a_secret_shorter_than_the_hash_every_way_warns_as_pyjwt_does(algorithm, length):
    secret = "s" * length
    token = rapidjwt.encode({}, secret, algorithm)
    key = Key.from_secret(secret)
    message = {
        *warned(lambda: pyjwt.encode({}, secret, algorithm)),
        *warned(lambda: pyjwt.decode(token, secret, [algorithm])),
    }
    assert len(message) == 1
    for call in (
        lambda: rapidjwt.encode({}, secret, algorithm),
        lambda: rapidjwt.decode(token, secret, [algorithm]),
        lambda: rapidjwt.encode({}, key, algorithm),
        lambda: Signer(key, algorithm),
        lambda: Verifier(key, algorithms=[algorithm]),
        lambda: key.sign(b"", algorithm),
    ):
        assert set(warned(call)) == message
    with pytest.raises(InvalidKeyError, match="below the minimum"):
        Verifier(key, algorithms=[algorithm], options={"enforce_minimum_key_length": True})
    with pytest.raises(InvalidKeyError):
        Key.generate(algorithm, size=8 * length)
    with warnings.catch_warnings():
        warnings.simplefilter("error", InsecureKeyLengthWarning)
        Key.from_secret(secret + "s").sign(b"", algorithm)
