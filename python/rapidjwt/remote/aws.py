"""Keys of AWS KMS, by the package boto3."""

from __future__ import annotations

from typing import Any

from rapidjwt import Key
from rapidjwt._rapidjwt import RemoteKey
from rapidjwt.remote._choice import chosen

__all__ = ["remote_key"]

#: The service's names of the schemes, without the hash.
_SCHEMES = {"RS": "RSASSA_PKCS1_V1_5_SHA_", "PS": "RSASSA_PSS_SHA_", "ES": "ECDSA_SHA_"}


def remote_key(
    client: Any, key_id: str, *, algorithm: str | None = None, kid: str | None = None
) -> RemoteKey:
    """Return a `RemoteKey` that signs with an RSA or EC key of AWS KMS.

    The public key is fetched once, now. The caller needs the permissions `kms:GetPublicKey` and
    `kms:Sign`.

    Arguments:
        client: `boto3.client("kms")`, whose configuration has the time-outs and retries.
        key_id: the ID, the ARN or an alias of a key whose usage is SIGN_VERIFY.
        algorithm: the `alg`; needed for RSA keys.
        kid: the `kid`, by default the thumbprint of the public key (RFC 7638).

    Raises the errors of boto3, `InvalidKeyError` for a key that cannot sign with that algorithm,
    `ValueError` if an algorithm is needed.

    """
    key = Key.from_der(client.get_public_key(KeyId=key_id)["PublicKey"])
    algorithm = chosen(algorithm, key)
    name = _SCHEMES[algorithm[:2]] + algorithm[2:5]

    def sign(digest: bytes) -> bytes:
        answer = client.sign(
            KeyId=key_id, Message=digest, MessageType="DIGEST", SigningAlgorithm=name
        )
        return bytes(answer["Signature"])

    return RemoteKey(
        sign,
        algorithm=algorithm,
        public=key,
        kid=kid or key.thumbprint(),
        takes="digest",
        returns="der" if key.kty == "EC" else "jose",
    )
