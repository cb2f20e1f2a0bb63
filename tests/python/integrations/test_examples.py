"""The apps in `examples`, under their real servers, tested over HTTP."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from apps.serving import GUNICORN, UVICORN, listening

from .tokens import CASES, SCOPE, SECRET, bearer, token

pytestmark = pytest.mark.skipif(os.name == "nt", reason="gunicorn is for POSIX")

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"


class Example(NamedTuple):
    folder: str
    command: list[str]
    needs: str
    prefixes: tuple[str, ...] = ("",)


APPS = {
    "flask": Example("flask_app", [*GUNICORN, "app:app"], "flask"),
    "fastapi": Example("fastapi_app", [*UVICORN, "app:app"], "fastapi"),
    "litestar": Example("litestar_app", [*UVICORN, "app:app"], "litestar"),
    "aiohttp": Example("aiohttp_app", ["app.py", "{fd}"], "aiohttp"),
    "django wsgi": Example("django_app", [*GUNICORN, "wsgi"], "rest_framework", ("", "/rest")),
    "django asgi": Example(
        "django_app", [*UVICORN, "asgi:application"], "rest_framework", ("", "/rest")
    ),
}


class Answer(NamedTuple):
    status: int
    challenge: str | None
    json: dict


def get(url, path, *authorization):
    """Send a request with as many Authorization headers as are given."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.putrequest("GET", path)
    for value in authorization:
        connection.putheader("Authorization", value)
    connection.endheaders()
    response = connection.getresponse()
    try:
        challenge = response.getheader("WWW-Authenticate")
        return Answer(response.status, challenge, json.load(response))
    finally:
        connection.close()


class App(NamedTuple):
    url: str
    prefixes: tuple[str, ...]

    def get(self, path, *authorization):
        """Request each route that has the path; all send the same response."""
        answers = [get(self.url, prefix + path, *authorization) for prefix in self.prefixes]
        assert answers == answers[:1] * len(answers)
        return answers[0]


@pytest.fixture(scope="module", params=APPS)
def app(request, tmp_path_factory):
    example = APPS[request.param]
    pytest.importorskip(example.needs)
    log = tmp_path_factory.mktemp("server") / "log"
    with listening(example.command, EXAMPLES / example.folder, log, JWT_SECRET=SECRET) as url:
        yield App(url, example.prefixes)


@pytest.mark.parametrize("case", sorted(CASES.keys() - {"missing", "of another scheme"}))
def test_each_request_gets_its_status_and_challenge(app, case):
    authorization, *expected = CASES[case]()
    assert list(app.get("/orders/7", authorization)[:2]) == expected


def test_without_a_token_the_challenge_has_no_error(app):
    for prefix in app.prefixes:
        assert get(app.url, f"{prefix}/me")[:2] == (401, 'Bearer realm="api"')


def test_two_headers_are_a_bad_request(app):
    answer = app.get("/me", bearer(token()), bearer(token()))
    assert answer.status == 400
    assert 'error="invalid_request"' in answer.challenge


def test_who_may_come_in_is_known_by_name(app):
    assert app.get("/me", bearer(token())).json == {"user": "alice"}
    assert app.get("/orders/7", bearer(token(scope=SCOPE))).json == {"order": 7, "for": "Alice"}


def test_a_refusal_says_why(app):
    answer = app.get("/me", bearer(token(lifetime=-1)))
    assert answer.json == {"detail": "The access token has expired"}


def made(*arguments):
    """Return the output of examples/make_token.py."""
    return subprocess.run(
        [sys.executable, str(EXAMPLES / "make_token.py"), *arguments],
        env=os.environ | {"JWT_SECRET": SECRET},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.strip()


def test_the_tokens_of_the_readme_are_answered_as_it_says(app):
    with_scope = made("--scope", SCOPE)
    assert app.get("/me", bearer(with_scope)).status == 200
    assert app.get("/orders/7", bearer(with_scope)).status == 200
    assert app.get("/me", bearer(with_scope[:-5] + "AAAAA")).status == 401
    assert app.get("/orders/7", bearer(made())).status == 403
    assert app.get("/me", bearer(made("--lifetime", "-1"))).status == 401


@pytest.mark.parametrize(
    ("guide", "command"), [("flask", [*GUNICORN, "app:app"]), ("fastapi", [*UVICORN, "app:app"])]
)
def test_the_first_block_of_a_guide_is_an_app_of_less_than_ten_lines(guide, command, tmp_path):
    pytest.importorskip(guide)
    page = (ROOT / "docs" / "guides" / f"{guide}.md").read_text(encoding="utf-8")
    block = re.search(r"```python\n(.+?)```", page, re.DOTALL).group(1)
    assert len([line for line in block.splitlines() if line.strip()]) < 10
    (tmp_path / "app.py").write_text(block, encoding="utf-8")
    with listening(command, tmp_path, tmp_path / "log", JWT_SECRET=SECRET) as url:
        plain = token(without=["aud", "iss"])
        assert get(url, "/me", bearer(plain)).json == {"user": "alice"}
        assert get(url, "/me", bearer(plain[:-5] + "AAAAA")).status == 401
        assert get(url, "/me", bearer(token(lifetime=-1, without=["aud"]))).status == 401
        assert get(url, "/me") == (
            401,
            'Bearer realm="api"',
            {"detail": "A bearer token is required"},
        )
