"""The messages of `Key` for a wrong key: what was found, and what would help."""

from __future__ import annotations

import re
from pathlib import Path

import jwt as pyjwt
import pytest
import rapidjwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from differential.keys import forms, private_keys, private_pem, public_pem
from rapidjwt import InvalidKeyError, Key, Signer

PEM = private_pem("P-256")
SECRET_LINE = PEM.splitlines()[1][20:50]
CERTIFICATE_REQUEST = (
    x509.CertificateSigningRequestBuilder()
    .subject_name(x509.Name([]))
    .sign(private_keys()["P-256"], hashes.SHA256())
)
BY_FIRST_WORDS = {
    "literal \\n, as in an environment variable": (PEM.replace("\n", "\\n"), r'replace\("\\\\n"'),
    "literal \\n in quotation marks": (f'"{PEM.strip()}"'.replace("\n", "\\n"), "environment"),
    "UTF-16": (PEM.encode("utf-16"), "UTF-16: convert it to UTF-8"),
    "two keys": (PEM + public_pem("P-256"), "more than one key: pass one alone"),
    "two certificates": (forms("P-256")["certificate PEM"] * 2, "none is a key: pass one alone"),
    "a certificate before a public key": (
        forms("P-256")["certificate PEM"].decode() + public_pem("P-256"), "before the public key"),
    "an empty line": (PEM.replace("\n", "\n\n"), "empty line in its body"),
    "a header alone": (PEM.replace("\n", "\nA: b\n", 1), "headers are not followed by an empty"),
    "characters that do not show": (PEM.replace("\n", "\u200b\n"), "not base64"),
    "cut off": (PEM[:-40], "cut off"),
    "a certificate request": (
        CERTIFICATE_REQUEST.public_bytes(Encoding.PEM), "certificate request, not a key: pass"),
    "parameters": (PEM.replace("PRIVATE KEY", "EC PARAMETERS"), "parameters, not a key"),
    "a revocation list": (PEM.replace("PRIVATE KEY", "X509 CRL"), "revoked certificates"),
    "OpenPGP": (
        PEM.replace("\n-----END", "\n=Ab/d\n-----END").replace(" KEY-", " KEY BLOCK-")
        .replace("PRIVATE", "PGP PRIVATE"),
        "OpenPGP"),
    "OpenSSH's own private key": (forms("P-256")["OpenSSH private"], "ssh-keygen -p -m pkcs8"),
    "an unknown label": (PEM.replace("PRIVATE KEY", "SOMETHING"), "expected PRIVATE KEY, PUBLIC"),
    "a path": ("keys/private.pem", r"a path.*read_text"),
    "an absolute path": ("/etc/keys/jwt", r"a path.*read_text"),
    "a path of Windows": ("C:\\keys\\jwt.key", r"a path.*read_text"),
    "a URL": ("file:///etc/keys/jwt", "a path"),
    "a JWK": ('{"kty":"EC"}', "looks like a JWK"),
    "DER": (forms("P-256")["PKCS#8 DER"], "looks like DER"),
    "an OpenSSH public key": (forms("P-256")["OpenSSH public"], "OpenSSH public key"),
    "nothing": ("", "empty"),
    "something else": ("hunter2", 'no "-----BEGIN'),
}  # fmt: skip


@pytest.mark.parametrize(("data", "message"), BY_FIRST_WORDS.values(), ids=BY_FIRST_WORDS)
def test_from_pem_says_what_it_found_and_nothing_of_the_key(data, message):
    with pytest.raises(InvalidKeyError, match=message) as raised:
        Key.from_pem(data)
    assert SECRET_LINE not in str(raised.value)
    if data == "hunter2":
        assert data not in str(raised.value)


def test_from_der_says_what_it_found():
    for data, message in (
        (PEM.encode(), "got one in PEM"),
        (CERTIFICATE_REQUEST.public_bytes(Encoding.DER), "certificate request, not a key: pass"),
        (b"hunter2", "not PKCS#8, SubjectPublicKeyInfo"),
    ):
        with pytest.raises(InvalidKeyError, match=message):
            Key.from_der(data)


@pytest.mark.parametrize("read", [Key.from_pem, Key.from_ssh, Key.from_jwk, Key.from_secret])
def test_a_path_object_is_not_read(read):
    with pytest.raises(TypeError, match=r"got a path: .*read_bytes"):
        read(Path("key.pem"))


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [("RSA-2048", "RS256"), ("P-256", "ES256"), ("Ed25519", "EdDSA"), ("Ed448", "Ed448")],
)
def test_a_public_key_does_not_sign_and_says_so(name, algorithm):
    public = Key.from_pem(public_pem(name))
    for sign in (
        lambda: public.sign(b"", algorithm),
        lambda: Signer(public, algorithm),
    ):
        with pytest.raises(InvalidKeyError, match=r"\ASigning needs a private key, got a public"):
            sign()
    for write in (public.to_pem, public.to_der, public.to_jwk):
        with pytest.raises(InvalidKeyError, match="no private part to write"):
            write(private=True)


def outcome(call, library):
    try:
        call(library)
    except Exception as error:  # noqa: BLE001 - whichever PyJWT raises
        return type(error).__name__, re.sub("0x[0-9a-f]+", "0x...", str(error))
    return "no error"


@pytest.mark.parametrize("data", [data for data, _ in BY_FIRST_WORDS.values()], ids=BY_FIRST_WORDS)
@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_the_drop_in_functions_keep_pyjwts_words(data, algorithm):
    for call in (
        lambda library: library.encode({}, data, algorithm),
        lambda library: library.decode("e30.e30.e30", data, [algorithm]),
    ):
        ours, theirs = (outcome(call, library) for library in (rapidjwt, pyjwt))
        assert ours == theirs
