"""`use`, `key_ops`, equality and hashes of `Key`, and the choice of keys in a `KeySet`."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

import pytest
import rapidjwt
from differential.keys import forms
from rapidjwt import InvalidKeyError, Key, KeySet, PyJWKSetError, Signer, Verifier

KINDS = ["HS256", "RS256", "ES256", "ES512", "ES256K", "Ed25519", "Ed448"]
METADATA = {"kid": "k1", "alg": "ES256", "use": "sig", "key_ops": ["sign", "verify"]}


@pytest.fixture(scope="module")
def ec():
    return Key.generate("ES256").to_jwk(private=True)


def test_a_key_says_what_its_jwk_says(ec):
    key = Key.from_jwk(ec | METADATA)
    assert (key.kid, key.alg, key.use, key.key_ops) == ("k1", "ES256", "sig", ("sign", "verify"))
    assert key.to_jwk(private=True) == ec | METADATA
    bare = Key.from_jwk({name: ec[name] for name in ("kty", "crv", "x", "y")})
    assert (bare.kid, bare.alg, bare.use, bare.key_ops) == (None, None, None, None)
    assert set(bare.to_jwk()) == {"kty", "crv", "x", "y"}
    null = Key.from_jwk(ec | {"use": None, "key_ops": None, "kid": None, "alg": None})
    assert (null.kid, null.alg, null.use, null.key_ops) == (None, None, None, None)


READERS = {
    "from_pem": lambda key, **names: Key.from_pem(key.to_pem(private=True), **names),
    "from_der": lambda key, **names: Key.from_der(key.to_der(private=True), **names),
    "from_ssh": lambda _, **names: Key.from_ssh(forms("P-256")["OpenSSH public"], **names),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_key_gets_its_id_and_its_algorithm_where_it_is_read(read):
    key = read(Key.generate("ES256"), kid="k1", alg="ES256")
    assert (key.kid, key.alg) == ("k1", "ES256")
    assert (key.public() if key.is_private else key).to_jwk()["kid"] == "k1"
    with pytest.raises(InvalidKeyError, match=r"for ES256 .*ES384 was asked for"):
        key.verify(b"", b"", "ES384")
    assert read(key).kid is None
    for wrong, error, message in (
        ({"kid": 7}, TypeError, "kid must be a string, got int"),
        ({"alg": 7}, TypeError, "alg must be a string, got int"),
        ({"alg": "es256"}, ValueError, 'did you mean "ES256"'),
        ({"alg": "ES384"}, InvalidKeyError, "ES384 needs an EC key on P-384"),
        ({"alg": "HS256"}, InvalidKeyError, "HS256 needs a shared secret"),
    ):
        with pytest.raises(error, match=message):
            read(key, **wrong)


def test_a_secret_and_a_new_key_get_an_id_too():
    secret = Key.from_secret("s" * 64, kid="k1", alg="HS512")
    assert (secret.kid, secret.alg) == ("k1", "HS512")
    token = Signer(secret).encode({})
    assert rapidjwt.get_unverified_header(token) == {"alg": "HS512", "typ": "JWT", "kid": "k1"}
    assert Verifier(secret).decode(token) == {}
    new = Key.generate("EdDSA", kid="k2")
    assert (new.kid, new.alg) == ("k2", "EdDSA")
    with pytest.raises(TypeError, match="kid must be a string, got int"):
        Key.generate("EdDSA", kid=7)


@pytest.mark.parametrize(
    ("operations", "public"),
    [
        (["sign"], ["verify"]),
        (["sign", "verify"], ["verify"]),
        (["decrypt", "unwrapKey"], ["encrypt", "wrapKey"]),
        (["deriveKey"], ["deriveKey"]),
        ([], []),
    ],
)
def test_the_public_half_has_the_counterparts_of_the_operations(ec, operations, public):
    key = Key.from_jwk(ec | {"key_ops": operations})
    assert key.to_jwk(private=True)["key_ops"] == operations
    assert key.to_jwk()["key_ops"] == public
    assert key.public().key_ops == tuple(public)
    assert Key.from_jwk(key.to_jwk()).key_ops == tuple(public)


@pytest.mark.parametrize(
    ("name", "value"),
    [("use", 1), ("use", ["sig"]), ("kid", 1), ("alg", {}), ("key_ops", "sign"), ("key_ops", [1])],
)
def test_a_member_of_another_type_is_refused(ec, name, value):
    with pytest.raises(InvalidKeyError, match=f'"{name}" must be a (list of )?string'):
        Key.from_jwk(ec | {name: value})


def test_a_pickled_public_key_keeps_what_it_is_for(ec):
    public = Key.from_jwk(ec | METADATA).public()
    again = pickle.loads(pickle.dumps(public))
    assert again == public
    assert again.to_jwk() == public.to_jwk()


@pytest.mark.parametrize("algorithm", KINDS)
def test_keys_are_equal_by_their_public_value(algorithm):
    key, other = Key.generate(algorithm), Key.generate(algorithm)
    again = Key.from_jwk(key.to_jwk(private=True) | {"kid": "another", "use": "sig"})
    assert key == again
    assert hash(key) == hash(again)
    assert key != other
    assert {key, again, other} == {key, other}
    if algorithm != "HS256":
        assert key.public() == key
        assert hash(key.public()) == hash(key)
        assert len({key, key.public()}) == 1


def test_keys_of_two_kinds_are_never_equal():
    keys = [Key.generate(algorithm) for algorithm in KINDS]
    assert len(set(keys)) == len(keys)
    for key in keys:
        for thing in (None, "key", key.kty, key.size, object()):
            assert key != thing
            assert (key == thing) is False


def test_secrets_are_equal_byte_for_byte():
    secret = b"a secret of at least thirty-two bytes"
    assert Key.from_secret(secret) == Key.from_secret(secret.decode())
    assert Key.from_secret(secret) != Key.from_secret(secret + b"\0")
    assert Key.from_secret(secret) != Key.from_secret(b"A" + secret[1:])


def test_the_hash_of_a_secret_says_nothing_to_another_process():
    program = "from rapidjwt import Key; print(hash(Key.from_secret('hunter2 hunter2 hunter2')))"
    run = [sys.executable, "-c", program]
    hashes = {subprocess.run(run, capture_output=True, check=True).stdout for _ in range(3)}
    assert len(hashes) == 3


def test_a_key_set_chooses_by_use_and_operation(ec):
    other = Key.generate("ES256").to_jwk(private=True)
    members = [
        ec | {"kid": "enc", "use": "enc"},
        other | {"kid": "sig", "use": "sig", "key_ops": ["sign", "verify"]},
    ]
    for key_set in (
        KeySet(members),
        KeySet([Key.from_jwk(member) for member in members]),
        KeySet.from_jwks(json.dumps({"keys": members})),
    ):
        assert [(entry.use, entry.key_ops) for entry in key_set] == [
            ("enc", None),
            ("sig", ("sign", "verify")),
        ]
        assert key_set.select(alg="ES256").kid == "sig"
        assert key_set.select(alg="ES256", use="enc").kid == "enc"
        assert key_set.select(alg="ES256", operation="sign").kid == "sig"
        with pytest.raises(PyJWKSetError):
            key_set.select("enc", alg="ES256")
        published = {jwk["kid"]: jwk for jwk in key_set.to_jwks()["keys"]}
        assert published["sig"]["key_ops"] == ["verify"]
        assert published["enc"]["use"] == "enc"
