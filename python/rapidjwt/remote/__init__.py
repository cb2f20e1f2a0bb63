"""Private keys in services that sign: HSMs, key services of clouds, vaults.

`RemoteKey` takes any function that signs. The modules `pkcs11`, `aws`, `google`, `azure` and
`vault` make one from a client of the service's own package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rapidjwt._rapidjwt import AsyncRemoteKey, RemoteKey, remote_request, remote_signature
from rapidjwt.algorithms import Algorithm, get_default_algorithms
from rapidjwt.exceptions import InvalidKeyError, RemoteKeyError
from rapidjwt.utils import base64url_encode

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

__all__ = ["AsyncRemoteKey", "RemoteAlgorithm", "RemoteKey", "RemoteKeyError"]


class RemoteAlgorithm(Algorithm):
    """An algorithm for `PyJWS.register_algorithm` whose keys are remote keys.

    Arguments:
        name: the name of the algorithm, for example "ES256". Raises KeyError for an unknown one.

    """

    def __init__(self, name: str) -> None:
        """Store the algorithm that verifies with other keys."""
        self._name = name
        self._local = get_default_algorithms()[name]

    def prepare_key(self, key: Any) -> Any:
        """Return a remote key as it is, and any other key as the algorithm of that name does.

        Raises InvalidKeyError for a remote key for another algorithm.
        """
        if not isinstance(key, RemoteKey):
            return self._local.prepare_key(key)
        if key.algorithm != self._name:
            msg = f"The key is for {key.algorithm} (its own alg), {self._name} was asked for"
            raise InvalidKeyError(msg)
        return key

    def sign(self, msg: bytes, key: Any) -> bytes:
        """Return the signature of the service, or that of a key in memory."""
        if isinstance(key, RemoteKey):
            return key.sign(msg)
        return self._local.sign(msg, key)

    def verify(self, msg: bytes, key: Any, sig: bytes) -> bool:
        """Return whether the signature is one of the message under the key.

        Raises InvalidKeyError for a remote key whose public key is not known.
        """
        if not isinstance(key, RemoteKey):
            return self._local.verify(msg, key, sig)
        if key.public is None:
            raise InvalidKeyError("The remote key was made without its public key")
        return key.public.verify(msg, sig, self._name)

    @staticmethod
    def to_jwk(key_obj: Any, as_dict: bool = False) -> NoReturn:
        """Raise NotImplementedError: `key.public.to_jwk()` has the public key."""
        raise NotImplementedError

    @staticmethod
    def from_jwk(jwk: Any) -> NoReturn:
        """Raise NotImplementedError: a JWK is not a remote key."""
        raise NotImplementedError


async def sign_async(key: AsyncRemoteKey, message: bytes) -> bytes:
    """Return the signature of the service, which is awaited."""
    try:
        answer = await remote_request(key, message)
    except RemoteKeyError:
        raise
    except Exception as error:
        msg = f"The key service failed: {type(error).__name__} (see __cause__)"
        raise RemoteKeyError(msg) from error
    return remote_signature(key, message, answer)


async def encode_async(
    key: RemoteKey, signing_input: Callable[[dict[str, Any]], bytes], claims: dict[str, Any]
) -> str:
    """Return the token of a `Signer` with this key, whose signing input the function returns."""
    message = signing_input(claims)
    if isinstance(key, AsyncRemoteKey):
        signature = await key.sign(message)
    else:
        import asyncio  # noqa: PLC0415 - slow to import

        signature = await asyncio.to_thread(key.sign, message)
    return b".".join((message, base64url_encode(signature))).decode()
