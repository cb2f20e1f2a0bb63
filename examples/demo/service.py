"""What both servers of the demonstration share. Nothing here concerns tokens."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from http import HTTPStatus
    from http.server import HTTPServer


def url_of(server: HTTPServer) -> str:
    """Return the URL at which `server` answers."""
    return f"http://127.0.0.1:{server.server_port}"


class JsonHandler(BaseHTTPRequestHandler):
    """Answers in JSON."""

    server: HTTPServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def reply(
        self, status: HTTPStatus, body: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> None:
        """Send `status`, `headers` and `body` as JSON."""
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Say nothing: the demonstration prints each request itself."""


def serve(handler: type[JsonHandler]) -> None:
    """Serve on a free loopback port, print the URL, stop when standard input ends.

    Standard input ends when the demonstration closes it, and when the demonstration dies: no
    server outlives it.
    """
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        print(url_of(server), flush=True)
        with suppress(KeyboardInterrupt):
            sys.stdin.read()
        server.shutdown()
