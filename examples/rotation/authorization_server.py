"""An authorization server whose private keys are in an HSM and rotate.

    GET  /.well-known/jwks.json   the JWK Set of the key ring
    POST /token                   an access token

A real one authenticates the client before it answers.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from hsm import hsm_keys
from pkcs11 import PKCS11Error
from rapidjwt import PyJWTError
from rapidjwt.integrations.published_keys import published
from rapidjwt.keyring import DirectoryStore, KeyRing, Schedule

FOLDER = Path(os.environ["FOLDER"])
ISSUER = "https://auth.example"
#: The demonstration writes this file to have the server killed in the middle of a rotation.
DEADLY = FOLDER / "die-in-the-next-rotation"


def die_if_asked() -> None:
    """Die as by a power failure: the HSM has made a key, and the ring does not have it yet."""
    if DEADLY.exists():
        DEADLY.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def schedule(every: float) -> Schedule:
    """Return a schedule that is as strict as a rotation every few seconds allows."""
    return Schedule(
        every=every,
        token_lifetime=max(1, int(every * 0.8)),
        max_age=max(1, int(every * 0.3)),
        max_staleness=every * 0.1,
        leeway=every * 0.2,
    )


ring = KeyRing(
    DirectoryStore(FOLDER / "keyring"),
    schedule=schedule(float(os.environ["EVERY"])),
    remote=hsm_keys(die_if_asked),
)
signer = ring.signer(issuer=ISSUER)


def keep_rotating() -> None:
    """Do what is due, four times a second: in production, once in a few minutes."""
    while True:
        try:
            ring.rotate()
        except (PyJWTError, PKCS11Error) as error:  # tried again
            sys.stderr.write(f"No rotation: {error!r}\n")
        time.sleep(0.25)


class AuthorizationServer(BaseHTTPRequestHandler):
    """The two endpoints."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave together

    def do_GET(self) -> None:
        """Answer with the JWK Set."""
        known = self.headers.get_all("If-None-Match", [])
        max_age = int(ring.schedule.max_age)
        self.answer(*published(ring.key_set(), known, max_age=max_age))

    def do_POST(self) -> None:
        """Answer with a token."""
        body = json.dumps({"access_token": signer.encode({"sub": "alice"})}).encode()
        self.answer(HTTPStatus.OK, {"Content-Type": "application/json"}, body)

    def answer(self, status: HTTPStatus, headers: dict[str, str], body: bytes) -> None:
        """Send an answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Log nothing."""


class Server(ThreadingHTTPServer):
    """A server whose clients may go away."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Leave out that a client went away."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


if __name__ == "__main__":
    ring.rotate()  # the first key, or what is due after a crash
    Thread(target=keep_rotating, daemon=True).start()
    with Server(("127.0.0.1", int(os.environ["PORT"])), AuthorizationServer) as server:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        server.serve_forever()
