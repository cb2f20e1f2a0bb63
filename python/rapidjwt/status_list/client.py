"""The status of tokens, as a verifier looks it up (Section 8 of the draft)."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast
from urllib.parse import urlsplit

from rapidjwt._fork import ForkAware
from rapidjwt.exceptions import (
    InvalidTokenError,
    MissingRequiredClaimError,
    PyJWKClientError,
    PyJWTError,
    RevokedTokenError,
    StoreUnavailableError,
    described,
)
from rapidjwt.jwks.client import JWKSClient
from rapidjwt.jwks.endpoint import Endpoint

from .issuer import MEDIA_TYPE, TYPE
from .statuses import Status, Statuses

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from typing_extensions import Unpack

    from rapidjwt.jwks.arguments import ClientArguments
    from rapidjwt.key_set import KeySet
    from rapidjwt.types import DecodedToken

__all__ = ["StatusListClient"]

#: The largest token, and the largest list in it: a million statuses of 8 bits.
_MAX_BYTES = 2 << 20
_MAX_SIZE = 1 << 20


class _Verifier(Protocol):
    """A verifier of Status List Tokens: a `Verifier`."""

    def decode_complete(self, token: str, /) -> DecodedToken: ...


class _Document(NamedTuple):
    """What a verified Status List Token says."""

    statuses: Statuses
    expires_at: float | None
    ttl: float | None

    def is_expired(self) -> bool:
        return self.expires_at is not None and time.time() >= self.expires_at

    def status(self, index: int) -> int | None:
        """Return a status that may be relied on, or None."""
        if self.is_expired() or index >= len(self.statuses):
            return None
        return self.statuses[index]


class StatusListClient(ForkAware):
    """Refuses tokens by the Status List that their claim `status` names.

    It is the argument `revocation` of a `Verifier`. Lists are fetched, kept and refreshed as a
    `JWKSClient` does it with keys, and their `ttl` and `exp` count before HTTP's headers.

    Arguments:
        verifier: a `Verifier` for the lists, with the keys of their issuer.
        uris: what the address of a list must begin with, a string or several, for example
            "https://auth.example/statuslists/". A token that names another one is refused.
        required: whether a token without a status is refused.
        accepted: the statuses of tokens that are not refused.
        max_size: the largest number of bytes in a list that has been decompressed.
        max_lists: how many lists are kept; the one that was not used for the longest time goes.

    Other arguments are those of `JWKSClient`. Raises `TypeError` and `ValueError` for wrong ones,
    errors of `JWKSClient`.

    """

    def __init__(
        self,
        verifier: _Verifier,
        uris: str | Iterable[str],
        *,
        required: bool = True,
        accepted: Container[int] = (Status.VALID,),
        max_size: int = _MAX_SIZE,
        max_lists: int = 100,
        **arguments: Unpack[ClientArguments],
    ) -> None:
        """Take the verifier and the addresses. Nothing is fetched until a token needs it."""
        super().__init__()
        if not callable(getattr(verifier, "decode_complete", None)):
            raise TypeError(f"Expected a Verifier for the lists, got {type(verifier).__name__}")
        self._beginnings = (uris,) if isinstance(uris, str) else tuple(uris)
        schemes = ("https", "http") if arguments.get("allow_http") else ("https",)
        for uri in self._beginnings:
            _check_beginning(uri, schemes)
        self._required, self._accepted = required, accepted
        arguments = {"max_bytes": _MAX_BYTES, **arguments}
        self._new_source = partial(_Source, verifier, max_size, arguments)
        self._new_source(self._beginnings[0])  # wrong arguments are noticed now
        self._sources: OrderedDict[str, _Source] = OrderedDict()
        self._max_lists = max_lists
        self._lock = threading.Lock()

    def check(self, claims: Mapping[str, Any], _header: Mapping[str, Any], /) -> None:
        """Raise RevokedTokenError if the status of a token with these verified claims says so.

        Raises `MissingRequiredClaimError` for a token without a status, `InvalidTokenError` for one
        whose reference cannot be used, `StoreUnavailableError` if its list cannot be fetched or
        verified.
        """
        reference = self._reference(claims)
        if reference is not None:
            uri, index = reference
            self._judge(self._source(uri).status(index))

    async def check_async(self, claims: Mapping[str, Any], header: Mapping[str, Any], /) -> None:
        """Do what `check` does without blocking the event loop."""
        reference = self._reference(claims)
        if reference is None:
            return
        source = self._source(reference[0])
        if source.is_ready(reference[1]):
            self.check(claims, header)
        else:
            await asyncio.to_thread(self.check, claims, header)

    def _reference(self, claims: Mapping[str, Any]) -> tuple[str, int] | None:
        """Return the address and the index of a token, or None if it needs none."""
        status = claims.get("status")
        if status is None and not self._required:
            return None
        if status is None:
            raise MissingRequiredClaimError("status")
        found = status.get("status_list") if isinstance(status, dict) else None
        named: dict[str, Any] = found if isinstance(found, dict) else {}
        uri, index = named.get("uri"), named.get("idx")
        if not isinstance(uri, str) or type(index) is not int or index < 0:
            raise _wrong_claim("The claim status has no usable status_list")
        if not uri.startswith(self._beginnings):
            raise _wrong_claim("The status list of the token is not at an address that is allowed")
        return uri, index

    def _source(self, uri: str) -> _Source:
        with self._lock:
            source = self._sources.get(uri)
            if source is None:
                source = self._sources[uri] = self._new_source(uri)
                if len(self._sources) > self._max_lists:
                    self._sources.popitem(last=False)
            self._sources.move_to_end(uri)
            return source

    def _judge(self, status: int) -> None:
        if status not in self._accepted:
            name = Status(status).name if status in list(Status) else f"0x{status:02X}"
            raise RevokedTokenError(f"The status of the token is {name}")

    def _after_fork(self) -> None:
        self._lock = threading.Lock()


def _check_beginning(uri: str, schemes: tuple[str, ...]) -> None:
    """Raise ValueError for a beginning that would allow other hosts."""
    parts = urlsplit(uri)
    if parts.scheme not in schemes or not parts.hostname or not parts.path or "@" in parts.netloc:
        raise ValueError(
            f"uris must begin with {' or '.join(f'{each}://' for each in schemes)}, a host and a /"
        )


def _wrong_claim(message: str) -> InvalidTokenError:
    return described(InvalidTokenError(message), code="invalid_claim", claim="status")


class _Source(JWKSClient):
    """A list that is fetched and kept as keys are: what JWKSClient calls keys is a `_Document`."""

    def __init__(
        self, verifier: _Verifier, max_size: int, arguments: ClientArguments, uri: str
    ) -> None:
        self._endpoint_type = partial(_StatusListEndpoint, verifier, max_size)
        super().__init__(uri, **arguments)
        self._uri = uri

    def status(self, index: int) -> int:
        """Return the status of a token; a list that cannot tell is fetched again."""
        try:
            document = cast("_Document", self.key_set())
            status = document.status(index)
            if status is None:
                document = cast("_Document", self.newer_key_set(cast("KeySet", document)))
                status = document.status(index)
        except PyJWKClientError as error:
            raise StoreUnavailableError(str(error)) from error
        if status is not None:
            return status
        if document.is_expired():
            raise StoreUnavailableError(f"The status list {self._uri} has expired")
        raise _wrong_claim("The status list has no entry for the token")

    def is_ready(self, index: int) -> bool:
        """Return whether `status` need not wait."""
        with self._memory.lock:
            document: Any = self._memory.usable()
        return document is not None and document.status(index) is not None


class _StatusListEndpoint(Endpoint):
    """An address of a Status List Token."""

    accept = MEDIA_TYPE

    def __init__(self, verifier: _Verifier, max_size: int, source: str, **arguments: Any) -> None:
        super().__init__(source, **arguments)
        self._verifier, self._max_size = verifier, max_size

    @property
    def described(self) -> str:
        return f"The status list {self.name}"

    def _content(self, url: str, body: bytes) -> _Document:
        """Verify a Status List Token (Section 8.3, step 3)."""
        try:
            token = self._verifier.decode_complete(body.decode("ascii").strip())
            return _read(token, url, self._max_size)
        except (PyJWTError, ValueError) as error:
            raise PyJWKClientError(f"{self.described} cannot be used: {error}") from error

    def _lifetime(self, content: _Document, headers: Mapping[str, str]) -> float | None:
        times = [] if content.ttl is None else [content.ttl]
        if content.expires_at is not None:
            times.append(max(0.0, content.expires_at - time.time()))
        return min(times) if times else super()._lifetime(content, headers)


def _read(token: DecodedToken, uri: str, max_size: int) -> _Document:
    """Check the header and the claims of a Status List Token (Section 5.1); ValueError if wrong."""
    header, claims = token["header"], token["payload"]
    kind = header.get("typ")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") != TYPE:
        raise ValueError(f"its typ is not {TYPE}")
    if claims.get("sub") != uri:
        raise ValueError("its sub is another address")
    times = {name: claims.get(name) for name in ("iat", "exp", "ttl")}
    if times["iat"] is None or not all(map(_is_time, times.values())):
        raise ValueError("its iat, exp or ttl is not a time")
    statuses = Statuses.from_claim(claims.get("status_list"), max_size=max_size)
    return _Document(statuses, times["exp"], times["ttl"])


def _is_time(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value is None or (is_number and 0 < value < 1 << 53)
