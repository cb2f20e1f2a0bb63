"""Key files that are not HMAC secrets, though nothing of ours can read them as they are."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x448
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from rapidjwt import Key

from .conftest import is_one_line

PRIVATE = ec.derive_private_key(0x5EED << 180, ec.SECP256R1())
PEM = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PASSWORD = BestAvailableEncryption(b"password")
VECTORS = Path(__file__).parents[2] / "vectors/keys"


def der(private, protection=None):
    return private.private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, protection or NoEncryption()
    )  # fmt: skip


def vector(name):
    return (VECTORS / name).read_bytes()


def pss():
    """Return an RSA key under the identifier of RSASSA-PSS."""
    data = der(rsa.generate_private_key(65537, 2048))
    rsa_encryption = bytes.fromhex("06092a864886f70d010101")
    assert data.count(rsa_encryption) == 1
    return data.replace(rsa_encryption, rsa_encryption[:-1] + b"\x0a")


#: A file, and what is said of it.
REFUSED = {
    "PKCS#12": (
        lambda: pkcs12.serialize_key_and_certificates(b"me", PRIVATE, None, None, PASSWORD),
        "PKCS#12 file: take the private key out of it",
    ),
    "encrypted PKCS#8 DER": (lambda: der(PRIVATE, PASSWORD), "specify --password-env"),
    "encrypted PKCS#8 PEM": (
        lambda: PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, PASSWORD),
        "specify --password-env",
    ),
    "RSA-1024 DER": (
        lambda: der(rsa.generate_private_key(65537, 1024)),
        "2048 to 8192 bits are supported, this one has 1024",
    ),
    "explicit EC DER": (lambda: vector("ec_p256_explicit_sec1.der"), "-param_enc named_curve"),
    "PSS DER": (pss, "bound to RSASSA-PSS"),
    "X448 DER": (lambda: der(x448.X448PrivateKey.generate()), "X448 keys cannot sign"),
    "DSA DER": (lambda: vector("dsa_pkcs8.der"), "DSA keys are not supported"),
    "CMS DER": (lambda: bytes.fromhex("300f06092a864886f70d010701a0020400"), "CMS message"),
    "another DER structure": (lambda: b"\x30\x03\x04\x01\x00", "The key is not PKCS#8"),
    "UTF-16 PEM": (lambda: PEM.decode().encode("utf-16"), "UTF-16 or UTF-32: convert it"),
    "UTF-16 PEM, big-endian, no mark": (lambda: PEM.decode().encode("utf-16-be"), "UTF-16"),
    "base64 of a PEM": (lambda: base64.b64encode(PEM), "base64: decode it with"),
    "base64 of a PEM, in lines": (lambda: base64.encodebytes(PEM), "base64: decode it with"),
    "base64 of a PEM, not padded": (lambda: base64.b64encode(PEM).rstrip(b"="), "base64: decode"),
    "base64 of DER": (lambda: base64.b64encode(der(PRIVATE)), "DER in base64: put a BEGIN"),
    "X509 CERTIFICATE in base64": (
        lambda: base64.b64encode(PEM.replace(b"PRIVATE KEY", b"X509 CERTIFICATE")),
        "base64: decode",
    ),
    "an OpenSSH key on a security token": (
        lambda: b"sk-ssh-ed25519@openssh.com AAAA",
        "not be used as an HMAC secret",
    ),
    "base64 of a JWK": (lambda: base64.b64encode(b'{"kty":"oct","k":"AAAA"}'), "base64: decode"),
    "base64 of an OpenSSH key": (lambda: base64.b64encode(b"ssh-ed25519 AAAA"), "base64: decode"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_not_taken_for_a_secret_and_is_named(run, tmp_path, name):
    make, message = REFUSED[name]
    (tmp_path / "key").write_bytes(make())
    for command in (["sign", "--key", "key"], ["thumbprint", "key"], ["jwks", "key"]):
        result = run(*command)
        assert (result.code, result.out) == (3, ""), result
        assert is_one_line(result.err)
        assert message in result.err


@pytest.mark.parametrize("name", ["UTF-16 PEM", "base64 of a PEM"])
def test_a_password_does_not_make_it_a_secret(run, monkeypatch, tmp_path, name):
    monkeypatch.setenv("PASSWORD", "password")
    (tmp_path / "key").write_bytes(REFUSED[name][0]())
    result = run("sign", "--key", "key", "--password-env", "PASSWORD")
    assert (result.code, result.out) == (3, "")
    assert "not encrypted" in result.err


READ = {
    "compressed EC DER": lambda: vector("ec_p256_compressed_spki.der"),
    "Bag Attributes": lambda: b"Bag Attributes\n  friendlyName: me\n" + PEM,
    "a byte order mark": lambda: b"\xef\xbb\xbf" + PEM,
}


@pytest.mark.parametrize("name", READ)
def test_what_key_reads_is_read(run, tmp_path, name):
    data = READ[name]()
    key = Key.from_pem(data) if b"BEGIN" in data else Key.from_der(data)
    (tmp_path / "key").write_bytes(data)
    assert run("thumbprint", "key").out.strip() == key.thumbprint()


SECRETS = [
    b"0" * 40,
    b"0 a secret that begins like DER but",
    b"\x30\x1e" + b"\xff" * 30,
    b"\x30\x80" + b"\x00" * 40,
    b"0\x82",
    base64.b64encode(b"{" + b"\xfe" * 31),
    base64.b64encode(b"{}" + b" " * 30),
    base64.b64encode(b"0" + b"\x11" * 31),
    b"\x00{" + b"\xd8" * 31,
    b"MIIB is how a secret of mine begins, too",
    b"=" * 40,
]  # fmt: skip


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_remains_one(run, tmp_path, secret):
    (tmp_path / "secret").write_bytes(secret)
    result = run("sign", "--key", "secret", "--claim", "sub=alice")
    assert result.code == 0, result.err
    assert Key.from_secret(secret).verify(*_parts(result.out.strip()), "HS256")


def _parts(token):
    signing_input, _, signature = token.rpartition(".")
    return signing_input.encode(), base64.urlsafe_b64decode(signature + "==")


def test_no_random_secret_looks_like_der(run, tmp_path):
    (tmp_path / "secret").write_bytes(b"\x30" + os.urandom(63))
    assert run("sign", "--key", "secret").code == 0


def test_a_token_may_begin_with_a_byte_order_mark(run, private_file, public_file):
    token = run("sign", "--key", private_file).out
    stdin = b"\xef\xbb\xbf" + token.encode()
    assert run("verify", "--key", public_file, "--alg", "ES256", stdin=stdin).code == 0
    assert run("inspect", stdin=stdin).code == 0
