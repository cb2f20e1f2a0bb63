"""The dependency for FastAPI, and its base for Starlette, with their test client."""

# FastAPI reads the annotations of routes, which name local variables: they must not be strings.
import threading
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
import time_machine

pytest.importorskip("fastapi")

from fastapi import Depends, FastAPI, HTTPException, Security, WebSocket
from fastapi.security import OAuth2AuthorizationCodeBearer, OpenIdConnect
from fastapi.testclient import TestClient
from pydantic import BaseModel
from rapidjwt.integrations import starlette as for_starlette
from rapidjwt.integrations.fastapi import RESPONSES, JWTBearer
from starlette.applications import Starlette
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.websockets import WebSocketDisconnect

from .tokens import (  # fmt: skip
    CASES,
    NO_SCOPE,
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


class Customer(BaseModel):
    sub: str
    name: str


@dataclass
class Person:
    name: str


def fastapi_app(verifier, **arguments):
    app = FastAPI()
    jwt = JWTBearer(verifier, **arguments)

    @app.get("/")
    async def get(claims: Annotated[Any, Security(jwt, scopes=[SCOPE])]):
        return claims

    @app.get("/any")
    async def get_any(claims: Annotated[Any, Depends(jwt)]):
        return claims

    return app


def starlette_app(verifier, **arguments):
    jwt = for_starlette.JWTBearer(verifier, **arguments)

    async def get(request):
        return JSONResponse(await jwt(request, [SCOPE]))

    return Starlette(routes=[Route("/", get)])


APPS = [fastapi_app, starlette_app]


def answer(app, authorization, path="/"):
    headers = {} if authorization is None else {"Authorization": authorization}
    response = TestClient(app).get(path, headers=headers)
    return response.status_code, response.headers.get("WWW-Authenticate")


@pytest.mark.parametrize("make", APPS)
@pytest.mark.parametrize("kind", [verifier, Async, Slow])
def test_each_request_gets_its_status_and_challenge(make, kind):
    app = make(kind())
    for case in CASES.values():
        authorization, *expected = case()
        assert answer(app, authorization) == tuple(expected)


@pytest.mark.parametrize("make", APPS)
def test_two_headers_are_a_bad_request(make):
    both = [("Authorization", bearer(token(scope=SCOPE)))] * 2
    response = TestClient(make(verifier())).get("/", headers=both)
    assert response.status_code == 400
    assert 'error="invalid_request"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize("make", APPS)
@pytest.mark.parametrize("kind", [NoKeys, NoKeysAsync])
def test_keys_out_of_reach_are_503(make, kind):
    assert answer(make(kind()), bearer(token())) == (503, None)


def test_the_route_gets_the_claims():
    response = TestClient(fastapi_app(verifier())).get(
        "/any", headers={"Authorization": bearer(token())}
    )
    assert response.json()["sub"] == "alice"


def test_the_text_of_a_refusal_is_in_the_body():
    response = TestClient(fastapi_app(verifier())).get("/any")
    assert response.json() == {"detail": "A bearer token is required"}


def test_scopes_of_the_bearer_and_of_the_route_are_all_needed():
    app = fastapi_app(verifier(), scopes=["a"])
    assert answer(app, bearer(token(scope=SCOPE)))[0] == 403
    assert answer(app, bearer(token(scope="a"))) == (
        403,
        NO_SCOPE.replace(SCOPE, f"a {SCOPE}"),
    )
    assert answer(app, bearer(token(scope=f"{SCOPE} a")))[0] == 200
    assert answer(app, bearer(token(scope="a")), "/any")[0] == 200


PREFLIGHT = {"Origin": "https://shop.example", "Access-Control-Request-Method": "GET"}


def fastapi_app_protected_as_a_whole(verifier):
    app = FastAPI(dependencies=[Depends(JWTBearer(verifier))])

    @app.get("/")
    async def get():
        return None

    return app


@pytest.mark.parametrize("make", [*APPS, fastapi_app_protected_as_a_whole])
def test_preflights_are_the_business_of_the_cors_middleware(make):
    app = make(verifier())
    assert TestClient(app).options("/", headers=PREFLIGHT).status_code == 405
    app = make(verifier())
    app.add_middleware(CORSMiddleware, allow_origins=["https://shop.example"])
    assert TestClient(app).options("/", headers=PREFLIGHT).status_code == 200
    assert answer(app, None)[0] == 401


def test_the_realm_is_named_to_who_is_refused():
    app = fastapi_app(verifier(), realm='a "shop"')
    assert answer(app, None) == (401, r'Bearer realm="a \"shop\""')


def test_claims_become_what_the_app_wants():
    app = FastAPI()
    model = JWTBearer(verifier(), claims=Customer.model_validate)
    person = JWTBearer(verifier(), claims=lambda claims: Person(claims["name"]))

    @app.get("/model")
    async def get_model(customer: Annotated[Customer, Depends(model)]):
        return [type(customer).__name__, customer.name]

    @app.get("/dataclass")
    def get_dataclass(customer: Annotated[Person, Depends(person)]):
        return [type(customer).__name__, customer.name]

    client = TestClient(app)
    good = {"Authorization": bearer(token())}
    assert client.get("/model", headers=good).json() == ["Customer", "Alice"]
    assert client.get("/dataclass", headers=good).json() == ["Person", "Alice"]
    unfit = bearer(token(without=["name"]))
    refused = (401, invalid("The claims of the access token are not valid"))
    assert answer(app, unfit, "/model") == answer(app, unfit, "/dataclass") == refused


def test_a_websocket_needs_a_token_too():
    app = FastAPI()
    jwt = JWTBearer(verifier())

    @app.websocket("/")
    async def talk(socket: WebSocket, claims: Annotated[Any, Depends(jwt)]):
        await socket.accept()
        await socket.send_text(claims["sub"])
        await socket.close()

    client = TestClient(app)
    with client.websocket_connect("/", headers={"Authorization": bearer(token())}) as socket:
        assert socket.receive_text() == "alice"
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/"):
        pass


def test_openapi_shows_http_bearer_security():
    document = TestClient(fastapi_app(verifier(), description="From the shop")).get("/openapi.json")
    assert document.json()["components"]["securitySchemes"] == {
        "JWTBearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "From the shop",
        }
    }
    paths = document.json()["paths"]
    assert paths["/any"]["get"]["security"] == [{"JWTBearer": []}]
    assert paths["/"]["get"]["security"] == [{"JWTBearer": [SCOPE]}]


def scheme_in_openapi(**arguments):
    document = TestClient(fastapi_app(verifier(), **arguments)).get("/openapi.json").json()
    return document["components"]["securitySchemes"]


def test_openapi_may_say_where_clients_get_tokens():
    url = "https://id.example/.well-known/openid-configuration"
    oidc = OpenIdConnect(openIdConnectUrl=url, description="The shop's")
    assert scheme_in_openapi(scheme=oidc, scheme_name="id") == {
        "id": {"type": "openIdConnect", "openIdConnectUrl": url, "description": "The shop's"}
    }
    oauth2 = OAuth2AuthorizationCodeBearer("https://id.example/a", "https://id.example/t")
    described = scheme_in_openapi(scheme=oauth2, description="Mine")["JWTBearer"]
    assert (described["type"], described["description"]) == ("oauth2", "Mine")
    assert list(described["flows"]) == ["authorizationCode"]
    assert oauth2.model.description is None
    for case in CASES.values():
        authorization, *expected = case()
        assert answer(fastapi_app(verifier(), scheme=oidc), authorization) == tuple(expected)


@pytest.mark.parametrize("wrong", ["oauth2", OpenIdConnect, {}])
def test_what_is_no_security_scheme_is_refused_at_once(wrong):
    with pytest.raises(TypeError, match=r"^scheme must be a security scheme of fastapi\.security"):
        JWTBearer(verifier(), scheme=wrong)


def test_openapi_shows_the_answers_to_refused_requests():
    app = FastAPI(responses=RESPONSES)

    @app.get("/")
    async def get(claims: Annotated[Any, Security(JWTBearer(verifier()), scopes=[SCOPE])]):
        return claims

    shown = TestClient(app).get("/openapi.json").json()["paths"]["/"]["get"]["responses"]
    statuses = {str(case()[1]) for case in CASES.values()} | {"503"}
    assert set(shown) == statuses
    for status in statuses - {"200"}:
        schema = shown[status]["content"]["application/json"]["schema"]
        assert schema["properties"] == {"detail": {"type": "string"}}


@pytest.mark.parametrize("registered", [HTTPException, StarletteHTTPException])
def test_a_refusal_goes_to_the_handler_of_the_app(registered):
    app = fastapi_app(verifier())

    @app.exception_handler(registered)
    async def refused(request, error):
        return JSONResponse({"mine": error.detail}, error.status_code, error.headers)

    assert answer(app, None) == (401, 'Bearer realm="api"')
    assert TestClient(app).get("/").json() == {"mine": "A bearer token is required"}
    assert TestClient(app).get("/?", headers={"Authorization": bearer(token())}).json() == {
        "mine": "The access token does not grant the required scopes"
    }


def test_a_refusal_raises_the_class_of_its_framework():
    raised = []

    async def noting(request, error):
        raised.append(error)
        return JSONResponse({}, error.status_code)

    for make in APPS:
        app = make(verifier())
        app.add_exception_handler(StarletteHTTPException, noting)
        assert TestClient(app).get("/").status_code == 401
    assert [isinstance(error, HTTPException) for error in raised] == [True, False]
    assert all(isinstance(error, for_starlette.Refused) for error in raised)
    assert {(error.code, error.error.code) for error in raised} == {("missing_token",) * 2}


def test_the_token_is_verified_once_for_all_dependencies_of_a_request():
    counting = Slow()
    jwt = JWTBearer(counting)
    app = FastAPI()

    def subject(claims: Annotated[Any, Depends(jwt)]):
        return claims["sub"]

    @app.get("/")
    async def get(subject: Annotated[str, Depends(subject)], claims: Annotated[Any, Depends(jwt)]):
        return [subject, claims["name"]]

    response = TestClient(app).get("/", headers={"Authorization": bearer(token())})
    assert response.json() == ["alice", "Alice"]
    assert len(counting.threads) == 1


@pytest.mark.parametrize("make", APPS)
def test_a_verifier_that_may_wait_does_not_hold_up_the_event_loop(make):
    slow, loops = Slow(), []
    app = make(slow)

    class NotesTheLoop:
        def __init__(self, app):
            self.app = app

        async def __call__(self, scope, receive, send):
            loops.append(threading.get_ident())
            await self.app(scope, receive, send)

    app.add_middleware(NotesTheLoop)
    assert answer(app, bearer(token(scope=SCOPE)))[0] == 200
    assert slow.threads
    assert not set(slow.threads) & set(loops)


def test_a_token_expires_when_the_clock_is_moved():
    app, sent = fastapi_app(verifier()), bearer(token(exp=2_000_000_000))
    with time_machine.travel(1_999_999_999, tick=False):
        assert answer(app, sent, "/any")[0] == 200
    with time_machine.travel(2_000_000_000, tick=False):
        assert answer(app, sent, "/any") == (401, invalid("The access token has expired"))


def test_what_no_header_can_hold_is_refused_at_once():
    for arguments in ({"scopes": '"'}, {"realm": "a\nb"}):
        with pytest.raises(ValueError, match=r"Not a scope|printable"):
            JWTBearer(verifier(), **arguments)
