"""The interface of rapidjwt.jwe: arguments, keys in every form, results and errors."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import threading

import pytest
import rapidjwt
from rapidjwt import InvalidKeyError, InvalidTokenError, Key, KeySet, PyJWKSetError, jwe

from .pairs import keys


def test_importing_the_package_does_not_import_jwe():
    code = (
        "import sys, rapidjwt\n"
        "assert 'rapidjwt.jwe' not in sys.modules\n"
        "assert 'Encrypter' not in vars(rapidjwt._rapidjwt)\n"
        "assert rapidjwt.jwe.Encrypter\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_error_is_an_invalid_token_error():
    assert issubclass(jwe.DecryptionError, InvalidTokenError)
    assert jwe.DecryptionError is rapidjwt.exceptions.DecryptionError


def round_trip(public, private, alg, **options):
    token = jwe.Encrypter(public, alg, "A128GCM", **options).encrypt("x")
    decrypted = jwe.Decrypter(private, algorithms=[alg], encryptions=["A128GCM"])
    assert decrypted.decrypt(token) == b"x"


def test_rsa_and_ec_keys_are_taken_in_every_form():
    cryptography = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    for alg, curve in (("RSA-OAEP-256", None), ("ECDH-ES", "P-256")):
        public_jwk, private_jwk = keys(alg, "A128GCM", curve)
        private = Key.from_jwk(private_jwk)
        pem = private.to_pem(private=True)
        loaded = cryptography.load_pem_private_key(pem.encode(), None)
        publics = [public_jwk, private.public(), private.public().to_pem(), loaded.public_key()]
        for form in (private_jwk, private, pem, pem.encode(), loaded):
            for public in publics:
                round_trip(public, form, alg)


def test_x25519_keys_are_taken_in_every_form():
    x25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.x25519")
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    private = x25519.X25519PrivateKey.generate()
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public_pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for form in (private, pem, pem.decode()):
        for public in (private.public_key(), public_pem, private):
            round_trip(public, form, "ECDH-ES+A128KW")


def test_secrets_are_taken_as_keys_jwks_bytes_and_text():
    jwk = jwe.generate_key("A128KW")
    secret = b"0123456789abcdef"
    round_trip(jwk, jwk, "A128KW")
    round_trip(Key.from_jwk(jwk), jwk, "A128KW")
    for form in (secret, secret.decode(), Key.from_secret(secret)):
        round_trip(secret, form, "A128KW")
        round_trip(secret, form, "dir")
        round_trip(secret, form, "PBES2-HS256+A128KW", p2c=1000)


def test_the_key_id_becomes_the_kid_and_chooses_the_key():
    one, other = (jwe.generate_key("A128KW") | {"kid": kid} for kid in ("one", "other"))
    token = jwe.Encrypter(other, "A128KW", "A128GCM").encrypt("x")
    both = jwe.Decrypter([one, other], algorithms=["A128KW"], encryptions=["A128GCM"])
    decrypted = both.decrypt_complete(token)
    assert decrypted.plaintext == b"x"
    assert decrypted.header == decrypted.protected_header
    assert decrypted.header == {"alg": "A128KW", "enc": "A128GCM", "kid": "other"}
    assert decrypted.aad is None
    renamed = jwe.Encrypter(other, "A128KW", "A128GCM", headers={"kid": "one"}).encrypt("x")
    with pytest.raises(jwe.DecryptionError):
        both.decrypt(renamed)
    unknown = jwe.Encrypter(other, "A128KW", "A128GCM", headers={"kid": "unknown"}).encrypt("x")
    with pytest.raises(InvalidTokenError, match="No key matches the token's kid"):
        both.decrypt(unknown)


def test_keys_without_an_id_are_tried_in_turn():
    secrets = [bytes([number]) * 16 for number in range(3)]
    decrypter = jwe.Decrypter(secrets, algorithms=["A128KW"], encryptions=["A128GCM"])
    for secret in secrets:
        assert decrypter.decrypt(jwe.Encrypter(secret, "A128KW", "A128GCM").encrypt("x")) == b"x"
    stranger = jwe.Encrypter(b"stranger" * 2, "A128KW", "A128GCM").encrypt("x")
    with pytest.raises(jwe.DecryptionError, match="Decryption failed"):
        decrypter.decrypt(stranger)


def test_a_set_serves_what_fits():
    encrypting = jwe.generate_key("A128KW") | {"kid": "enc"}
    signing = Key.generate("ES256").to_jwk(private=True) | {"kid": "sig", "use": "sig"}
    unknown = {"kty": "AKP", "kid": "unknown"}
    token = jwe.Encrypter(encrypting, "A128KW", "A128GCM").encrypt("x")
    # A KeySet leaves out keys whose alg does not sign.
    without_alg = {name: value for name, value in encrypting.items() if name != "alg"}
    for key_set in (
        {"keys": [unknown, signing, encrypting]},
        KeySet.from_jwks({"keys": [signing, without_alg]}),
    ):
        assert jwe.decrypt(token, key_set, ["A128KW", "ECDH-ES"], ["A128GCM"]) == b"x"
    for key_set in ({"keys": [signing]}, {"keys": []}, KeySet.from_jwks({"keys": [signing]})):
        with pytest.raises(PyJWKSetError):
            jwe.Decrypter(key_set, algorithms=["ECDH-ES"], encryptions=["A128GCM"])
    with pytest.raises(PyJWKSetError):
        jwe.Decrypter({"keys": 1}, algorithms=["ECDH-ES"], encryptions=["A128GCM"])


@pytest.mark.parametrize(
    ("key", "alg", "text"),
    [
        (b"short", "A128KW", "A key for A128KW has 16 bytes, this one has 5"),
        (b"short", "A256GCMKW", "A key for A256GCMKW has 32 bytes, this one has 5"),
        (b"short", "dir", "does not have the length that enc requires"),
        (b"", "PBES2-HS256+A128KW", "must not be empty"),
        (
            b"0123456789abcdef",
            "RSA-OAEP",
            "RSA-OAEP needs an RSA key, this is a shared secret: use",
        ),
        (b"0123456789abcdef", "ECDH-ES", "ECDH-ES needs an EC key or an X25519 key, this is a"),
        (Key.generate("Ed25519"), "ECDH-ES", "Ed25519 keys sign and cannot encrypt"),
        (Key.generate("ES256K"), "ECDH-ES", "secp256k1 keys sign"),
        (
            jwe.generate_key("A128KW"),
            "A128GCMKW",
            r"for A128KW \(its own alg\), A128GCMKW was asked",
        ),
        (jwe.generate_key("A128KW") | {"use": "sig"}, "A128KW", "for something else"),
        (jwe.generate_key("A128KW") | {"key_ops": ["sign"]}, "A128KW", "for something else"),
        ({"kty": "OKP", "crv": "X25519", "x": "AA"}, "ECDH-ES", "Invalid key parameter"),
        ("-----BEGIN PRIVATE KEY-----\nAA\n", "ECDH-ES", "PEM"),
    ],
)
def test_a_key_that_does_not_fit_is_refused(key, alg, text):
    with pytest.raises(InvalidKeyError, match=text):
        jwe.Encrypter(key, alg, "A128GCM")
    with pytest.raises(InvalidKeyError, match=text):
        jwe.Decrypter(key, algorithms=[alg], encryptions=["A128GCM"])


def test_a_public_key_cannot_decrypt():
    public, _ = keys("RSA-OAEP", "A128GCM", None)
    with pytest.raises(InvalidKeyError, match="needs a private key"):
        jwe.Decrypter(public, algorithms=["RSA-OAEP"], encryptions=["A128GCM"])


@pytest.mark.parametrize(
    ("arguments", "options", "error", "text"),
    [
        ((b"0123456789abcdef", "HS256", "A128GCM"), {}, ValueError, "cannot encrypt a key"),
        ((b"0123456789abcdef", "RSA1_5", "A128GCM"), {}, ValueError, "RSA-OAEP-256"),
        ((b"0123456789abcdef", "dir", "none"), {}, ValueError, "cannot encrypt content"),
        ((b"0123456789abcdef", "dir", "A128GCM"), {"p2c": 1000}, ValueError, "PBES2 alone"),
        ((b"pass", "PBES2-HS256+A128KW", "A128GCM"), {"p2c": 999}, ValueError, "at least 1000"),
        ((b"0123456789abcdef", "dir", "A128GCM"), {"headers": {"enc": "x"}}, ValueError, "enc"),
        ((b"0123456789abcdef", "dir", "A128GCM"), {"headers": {"zip": "DEF"}}, ValueError, "zip"),
        ((b"0123456789abcdef", "dir", "A128GCM"), {"headers": {"apu": "*"}}, ValueError, "apu"),
        ((b"0123456789abcdef", "dir", "A128GCM"), {"headers": {"x": {1}}}, TypeError, "JSON"),
        (
            (b"0123456789abcdef", "dir", "A128GCM"),
            {"headers": {"x": float("nan")}},
            ValueError,
            "NaN",
        ),
        ((1, "dir", "A128GCM"), {}, TypeError, "The key must be"),
    ],
)
def test_wrong_arguments_of_an_encrypter_are_refused(arguments, options, error, text):
    with pytest.raises(error, match=text):
        jwe.Encrypter(*arguments, **options)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"algorithms": [], "encryptions": ["A128GCM"]}, TypeError, "algorithms must be a list"),
        ({"algorithms": "dir", "encryptions": ["A128GCM"]}, TypeError, "algorithms must be"),
        ({"algorithms": ["dir"], "encryptions": []}, TypeError, "encryptions must be a list"),
        ({"algorithms": ["none"], "encryptions": ["A128GCM"]}, ValueError, "cannot encrypt"),
        ({"algorithms": ["dir"], "encryptions": ["HS256"]}, ValueError, "cannot encrypt"),
        ({"algorithms": ["dir"]}, TypeError, "encryptions"),
    ],
)
def test_wrong_arguments_of_a_decrypter_are_refused(options, error, text):
    with pytest.raises(error, match=text):
        jwe.Decrypter(b"0123456789abcdef", **options)
    with pytest.raises(ValueError, match="needs a key"):
        jwe.Decrypter([], algorithms=["dir"], encryptions=["A128GCM"])


def test_content_is_text_or_bytes():
    encrypter = jwe.Encrypter(b"0123456789abcdef", "dir", "A128GCM")
    decrypter = jwe.Decrypter(b"0123456789abcdef", algorithms=["dir"], encryptions=["A128GCM"])
    for content in ("", "Zoë", b"\0\xff"):
        expected = content.encode() if isinstance(content, str) else content
        assert decrypter.decrypt(encrypter.encrypt(content)) == expected
        assert decrypter.decrypt(encrypter.encrypt(content).encode()) == expected
    with pytest.raises(TypeError, match=r"json\.dumps"):
        encrypter.encrypt({"sub": "me"})
    with pytest.raises(ValueError, match="lone surrogate"):
        encrypter.encrypt("\ud800")
    with pytest.raises(rapidjwt.DecodeError, match="must be str or bytes, got int"):
        decrypter.decrypt(1)
    with pytest.raises(rapidjwt.DecodeError):
        decrypter.decrypt("\ud800")


def test_two_tokens_of_the_same_content_differ_in_every_random_part():
    for alg, curve in (("A128KW", None), ("A128GCMKW", None), ("ECDH-ES", "X25519"), ("dir", None)):
        public, _ = keys(alg, "A128GCM", curve)
        encrypter = jwe.Encrypter(public, alg, "A128GCM")
        one, other = (encrypter.encrypt("x").split(".") for _ in range(2))
        assert one[2] != other[2]
        assert one[3:] != other[3:]
        if alg == "ECDH-ES" or alg.endswith("KW"):
            assert one[:2] != other[:2]


def test_wrong_arguments_of_general_json_are_refused():
    one = jwe.Encrypter(b"0123456789abcdef", "A128KW", "A128GCM")
    with pytest.raises(ValueError, match="needs a recipient"):
        jwe.encrypt_general([], "x")
    other = jwe.Encrypter(b"0123456789abcdef", "A128KW", "A256GCM")
    with pytest.raises(ValueError, match="same for all"):
        jwe.encrypt_general([one, other], "x")
    direct = jwe.Encrypter(b"0123456789abcdef", "dir", "A128GCM")
    with pytest.raises(InvalidKeyError, match="single recipient"):
        jwe.encrypt_general([one, direct], "x")
    for unprotected in ({"alg": "x"}, {"crit": ["x"]}, {"zip": "DEF"}):
        with pytest.raises(ValueError, match="cannot be among"):
            one.encrypt_flattened("x", unprotected=unprotected)
        with pytest.raises(ValueError, match="cannot be among"):
            jwe.encrypt_general([one], "x", unprotected=unprotected)
    named = jwe.Encrypter(b"0123456789abcdef", "A128KW", "A128GCM", headers={"kid": "1"})
    with pytest.raises(ValueError, match="two headers"):
        named.encrypt_flattened("x", unprotected={"kid": "2"})


def test_a_copy_is_the_same_object_and_pickling_is_refused():
    for prepared in (
        jwe.Encrypter(b"0123456789abcdef", "dir", "A128GCM"),
        jwe.Decrypter(b"0123456789abcdef", algorithms=["dir"], encryptions=["A128GCM"]),
    ):
        assert copy.copy(prepared) is prepared
        assert copy.deepcopy(prepared) is prepared
        with pytest.raises(TypeError, match="cannot pickle"):
            pickle.dumps(prepared)


def test_generated_keys_name_their_algorithm_and_wrong_names_are_refused():
    assert jwe.generate_key("A192KW")["alg"] == "A192KW"
    assert jwe.generate_key("ECDH-ES")["crv"] == "P-256"
    assert jwe.generate_key("ECDH-ES", curve="X25519")["use"] == "enc"
    for wrong in (
        {"algorithm": "dir"},
        {"algorithm": "PBES2-HS256+A128KW"},
        {"algorithm": "ECDH-ES", "curve": "secp256k1"},
        {"algorithm": "RSA1_5"},
        {"algorithm": "dir", "encryption": "x"},
    ):
        with pytest.raises(ValueError, match=r"."):
            jwe.generate_key(**wrong)


def test_passwords_let_other_threads_run():
    encrypter = jwe.Encrypter("password", "PBES2-HS256+A128KW", "A128GCM")
    worker = threading.Thread(target=encrypter.encrypt, args=("x",))
    worker.start()
    ticks = 0
    while worker.is_alive():
        ticks += 1
    worker.join()
    assert ticks > 100
