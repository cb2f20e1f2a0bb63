"""RFC 8725 Sections 3.4 and 3.5: keys for another algorithm, or too weak ones."""

from __future__ import annotations

import base64
import hashlib
import hmac
import warnings
from pathlib import Path

import pytest
import rapidjwt
from differential.keys import forms, private_keys, public_pem
from differential.outcome import outcome_of
from differential.paths import PYJWT, assert_same_call
from rapidjwt import InsecureKeyLengthWarning, InvalidKeyError

from .harness import CLAIMS, SECRET, accepted, hmac_token, refused, segment, signed, unsigned

KEY_FILES = Path(__file__).parents[2] / "vectors" / "keys"
SECP256R1 = "3059301306072a8648ce3d020106082a8648ce3d030107034200"
FIELDS = {"P-256": 32, "P-384": 48, "P-521": 66, "secp256k1": 32}
PRIMES = {
    "P-256": 2**256 - 2**224 + 2**192 + 2**96 - 1,
    "P-384": 2**384 - 2**128 - 2**96 + 2**32 - 1,
    "P-521": 2**521 - 1,
    "secp256k1": 2**256 - 2**32 - 977,
}
ALGORITHM = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "secp256k1": "ES256K"}


def point(name: str) -> tuple[int, int]:
    numbers = private_keys()[name].public_key().public_numbers()
    return numbers.x, numbers.y


POINTS = {
    "x changed": lambda x, y, p: (x ^ 1, y),
    "y changed": lambda x, y, p: (x, y ^ 1),
    "exchanged": lambda x, y, p: (y, x),
    "origin": lambda x, y, p: (0, 0),
    "x not reduced": lambda x, y, p: (p, y),
    "y not reduced": lambda x, y, p: (x, p),
    "both the prime": lambda x, y, p: (p, p),
    "small": lambda x, y, p: (1, 1),
}


def refuses_key(key, token, algorithm):
    """Check that no path and no `Verifier` verifies with the key or fails unexpectedly."""
    outcome = outcome_of(PYJWT[0].decode, token, key, algorithms=[algorithm])
    assert "error" in outcome, outcome
    for decode in (rapidjwt.decode, rapidjwt.PyJWT().decode):
        with pytest.raises(
            (InvalidKeyError, rapidjwt.InvalidSignatureError, ValueError, TypeError)
        ):
            decode(token, key, algorithms=[algorithm])
    with pytest.raises((InvalidKeyError, rapidjwt.InvalidSignatureError, ValueError, TypeError)):
        rapidjwt.Verifier(key, algorithms=[algorithm]).decode(token)


@pytest.mark.parametrize("where", POINTS)
@pytest.mark.parametrize("name", FIELDS)
def test_a_point_off_its_curve_is_no_key(name, where):
    """Invalid curve attacks (such as CVE-2020-0601): in a JWK, in DER and in PEM."""
    length, algorithm = FIELDS[name], ALGORITHM[name]
    x, y = POINTS[where](*point(name), PRIMES[name])
    octets = x.to_bytes(length, "big"), y.to_bytes(length, "big")
    jwk = {"kty": "EC", "crv": name, "x": segment(octets[0]), "y": segment(octets[1])}
    token = f"{unsigned({'alg': algorithm})}.{segment(bytes(2 * length))}"
    with pytest.raises(InvalidKeyError):
        rapidjwt.Key.from_jwk(jwk)
    with pytest.raises((InvalidKeyError, rapidjwt.PyJWKError, ValueError)):
        rapidjwt.PyJWK(jwk, algorithm)

    genuine = forms(name)["SPKI DER"]
    spki = genuine[: -2 * length] + b"".join(octets)
    with pytest.raises(InvalidKeyError):
        rapidjwt.Key.from_der(spki)
    assert rapidjwt.Key.from_der(genuine).curve == name
    pem = forms(name)["SPKI PEM"].splitlines()
    text = b"\n".join([pem[0], base64.encodebytes(spki).strip(), pem[-1]])
    refuses_key(text, token, algorithm)


@pytest.mark.parametrize("name", FIELDS)
def test_the_point_at_infinity_is_no_key(name):
    genuine = forms(name)["SPKI DER"]
    identifier = (
        genuine[2 : -2 * FIELDS[name] - 4]
        if name != "P-521"
        else genuine[3 : -2 * FIELDS[name] - 5]
    )
    body = identifier + b"\x03\x02\x00\x00"
    with pytest.raises(InvalidKeyError):
        rapidjwt.Key.from_der(b"\x30" + bytes([len(body)]) + body)


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512", "ES256K"])
@pytest.mark.parametrize("name", ["P-224", *FIELDS])
def test_a_key_on_another_curve_is_refused(name, algorithm):
    """RFC 7518 Section 3.4, RFC 8812 Section 3.2: the algorithm determines the curve."""
    if ALGORITHM.get(name) == algorithm:
        return
    token = f"{unsigned({'alg': algorithm})}.{segment(bytes(64))}"
    refused(token, public_pem(name), [algorithm], InvalidKeyError)


@pytest.mark.filterwarnings("ignore:Diffie-Hellman")
@pytest.mark.parametrize(
    "file",
    ["ec_brainpool_spki.der", "ec_p256_explicit_spki.der", "dsa_spki.der", "dh_spki.der"],
)
@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_keys_of_other_kinds_verify_nothing(file, algorithm):
    spki = (KEY_FILES / file).read_bytes()
    pem = (
        "-----BEGIN PUBLIC KEY-----\n"
        + base64.encodebytes(spki).decode()
        + "-----END PUBLIC KEY-----\n"
    )
    token = f"{unsigned({'alg': algorithm})}.{segment(bytes(64))}"
    with pytest.raises((InvalidKeyError, ValueError, TypeError)):
        rapidjwt.Key.from_pem(pem)
    refuses_key(pem, token, algorithm)


@pytest.mark.parametrize("crv", ["X25519", "X448", "P-256", "ed25519", "Ed25519 ", "", None])
def test_an_octet_key_pair_for_another_use_is_refused(crv):
    jwk = {"kty": "OKP", "crv": crv, "x": segment(bytes(32))}
    with pytest.raises(InvalidKeyError):
        rapidjwt.Key.from_jwk(jwk)
    with pytest.raises((InvalidKeyError, rapidjwt.PyJWKError)):
        rapidjwt.PyJWK(jwk, "EdDSA")


@pytest.mark.parametrize("length", [0, 1, 31, 33, 57, 64])
def test_an_ed25519_key_has_32_bytes(length):
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": segment(bytes(length))}
    with pytest.raises(InvalidKeyError):
        rapidjwt.Key.from_jwk(jwk)


def test_a_private_part_that_does_not_fit_the_public_one_is_refused():
    """Fixed in PyJWT 2.15.0 for OKP; signing with such a pair can reveal the private key."""
    seed = segment(b"\x19" * 32)
    other = segment(private_keys()["Ed25519"].public_key().public_bytes_raw()[::-1])
    jwk = {"kty": "OKP", "crv": "Ed25519", "d": seed, "x": other}
    with pytest.raises(InvalidKeyError):
        rapidjwt.Key.from_jwk(jwk)
    with pytest.raises((InvalidKeyError, rapidjwt.PyJWKError)):
        rapidjwt.PyJWK(jwk)
    for name, length in FIELDS.items():
        x, y = point(name)
        jwk = {"kty": "EC", "crv": name, "d": segment((1).to_bytes(length, "big"))}
        jwk |= {"x": segment(x.to_bytes(length, "big")), "y": segment(y.to_bytes(length, "big"))}
        with pytest.raises(InvalidKeyError):
            rapidjwt.Key.from_jwk(jwk)


# --- weak keys (CWE-326; RFC 7518 Sections 3.2 and 3.3; PyJWT 2.11.0) ---

ENFORCED = {"enforce_minimum_key_length": True}


@pytest.mark.parametrize(("algorithm", "minimum"), [("HS256", 32), ("HS384", 48), ("HS512", 64)])
def test_a_short_secret_is_refused_when_lengths_are_enforced(algorithm, minimum):
    for length in (1, minimum - 1):
        secret = b"k" * length
        token = hmac_token(secret=secret, alg=algorithm)
        refused(token, secret, [algorithm], InvalidKeyError, options=ENFORCED)
        with pytest.warns(InsecureKeyLengthWarning):
            assert rapidjwt.decode(token, secret, algorithms=[algorithm]) == CLAIMS
        assert_same_call("decode", token, secret, algorithms=[algorithm])
    secret = b"k" * minimum
    token = hmac_token(secret=secret, alg=algorithm)
    accepted(token, secret, [algorithm], options=ENFORCED)


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_a_short_rsa_key_is_refused_when_lengths_are_enforced(algorithm):
    key = private_keys()["RSA-1024"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        token = rapidjwt.encode(CLAIMS, key, algorithm=algorithm)
    refused(token, public_pem("RSA-1024"), [algorithm], InvalidKeyError, options=ENFORCED)


@pytest.mark.parametrize("empty", ["", b""])
def test_an_empty_secret_is_refused(empty):
    """Fixed in PyJWT 2.13.0; CWE-1391."""
    forged = signed({"alg": "HS256"}, sign=lambda m: hmac.digest(b"\0", m, hashlib.sha256))
    refused(forged, empty, ["HS256"], InvalidKeyError)
    with pytest.raises(InvalidKeyError):
        rapidjwt.encode({}, empty, algorithm="HS256")
    with pytest.raises(InvalidKeyError):
        rapidjwt.Key.from_jwk({"kty": "oct", "k": ""})
    with pytest.raises(InvalidKeyError):
        rapidjwt.PyJWK({"kty": "oct", "k": "", "alg": "HS256"})


@pytest.mark.parametrize("key", [None, 0, 1, True, {}, {"a"}, object()])
def test_what_is_no_key_verifies_nothing(key):
    token = hmac_token()
    outcome = assert_same_call("decode", token, key, algorithms=["HS256"])
    assert "error" in outcome


# --- secrets stay secret ---


def test_no_error_or_repr_shows_a_secret():
    secret = b"hunter2-hunter2-hunter2-hunter2!"
    private = forms("RSA-2048")["PKCS#8 PEM"].decode()
    shown = [
        repr(rapidjwt.Key.from_secret(secret)),
        repr(rapidjwt.Signer(secret, algorithm="HS256")),
        repr(rapidjwt.Verifier(secret, algorithms=["HS256"])),
        repr(rapidjwt.Key.from_pem(private)),
    ]
    for call in (
        lambda: rapidjwt.decode(hmac_token(secret=SECRET), secret, algorithms=["HS256"]),
        lambda: rapidjwt.encode({}, secret.decode(), algorithm="RS256"),
        lambda: rapidjwt.Key.from_pem(secret),
        lambda: rapidjwt.Key.from_jwk({"kty": "oct", "k": secret.decode() + "!", "d": "hunter2"}),
        lambda: rapidjwt.Key.from_jwk({"kty": "x", "d": "hunter2"}),
        lambda: rapidjwt.PyJWK({"d": "hunter2", "k": "hunter2"}),
        lambda: rapidjwt.PyJWK({"kty": "x", "d": "hunter2", "k": "hunter2"}),
        lambda: rapidjwt.Key.from_pem(private[:-100]),
    ):
        with pytest.raises((rapidjwt.PyJWTError, ValueError, TypeError)) as caught:
            call()
        shown += [str(caught.value), repr(caught.value)]
    numbers = private_keys()["RSA-2048"].private_numbers()
    for text in shown:
        assert "hunter2" not in text
        assert private[100:140] not in text
        assert str(numbers.d)[:20] not in text
