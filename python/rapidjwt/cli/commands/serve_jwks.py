"""`rapidjwt serve-jwks`."""

from __future__ import annotations

import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import click

from rapidjwt.cli.exit_code import ExitCode, Failure
from rapidjwt.cli.options import examples
from rapidjwt.cli.output import note
from rapidjwt.cli.rings import store_argument, store_of
from rapidjwt.exceptions import KeyRingError, StoreUnavailableError
from rapidjwt.integrations.published_keys import Published, published
from rapidjwt.keyring import KeyRing

if TYPE_CHECKING:
    from typing import Any

_PATH = "/.well-known/jwks.json"
#: Seconds after which a connection without a request is closed.
_IDLE = 10


@click.command(
    "serve-jwks",
    short_help="Publish the keys of a key ring over HTTP.",
    epilog=examples(
        "rapidjwt serve-jwks keyring --port 8080",
    ),
)
@store_argument
@click.option(
    "--host", default="127.0.0.1", metavar="ADDRESS", show_default=True, help="Where to listen."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="0 chooses a free one.",
)
@click.option("--path", default=_PATH, show_default=True, help="The path of the JWK Set.")
def serve_jwks(store: str, name: str, host: str, port: int, path: str) -> ExitCode:
    """Publish the public keys of a key ring over HTTP, for development and behind a proxy.

    STORE is a directory, or the URL of a Redis. It listens on this machine only, unless --host says
    otherwise, and needs no passphrase. Cache-Control is that of the ring.
    """
    ring = KeyRing(store_of(store, name))
    ring.key_set()  # an unusable ring is noticed now
    if not path.startswith("/"):
        raise click.UsageError("--path must begin with /.")
    try:
        server = _Server((host, port), _Handler)
    except OSError as error:
        raise Failure(f"It cannot listen there: {error.strerror}") from None
    server.ring, server.path = ring, path
    with server:
        note(f"Serving http://{host}:{server.server_port}{path}")
        server.serve_forever()
    return ExitCode.OK


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    ring: KeyRing
    path: str

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Leave out that a client went away."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD for one path."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "rapidjwt", ""
    timeout = _IDLE
    wbufsize = -1  # headers and body leave together
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        """Answer with the JWK Set."""
        self._send(self._answer(), has_body=True)

    def do_HEAD(self) -> None:
        """Answer as to GET, without the body."""
        self._send(self._answer(), has_body=False)

    def _answer(self) -> Published:
        if self.path.partition("?")[0] != self.server.path:
            return _refusal(HTTPStatus.NOT_FOUND)
        try:
            keys, schedule = self.server.ring.key_set(), self.server.ring.schedule
        except (KeyRingError, StoreUnavailableError) as error:
            note(str(error))
            return _refusal(HTTPStatus.SERVICE_UNAVAILABLE)
        known = self.headers.get_all("If-None-Match", [])
        return published(keys, known, max_age=int(schedule.max_age))

    def _send(self, answer: Published, *, has_body: bool) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if has_body:
            self.wfile.write(answer.body)

    def log_message(self, *_arguments: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Log nothing: a proxy does, and a line holds what a client sends."""


def _refusal(status: HTTPStatus) -> Published:
    headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
    return Published(status, headers, f"{status.phrase}\n".encode())
