"""Keys of Azure Key Vault and Managed HSM, by the package azure-keyvault-keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure.keyvault.keys.crypto import SignatureAlgorithm

from rapidjwt import Key
from rapidjwt._rapidjwt import RemoteKey
from rapidjwt.remote._choice import chosen
from rapidjwt.utils import base64url_encode

if TYPE_CHECKING:
    from azure.keyvault.keys import KeyVaultKey
    from azure.keyvault.keys.crypto import CryptographyClient

__all__ = ["remote_key"]


def remote_key(
    client: CryptographyClient,
    key: KeyVaultKey,
    *,
    algorithm: str | None = None,
    kid: str | None = None,
) -> RemoteKey:
    """Return a `RemoteKey` that signs with an RSA or EC key of Azure Key Vault.

    Arguments:
        client: `CryptographyClient(key, credential)`, for one version of the key.
        key: that version, from `KeyClient.get_key`.
        algorithm: the `alg`; needed for RSA keys.
        kid: the `kid`, by default the thumbprint of the public key (RFC 7638).

    Raises `InvalidKeyError` for a key that cannot sign with that algorithm, `ValueError` if an
    algorithm is needed.

    """
    public = _public_key(key)
    algorithm = chosen(algorithm, public)
    scheme = SignatureAlgorithm(algorithm)

    def sign(digest: bytes) -> bytes:
        return client.sign(scheme, digest).signature

    return RemoteKey(
        sign,
        algorithm=algorithm,
        public=public,
        kid=kid or public.thumbprint(),
        takes="digest",
    )


def _public_key(key: KeyVaultKey) -> Key:
    # The service has types such as EC-HSM for keys in hardware, and calls secp256k1 P-256K.
    jwk = {
        name: base64url_encode(value).decode()
        for name in ("n", "e", "x", "y")
        if (value := getattr(key.key, name, None))
    }
    jwk["kty"] = _text(key.key_type).removesuffix("-HSM")
    if curve := getattr(key.key, "crv", None):
        jwk["crv"] = _text(curve).replace("P-256K", "secp256k1")
    return Key.from_jwk(jwk)


def _text(name: Any) -> str:
    """Return a name that is a str, or a member of an enumeration of them."""
    return str(getattr(name, "value", name))
