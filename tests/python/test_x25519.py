"""X25519 keys in `Key`: they encrypt, and never sign."""

from __future__ import annotations

import pickle

import pytest
import rapidjwt
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from rapidjwt import InvalidKeyError, Key, KeySet, PyJWKSetError, Signer, Verifier, jwe
from rapidjwt._inspection.keys import ALGORITHMS

#: Alice's keys of RFC 7748 Section 6.1, as JWK; the thumbprint is that of RFC 8037 Appendix A.3's
#: form, computed by jwcrypto.
ALICE = {
    "kty": "OKP",
    "crv": "X25519",
    "x": "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo",
    "d": "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo",
}
PUBLIC = {name: value for name, value in ALICE.items() if name != "d"}


def test_a_key_has_the_parts_of_its_jwk():
    key = Key.from_jwk(ALICE)
    assert (key.kty, key.curve, key.size, key.alg) == ("OKP", "X25519", 255, None)
    assert (key.is_private, key.public().is_private) == (True, False)
    assert (key.to_jwk(private=True), key.to_jwk()) == (ALICE, PUBLIC)
    assert key == key.public() == Key.from_jwk(PUBLIC) == pickle.loads(pickle.dumps(key.public()))
    assert repr(key) == "<Key OKP X25519 private>"


def test_the_thumbprint_is_that_of_jwcrypto():
    jwk = pytest.importorskip("jwcrypto.jwk")
    assert Key.from_jwk(ALICE).thumbprint() == jwk.JWK(**ALICE).thumbprint()


def test_files_are_those_of_cryptography():
    other = X25519PrivateKey.generate()
    pkcs8 = other.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    spki = other.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    key = Key.from_der(pkcs8)
    assert key.to_der(private=True) == pkcs8
    assert key.to_der() == Key.from_der(spki).to_der() == spki
    for password in (None, "password"):
        text = key.to_pem(private=True, password=password)
        assert Key.from_pem(text, password=password).to_jwk(private=True) == key.to_jwk(
            private=True
        )
    assert Key.from_pem(key.to_pem()) == key


def test_a_new_key_decrypts():
    key = Key.generate("X25519", kid="1")
    assert (key.kid, key.alg, key.is_private) == ("1", None, True)
    for public in (key.public(), key.to_pem()):
        token = jwe.encrypt("x", public, "ECDH-ES+A256KW", "A256GCM")
        assert jwe.decrypt(token, key, ["ECDH-ES+A256KW"], ["A256GCM"]) == b"x"
    with pytest.raises(InvalidKeyError, match="fixes the size"):
        Key.generate("X25519", size=255)


@pytest.mark.parametrize(
    "damage",
    [{"x": PUBLIC["x"][:-2]}, {"x": "A" * 43}, {"d": "AAAA"}, {"d": ALICE["x"]}, {"crv": "X448"}],
)
def test_parts_that_do_not_fit_are_refused(damage):
    with pytest.raises(InvalidKeyError):
        Key.from_jwk(ALICE | damage)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_it_does_not_sign(algorithm):
    key = Key.from_jwk(ALICE)
    for use in (
        lambda: Signer(key, algorithm),
        lambda: Verifier(key, algorithms=[algorithm]),
        lambda: key.sign(b"", algorithm),
        lambda: key.verify(b"", b"", algorithm),
        lambda: Key.from_pem(key.to_pem(), alg=algorithm),
    ):
        with pytest.raises(InvalidKeyError, match="this is an X25519 key, which is for encryption"):
            use()
    with pytest.raises((InvalidKeyError, TypeError, NotImplementedError)):
        rapidjwt.encode({}, key, algorithm)


def test_a_set_keeps_it_and_never_verifies_with_it():
    signing = Key.generate("ES256", kid="1")
    keys = KeySet([Key.from_jwk(ALICE | {"kid": "1"}), signing.public()])
    assert [entry.kty for entry in keys] == ["OKP", "EC"]
    token = Signer(signing).encode({"sub": "me"})
    assert Verifier(keys, algorithms=["ES256", "EdDSA"]).decode(token) == {"sub": "me"}
    assert rapidjwt.decode(token, keys, ["ES256", "EdDSA"]) == {"sub": "me"}
    with pytest.raises(PyJWKSetError):
        Verifier(KeySet([PUBLIC]), algorithms=["EdDSA"])
    token = jwe.encrypt("x", PUBLIC | {"kid": "1"}, "ECDH-ES", "A128GCM")
    assert jwe.decrypt(token, keys, ["ECDH-ES"], ["A128GCM"]) == b"x"
