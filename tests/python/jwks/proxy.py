"""An HTTP proxy on loopback, which notes what it is asked for."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from .provider import PATIENCE, send


class Proxy:
    """Forwards requests and tunnels; `seen` has the method, target and credentials of each."""

    def __init__(self, ssl_context):
        self.seen = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        if ssl_context is not None:
            self.server.socket = ssl_context.wrap_socket(self.server.socket, server_side=True)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        self.address = f"127.0.0.1:{self.server.server_port}"

    def _handler(proxy):  # noqa: N805 - `self` is the handler's
        class Handler(BaseHTTPRequestHandler):
            def note(self):
                proxy.seen.append((self.command, self.path, self.headers["Proxy-Authorization"]))

            def do_GET(self):
                self.note()
                target = urlsplit(self.path)
                connection = HTTPConnection(target.netloc, timeout=PATIENCE)
                connection.request("GET", target.path, headers={"Host": target.netloc})
                response = connection.getresponse()
                send(self, response.status, response.read())
                connection.close()

            def do_CONNECT(self):
                self.note()
                host, port = self.path.split(":")
                with socket.create_connection((host, int(port)), PATIENCE) as onward:
                    self.send_response(200)
                    self.end_headers()
                    back = threading.Thread(target=pump, args=(onward, self.connection))
                    back.start()
                    pump(self.connection, onward)
                    back.join(PATIENCE)

            def log_message(self, *_):
                pass

        return Handler


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # the other side has gone


@contextmanager
def running_proxy(ssl_context=None):
    proxy = Proxy(ssl_context)
    try:
        yield proxy
    finally:
        proxy.server.shutdown()
        proxy.server.server_close()
