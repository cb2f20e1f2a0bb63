"""The page over HTTP, for one browser on this machine.

The address has a random path, so that neither another user of the machine nor a page of another
site can find it. A page of another site that knew it could not use it either: the Host of each
request, and the Origin of each one that does something, must be those of this server.
"""

from __future__ import annotations

import json
import secrets
import sys
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any, NamedTuple

from .actions import answer

_HOST = "127.0.0.1"
#: Seconds after which a connection without a request is closed.
_IDLE = 10
#: More than any token with its keys.
_MAX_BYTES = 1024 * 1024
_TYPES = {
    "index.html": "text/html",
    "page.css": "text/css",
    "page.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class _Answer(NamedTuple):
    status: HTTPStatus
    type: str
    body: bytes


class PageServer(ThreadingHTTPServer):
    """Serves the page on loopback, at an address that cannot be guessed."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        """Listen on a port; 0 chooses a free one. Raises OSError if that is impossible."""
        super().__init__((_HOST, port), _Handler)
        self.path = f"/{secrets.token_urlsafe(32)}/"

    @cached_property
    def origin(self) -> str:
        """The origin of the page."""
        return f"http://{_HOST}:{self.server_port}"

    @property
    def url(self) -> str:
        """The address of the page, which is a secret of this user."""
        return self.origin + self.path

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base's
        """Leave out that a client went away, and what a request held: it may have had a key."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError):
            sys.stderr.write(f"rapidjwt: A request failed: {type(error).__name__}\n")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "rapidjwt", ""
    timeout = _IDLE
    wbufsize = -1  # headers and body leave together
    server: PageServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        """Answer with a file of the page."""
        self._send(self._refusal() or _file(self._name()))

    def do_POST(self) -> None:
        """Do what the page asks for."""
        refused = self._refusal() or self._refusal_to_act()
        if refused is not None:
            self.close_connection = True  # the body was not read
            self._send(refused)
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._send(_act(self._name(), body))

    def _name(self) -> str:
        return self.path[len(self.server.path) :]

    def _refusal(self) -> _Answer | None:
        """Refuse another Host, which is what DNS rebinding has, and another path."""
        if self.headers.get_all("Host") != [self.server.origin.removeprefix("http://")]:
            return _plain(HTTPStatus.MISDIRECTED_REQUEST)
        beginning = self.path[: len(self.server.path)].encode("utf-8", "replace")
        if not secrets.compare_digest(beginning, self.server.path.encode()):
            return _plain(HTTPStatus.NOT_FOUND)
        return None

    def _refusal_to_act(self) -> _Answer | None:
        """Refuse requests that pages of other origins can make, and bodies without bound."""
        if self.headers.get_all("Origin") != [self.server.origin]:
            return _plain(HTTPStatus.FORBIDDEN)
        if self.headers.get("Content-Type") != "application/json":
            return _plain(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or "Transfer-Encoding" in self.headers:
            return _plain(HTTPStatus.LENGTH_REQUIRED)
        if len(length) > len(str(_MAX_BYTES)) or int(length) > _MAX_BYTES:
            return _plain(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return None

    def _send(self, answered: _Answer) -> None:
        self.send_response(answered.status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{answered.type}; charset=utf-8")
        self.send_header("Content-Length", str(len(answered.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(answered.body)

    def log_message(self, *_arguments: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Log nothing: a line would hold the path."""


def _plain(status: HTTPStatus) -> _Answer:
    return _Answer(status, "text/plain", f"{status.phrase}\n".encode())


def _file(name: str) -> _Answer:
    name = name or "index.html"
    if name not in _TYPES:
        return _plain(HTTPStatus.NOT_FOUND)
    content = (files("rapidjwt.ui") / "page" / name).read_bytes()
    return _Answer(HTTPStatus.OK, _TYPES[name], content)


def _act(name: str, body: bytes) -> _Answer:
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        return _plain(HTTPStatus.BAD_REQUEST)
    result = answer(name, request) if isinstance(request, dict) else None
    if result is None:
        return _plain(HTTPStatus.BAD_REQUEST)
    return _Answer(HTTPStatus.OK, "application/json", json.dumps(result).encode())
