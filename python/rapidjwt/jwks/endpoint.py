"""One provider of keys: the requests to it, and the meaning of its responses. It does no I/O."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urljoin, urlsplit

from rapidjwt._rapidjwt import __version__
from rapidjwt.exceptions import (
    PyJWKClientConnectionError,
    PyJWKClientError,
    PyJWKSetError,
    PyJWTError,
)
from rapidjwt.key_set import KeySet

from .discovery import Issuer
from .http_cache import freshness_lifetime, retry_after
from .messages import Request, Response, headers_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

#: The default maximum size of a response in bytes: about a thousand keys of usual size.
DEFAULT_MAX_BYTES = 512 * 1024

#: The time in seconds for which an issuer's metadata are used, as long as its keys can be fetched.
_METADATA_LIFETIME = 24 * 3600

OK = 200
_NOT_MODIFIED = 304
_NOT_FOUND = 404
_BUSY = (429, 503)
_REDIRECTS = (301, 302, 303, 307, 308)

_HEADERS = {
    # An encoded body could be small during transfer and huge in memory.
    "accept-encoding": "identity",
    "user-agent": f"rapidjwt/{__version__}",
}


class ProviderBusyError(PyJWKClientConnectionError):
    """An answer that asks for a wait of `retry_after` seconds before the next request."""

    def __init__(self, message: str, retry_after: float) -> None:
        """Take the message for the user, and the seconds."""
        super().__init__(message)
        self.retry_after = retry_after


class Fetched(NamedTuple):
    """Keys, or what another kind of endpoint has, and the lifetime in seconds that is allowed."""

    keys: Any
    lifetime: float | None


class _Copy(NamedTuple):
    """The last response with keys, with which the next one is compared."""

    etag: str | None
    body: bytes
    keys: Any


class Endpoint:
    """The address of a provider's keys, and its last response that contained some."""

    #: The media types that are asked for.
    accept = "application/jwk-set+json, application/json"

    def __init__(
        self,
        source: str | Issuer,
        *,
        max_bytes: int,
        allow_http: bool,
        clock: Callable[[], float],
    ) -> None:
        """Set the URL of a JWK Set, or an issuer.

        Raises PyJWKClientError for a URL that is not https (or http, if `allow_http`), has no host,
        or contains a user name.
        """
        self._source = source
        self._max_bytes = max_bytes
        self._allow_http = allow_http
        self._clock = clock
        self._discovered: tuple[str, float] | None = None
        self._copy: _Copy | None = None
        self.issuer = source.identifier if isinstance(source, Issuer) else None
        self.name = source.identifier if isinstance(source, Issuer) else source
        self._check(self.name)

    @property
    def described(self) -> str:
        """The subject of sentences in errors."""
        return f"The keys of {self.name}"

    @property
    def most_requests(self) -> int:
        """The maximum number of requests that one fetch needs."""
        if isinstance(self._source, Issuer):
            return len(self._source.metadata_urls()) + 1
        return 1

    def fetch(self, headers: Mapping[str, str]) -> Generator[Request, Response, Fetched]:
        """Fetch the keys: yields requests, is sent their responses, returns the result.

        `headers` are the caller's, their names in lower case. The same `KeySet` object is returned
        for as long as the provider's answer is the same.

        Raises PyJWKClientError for answers without use.
        """
        # Discarded unless the keys arrive: a provider that fails may have moved.
        discovered, self._discovered = self._discovered, None
        if isinstance(self._source, str):
            url = self._source
        else:
            if discovered is None or self._clock() >= discovered[1]:
                url = yield from self._discover(self._source, headers)
                discovered = (url, self._clock() + _METADATA_LIFETIME)
            url = discovered[0]
        response = yield self._request(url, headers, self._copy and self._copy.etag)
        fetched = self._read(url, response)
        self._discovered = discovered
        return fetched

    def _discover(
        self, issuer: Issuer, headers: Mapping[str, str]
    ) -> Generator[Request, Response, str]:
        refusals: list[tuple[str, Response]] = []
        for url in issuer.metadata_urls():
            response = yield self._request(url, headers)
            if response.status == OK:
                self._check_size(response)
                jwks_uri = issuer.jwks_uri(response.body)
                self._check(jwks_uri)
                return jwks_uri
            refusals.append((url, response))
            if response.status in _BUSY:
                break
        # Most issuers have one of the two addresses: that the other does not exist says little.
        telling = [refusal for refusal in refusals if refusal[1].status != _NOT_FOUND]
        what = f"The metadata of issuer {issuer.identifier!r} cannot be fetched:"
        raise _refusal(what, *(telling or refusals)[0])

    def _request(
        self, url: str, callers_headers: Mapping[str, str], etag: str | None = None
    ) -> Request:
        headers = {"accept": self.accept, **_HEADERS}
        if etag is not None:
            headers["if-none-match"] = etag
        # The caller's headers may contain credentials, which an issuer's metadata must not
        # redirect.
        if _origin(url) == _origin(self.name):
            headers |= callers_headers
        return Request(url, headers)

    def _read(self, url: str, response: Response) -> Fetched:
        headers = headers_of(response)
        copy = self._copy
        if response.status == _NOT_MODIFIED and copy is not None and copy.etag is not None:
            return Fetched(copy.keys, self._lifetime(copy.keys, headers))
        if response.status != OK:
            raise _refusal(f"{url} answered with", url, response)
        self._check_size(response)
        if copy is not None and response.body == copy.body:
            keys = copy.keys
        else:
            keys = self._content(url, response.body)
        self._copy = _Copy(_sendable(headers.get("etag")), response.body, keys)
        return Fetched(keys, self._lifetime(keys, headers))

    def _content(self, url: str, body: bytes) -> Any:
        """Return what a body has; raise PyJWKClientError if that is of no use."""
        try:
            return KeySet.from_jwks(body)
        except PyJWKSetError as error:
            raise PyJWKClientError(f"{url} gave no usable JWK Set: {error}") from error

    def _lifetime(self, _content: Any, headers: Mapping[str, str]) -> float | None:
        """Return for how many seconds the provider allows to use what it sent, or None."""
        return freshness_lifetime(headers)

    def _check_size(self, response: Response) -> None:
        if len(response.body) > self._max_bytes:
            raise too_large(self._max_bytes)

    def _check(self, url: str) -> None:
        schemes = ("https", "http") if self._allow_http else ("https",)
        try:
            parts = urlsplit(url)
            scheme, host, user, _ = parts.scheme, parts.hostname, parts.username, parts.port
        except ValueError as error:
            raise PyJWKClientError(f"Invalid JWKS URI: {error}") from None
        if scheme not in schemes:
            allowed = " and ".join(map(repr, schemes))
            raise PyJWKClientError(
                f"Invalid JWKS URI scheme {scheme!r}: only {allowed} can be used"
                + ("" if self._allow_http else ", unless allow_http=True allows 'http' too")
            )
        if not host or user is not None:
            raise PyJWKClientError("A JWKS URI must have a host, and no user name or password")


def _refusal(what: str, url: str, response: Response) -> PyJWKClientConnectionError:
    """Return the error for an answer of `url` without keys; its text starts with `what`."""
    message = f"{what} status {response.status}"
    headers = headers_of(response)
    if response.status in _BUSY:
        wait = retry_after(headers, time.time())
        if wait is not None:
            return ProviderBusyError(f"{message} and Retry-After of {wait:.0f} seconds", wait)
    if response.status in _REDIRECTS and "location" in headers:
        message += f", a redirect to {_host(url, headers['location'])}, which is not followed"
    return PyJWKClientConnectionError(message)


def _host(url: str, location: str) -> str:
    """Return what to show of a redirect's target: not its path and query, which may be secret."""
    try:
        host = urlsplit(urljoin(url, location)).hostname
    except ValueError:
        host = None
    return "an invalid address" if host is None else f"host {host!r}"


def too_large(max_bytes: int) -> PyJWKClientError:
    """Return the error for a response that has too many bytes."""
    return PyJWKClientError(f"The endpoint answered with more than {max_bytes} bytes")


def as_client_error(described: str, error: BaseException) -> PyJWKClientError:
    """Return the error that a client raises for whatever went wrong in a fetch."""
    if isinstance(error, ProviderBusyError):
        return PyJWKClientConnectionError(str(error))
    if isinstance(error, PyJWKClientError):
        return error
    kind = PyJWKClientError if isinstance(error, PyJWTError) else PyJWKClientConnectionError
    reason = str(error) or type(error).__name__
    client_error = kind(f"{described} cannot be fetched: {reason}")
    client_error.__cause__ = error
    return client_error


def _sendable(etag: str | None) -> str | None:
    """Return an entity tag that can be sent back unchanged, else None (RFC 9110 Section 8.8.3).

    It may contain bytes above 0x7f, for which clients have no common encoding.
    """
    return etag if etag is not None and etag.isascii() and etag.isprintable() else None


_DEFAULT_PORTS = {"http": 80, "https": 443}


def _origin(url: str) -> tuple[str, str | None, int | None]:
    """Return the origin of a URL in a canonical spelling (RFC 6454 Section 4)."""
    parts = urlsplit(url)  # which lower-cases scheme and host name
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
