"""Every framework beside everything that the helpers do, over HTTP, under real servers.

docs/guides/frameworks.md has the table that `python tests/python/integrations/test_matrix.py`
makes of it.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from rapidjwt import Key
from rapidjwt.dpop import DPoPProver
from rapidjwt.testing import Issuer

sys.path.insert(0, str(Path(__file__).parents[1]))
from apps.serving import GUNICORN, UVICORN, listening
from hostile_tokens import hostile_proofs

pytestmark = pytest.mark.skipif(os.name == "nt", reason="gunicorn is for POSIX")

ROOT = Path(__file__).parents[3]
APPS = Path(__file__).parent / "matrix_apps"
PAGE = ROOT / "docs" / "guides" / "frameworks.md"
SECRET = "the secret of apps that exist only in tests"
ISSUER = Issuer(key=Key.from_secret(SECRET, alg="HS256"))
PROVER = DPoPProver(Key.generate("ES256"))


@dataclass(frozen=True)
class Framework:
    """An app in `matrix_apps`, and how it is served."""

    name: str
    command: list[str]
    needs: tuple[str, ...]
    prefix: str = ""
    http: bool = True
    sockets: bool = False


#: The rows of the test; the columns of the table in the guide.
FRAMEWORKS = [
    Framework("Flask", [*GUNICORN, "flask_app:app"], ("flask",)),
    Framework("Flask, `MethodView`", [*GUNICORN, "flask_app:app"], ("flask",), "/class"),
    Framework("FastAPI", [*UVICORN, "fastapi_app:app"], ("fastapi",), sockets=True),
    Framework("Starlette", [*UVICORN, "starlette_app:app"], ("starlette",), sockets=True),
    Framework("Django, WSGI", [*GUNICORN, "django_app:wsgi"], ("rest_framework",)),
    Framework("Django, ASGI", [*UVICORN, "django_app:asgi"], ("rest_framework",), "/async"),
    Framework("Django, classes", [*UVICORN, "django_app:asgi"], ("rest_framework",), "/class"),
    Framework(
        "Django Channels", [*UVICORN, "channels_app:app"], ("channels",), http=False, sockets=True
    ),
    Framework("REST framework", [*GUNICORN, "django_app:wsgi"], ("rest_framework",), "/rest"),
    Framework("ASGI", [*UVICORN, "asgi_app:app"], ("uvicorn",), sockets=True),
    Framework("WSGI", [*GUNICORN, "wsgi_app:app"], ("gunicorn",)),
    Framework("Litestar", [*UVICORN, "litestar_app:app"], ("litestar",), sockets=True),
    Framework("aiohttp", ["aiohttp_app.py", "{fd}"], ("aiohttp",), sockets=True),
    Framework("aiohttp, views", ["aiohttp_app.py", "{fd}"], ("aiohttp",), "/class"),
]


class Answer(NamedTuple):
    status: int
    challenge: str
    body: dict
    nonce: str | None


def send(url, path, headers=None, method="GET"):
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        challenge = response.getheader("WWW-Authenticate", "")
        nonce = response.getheader("DPoP-Nonce")
        return Answer(response.status, challenge, json.load(response), nonce)
    finally:
        connection.close()


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def cookie(token, csrf=None, sent=None):
    headers = {"Cookie": f"token={token}" + (f"; csrf_token={csrf}" if csrf else "")}
    return headers | ({"X-CSRF-Token": sent} if sent else {})


def check(answer, status, sub=None, error=None):
    """Compare a status, the subject that the route saw, and the error of the challenge."""
    assert answer.status == status, answer
    if status == 200:
        assert answer.body == {"sub": sub}
    if error is not None:
        assert f'error="{error}"' in answer.challenge


# --- what is asked; each function gets another that sends a request ---


def valid(ask):
    check(ask("/me", ISSUER.bearer("bob")), 200, "bob")


def missing(ask):
    answer = ask("/me")
    check(answer, 401)
    assert answer.challenge.startswith('Bearer realm="api"')
    assert "error" not in answer.challenge


def expired(ask):
    check(ask("/me", bearer(ISSUER.expired_token())), 401, error="invalid_token")


def tampered(ask):
    check(ask("/me", bearer(ISSUER.tampered_token())), 401, error="invalid_token")


def hostile(ask):
    for token in ISSUER.bad_tokens().values():
        check(ask("/me", bearer(token)), 401, error="invalid_token")
    check(ask("/me", bearer("a b")), 400, error="invalid_request")


def lacking(ask):
    check(ask("/scoped", ISSUER.bearer(scope="orders:read")), 200, "alice")
    answer = ask("/scoped", ISSUER.bearer(scope="orders:write"))
    check(answer, 403, error="insufficient_scope")
    assert 'scope="orders:read"' in answer.challenge


def any_scope(ask):
    for scope in ("orders:admin", "a orders:read"):
        check(ask("/any", ISSUER.bearer(scope=scope)), 200, "alice")
    check(ask("/any", ISSUER.bearer(scope="orders:write")), 403, error="insufficient_scope")


def roles(ask):
    check(ask("/roles", ISSUER.bearer(realm_access={"roles": ["a", "owner"]})), 200, "alice")
    for claims in ({}, {"roles": ["admin"]}, {"realm_access": {"roles": ["a"]}}):
        check(ask("/roles", ISSUER.bearer(**claims)), 403, error="insufficient_scope")


def optional(ask):
    check(ask("/optional"), 200, None)
    check(ask("/optional", ISSUER.bearer()), 200, "alice")
    check(ask("/optional", bearer(ISSUER.expired_token())), 401, error="invalid_token")


def from_cookie(ask):
    check(ask("/cookie", cookie(ISSUER.token())), 200, "alice")
    check(ask("/cookie", cookie(ISSUER.expired_token())), 401, error="invalid_token")
    both = ISSUER.bearer("bob") | cookie(ISSUER.token())
    check(ask("/cookie", both), 200, "bob")


def csrf(ask):
    token = ISSUER.token()
    check(ask("/cookie", cookie(token, "c5", "c5"), "POST"), 200, "alice")
    for headers in (cookie(token), cookie(token, "c5"), cookie(token, "c5", "c6")):
        answer = ask("/cookie", headers, "POST")
        check(answer, 403)
        assert answer.challenge == ""
    check(ask("/cookie", cookie(token, None, "c5"), "POST"), 403)
    check(ask("/cookie", ISSUER.bearer(), "POST"), 200, "alice")


def own_body(ask):
    assert ask("/body").body == {"reason": "missing_token"}
    assert ask("/body", bearer(ISSUER.expired_token())).body == {"reason": "expired"}


def profile(ask):
    check(ask("/profile", ISSUER.bearer()), 200, "alice")
    check(ask("/profile", ISSUER.bearer(headers={"typ": "JWT"})), 401, error="invalid_token")


def protected_resource(ask):
    where = "/.well-known/oauth-protected-resource"
    check(ask("/resource", ISSUER.bearer()), 200, "alice")
    for headers in ({}, ISSUER.bearer(aud="https://other.example")):
        answer = ask("/resource", headers)
        check(answer, 401)
        assert f'resource_metadata="{ISSUER.audience}{where}"' in answer.challenge
    assert ask(where).body == {
        "resource": ISSUER.audience,
        "authorization_servers": [ISSUER.url],
        "scopes_supported": ["orders:read"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Orders",
    }


def proven(ask):
    url, stranger = ask.url + "/proven", DPoPProver(Key.generate("ES256"))
    token, other = (ISSUER.token(sub, cnf={"jkt": PROVER.thumbprint}) for sub in ("bob", "al"))

    def refused(proof, error="invalid_dpop_proof", **more):
        answer = ask("/proven", {"Authorization": f"DPoP {token}", "DPoP": proof, **more})
        check(answer, 401, error=error)
        return answer.nonce

    nonce = refused(PROVER.proof("GET", url, access_token=token), "use_dpop_nonce")

    def proof(method="GET", url=url, access_token=token, prover=PROVER):
        return prover.proof(method, url, access_token=access_token, nonce=nonce)

    used = proof()
    check(ask("/proven", {"Authorization": f"DPoP {token}", "DPoP": used}), 200, "bob")
    for wrong in (
        used,
        proof("POST"),
        proof(url=f"{url}/other"),
        proof(access_token=other),
        *hostile_proofs(token, url, nonce=nonce),
    ):
        refused(wrong)
    refused(proof(), dpop=proof())  # two headers
    refused(PROVER.proof("GET", url, access_token=token, nonce="another"), "use_dpop_nonce")
    refused(proof(prover=stranger), "invalid_token")
    check(ask("/proven", bearer(token)), 401, error="invalid_token")
    check(ask("/proven", ISSUER.bearer()), 200, "alice")


FEATURES = {
    "200": valid,
    "401: no token": missing,
    "401: expired": expired,
    "401: tampered": tampered,
    "400, 401: others": hostile,
    "403": lacking,
    "any of several scopes": any_scope,
    "roles": roles,
    "optional": optional,
    "cookie": from_cookie,
    "CSRF": csrf,
    "own error body": own_body,
    "profile of a route": profile,
    "protected resource": protected_resource,
    "DPoP": proven,
}


# --- WebSockets ---


def connected(url, token=None, **arguments):
    """Open a WebSocket with a token in the subprotocol; the client reads no proxy settings."""
    from websockets.sync.client import connect

    offered = None if token is None else ["bearer", token]
    url = url.replace("http", "ws") + "/live"
    return connect(url, subprotocols=offered, proxy=None, open_timeout=60, **arguments)


def refused(url, *arguments, **more):
    from websockets.exceptions import InvalidStatus

    with pytest.raises(InvalidStatus) as raised:
        connected(url, *arguments, **more)
    return raised.value.response.status_code


def accepted_socket(url):
    with connected(url, ISSUER.token("bob")) as socket:
        assert socket.subprotocol == "bearer"
        assert json.loads(socket.recv()) == {"sub": "bob"}
    with connected(url, additional_headers=ISSUER.bearer("bob")) as socket:
        assert json.loads(socket.recv()) == {"sub": "bob"}


def refused_socket(url):
    assert refused(url) in (401, 403)
    for token in ISSUER.bad_tokens().values():
        assert refused(url, token) in (401, 403)


def connected_for_a_moment(url):
    """Open a WebSocket with a token that soon expires, but not before a busy machine is ready."""
    from websockets.exceptions import InvalidStatus

    for seconds in (2, 10):
        with contextlib.suppress(InvalidStatus):
            return connected(url, ISSUER.token(expires_in=seconds))
    return connected(url, ISSUER.token(expires_in=60))


def socket_until_expiry(url):
    from websockets.exceptions import ConnectionClosed

    with connected_for_a_moment(url) as socket:
        assert json.loads(socket.recv()) == {"sub": "alice"}
        with pytest.raises(ConnectionClosed) as raised:
            socket.recv(timeout=90)
        assert raised.value.rcvd.code == 1008
        assert raised.value.rcvd.reason == "The access token has expired"


def socket_of_another_site(url):
    of_browser = cookie(ISSUER.token())
    with connected(url, additional_headers=of_browser, origin=url) as socket:
        assert json.loads(socket.recv()) == {"sub": "alice"}
    other = "https://evil.example"
    assert refused(url, additional_headers=of_browser, origin=other) == 403


SOCKET_FEATURES = {
    "WebSocket: subprotocol, header": accepted_socket,
    "WebSocket: refused": refused_socket,
    "WebSocket: closed at expiry": socket_until_expiry,
    "WebSocket: cookie, `Origin`": socket_of_another_site,
}


def features(framework):
    """Return the names of what is asked of a framework."""
    http, sockets = FEATURES if framework.http else (), SOCKET_FEATURES if framework.sockets else ()
    return [*http, *sockets]


@pytest.fixture(scope="module")
def served(request, tmp_path_factory):
    framework = request.param
    for name in framework.needs:
        pytest.importorskip(name)
    log = tmp_path_factory.mktemp("server") / "log"
    with listening(framework.command, APPS, log) as url:
        yield framework, url


@pytest.mark.parametrize(
    ("served", "feature"),
    [(framework, feature) for framework in FRAMEWORKS for feature in features(framework)],
    ids=lambda part: getattr(part, "name", part),
    indirect=["served"],
)
def test_a_framework_does_what_the_table_says(served, feature):
    framework, url = served
    if feature in SOCKET_FEATURES:
        SOCKET_FEATURES[feature](url)
        return

    def ask(path, headers=None, method="GET"):
        return send(url, framework.prefix + path, headers, method)

    ask.url = url + framework.prefix
    FEATURES[feature](ask)


BEGIN, END = "<!-- matrix: made by test_matrix.py -->\n", "<!-- end of the matrix -->\n"


def table():
    """Return the table of the guide: a row for each feature."""
    lines = [
        "| | " + " | ".join(framework.name for framework in FRAMEWORKS) + " |",
        "| --- |" + " :---: |" * len(FRAMEWORKS),
    ]
    for feature in [*FEATURES, *SOCKET_FEATURES]:
        cells = ("yes" if feature in features(framework) else "" for framework in FRAMEWORKS)
        lines.append(f"| {feature} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, ""])


def with_table(page):
    before, rest = page.split(BEGIN)
    return before + BEGIN + table() + END + rest.split(END)[1]


def test_the_guide_has_the_table():
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_table(page)


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
