"""Metadata of protected resources (RFC 9728), and tokens that are bound to one (RFC 8707)."""

from __future__ import annotations

import json

import pytest
from rapidjwt.dpop import DPoPVerifier
from rapidjwt.integrations import asgi, wsgi
from rapidjwt.integrations.bearer import BearerError
from rapidjwt.integrations.guard import Guard
from rapidjwt.integrations.possession import PlainRequest
from rapidjwt.integrations.protected_resource import ProtectedResource
from rapidjwt.integrations.sources import Cookie
from rapidjwt.testing import Issuer
from starlette.testclient import TestClient, WebSocketDenialResponse

URI = "https://api.example/orders"
METADATA = "https://api.example/.well-known/oauth-protected-resource/orders"
RESOURCE = ProtectedResource(URI, ["https://auth.example"], ["orders:read"], name="Orders")
ISSUER = Issuer(audience=URI)


@pytest.mark.parametrize(
    ("identifier", "url"),
    [
        (URI, METADATA),
        ("https://api.example", "https://api.example/.well-known/oauth-protected-resource"),
        ("https://api.example/", "https://api.example/.well-known/oauth-protected-resource"),
        (
            "https://api.example:8443/a/b?c=d",
            "https://api.example:8443/.well-known/oauth-protected-resource/a/b?c=d",
        ),
        (
            "http://127.0.0.1:8000/mcp",
            "http://127.0.0.1:8000/.well-known/oauth-protected-resource/mcp",
        ),
        ("http://[::1]/mcp", "http://[::1]/.well-known/oauth-protected-resource/mcp"),
    ],
)
def test_the_metadata_are_before_the_path(identifier, url):
    assert ProtectedResource(identifier).metadata_url == url


@pytest.mark.parametrize(
    "identifier",
    ["http://api.example", "api.example", "/orders", "", "urn:orders", f"{URI}#a", f"{URI}#"],
)
def test_an_identifier_is_a_uri_with_https(identifier):
    with pytest.raises(ValueError, match="must be a URI with https"):
        ProtectedResource(identifier)


def test_lists_are_lists():
    with pytest.raises(TypeError, match="must be lists of strings"):
        ProtectedResource(URI, "https://auth.example")
    with pytest.raises(TypeError, match="must be lists of strings"):
        ProtectedResource(URI, scopes_supported="orders:read")


def test_members_without_a_value_are_left_out():
    bare = {"resource": URI, "bearer_methods_supported": ["header"]}
    assert ProtectedResource(URI).metadata() == bare
    more = ProtectedResource(URI, more={"jwks_uri": "https://api.example/jwks"})
    assert more.metadata() == bare | {"jwks_uri": "https://api.example/jwks"}


def test_the_answer_may_be_read_by_pages_of_all_sites():
    status, headers, body = RESOURCE.response()
    assert (status, json.loads(body)) == (200, RESOURCE.metadata())
    assert headers["Access-Control-Allow-Origin"] == headers["Access-Control-Allow-Headers"] == "*"
    assert headers["Content-Type"] == "application/json"
    assert headers["Cache-Control"] == "public, max-age=300"


def test_the_challenge_names_the_metadata_for_each_scheme():
    guard = Guard(ISSUER.verifier(), resource=RESOURCE)
    with pytest.raises(BearerError) as raised:
        guard.check(PlainRequest())
    headers = guard.answers.headers(raised.value)
    expected = f'Bearer realm="api", resource_metadata="{METADATA}"'
    assert headers == {"WWW-Authenticate": expected}
    both = Guard(ISSUER.verifier(), resource=RESOURCE, dpop=DPoPVerifier(required=False))
    assert both.answers.challenge().count(f'resource_metadata="{METADATA}"') == 2


def test_a_verifier_for_another_audience_is_a_mistake():
    for audience in (None, "https://api.example", [URI]):
        with pytest.raises(ValueError, match=r"Verifier\(\.\.\., audience='https://api.example/or"):
            Guard(ISSUER.verifier(audience=audience), resource=RESOURCE)
    guard = Guard(ISSUER.verifier(), resource=RESOURCE)
    with pytest.raises(ValueError, match="must expect its identifier"):
        guard.with_verifier(ISSUER.verifier(audience="https://api.example"))


def test_a_resource_of_another_type_is_not_quoted():
    with pytest.raises(TypeError, match=r"^resource must be a ProtectedResource, got str$"):
        Guard(ISSUER.verifier(), resource="a secret")


class Lax:
    """A verifier of the application's own, which does not look at the audience."""

    def decode(self, token, /):
        return ISSUER.verifier(options={"verify_aud": False}).decode(token)


@pytest.mark.parametrize(
    ("audience", "accepted"),
    [
        (URI, True),
        ([URI, "b"], True),
        (f"{URI}/", False),
        (["b"], False),
        (None, False),
        (7, False),
    ],
)
def test_tokens_for_others_are_refused_whatever_the_verifier(audience, accepted):
    results = []
    guard = Guard(Lax(), resource=RESOURCE, on_result=results.append)
    request = PlainRequest(headers=ISSUER.bearer(aud=audience).items())
    if accepted:
        assert guard.check(request)["sub"] == "alice"
        assert results == ["verified"]
        return
    with pytest.raises(BearerError, match="for another audience") as raised:
        guard.check(request)
    assert (raised.value.status, raised.value.code) == (401, "wrong_audience")
    assert results == ["wrong_audience"]


async def never(scope, receive, send):
    raise AssertionError(scope["path"])


def test_the_middlewares_answer_for_the_metadata_alone():
    app = asgi.JWTMiddleware(never, ISSUER.verifier(), resource=RESOURCE)
    client = TestClient(app)
    shown = client.get(RESOURCE.metadata_path)
    assert (shown.status_code, shown.json()) == (200, RESOURCE.metadata())
    assert client.head(RESOURCE.metadata_path).headers["Content-Length"] == str(len(shown.content))
    assert client.get("/.well-known/oauth-protected-resource").status_code == 401
    with pytest.raises(WebSocketDenialResponse) as raised:
        client.websocket_connect(RESOURCE.metadata_path).__enter__()
    assert raised.value.status_code == 401

    from werkzeug.test import Client

    plain = Client(wsgi.JWTMiddleware(never, ISSUER.verifier(), resource=RESOURCE))
    assert plain.get(RESOURCE.metadata_path).json == RESOURCE.metadata()
    assert plain.head(RESOURCE.metadata_path).data == b""
    assert plain.get("/orders").status_code == 401


def test_a_cookie_of_another_site_gets_no_challenge_here_either():
    guard = Guard(ISSUER.verifier(), resource=RESOURCE, sources=[Cookie("token")])
    with pytest.raises(BearerError) as raised:
        guard.check(PlainRequest("POST", headers=[("Cookie", "token=abc")]))
    assert guard.answers.headers(raised.value) == {}
