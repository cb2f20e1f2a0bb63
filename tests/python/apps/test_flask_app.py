"""A Flask app with flask-jwt-extended, served by gunicorn, runs on rapidjwt."""

from __future__ import annotations

import pytest
from flask_app import SECRET
from serving import changed, serve, tampered, unsigned

PAST = 1_000_000_000


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    log = tmp_path_factory.mktemp("flask") / "server.log"
    with serve("flask_app:create_app()", log) as client:
        yield client


@pytest.fixture(scope="module")
def tokens(app):
    status, tokens = app.post("/login/", {"username": "zoe", "password": "password"})
    assert status == 200, tokens
    return tokens


def test_a_wrong_password_gives_no_token(app):
    assert app.post("/login/", {"username": "zoe", "password": "wrong"})[0] == 401


def test_a_user_who_logged_in_sees_the_protected_view(app, tokens):
    assert app.get("/me/", tokens["access"]) == (200, {"user": "zoe", "on_rapidjwt": True})


def test_nobody_else_sees_the_protected_view(app):
    assert app.get("/me/") == (401, {"msg": "Missing Authorization Header"})


def test_a_token_signed_by_pyjwt_is_as_good(app, tokens):
    status, reply = app.get("/me/", changed(tokens["access"], SECRET, jti="another"))
    assert (status, reply["user"]) == (200, "zoe")


def test_an_expired_token_is_refused(app, tokens):
    token = changed(tokens["access"], SECRET, exp=PAST)
    assert app.get("/me/", token) == (401, {"msg": "Token has expired"})


@pytest.mark.parametrize(
    ("claims", "message"),
    [
        ({"aud": "others"}, "Audience doesn't match"),
        ({"iss": "another app"}, "Invalid issuer"),
        ({"exp": "soon"}, "Expiration Time claim (exp) must be an integer."),
    ],
)
def test_a_token_with_wrong_claims_is_refused(app, tokens, claims, message):
    token = changed(tokens["access"], SECRET, **claims)
    assert app.get("/me/", token) == (422, {"msg": message})


@pytest.mark.parametrize(
    ("forge", "message"),
    [
        (tampered, "Signature verification failed"),
        (unsigned, "The specified alg value is not allowed"),
    ],
)
def test_a_forged_token_is_refused(app, tokens, forge, message):
    assert app.get("/me/", forge(tokens["access"])) == (422, {"msg": message})


def test_a_refresh_token_gives_a_new_access_token(app, tokens):
    status, fresh = app.post("/refresh/", token=tokens["refresh"])
    assert status == 200
    assert app.get("/me/", fresh["access"])[0] == 200


def test_an_expired_refresh_token_gives_nothing(app, tokens):
    token = changed(tokens["refresh"], SECRET, exp=PAST)
    assert app.post("/refresh/", token=token) == (401, {"msg": "Token has expired"})


def test_an_access_token_does_not_refresh(app, tokens):
    assert app.post("/refresh/", token=tokens["access"]) == (
        422,
        {"msg": "Only refresh tokens are allowed"},
    )
