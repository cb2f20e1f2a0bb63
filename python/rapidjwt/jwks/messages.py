"""Requests to a provider of keys and responses from it: the interface of transports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping


@dataclass(frozen=True, slots=True)
class Request:
    """A GET request: its URL, and its headers with names in lower case."""

    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Response:
    """A response: its status, its headers (names in any case) and its whole body, not encoded."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def headers_of(response: Response) -> dict[str, str]:
    """Return the headers of an answer with their names in lower case."""
    return {name.lower(): value for name, value in response.headers.items()}


#: Sends a request and returns the answer, whatever its status, without following redirects. Any
#: exception counts as a failed request.
Transport: TypeAlias = "Callable[[Request], Response]"

#: The same for `AsyncJWKSClient`.
AsyncTransport: TypeAlias = "Callable[[Request], Awaitable[Response]]"

#: Headers for every fetch, or a function that returns those of the next one.
Headers: TypeAlias = "Mapping[str, str] | Callable[[], Mapping[str, str]]"

#: The same for `AsyncJWKSClient`, whose function may be a coroutine function.
AsyncHeaders: TypeAlias = "Headers | Callable[[], Awaitable[Mapping[str, str]]]"
