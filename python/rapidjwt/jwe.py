"""JSON Web Encryption (RFC 7516): tokens that only their recipient can read.

`Encrypter` and `Decrypter` are prepared once and used for many tokens; `encrypt` and `decrypt` do
both in one call. Decrypted content is not verified: see `Decrypter`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._rapidjwt import Decrypted, Decrypter, Encrypter, encrypt_general, generate_key
from .exceptions import DecryptionError

if TYPE_CHECKING:
    from ._rapidjwt import _DecryptionKeys, _EncryptionKey, _Strings

__all__ = [
    "Decrypted",
    "Decrypter",
    "DecryptionError",
    "Encrypter",
    "decrypt",
    "encrypt",
    "encrypt_general",
    "generate_key",
]


def encrypt(
    plaintext: str | bytes,
    key: _EncryptionKey,
    algorithm: str,
    encryption: str,
    headers: dict[str, Any] | None = None,
) -> str:
    """Encrypt a plaintext and return the compact serialization.

    Arguments and errors are those of `Encrypter`, which takes less time for the second token.
    """
    return Encrypter(key, algorithm, encryption, headers=headers).encrypt(plaintext)


def decrypt(
    token: str | bytes,
    key: _DecryptionKeys,
    algorithms: _Strings,
    encryptions: _Strings,
) -> bytes:
    """Decrypt a token in the compact serialization and return its content, which is not verified.

    Arguments and errors are those of `Decrypter`, which takes less time for the second token.
    """
    return Decrypter(key, algorithms=algorithms, encryptions=encryptions).decrypt(token)
