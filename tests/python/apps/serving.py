"""A web app under gunicorn on loopback, for the time of a test, and a client for it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import jwt
import rapidjwt

APPS = Path(__file__).parent


def environment(**variables):
    """Return the environment of a program that finds the apps, and rapidjwt where it is here."""
    folders = [str(APPS), str(Path(rapidjwt.__file__).parents[1])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(folders), **variables}


@contextlib.contextmanager
def serve(app, log, **variables):
    """Run `app`, a name that gunicorn understands, and yield a client for it."""
    with listening([*GUNICORN, app], APPS, log, **variables) as url:
        yield Client(url)


#: Arguments of Python that start a server on the socket `{fd}`.
GUNICORN = ["-m", "gunicorn", "--config", str(APPS / "gunicorn.conf.py"), "--bind", "fd://{fd}"]
UVICORN = ["-c", "import signal, uvicorn; signal.alarm(300); uvicorn.main()", "--fd", "{fd}"]


@contextlib.contextmanager
def listening(command, folder, log, **variables):
    """Run a server in a folder and yield its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("w") as output:
        # The listener is open before the server runs, so the first request waits for it.
        descriptor = listener.fileno()
        server = subprocess.Popen(
            [sys.executable, *(part.format(fd=descriptor) for part in command)],
            cwd=folder,
            env=environment(**variables),
            pass_fds=[descriptor],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.terminate()
            try:
                server.wait(timeout=30)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


class Client:
    """Speaks JSON to a server; a reply is a pair of status and JSON."""

    def __init__(self, url):
        self.url = url
        # Whatever proxy the machine has, it is not used for loopback.
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, path, token=None):
        return self._send(urllib.request.Request(self.url + path), token)

    def post(self, path, body=None, token=None):
        request = urllib.request.Request(
            self.url + path,
            data=json.dumps(body or {}).encode(),
            headers={"Content-Type": "application/json"},
        )
        return self._send(request, token)

    def _send(self, request, token):
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with self.opener.open(request, timeout=60) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)


def changed(token, secret, **claims):
    """Return a token signed again with PyJWT, after some claims have been changed."""
    payload = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode({**payload, **claims}, secret, "HS256")


def tampered(token):
    """Return a token whose claims were changed, but which was not signed again."""
    header, payload, _ = changed(token, "x" * 32, user_id="2", sub="eve").split(".")
    return ".".join([header, payload, token.split(".")[2]])


def unsigned(token):
    payload = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(payload, None, "none")
