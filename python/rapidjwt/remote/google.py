"""Keys of Google Cloud KMS, by the package google-cloud-kms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rapidjwt import Key
from rapidjwt._rapidjwt import RemoteKey
from rapidjwt.remote._choice import chosen

if TYPE_CHECKING:
    from google.cloud.kms import KeyManagementServiceClient

__all__ = ["remote_key"]


def remote_key(
    client: KeyManagementServiceClient, name: str, *, kid: str | None = None
) -> RemoteKey:
    """Return a `RemoteKey` that signs with a key version of Google Cloud KMS.

    The public key is fetched once, now. The algorithm is that of the version.

    Arguments:
        client: `google.cloud.kms.KeyManagementServiceClient()`.
        name: the resource name of the version,
            `projects/.../locations/.../keyRings/.../cryptoKeys/.../cryptoKeyVersions/1`.
        kid: the `kid`, by default the thumbprint of the public key (RFC 7638).

    Raises the errors of the client, and `InvalidKeyError` for a version that is not for signing.

    """
    found = client.get_public_key(request={"name": name})
    key = Key.from_pem(found.pem)
    algorithm = chosen(_algorithm_of(key, found.algorithm.name), key)
    hash_name = None if key.kty == "OKP" else f"sha{algorithm[2:5]}"

    def sign(data: bytes) -> bytes:
        asked: dict[str, Any] = {"digest": {hash_name: data}} if hash_name else {"data": data}
        return bytes(client.asymmetric_sign(request={"name": name, **asked}).signature)

    return RemoteKey(
        sign,
        algorithm=algorithm,
        public=key,
        kid=kid or key.thumbprint(),
        takes="digest" if hash_name else "message",
        returns="der" if key.kty == "EC" else "jose",
    )


def _algorithm_of(key: Key, name: str) -> str | None:
    """Return the `alg` of an RSA key from a name such as RSA_SIGN_PSS_3072_SHA256."""
    if key.kty != "RSA":
        return None
    scheme = "PS" if "_PSS_" in name else "RS"
    return f"{scheme}{name[-3:]}"
