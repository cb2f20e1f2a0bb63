"""Generated keys, and thumbprints."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import rapidjwt
from cryptography.hazmat.primitives.serialization import load_der_private_key
from rapidjwt import InvalidKeyError, Key, Signer, Verifier

VECTORS = Path(__file__).parents[1] / "vectors"
ALGORITHMS = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512", "ES256K", "EdDSA",
]  # fmt: skip


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_new_key_signs_what_its_public_half_verifies(algorithm):
    key = Key.generate(algorithm)
    assert key.alg == algorithm
    public = key if key.kty == "oct" else key.public()
    token = Signer(key).encode({"sub": "user-42"})
    assert Verifier(public).decode(token) == {"sub": "user-42"}
    assert rapidjwt.decode(token, public, [algorithm]) == {"sub": "user-42"}


@pytest.mark.parametrize("algorithm", [name for name in ALGORITHMS if not name.startswith("HS")])
def test_cryptography_reads_a_new_key(algorithm):
    der = Key.generate(algorithm).to_der(private=True)
    assert load_der_private_key(der, password=None) is not None


def test_sizes_can_be_chosen_where_the_algorithm_leaves_them_open():
    assert Key.generate("HS256").size == 256
    assert Key.generate("HS256", size=512).size == 512
    assert Key.generate("RS256").size == 2048
    assert Key.generate("PS256", size=3072).size == 3072


@pytest.mark.parametrize(
    ("algorithm", "size"),
    [("HS256", 128), ("HS256", 257), ("HS512", 256), ("RS256", 1024), ("RS256", 2049),
     ("ES256", 256), ("EdDSA", 255)],
)  # fmt: skip
def test_a_size_that_does_not_fit_is_refused(algorithm, size):
    with pytest.raises(InvalidKeyError):
        Key.generate(algorithm, size=size)


@pytest.mark.parametrize("algorithm", ["none", "", "hs256", "RSA"])
def test_an_unknown_algorithm_is_refused(algorithm):
    with pytest.raises(ValueError, match="algorithm"):
        Key.generate(algorithm)


def test_two_new_keys_differ():
    assert Key.generate("ES256").thumbprint() != Key.generate("ES256").thumbprint()


@pytest.mark.parametrize(
    "vector",
    json.loads((VECTORS / "thumbprints.json").read_text()),
    ids=lambda vector: vector["source"],
)
def test_the_thumbprints_of_the_specifications(vector):
    key = Key.from_jwk(vector["key"])
    assert key.thumbprint() == vector["sha256"]
    assert key.thumbprint_uri() == (
        f"urn:ietf:params:oauth:jwk-thumbprint:sha-256:{vector['sha256']}"
    )


def test_both_halves_have_one_thumbprint_and_secrets_have_none():
    key = Key.generate("ES384")
    assert key.thumbprint("sha512") == key.public().thumbprint("sha512")
    assert len(key.thumbprint("sha384")) == 64
    with pytest.raises(InvalidKeyError, match="no public half"):
        Key.generate("HS256").thumbprint()
    with pytest.raises(ValueError, match="sha256"):
        key.thumbprint("md5")
