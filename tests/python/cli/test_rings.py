"""`rapidjwt rotate` and `rapidjwt serve-jwks`."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import signal
import subprocess
import sys
import time

import pytest
from rapidjwt import JWKSClient, Verifier
from rapidjwt.keyring import DirectoryStore, KeyRing, Schedule
from redis_server import needs_redis, redis_server  # noqa: F401 - a fixture

from .conftest import is_one_line

PASSPHRASE = "correct horse battery staple"
PATH = "/.well-known/jwks.json"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PASSPHRASE", PASSPHRASE)
    folder = tmp_path / "keyring"
    folder.mkdir()
    return folder


@pytest.fixture
def rotate(run, folder):
    def rotate(*arguments, store=folder):
        return run("rotate", store, "--passphrase-env", "PASSPHRASE", *arguments)

    return rotate


def test_the_first_call_makes_a_key_and_the_second_none(rotate, folder):
    first = rotate("--every", "7d", "--token-lifetime", "15m")
    assert (first.code, first.err) == (0, "rapidjwt: Made a key\n")
    kid = KeyRing(DirectoryStore(folder)).current.kid
    assert re.fullmatch(rf"current  {kid}  signs from [0-9T:-]+Z\n", first.out)
    second = rotate()
    assert (second.code, second.out, second.err) == (0, first.out, "")
    schedule = KeyRing(DirectoryStore(folder)).schedule
    assert schedule == Schedule(every=7 * 86400, token_lifetime=900)


def test_json_has_the_keys_and_their_times(rotate):
    first = rotate("--json", "--alg", "EdDSA").json
    (key,) = first["keys"]
    assert first["added"] == key["kid"]
    assert (key["alg"], key["status"], key["retired_at"]) == ("EdDSA", "current", None)
    second = rotate("--json", "--now").json
    current, following = second["keys"]
    assert (current["status"], following["status"]) == ("current", "next")
    assert second["added"] == following["kid"]
    assert following["signs_from"] == current["retired_at"] < current["withdrawn_at"]
    assert rotate("--json", "--now").json["added"] is None


def test_a_retired_key_is_shown_with_its_end(rotate, folder):
    quick = Schedule(every=0.1, max_age=0, max_staleness=0.1, leeway=0, token_lifetime=100)
    ring = KeyRing(DirectoryStore(folder), schedule=quick, passphrase=PASSPHRASE)
    ring.rotate()
    ring.rotate(early=True)
    time.sleep(0.1)
    words = [line.split()[0] for line in rotate("--every", "1h").out.splitlines()]
    assert words == ["retired", "current"]
    assert "published until" in rotate().out


def test_withdraw_removes_a_key(rotate, folder):
    rotate()
    leaked = KeyRing(DirectoryStore(folder)).current.kid
    done = rotate("--withdraw", leaked)
    assert done.code == 0
    assert done.err.startswith("rapidjwt: Withdrew the key")
    assert leaked not in done.out
    assert rotate("--withdraw", leaked).code == 3


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--every", "10s"], 2, "--every must be at least --max-age + --max-staleness + --leeway"),
        (["--token-lifetime", "0"], 2, "--token-lifetime must be at least 1"),
        (["--now", "--withdraw", "a"], 2, "either --now or --withdraw"),
        (["--alg", "HS256"], 2, "'HS256' is not one of"),
        (["--size", "100", "--alg", "RS256"], 3, "RSA"),
        (["--withdraw", "a"], 3, "no key with this kid"),
    ],
)
def test_wrong_arguments_are_one_line(rotate, arguments, code, text):
    if "--withdraw" in arguments:
        rotate()
    done = rotate(*arguments)
    assert done.code == code, done
    assert is_one_line(done.err)
    assert text in done.err


def test_unusable_places_and_passphrases_are_one_line(run, rotate, folder, monkeypatch):
    assert "There is no directory" in rotate(store=folder / "no").err
    monkeypatch.setenv("PASSPHRASE", "")
    assert rotate().code == 2
    monkeypatch.delenv("PASSPHRASE")
    done = rotate()
    assert (done.code, done.out) == (3, "")
    assert "environment variable for the passphrase is not set" in done.err
    (folder / "keyring.json").write_text("{}")
    done = run("serve-jwks", folder)
    assert (done.code, done.out) == (3, "")
    assert "damaged" in done.err


def test_another_passphrase_is_refused(rotate, monkeypatch):
    rotate()
    monkeypatch.setenv("PASSPHRASE", "wrong")
    done = rotate("--now")
    assert (done.code, done.out) == (3, "")
    assert "not encrypted under this passphrase" in done.err


def test_redis_is_an_extra(rotate, monkeypatch):
    monkeypatch.setitem(sys.modules, "redis", None)
    done = rotate(store="redis://127.0.0.1:1/")
    assert (done.code, is_one_line(done.err)) == (5, True)
    assert "rapidjwt[redis]" in done.err


@needs_redis
def test_a_ring_in_redis_has_a_name(run, rotate, redis_server):  # noqa: F811
    refused = rotate(store="redis://:secret@127.0.0.1:1/0")
    assert (refused.code, "secret" in refused.err) == (3, False)
    url = f"redis://127.0.0.1:{redis_server.port}/0"
    assert rotate("--name", "a", store=url).code == 0
    assert redis_server.client().exists("a") == 1
    assert "no keys yet" in run("serve-jwks", url).err
    invalid = rotate(store="redis://127.0.0.1:port/0")
    assert (invalid.code, is_one_line(invalid.err)) == (2, True)


@contextlib.contextmanager
def serving(folder, *arguments):
    """Run the server, and yield its URL."""
    command = [sys.executable, "-W", "error", "-m", "rapidjwt", "serve-jwks", folder, "--port", "0"]
    with subprocess.Popen([*command, *arguments], stderr=subprocess.PIPE, text=True) as process:
        try:
            line = process.stderr.readline()
            assert line.startswith("rapidjwt: Serving http://127.0.0.1:"), line
            yield process, line.split()[-1]
        finally:
            process.kill()


def ask(url, path=PATH, method="GET", **headers):
    host = url.split("/")[2]
    connection = http.client.HTTPConnection(host, timeout=30)
    with contextlib.closing(connection):
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()


def test_the_server_publishes_with_the_headers_of_the_ring(rotate, folder):
    rotate("--max-age", "100s")
    with serving(folder) as (_, url):
        status, headers, body = ask(url)
        assert (status, headers["Cache-Control"]) == (200, "public, max-age=100")
        assert headers["Content-Type"] == "application/jwk-set+json"
        assert json.loads(body) == KeyRing(DirectoryStore(folder)).jwks()
        known = {"If-None-Match": headers["ETag"]}
        assert ask(url, **known)[::2] == (304, b"")
        head = ask(url, method="HEAD")
        assert head[::2] == (200, b"")
        assert head[1]["Content-Length"] == str(len(body))
        assert ask(url, f"{PATH}?a=b")[0] == 200
        assert ask(url, "/other")[0] == 404
        assert ask(url, method="POST")[0] == 501
        token = KeyRing(DirectoryStore(folder), passphrase=PASSPHRASE).signer().encode({"sub": "a"})
        verifier = Verifier(jwks=JWKSClient(url, allow_http=True), algorithms=["ES256"])
        assert verifier.decode(token)["sub"] == "a"


@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT is POSIX")
@pytest.mark.usefixtures("_interruptible")
def test_the_server_shows_a_state_that_cannot_be_used_and_ends_by_an_interrupt(rotate, folder):
    rotate("--max-staleness", "1s")
    with serving(folder, "--path", "/keys") as (process, url):
        assert url.endswith("/keys")
        (folder / "keyring.json").write_text("damaged")
        deadline = time.monotonic() + 30
        while ask(url, "/keys")[0] != 503:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert "damaged" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130


def test_a_port_that_is_taken_is_one_line(run, rotate, folder):
    rotate()
    with serving(folder) as (_, url):
        port = url.split(":")[2].split("/")[0]
        done = run("serve-jwks", folder, "--port", port)
    assert (done.code, is_one_line(done.err)) == (3, True)
    assert run("serve-jwks", folder, "--path", "keys").code == 2
