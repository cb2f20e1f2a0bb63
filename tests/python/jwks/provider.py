"""A provider of keys on loopback that behaves as a test requires."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import rapidjwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

#: The timeout for things that must happen and would otherwise hang the test.
PATIENCE = 20


class SigningKey:
    """A private key of the provider, with the tokens that it signs."""

    def __init__(self, kid):
        self.kid = kid
        private = ec.generate_private_key(ec.SECP256R1())
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.key = rapidjwt.Key.from_pem(pem)

    def jwk(self, **members):
        kid = {} if self.kid is None else {"kid": self.kid}
        return self.key.to_jwk() | kid | {"alg": "ES256", "use": "sig"} | members

    def token(self, **claims):
        headers = None if self.kid is None else {"kid": self.kid}
        return rapidjwt.encode({"sub": "user"} | claims, self.key, "ES256", headers=headers)


class Provider:
    """Handles requests with `answer`, a function of the request handler, and counts them."""

    def __init__(self):
        self.requests = []
        self.waiting = 0  # requests that arrived and have no response yet
        self.routes = {}
        self._open = threading.Event()
        self._open.set()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def origin(self):
        return f"{self.scheme}://127.0.0.1:{self._server.server_port}"

    scheme = "http"

    @property
    def url(self):
        return self.origin + "/jwks"

    def answer(self, answer, path="/jwks"):
        self.routes[path] = answer

    def publish(self, *keys, **headers):
        """Publish keys; header names may have `_` instead of `-`."""
        self.answer(jwks([key.jwk() for key in keys], **headers))

    def hang(self):
        """Do not respond until `release`."""
        self._open.clear()

    def release(self):
        self._open.set()

    def use_tls(self, context):
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.scheme = "https"

    def close(self):
        self.release()
        self._server.shutdown()
        self._server.server_close()

    def _handler(provider):  # noqa: N805 - `self` is the handler's
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                with provider._lock:
                    provider.requests.append(self)
                    provider.waiting += 1
                answer = provider.routes.get(self.path, status(404))
                try:
                    provider._open.wait(PATIENCE)
                    answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # the client went away
                finally:
                    with provider._lock:
                        provider.waiting -= 1

            def log_message(self, *_):
                pass

        return Handler


def send(handler, code, body=b"", **headers):
    handler.send_response(code)
    for name, value in ({"Content_Length": str(len(body))} | headers).items():
        if value is not None:
            handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)


def body(content, code=200, **headers):
    return lambda handler: send(handler, code, content, **headers)


def status(code, **headers):
    return body(b"", code, **headers)


def jwks(keys, **headers):
    return body(json.dumps({"keys": keys}).encode(), **headers)


def with_etag(etag, keys, **headers):
    """Respond with 304 to clients that have this ETag."""

    def answer(handler):
        if handler.headers["If-None-Match"] == etag:
            send(handler, 304, ETag=etag, Content_Length=None, **headers)
        else:
            jwks([key.jwk() for key in keys], ETag=etag, **headers)(handler)

    return answer


def cut_off(handler):
    """Promise more than is sent."""
    send(handler, 200, b'{"keys": [', Content_Length="1000")


def cut_off_after_the_set(handler):
    """Send a whole set, but less than was promised."""
    key = {"kty": "OKP", "crv": "Ed25519", "kid": "key-0"}
    key["x"] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    send(handler, 200, json.dumps({"keys": [key]}).encode(), Content_Length="1000")


def endless(handler):
    send(handler, 200, Content_Length=None)
    while True:
        handler.wfile.write(b" " * 65536)


def cut_off_chunks(handler):
    handler.protocol_version = "HTTP/1.1"
    send(handler, 200, b'ff\r\n{"keys": [', Content_Length=None, Transfer_Encoding="chunked")


def hang_up(handler):
    handler.connection.close()


def trickle(handler):
    """Send bytes forever, each well before a timeout for a single read."""
    send(handler, 200, b"{", Content_Length="100000")
    for _ in range(100_000):
        handler.wfile.write(b" ")
        time.sleep(0.02)


def trickle_headers(handler):
    handler.wfile.write(b"HTTP/1.0 200 OK\r\nX: ")
    for _ in range(100_000):
        handler.wfile.write(b"x")
        time.sleep(0.02)


@contextmanager
def running_provider():
    provider = Provider()
    try:
        yield provider
    finally:
        provider.close()


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.002)


class Clock:
    """A clock that the test sets."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def advance(self, seconds):
        self.now += seconds
