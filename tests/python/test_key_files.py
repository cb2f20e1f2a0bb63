"""`Key` and files: passwords, certificates, and what the drop-in functions do with them."""

from __future__ import annotations

import base64
import shutil
import subprocess

import jwt as pyjwt
import pytest
import rapidjwt
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)
from differential.keys import certificate, forms, private_keys, private_pem, public_pem
from rapidjwt import InvalidKeyError, Key

NAMES = ["RSA-2048", "P-256", "P-384", "P-521", "secp256k1", "Ed25519", "Ed448"]
CERTIFIED = [name for name in NAMES if name not in ("Ed25519", "Ed448")]
PASSWORD = "correct horse Zoë"
ALGORITHM = {"RSA-2048": "RS256", "P-256": "ES256", "P-384": "ES384", "P-521": "ES512",
             "secp256k1": "ES256K"}  # fmt: skip


def encrypted(name, encoding, password=PASSWORD):
    return private_keys()[name].private_bytes(
        encoding, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode())
    )


def plain(private):
    return private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def openssl(*arguments, data):
    """Run openssl, or skip the test if it is not installed."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    done = subprocess.run([program, *arguments], input=data, capture_output=True, check=False)
    if done.returncode:
        pytest.skip(f"this openssl cannot do it: {done.stderr.decode().splitlines()[-1]}")
    return done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_what_cryptography_encrypts_is_read_with_the_password(name):
    key = Key.from_pem(private_pem(name))
    pem, der = encrypted(name, Encoding.PEM), encrypted(name, Encoding.DER)
    for read in (
        Key.from_pem(pem, PASSWORD),
        Key.from_pem(pem.decode(), password=PASSWORD.encode()),
        Key.from_der(der, password=PASSWORD),
    ):
        assert read.to_jwk(private=True) == key.to_jwk(private=True)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_encrypted_here_is_read_by_cryptography(name):
    key = Key.from_pem(private_pem(name))
    pem = key.to_pem(private=True, password=PASSWORD)
    assert pem.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    der = key.to_der(private=True, password=PASSWORD.encode())
    ours = load_der_private_key(key.to_der(private=True), None)
    for loaded in (
        load_pem_private_key(pem.encode(), PASSWORD.encode()),
        load_der_private_key(der, PASSWORD.encode()),
    ):
        assert plain(loaded) == plain(ours) == plain(private_keys()[name])


@pytest.mark.parametrize(
    "options",
    [
        ["-v2", "aes-128-cbc"],
        ["-v2", "aes-192-cbc", "-v2prf", "hmacWithSHA1"],
        ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA384", "-iter", "1000"],
        ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA512"],
        ["-scrypt"],
        ["-scrypt", "-scrypt_N", "1024", "-scrypt_r", "4", "-scrypt_p", "2"],
    ],
    ids=" ".join,
)
def test_what_openssl_encrypts_is_read_with_the_password(options):
    plain = private_pem("P-256").encode()
    pem = openssl("pkcs8", "-topk8", *options, "-passout", "pass:secret", data=plain)
    assert Key.from_pem(pem, "secret").to_pem(private=True).encode() == plain
    with pytest.raises(InvalidKeyError, match="password is wrong"):
        Key.from_pem(pem, "Secret")


def test_keys_are_encrypted_with_600_000_iterations():
    der = Key.generate("ES256").to_der(private=True, password="secret")
    assert b"\x02\x03" + (600_000).to_bytes(3, "big") in der


def test_openssl_reads_what_is_encrypted_here():
    key = Key.generate("ES256")
    pem = key.to_pem(private=True, password="secret").encode()
    assert openssl("pkey", "-passin", "pass:secret", data=pem) == key.to_pem(private=True).encode()


@pytest.mark.parametrize("options", [["-v2", "des3"], ["-v1", "PBE-SHA1-3DES"]], ids=" ".join)
def test_an_old_cipher_is_refused_with_the_way_to_convert_the_key(options):
    plain = private_pem("P-256").encode()
    pem = openssl("pkcs8", "-topk8", *options, "-passout", "pass:secret", data=plain)
    with pytest.raises(InvalidKeyError, match="openssl pkcs8 -topk8 -v2 aes-256-cbc"):
        Key.from_pem(pem, "secret")


def test_the_old_encrypted_pem_is_refused_with_the_way_to_convert_the_key():
    pem = private_keys()["RSA-2048"].private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, BestAvailableEncryption(b"secret")
    )
    for password in (None, "secret"):
        with pytest.raises(InvalidKeyError, match=r"Proc-Type.*openssl pkcs8 -topk8 -in"):
            Key.from_pem(pem, password)


@pytest.mark.parametrize("wrong", ["", "Correct horse Zoë", PASSWORD + " ", "\0"])
def test_a_wrong_password_is_named_as_such(wrong):
    for read, encoding in ((Key.from_pem, Encoding.PEM), (Key.from_der, Encoding.DER)):
        with pytest.raises(InvalidKeyError, match="password is wrong"):
            read(encrypted("P-256", encoding), wrong)


def test_most_wrong_passwords_are_noticed_by_the_padding_and_the_rest_by_the_key_in_it():
    pem = encrypted("Ed25519", Encoding.PEM)
    for number in range(300):  # one in 256 leaves what looks like padding
        with pytest.raises(InvalidKeyError, match="password is wrong"):
            Key.from_pem(pem, str(number))


def test_an_encrypted_key_without_password_is_named_as_such():
    for read, encoding in ((Key.from_pem, Encoding.PEM), (Key.from_der, Encoding.DER)):
        with pytest.raises(InvalidKeyError, match="encrypted: pass its password"):
            read(encrypted("P-256", encoding))


@pytest.mark.parametrize("form", ["PKCS#8 PEM", "SPKI PEM", "certificate PEM", "traditional PEM"])
def test_a_password_for_a_key_that_is_not_encrypted_is_refused(form):
    with pytest.raises(InvalidKeyError, match="the key is not encrypted"):
        Key.from_pem(forms("P-256")[form], "password")


def test_a_password_that_is_no_password_is_refused():
    key = Key.generate("ES256")
    for write in (key.to_pem, key.to_der):
        with pytest.raises(InvalidKeyError, match="password is empty"):
            write(private=True, password="")
        with pytest.raises(ValueError, match="private=True"):
            write(password="secret")
        with pytest.raises(TypeError):
            write(private=True, password=5)
    with pytest.raises(TypeError):
        Key.from_pem(key.to_pem(private=True), 5)


def test_the_same_key_is_never_encrypted_the_same_way_twice():
    key = Key.generate("EdDSA")
    texts = {key.to_pem(private=True, password="secret") for _ in range(3)}
    assert len(texts) == 3


@pytest.mark.parametrize("name", CERTIFIED)
def test_the_key_of_a_certificate_verifies(name):
    from_pem = Key.from_pem(forms(name)["certificate PEM"])
    from_der = Key.from_der(forms(name)["certificate DER"])
    assert from_pem == from_der == Key.from_pem(public_pem(name))
    assert not from_pem.is_private
    token = rapidjwt.encode({"sub": "x"}, private_pem(name), ALGORITHM[name])
    assert rapidjwt.decode(token, from_pem, [ALGORITHM[name]]) == {"sub": "x"}
    verifier = rapidjwt.Verifier(from_der, algorithms=[ALGORITHM[name]])
    assert verifier.decode(token) == {"sub": "x"}


def test_a_certificate_of_an_unsupported_key_is_refused():
    for encoding, read in ((Encoding.PEM, Key.from_pem), (Encoding.DER, Key.from_der)):
        with pytest.raises(InvalidKeyError, match=r"curve .* is not supported"):
            read(certificate(private_keys()["P-224"], encoding))


@pytest.mark.parametrize("form", ["certificate PEM", "PKCS#8 PEM, encrypted"])
@pytest.mark.parametrize("name", CERTIFIED)
def test_the_drop_in_functions_refuse_both_as_pyjwt_does(name, form):
    text = forms(name)[form]
    outcomes = []
    for library in (pyjwt, rapidjwt):
        for call in (
            lambda library=library: library.encode({}, text, ALGORITHM[name]),
            lambda library=library: library.decode("e30.e30.", text, [ALGORITHM[name]]),
            lambda library=library: library.decode(
                pyjwt.encode({}, private_pem(name), ALGORITHM[name]), text, [ALGORITHM[name]]
            ),
        ):
            with pytest.raises(Exception) as raised:  # noqa: PT011 - whichever PyJWT raises
                call()
            outcomes.append((type(raised.value).__name__, str(raised.value)))
    assert outcomes[:3] == outcomes[3:]


def test_a_directory_of_pem_files_may_hold_certificates(tmp_path):
    (tmp_path / "idp.pem").write_bytes(forms("P-256")["certificate PEM"])
    key_set = rapidjwt.KeySet.from_directory(tmp_path)
    assert key_set["idp"].key == Key.from_pem(public_pem("P-256"))


def test_damaged_encrypted_keys_and_certificates_are_invalid_keys():
    for der in (forms("P-256")["certificate DER"], encrypted("Ed25519", Encoding.DER)):
        for length in range(0, len(der), 3):
            with pytest.raises(InvalidKeyError):
                Key.from_der(der[:length], None)
            with pytest.raises(InvalidKeyError):
                Key.from_pem(b"-----BEGIN CERTIFICATE-----\n" + base64.b64encode(der[:length])
                             + b"\n-----END CERTIFICATE-----\n")  # fmt: skip
