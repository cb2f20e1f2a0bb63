"""Where the token of a request is: the `Authorization` header, a cookie, a WebSocket, a URL.

A helper reads what its argument `sources` names, in that order, and takes the first token.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hmac import compare_digest
from http import HTTPStatus
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs, urlsplit

from .bearer import (
    BearerError,
    MissingTokenError,
    bad_request,
    credentials,
    invalid_token,
    is_token,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .possession import PresentedRequest

__all__ = [
    "AUTHORIZATION",
    "Authorization",
    "Cookie",
    "CrossSiteError",
    "CustomHeader",
    "DoubleSubmit",
    "Query",
    "Source",
    "Subprotocol",
    "checked_sources",
    "credentials_of",
    "selected_subprotocol",
]

#: A `token` of RFC 9110 Section 5.6.2: names of headers, cookies and subprotocols.
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+", re.ASCII)
#: The methods that change nothing (RFC 9110 Section 9.2.1).
_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def _check_names(*names: str) -> None:
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError("A cookie, a header and a subprotocol are named by an ASCII token")


class Source(Protocol):
    """A place where a request can have a token."""

    def find(self, request: PresentedRequest, schemes: Sequence[str]) -> tuple[str, str] | None:
        """Return the authentication scheme and the token, or None if there is no token here."""
        ...


class CrossSiteError(BearerError):
    """A request that a browser sent with a cookie may have been made by another site: 403."""

    has_challenge = False

    def __init__(self) -> None:
        """Set the status and the message."""
        super().__init__(
            HTTPStatus.FORBIDDEN,
            "The request does not prove that it is not from another site",
            details={"code": "csrf_failed"},
        )


@dataclass(frozen=True)
class Authorization:
    """The `Authorization` header (RFC 6750 Section 2.1), never sent by a browser itself."""

    def find(self, request: PresentedRequest, schemes: Sequence[str]) -> tuple[str, str] | None:
        """Return the scheme and the token; raise BearerError for a malformed header."""
        try:
            return credentials(request.values("Authorization"), schemes)
        except MissingTokenError:
            return None


AUTHORIZATION = Authorization()


@dataclass(frozen=True)
class DoubleSubmit:
    """A check of unsafe methods: the header must repeat a cookie, which other sites cannot read.

    Set the cookie to a random value at the login, readable for scripts (not `HttpOnly`).
    """

    cookie: str = "csrf_token"
    header: str = "X-CSRF-Token"

    def __post_init__(self) -> None:
        """Raise ValueError for what is not a name."""
        _check_names(self.cookie, self.header)

    def passes(self, request: PresentedRequest) -> bool:
        """Return whether header and cookie are there once and equal."""
        sent, expected = request.values(self.header), _cookies(request, self.cookie)
        if len(sent) != 1 or len(expected) != 1 or not expected[0]:
            return False
        return compare_digest(_octets(sent[0]), _octets(expected[0]))


@dataclass(frozen=True)
class CustomHeader:
    """A check of unsafe methods: the header must be there.

    Browsers send a header of one's own to another site only if that site's CORS answers allow it:
    they must not allow every origin.
    """

    header: str = "X-CSRF-Protection"

    def __post_init__(self) -> None:
        """Raise ValueError for what is not a name."""
        _check_names(self.header)

    def passes(self, request: PresentedRequest) -> bool:
        """Return whether the header is there and not empty."""
        return any(request.values(self.header))


@dataclass(frozen=True)
class Cookie:
    """A cookie. Browsers send it with requests of other sites too, so these are refused.

    `csrf` checks requests with unsafe methods; None leaves that to the application. A WebSocket,
    which is opened with a safe method, is refused if its `Origin` is neither its own host nor one
    of `origins`, such as "https://shop.example".
    """

    name: str
    csrf: DoubleSubmit | CustomHeader | None = DoubleSubmit()
    origins: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Raise ValueError for what is not a name, TypeError for other wrong arguments."""
        _check_names(self.name)
        if not isinstance(self.csrf, (DoubleSubmit, CustomHeader, type(None))):
            raise TypeError(
                "csrf must be a DoubleSubmit, a CustomHeader or None, "
                f"not {type(self.csrf).__name__}"
            )
        if isinstance(self.origins, str):
            raise TypeError("origins must be a list of strings")

    def find(
        self,
        request: PresentedRequest,
        schemes: Sequence[str],  # noqa: ARG002 - a cookie has none
    ) -> tuple[str, str] | None:
        """Return the token; raise BearerError for several, and for a request of another site."""
        token = _only(_cookies(request, self.name), "cookie with a token")
        if not token:
            return None
        if not self._is_from_here(request):
            raise CrossSiteError
        return "Bearer", _checked(token)

    def _is_from_here(self, request: PresentedRequest) -> bool:
        if self.csrf is None:
            return True
        if request.is_websocket:
            return all(self._is_allowed(origin, request) for origin in request.values("Origin"))
        return request.method.upper() in _SAFE or self.csrf.passes(request)

    def _is_allowed(self, origin: str, request: PresentedRequest) -> bool:
        # The schemes may differ, because a proxy in front of the server may end TLS.
        return origin in self.origins or urlsplit(origin).netloc == urlsplit(request.url).netloc


@dataclass(frozen=True)
class Query:
    """A parameter of the URL (RFC 6750 Section 2.3), which servers log and browsers remember.

    It is for clients that can send nothing else. Give such tokens a short life.
    """

    name: str = "access_token"

    def find(
        self,
        request: PresentedRequest,
        schemes: Sequence[str],  # noqa: ARG002 - a URL has none
    ) -> tuple[str, str] | None:
        """Return the token; raise BearerError if there are several."""
        values = parse_qs(request.query).get(self.name, [])
        token = _only(values, "parameter with a token")
        return ("Bearer", _checked(token)) if token else None


@dataclass(frozen=True)
class Subprotocol:
    """The subprotocols of a WebSocket, which scripts in browsers can set: the name, then the token.

    `new WebSocket(url, ["bearer", token])` sends them. The server must select the name.
    """

    name: str = "bearer"

    def __post_init__(self) -> None:
        """Raise ValueError for what is not a name."""
        _check_names(self.name)

    def find(
        self,
        request: PresentedRequest,
        schemes: Sequence[str],  # noqa: ARG002 - it has none
    ) -> tuple[str, str] | None:
        """Return the token that follows the name."""
        offered = offered_subprotocols(request)
        after = [token for name, token in pairwise(offered) if name == self.name]
        token = _only(after, "subprotocol with a token")
        return ("Bearer", _checked(token)) if token else None


def offered_subprotocols(request: PresentedRequest) -> list[str]:
    """Return what a WebSocket offers in `Sec-WebSocket-Protocol` (RFC 6455 Section 4.1)."""
    if not request.is_websocket:
        return []
    values = request.values("Sec-WebSocket-Protocol")
    return [name.strip(" \t") for value in values for name in value.split(",")]


def selected_subprotocol(sources: Iterable[Source], request: PresentedRequest) -> str | None:
    """Return the subprotocol that a server must select because a token follows it."""
    offered = offered_subprotocols(request)
    names = [source.name for source in sources if isinstance(source, Subprotocol)]
    return next((name for name in names if name in offered), None)


def checked_sources(sources: Iterable[Source], schemes: Sequence[str]) -> tuple[Source, ...]:
    """Return the sources as a tuple.

    Raises TypeError for anything else, ValueError for none at all, and for other sources than the
    header if only DPoP is accepted, whose tokens are never anywhere else.
    """
    chosen = () if isinstance(sources, (str, bytes)) else tuple(sources)
    for source in chosen:
        # A type, because its instances have the method, and text, which has one of that name.
        is_wrong = isinstance(source, (type, str, bytes))
        if is_wrong or not callable(getattr(source, "find", None)):
            raise TypeError(
                "sources must be a list of AUTHORIZATION, Cookie(...), Subprotocol() and Query(), "
                f"got {type(source).__name__}"
            )
    if not chosen:
        raise ValueError("sources must be a list of at least one source, such as AUTHORIZATION")
    if "Bearer" not in schemes and any(source != AUTHORIZATION for source in chosen):
        raise ValueError("Where DPoP is required, tokens come in the Authorization header only")
    return chosen


def credentials_of(
    request: PresentedRequest, sources: Iterable[Source], schemes: Sequence[str]
) -> tuple[str, str]:
    """Return the scheme and the token of a request, from the first source that has one.

    Raises MissingTokenError if none has, BearerError for a request that is malformed or that
    another site may have made.
    """
    for source in sources:
        found = source.find(request, schemes)
        if found is not None:
            return found
    raise MissingTokenError(schemes)


def _cookies(request: PresentedRequest, name: str) -> list[str]:
    """Return the values of all cookies of that name (RFC 6265 Section 4.2.1)."""
    pairs = (pair.partition("=") for value in request.values("Cookie") for pair in value.split(";"))
    return [value.strip(' \t"') for key, _, value in pairs if key.strip(" \t") == name]


def _only(values: Sequence[str], what: str) -> str | None:
    if len(values) > 1:
        raise bad_request(f"The request has more than one {what}")
    return values[0] if values else None


def _checked(token: str) -> str:
    if not is_token(token):
        raise invalid_token("The access token is malformed", {"code": "malformed_token"})
    return token


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
