"""The middleware and decorator for Django, and the classes for its REST framework."""

from __future__ import annotations

import asyncio
import threading
from typing import TypedDict

import pytest
import rapidjwt
import time_machine

pytest.importorskip("rest_framework")

from django.core.exceptions import ImproperlyConfigured
from django.test import AsyncClient, Client, RequestFactory, modify_settings, override_settings
from rapidjwt.integrations.django import JWTMiddleware, jwt_required
from rapidjwt.integrations.drf import JWTAuthentication, has_scopes

from . import django_project
from .tokens import (
    CASES,
    SCOPE,
    Async,
    NoKeys,
    NoKeysAsync,
    Slow,
    bearer,
    invalid,
    token,
    verifier,
)


@pytest.fixture(autouse=True)
def _verifier():
    with settings(VERIFIER=verifier()):
        yield


class Claims(TypedDict):
    sub: str


def settings(**given):
    return override_settings(RAPIDJWT=given)


def headers(authorization):
    return {} if authorization is None else {"Authorization": authorization}


def ask(path, authorization=None, method="get"):
    client = Client(enforce_csrf_checks=True)
    return getattr(client, method)(path, headers=headers(authorization))


def ask_async(path, authorization=None):
    """Do the same over ASGI."""
    return asyncio.run(AsyncClient().get(path, headers=headers(authorization)))


def answer(path, authorization=None, ask=ask):
    response = ask(path, authorization)
    return response.status_code, response.headers.get("WWW-Authenticate")


DISPATCH = [
    "/dispatch",
    "/dispatch-async",
    "/dispatch-async-of-many",
    "/dispatch-async-of-its-own",
]
VIEWS = ["/scoped", "/scoped-async", "/class", "/class-async", *DISPATCH]


@pytest.mark.parametrize("ask", [ask, ask_async])
@pytest.mark.parametrize("path", [*VIEWS, "/rest/scoped"])
def test_each_request_gets_its_status_and_challenge(path, ask):
    for case in CASES.values():
        authorization, *expected = case()
        assert answer(path, authorization, ask) == tuple(expected)


@pytest.mark.parametrize("kind", [Async, Slow])
@pytest.mark.parametrize("path", VIEWS)
def test_any_verifier_serves_under_asgi(path, kind):
    with settings(VERIFIER=kind()):
        assert answer(path, bearer(token(scope=SCOPE)), ask_async) == (200, None)
        assert answer(path, bearer(token(lifetime=-1)), ask_async)[0] == 401


def test_a_verifier_that_may_wait_does_not_hold_up_the_event_loop():
    with settings(VERIFIER=(slow := Slow())):
        assert answer("/scoped-async", bearer(token(scope=SCOPE)), ask_async)[0] == 200
    assert slow.threads
    assert threading.get_ident() not in slow.threads


@pytest.mark.parametrize("path", [*VIEWS, "/rest"])
def test_keys_out_of_reach_are_503(path):
    with settings(VERIFIER=NoKeys()):
        assert answer(path, bearer(token())) == (503, None)
        assert answer(path, bearer(token()), ask_async) == (503, None)


def test_keys_out_of_reach_are_503_under_asgi():
    with settings(VERIFIER=NoKeysAsync()):
        assert answer("/scoped", bearer(token()), ask_async) == (503, None)


@pytest.mark.parametrize("ask", [ask, ask_async])
@pytest.mark.parametrize("path", ["/public", "/public-async"])
def test_a_public_view_sees_the_claims_or_why_there_are_none(path, ask):
    assert ask(path, bearer(token())).json()["claims"]["sub"] == "alice"
    assert ask(path).json() == {"claims": {}, "error": None}
    expired = ask(path, bearer(token(lifetime=-1)))
    assert expired.json() == {"claims": {}, "error": "invalid_token"}


def test_a_refusal_is_json():
    assert ask("/scoped").json() == {"detail": "A bearer token is required"}
    expired = bearer(token(lifetime=-1))
    assert ask("/scoped", expired).json() == {"detail": "The access token has expired"}
    assert ask("/rest", expired).json() == {"detail": "The access token has expired"}


def test_a_view_gets_the_variables_of_its_route_and_keeps_its_name():
    reply = ask("/items/7/x", bearer(token()))
    assert reply.json() == ["item", "GET", 7, "x"]


def test_a_post_with_a_token_needs_no_csrf_token():
    assert ask("/items/7/x", bearer(token()), "post").json() == ["item", "POST", 7, "x"]
    assert ask("/items/7/x", method="post").status_code == 401
    assert ask("/public", method="post").status_code == 403


@pytest.mark.parametrize("path", [*DISPATCH, "/class", "/class-async"])
def test_a_class_based_view_that_is_protected_needs_no_csrf_token(path):
    assert ask(path, bearer(token(scope=SCOPE)), "post").json()["sub"] == "alice"
    assert ask(path, method="post").status_code == 401


@pytest.mark.parametrize("ask", [ask, ask_async])
@pytest.mark.parametrize("path", DISPATCH)
def test_the_claims_reach_a_view_whose_dispatch_is_protected(path, ask):
    assert ask(path, bearer(token(scope=SCOPE))).json()["sub"] == "alice"
    assert ask(path).json() == {"detail": "A bearer token is required"}


@pytest.mark.parametrize("path", [*VIEWS, "/rest"])
def test_a_preflight_that_no_middleware_answers_needs_a_token(path):
    headers = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}
    assert Client().options(path, headers=headers).status_code == 401
    with modify_settings(MIDDLEWARE={"prepend": f"{django_project.__name__}.answer_preflights"}):
        assert Client().options(path, headers=headers).status_code == 200
        assert Client().get(path, headers=headers).status_code == 401


def test_the_realm_is_named_to_who_is_refused():
    with settings(VERIFIER=verifier(), REALM="shop"):
        assert answer("/scoped") == answer("/rest") == (401, 'Bearer realm="shop"')


def test_the_setting_may_say_where_the_verifier_is():
    with settings(VERIFIER=f"{django_project.__name__}.VERIFIER"):
        assert answer("/scoped", bearer(token(scope=SCOPE))) == (200, None)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "RAPIDJWT must be a dict with VERIFIER"),
        ({"REALM": "api"}, "RAPIDJWT must be a dict with VERIFIER"),
        ({"VERIFIER": Slow(), "SCOPES": "a"}, "RAPIDJWT must be a dict with VERIFIER"),
        ({"VERIFIER": Slow(), "REALM": "a\nb"}, "printable ASCII"),
    ],
)
def test_a_wrong_setting_is_refused_when_the_server_starts(given, message):
    with settings(**given), pytest.raises(ImproperlyConfigured, match=message):
        JWTMiddleware(lambda request: None)


def test_an_asynchronous_verifier_is_refused_when_the_server_starts():
    with settings(VERIFIER=Async()), pytest.raises(TypeError, match="decode_async only"):
        JWTMiddleware(lambda request: None)


def test_without_the_middleware_the_decorator_says_what_is_missing():
    view = jwt_required()(lambda request: None)
    with pytest.raises(ImproperlyConfigured, match="JWTMiddleware in MIDDLEWARE"):
        view(RequestFactory().get("/"))


def test_a_token_expires_when_the_clock_is_moved():
    sent = bearer(token(exp=2_000_000_000, scope=SCOPE))
    for path in ("/scoped", "/rest"):
        with time_machine.travel(1_999_999_999, tick=False):
            assert answer(path, sent)[0] == 200
        with time_machine.travel(2_000_000_000, tick=False):
            assert answer(path, sent) == (401, invalid("The access token has expired"))


def test_the_user_of_a_rest_view_is_who_the_token_speaks_for():
    reply = ask("/rest", bearer(token())).json()
    assert (reply["user"], reply["pk"], reply["auth"]["name"]) == ("alice", "alice", "Alice")


def test_a_public_rest_view_needs_no_token_and_refuses_a_bad_one():
    assert ask("/rest/public").json() == {"user": None}
    assert ask("/rest/public", bearer(token())).json() == {"user": "alice"}
    assert ask("/rest/public", bearer(token(lifetime=-1))).status_code == 401


def test_users_may_be_looked_up():
    assert ask("/rest/looks-up", bearer(token())).json() == {"user": "Alice herself"}
    assert answer("/rest/looks-up", bearer(token(sub="bob"))) == (
        401,
        invalid("The user of the access token is unknown"),
    )


def test_other_authentication_does_not_grant_scopes():
    class OtherRequest:
        auth = None

    assert has_scopes(SCOPE)().has_permission(OtherRequest(), None) is False


def test_another_scheme_is_left_to_other_authentication():
    request = RequestFactory().get("/", headers={"Authorization": "Basic YTpi"})
    assert JWTAuthentication().authenticate(request) is None


def test_what_is_no_scope_is_refused_at_once():
    for make in (lambda: jwt_required(scopes='"'), lambda: has_scopes('"')):
        with pytest.raises(ValueError, match="Not a scope"):
            make()


def test_a_verifier_with_a_type_is_refused():
    typed = rapidjwt.Verifier(
        "a secret of at least thirty-two bytes", algorithms=["HS256"], claims=Claims
    )
    with (
        settings(VERIFIER=typed),
        pytest.raises(ImproperlyConfigured, match="the verifier must return dicts: leave out its"),
    ):
        JWTMiddleware(lambda request: None)
