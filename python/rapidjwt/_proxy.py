"""Proxies on the way to a JWKS endpoint: one that the caller names, or the environment's."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.parse import unquote, urlsplit
from urllib.request import ProxyHandler, Request, proxy_bypass

from .exceptions import PyJWKClientError

if TYPE_CHECKING:
    from urllib.parse import SplitResult


class NamedProxy(ProxyHandler):
    """Sends every request of an opener through one HTTP proxy, whatever the environment says."""

    def __init__(self, url: str) -> None:
        """Take the proxy's URL, with a user name and a password if it wants them.

        Raises PyJWKClientError for a URL that cannot be used.
        """
        super().__init__({})
        parts = checked_proxy(url, ("http",))
        host = parts.netloc.rpartition("@")[2]
        self._address = host if parts.port else f"{host.rstrip(':')}:80"
        self._authorization: str | None = None
        if parts.username is not None:
            credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._authorization = "Basic " + b64encode(credentials.encode()).decode()

    def http_open(self, request: Request) -> None:
        """Direct a request to the proxy; the next handler sends it."""
        if self._authorization is not None:
            request.add_header("Proxy-authorization", self._authorization)
        request.set_proxy(self._address, "http")

    https_open = http_open


class EnvironmentProxies(ProxyHandler):
    """The proxies of the environment, as urllib knows them, but with an error for SOCKS ones."""

    def proxy_open(self, req: Request, proxy: str, type: str) -> Any:  # noqa: A002 - urllib's name
        """Direct a request to a proxy. Raises URLError for a SOCKS proxy, which urllib misuses."""
        if _is_socks(proxy) and not proxy_bypass(req.host):
            raise URLError(_socks_refusal(proxy))
        return super().proxy_open(req, proxy, type)


def checked_proxy(url: str, schemes: tuple[str, ...]) -> SplitResult:
    """Return the parts of a proxy's URL.

    Raises PyJWKClientError for another scheme than these, or no host. Its text never quotes what
    may be a password.
    """
    parts = _parts(url)
    if parts is not None and parts.scheme in schemes:
        return parts
    if _is_socks(url):
        raise PyJWKClientError(_socks_refusal(url))
    if parts is not None and parts.scheme == "https":
        raise PyJWKClientError(
            f"The proxy https://{parts.hostname} is reached through TLS, which is not supported:"
            " name an HTTP proxy (http://...), which tunnels https requests unread, or use"
            " AsyncJWKSClient"
        )
    allowed = " or ".join(f"{scheme}://" for scheme in schemes)
    raise PyJWKClientError(
        f"A proxy's URL must start with {allowed} and have a host, for example "
        "http://proxy.example:3128; a user name and a password in it are percent-encoded"
    )


def _parts(url: str) -> SplitResult | None:
    """Return the parts of a URL that has a host, and no port or one that exists."""
    try:
        parts = urlsplit(url)
        is_usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if is_usable else None


def _is_socks(url: str) -> bool:
    return url.lower().startswith("socks")


def _socks_refusal(url: str) -> str:
    # The host alone: a password with a slash in it would be taken for the port.
    parts = urlsplit(url)
    return (
        f"The proxy {parts.scheme}://{parts.hostname or ''} speaks SOCKS, which is not supported: "
        "name an HTTP proxy (http://...), or use AsyncJWKSClient with httpx[socks] for socks5"
    )
