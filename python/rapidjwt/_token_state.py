"""One-time and revoked tokens: `Verifier(replay=..., revocation=...)`.

Stores are asked last, about tokens that have verified: a forged token does not get that far. They
see the claims as a dict; the object of the verifier's type is made after them.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from ._chunk import Chunk
from ._rapidjwt import typed_claims, verifier_under
from .exceptions import DecodeError, MissingRequiredClaimError, PyJWTError, ReplayedTokenError
from .replay.store import checked_store, seen_before, seen_before_async
from .revocation.store import checked_revocation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from typing import TypeAlias

    from ._rapidjwt import Decrypter, Verifier, VerifierPolicy
    from .replay.store import AnyReplayStore
    from .revocation.store import Revocation
    from .types import DecodedToken

    _Token: TypeAlias = str | bytes

#: The latest `exp` that stores are asked for: more is forever, and some cannot count further.
_FOREVER = 1 << 40


def connect(
    verifier: Verifier, policy: VerifierPolicy, client: Any, replay: Any, revocation: Any
) -> StatefulTokens:
    """Return the object that asks stores for a `Verifier`, whose keys a client fetches, or None."""
    return StatefulTokens(
        verifier,
        policy,
        is_asynchronous=inspect.iscoroutinefunction(getattr(client, "key_set", None)),
        replay=None if replay is None else checked_store(replay),
        revocation=None if revocation is None else checked_revocation(revocation),
    )


class StatefulTokens:
    """The methods of a `Verifier` that asks stores about the tokens that it has verified."""

    def __init__(
        self,
        verifier: Verifier,
        policy: VerifierPolicy,
        *,
        is_asynchronous: bool,
        replay: AnyReplayStore | None,
        revocation: Revocation | None,
    ) -> None:
        self._verifier = verifier
        self.policy = policy
        self._is_asynchronous = is_asynchronous
        self._leeway = verifier.leeway
        self.replay, self.revocation = replay, revocation

    @property
    def decrypter(self) -> Decrypter | None:
        """The decrypter of nested tokens."""
        return self._verifier.decrypter

    def under(self, policy: VerifierPolicy) -> StatefulTokens:
        """Return an object that uses the same keys and stores under another policy."""
        return StatefulTokens(
            verifier_under(self._verifier, policy),
            policy,
            is_asynchronous=self._is_asynchronous,
            replay=self.replay,
            revocation=self.revocation,
        )

    def newest(self) -> Verifier:
        """Return the verifier of the tokens."""
        return self._verifier

    def decode(self, token: _Token) -> Any:
        return self._typed(self.decode_complete(token))

    def decode_complete(self, token: _Token) -> DecodedToken:
        return self._checked(self._verifier.decode_complete(token))

    async def decode_async(self, token: _Token) -> Any:
        return self._typed(await self.decode_complete_async(token))

    async def decode_complete_async(self, token: _Token) -> DecodedToken:
        return await self._checked_async(await self._verifier.decode_complete_async(token))

    def decode_many(self, tokens: Iterator[Any]) -> Iterator[Any]:
        return map(self._typed_result, self.decode_complete_many(tokens))

    def decode_complete_many(self, tokens: Iterator[Any]) -> Iterator[DecodedToken | PyJWTError]:
        for result in self._verifier.decode_complete_many(tokens):
            if isinstance(result, PyJWTError):
                yield result
                continue
            try:
                yield self._checked(result)
            except PyJWTError as error:
                yield error

    async def decode_many_async(self, tokens: Iterator[Any]) -> AsyncIterator[Any]:
        chunk = Chunk(tokens)
        while chunk.take():
            for result in await self._decoded(chunk.tokens):
                yield self._typed_result(await self._result_async(result))
        chunk.raise_interruption()

    async def _decoded(self, tokens: list[_Token]) -> list[DecodedToken | PyJWTError]:
        """Verify a chunk: in a thread, on all cores, unless the keys are those of a coroutine."""
        if not self._is_asynchronous:
            return await asyncio.to_thread(_listed, self._verifier, tokens)
        return [await self._decoded_async(token) for token in tokens]

    async def _decoded_async(self, token: _Token) -> DecodedToken | PyJWTError:
        try:
            return await self._verifier.decode_complete_async(token)
        except PyJWTError as error:
            return error

    async def _result_async(self, result: DecodedToken | PyJWTError) -> DecodedToken | PyJWTError:
        if isinstance(result, PyJWTError):
            return result
        try:
            return await self._checked_async(result)
        except PyJWTError as error:
            return error

    def _typed(self, token: DecodedToken) -> Any:
        """Return the claims of a token that the stores have accepted, as the verifier's type."""
        return typed_claims(self._verifier, token["payload"])

    def _typed_result(self, result: DecodedToken | PyJWTError) -> Any:
        try:
            return result if isinstance(result, PyJWTError) else self._typed(result)
        except PyJWTError as error:
            return error

    def _checked(self, token: DecodedToken) -> DecodedToken:
        """Return a verified token, unless it is revoked or was used before."""
        if self.revocation is not None:
            self.revocation.check(token["payload"], token["header"])
        if self.replay is not None and seen_before(self.replay, *self._identity(token)):
            raise ReplayedTokenError("The token was used before")
        return token

    async def _checked_async(self, token: DecodedToken) -> DecodedToken:
        if self.revocation is not None:
            await self.revocation.check_async(token["payload"], token["header"])
        store = self.replay
        if store is not None and await seen_before_async(store, *self._identity(token)):
            raise ReplayedTokenError("The token was used before")
        return token

    def _identity(self, token: DecodedToken) -> tuple[str, str, float]:
        """Return what a store remembers: `iss`, `jti` and the time when the token is refused."""
        claims = token["payload"]
        for name in ("jti", "exp"):
            if claims.get(name) is None:
                raise MissingRequiredClaimError(name)
        issuer, jti = claims.get("iss"), claims["jti"]
        try:
            until = min(int(claims["exp"]), _FOREVER) + self._leeway
        except (TypeError, ValueError, OverflowError):  # with the option verify_exp set to False
            raise DecodeError("Expiration Time claim (exp) must be an integer.") from None
        return issuer if isinstance(issuer, str) else "", str(jti), until


def _listed(verifier: Verifier, tokens: list[_Token]) -> list[DecodedToken | PyJWTError]:
    return list(verifier.decode_complete_many(tokens))
