"""Helpers that are given something other than a verifier, and values that must not reach a
header."""

from __future__ import annotations

import copy
import pickle
from http import HTTPStatus
from types import SimpleNamespace

import pytest

pytest.importorskip("fastapi")

import rapidjwt
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from flask import Flask, g
from flask.views import MethodView
from rapidjwt.integrations import django as helper
from rapidjwt.integrations import fastapi, flask, starlette
from rapidjwt.integrations.bearer import BearerError, MissingTokenError, challenge
from rapidjwt.integrations.drf import TokenUser
from rest_framework.permissions import IsAdminUser, IsAuthenticated
from starlette.requests import Request

from . import django_project  # noqa: F401 - configures Django

SECRET = "hush-a-secret-of-more-than-thirty-two-bytes"
VERIFIER = rapidjwt.Verifier(SECRET, algorithms=["HS256"])
TOKEN = rapidjwt.encode({"sub": "alice", "scope": "read"}, SECRET)
WRONG = [SECRET, SECRET.encode(), None, rapidjwt.Signer(SECRET, "HS256"), {}, rapidjwt.Verifier]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: type(wrong).__name__)
@pytest.mark.parametrize("make", [flask.jwt_required, starlette.JWTBearer, fastapi.JWTBearer])
def test_a_helper_takes_a_verifier_and_names_the_type_of_anything_else(make, wrong):
    with pytest.raises(TypeError, match=r"^Expected a Verifier, .*, got \w+$") as raised:
        make(wrong)
    assert "hush" not in str(raised.value)
    assert type(wrong).__name__ in str(raised.value)


def test_a_decorator_without_parentheses_says_how_to_write_it():
    with pytest.raises(TypeError, match=r"got function: write @jwt_required\(verifier\)$"):

        @flask.jwt_required
        def view(claims):
            """A view that is never called."""


@pytest.mark.parametrize("wrong", [SECRET, SECRET + ".with.dots", b"hush", 7, VERIFIER.decode])
def test_a_secret_in_djangos_setting_is_not_quoted(wrong):
    with override_settings(RAPIDJWT={"VERIFIER": wrong}):
        with pytest.raises(ImproperlyConfigured, match=r"^RAPIDJWT: ") as raised:
            helper.settings()
        assert "hush" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ON_RESULT", "a function"),
        ("DPOP", "a DPoPVerifier"),
        ("CERTIFICATES", "a ClientCertificates"),
    ],
)
def test_a_secret_in_another_setting_is_not_quoted_either(name, kind):
    with override_settings(RAPIDJWT={"VERIFIER": VERIFIER, name: SECRET}):
        with pytest.raises(ImproperlyConfigured, match=f"{name} must be {kind} or") as raised:
            helper.settings()
        assert "hush" not in str(raised.value)


@pytest.mark.parametrize("scope", ["a\r\nX-Evil: 1", "a\nb", 'a"b', "a b\x7f", "ä"])
def test_nothing_but_a_scope_reaches_a_header(scope):
    error = BearerError(HTTPStatus.FORBIDDEN, "no", error="insufficient_scope", scopes=[scope])
    if not scope.isascii() or not scope.isprintable():
        with pytest.raises(ValueError, match="A scope must consist of printable ASCII"):
            challenge("api", error)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("scopes", "status"), [("read", None), (["read"], None), ("read write", 403), ("write", 403)]
)
async def test_scopes_of_a_call_may_be_a_string(scopes, status):
    request = request_with(TOKEN)
    bearer = starlette.JWTBearer(VERIFIER)
    if status is None:
        assert (await bearer(request, scopes))["sub"] == "alice"
        return
    with pytest.raises(starlette.HTTPException) as raised:
        await bearer(request, scopes)
    assert raised.value.status_code == status
    assert f'scope="{scopes}"' in raised.value.headers["WWW-Authenticate"]


@pytest.mark.anyio
async def test_what_is_not_a_scope_is_refused_before_it_reaches_a_header():
    with pytest.raises(ValueError, match="Not a scope"):
        await starlette.JWTBearer(VERIFIER)(request_with(TOKEN), ["a\r\nX-Evil: 1"])


def request_with(token):
    headers = [(b"authorization", f"Bearer {token}".encode())]
    return Request({"type": "http", "method": "GET", "path": "/", "headers": headers})


@pytest.fixture
def anyio_backend():
    return "asyncio"


ERRORS = [
    BearerError(HTTPStatus.FORBIDDEN, "x", error="insufficient_scope", scopes=["a", "b"]),
    BearerError(401, "x"),
    MissingTokenError(),
]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))]
)
def test_errors_survive_copies_and_pickles(error, copied):
    twin = copied(error)
    assert type(twin) is type(error)
    assert (twin.args, vars(twin)) == (error.args, vars(error))
    assert str(twin) == str(error)


@pytest.mark.parametrize("kind", ["decorators", "method"])
def test_class_based_views_of_flask_are_protected(kind):
    required = flask.jwt_required(VERIFIER)

    class ByDecorators(MethodView):
        decorators = (required,)

        def get(self, name):
            return f"{name} {g.jwt_claims['sub']}"

    class ByMethod(MethodView):
        @required
        def get(self, claims, name):
            return f"{name} {claims['sub']}"

    app = Flask(__name__)
    view = {"decorators": ByDecorators, "method": ByMethod}[kind]
    app.add_url_rule("/<name>", view_func=view.as_view("view"))
    client = app.test_client()
    assert client.get("/a").status_code == 401
    response = client.get("/a", headers={"Authorization": f"Bearer {TOKEN}"})
    assert (response.status_code, response.text) == (200, "a alice")


def test_the_user_of_a_token_has_what_stock_permissions_ask_for(rf_request):
    user = TokenUser({"sub": "alice"})
    assert (user.id, user.pk, user.username, user.get_username()) == ("alice",) * 4
    assert not any([user.is_staff, user.is_superuser, user.has_perm("app.view_x")])
    assert not user.has_perms(["app.view_x"])
    assert not user.has_module_perms("app")
    assert user.get_all_permissions() == set()
    assert user == TokenUser({"sub": "alice"})
    assert user != TokenUser({"sub": "bob"})
    assert TokenUser({}) != TokenUser({})
    rf_request.user = user
    assert not IsAdminUser().has_permission(rf_request, None)
    assert IsAuthenticated().has_permission(rf_request, None)


@pytest.fixture
def rf_request():
    return SimpleNamespace(user=None)
