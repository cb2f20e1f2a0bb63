"""Tokens that are signed, then encrypted (RFC 7519 Section 5.2): `Verifier(decrypter=...)`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ._chunk import Chunk
from ._rapidjwt import Decrypter, open_nested, verifier_under
from .exceptions import PyJWTError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from typing import TypeAlias

    from ._rapidjwt import Verifier, VerifierPolicy
    from .types import DecodedToken

    _Token: TypeAlias = str | bytes


def connect(verifier: Verifier, decrypter: Decrypter, policy: VerifierPolicy) -> NestedTokens:
    """Return the object that decrypts tokens for a `Verifier`, whose policy this is."""
    if not isinstance(decrypter, Decrypter):
        found = type(decrypter).__name__
        raise TypeError(f"decrypter must be a rapidjwt.jwe.Decrypter, got {found}")
    return NestedTokens(verifier, decrypter, policy)


class NestedTokens:
    """The methods of a `Verifier` that decrypts tokens before it verifies what is inside."""

    def __init__(self, verifier: Verifier, decrypter: Decrypter, policy: VerifierPolicy) -> None:
        self._verifier = verifier
        self.decrypter = decrypter
        self.policy = policy

    def under(self, policy: VerifierPolicy) -> NestedTokens:
        """Return an object that uses the same keys under another policy."""
        return NestedTokens(verifier_under(self._verifier, policy), self.decrypter, policy)

    def newest(self) -> Verifier:
        """Return the verifier of the tokens inside."""
        return self._verifier

    def decode(self, token: _Token) -> Any:
        return self._verifier.decode(self._open(token))

    def decode_complete(self, token: _Token) -> DecodedToken:
        return self._verifier.decode_complete(self._open(token))

    async def decode_async(self, token: _Token) -> Any:
        return await self._verifier.decode_async(self._open(token))

    async def decode_complete_async(self, token: _Token) -> DecodedToken:
        return await self._verifier.decode_complete_async(self._open(token))

    def decode_many(self, tokens: Iterator[Any]) -> Iterator[Any]:
        return self._many(self._verifier.decode_many, tokens)

    def decode_complete_many(self, tokens: Iterator[Any]) -> Iterator[Any]:
        return self._many(self._verifier.decode_complete_many, tokens)

    async def decode_many_async(self, tokens: Iterator[Any]) -> AsyncIterator[Any]:
        chunk = Chunk(tokens)
        while chunk.take():
            places, opened = await asyncio.to_thread(self._open_all, chunk)
            chunk.put(places, [one async for one in self._verifier.decode_many_async(opened)])
            for result in chunk.results:
                yield result
        chunk.raise_interruption()

    def _many(self, many: Callable[[list[bytes]], Iterator[Any]], tokens: Any) -> Iterator[Any]:
        chunk = Chunk(tokens)
        while chunk.take():
            places, opened = self._open_all(chunk)
            chunk.put(places, list(many(opened)))
            yield from chunk.results
        chunk.raise_interruption()

    def _open_all(self, chunk: Chunk) -> tuple[list[int], list[bytes]]:
        """Decrypt a chunk, and put errors in its results; return the others with their places."""
        chunk.results = [self._opened(token) for token in chunk.tokens]
        opened = {at: one for at, one in enumerate(chunk.results) if isinstance(one, bytes)}
        return list(opened), list(opened.values())

    def _opened(self, token: _Token) -> bytes | PyJWTError:
        try:
            return self._open(token)
        except PyJWTError as error:
            return error

    def _open(self, token: _Token) -> bytes:
        self.policy.check_size(token)
        return open_nested(self.decrypter, token)
