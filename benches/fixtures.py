"""The inputs of all contestants: the same claims, keys and tokens, and tokens to refuse."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import jwt as pyjwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

ISSUER = "https://login.example.com"
AUDIENCE = "https://api.example.com"
ISSUED = 1_700_000_000  # 2023-11-14, which stays in the past
EXPIRES = 4_102_444_800  # 2100-01-01

CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "user-7f3a9c",
    "aud": AUDIENCE,
    "exp": EXPIRES,
    "iat": ISSUED,
    "nbf": ISSUED,
    "jti": "0b9f6f1e-52f4-4d0f-9f43-2f6f0f3d1c77",
    "scope": "read:orders write:orders read:profile",
}

# Claims that differ from the good ones in one point; a decoder that accepts any of them is not
# timed.
UNACCEPTABLE: dict[str, dict[str, Any]] = {
    "an expired token": {**CLAIMS, "exp": ISSUED + 1},
    "a token that is not valid yet": {**CLAIMS, "nbf": EXPIRES - 1},
    "a token of another issuer": {**CLAIMS, "iss": "https://elsewhere.example.com"},
    "a token for another audience": {**CLAIMS, "aud": "https://elsewhere.example.com"},
}

KTY = {
    "HS256": "oct",
    "RS256": "RSA",
    "PS256": "RSA",
    "ES256": "EC",
    "ES384": "EC",
    "EdDSA": "OKP",
}

PAYLOAD_SIZES = {"1 KB": 1_000, "10 KB": 10_000, "100 KB": 100_000}


def compact_json(value: object) -> bytes:
    """Return `value` as JSON without white space, as in a JWT."""
    return json.dumps(value, separators=(",", ":")).encode()


def claims_of_size(size: int) -> dict[str, Any]:
    """Return the small claims plus a permission list, `size` bytes of JSON in all."""
    permissions: list[dict[str, Any]] = []
    claims = {**CLAIMS, "permissions": permissions, "note": ""}
    length = len(compact_json(claims))
    while True:
        number = 1000 + len(permissions)
        entry = {
            "id": number,
            "resource": f"project-{number}",
            "actions": ["read", "write"] if number % 3 else ["read"],
            "owner": number % 7 == 0,
            "quota": number * 37,
            "parent": None,
        }
        length += len(compact_json(entry)) + (1 if permissions else 0)
        if length > size:
            break
        permissions.append(entry)
    claims["note"] = "x" * (size - len(compact_json(claims)))
    return claims


@dataclass(frozen=True)
class KeyPair:
    """A signing and a verifying key as text: PEM, or the same secret twice for HMAC."""

    private: str
    public: str


@cache
def key_pair(algorithm: str) -> KeyPair:
    """Return the keys of `algorithm`, made once per process (RSA: 2048 bits)."""
    if algorithm == "HS256":
        secret = "benchmark-secret-of-forty-characters-len"
        return KeyPair(secret, secret)
    if algorithm == "PS256":
        return key_pair("RS256")
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
    if algorithm == "RS256":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    elif algorithm == "EdDSA":
        key = ed25519.Ed25519PrivateKey.generate()
    else:
        key = ec.generate_private_key(ec.SECP256R1() if algorithm == "ES256" else ec.SECP384R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return KeyPair(private.decode(), public.decode())


@cache
def signing_key(algorithm: str) -> Any:
    """Return the private key as an object: reading RSA keys takes the reference 30 ms."""
    return pyjwt.get_algorithm_by_name(algorithm).prepare_key(key_pair(algorithm).private)


def sign(claims: dict[str, Any], algorithm: str, headers: dict[str, Any] | None = None) -> str:
    """Return the token that the reference implementation makes of `claims`."""
    return pyjwt.encode(claims, signing_key(algorithm), algorithm, headers)


def reference_decode(token: str | bytes, algorithm: str) -> dict[str, Any]:
    """Return the claims of `token` as the reference implementation verifies and reads them."""
    return pyjwt.decode(
        token,
        key_pair(algorithm).public,
        algorithms=[algorithm],
        audience=AUDIENCE,
        issuer=ISSUER,
    )


def tampered(token: str) -> str:
    """Return `token` with one character in the middle of its signature changed."""
    middle = (token.rindex(".") + len(token)) // 2
    return token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]


def unacceptable_tokens(algorithm: str) -> dict[str, str]:
    """Return tokens that every decoder must refuse, by what is wrong with them."""
    tokens = {what: sign(claims, algorithm) for what, claims in UNACCEPTABLE.items()}
    tokens["a changed signature"] = tampered(sign(CLAIMS, algorithm))
    return tokens


def namespace(algorithm: str, claims: dict[str, Any]) -> dict[str, Any]:
    """Return the names that a contestant's code may use, all of plain built-in types."""
    token = sign(claims, algorithm)
    signing_input, _, signature = token.rpartition(".")
    return {
        "alg": algorithm,
        "kty": KTY[algorithm],
        "private": key_pair(algorithm).private,
        "public": key_pair(algorithm).public,
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "claims": claims,
        "payload": compact_json(claims),
        "token": token,
        "signing_input": signing_input.encode(),
        "signature": pyjwt.utils.base64url_decode(signature),
    }
