"""Verification of tokens with the keys of a client, for `Verifier(jwks=...)`."""

from __future__ import annotations

import asyncio
from collections import deque
from copy import copy
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeAlias

from rapidjwt._async_batch import decode_many_async
from rapidjwt._rapidjwt import (
    CHUNK,
    Verifier,
    get_unverified_header,
    keys_may_be_outdated,
    token_text,
    verifier_of_policy,
    verifier_under,
)
from rapidjwt.exceptions import (
    InvalidSignatureError,
    InvalidTokenError,
    PyJWKClientError,
    PyJWKSetError,
    PyJWTError,
)
from rapidjwt.key_set import KeySet

from .async_client import AsyncJWKSClient
from .client import JWKSClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from typing_extensions import Self

    from rapidjwt._rapidjwt import VerifierPolicy
    from rapidjwt.types import DecodedToken

    _Token: TypeAlias = str | bytes
    _Decoded: TypeAlias = dict[str, Any] | DecodedToken
    _Result: TypeAlias = _Decoded | PyJWTError
    _Call: TypeAlias = Callable[[Verifier, _Token], _Decoded]
    _CallMany: TypeAlias = Callable[[Verifier, Iterable[_Token]], Iterator[_Result]]


class UnknownKeyError(PyJWKClientError, InvalidTokenError):
    """The provider has no key for the token: the token is refused, with PyJWKClient's message."""

    code = "unknown_key"


class _KeyMissing(NamedTuple):
    """A token that was refused, if newer keys than these may verify it."""

    token: _Token
    keys: KeySet
    reason: PyJWTError

    def unless_newer(self, keys: KeySet) -> KeySet:
        """Return the keys to try next. Raise the token's error if they are not newer."""
        if keys is not self.keys:
            return keys
        if isinstance(self.reason, InvalidSignatureError):
            raise self.reason
        kid = _header(self.token).get("kid")
        message = f'Unable to find a signing key that matches: "{kid}"'
        raise UnknownKeyError(message) from self.reason


def connect(client: JWKSClient | AsyncJWKSClient, policy: VerifierPolicy) -> _ClientKeys:
    """Return the object that a `Verifier` with this policy uses; nothing is fetched yet."""
    if isinstance(client, JWKSClient):
        return _SyncKeys(client, policy)
    if isinstance(client, AsyncJWKSClient):
        return _AsyncKeys(client, policy)
    raise TypeError(f"jwks must be a JWKSClient or an AsyncJWKSClient, {_instead_of(client)}")


def _instead_of(client: object) -> str:
    if isinstance(client, (str, bytes)):
        return "got text: pass jwks=JWKSClient(url)"
    if isinstance(client, KeySet):
        return "got a KeySet: pass it as key, Verifier(key_set, ...)"
    if isinstance(client, dict):
        return "got a dict: pass KeySet.from_jwks(...) as key"
    return f"got {type(client).__name__}"


class _ClientKeys:
    """The newest keys of a client, prepared under the policy of a `Verifier`."""

    def __init__(self, policy: VerifierPolicy, issuer: str | None) -> None:
        # The keys of an issuer verify only its own tokens, because providers share keys among
        # tenants.
        if issuer is not None and policy.issuers is None:
            policy = policy.with_issuer(issuer)
        self.policy = policy
        self.prepare: Callable[[KeySet], Verifier] = partial(verifier_of_policy, policy)
        self.prepared: tuple[KeySet, Verifier] | None = None

    def under(self, policy: VerifierPolicy) -> Self:
        """Return an object that uses the same prepared keys under another policy."""
        other = copy(self)
        other.policy = policy
        other.prepare = lambda keys: verifier_under(self._verifier(keys), policy)
        other.prepared = None
        return other

    def newest(self) -> Verifier | None:
        """Return the verifier with the keys used last; None before any were fetched."""
        return self.prepared and self.prepared[1]

    def _verifier(self, keys: KeySet) -> Verifier:
        prepared = self.prepared
        if prepared is None or prepared[0] is not keys:
            prepared = self.prepared = (keys, self.prepare(keys))
        return prepared[1]

    def _apply(self, call: _Call, token: _Token, keys: KeySet) -> _Decoded | _KeyMissing:
        """Call a method of the verifier that has these keys; other errors are raised."""
        try:
            verifier = self._verifier(keys)
        except PyJWKSetError as error:  # there is no verifier: no key fits the algorithms
            return _KeyMissing(token, keys, error)
        try:
            return call(verifier, token)
        except PyJWTError as error:
            if _may_be_outdated(verifier, token, error):
                return _KeyMissing(token, keys, error)
            raise


class _SyncKeys(_ClientKeys):
    """The methods of a `Verifier` whose keys a `JWKSClient` fetches."""

    def __init__(self, client: JWKSClient, policy: VerifierPolicy) -> None:
        super().__init__(policy, client.issuer)
        self._client = client

    def decode(self, token: _Token) -> _Decoded:
        return self._call(Verifier.decode, token)

    def decode_complete(self, token: _Token) -> _Decoded:
        return self._call(Verifier.decode_complete, token)

    def decode_many(self, tokens: Iterator[_Token]) -> Iterator[_Result]:
        return self._many(Verifier.decode_many, Verifier.decode, tokens)

    def decode_complete_many(self, tokens: Iterator[_Token]) -> Iterator[_Result]:
        return self._many(Verifier.decode_complete_many, Verifier.decode_complete, tokens)

    def decode_many_async(self, tokens: Iterator[_Token]) -> AsyncIterator[_Result]:
        return decode_many_async(self.decode_many, tokens)

    def _many(self, many: _CallMany, one: _Call, tokens: Iterator[_Token]) -> Iterator[_Result]:
        """Verify chunks with the keys of that time; tokens whose key is missing, one by one."""
        is_exhausted = False
        while not is_exhausted:
            is_exhausted = True
            taken: deque[_Token] = deque()
            chunk = _noting(islice(tokens, CHUNK), taken)
            try:
                verifier = self._verifier(self._client.key_set())
                results = many(verifier, chunk)
            except PyJWTError:  # no keys, or none for the algorithms
                for token in chunk:
                    is_exhausted = False
                    yield self._result(one, token)
                continue
            for result in results:
                is_exhausted = False
                token = taken.popleft()
                if isinstance(result, PyJWTError) and _may_be_outdated(verifier, token, result):
                    yield self._result(one, token)
                else:
                    yield result

    def _result(self, call: _Call, token: _Token) -> _Result:
        try:
            return self._call(call, token)
        except PyJWTError as error:
            return error

    # In a thread, because a fetch must not block the event loop.

    async def decode_async(self, token: _Token) -> _Decoded:
        return await asyncio.to_thread(self.decode, token)

    async def decode_complete_async(self, token: _Token) -> _Decoded:
        return await asyncio.to_thread(self.decode_complete, token)

    def _call(self, call: _Call, token: _Token) -> _Decoded:
        self.policy.check_size(token)
        keys = self._client.key_set()
        while isinstance(result := self._apply(call, token, keys), _KeyMissing):
            keys = result.unless_newer(self._client.newer_key_set(keys))
        return result


class _AsyncKeys(_ClientKeys):
    """The methods of a `Verifier` whose keys an `AsyncJWKSClient` fetches."""

    def __init__(self, client: AsyncJWKSClient, policy: VerifierPolicy) -> None:
        super().__init__(policy, client.issuer)
        self._client = client

    async def decode_async(self, token: _Token) -> _Decoded:
        return await self._call(Verifier.decode, token)

    async def decode_complete_async(self, token: _Token) -> _Decoded:
        return await self._call(Verifier.decode_complete, token)

    def decode(self, _token: object) -> NoReturn:
        raise TypeError("An AsyncJWKSClient waits in tasks: await decode_async(token)")

    decode_complete = decode

    def decode_many(self, _tokens: object) -> NoReturn:
        raise TypeError(
            "An AsyncJWKSClient waits in tasks: async for ... in decode_many_async(...)"
        )

    decode_complete_many = decode_many

    async def decode_many_async(self, tokens: Iterator[_Token]) -> AsyncIterator[_Result]:
        """Verify chunks with the keys of that time; tokens whose key is missing, one by one."""
        while chunk := [token_text(token) for token in islice(tokens, CHUNK)]:
            try:
                verifier = self._verifier(await self._client.key_set())
            except PyJWTError:  # no keys, or none for the algorithms
                for token in chunk:
                    yield await self._result(token)
                continue
            results = await asyncio.to_thread(list, verifier.decode_many(chunk))
            for token, result in zip(chunk, results, strict=True):
                if isinstance(result, PyJWTError) and _may_be_outdated(verifier, token, result):
                    yield await self._result(token)
                else:
                    yield result

    async def _result(self, token: _Token) -> _Result:
        try:
            return await self.decode_async(token)
        except PyJWTError as error:
            return error

    async def _call(self, call: _Call, token: _Token) -> _Decoded:
        self.policy.check_size(token)
        keys = await self._client.key_set()
        while isinstance(result := self._apply(call, token, keys), _KeyMissing):
            keys = result.unless_newer(await self._client.newer_key_set(keys))
        return result


def _noting(tokens: Iterable[_Token], taken: deque[_Token]) -> Iterator[_Token]:
    for item in tokens:
        token = token_text(item)
        taken.append(token)
        yield token


def _may_be_outdated(verifier: Verifier, token: _Token, error: PyJWTError) -> bool:
    return keys_may_be_outdated(verifier, token, isinstance(error, InvalidSignatureError))


def _header(token: _Token) -> dict[str, Any]:
    # An SD-JWT is a token with more behind a tilde (RFC 9901 Section 4).
    token = token.partition("~")[0] if isinstance(token, str) else token.partition(b"~")[0]
    try:
        return get_unverified_header(token)
    except PyJWTError:
        return {}
