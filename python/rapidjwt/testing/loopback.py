"""The metadata and the keys of an `Issuer`, served over HTTP on loopback."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, cast

from rapidjwt.jwks.messages import Request

if TYPE_CHECKING:
    from collections.abc import Generator

    from .issuer import Issuer


class _Server(ThreadingHTTPServer):
    """A server on a free port; requests may come once it has its issuer."""

    issuer: Issuer
    daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = cast("_Server", self.server)
        answer = server.issuer.transport(Request(server.url + self.path, {}))
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
        """Stay silent."""


@contextmanager
def serving() -> Generator[_Server]:
    """Yield a server that answers until the with block ends."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
