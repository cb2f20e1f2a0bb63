"""ML-DSA (RFC 9964): keys of type AKP, and tokens that jwcrypto and cryptography verify too."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
import rapidjwt
from rapidjwt import (
    InvalidAlgorithmError,
    InvalidKeyError,
    InvalidSignatureError,
    Key,
    KeySet,
    PyJWKSetError,
    Signer,
    Verifier,
    jwe,
)
from rapidjwt.jws_json import JSONVerifier

ROOT = Path(__file__).parents[2]

ALGORITHMS = ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87"]
#: The bytes of a public key and of a signature (FIPS 204 Table 2).
SIZES = {"ML-DSA-44": (1312, 2420), "ML-DSA-65": (1952, 3309), "ML-DSA-87": (2592, 4627)}
ZEROS = "A" * 43
#: The examples of RFC 9964, whose seeds are 32 zeros.
EXAMPLES = {
    example["algorithm"]: example
    for example in json.loads((ROOT / "tests" / "vectors" / "mldsa.json").read_text("utf-8"))
}
CLAIMS = {"sub": "me"}
pytestmark = pytest.mark.parametrize("algorithm", ALGORITHMS)


def from_seed(algorithm):
    """Return the key of a seed of zeros, by way of cryptography."""
    mldsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa")
    made = getattr(mldsa, f"{algorithm.replace('-', '')}PrivateKey").from_seed_bytes(bytes(32))
    return made, Key.from_der(der_of(made))


def jwcrypto():
    """Return jwcrypto's module for keys, if it knows their type."""
    jwk = pytest.importorskip("jwcrypto.jwk")
    if "AKP" not in jwk.JWKTypesRegistry:
        pytest.skip("this jwcrypto has no ML-DSA")
    return jwk


def der_of(key):
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    if hasattr(key, "private_bytes"):
        return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def test_a_new_key_has_the_parts_of_its_algorithm(algorithm):
    key = Key.generate(algorithm, kid="1")
    public_len, signature_len = SIZES[algorithm]
    assert (key.kty, key.curve, key.size) == ("AKP", None, 8 * public_len)
    assert (key.alg, key.kid, key.is_private) == (algorithm, "1", True)
    jwk = key.to_jwk(private=True)
    assert jwk.keys() == {"kty", "alg", "pub", "priv", "kid"}
    assert (jwk["kty"], jwk["alg"], len(jwk["priv"])) == ("AKP", algorithm, 43)
    assert len(rapidjwt.utils.base64url_decode(jwk["pub"])) == public_len
    assert Key.from_jwk(jwk).to_jwk(private=True) == jwk
    assert "priv" not in key.to_jwk()
    assert len(key.sign(b"message", algorithm)) == signature_len
    assert repr(key) == f'<Key AKP {algorithm} private kid="1">'
    assert jwk["priv"] not in repr(key)
    assert key == key.public() == pickle.loads(pickle.dumps(key.public()))
    assert key != Key.generate(algorithm)
    assert Key.generate(algorithm).to_jwk(private=True)["priv"] != jwk["priv"]


def test_tokens_verify_with_the_public_half_alone(algorithm):
    key = Key.generate(algorithm, kid="1")
    token = Signer(key).encode(CLAIMS)
    assert rapidjwt.get_unverified_header(token) == {"alg": algorithm, "kid": "1", "typ": "JWT"}
    for public in (key.public(), key.to_pem(), key.to_jwk()):
        known = Key.from_jwk(public) if isinstance(public, dict) else public
        verifier = Verifier(known, algorithms=[algorithm])
        assert verifier.decode(token) == CLAIMS
        assert list(verifier.decode_many([token])) == [CLAIMS]
        with pytest.raises(InvalidSignatureError):
            verifier.decode(token[:-4] + "AAAA")
        with pytest.raises(InvalidSignatureError):
            verifier.decode(Signer(Key.generate(algorithm)).encode(CLAIMS))
    with pytest.raises(InvalidKeyError, match="needs a private key"):
        Signer(key.public())


def test_an_algorithm_is_not_another_one(algorithm):
    key, other = Key.generate(algorithm), ALGORITHMS[ALGORITHMS.index(algorithm) - 1]
    with pytest.raises(InvalidKeyError, match=rf"for {algorithm} \(its own alg\), {other} was"):
        Signer(key, other)
    with pytest.raises(InvalidKeyError):
        Key.from_pem(key.to_pem(), alg=other)
    with pytest.raises(InvalidAlgorithmError, match=f"accepts {algorithm}"):
        Verifier(key.public()).decode(Signer(Key.generate(other)).encode(CLAIMS))
    for text in (Key.generate("ES256").to_pem(private=True), key.to_pem()):
        with pytest.raises(InvalidKeyError, match=r"needs an ML-DSA-|this is an ML-DSA-"):
            Signer(text, other)
    with pytest.raises(InvalidKeyError, match="needs an RSA key, this is an ML-DSA"):
        Verifier(key.to_pem(), algorithms=["RS256"])
    with pytest.raises(InvalidKeyError, match="sign and cannot encrypt"):
        jwe.Encrypter(key, "ECDH-ES", "A128GCM")
    with pytest.raises(InvalidKeyError):
        Signer("a secret", algorithm)
    with pytest.raises(InvalidKeyError, match="fixes the size"):
        Key.generate(algorithm, size=1)


@pytest.mark.parametrize(
    "damage",
    [{"alg": None}, {"alg": "ML-DSA-66"}, {"alg": 1}, {"pub": None}, {"pub": "AAAA"}, {"pub": "*"},
     {"priv": "AAAA"}, {"priv": ZEROS}, {"priv": 1}],
)  # fmt: skip
def test_parts_that_do_not_fit_are_refused(algorithm, damage):
    jwk = Key.generate(algorithm).to_jwk(private=True) | damage
    with pytest.raises(InvalidKeyError):
        Key.from_jwk({name: value for name, value in jwk.items() if value is not None})


def test_the_functions_of_pyjwt_do_not_have_it(algorithm):
    key = Key.generate(algorithm)
    with pytest.raises(NotImplementedError, match="Algorithm not supported"):
        rapidjwt.encode({}, key, algorithm)
    with pytest.raises(InvalidAlgorithmError):
        rapidjwt.decode(Signer(key).encode({}), key.public(), [algorithm])


def test_a_set_with_it_keeps_its_other_keys(algorithm):
    key, other = Key.generate(algorithm, kid="1"), Key.generate("ES256", kid="2")
    jwks = {"keys": [key.to_jwk(), other.to_jwk(), {"kty": "AKP", "alg": "ML-DSA-99", "pub": ""}]}
    keys = KeySet.from_jwks(jwks)
    assert (len(keys), len(keys.skipped)) == (2, 1)
    verifier = Verifier(keys, algorithms=[algorithm, "ES256"])
    assert verifier.decode(Signer(key).encode(CLAIMS)) == CLAIMS
    assert verifier.decode(Signer(other).encode(CLAIMS)) == CLAIMS
    assert keys.to_jwks() == {"keys": jwks["keys"][:2]}
    assert [jwk.key_id for jwk in rapidjwt.PyJWKSet.from_dict(jwks).keys] == ["2"]
    with pytest.raises(PyJWKSetError):
        Verifier(KeySet([other]), algorithms=[algorithm])


def test_the_thumbprint_is_that_of_the_standard_and_of_jwcrypto(algorithm):
    jwk = jwcrypto()
    example = EXAMPLES[algorithm]
    _, key = from_seed(algorithm)
    assert key.to_jwk(private=True) == example["key"]
    assert key.thumbprint() == example["thumbprint"]
    assert key.thumbprint() == key.public().thumbprint() == jwk.JWK(**key.to_jwk()).thumbprint()


def test_the_example_of_the_standard_verifies(algorithm):
    example = EXAMPLES[algorithm]
    key = Key.from_jwk(example["key"])
    signing_input, _, signature = example["token"].rpartition(".")
    signature = rapidjwt.utils.base64url_decode(signature)
    assert key.public().verify(signing_input.encode(), signature, algorithm)
    assert not key.verify(signing_input.encode() + b"x", signature, algorithm)
    header, _, payload = signing_input.partition(".")
    flattened = {"protected": header, "payload": payload}
    flattened["signature"] = example["token"].rpartition(".")[2]
    verified = JSONVerifier(key.public(), algorithms=[algorithm]).verify(flattened)
    assert verified.payload.decode() == example["payload"]


def test_files_are_those_of_cryptography(algorithm):
    made, key = from_seed(algorithm)
    assert key.to_der(private=True) == der_of(made)
    assert key.to_der() == der_of(made.public_key())
    assert Key.from_der(key.to_der()) == key
    for password in (None, "password"):
        text = key.to_pem(private=True, password=password)
        assert Key.from_pem(text, password=password).to_jwk(private=True) == key.to_jwk(
            private=True
        )
    token = Signer(made, algorithm).encode(CLAIMS)
    assert Verifier(made.public_key(), algorithms=[algorithm]).decode(token) == CLAIMS


def test_a_seed_beside_its_expanded_key_is_read_and_the_expanded_key_alone_is_not(algorithm):
    key = Key.generate(algorithm)
    der = key.to_der(private=True)
    seed, oid = der[-32:], der[5:18]

    def tagged(tag, *parts):
        content = b"".join(parts)
        return bytes([tag, 0x82]) + len(content).to_bytes(2, "big") + content

    def pkcs8(inner):
        return tagged(0x30, b"\x02\x01\x00", oid, tagged(0x04, inner))

    assert oid[:2] == b"\x30\x0b"
    expanded = tagged(0x04, bytes(2560))
    both = tagged(0x30, b"\x04\x20" + seed, expanded)
    assert Key.from_der(pkcs8(both)).to_der(private=True) == der
    with pytest.raises(InvalidKeyError, match="expanded form"):
        Key.from_der(pkcs8(expanded))
    for wrong in (b"\x80\x1f" + seed[1:], b"\x05\x00", tagged(0x30, expanded), b""):
        with pytest.raises(InvalidKeyError):
            Key.from_der(pkcs8(wrong))


def test_tokens_verify_in_jwcrypto_and_the_reverse(algorithm):
    jwk = jwcrypto()
    from jwcrypto import jwt

    key = Key.generate(algorithm)
    theirs = jwk.JWK(**key.to_jwk(private=True))
    ours = Signer(key).encode(CLAIMS)
    read = jwt.JWT(jwt=ours, key=jwk.JWK(**key.to_jwk()), algs=[algorithm])
    assert json.loads(read.claims) == CLAIMS
    made = jwt.JWT(header={"alg": algorithm}, claims=CLAIMS)
    made.make_signed_token(theirs)
    assert Verifier(key.public()).decode(made.serialize()) == CLAIMS


def test_signatures_verify_in_cryptography_and_the_reverse(algorithm):
    made, key = from_seed(algorithm)
    made.public_key().verify(key.sign(b"message", algorithm), b"message")
    assert key.verify(b"message", made.sign(b"message"), algorithm)
    assert not key.verify(b"message", made.sign(b"message", b"context"), algorithm)
