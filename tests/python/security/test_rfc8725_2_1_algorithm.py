"""RFC 8725 Sections 2.1, 3.1 and 3.2: the caller and the key choose the algorithm."""

from __future__ import annotations

import json

import pytest
import rapidjwt
from differential.keys import ALGORITHMS, forms, private_keys, public_pem, signing_key
from differential.paths import Recipe
from jwt.algorithms import get_default_algorithms
from rapidjwt import InvalidAlgorithmError, InvalidKeyError, InvalidSignatureError

from .harness import (
    CLAIMS,
    SECRET,
    accepted,
    hmac_token,
    refused,
    refused_by_verifier,
    segment,
    unsigned,
    verifier_of,
)

# --- alg none (RFC 7518 Section 3.6; CVE-2015-9235, CVE-2018-1000531 and many more) ---

NONES = [
    '{"alg":"none"}',
    '{"alg":"None"}',
    '{"alg":"NONE"}',
    '{"alg":"nOnE"}',
    '{"alg":" none"}',
    '{"alg":"none "}',
    '{"alg":"none\\u0000"}',
    '{"alg":"\\u006eone"}',
    '{"\\u0061lg":"none"}',
    '{"alg":"n\\u043ene"}',
    '{"alg":"none","alg":"none"}',
    '{"alg":"HS256","alg":"none"}',
    '{"alg":""}',
    '{"alg":null}',
    '{"alg":false}',
    '{"alg":0}',
    '{"alg":[]}',
    '{"alg":["none"]}',
    '{"alg":["HS256"]}',
    '{"alg":{}}',
    '{"alg":{"none":1}}',
    '{"ALG":"none"}',
    "{}",
]
SIGNATURES = ["", "AA", segment(b"\0" * 32)]


@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize("header", NONES)
@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256", "EdDSA"])
def test_an_unsecured_token_is_refused_in_every_spelling(algorithm, header, signature):
    name = ALGORITHMS[algorithm]
    key = SECRET if name == "oct" else public_pem(name)
    token = f"{unsigned(header)}.{signature}"
    refused(token, key, [algorithm], InvalidAlgorithmError)


@pytest.mark.parametrize("header", NONES)
def test_an_unsecured_token_is_refused_with_a_signature_that_fits_hmac(header):
    refused(hmac_token(header), SECRET, ["HS256"], InvalidAlgorithmError)


@pytest.mark.parametrize("key", [None, ""])
def test_none_among_the_allowed_algorithms_still_verifies_nothing(key):
    token = unsigned({"alg": "none"}) + "."
    refused(token, key, ["none"], InvalidSignatureError, verifier=ValueError)


@pytest.mark.parametrize("key", [b"", SECRET])
def test_none_among_the_allowed_algorithms_takes_no_key(key):
    token = unsigned({"alg": "none"}) + "."
    refused(token, key, ["HS256", "none"], InvalidKeyError, verifier=ValueError)


@pytest.mark.parametrize("algorithms", [[], (), set()])
def test_no_allowed_algorithm_allows_no_token(algorithms):
    token = hmac_token()
    for path in (rapidjwt.decode, rapidjwt.PyJWT().decode):
        with pytest.raises((InvalidAlgorithmError, rapidjwt.DecodeError)):
            path(token, SECRET, algorithms=algorithms)
    with pytest.raises(ValueError, match="algorithms is empty"):
        rapidjwt.Verifier(SECRET, algorithms=algorithms)


# --- public keys as HMAC secrets (RFC 8725 Section 2.1; CVE-2016-10555, CVE-2022-29217) ---

NAMES = ["RSA-2048", "P-256", "P-384", "P-521", "secp256k1", "Ed25519", "Ed448"]


def asymmetric_forms():
    for name in NAMES:
        for form, data in forms(name).items():
            # A private key in DER is neither public nor text that a reader would recognize.
            if form != "PKCS#8 DER":
                yield pytest.param(data, id=f"{name} {form}")
        pem = forms(name)["SPKI PEM"]
        yield pytest.param(pem.strip(), id=f"{name} without the last line feed")
        yield pytest.param(b"\n \n" + pem, id=f"{name} behind white space")
        yield pytest.param(b"\xef\xbb\xbf" + pem, id=f"{name} behind a byte order mark")
        yield pytest.param(pem.replace(b"\n", b"\r\n"), id=f"{name} with CRLF")
        yield pytest.param(b"Key:\n" + pem + b"\nend", id=f"{name} amid text")


def jwk_of(name: str) -> dict[str, str]:
    if name == "oct":
        return {"kty": "oct", "k": segment(SECRET)}
    family = {"R": "RS256", "E": "EdDSA"}.get(name[0], "ES256K" if name[0] == "s" else "ES256")
    algorithm = get_default_algorithms()[family]
    return type(algorithm).to_jwk(private_keys()[name].public_key(), as_dict=True)


CONTAINERS = {
    "JWK": lambda jwk: jwk,
    "JWKS": lambda jwk: {"keys": [jwk]},
    "array": lambda jwk: [jwk],
    "nested": lambda jwk: {"issuer": "x", "a": {"b": [1, [{"c": jwk}]]}},
    "nested array": lambda jwk: [[[[jwk]]]],
}
TEXTS = {
    "UTF-8": lambda text: text.encode(),
    "behind a byte order mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16-BE without mark": lambda text: text.encode("utf-16-be"),
    "UTF-32": lambda text: text.encode("utf-32"),
    "behind white space": lambda text: b"\r\n\t " + text.encode() + b" \n",
    "escaped kty": lambda text: text.replace('"kty"', '"\\u006bt\\u0079"').encode(),
}


def jwk_forms():
    for name in [*NAMES, "oct"]:
        for container, wrap in CONTAINERS.items():
            for text, write in TEXTS.items():
                data = write(json.dumps(wrap(jwk_of(name)), indent=1))
                yield pytest.param(data, id=f"{name} {container} {text}")
    deep = "[" * 100_000 + json.dumps(jwk_of("RSA-2048")) + "]" * 100_000
    yield pytest.param(deep.encode(), id="too deep for a parser")


@pytest.mark.parametrize("public", [*asymmetric_forms(), *jwk_forms()])
def test_a_public_key_is_no_hmac_secret(public):
    token = hmac_token(secret=public)
    refused(token, public, ["HS256"], InvalidKeyError)
    with pytest.raises(InvalidKeyError):
        rapidjwt.Key.from_secret(public)
    with pytest.raises(InvalidKeyError):
        rapidjwt.Signer(public, algorithm="HS256")
    with pytest.raises(InvalidKeyError):
        rapidjwt.encode({}, public, algorithm="HS256")


@pytest.mark.parametrize("name", ["RSA-2048", "P-256", "Ed25519"])
def test_a_key_that_fits_another_allowed_algorithm_is_still_no_hmac_secret(name):
    public = public_pem(name)
    own = next(algorithm for algorithm, fits in ALGORITHMS.items() if fits == name)
    token = hmac_token(secret=public.encode())
    refused(token, public, [own, "HS256"], InvalidKeyError, verifier=InvalidAlgorithmError)
    refused(token, public, [own], InvalidAlgorithmError)


def test_a_public_key_as_the_secret_of_a_jwk_is_refused():
    """GHSA-pxh4-856f-4h89."""
    public = public_pem("RSA-2048").encode()
    jwk = {"kty": "oct", "k": segment(public), "alg": "HS256"}
    token = hmac_token(secret=public)
    key = Recipe(f"lib.PyJWK({jwk!r})")
    refused(token, key, ["HS256"], InvalidKeyError, with_verifier=False)


def test_a_public_key_as_the_secret_of_a_native_jwk_is_refused():
    """GHSA-pxh4-856f-4h89."""
    jwk = {"kty": "oct", "k": segment(public_pem("RSA-2048").encode()), "alg": "HS256"}
    with pytest.raises(InvalidKeyError):
        rapidjwt.encode({}, rapidjwt.Key.from_jwk(jwk), algorithm="HS256")


def test_a_verifier_refuses_a_public_key_as_the_secret_of_a_jwk():
    """GHSA-pxh4-856f-4h89."""
    jwk = {"kty": "oct", "k": segment(public_pem("RSA-2048").encode()), "alg": "HS256"}
    with pytest.raises(InvalidKeyError):
        rapidjwt.Verifier(rapidjwt.PyJWK(jwk), algorithms=["HS256"])


def test_json_that_is_no_key_remains_a_secret():
    for secret in (b'{"user":"joe"}', b'["kty"]', b'{"Kty":"RSA"}', b'"kty"'):
        accepted(hmac_token(secret=secret), secret, ["HS256"])


# --- the key binds the algorithm (RFC 8725 Section 3.1; GHSA-jq35-7prp-9v3f) ---

BOUND = [
    ("RSA-2048", "RS256", "PS256"),
    ("RSA-2048", "PS512", "RS512"),
    ("RSA-2048", "RS256", "RS384"),
    ("oct", "HS512", "HS256"),
]


def genuine_and_key(name: str, bound: str, alg: str) -> tuple[str, Recipe]:
    """Return a token that the key's bytes verify, and a JWK for another algorithm."""
    if name == "oct":
        token = hmac_token(alg=alg)
    else:
        token = rapidjwt.encode(CLAIMS, signing_key(alg), algorithm=alg)
    return token, Recipe(f"lib.PyJWK({jwk_of(name) | {'alg': bound}!r})")


@pytest.mark.parametrize(("name", "bound", "other"), BOUND)
def test_a_jwk_with_alg_verifies_no_other_algorithm(name, bound, other):
    token, key = genuine_and_key(name, bound, other)
    refused(token, key, [bound, other], InvalidAlgorithmError)
    refused(token, key, [other], InvalidAlgorithmError, with_verifier=False)
    refused(token, key, None, InvalidAlgorithmError, with_verifier=False)
    genuine, key = genuine_and_key(name, bound, bound)
    accepted(genuine, key, [bound, other])


@pytest.mark.parametrize(("name", "bound", "other"), BOUND)
def test_a_native_key_with_alg_verifies_no_other_algorithm_in_a_verifier(name, bound, other):
    key = rapidjwt.Key.from_jwk(jwk_of(name) | {"alg": bound})
    token, _ = genuine_and_key(name, bound, other)
    for algorithms in ([bound, other], None):
        refused_by_verifier(token, key, algorithms, InvalidAlgorithmError)
    genuine, _ = genuine_and_key(name, bound, bound)
    assert rapidjwt.Verifier(key, algorithms=[bound, other]).decode(genuine) == CLAIMS


@pytest.mark.parametrize(("name", "bound", "other"), BOUND)
def test_a_native_key_with_alg_verifies_no_other_algorithm(name, bound, other):
    key = rapidjwt.Key.from_jwk(jwk_of(name) | {"alg": bound})
    token, _ = genuine_and_key(name, bound, other)
    for algorithms in ([bound, other], [other]):
        with pytest.raises(rapidjwt.PyJWTError):
            rapidjwt.decode(token, key, algorithms=algorithms)


@pytest.mark.parametrize(("name", "bound", "other"), BOUND)
def test_a_verifiers_list_does_not_overrule_the_key(name, bound, other):
    key = rapidjwt.Key.from_jwk(jwk_of(name) | {"alg": bound})
    token, _ = genuine_and_key(name, bound, other)
    with pytest.raises(rapidjwt.PyJWTError):
        rapidjwt.Verifier(key, algorithms=[other]).decode(token)


@pytest.mark.parametrize(("name", "bound", "other"), BOUND)
def test_a_pyjwk_with_alg_verifies_no_other_algorithm_in_a_verifier(name, bound, other):
    token, key = genuine_and_key(name, bound, other)
    for algorithms in ([bound, other], [other], None):
        with pytest.raises(rapidjwt.PyJWTError):
            verifier_of(key, algorithms).decode(token)


@pytest.mark.parametrize("alg", sorted(ALGORITHMS))
@pytest.mark.parametrize("name", sorted(set(ALGORITHMS.values()) - {"oct"}))
def test_a_public_key_verifies_only_the_algorithms_of_its_type_and_curve(alg, name):
    token = rapidjwt.encode({"sub": "joe"}, signing_key(alg), algorithm=alg)
    key = public_pem(name)
    if ALGORITHMS[alg] == name:
        assert rapidjwt.decode(token, key, algorithms=[alg]) == {"sub": "joe"}
        return
    for path in (rapidjwt.decode, rapidjwt.PyJWT().decode):
        with pytest.raises((InvalidKeyError, TypeError, ValueError, AttributeError)):
            path(token, key, algorithms=[alg])
