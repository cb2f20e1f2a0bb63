"""A Django REST Framework app with simplejwt, served by gunicorn, runs on rapidjwt."""

from __future__ import annotations

import subprocess
import sys

import pytest
from serving import APPS, changed, environment, serve, tampered, unsigned

SECRET = "the secret of an app that exists only in tests"
PAST = 1_000_000_000
MAKE_DATABASE = """
import django
django.setup()
from django.contrib.auth import get_user_model
from django.core.management import call_command
call_command("migrate", verbosity=0)
get_user_model().objects.create_user("zoe", password="password")
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    file = tmp_path_factory.mktemp("django") / "database.sqlite3"
    variables = {"APP_DATABASE": str(file), "DJANGO_SETTINGS_MODULE": "django_app.settings"}
    subprocess.run(
        [sys.executable, "-c", MAKE_DATABASE], cwd=APPS, env=environment(**variables), check=True
    )
    return file


@pytest.fixture(scope="module", params=["wsgi", "wsgi_by_settings"])
def app(request, database):
    log = database.with_name(f"{request.param}.log")
    module = f"django_app.{request.param}"
    with serve(module, log, APP_DATABASE=str(database)) as client:
        yield client


@pytest.fixture(scope="module")
def tokens(app):
    status, tokens = app.post("/login/", {"username": "zoe", "password": "password"})
    assert status == 200, tokens
    return tokens


def test_a_wrong_password_gives_no_token(app):
    status, reply = app.post("/login/", {"username": "zoe", "password": "wrong"})
    assert status == 401
    assert "No active account" in reply["detail"]


def test_a_user_who_logged_in_sees_the_protected_view(app, tokens):
    assert app.get("/me/", tokens["access"]) == (200, {"user": "zoe", "on_rapidjwt": True})


def test_nobody_else_sees_the_protected_view(app):
    status, _ = app.get("/me/")
    assert status == 401


def test_a_token_signed_by_pyjwt_is_as_good(app, tokens):
    status, reply = app.get("/me/", changed(tokens["access"], SECRET, jti="another"))
    assert (status, reply["user"]) == (200, "zoe")


def test_an_expired_token_is_refused(app, tokens):
    status, reply = app.get("/me/", changed(tokens["access"], SECRET, exp=PAST))
    assert (status, reply["code"]) == (401, "token_not_valid")
    assert reply["messages"][0]["message"] == "Token is expired"


@pytest.mark.parametrize("claims", [{"aud": "others"}, {"iss": "another app"}, {"exp": "soon"}])
def test_a_token_with_wrong_claims_is_refused(app, tokens, claims):
    status, reply = app.get("/me/", changed(tokens["access"], SECRET, **claims))
    assert (status, reply["code"]) == (401, "token_not_valid")


@pytest.mark.parametrize("forge", [tampered, unsigned])
def test_a_forged_token_is_refused(app, tokens, forge):
    status, reply = app.get("/me/", forge(tokens["access"]))
    assert (status, reply["code"]) == (401, "token_not_valid")


def test_a_refresh_token_gives_a_new_access_token_once(app):
    _, tokens = app.post("/login/", {"username": "zoe", "password": "password"})
    status, fresh = app.post("/refresh/", {"refresh": tokens["refresh"]})
    assert status == 200
    assert app.get("/me/", fresh["access"])[0] == 200
    status, reply = app.post("/refresh/", {"refresh": tokens["refresh"]})
    assert (status, reply["code"]) == (401, "token_not_valid")


def test_an_expired_refresh_token_gives_nothing(app, tokens):
    status, reply = app.post("/refresh/", {"refresh": changed(tokens["refresh"], SECRET, exp=PAST)})
    assert (status, reply["code"]) == (401, "token_not_valid")


def test_an_access_token_does_not_refresh(app, tokens):
    status, _ = app.post("/refresh/", {"refresh": tokens["access"]})
    assert status == 401


def test_tokens_can_be_verified(app, tokens):
    assert app.post("/verify/", {"token": tokens["access"]}) == (200, {})
    assert app.post("/verify/", {"token": tampered(tokens["access"])})[0] == 401
