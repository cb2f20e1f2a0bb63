"""Keys of the transit engine of HashiCorp Vault and OpenBao, by the package hvac."""

from __future__ import annotations

import base64
from typing import Any

from rapidjwt import Key
from rapidjwt._rapidjwt import RemoteKey
from rapidjwt.remote._choice import chosen

__all__ = ["remote_key"]


def remote_key(
    client: Any,
    name: str,
    *,
    algorithm: str | None = None,
    kid: str | None = None,
    version: int | None = None,
    mount_point: str = "transit",
) -> RemoteKey:
    """Return a `RemoteKey` that signs with a key of the transit secrets engine.

    The public key is fetched once, now, and the version stays: a later rotation in the engine needs
    a new `RemoteKey`, because its public key must be published first.

    Arguments:
        client: an authenticated `hvac.Client`.
        name: the name of the key: of a type ecdsa-*, rsa-* or ed25519.
        algorithm: the `alg`; needed for RSA keys.
        kid: the `kid`, by default the thumbprint of the public key (RFC 7638).
        version: the version of the key, by default the latest.
        mount_point: where the engine is mounted.

    Raises the errors of hvac, `InvalidKeyError` for a key or a version that cannot sign with that
    algorithm, `ValueError` if an algorithm is needed.

    """
    transit = client.secrets.transit
    found = transit.read_key(name=name, mount_point=mount_point)["data"]
    version = version or found["latest_version"]
    key = _public_key(found["keys"][str(version)]["public_key"])
    algorithm = chosen(algorithm, key)
    options: dict[str, Any] = {"mount_point": mount_point, "key_version": version}
    if key.kty != "OKP":
        options |= {"prehashed": True, "hash_algorithm": f"sha2-{algorithm[2:5]}"}
    if key.kty == "RSA":
        options["signature_algorithm"] = "pss" if algorithm.startswith("PS") else "pkcs1v15"
        options["salt_length"] = "hash"

    def sign(data: bytes) -> bytes:
        hash_input = base64.b64encode(data).decode()
        answer = transit.sign_data(name=name, hash_input=hash_input, **options)
        return base64.b64decode(answer["data"]["signature"].rpartition(":")[2])

    return RemoteKey(
        sign,
        algorithm=algorithm,
        public=key,
        kid=kid or key.thumbprint(),
        takes="message" if key.kty == "OKP" else "digest",
        returns="der" if key.kty == "EC" else "jose",
    )


def _public_key(text: str) -> Key:
    """Return a public key as the engine writes it: PEM, or the base64 of an Ed25519 key."""
    if text.startswith("-----"):
        return Key.from_pem(text)
    x = text.rstrip("=").translate(str.maketrans("+/", "-_"))
    return Key.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": x})
