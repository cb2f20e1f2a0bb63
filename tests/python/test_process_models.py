"""rapidjwt in the processes of web servers, of Celery and of multiprocessing, on loopback.

docs/platforms.md lists them. A server that is not installed is skipped.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest
import rapidjwt
from apps.process_models import SECRET
from apps.serving import APPS, GUNICORN, UVICORN, Client, environment, listening

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the servers are for POSIX")

#: Ends a server by itself if the tests are killed.
LIMITED = ["-c", "import os, signal, sys; signal.alarm(300); os.execv(sys.argv[1], sys.argv[1:])"]
SCRIPTS = sysconfig.get_path("scripts")
UWSGI = shutil.which("uwsgi", path=SCRIPTS)
MOD_WSGI = shutil.which("mod_wsgi-express", path=SCRIPTS)


def gunicorn(*arguments):
    return [*GUNICORN, "--workers=2", "--graceful-timeout=1", *arguments, "process_models"]


def uwsgi(*arguments):
    # A worker that is told to stop while it starts may not notice: one second later it is killed.
    stop = ["--die-on-term", "--worker-reload-mercy", "1"]
    common = ["--http-socket", "fd://{fd}", "--home", sys.prefix, "--master", *stop]
    return [*LIMITED, str(UWSGI), *common, "--processes", "2", *arguments]


HYPERCORN = [*LIMITED, sys.executable, "-m", "hypercorn", "--bind", "fd://{fd}", "--workers", "1"]


class Server(NamedTuple):
    needs: str
    command: list[str]
    #: Whether the app is imported before the processes that serve it are forked.
    forks: bool = False


SERVERS = {
    "gunicorn sync": Server("gunicorn", gunicorn("--threads", "1")),
    "gunicorn gthread": Server("gunicorn", gunicorn("--threads", "4")),
    "gunicorn gevent": Server("gevent", gunicorn("--worker-class", "gevent")),
    "gunicorn preload": Server("gunicorn", gunicorn("--preload"), forks=True),
    "uvicorn": Server("uvicorn", [*UVICORN, "process_models:asgi"]),
    "hypercorn": Server("hypercorn", [*HYPERCORN, "process_models:asgi"]),
    "uWSGI": Server("uwsgi", uwsgi("--module", "process_models"), forks=True),
    "uWSGI lazy-apps threads": Server(
        "uwsgi", uwsgi("--module", "process_models", "--lazy-apps", "--threads", "4")
    ),
}


def skip_unless_installed(name):
    found = UWSGI if name == "uwsgi" else importlib.util.find_spec(name)
    if found is None:
        pytest.skip(f"{name} is not installed: pip install {name}")


def tokens():
    """Return a token that is valid, one that has expired, and one that is malformed."""
    claims = {"sub": "alice", "exp": int(time.time()) + 60}
    valid = rapidjwt.encode(claims, SECRET)
    return valid, rapidjwt.encode(claims | {"exp": 1}, SECRET), valid.replace(".", "", 1)


def assert_right(answers, *, forks):
    """Check the answers to the three tokens."""
    valid, expired, malformed = answers
    assert rapidjwt.decode(valid["signed"], SECRET, ["HS256"])["sub"] == "alice again"
    assert expired["refused"] == "ExpiredSignatureError"
    assert malformed["refused"] == "DecodeError"
    if forks is not None:
        assert {answer["forked"] for answer in answers} == {forks}


def ask(client, path="/"):
    replies = [client.get(path, token) for token in tokens()]
    assert [status for status, _ in replies] == [200] * 3
    return [answer for _, answer in replies]


@pytest.mark.parametrize("name", SERVERS)
def test_a_server_verifies_and_signs(name, tmp_path):
    server = SERVERS[name]
    skip_unless_installed(server.needs)
    listener = listening(server.command, APPS, tmp_path / "log")
    with listener as url, ThreadPoolExecutor(4) as pool:  # work for each process and thread
        for answers in pool.map(lambda _: ask(Client(url)), range(8)):
            assert_right(answers, forks=server.forks)


MOUNTS = ["--manage-script-name", "--no-default-app"] + [
    part for path in ("/a", "/b") for part in ("--mount", f"{path}=process_models:application")
]


def test_uwsgi_with_two_mounts_says_what_to_do(tmp_path):
    skip_unless_installed("uwsgi")
    log = tmp_path / "log"
    with listening(uwsgi(*MOUNTS), APPS, log) as url:
        assert_right(ask(Client(url), "/a/"), forks=True)
        with pytest.raises(json.JSONDecodeError):  # "Internal Server Error", without an app
            Client(url).get("/b/", tokens()[0])
    assert "ImportError: rapidjwt cannot be imported in a sub-interpreter" in log.read_text()
    assert "single-interpreter = true" in log.read_text()


def test_uwsgi_with_two_mounts_works_with_a_single_interpreter(tmp_path):
    skip_unless_installed("uwsgi")
    with listening(uwsgi(*MOUNTS, "--single-interpreter"), APPS, tmp_path / "log") as url:
        for path in ("/a/", "/b/"):
            assert_right(ask(Client(url), path), forks=True)


@contextlib.contextmanager
def mod_wsgi(folder, *arguments):
    """Run Apache with mod_wsgi; yield its URL and its log."""
    if MOD_WSGI is None:
        pytest.skip("mod_wsgi is not installed: pip install mod_wsgi-standalone")
    if os.geteuid() == 0:
        pytest.skip("Apache changes to a user that may not read the files of root")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    where = ["--host", "127.0.0.1", "--port", str(port), "--server-root", str(folder / "apache")]
    script = [str(APPS / "process_models.py"), "--log-to-terminal", "--processes", "2"]
    log = folder / "log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, *LIMITED, MOD_WSGI, "start-server", *script, *where, *arguments],
            env=environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(port)
            yield f"http://127.0.0.1:{port}", log
        finally:
            server.terminate()
            server.wait()


def wait_for(port):
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", port)).close()
        time.sleep(0.05)
    raise TimeoutError(port)


def test_mod_wsgi_works_in_the_main_interpreter(tmp_path):
    with mod_wsgi(tmp_path) as (url, _):
        for _ in range(4):
            assert_right(ask(Client(url)), forks=False)


def test_mod_wsgi_with_an_application_group_says_what_to_do(tmp_path):
    with mod_wsgi(tmp_path, "--application-group", "another") as (url, log):
        with pytest.raises(json.JSONDecodeError):  # Apache's page for the status 500
            Client(url).get("/", tokens()[0])
        said = log.read_text()
    assert "rapidjwt cannot be imported in a sub-interpreter" in said
    assert "WSGIApplicationGroup %{GLOBAL}" in said


def test_the_prefork_pool_of_celery(tmp_path):
    skip_unless_installed("celery")
    celery = [sys.executable, "-m", "celery", "--app", "celery_app", "worker"]
    options = ["--pool=prefork", "--concurrency=2", "--without-gossip", "--without-mingle"]
    with (tmp_path / "log").open("w") as log:
        worker = subprocess.Popen(
            [sys.executable, *LIMITED, *celery, *options],
            cwd=tmp_path,
            env=environment(),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            answers = output(["-m", "celery_app", *tokens()], tmp_path)
        finally:
            worker.terminate()
            worker.wait()
    assert_right(answers, forks=True)


#: Whether the pool's processes got the app by a fork. That of forkserver depends on the version.
FORKS = {"fork": True, "spawn": False}


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_each_start_method_of_multiprocessing(method, tmp_path):
    program = str(APPS / "pool_of_processes.py")
    assert_right(output([program, method, *tokens()], tmp_path), forks=FORKS.get(method))


def output(arguments, folder):
    """Return the JSON that a program in Python prints."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
