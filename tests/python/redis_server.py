"""A real redis-server on loopback, for the time of a test."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time

import pytest

PROGRAM = shutil.which("redis-server") or shutil.which("valkey-server")
needs_redis = pytest.mark.skipif(
    PROGRAM is None, reason="needs redis-server (Debian's package redis-server)"
)


class RedisServer:
    """A server that keeps what it has confirmed, also if it is killed."""

    def __init__(self, folder):
        self.folder = folder
        self._log = folder / "redis.log"
        self._process = None
        self._clients = []
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]

    def start(self, *arguments):
        self._process = subprocess.Popen(
            [
                PROGRAM,
                *("--bind", "127.0.0.1"),
                *("--port", str(self.port)),
                *("--dir", str(self.folder)),
                *("--logfile", str(self._log)),
                *("--save", ""),
                *("--appendonly", "yes"),
                *("--appendfsync", "always"),
                *arguments,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while not self._answers():
            assert self._process.poll() is None, self._log.read_text(errors="replace")
            assert time.monotonic() < deadline, "redis-server does not answer"
            time.sleep(0.02)

    def _answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(5) == b"+PONG"
        except OSError:
            return False

    def kill(self):
        """Kill the server as a crash would."""
        self._process.kill()
        self._process.wait(timeout=60)

    def stop(self):
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill()

    def close(self):
        """Stop the server for good."""
        for client in self._clients:
            client.close()
        self.stop()

    @contextlib.contextmanager
    def suspended(self):
        """Stop the server from answering, with its connections open."""
        import signal

        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def client(self, **arguments):
        """Return a client that gives up soon, and that `close` closes."""
        self._clients.append(client(self.port, **arguments))
        return self._clients[-1]

    def async_client(self, **arguments):
        """Return the same for asyncio, which the task closes: `async with`."""
        import redis.asyncio

        return redis.asyncio.Redis(port=self.port, **(soon(redis.asyncio.retry.Retry) | arguments))


def client(port, **arguments):
    import redis

    return redis.Redis(port=port, **(soon(redis.retry.Retry) | arguments))


def soon(retry):
    from redis.backoff import NoBackoff

    return {
        "host": "127.0.0.1",
        "socket_timeout": 2,
        "socket_connect_timeout": 2,
        "retry": retry(NoBackoff(), 0),
    }


@pytest.fixture
def redis_server(tmp_path):
    server = RedisServer(tmp_path)
    server.start()
    try:
        yield server
    finally:
        server.close()
