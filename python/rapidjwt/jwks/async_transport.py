"""HTTP with httpx, for `AsyncJWKSClient`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapidjwt._proxy import checked_proxy
from rapidjwt.exceptions import PyJWKClientError

from .content_coding import decoded
from .endpoint import too_large
from .messages import Request, Response

if TYPE_CHECKING:
    from ssl import SSLContext

    import httpx

#: What httpx knows; the last two need its extra `socks`.
_PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


class HttpxTransport:
    """Sends one request at a time with httpx, over a new connection.

    Only the SSL context is kept between requests, so it can be used with any event loop.
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

        `timeout` is in seconds, for each step of a request. A body above `max_bytes` is a
        PyJWKClientError. `ssl_context`, which a proxy with TLS is checked with too, None means
        httpx's default one; `proxy` None means the proxies of the environment.

        Raises ImportError when httpx is not installed, PyJWKClientError for a proxy that cannot be
        used.
        """
        try:
            import httpx  # noqa: PLC0415 - an optional dependency
        except ImportError as error:
            raise ImportError(
                "AsyncJWKSClient needs httpx (pip install 'rapidjwt[async]') or another transport"
            ) from error
        self._httpx = httpx
        #: The exceptions of a failed request, in addition to PyJWTError and OSError.
        self.failures: tuple[type[Exception], ...] = (httpx.HTTPError, httpx.InvalidURL)
        self._timeout = timeout
        self._max_bytes = max_bytes
        # Created once, because it takes some 20 ms, in which no task of the event loop would run.
        self._ssl_context = ssl_context or httpx.create_ssl_context()
        self._proxy: httpx.Proxy | None = None
        if proxy is not None:
            scheme = checked_proxy(proxy, _PROXY_SCHEMES).scheme
            context = self._ssl_context if scheme == "https" else None
            self._proxy = httpx.Proxy(proxy, ssl_context=context)
            self._client()  # raises here what else each fetch would raise

    async def __call__(self, request: Request) -> Response:
        """Send a request. Raises PyJWKClientError, httpx.HTTPError or httpx.InvalidURL."""
        async with (
            self._client() as client,
            client.stream("GET", request.url, headers=dict(request.headers)) as response,
        ):
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > self._max_bytes:
                    raise too_large(self._max_bytes)
            answer = Response(response.status_code, response.headers, bytes(body))
            return decoded(answer, self._max_bytes)

    def _client(self) -> httpx.AsyncClient:
        try:
            return self._httpx.AsyncClient(
                verify=self._ssl_context,
                timeout=self._timeout,
                follow_redirects=False,
                proxy=self._proxy,
            )
        except ImportError as error:  # for a SOCKS proxy, also one of the environment
            raise PyJWKClientError(str(error)) from None
