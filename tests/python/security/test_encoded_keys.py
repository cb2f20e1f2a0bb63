"""RFC 8725 Section 2.1: a public key is not a secret, in whatever encoding a program was given it.

PyJWT knows fewer forms, so `encode` and `decode` do too (docs/compatibility.md); `Key`, `Signer`,
`Verifier` and the command line know all of these.
"""

from __future__ import annotations

import base64
import random

import jwt as pyjwt
import pytest
import rapidjwt
from differential.keys import forms
from rapidjwt import InvalidKeyError, Key, PyJWK, Signer, Verifier

from .harness import SECRET, hmac_token

RSA, EC = forms("RSA-2048"), forms("P-256")
PEM = RSA["SPKI PEM"]
JWK = b'{"kty":"RSA","n":"AAAA","e":"AQAB"}'


def relabelled(label):
    return RSA["certificate PEM"].replace(b" CERTIFICATE-", b" " + label + b"-")


#: Keys in forms that PyJWT takes as secrets.
ENCODED = {
    "SPKI in base64": base64.b64encode(RSA["SPKI DER"]),
    "SPKI in base64, in lines": base64.encodebytes(RSA["SPKI DER"]),
    "SPKI in base64url": base64.urlsafe_b64encode(RSA["SPKI DER"]).rstrip(b"="),
    "EC SPKI in base64": base64.b64encode(EC["SPKI DER"]),
    "PKCS#1 in base64": base64.b64encode(RSA["PKCS#1 public DER"]),
    "certificate in base64": base64.b64encode(RSA["certificate DER"]),
    "PEM in base64": base64.b64encode(PEM),
    "PEM in UTF-16": PEM.decode().encode("utf-16"),
    "PEM in UTF-16, big-endian": PEM.decode().encode("utf-16-be"),
    "PEM in UTF-16, little-endian": PEM.decode().encode("utf-16-le"),
    "PEM in UTF-32": PEM.decode().encode("utf-32"),
    "base64 in UTF-16": base64.b64encode(EC["SPKI DER"]).decode().encode("utf-16"),
    "OpenSSH in UTF-16": EC["OpenSSH public"].decode().encode("utf-16"),
    "OpenSSH behind a space": b" " + EC["OpenSSH public"],
    "OpenSSH behind a byte order mark": b"\xef\xbb\xbf" + EC["OpenSSH public"],
    "OpenSSH without its type": EC["OpenSSH public"].split()[1],
    "JWK in base64": base64.b64encode(JWK),
    "X509 CERTIFICATE": relabelled(b"X509 CERTIFICATE"),
    "X.509 CERTIFICATE": relabelled(b"X.509 CERTIFICATE"),
    "PKCS7": relabelled(b"PKCS7"),
    "CMS": relabelled(b"CMS"),
    "PGP": relabelled(b"PGP PUBLIC KEY BLOCK"),
    "private DER": RSA["PKCS#8 DER"],
    "private DER in base64": base64.b64encode(EC["PKCS#8 DER"]),
}


def secret_jwk(secret):
    return {"kty": "oct", "alg": "HS256", "k": base64.urlsafe_b64encode(secret).decode()}


ENTRANCES = {
    "Key.from_secret": Key.from_secret,
    "Key.from_jwk": lambda secret: Key.from_jwk(secret_jwk(secret)),
    "Signer": lambda secret: Signer(secret, "HS256"),
    "Verifier": lambda secret: Verifier(secret, algorithms=["HS256"]),
    "Verifier, among other keys": lambda secret: Verifier([SECRET, secret], algorithms=["HS256"]),
    "Verifier, PyJWK": lambda secret: Verifier(PyJWK(secret_jwk(secret)), algorithms=["HS256"]),
}


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize("form", ENCODED)
def test_a_key_in_another_encoding_is_not_a_secret(form, entrance):
    rapidjwt.decode(hmac_token(secret=ENCODED[form]), ENCODED[form], ["HS256"])  # cached or not
    with pytest.raises(InvalidKeyError) as raised:
        ENTRANCES[entrance](ENCODED[form])
    assert not {"BEGIN PUBLIC", "MII"} & set(str(raised.value).split())


@pytest.mark.parametrize("form", ENCODED)
def test_a_verifier_of_both_kinds_accepts_no_token_signed_with_the_public_key(form):
    public = ENCODED[form]
    forged = hmac_token(secret=public)
    with pytest.raises((InvalidKeyError, rapidjwt.InvalidAlgorithmError)):
        Verifier(public, algorithms=["RS256", "ES256", "HS256"]).decode(forged)


@pytest.mark.parametrize("form", ENCODED)
def test_decode_takes_these_forms_as_pyjwt_does(form):
    """docs/compatibility.md, "Encoded keys as HMAC secrets"."""
    forged = hmac_token(secret=ENCODED[form])
    expected = pyjwt.decode(forged, ENCODED[form], ["HS256"])
    assert rapidjwt.decode(forged, ENCODED[form], ["HS256"]) == expected


def test_a_random_secret_is_never_refused():
    source = random.Random(15)
    for length in range(1, 400):
        for start in (b"", b"0", b"\x30\x82", b"\x00\x00\x00\x07"):
            secret = start + source.randbytes(length)
            for text in (secret, base64.b64encode(secret), base64.urlsafe_b64encode(secret)):
                Key.from_secret(text)
                Key.from_secret(text.hex())
