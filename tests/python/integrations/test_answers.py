"""What every helper logs, counts and answers when a request is refused."""

from __future__ import annotations

import logging

import pytest

pytest.importorskip("rest_framework")
pytest.importorskip("fastapi")

from . import django_project  # isort: skip - settings come first
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, override_settings
from fastapi import Depends, FastAPI, Security
from fastapi.testclient import TestClient
from flask import Flask, jsonify
from rapidjwt.integrations import django as for_django
from rapidjwt.integrations import fastapi, flask, starlette
from rapidjwt.integrations.answers import Answers
from rapidjwt.integrations.bearer import MissingTokenError
from rapidjwt.integrations.drf import Refused
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import WebSocketDenialResponse

from .tokens import SCOPE, NoKeys, bearer, tampered, token, verifier


def from_flask(verifier, on_result=None, problem_details=False):
    app = Flask(__name__)

    @app.get("/")
    @flask.jwt_required(
        verifier, scopes=SCOPE, on_result=on_result, problem_details=problem_details
    )
    def get(claims):
        return jsonify(claims)

    client = app.test_client()
    return lambda headers: client.get("/", headers=headers)


def from_fastapi(verifier, on_result=None, problem_details=False):
    app = FastAPI(exception_handlers=fastapi.PROBLEM_DETAILS if problem_details else {})
    required = Security(fastapi.JWTBearer(verifier, on_result=on_result), scopes=[SCOPE])
    app.get("/", dependencies=[required])(lambda: "ok")
    client = TestClient(app)
    return lambda headers: client.get("/", headers=headers)


def from_starlette(verifier, on_result=None, problem_details=False):
    required = starlette.JWTBearer(verifier, scopes=SCOPE, on_result=on_result)

    async def get(request):
        return JSONResponse(await required(request))

    handlers = starlette.PROBLEM_DETAILS if problem_details else {}
    client = TestClient(Starlette(routes=[Route("/", get)], exception_handlers=handlers))
    return lambda headers: client.get("/", headers=headers)


def in_django(path, middleware=tuple(django_project.settings.MIDDLEWARE)):
    def make(verifier, on_result=None, problem_details=False):
        handler = "rapidjwt.integrations.drf.problem_details_handler"
        frameworks = django_project.settings.REST_FRAMEWORK
        if problem_details:
            frameworks = frameworks | {"EXCEPTION_HANDLER": handler}
        given = {"VERIFIER": verifier, "ON_RESULT": on_result, "PROBLEM_DETAILS": problem_details}

        def get(headers):
            with override_settings(
                RAPIDJWT=given, REST_FRAMEWORK=frameworks, MIDDLEWARE=middleware
            ):
                return Client().get(path, headers=headers)

        return get

    return make


APPS = {
    "flask": from_flask,
    "fastapi": from_fastapi,
    "starlette": from_starlette,
    "django": in_django("/scoped"),
    "django rest framework": in_django("/rest/scoped"),
    "django rest framework alone": in_django("/rest/scoped", middleware=()),
}
GOOD = {"scope": SCOPE}
#: By code: a request's header, the status, and what is logged beside both.
REFUSED = {
    "missing_token": (lambda: None, 401, {}),
    "invalid_request": (lambda: "Bearer a b", 400, {}),
    "malformed_token": (lambda: "Bearer garbage", 401, {}),
    "bad_signature": (lambda: bearer(tampered()), 401, {}),
    "wrong_audience": (
        lambda: bearer(token(aud="others")),
        401,
        {"claim": "aud", "expected": "https://orders.example", "actual": "others"},
    ),
    "missing_claim": (lambda: bearer(token(without=["sub"])), 401, {"claim": "sub"}),
    "insufficient_scope": (
        lambda: bearer(token()),
        403,
        {"claim": "scope", "expected": [SCOPE]},
    ),
}


@pytest.fixture(params=APPS)
def make(request):
    return APPS[request.param]


@pytest.fixture
def logged(caplog):
    """Return a function that returns the records of the logger so far, and forgets them."""
    caplog.set_level(logging.INFO, logger="rapidjwt")

    def take():
        records = [record for record in caplog.records if record.name == "rapidjwt"]
        caplog.clear()
        return records

    return take


def headers_of(authorization):
    return {} if authorization is None else {"Authorization": authorization}


def is_answered_without_us(make, code):
    """Return whether REST framework itself answers: other authentication may follow."""
    in_rest = (APPS["django rest framework"], APPS["django rest framework alone"])
    return make in in_rest and code == "missing_token"


@pytest.mark.parametrize("code", REFUSED)
def test_a_refusal_is_logged_and_counted_once_and_without_the_token(make, code, logged):
    authorization, status, more = REFUSED[code]
    results = []
    headers = headers_of(authorization())
    assert make(verifier(), results.append)(headers).status_code == status
    verified = ["verified"] if code == "insufficient_scope" else []
    if is_answered_without_us(make, code):
        assert (results, logged()) == ([], [])
        return
    assert results == [*verified, code]
    (record,) = logged()
    help_ = {"help": f"error-codes/{code}/"}
    assert record.rapidjwt == {"status": status, "code": code, **more, **help_}
    assert record.levelno == logging.INFO
    assert f"'{code}'" in record.getMessage()
    if authorization() and "." in authorization():
        assert headers["Authorization"].split()[1][:40] not in record.getMessage()


def test_an_expired_token_is_logged_with_its_time(make, logged):
    expired = token(lifetime=-5)
    make(verifier())(headers_of(bearer(expired)))
    (record,) = logged()
    assert record.rapidjwt["expired_at"] == record.rapidjwt["actual"]


def test_keys_out_of_reach_are_a_warning(make, logged):
    results = []
    assert make(NoKeys(), results.append)(headers_of(bearer(token()))).status_code == 503
    assert results == ["keys_unreachable"]
    (record,) = logged()
    assert (record.levelno, record.rapidjwt) == (
        logging.WARNING,
        {"status": 503, "code": "keys_unreachable", "help": "error-codes/keys_unreachable/"},
    )


def test_a_token_that_is_accepted_is_counted_and_not_logged(make, logged):
    results = []
    assert make(verifier(), results.append)(headers_of(bearer(token(**GOOD)))).status_code == 200
    assert (results, logged()) == (["verified"], [])


@pytest.mark.parametrize("code", REFUSED)
def test_problem_details_are_an_argument_away(make, code):
    authorization, status, _ = REFUSED[code]
    plain = make(verifier())(headers_of(authorization()))
    response = make(verifier(), problem_details=True)(headers_of(authorization()))
    problem = response.get_json() if make is from_flask else response.json()
    titles = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden"}
    assert response.status_code == plain.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["WWW-Authenticate"] == plain.headers["WWW-Authenticate"]
    assert problem.pop("detail")
    assert problem == {
        "type": "about:blank",
        "title": titles[status],
        "status": status,
        "code": code,
    }


def test_openapi_describes_problem_details():
    app = FastAPI(responses=fastapi.PROBLEM_RESPONSES, exception_handlers=fastapi.PROBLEM_DETAILS)
    app.get("/", dependencies=[Depends(fastapi.JWTBearer(verifier()))])(lambda: "ok")
    client = TestClient(app)
    described = client.get("/openapi.json").json()["paths"]["/"]["get"]["responses"]["401"]
    schema = described["content"]["application/problem+json"]["schema"]
    assert schema["properties"].keys() == client.get("/").json().keys()


def test_a_conversion_that_refuses_the_claims_is_counted():
    results = []
    app = FastAPI()
    required = fastapi.JWTBearer(
        verifier(), claims=lambda claims: claims["x"], on_result=results.append
    )
    app.get("/", dependencies=[Depends(required)])(lambda: "ok")
    assert TestClient(app).get("/", headers=headers_of(bearer(token()))).status_code == 401
    assert results == ["verified", "invalid_claim"]


def test_problem_details_answer_a_websocket_too():
    app = FastAPI(exception_handlers=fastapi.PROBLEM_DETAILS)

    @app.websocket("/", dependencies=[Depends(fastapi.JWTBearer(verifier()))])
    async def talk(socket):
        """Never get here."""

    client = TestClient(app)
    with pytest.raises(WebSocketDenialResponse) as refused, client.websocket_connect("/"):
        pass
    assert refused.value.status_code == 401
    assert refused.value.json()["code"] == "missing_token"


def test_django_counts_a_token_that_no_view_requires():
    results = []
    with override_settings(RAPIDJWT={"VERIFIER": verifier(), "ON_RESULT": results.append}):
        for authorization in (None, bearer(tampered()), bearer(token())):
            assert Client().get("/public", headers=headers_of(authorization)).status_code == 200
    assert results == ["bad_signature", "verified"]


COUNTED = []


def test_django_imports_the_function_of_its_setting():
    name = f"{__name__}.missing"
    wrong = override_settings(RAPIDJWT={"VERIFIER": verifier(), "ON_RESULT": name})
    with wrong, pytest.raises(ImportError):
        for_django.settings()
    with override_settings(RAPIDJWT={"VERIFIER": verifier(), "ON_RESULT": f"{__name__}.count"}):
        Client().get("/public", headers=headers_of(bearer(token())))
    assert COUNTED == ["verified"]


def count(result):
    COUNTED.append(result)


@pytest.mark.parametrize(
    "given", [{"VERIFIER": verifier(), "PROBLEMS": True}, {"ON_RESULT": print}, {}]
)
def test_django_names_its_settings(given):
    names = pytest.raises(
        ImproperlyConfigured, match="REALM, PROBLEM_DETAILS, SOURCES, ERROR_BODY, ON_RESULT"
    )
    with override_settings(RAPIDJWT=given), names:
        for_django.settings()


def test_what_is_not_callable_is_refused_at_once():
    for make in (flask.jwt_required, starlette.JWTBearer, fastapi.JWTBearer):
        with pytest.raises(TypeError, match="on_result must be a function, not str"):
            make(verifier(), on_result="count")
    refused = pytest.raises(ImproperlyConfigured, match="on_result must be a function, not int")
    with override_settings(RAPIDJWT={"VERIFIER": verifier(), "ON_RESULT": 5}), refused:
        for_django.settings()
    assert Answers(on_result=None).realm == "api"


def test_the_exception_of_rest_framework_has_the_code():
    with override_settings(RAPIDJWT={"VERIFIER": verifier()}):
        assert Refused(MissingTokenError()).code == "missing_token"
