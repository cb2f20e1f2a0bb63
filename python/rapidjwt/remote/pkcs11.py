"""Keys in hardware security modules, by PKCS #11 and the package python-pkcs11."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from pkcs11 import MGF, Attribute, KeyType, Mechanism
from pkcs11.util.ec import encode_ec_public_key
from pkcs11.util.rsa import encode_rsa_public_key

from rapidjwt import Key
from rapidjwt._rapidjwt import RemoteKey
from rapidjwt.remote._choice import chosen
from rapidjwt.utils import base64url_encode

if TYPE_CHECKING:
    import pkcs11

__all__ = ["lock", "remote_key"]

#: Held by each signature. Hold it for all else that you do with a module while others may sign:
#: python-pkcs11 initializes modules without support for threads, and some crash then.
lock = threading.RLock()
if hasattr(os, "register_at_fork"):  # a child must not wait for a thread that it does not have
    os.register_at_fork(
        before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release
    )

#: The mechanism and its parameter. Few modules hash for ECDSA, so they are given the digest.
_RSA: dict[str, tuple[Mechanism, Any]] = {
    "RS256": (Mechanism.SHA256_RSA_PKCS, None),
    "RS384": (Mechanism.SHA384_RSA_PKCS, None),
    "RS512": (Mechanism.SHA512_RSA_PKCS, None),
    "PS256": (Mechanism.SHA256_RSA_PKCS_PSS, (Mechanism.SHA256, MGF.SHA256, 32)),
    "PS384": (Mechanism.SHA384_RSA_PKCS_PSS, (Mechanism.SHA384, MGF.SHA384, 48)),
    "PS512": (Mechanism.SHA512_RSA_PKCS_PSS, (Mechanism.SHA512, MGF.SHA512, 64)),
}
_OTHERS: dict[str, tuple[Mechanism, Any]] = {
    "EC": (Mechanism.ECDSA, None),
    "OKP": (Mechanism.EDDSA, None),
}


def remote_key(
    private: pkcs11.PrivateKey,
    public: pkcs11.PublicKey,
    *,
    algorithm: str | None = None,
    kid: str | None = None,
) -> RemoteKey:
    """Return a `RemoteKey` that signs with a private key of a PKCS #11 module.

    The session of the keys must stay open. All signatures of the process take turns, by the lock
    `rapidjwt.remote.pkcs11.lock`: hold it for everything else that you do with the module.

    Arguments:
        private: the private key, from `session.get_key(object_class=ObjectClass.PRIVATE_KEY, ...)`.
        public: its public key.
        algorithm: the `alg`; needed for RSA keys.
        kid: the `kid`, by default the thumbprint of the public key (RFC 7638).

    Raises `InvalidKeyError` for a key that cannot sign with that algorithm, `ValueError` if an
    algorithm is needed.

    """
    with lock:
        key = _public_key(public)
    algorithm = chosen(algorithm, key)
    mechanism, parameter = _RSA.get(algorithm) or _OTHERS[key.kty]
    signing: Any = private  # the package's types do not show what a key can do

    def sign(data: bytes) -> bytes:
        with lock:
            return bytes(signing.sign(data, mechanism=mechanism, mechanism_param=parameter))

    return RemoteKey(
        sign,
        algorithm=algorithm,
        public=key,
        kid=kid or key.thumbprint(),
        takes="digest" if key.kty == "EC" else "message",
    )


def _public_key(public: pkcs11.PublicKey) -> Key:
    kind = public[Attribute.KEY_TYPE]
    if kind == KeyType.RSA:
        return Key.from_der(encode_rsa_public_key(public))
    if kind == KeyType.EC:
        return Key.from_der(encode_ec_public_key(public))
    # Modules disagree on whether the 32 bytes are inside an OCTET STRING.
    x = base64url_encode(public[Attribute.EC_POINT][-32:]).decode()
    return Key.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": x})
