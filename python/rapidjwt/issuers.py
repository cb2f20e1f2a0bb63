"""One verifier for the tokens of several issuers, each with its own keys and policy."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from ._chunk import Chunk
from ._rapidjwt import CacheInfo, Verifier, token_iterator, unverified_claims
from .exceptions import InvalidIssuerError, MissingRequiredClaimError, PyJWTError, described

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator
    from typing import TypeAlias

    from .types import DecodedToken

    _Token: TypeAlias = str | bytes
    _Claims: TypeAlias = dict[str, Any]
    _CallMany: TypeAlias = Callable[[Verifier, list[_Token]], Iterator[Any]]
    #: The tokens of a chunk that one verifier has, with their places.
    _Group: TypeAlias = tuple[list[int], list[_Token]]

#: The longest `iss` that is looked at; others belong to no issuer.
_LONGEST_ISSUER = 2048


class MultiIssuerVerifier:
    """Verifies tokens of several issuers, with the methods of `Verifier`.

    The token's `iss`, which nobody has verified yet, only chooses the verifier. That verifier then
    demands this issuer, with its own keys, algorithms and audience: the key of one issuer never
    verifies the token of another. A token of an unknown issuer is refused before any key is
    fetched.
    """

    __slots__ = ("_alive", "_made", "_make", "_max_token_size", "_pattern", "_verifiers")

    def __init__(
        self,
        verifiers: Iterable[Verifier] = (),
        *,
        pattern: str | re.Pattern[str] | None = None,
        make: Callable[[str], Verifier | None] | None = None,
        max_made: int = 100,
        max_token_size: int | None = None,
    ) -> None:
        """Take the verifiers, each of which names its issuer or issuers.

        For an issuer of none of them that matches `pattern` as a whole, `make(issuer)` returns a
        verifier, which must demand that issuer, or None to refuse the token. Up to `max_made` of
        them are kept; the one that was used least recently is made again when it is needed.
        Tokens of more than `max_token_size` bytes are refused before anything else is done.

        Raises ValueError for a verifier without an issuer, for two with the same one, and for a
        pattern without `make` or the reverse; TypeError for what is not a Verifier.
        """
        if (pattern is None) != (make is None):
            raise ValueError("pattern and make belong together: pass both or neither")
        if max_made < 1:
            raise ValueError("max_made must be above 0")
        if max_token_size is not None and max_token_size < 1:
            raise ValueError("max_token_size must be above 0, or None for no bound")
        self._verifiers = _by_issuer(verifiers)
        self._pattern = None if pattern is None else re.compile(pattern)
        self._make = make
        self._made = lru_cache(max_made)(self._made_for)
        self._max_token_size = max_token_size
        #: All verifiers that are in use: those that were passed, and those that were made and kept.
        self._alive = WeakSet(self._verifiers.values())
        if not self._verifiers and make is None:
            raise ValueError("A MultiIssuerVerifier needs a verifier, or pattern and make")

    def __repr__(self) -> str:
        """Return a text with the issuers and the pattern."""
        made = "" if self._pattern is None else f" pattern={self._pattern.pattern!r}"
        return f"<MultiIssuerVerifier issuers={self.issuers!r}{made}>"

    @property
    def issuers(self) -> tuple[str, ...]:
        """The issuers of the verifiers that were passed."""
        return tuple(self._verifiers)

    def decode(self, token: _Token) -> _Claims:
        """Verify a token and return its claims.

        Raises what `Verifier.decode` raises, MissingRequiredClaimError for a token without `iss`
        and InvalidIssuerError for one of an unknown issuer.
        """
        return self._choose(token).decode(token)

    def decode_complete(self, token: _Token) -> DecodedToken:
        """Verify a token and return its `payload`, `header` and `signature`; errors as `decode`."""
        return self._choose(token).decode_complete(token)

    def decode_many(self, tokens: Iterable[Any]) -> Iterator[_Claims | PyJWTError]:
        """Verify many tokens and yield their claims in order; see `Verifier.decode_many`."""
        return self._many(Verifier.decode_many, token_iterator(tokens, "decode_many"))

    def decode_complete_many(self, tokens: Iterable[Any]) -> Iterator[DecodedToken | PyJWTError]:
        """Verify many tokens and yield the results of `decode_complete` in order."""
        tokens = token_iterator(tokens, "decode_complete_many")
        return self._many(Verifier.decode_complete_many, tokens)

    async def decode_async(self, token: _Token) -> _Claims:
        """Verify a token and return its claims, without blocking the event loop."""
        return await self._choose(token).decode_async(token)

    async def decode_complete_async(self, token: _Token) -> DecodedToken:
        """Verify a token and return what `decode_complete` returns, without blocking."""
        return await self._choose(token).decode_complete_async(token)

    def decode_many_async(self, tokens: Iterable[Any]) -> AsyncIterator[_Claims | PyJWTError]:
        """Verify many tokens and yield their claims in order, without blocking the event loop."""
        return self._many_async(token_iterator(tokens, "decode_many_async"))

    def cache_info(self) -> CacheInfo:
        """Return the sums of the counters of the caches of all its verifiers."""
        infos = [verifier.cache_info() for verifier in self._alive]
        return CacheInfo(
            hits=sum(info.hits for info in infos),
            misses=sum(info.misses for info in infos),
            maxsize=sum(info.maxsize for info in infos),
            currsize=sum(info.currsize for info in infos),
        )

    def cache_clear(self) -> None:
        """Empty the caches of verified signatures of all its verifiers."""
        for verifier in self._alive:
            verifier.cache_clear()

    def _many(self, call: _CallMany, tokens: Iterator[Any]) -> Iterator[Any]:
        chunk = Chunk(tokens)
        while chunk.take():
            for verifier, (places, group) in self._grouped(chunk).items():
                chunk.put(places, list(call(verifier, group)))
            yield from chunk.results
        chunk.raise_interruption()

    async def _many_async(self, tokens: Iterator[Any]) -> AsyncIterator[Any]:
        chunk = Chunk(tokens)
        while chunk.take():
            for verifier, (places, group) in self._grouped(chunk).items():
                results = [result async for result in verifier.decode_many_async(group)]
                chunk.put(places, results)
            for result in chunk.results:
                yield result
        chunk.raise_interruption()

    def _grouped(self, chunk: Chunk) -> dict[Verifier, _Group]:
        """Return the tokens of each verifier, and put errors in the places of the others."""
        groups: dict[Verifier, _Group] = {}
        for place, token in enumerate(chunk.tokens):
            try:
                verifier = self._choose(token)
            except PyJWTError as error:
                chunk.results[place] = error
                continue
            places, group = groups.setdefault(verifier, ([], []))
            places.append(place)
            group.append(token)
        return groups

    def _choose(self, token: _Token) -> Verifier:
        """Return the verifier for a token, by its unverified `iss`."""
        issuer = unverified_claims(token, self._max_token_size).get("iss")
        if issuer is None:
            raise MissingRequiredClaimError("iss")
        if not isinstance(issuer, str):
            error = InvalidIssuerError("Payload Issuer (iss) must be a string")
            raise described(error, code="invalid_claim")
        known = self._verifiers.get(issuer)
        if known is not None:
            return known
        if self._pattern is None or len(issuer) > _LONGEST_ISSUER:
            raise self._unknown(issuer)
        if not self._pattern.fullmatch(issuer):
            raise self._unknown(issuer)
        return self._made(issuer)

    def _unknown(self, issuer: str) -> InvalidIssuerError:
        error = InvalidIssuerError("The token's issuer (iss) is not one of those that are accepted")
        return described(error, expected=self.issuers or None, actual=issuer)

    def _made_for(self, issuer: str) -> Verifier:
        """Return a new verifier. A refusal is an error, so that it is not kept."""
        made = self._make and self._make(issuer)
        if made is None:
            raise self._unknown(issuer)
        if issuer not in _issuers_of(made):
            raise ValueError(f"make returned a Verifier for other issuers: {_issuers_of(made)!r}")
        self._alive.add(made)
        return made


def _unknown(issuer: str) -> InvalidIssuerError:
    error = InvalidIssuerError("The token's issuer (iss) is not one of those that are accepted")
    return described(error, actual=issuer)


def _by_issuer(verifiers: Iterable[Verifier]) -> dict[str, Verifier]:
    found: dict[str, Verifier] = {}
    for verifier in verifiers:
        for issuer in _issuers_of(verifier):
            if issuer in found:
                raise ValueError(f"Two verifiers are for the issuer {issuer!r}")
            found[issuer] = verifier
    return found


def _issuers_of(verifier: Verifier) -> tuple[str, ...]:
    """Return the issuers that a verifier demands; raise ValueError if it accepts all."""
    if not isinstance(verifier, Verifier):
        raise TypeError(f"Expected a Verifier, got {type(verifier).__name__}")
    if verifier.decrypter is not None:
        raise ValueError("A Verifier with a decrypter cannot be chosen by iss, which is encrypted")
    issuer = verifier.issuer
    if issuer is None:
        raise ValueError("Each Verifier of a MultiIssuerVerifier needs its issuer: pass issuer=...")
    return (issuer,) if isinstance(issuer, str) else issuer
