"""MCP servers of both packages, asked on loopback by the clients of both packages."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from socket import create_connection, create_server

import pytest
from rapidjwt import AsyncJWKSClient, MultiIssuerVerifier, Verifier
from rapidjwt.integrations.bearer import BearerError
from rapidjwt.testing import Issuer

pytest.importorskip("mcp.server.mcpserver")
pytest.importorskip("fastmcp")

from apps.serving import environment

EXAMPLES = Path(__file__).parents[3] / "examples"
FOLDERS = {"mcp": EXAMPLES / "mcp_server", "fastmcp": EXAMPLES / "fastmcp_server"}


def free_port():
    with create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Server:
    """A server of an example; `token` signs for it."""

    def __init__(self, issuer, port, log):
        self.issuer, self.log = issuer, log
        self.base = f"http://127.0.0.1:{port}"
        self.url = f"{self.base}/mcp"

    def token(self, **arguments):
        return self.issuer.token(**{"scope": "orders:read", "aud": self.url, **arguments})


@pytest.fixture(scope="module", params=FOLDERS)
def server(request, rapidjwt_loopback_issuer, tmp_path_factory):
    port, log = free_port(), tmp_path_factory.mktemp("mcp") / "log"
    command = [sys.executable, "server.py", rapidjwt_loopback_issuer.url, str(port)]
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=FOLDERS[request.param],
            env=environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for(port, process, log)
            yield Server(rapidjwt_loopback_issuer, port, log)
        finally:
            process.terminate()
            process.wait(60)


def wait_for(port, process, log):
    give_up = time.monotonic() + 120
    while not answers(port):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < give_up, log.read_text()
        time.sleep(0.1)


def answers(port):
    try:
        create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def asked(server, client, token):
    """Return what the client of an example prints, and its errors."""
    done = subprocess.run(
        [sys.executable, "client.py", server.url],
        cwd=FOLDERS[client],
        env=environment(ACCESS_TOKEN=token),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout.strip(), done.stderr


@pytest.mark.parametrize("client", FOLDERS)
def test_a_client_is_known_by_its_token(server, client):
    said, error = asked(server, client, server.token(sub="bob"))
    assert said == "bob", error


@pytest.mark.parametrize("client", FOLDERS)
@pytest.mark.parametrize("kind", ["expired", "for another server"])
def test_a_client_with_a_bad_token_is_refused(server, client, kind):
    tokens = {
        "expired": lambda: server.issuer.expired_token(scope="orders:read", aud=server.url),
        "for another server": lambda: server.token(aud="https://other.example/mcp"),
    }
    before = len(server.log.read_text())
    said, error = asked(server, client, tokens[kind]())
    assert said == ""
    assert "MCPError" in error
    assert '"POST /mcp HTTP/1.1" 401' in server.log.read_text()[before:]


def post(server, token=None):
    """Send what a client sends first; return the status and the challenge."""
    request = urllib.request.Request(
        server.url,
        json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode(),
        {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"},
    )
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as response:
            return response.status, ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get("WWW-Authenticate", "")


def test_every_refusal_names_the_metadata(server):
    metadata = f"{server.base}/.well-known/oauth-protected-resource/mcp"
    bad = server.issuer.bad_tokens(scope="orders:read", aud=server.url)
    for token in (None, *bad.values(), server.token(aud="https://other.example/mcp")):
        status, challenge = post(server, token)
        assert status == 401
        assert f'resource_metadata="{metadata}"' in challenge
    status, challenge = post(server, server.token(scope="orders:write"))
    assert status == 403
    assert 'error="insufficient_scope"' in challenge
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(metadata, timeout=60) as response:
        shown = json.load(response)
    assert shown["resource"] == server.url
    # FastMCP adds a slash.
    assert [url.rstrip("/") for url in shown["authorization_servers"]] == [server.issuer.url]


# --- without a server ---

RESOURCE = "https://api.example/mcp"
ISSUER = Issuer(audience=RESOURCE)


@pytest.fixture(params=FOLDERS)
def make(request):
    from rapidjwt.integrations import fastmcp, mcp

    return {"mcp": mcp, "fastmcp": fastmcp}[request.param].TokenVerifier


def verified(verifier, token):
    return asyncio.run(verifier.verify_token(token))


def test_the_token_is_described(make):
    results = []
    verifier = make(ISSUER.verifier(), RESOURCE, on_result=results.append)
    token = ISSUER.token("bob", scope="b a", azp="other")
    found = verified(verifier, token)
    assert (found.token, found.client_id, found.scopes) == (token, "test-client", ["a", "b"])
    assert (found.resource, found.subject, found.claims["sub"]) == (RESOURCE, "bob", "bob")
    assert found.expires_at == found.claims["exp"]
    for without, name in (({"client_id": None, "azp": "web"}, "web"), ({"client_id": None}, "bob")):
        assert verified(verifier, ISSUER.token("bob", **without)).client_id == name
    assert verified(verifier, ISSUER.token("bob", expires_in=None)).expires_at is None
    assert results == ["verified"] * 4
    for bad in (*ISSUER.bad_tokens().values(), "", "a b", "ü"):
        assert verified(verifier, bad) is None
    assert len(results) == 4 + 8 + 3


def test_the_verifier_must_expect_the_resource(make):
    for audience in (None, "https://api.example", [RESOURCE, "https://other.example"]):
        with pytest.raises(ValueError, match=r"audience='https://api.example/mcp'"):
            make(ISSUER.verifier(audience=audience), RESOURCE)


def test_other_verifiers_are_bound_to_the_resource_as_well(make):
    lax = Verifier(ISSUER.key, issuer=ISSUER.url, options={"verify_aud": False})
    verifier = make(MultiIssuerVerifier([lax]), RESOURCE)
    assert verified(verifier, ISSUER.token(aud=["https://a.example", RESOURCE])) is not None
    for audience in (None, "https://api.example", f"{RESOURCE}/", [], 7):
        assert verified(verifier, ISSUER.token(aud=audience)) is None


def test_keys_out_of_reach_are_an_error_and_no_refusal(make):
    async def down(_request):
        raise OSError("no route to host")

    client = AsyncJWKSClient(ISSUER.jwks_uri, transport=down)
    remote = Verifier(jwks=client, algorithms=["ES256"], audience=RESOURCE)
    with pytest.raises(BearerError) as raised:
        verified(make(remote, RESOURCE), ISSUER.token())
    assert raised.value.status == 503
