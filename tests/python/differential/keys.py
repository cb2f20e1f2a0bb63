"""Keys for tests, the same in every run, in every form in which a caller may have them.

They are not secret: they are computed from the numbers below.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

HMAC_SECRET = "a secret of sixty-four bytes, which is long enough for HS512 too"

RSA_PRIMES = {
    2048: (
        0xE562B15492F41C2DBCB6A133896F7A7D43D21F9F10099BC2DACF5809D63BE1C6479E93EE6F41AE7A422B202E58D31B5F6F95236506444759A324213D9573CF8F2730498A5733F52102B0D02D8EF7B180699863F2D342E84869EE3E1F43728B17180FDD0720D98297B13322B635B2443CCF85AC0CFAF0386CB7D5DBFFF3180715,
        0xCB4854BDED3F071A645124708FEDE861F174664E912735300488BB0BD452F873718FA8E7ADE1C318E01624B60688051D3E3207143F5278F629381CB81EDC7A9E432957F879140FE3FBF61C947E39BA063359470EC8E92607292C4623CBE6DBBEEDD78B5DDAAC49F364205D44EEFF066A99643215C168870E70CA06DB1182AC79,
    ),
    1024: (
        0xF349C7054325F21B27196FA6396D424BE07E4B31C2C959B9E1F928C4B898F8AF3055363660CE6F7719F10C67A64424C6828D8E54B50852DD3530EDCC91C61ED7,
        0xC79F449F6706ABF800FA48BAC23B5E93A22CE3C8E981F350A8769F4AAADE40C628BBFD97ACDE70CF9AE8CE04811AFF0741FF36BF195E41B7E662E3A2527BB7A9,
    ),
}
CURVES = {
    "P-224": ec.SECP224R1(),
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "secp256k1": ec.SECP256K1(),
}
# The JWA algorithm names, each with the name of a key that fits.
ALGORITHMS = {
    "HS256": "oct",
    "HS384": "oct",
    "HS512": "oct",
    "RS256": "RSA-2048",
    "RS384": "RSA-2048",
    "RS512": "RSA-2048",
    "PS256": "RSA-2048",
    "PS384": "RSA-2048",
    "PS512": "RSA-2048",
    "ES256": "P-256",
    "ES384": "P-384",
    "ES512": "P-521",
    "ES521": "P-521",
    "ES256K": "secp256k1",
    "EdDSA": "Ed25519",
}
# The algorithms whose signature is the same each time.
DETERMINISTIC = {"none", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "EdDSA"}


@cache
def private_keys() -> dict[str, Any]:
    """Return the private keys of cryptography, by name."""
    keys: dict[str, Any] = {f"RSA-{size}": rsa_key(*primes) for size, primes in RSA_PRIMES.items()}
    for name, curve in CURVES.items():
        keys[name] = ec.derive_private_key(0x5EED << 180, curve)
    keys["Ed25519"] = ed25519.Ed25519PrivateKey.from_private_bytes(b"\x19" * 32)
    keys["Ed448"] = ed448.Ed448PrivateKey.from_private_bytes(b"\x48" * 57)
    return keys


def rsa_key(p: int, q: int) -> rsa.RSAPrivateKey:
    exponent = 65537
    d = pow(exponent, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=rsa.rsa_crt_dmp1(d, p),
        dmq1=rsa.rsa_crt_dmq1(d, q),
        iqmp=rsa.rsa_crt_iqmp(p, q),
        public_numbers=rsa.RSAPublicNumbers(exponent, p * q),
    ).private_key()


def private_pem(name: str) -> str:
    return forms(name)["PKCS#8 PEM"].decode()


def public_pem(name: str) -> str:
    return forms(name)["SPKI PEM"].decode()


def signing_key(algorithm: str) -> str:
    """Return the key that signs with `algorithm`, as text."""
    name = ALGORITHMS[algorithm]
    return HMAC_SECRET if name == "oct" else private_pem(name)


def verifying_key(algorithm: str) -> str:
    """Return the key that verifies `algorithm`, as text."""
    name = ALGORITHMS[algorithm]
    return HMAC_SECRET if name == "oct" else public_pem(name)


@cache
def forms(name: str) -> dict[str, bytes]:
    """Return the key `name` in every encoding that it has."""
    private = private_keys()[name]
    public = private.public_key()
    encodings = {
        "PKCS#8 PEM": private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "PKCS#8 DER": private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        "PKCS#8 PEM, encrypted": private.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")
        ),
        "SPKI PEM": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "SPKI DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    }
    if isinstance(private, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        traditional = PrivateFormat.TraditionalOpenSSL
        encodings["traditional PEM"] = private.private_bytes(
            Encoding.PEM, traditional, NoEncryption()
        )
        encodings["certificate PEM"] = certificate(private, Encoding.PEM)
        encodings["certificate DER"] = certificate(private, Encoding.DER)
    if isinstance(private, rsa.RSAPrivateKey):
        encodings["PKCS#1 public PEM"] = public.public_bytes(Encoding.PEM, PublicFormat.PKCS1)
        encodings["PKCS#1 public DER"] = public.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    if name not in {"P-224", "secp256k1", "Ed448"}:
        encodings["OpenSSH public"] = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        encodings["OpenSSH private"] = private.private_bytes(
            Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
        )
    return encodings


def certificate(private: Any, encoding: Encoding) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "rapidjwt tests")])
    day = dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=private.public_key(),
        serial_number=1,
        not_valid_before=day,
        not_valid_after=day + dt.timedelta(days=36500),
    )
    return builder.sign(private, hashes.SHA256()).public_bytes(encoding)
