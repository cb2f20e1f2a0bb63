"""HTTP with the standard library, for `JWKSClient`."""

from __future__ import annotations

import io
import time
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING, Any, cast
from urllib import request as urllib_request

from rapidjwt._proxy import EnvironmentProxies, NamedProxy
from rapidjwt.exceptions import PyJWKClientConnectionError

from .content_coding import decoded
from .endpoint import too_large
from .messages import Request, Response

if TYPE_CHECKING:
    from socket import socket
    from ssl import SSLContext


class UrllibTransport:
    """Sends one request at a time with urllib, over a new connection.

    It knows http, https and HTTP proxies; redirects and errors are answers like others.
    """

    def __init__(
        self,
        *,
        timeout: float,
        max_bytes: int,
        ssl_context: SSLContext | None,
        proxy: str | None = None,
    ) -> None:
        """Take the limits.

        `timeout` is in seconds: to connect, and again for the whole answer, however slowly it
        trickles in. A body above `max_bytes` is a PyJWKClientError. `ssl_context` None means
        Python's default one, `proxy` None the proxies of the environment.

        Raises PyJWKClientError for a proxy that cannot be used.
        """
        self._timeout = timeout
        self._max_bytes = max_bytes
        # Assembled here, because build_opener() adds handlers for files, FTP, redirects and errors.
        self._opener = urllib_request.OpenerDirector()
        self._opener.add_handler(EnvironmentProxies() if proxy is None else NamedProxy(proxy))
        self._opener.add_handler(urllib_request.UnknownHandler())
        self._opener.add_handler(_HTTPHandler())
        self._opener.add_handler(_HTTPSHandler(ssl_context))

    def __call__(self, request: Request) -> Response:
        """Send a request.

        Raises PyJWKClientError, PyJWKClientConnectionError, OSError or http.client.HTTPException.
        """
        message = urllib_request.Request(  # noqa: S310 - the opener knows http and https only
            request.url, headers=dict(request.headers)
        )
        opened = self._opener.open(message, timeout=self._timeout)
        with cast("HTTPResponse", opened) as response:
            body = response.read(self._max_bytes + 1)
            if len(body) > self._max_bytes:
                raise too_large(self._max_bytes)
            # Up to Python 3.14 at least, read(n) does not report a body that ends too early.
            if len(body) < int(response.getheader("content-length") or 0):
                raise PyJWKClientConnectionError(f"The answer of {request.url} was cut off")
            names = response.headers.keys()
            headers = {name: ", ".join(response.headers.get_all(name, [])) for name in names}
            return decoded(Response(response.status, headers, body), self._max_bytes)


class _TimedReader(io.RawIOBase):
    """Reads from a socket until a deadline; a socket's own timeout starts again with each byte."""

    def __init__(self, raw: Any, sock: socket, seconds: float) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(remaining)
        return cast("int | None", self._raw.readinto(buffer))

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    """A response whose headers and body must arrive within the timeout of its socket."""

    def __init__(self, sock: socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        seconds = sock.gettimeout()
        if seconds is not None:
            raw = self.fp.detach()
            self.fp = io.BufferedReader(_TimedReader(raw, sock, seconds))


class _HTTPConnection(HTTPConnection):
    response_class = _TimedResponse


class _HTTPSConnection(HTTPSConnection):
    response_class = _TimedResponse


class _HTTPHandler(urllib_request.HTTPHandler):
    def http_open(self, req: urllib_request.Request) -> HTTPResponse:
        return self.do_open(_HTTPConnection, req)


class _HTTPSHandler(urllib_request.HTTPSHandler):
    def __init__(self, context: SSLContext | None) -> None:
        super().__init__()
        self._ssl_context = context

    def https_open(self, req: urllib_request.Request) -> HTTPResponse:
        return self.do_open(_HTTPSConnection, req, context=self._ssl_context)
