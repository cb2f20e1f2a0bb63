"""What the guides show keeps strangers out: each program is run, then asked with hostile tokens.

The first blocks of the guides to FastAPI and Flask have no issuer and no audience;
`integrations/test_examples.py` asks those.
"""

from __future__ import annotations

import ast
import asyncio
import json
import re
from pathlib import Path

import pytest
import rapidjwt
from hostile_tokens import signed
from rapidjwt.jwks import Response
from test_docs import ROOT, run_page

BEGIN = """

# --- asked by the test ---
import os
from hostile_tokens import hostile_tokens, signed

SECRET = os.environ["JWT_SECRET"]


def check(name, status, refused=401, tokens=None, good=None):
    \"\"\"Check the status of a good token and those of hostile ones.\"\"\"
    assert status(good or signed(SECRET)) in (200, 201), name
    for kind, token in (tokens or hostile_tokens(SECRET)).items():
        assert status(token) == refused, f"{name}: a token {kind}"
    print(name)
"""
#: By guide: what is appended to its program, and the names of what was checked.
CHECKS = {
    "fastapi": (
        """
for path in ("/orders/7", "/account/orders", "/whoami"):
    check(path, lambda token: get(path, token).status_code)
check("starlette", lambda token: get("/orders", token, plain).status_code)


def live(token):
    from starlette.testclient import WebSocketDenialResponse

    try:
        with TestClient(app).websocket_connect("/orders/live", ["bearer", token]) as socket:
            return 200 if socket.receive_json()["orders of"] else 500
    except WebSocketDenialResponse as refused:
        return refused.status_code


check("/orders/live", live)
""",
        ["/orders/7", "/account/orders", "/whoami", "starlette", "/orders/live"],
    ),
    "flask": (
        """
def post(token):
    return app.test_client().post("/orders", headers={"Authorization": f"Bearer {token}"})


for path in ("/orders/7", "/shop/cart", "/old"):
    check(path, lambda token: get(path, token).status_code)
check("post", lambda token: post(token).status_code)
""",
        ["/orders/7", "/shop/cart", "/old", "post"],
    ),
    "django": (
        """
def post(token):
    return Client().post("/orders", headers={"Authorization": f"Bearer {token}"})


for path in ("/me", "/orders/7", "/rest/orders/7"):
    check(path, lambda token: get(path, token).status_code)
check("post", lambda token: post(token).status_code)
check(
    "/hello",
    lambda token: get("/hello", token).json()["hello"] == "alice" and 200,
    refused=False,
)
""",
        ["/me", "/orders/7", "/rest/orders/7", "post", "/hello"],
    ),
    "bearer-tokens": (
        """
def status(verifier, token):
    try:
        verify(verifier, [f"Bearer {token}"])
    except BearerError as error:
        return error.status
    return 200


more = {
    "without an ID": signed(SECRET, without=["jti"]),
    "of another kind": signed(SECRET, headers={"typ": "JWT"}),
}
for checked in (verifier, NotRevoked()):
    tokens = hostile_tokens(SECRET) | more
    if checked is not verifier:
        tokens["that was revoked"] = signed(SECRET, jti="b41c")
    check(type(checked).__name__, lambda token: status(checked, token), tokens=tokens)
""",
        ["Verifier", "NotRevoked"],
    ),
    "security": (
        """
def status(token):
    try:
        access_claims(token)
    except InvalidTokenError:
        return 401
    return 200


def token(**different):
    return signed(private, algorithm="ES256", **(access | different))


access = {"aud": "https://api.example", "headers": {"typ": "at+jwt"}}
tokens = hostile_tokens(private, "ES256", **access) | {
    "for the audience of another API": token(aud="https://orders.example"),
    "that is an ID token": token(headers={"typ": "JWT"}),
    "that is a logout token": token(headers={"typ": "logout+jwt"}),
    "without a type": token(headers={"typ": None}),
}
check("access_claims", status, tokens=tokens, good=token())
""",
        ["access_claims"],
    ),
}


@pytest.mark.parametrize("guide", CHECKS)
def test_a_guide_refuses_hostile_tokens(guide, tmp_path):
    appended, names = CHECKS[guide]
    page = ROOT / "docs" / "guides" / f"{guide}.md"
    printed = run_page(page, tmp_path, BEGIN + appended, path=[Path(__file__).parent])
    assert printed.splitlines()[-len(names) :] == names


def marked_blocks(page):
    """Return the blocks of a page that are not run with it."""
    return re.findall(r"<!-- not run -->\n+```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


#: The blocks that ask a provider for its keys, each with the verifier that it makes.
PROVIDERS = {
    "README.md": lambda names: names["verifier"],
    "docs/quick-start.md": lambda names: names["verifier"],
    "docs/jwks.md": lambda names: names["verifier"],
    "docs/guides/django.md": lambda names: names["RAPIDJWT"]["VERIFIER"],
    "docs/guides/flask.md": lambda names: names["verifier"],
    "docs/guides/fastapi.md": lambda names: names["bearer"],
}
KEY = rapidjwt.Key.generate("RS256", kid="k1")


def provider(*arguments, **options):
    """Answer the requests of a client as an issuer at any address would, with its one key."""

    def answer(request):
        origin = "/".join(request.url.split("/")[:3])
        document = (
            {"keys": [KEY.to_jwk()]}
            if request.url.endswith("jwks.json")
            else {"issuer": origin, "jwks_uri": f"{origin}/jwks.json"}
        )
        return Response(200, {}, json.dumps(document).encode())

    return answer


class AsyncProvider:
    """The same for asyncio."""

    failures = ()

    def __init__(self, *arguments, **options):
        self.answer = provider()

    async def __call__(self, request):
        return self.answer(request)


@pytest.mark.parametrize("page", PROVIDERS)
def test_a_providers_verifier_in_a_guide_refuses_hostile_tokens(page, monkeypatch):
    monkeypatch.setattr("rapidjwt.jwks.client.UrllibTransport", provider)
    monkeypatch.setattr("rapidjwt.jwks.async_client.HttpxTransport", AsyncProvider)
    blocks = [block for block in marked_blocks(ROOT / page) if "from_issuer" in block]
    assert blocks
    for block in blocks:
        issuer = re.search(r'from_issuer\("(.*?)"', block)[1]
        usual = {"iss": issuer, "aud": re.search(r'audience="(.*?)"', block)[1]}
        good = signed(KEY, algorithm="RS256", headers={"kid": "k1"}, **usual)
        names = {"rapidjwt": rapidjwt, "JWTBearer": lambda verifier: verifier, "token": good}
        code = compile(block, page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        asyncio.run(to_the_end(eval(code, names)))
        verifier = PROVIDERS[page](names)
        assert asyncio.run(verifier.decode_async(good))["sub"] == "alice"
        different = [{"iss": "https://evil.example"}, {"iss": f"{issuer}/"}, {"exp": 1}]
        different += [{"aud": "https://other.example"}, {"without": ["iss"]}, {"without": ["aud"]}]
        hostile = [
            signed(KEY, algorithm="RS256", headers={"kid": "k1"}, **(usual | each))
            for each in different
        ]
        stranger = signed(rapidjwt.Key.generate("RS256"), algorithm="RS256", **usual)
        unsigned = signed(None, algorithm="none", **usual)
        for token in [*hostile, stranger, unsigned, good[:-1]]:
            with pytest.raises(rapidjwt.InvalidTokenError):
                asyncio.run(verifier.decode_async(token))


async def to_the_end(result):
    """Wait for a block that awaits something."""
    if result is not None:
        await result
