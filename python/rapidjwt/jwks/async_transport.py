"""HTTP by httpx, for `AsyncJWKSClient`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .content_coding import decoded
from .endpoint import too_large
from .messages import Request, Response

if TYPE_CHECKING:
    from ssl import SSLContext


class HttpxTransport:
    """Sends one request at a time by httpx, over a new connection.

    Nothing is kept between requests but the SSL context, so it serves any event loop.
    """

    def __init__(self, *, timeout: float, max_bytes: int, ssl_context: SSLContext | None) -> None:
        """Take the limits.

        `timeout` is in seconds, for each step of a request. A body above `max_bytes` is a
        PyJWKClientError. `ssl_context` None means httpx's default one.

        Raises ImportError when httpx is not installed.
        """
        try:
            import httpx  # noqa: PLC0415 - an optional dependency
        except ImportError as error:
            raise ImportError(
                "AsyncJWKSClient needs httpx (pip install 'rapidjwt[async]') or another transport"
            ) from error
        self._httpx = httpx
        #: What a failed request raises, beside PyJWTError and OSError.
        self.failures: tuple[type[Exception], ...] = (httpx.HTTPError, httpx.InvalidURL)
        self._timeout = timeout
        self._max_bytes = max_bytes
        # Once, because it takes some 20 ms, in which no task of the event loop would run.
        self._ssl_context = ssl_context or httpx.create_ssl_context()

    async def __call__(self, request: Request) -> Response:
        """Send a request. Raises PyJWKClientError, httpx.HTTPError or httpx.InvalidURL."""
        async with (
            self._httpx.AsyncClient(
                verify=self._ssl_context, timeout=self._timeout, follow_redirects=False
            ) as client,
            client.stream("GET", request.url, headers=dict(request.headers)) as response,
        ):
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > self._max_bytes:
                    raise too_large(self._max_bytes)
            answer = Response(response.status_code, response.headers, bytes(body))
            return decoded(answer, self._max_bytes)
