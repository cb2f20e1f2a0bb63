"""`Key`: the formats it reads and writes, and the secrets it never shows."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path

import pytest
import rapidjwt
from differential.keys import ALGORITHMS, HMAC_SECRET, private_keys, signing_key, verifying_key
from rapidjwt import InvalidKeyError, Key

KEYS = Path(__file__).parents[1] / "vectors" / "keys"
# An RSA key of 1024 bits, which `rapidjwt.decode` accepts through cryptography.
NOT_NATIVE = ["testkey_pkcs1.pub.pem"]
EXPECTED = {
    name: jwk
    for name, jwk in json.loads((KEYS / "expected_jwk.json").read_text()).items()
    if name not in NOT_NATIVE
}
JWKS = sorted(path.name for path in KEYS.glob("jwk_*.json"))
MESSAGE = b"message"
SECRET_MEMBERS = ("d", "p", "q", "dp", "dq", "qi", "k")
REFUSED = [
    *NOT_NATIVE,
    "dh_spki.der",
    "dsa_pkcs8.der",
    "dsa_spki.der",
    "ec_brainpool_spki.der",
    "ec_p256_pkcs8_two_curves.der",
    "rsa_2048_encrypted.pem",
    "rsa_2048_encrypted_pkcs1.pem",
    "rsa_2048_openssh.pem",
    "testkey_ec_secp192r1.priv",
    "x448_spki.der",
]


def read(name):
    data = (KEYS / name).read_bytes()
    if name.startswith("jwk_"):
        return Key.from_jwk(data)
    if data.startswith((b"ssh-", b"ecdsa-")):
        return Key.from_ssh(data)
    return Key.from_pem(data) if data.startswith(b"---") else Key.from_der(data)


def secret_texts(jwk):
    return [jwk[name] for name in SECRET_MEMBERS if name in jwk]


@pytest.mark.parametrize("name", EXPECTED)
def test_a_key_file_is_read_as_pyjwt_reads_it(name):
    key = read(name)
    assert key.to_jwk(private=key.is_private) == EXPECTED[name]
    assert key.kty == EXPECTED[name]["kty"]
    assert key.curve == EXPECTED[name].get("crv")
    assert key.is_private == ("d" in EXPECTED[name])


@pytest.mark.parametrize("name", JWKS)
def test_a_jwk_is_read_and_written_alike(name):
    jwk = json.loads((KEYS / name).read_text())
    for source in (jwk, json.dumps(jwk), json.dumps(jwk).encode()):
        key = Key.from_jwk(source)
        assert (key.kid, key.alg) == (jwk.get("kid"), jwk.get("alg"))
        assert (key.use, key.key_ops) == (jwk.get("use"), None)
        assert key.to_jwk(private=key.is_private) == jwk


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_written_is_read_back(name):
    key = read(name)
    private = key.is_private
    jwk = key.to_jwk(private=private)
    assert Key.from_jwk(jwk).to_jwk(private=private) == jwk
    assert Key.from_der(key.to_der(private=private)).to_jwk(private=private) == jwk
    assert Key.from_pem(key.to_pem(private=private)).to_jwk(private=private) == jwk
    assert Key.from_pem(key.to_pem(private=private).encode()).to_jwk(private=private) == jwk


@pytest.mark.parametrize("name", EXPECTED)
def test_the_public_half_has_no_private_member(name):
    key = read(name)
    public = key.public()
    assert not public.is_private
    assert public.to_jwk() == key.to_jwk()
    assert not set(SECRET_MEMBERS) & set(public.to_jwk())
    assert public.to_der() == key.to_der()
    assert "PRIVATE" not in key.to_pem()
    for write in (public.to_jwk, public.to_der, public.to_pem):
        with pytest.raises(InvalidKeyError, match=r"\AThe key is public: "):
            write(private=True)


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_is_no_usable_key_is_refused(name):
    with pytest.raises(InvalidKeyError):
        read(name)


@pytest.mark.parametrize(
    ("jwk", "size"),
    [
        ({"kty": "oct", "k": "AAAA"}, 24),
        (EXPECTED["rsa_2048_spki.pem"], 2048),
        (EXPECTED["ec_p256_spki.der"], 256),
        (EXPECTED["ec_p521_spki.der"], 521),
    ],
)
def test_the_size_is_in_bits(jwk, size):
    assert Key.from_jwk(jwk).size == size


def test_a_shared_secret_has_no_public_half():
    key = Key.from_secret(HMAC_SECRET)
    assert (key.kty, key.curve, key.size, key.is_private) == ("oct", None, 512, True)
    for call in (key.public, key.to_jwk, key.to_der, key.to_pem):
        with pytest.raises(InvalidKeyError):
            call()
    jwk = key.to_jwk(private=True)
    assert Key.from_jwk(jwk).sign(MESSAGE, "HS256") == key.sign(MESSAGE, "HS256")


def test_a_secret_is_the_same_as_text_and_as_bytes():
    text, raw = Key.from_secret("Zoë" * 20), Key.from_secret(("Zoë" * 20).encode())
    assert text.sign(MESSAGE, "HS256") == raw.sign(MESSAGE, "HS256")


def test_the_key_id_stays_with_the_public_half():
    jwk = {**EXPECTED["ec_p256_pkcs8.der"], "kid": "1", "alg": "ES256"}
    public = Key.from_jwk(jwk).public()
    assert (public.kid, public.alg) == ("1", "ES256")


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signature_verifies_with_the_public_key_and_nothing_else(algorithm):
    name = ALGORITHMS[algorithm]
    load = Key.from_secret if name == "oct" else Key.from_pem
    private, public = load(signing_key(algorithm)), load(verifying_key(algorithm))
    signature = private.sign(MESSAGE, algorithm)
    assert public.verify(MESSAGE, signature, algorithm)
    assert private.verify(MESSAGE, signature, algorithm)
    assert not public.verify(b"other message", signature, algorithm)
    assert not public.verify(MESSAGE, signature[:-1], algorithm)
    assert not public.verify(MESSAGE, signature + b"\0", algorithm)
    assert not public.verify(MESSAGE, b"", algorithm)
    for place in range(len(signature)):
        changed = bytearray(signature)
        changed[place] ^= 1
        assert not public.verify(MESSAGE, bytes(changed), algorithm)


@pytest.mark.parametrize(
    ("key", "algorithm", "error"),
    [
        (read("rsa_2048_spki.pem"), "RS256", InvalidKeyError),
        (read("rsa_2048_pkcs8.pem"), "HS256", InvalidKeyError),
        (read("rsa_2048_pkcs8.pem"), "ES256", InvalidKeyError),
        (read("ec_p256_pkcs8.der"), "ES384", InvalidKeyError),
        (read("ec_p256_pkcs8.der"), "ES256K", InvalidKeyError),
        (read("ed25519_pkcs8.der"), "ES256", InvalidKeyError),
        (read("jwk_hmac.json"), "RS256", InvalidKeyError),
        (read("jwk_hmac.json"), "none", InvalidKeyError),
        (read("jwk_hmac.json"), "HS1", rapidjwt.InvalidAlgorithmError),
        (read("jwk_hmac.json"), "hs256", rapidjwt.InvalidAlgorithmError),
    ],
    ids=lambda value: repr(value) if isinstance(value, Key) else str(value),
)
def test_a_key_that_does_not_fit_the_algorithm_does_not_sign(key, algorithm, error):
    with pytest.raises(error):
        key.sign(MESSAGE, algorithm)


@pytest.mark.parametrize("name", ["RSA-2048", "P-256", "P-521", "secp256k1", "Ed25519"])
def test_the_key_object_of_cryptography_is_written_the_same_way(name):
    pem = signing_key(next(alg for alg, key in ALGORITHMS.items() if key == name))
    key = Key.from_pem(pem)
    numbers = rapidjwt.PyJWK(key.to_jwk(private=True), next(iter(fitting(name)))).key
    assert type(numbers) is type(private_keys()[name])


def fitting(name):
    return [algorithm for algorithm, key in ALGORITHMS.items() if key == name]


@pytest.mark.parametrize("name", [*EXPECTED, *JWKS])
def test_the_repr_names_the_kind_of_key_and_holds_none_of_it(name):
    key = read(name)
    shown = repr(key)
    assert shown.startswith(f"<Key {key.kty} ")
    assert str(key) == shown == f"{key}"
    jwk = key.to_jwk(private=key.is_private)
    for member in [*secret_texts(jwk), *(jwk[m] for m in ("n", "x", "y") if m in jwk)]:
        assert member[:12] not in shown


@pytest.mark.parametrize("name", ["kty", "curve", "size", "kid", "alg", "is_private", "other"])
def test_a_key_cannot_be_changed(name):
    key = Key.from_secret(HMAC_SECRET)
    with pytest.raises(AttributeError):
        setattr(key, name, None)
    with pytest.raises(AttributeError):
        delattr(key, name)


def test_what_a_key_was_made_of_can_change_without_changing_it():
    jwk = {"kty": "oct", "k": "AAAA"}
    key = Key.from_jwk(jwk)
    jwk["k"] = "BBBB"
    key.to_jwk(private=True)["k"] = "CCCC"
    assert key.to_jwk(private=True)["k"] == "AAAA"


def test_a_key_is_its_own_copy():
    key = Key.from_secret(HMAC_SECRET)
    assert copy.copy(key) is key
    assert copy.deepcopy(key) is key
    assert copy.deepcopy({"key": [key]})["key"][0] is key


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", ["jwk_hmac.json", "rsa_2048_pkcs8.pem", "ec_p256_pkcs8.der"])
def test_a_private_key_is_not_pickled(name, protocol):
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(read(name), protocol)


def test_a_key_is_made_by_its_readers_only():
    with pytest.raises(TypeError):
        Key()
    with pytest.raises(TypeError):
        type("Own", (Key,), {})


@pytest.mark.parametrize(
    "read_key", [Key.from_pem, Key.from_ssh, Key.from_jwk, Key.from_secret, Key.from_der]
)
@pytest.mark.parametrize("argument", [None, 1, bytearray(b"x"), ["x"], object()])
def test_what_is_neither_text_nor_bytes_is_a_type_error(read_key, argument):
    with pytest.raises(TypeError):
        read_key(argument)


@pytest.mark.parametrize("read_key", [Key.from_pem, Key.from_ssh, Key.from_jwk, Key.from_der])
@pytest.mark.parametrize(
    "data", [b"", b"\0" * 100, b"\xff" * 100, b"0" * 100_000, b"{}", b"[" * 9999]
)
def test_garbage_is_an_invalid_key(read_key, data):
    with pytest.raises(InvalidKeyError):
        read_key(data)


@pytest.mark.parametrize("name", [name for name in EXPECTED if name.endswith(".der")])
def test_a_cut_off_der_key_is_refused(name):
    data = (KEYS / name).read_bytes()
    for length in range(len(data)):
        with pytest.raises(InvalidKeyError):
            Key.from_der(data[:length])
