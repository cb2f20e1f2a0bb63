"""Where the private keys of a ring are: encrypted in its state, or in a service that signs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from rapidjwt import Key
from rapidjwt._rapidjwt import RemoteKey
from rapidjwt.exceptions import DecryptionError, InvalidKeyError, KeyRingError
from rapidjwt.jwe import Decrypter, Encrypter

from .state import RingKey

if TYPE_CHECKING:
    from collections.abc import Callable

#: RFC 7518 Section 4.8, with the algorithms that every build has.
_ALGORITHM, _ENCRYPTION = "PBES2-HS512+A256KW", "A256CBC-HS512"


class Holder(Protocol):
    """Makes private keys for a ring and opens them."""

    def create(self) -> RingKey:
        """Make a key, without its times."""
        ...

    def open(self, key: RingKey) -> Key | RemoteKey:
        """Return the key that signs."""
        ...


class Sealed:
    """Private keys as JWKs that are encrypted under a passphrase (RFC 7517 Section 7)."""

    def __init__(self, passphrase: str | bytes, algorithm: str, size: int | None) -> None:
        """Take the passphrase, and what keys are made for.

        Raises InvalidKeyError for an empty passphrase, ValueError for an algorithm of HMAC.
        """
        if algorithm.startswith("HS"):
            raise ValueError("A key ring publishes its keys: an HMAC secret must stay secret")
        self._passphrase = Key.from_secret(passphrase)
        self._algorithm, self._size = algorithm, size
        self._decrypter = Decrypter(
            self._passphrase, algorithms=[_ALGORITHM], encryptions=[_ENCRYPTION]
        )

    def create(self) -> RingKey:
        """Make a key and encrypt it."""
        key = Key.generate(self._algorithm, size=self._size)
        names = {"kid": key.thumbprint(), "alg": self._algorithm, "use": "sig"}
        private = json.dumps(key.to_jwk(private=True) | names)
        headers = {"cty": "jwk+json", "kid": names["kid"]}
        encrypter = Encrypter(self._passphrase, _ALGORITHM, _ENCRYPTION, headers=headers)
        public = Key.from_jwk(key.to_jwk() | names)
        return _untimed(public, encrypter.encrypt(private), is_remote=False)

    def open(self, key: RingKey) -> Key:
        """Decrypt a key; raise InvalidKeyError for another passphrase."""
        try:
            private = Key.from_jwk(self._decrypter.decrypt(key.held))
        except DecryptionError:
            raise InvalidKeyError(
                "The keys of the ring are not encrypted under this passphrase"
            ) from None
        _check_pair(private, key)
        return private


@dataclass(frozen=True, kw_only=True)
class RemoteKeys:
    """The private keys of a ring in a service that signs; its state has their names.

    Arguments:
        create: makes a key in the service and returns its name, a str.
        open: takes such a name and returns the `RemoteKey`, which must have its public key. It is
            called once in each process, and again after a fork.
        remove: takes the name of a key that is not needed any more. Without it the keys stay in the
            service.

    """

    create: Callable[[], str]
    open: Callable[[str], RemoteKey]
    remove: Callable[[str], object] | None = None


class Remote:
    """Private keys in a service that signs."""

    def __init__(self, keys: RemoteKeys) -> None:
        """Take the functions for them."""
        if not isinstance(keys, RemoteKeys):
            raise TypeError(f"remote must be a RemoteKeys, got {type(keys).__name__}")
        self._keys = keys

    def create(self) -> RingKey:
        """Make a key in the service."""
        name = self._keys.create()
        key = self._keys.open(name)
        public = _public(key, name)
        kid = key.key_id or public.thumbprint()
        names = {"kid": kid, "alg": key.algorithm, "use": "sig"}
        return _untimed(Key.from_jwk(public.to_jwk() | names), name, is_remote=True)

    def open(self, key: RingKey) -> RemoteKey:
        """Return the remote key; raise KeyRingError if it is another one."""
        remote = self._keys.open(key.held)
        _check_pair(_public(remote, key.held), key)
        return remote

    def remove(self, key: RingKey) -> None:
        """Have the service remove a key."""
        if self._keys.remove is not None:
            self._keys.remove(key.held)


def _public(key: RemoteKey, name: str) -> Key:
    if not isinstance(key, RemoteKey):
        raise TypeError(f"RemoteKeys.open must return a RemoteKey, got {type(key).__name__}")
    if key.public is None:
        raise KeyRingError(f"The remote key {name!r} was made without its public key")
    return key.public


def _check_pair(found: Key, key: RingKey) -> None:
    """Raise KeyRingError for a key that is not the one which is published."""
    if found.thumbprint() != key.public.thumbprint():
        raise KeyRingError(f"The private key of {key.kid!r} is not that of its public key")


def _untimed(public: Key, held: str, *, is_remote: bool) -> RingKey:
    return RingKey(public=public, held=held, is_remote=is_remote, published_at=0.0, signs_from=0.0)
