"""The decorator for Flask, with its test client."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import time_machine

pytest.importorskip("flask")

from flask import Flask, g, jsonify
from flask.views import MethodView
from rapidjwt.integrations.flask import jwt_required

from .tokens import CASES, SCOPE, Async, NoKeys, Slow, bearer, invalid, token, verifier


@dataclass
class Person:
    name: str


def make_app(verifier, **arguments):
    app = Flask(__name__)

    @app.get("/")
    @jwt_required(verifier, **arguments)
    def get(claims):
        return jsonify(claims)

    return app


def ask(app, authorization, path="/"):
    headers = {} if authorization is None else {"Authorization": authorization}
    return app.test_client().get(path, headers=headers)


def answer(app, authorization, path="/"):
    response = ask(app, authorization, path)
    return response.status_code, response.headers.get("WWW-Authenticate")


@pytest.mark.parametrize("kind", [verifier, Slow])
@pytest.mark.parametrize("case", CASES)
def test_each_request_gets_its_status_and_challenge(kind, case):
    authorization, *expected = CASES[case]()
    assert answer(make_app(kind(), scopes=SCOPE), authorization) == tuple(expected)


def test_the_view_gets_the_claims():
    assert ask(make_app(verifier()), bearer(token())).json["sub"] == "alice"


def test_a_refusal_is_json():
    response = ask(make_app(verifier()), None)
    assert response.json == {"detail": "A bearer token is required"}


def test_keys_out_of_reach_are_503():
    assert answer(make_app(NoKeys()), bearer(token())) == (503, None)


def test_the_realm_is_named_to_who_is_refused():
    assert answer(make_app(verifier(), realm="shop"), None) == (401, 'Bearer realm="shop"')


def test_variables_of_the_rule_come_after_the_claims():
    app = Flask(__name__)

    @app.get("/<int:number>/<word>")
    @jwt_required(verifier())
    def get(claims, number, word="none"):
        return jsonify(get.__name__, claims["sub"], number, word)

    assert ask(app, bearer(token()), "/7/x").json == ["get", "alice", 7, "x"]


def test_claims_become_what_the_app_wants():
    app = make_app(verifier(), claims=lambda claims: Person(claims["name"]))
    assert ask(app, bearer(token())).json == {"name": "Alice"}
    assert answer(app, bearer(token(without=["name"]))) == (
        401,
        invalid("The claims of the access token are not valid"),
    )


def test_a_method_of_a_class_based_view_gets_the_claims_after_self():
    class View(MethodView):
        @jwt_required(verifier(), scopes=SCOPE)
        def get(self, claims, number):
            return jsonify(type(self).__name__, claims["sub"], number)

    app = Flask(__name__)
    app.add_url_rule("/<int:number>", view_func=View.as_view("view"))
    assert ask(app, bearer(token(scope=SCOPE)), "/7").json == ["View", "alice", 7]
    assert answer(app, bearer(token()), "/7")[0] == 403


def test_a_view_may_be_a_coroutine_function():
    app = Flask(__name__)

    @app.get("/")
    @jwt_required(verifier())
    async def get(claims):
        return jsonify(claims)

    assert ask(app, bearer(token())).json["sub"] == "alice"
    assert answer(app, None)[0] == 401


PREFLIGHT = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}


def app_protected_as_a_whole(**arguments):
    app, called = Flask(__name__), []

    @app.before_request
    @jwt_required(verifier(), **arguments)
    def check(claims):
        called.append(claims["sub"])

    @app.post("/")
    def post():
        return jsonify(g.jwt_claims["sub"])

    return app.test_client(), called


def test_before_request_protects_each_route():
    client, called = app_protected_as_a_whole()
    assert client.post("/").status_code == 401
    assert client.post("/absent").status_code == 401
    assert client.post("/", headers={"Authorization": bearer(token())}).json == "alice"
    assert called == ["alice"]


def test_before_request_lets_preflights_through_if_it_is_told_to():
    client, called = app_protected_as_a_whole(allow_preflight=True)
    response = client.options("/", headers=PREFLIGHT)
    assert (response.status_code, response.allow.as_set()) == (200, {"post", "options"})
    assert called == []
    assert client.options("/absent", headers=PREFLIGHT).status_code == 404
    assert app_protected_as_a_whole()[0].options("/", headers=PREFLIGHT).status_code == 401


@pytest.mark.parametrize("missing", PREFLIGHT)
def test_what_is_no_preflight_needs_a_token(missing):
    client, _ = app_protected_as_a_whole(allow_preflight=True)
    headers = {name: value for name, value in PREFLIGHT.items() if name != missing}
    assert client.options("/", headers=headers).status_code == 401
    assert client.post("/", headers=PREFLIGHT).status_code == 401
    assert client.get("/", headers=PREFLIGHT).status_code == 401


def test_flask_answers_the_preflight_of_a_protected_view():
    response = make_app(verifier()).test_client().options("/", headers=PREFLIGHT)
    assert response.status_code == 200


def test_error_handlers_of_the_app_see_a_refusal():
    app = make_app(verifier(), scopes=SCOPE)

    @app.errorhandler(403)
    def forbidden(error):
        return f"{error.code}: {error.description}", 403, error.get_response().headers

    response = ask(app, bearer(token()))
    assert response.text == "403: The access token does not grant the required scopes"
    assert "insufficient_scope" in response.headers["WWW-Authenticate"]


def test_an_asynchronous_verifier_is_refused_at_once():
    with pytest.raises(TypeError, match="decode_async only"):
        jwt_required(Async())


def test_what_no_header_can_hold_is_refused_at_once():
    for arguments in ({"scopes": '"'}, {"realm": "a\nb"}):
        with pytest.raises(ValueError, match=r"Not a scope|printable"):
            jwt_required(verifier(), **arguments)


def test_a_token_expires_when_the_clock_is_moved():
    app, sent = make_app(verifier()), bearer(token(exp=2_000_000_000))
    with time_machine.travel(1_999_999_999, tick=False):
        assert answer(app, sent)[0] == 200
    with time_machine.travel(2_000_000_000, tick=False):
        assert answer(app, sent) == (401, invalid("The access token has expired"))
