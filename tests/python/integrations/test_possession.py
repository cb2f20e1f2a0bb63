"""Tokens that are bound to their holder, in every framework with its test client."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest
from hostile_tokens import hostile_proofs
from rapidjwt import Key
from rapidjwt.dpop import ALGORITHMS, DPoPNonces, DPoPProver, DPoPVerifier
from rapidjwt.exceptions import ReplayedTokenError, StoreUnavailableError
from rapidjwt.integrations.bearer import BearerError, Possession, verify
from rapidjwt.mtls import ClientCertificates

from .tokens import SCOPE, bearer, token, verifier

pytest.importorskip("fastapi")
pytest.importorskip("flask")
pytest.importorskip("rest_framework")

ROOT = Path(__file__).parents[3]
HOST = "http://testserver"
PROVER = DPoPProver(Key.generate("ES256"))
ALGS = f'algs="{" ".join(ALGORITHMS)}"'
NEEDS_DPOP = f'DPoP realm="api", {ALGS}'


class Answer(NamedTuple):
    status: int
    challenge: str | None
    nonce: str | None


def bound(prover=PROVER, **claims):
    return token(scope=SCOPE, cnf={"jkt": prover.thumbprint}, **claims)


def dpop_headers(access_token, path, *, prover=PROVER, method="GET", url=None, nonce=None):
    made = prover.proof(method, url or HOST + path, access_token=access_token, nonce=nonce)
    return [("Authorization", f"DPoP {access_token}"), ("DPoP", made)]


# --- the frameworks: each makes a function from headers to an Answer ---


def flask(verifier, **arguments):
    from flask import Flask, jsonify
    from rapidjwt.integrations.flask import jwt_required

    app = Flask(__name__)

    @app.route("/scoped", methods=["GET", "POST"])
    @jwt_required(verifier, scopes=SCOPE, **arguments)
    def scoped(claims):
        return jsonify(claims)

    def ask(headers, query=""):
        client = app.test_client()
        response = client.get(f"/scoped{query}", headers=headers, base_url=HOST)
        return Answer(
            response.status_code,
            response.headers.get("WWW-Authenticate"),
            response.headers.get("DPoP-Nonce"),
        )

    return ask


def asgi(app):
    from starlette.testclient import TestClient

    def ask(headers, query=""):
        response = TestClient(app, base_url=HOST).get(f"/scoped{query}", headers=headers)
        challenge = response.headers.get("WWW-Authenticate")
        return Answer(response.status_code, challenge, response.headers.get("DPoP-Nonce"))

    return ask


def fastapi(verifier, **arguments):
    from fastapi import Depends, FastAPI
    from rapidjwt.integrations.fastapi import JWTBearer

    app = FastAPI()
    jwt = JWTBearer(verifier, scopes=SCOPE, **arguments)
    app.get("/scoped", dependencies=[Depends(jwt)])(lambda: {"ok": True})
    return asgi(app)


def starlette(verifier, **arguments):
    from rapidjwt.integrations.starlette import JWTBearer
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Mount, Route

    jwt = JWTBearer(verifier, scopes=SCOPE, **arguments)

    async def scoped(request):
        return JSONResponse(await jwt(request))

    return asgi(Starlette(routes=[Mount("/", routes=[Route("/scoped", scoped)])]))


def django_by(client, path):
    def framework(verifier, **arguments):
        from django.test import override_settings

        from . import django_project  # noqa: F401 - the settings

        given = {name.upper(): value for name, value in arguments.items()}

        def ask(headers, query=""):
            joined = {}
            for name, value in headers:  # as WSGI servers join them
                joined[name] = f"{joined[name]},{value}" if name in joined else value
            with override_settings(RAPIDJWT={"VERIFIER": verifier, **given}):
                response = client(path + query, joined)
            challenge = response.headers.get("WWW-Authenticate")
            return Answer(response.status_code, challenge, response.headers.get("DPoP-Nonce"))

        return ask

    return framework


def django_client(path, headers):
    from django.test import Client

    return Client().get(path, headers=headers)


def django_async_client(path, headers):
    from django.test import AsyncClient

    return asyncio.run(AsyncClient().get(path, headers=headers))


FRAMEWORKS = {
    "fastapi": (fastapi, "/scoped"),
    "flask": (flask, "/scoped"),
    "starlette": (starlette, "/scoped"),
    "django": (django_by(django_client, "/scoped"), "/scoped"),
    "django async": (django_by(django_async_client, "/scoped-async"), "/scoped-async"),
    "rest framework": (django_by(django_client, "/rest/scoped"), "/rest/scoped"),
}


@pytest.fixture(params=FRAMEWORKS)
def framework(request):
    return FRAMEWORKS[request.param]


def error(scheme, code, description, more=""):
    return f'{scheme} realm="api", error="{code}", error_description="{description}"{more}'


def bad_proof(description):
    return error("DPoP", "invalid_dpop_proof", description, f", {ALGS}")


# --- DPoP ---


def test_a_bound_token_with_its_proof_is_accepted(framework):
    make, path = framework
    ask = make(verifier(), dpop=DPoPVerifier())
    access_token = bound()
    assert ask(dpop_headers(access_token, path)) == (200, None, None)
    assert ask(dpop_headers(access_token, path), "?a=b") == (200, None, None)


def test_a_bound_token_is_never_accepted_as_a_bearer_token(framework):
    make, _ = framework
    headers = [("Authorization", bearer(bound()))]
    because = "The access token is bound to a key, and was sent without DPoP"
    expected = error("Bearer", "invalid_token", because)
    assert make(verifier())(headers) == (401, expected, None)
    both = make(verifier(), dpop=DPoPVerifier(required=False))
    assert both(headers) == (401, f"{expected}, {NEEDS_DPOP}", None)
    with_proof = [*headers, dpop_headers(bound(), "/")[1]]
    assert both(with_proof) == (401, f"{expected}, {NEEDS_DPOP}", None)
    only = make(verifier(), dpop=DPoPVerifier())
    assert only(headers) == (401, NEEDS_DPOP, None)


def test_bearer_tokens_are_accepted_beside_dpop_if_that_is_configured(framework):
    make, path = framework
    ask = make(verifier(), dpop=DPoPVerifier(required=False))
    assert ask([("Authorization", bearer(token(scope=SCOPE)))]) == (200, None, None)
    assert ask(dpop_headers(bound(), path)) == (200, None, None)
    only = make(verifier(), dpop=DPoPVerifier())
    assert only([("Authorization", bearer(token(scope=SCOPE)))]) == (401, NEEDS_DPOP, None)


def test_without_a_token_both_schemes_are_named_and_no_error(framework):
    make, _ = framework
    assert make(verifier(), dpop=DPoPVerifier())([]) == (401, NEEDS_DPOP, None)
    both = make(verifier(), dpop=DPoPVerifier(required=False, algorithms=["ES256", "PS256"]))
    expected = 'Bearer realm="api", DPoP realm="api", algs="ES256 PS256"'
    assert both([]) == (401, expected, None)


def test_without_dpop_its_scheme_is_an_unknown_one(framework):
    make, path = framework
    assert make(verifier())(dpop_headers(bound(), path)) == (401, 'Bearer realm="api"', None)


def test_the_proof_must_be_there_and_be_one(framework):
    make, path = framework
    ask = make(verifier(), dpop=DPoPVerifier())
    access_token = bound()
    headers = dpop_headers(access_token, path)
    expected = (401, bad_proof("The request must have exactly one DPoP header"), None)
    assert ask(headers[:1]) == expected
    assert ask([*headers, dpop_headers(access_token, path)[1]]) == expected


def test_every_fault_of_a_proof_has_the_error_code_of_the_rfc(framework):
    make, path = framework
    ask = make(verifier(), dpop=DPoPVerifier())
    access_token = bound()

    def answer(**changed):
        return ask(dpop_headers(access_token, path, **changed))

    for because, changed in {
        "The DPoP proof is for another method (htm)": {"method": "POST"},
        "The DPoP proof is for another URL (htu)": {"url": f"{HOST}/other"},
    }.items():
        assert answer(**changed) == (401, bad_proof(because), None)
    other_token = [dpop_headers(access_token, path)[0], dpop_headers(bound(jti="2"), path)[1]]
    assert ask(other_token) == (
        401,
        bad_proof("The DPoP proof is for another access token (ath)"),
        None,
    )
    stranger = DPoPProver(Key.generate("ES256"))
    mismatch = error(
        "DPoP", "invalid_token", "The access token is bound to another key", f", {ALGS}"
    )
    assert answer(prover=stranger) == (401, mismatch, None)
    for made, because in hostile_proofs(access_token, HOST + path).items():
        headers = [("Authorization", f"DPoP {access_token}"), ("DPoP", made)]
        assert ask(headers) == (401, bad_proof(because), None)


def test_a_proof_is_accepted_once_over_http(framework):
    make, path = framework
    ask = make(verifier(), dpop=DPoPVerifier())
    headers = dpop_headers(bound(), path)
    assert ask(headers).status == 200
    assert ask(headers) == (401, bad_proof("The DPoP proof was used before"), None)


def test_a_nonce_is_demanded_and_named(framework):
    make, path = framework
    nonces = DPoPNonces(b"n" * 32)
    ask = make(verifier(), dpop=DPoPVerifier(nonces=nonces))
    access_token = bound()
    because = "The DPoP proof needs the nonce of the DPoP-Nonce header"
    refused = ask(dpop_headers(access_token, path))
    expected = error("DPoP", "use_dpop_nonce", because, f", {ALGS}")
    assert refused == (401, expected, nonces.current())
    assert ask(dpop_headers(access_token, path, nonce=refused.nonce)).status == 200
    wrong = ask(dpop_headers(access_token, path, nonce="wrong"))
    assert (wrong.status, wrong.nonce) == (401, nonces.current())


def test_the_token_is_verified_and_refused_in_the_scheme_of_the_request(framework):
    make, path = framework
    ask = make(verifier(), dpop=DPoPVerifier(required=False))
    expired = error("DPoP", "invalid_token", "The access token has expired", f", {ALGS}")
    assert ask(dpop_headers(bound(lifetime=-1), path)) == (
        401,
        f'Bearer realm="api", {expired}',
        None,
    )
    unbound = error("DPoP", "invalid_token", "The access token is not bound to a key", f", {ALGS}")
    plain = token(scope=SCOPE)
    assert ask(dpop_headers(plain, path)) == (401, f'Bearer realm="api", {unbound}', None)


def test_a_missing_scope_is_named_in_the_scheme_of_the_request(framework):
    make, path = framework
    ask = make(verifier(), dpop=DPoPVerifier(required=False))
    access_token = token(cnf={"jkt": PROVER.thumbprint})
    because = "The access token does not grant the required scopes"
    expected = error("DPoP", "insufficient_scope", because, f', scope="{SCOPE}", {ALGS}')
    answer = ask(dpop_headers(access_token, path))
    assert answer == (403, f'Bearer realm="api", {expected}', None)


def test_a_malformed_header_is_a_bad_request(framework):
    make, _ = framework
    answer = make(verifier(), dpop=DPoPVerifier())([("Authorization", "DPoP a b")])
    because = "The Authorization header must be of the form: DPoP, a space, one token"
    assert answer == (400, error("DPoP", "invalid_request", because, f", {ALGS}"), None)


class Down:
    """A store that cannot be reached."""

    def seen_before(self, issuer, jti, until, /):
        raise StoreUnavailableError("no route to host")


def test_a_store_out_of_reach_is_503(framework):
    make, path = framework
    ask = make(verifier(), dpop=DPoPVerifier(replay=Down()))
    assert ask(dpop_headers(bound(), path)) == (503, None, None)


@pytest.mark.parametrize("cnf", ["x", [], {"jkt": 1}, {"jkt": None}])
def test_a_malformed_confirmation_confirms_nothing(framework, cnf):
    make, path = framework
    access_token = token(scope=SCOPE, cnf=cnf)
    because = "The access token is bound to something unknown (cnf)"
    expected = error("Bearer", "invalid_token", because)
    assert make(verifier())([("Authorization", bearer(access_token))]) == (401, expected, None)
    ask = make(verifier(), dpop=DPoPVerifier())
    assert ask(dpop_headers(access_token, path)).status == 401


def test_errors_of_verifiers_of_ones_own_have_their_answers():
    class Once:
        def decode(self, token, /):
            raise ReplayedTokenError("secret")

    class Unavailable:
        def decode(self, token, /):
            raise StoreUnavailableError("secret")

    for kind, status, description in (
        (Once, 401, "The access token was used before"),
        (Unavailable, 503, "Tokens cannot currently be verified"),
    ):
        with pytest.raises(BearerError) as raised:
            verify(kind(), ["Bearer a"])
        assert (raised.value.status, raised.value.description) == (status, description)


def test_a_proof_cannot_be_verified_without_the_request():
    with pytest.raises(TypeError, match="request="):
        verify(verifier(), [f"DPoP {bound()}"], Possession(DPoPVerifier()))


def test_the_openapi_scheme_says_that_proofs_are_required():
    from fastapi import Depends, FastAPI
    from rapidjwt.integrations.fastapi import JWTBearer

    def schemes(**arguments):
        app = FastAPI()
        app.get("/", dependencies=[Depends(JWTBearer(verifier(), **arguments))])(
            lambda: {"ok": True}
        )
        return app.openapi()["components"]["securitySchemes"]["JWTBearer"]["scheme"]

    assert schemes() == "bearer"
    assert schemes(dpop=DPoPVerifier(required=False)) == "bearer"
    assert schemes(dpop=DPoPVerifier()) == "dpop"


def test_the_path_of_a_url_is_compared_decoded_whatever_the_server_passes():
    from flask import Flask
    from rapidjwt.integrations.flask import jwt_required

    app = Flask(__name__)
    app.get("/a é/<path:rest>")(jwt_required(verifier(), dpop=DPoPVerifier())(lambda *a, **k: "ok"))
    access_token = bound()
    url = f"{HOST}/v1/a%20%c3%A9/b%2Fc"
    headers = dpop_headers(access_token, "", url=url)
    client = app.test_client()
    got = client.get("/a%20%C3%A9/b%2Fc?x=%2F", headers=headers, base_url=f"{HOST}/v1")
    assert got.status_code == 200


def test_a_websocket_can_have_a_proof():
    from fastapi import Depends, FastAPI, WebSocket
    from rapidjwt.integrations.fastapi import JWTBearer
    from starlette.testclient import TestClient

    app = FastAPI()
    jwt = JWTBearer(verifier(), dpop=DPoPVerifier())

    async def socket(websocket: WebSocket, claims=Depends(jwt)):  # noqa: B008
        await websocket.accept()
        await websocket.send_text(claims["sub"])

    socket.__annotations__["websocket"] = WebSocket
    app.websocket("/ws")(socket)
    headers = dict(dpop_headers(bound(), "/ws"))
    with TestClient(app, base_url=HOST).websocket_connect("/ws", headers=headers) as connection:
        assert connection.receive_text() == "alice"


# --- certificates ---

VECTOR = json.loads((ROOT / "tests/vectors/mtls.json").read_text(encoding="utf-8"))
ESCAPED = quote(VECTOR["certificate"], safe="")
CERTIFICATES = ClientCertificates(header="X-Client-Cert")


def with_certificate(*certificates, cnf=None, **claims):
    cnf = {"x5t#S256": VECTOR["x5t#S256"]} if cnf is None else cnf
    sent = [("X-Client-Cert", certificate) for certificate in certificates]
    return [("Authorization", bearer(token(scope=SCOPE, cnf=cnf, **claims))), *sent]


def test_a_token_is_accepted_with_its_certificate(framework):
    make, _ = framework
    ask = make(verifier(), certificates=CERTIFICATES)
    assert ask(with_certificate(ESCAPED)) == (200, None, None)


def test_a_token_is_refused_with_another_certificate_or_none(framework):
    make, _ = framework
    ask = make(verifier(), certificates=CERTIFICATES)
    another = "The access token is bound to another certificate"
    missing = "The access token is bound to a certificate, and there is none"
    several = "The request has more than one client certificate"
    unreadable = "The client certificate cannot be read"
    other = {"x5t#S256": "A" * 43}
    for headers, because in (
        (with_certificate(ESCAPED, cnf=other), another),
        (with_certificate(), missing),
        (with_certificate(""), missing),
        (with_certificate(ESCAPED, ESCAPED), several),
        (with_certificate("garbage"), unreadable),
    ):
        assert ask(headers) == (401, error("Bearer", "invalid_token", because), None)


def test_a_token_bound_to_a_certificate_is_refused_where_certificates_are_not_checked(framework):
    make, _ = framework
    because = "The access token is bound to a certificate, which cannot be checked here"
    expected = (401, error("Bearer", "invalid_token", because), None)
    assert make(verifier())(with_certificate(ESCAPED)) == expected


def test_tokens_without_a_certificate_are_accepted_if_that_is_configured(framework):
    make, _ = framework
    headers = [("Authorization", bearer(token(scope=SCOPE)))]
    because = "The access token is not bound to a certificate"
    expected = (401, error("Bearer", "invalid_token", because), None)
    assert make(verifier(), certificates=CERTIFICATES)(headers) == expected
    optional = ClientCertificates(header="X-Client-Cert", required=False)
    ask = make(verifier(), certificates=optional)
    assert ask(headers).status == 200
    assert ask(with_certificate()).status == 401


def test_a_function_can_find_the_certificate(framework):
    make, _ = framework
    seen = []

    def read(request):
        seen.append(request.headers["X-Of-Server"])
        return VECTOR["certificate"]

    ask = make(verifier(), certificates=ClientCertificates(read=read))
    headers = [*with_certificate(), ("X-Of-Server", "yes")]
    assert ask(headers).status == 200
    assert seen == ["yes"]


def test_a_token_can_be_bound_to_a_key_and_a_certificate(framework):
    make, path = framework
    ask = make(verifier(), dpop=DPoPVerifier(), certificates=CERTIFICATES)
    cnf = {"jkt": PROVER.thumbprint, "x5t#S256": VECTOR["x5t#S256"]}
    headers = dpop_headers(token(scope=SCOPE, cnf=cnf), path)
    because = "The access token is bound to a certificate, and there is none"
    assert ask(headers) == (401, error("DPoP", "invalid_token", because, f", {ALGS}"), None)
    assert ask([*headers, ("X-Client-Cert", ESCAPED)]) == (200, None, None)


def test_a_certificate_cannot_be_checked_without_the_request():
    with pytest.raises(TypeError, match="request="):
        verify(verifier(), [bearer(token())], Possession(certificates=CERTIFICATES))


SHARED = DPoPVerifier()


def test_django_takes_an_import_path():
    make, path = FRAMEWORKS["django"]
    ask = make(verifier(), dpop=f"{__name__}.SHARED")
    assert ask(dpop_headers(bound(), path)) == (200, None, None)


def test_django_refuses_what_cannot_verify_a_proof_or_a_certificate():
    from django.core.exceptions import ImproperlyConfigured

    for name in ("dpop", "certificates"):
        for wrong in (object(), DPoPVerifier, "secret"):
            with pytest.raises(ImproperlyConfigured, match=f"RAPIDJWT: ({name}|{name.upper()})"):
                FRAMEWORKS["django"][0](verifier(), **{name: wrong})([])


def test_problem_details_of_the_rest_framework_ask_for_the_scheme_that_is_accepted():
    from django.test import Client, override_settings

    from . import django_project

    handler = "rapidjwt.integrations.drf.problem_details_handler"
    frameworks = django_project.settings.REST_FRAMEWORK | {"EXCEPTION_HANDLER": handler}
    given = {"VERIFIER": verifier(), "DPOP": DPoPVerifier()}
    with override_settings(RAPIDJWT=given, REST_FRAMEWORK=frameworks):
        response = Client().get("/rest/scoped")
    assert response.json()["detail"] == "A DPoP-bound token is required"
