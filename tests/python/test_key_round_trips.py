"""Every key type and format to and from cryptography, tokens included."""

from __future__ import annotations

import json

import jwt as pyjwt
import pytest
import rapidjwt
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
    load_pem_private_key,
    load_pem_public_key,
)
from differential.keys import forms, private_keys
from rapidjwt import Key, Signer, Verifier

ALGORITHMS = {
    "RSA-2048": ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
    "P-256": ["ES256"],
    "P-384": ["ES384"],
    "P-521": ["ES512"],
    "secp256k1": ["ES256K"],
    "Ed25519": ["EdDSA", "Ed25519"],
    "Ed448": ["EdDSA", "Ed448"],
}
#: The names of RFC 9864, which PyJWT does not have.
NOT_PYJWTS = {"Ed25519", "Ed448"}
PAIRS = [(name, algorithm) for name, algorithms in ALGORITHMS.items() for algorithm in algorithms]
READERS = {
    "PKCS#8 PEM": Key.from_pem,
    "PKCS#8 DER": Key.from_der,
    "PKCS#8 PEM, encrypted": lambda data: Key.from_pem(data, "password"),
    "SPKI PEM": Key.from_pem,
    "SPKI DER": Key.from_der,
    "traditional PEM": Key.from_pem,
    "certificate PEM": Key.from_pem,
    "certificate DER": Key.from_der,
    "PKCS#1 public PEM": Key.from_pem,
    "PKCS#1 public DER": Key.from_der,
    "OpenSSH public": Key.from_ssh,
}
CLAIMS = {"sub": "user-42"}
WRITER = {"RSA": "RSAAlgorithm", "EC": "ECAlgorithm", "OKP": "OKPAlgorithm"}


def numbers(key):
    """Return the numbers that distinguish cryptography's key objects."""
    for method in ("private_numbers", "public_numbers", "private_bytes_raw", "public_bytes_raw"):
        if hasattr(key, method):
            return getattr(key, method)()
    raise TypeError(key)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_every_form_that_cryptography_writes_is_read_as_the_same_key(name):
    written = {form: data for form, data in forms(name).items() if form in READERS}
    assert len(written) >= 5
    keys = {form: READERS[form](data) for form, data in written.items()}
    assert len(set(keys.values())) == 1
    for form, key in keys.items():
        is_private = "PKCS#8" in form or form == "traditional PEM"
        assert key.is_private == is_private, form
        if is_private:
            loaded = load_der_private_key(key.to_der(private=True), None)
            assert numbers(loaded) == numbers(private_keys()[name]), form


@pytest.mark.parametrize(("name", "algorithm"), PAIRS)
def test_every_form_that_is_written_here_is_read_by_cryptography(name, algorithm):
    key = Key.generate("Ed448" if name == "Ed448" else algorithm)
    assert key.curve in (None, name)
    private = load_pem_private_key(key.to_pem(private=True).encode(), None)
    assert numbers(load_der_private_key(key.to_der(private=True), None)) == numbers(private)
    assert numbers(load_pem_private_key(key.to_pem(True, "pw").encode(), b"pw")) == numbers(private)
    public = load_pem_public_key(key.to_pem().encode())
    assert numbers(load_der_public_key(key.to_der())) == numbers(public)
    assert numbers(public) == numbers(private.public_key())


@pytest.mark.parametrize("name", ALGORITHMS)
def test_jwks_are_those_of_pyjwt_with_cryptography(name):
    key = Key.from_der(forms(name)["PKCS#8 DER"])
    writer = getattr(pyjwt.algorithms, WRITER[key.kty])
    for ours, theirs in (
        (key.to_jwk(private=True), private_keys()[name]),
        (key.to_jwk(), private_keys()[name].public_key()),
    ):
        written = json.loads(writer.to_jwk(theirs))
        written.pop("key_ops", None)
        assert ours == written
        assert numbers(writer.from_jwk(ours)) == numbers(theirs)
        assert Key.from_jwk(written) == key


@pytest.mark.parametrize(("name", "algorithm"), PAIRS)
def test_tokens_go_both_ways(name, algorithm):
    key, private = Key.from_der(forms(name)["PKCS#8 DER"]), private_keys()[name]
    public = private.public_key()
    theirs = pyjwt.PyJWT()
    if algorithm in NOT_PYJWTS:
        theirs._jws = pyjwt.PyJWS()
        theirs._jws.register_algorithm(algorithm, pyjwt.get_algorithm_by_name("EdDSA"))
    assert theirs.decode(Signer(key, algorithm).encode(CLAIMS), public, [algorithm]) == CLAIMS
    token = theirs.encode(CLAIMS, private, algorithm)
    for verifying in (key, key.public(), public, Key.from_pem(forms(name)["SPKI PEM"])):
        assert Verifier(verifying, algorithms=[algorithm]).decode(token) == CLAIMS
    if algorithm not in NOT_PYJWTS:
        for verifying in (key.public(), public):
            assert rapidjwt.decode(token, verifying, [algorithm]) == CLAIMS
