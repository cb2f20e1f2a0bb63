"""Verifying tokens with the keys of a client."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from rapidjwt._rapidjwt import Key, Verifier, get_unverified_header
from rapidjwt.exceptions import (
    InvalidKeyError,
    InvalidSignatureError,
    InvalidTokenError,
    PyJWKClientError,
    PyJWKSetError,
    PyJWTError,
)
from rapidjwt.key_set import algorithm_names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Unpack

    from rapidjwt.key_set import KeySet, TokenPolicy

    from .async_client import AsyncJWKSClient
    from .client import JWKSClient

    _Decoded: TypeAlias = dict[str, Any]
    _Call: TypeAlias = Callable[[Verifier, str | bytes], _Decoded]


class UnknownKeyError(PyJWKClientError, InvalidTokenError):
    """The provider has no key for the token: it is refused, and PyJWKClient's error says so."""


class _KeyMissing(NamedTuple):
    """Why a token was refused that a newer set may have the key for."""

    reason: PyJWTError


class _TokenRules:
    """Algorithms and policy, and the native verifier that they make with the newest keys."""

    def __init__(self, algorithms: Sequence[str], policy: TokenPolicy) -> None:
        self._algorithms = algorithm_names(algorithms)
        if any(name.startswith("HS") for name in self._algorithms):
            raise ValueError("A key that a provider publishes is no shared secret: no HS algorithm")
        # Ours alone: used again with each new set of keys.
        self._policy = deepcopy(policy)
        _check_arguments(self._algorithms, self._policy)
        self._prepared: tuple[KeySet, Verifier] | None = None

    def apply(self, call: _Call, token: str | bytes, keys: KeySet) -> _Decoded | _KeyMissing:
        """Call a method of the verifier that has these keys; raises its errors."""
        try:
            return call(self._verifier(keys), token)
        except PyJWKSetError as error:  # there is no verifier: no key serves our algorithms
            return _KeyMissing(error)
        except PyJWTError as error:
            if self._lacks_key(keys, token, error):
                return _KeyMissing(error)
            raise

    def _verifier(self, keys: KeySet) -> Verifier:
        prepared = self._prepared
        if prepared is None or prepared[0] is not keys:
            verifier = keys.verifier(algorithms=self._algorithms, **self._policy)
            prepared = self._prepared = (keys, verifier)
        return prepared[1]

    def _lacks_key(self, keys: KeySet, token: str | bytes, error: PyJWTError) -> bool:
        header = _header(token)
        kid, alg = header.get("kid"), header.get("alg")
        if alg not in self._algorithms:
            return False
        fitting = keys.find(alg=alg, use="sig", operation="verify")
        if kid is not None:
            if any(entry.kid == kid for entry in fitting):
                return False
            fitting = tuple(entry for entry in fitting if entry.kid is None)
        if len(fitting) == 1:
            # Not chosen by its ID: that it was replaced shows by its signatures only.
            return isinstance(error, InvalidSignatureError)
        return kid is not None or not fitting


def _check_arguments(algorithms: list[str], policy: TokenPolicy) -> None:
    """Raise what `Verifier` raises for these arguments whatever the keys."""
    secret = Key.from_secret(bytes(64))
    Verifier(secret, algorithms=["HS256"], **policy)
    with suppress(InvalidKeyError):  # right names, and not for this key
        Verifier(secret, algorithms=algorithms)


def _header(token: str | bytes) -> dict[str, Any]:
    try:
        return get_unverified_header(token)
    except PyJWTError:
        return {}


def _unknown_key(token: str | bytes, missing: _KeyMissing) -> PyJWTError:
    """Give what to tell the user when no newer set helped."""
    reason = missing.reason
    if isinstance(reason, InvalidSignatureError):
        return reason
    kid = _header(token).get("kid")
    error = UnknownKeyError(f'Unable to find a signing key that matches: "{kid}"')
    error.__cause__ = reason
    return error


class JWKSVerifier:
    """Verifies tokens with the keys that a `JWKSClient` fetches. Safe to share between threads."""

    def __init__(
        self, client: JWKSClient, *, algorithms: Sequence[str], **policy: Unpack[TokenPolicy]
    ) -> None:
        """Take the client, the allowed `alg` values, and the other arguments of `Verifier`.

        Raises ValueError for HS algorithms, whose keys cannot be published; other errors are
        those of `Verifier`. Nothing is fetched yet.
        """
        self._client = client
        self._rules = _TokenRules(algorithms, policy)

    def decode(self, token: str | bytes) -> dict[str, Any]:
        """Verify a token and give its claims.

        A token that is refused raises the errors of `rapidjwt.decode`, and UnknownKeyError, which
        is a PyJWKClientError and an InvalidTokenError, when the provider has no key for it. Keys
        that are needed and cannot be fetched are a PyJWKClientError.
        """
        return self._apply(Verifier.decode, token)

    def decode_complete(self, token: str | bytes) -> dict[str, Any]:
        """Verify a token and give its `payload`, `header` and `signature`; errors as `decode`."""
        return self._apply(Verifier.decode_complete, token)

    def _apply(self, call: _Call, token: str | bytes) -> _Decoded:
        keys = self._client.key_set()
        while isinstance(result := self._rules.apply(call, token, keys), _KeyMissing):
            newer = self._client.newer_key_set(keys)
            if newer is keys:
                raise _unknown_key(token, result)
            keys = newer
        return result


class AsyncJWKSVerifier:
    """Verifies tokens with the keys that an `AsyncJWKSClient` fetches."""

    def __init__(
        self, client: AsyncJWKSClient, *, algorithms: Sequence[str], **policy: Unpack[TokenPolicy]
    ) -> None:
        """Take what `JWKSVerifier` takes."""
        self._client = client
        self._rules = _TokenRules(algorithms, policy)

    async def decode_async(self, token: str | bytes) -> dict[str, Any]:
        """Verify a token and give its claims; errors as `JWKSVerifier.decode`.

        It waits only when a key is needed that is not in memory.
        """
        return await self._apply(Verifier.decode, token)

    async def decode_complete_async(self, token: str | bytes) -> dict[str, Any]:
        """Verify a token and give its `payload`, `header` and `signature`."""
        return await self._apply(Verifier.decode_complete, token)

    async def _apply(self, call: _Call, token: str | bytes) -> _Decoded:
        keys = await self._client.key_set()
        while isinstance(result := self._rules.apply(call, token, keys), _KeyMissing):
            newer = await self._client.newer_key_set(keys)
            if newer is keys:
                raise _unknown_key(token, result)
            keys = newer
        return result
