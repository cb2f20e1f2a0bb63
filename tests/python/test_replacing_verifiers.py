"""How tests of applications replace prepared objects; docs/guides/testing.md shows the same."""

from __future__ import annotations

import asyncio
import sys
import types
from unittest import mock

import pytest

pytest.importorskip("fastapi")

from rapidjwt import InvalidTokenError, Key, MultiIssuerVerifier, Signer, TokenVerifier, Verifier
from rapidjwt.integrations import bearer
from rapidjwt.integrations.fastapi import JWTBearer
from rapidjwt.integrations.flask import jwt_required

KEY = Key.generate("ES256")
VERIFIER = Verifier(KEY.public(), issuer="me")


class FakeVerifier:
    def decode(self, token, /):
        if token != "alice":
            raise InvalidTokenError("unknown user")
        return {"sub": token}

    async def decode_async(self, token, /):
        return self.decode(token)


@pytest.mark.parametrize("name", ["decode", "decode_async", "decode_many"])
def test_a_method_of_a_prepared_object_cannot_be_patched(name):
    with pytest.raises(AttributeError, match="read-only"), mock.patch.object(VERIFIER, name):
        pass
    assert VERIFIER.decode(Signer(KEY, issuer="me").encode({})) == {"iss": "me"}


@pytest.mark.parametrize(
    "verifier", [VERIFIER, MultiIssuerVerifier([VERIFIER]), FakeVerifier()], ids=type
)
def test_the_protocol_names_methods_that_every_verifier_has(verifier):
    members = {name for name in vars(TokenVerifier) if not name.startswith("_")}
    assert members == {"decode", "decode_async"}
    assert all(callable(getattr(verifier, name)) for name in members)
    assert bearer.checked_verifier(verifier) is verifier


def test_a_helper_takes_a_fake_in_place_of_a_verifier():
    authorization = ["Bearer alice"]
    assert bearer.verify(FakeVerifier(), authorization) == {"sub": "alice"}
    awaited = bearer.verify_async(FakeVerifier(), authorization, None)
    assert asyncio.run(awaited) == {"sub": "alice"}
    with pytest.raises(bearer.BearerError, match="not valid"):
        bearer.verify(FakeVerifier(), ["Bearer eve"])


def test_a_flask_view_takes_a_fake():
    flask = pytest.importorskip("flask")
    app = flask.Flask("app")
    app.get("/me")(jwt_required(FakeVerifier())(lambda claims: claims))
    http = app.test_client()
    assert http.get("/me", headers={"Authorization": "Bearer alice"}).json == {"sub": "alice"}
    assert http.get("/me", headers={"Authorization": "Bearer eve"}).status_code == 401


def test_a_fastapi_dependency_is_overridden():
    fastapi = pytest.importorskip("fastapi")
    from fastapi.testclient import TestClient

    app, dependency = fastapi.FastAPI(), JWTBearer(VERIFIER)
    needed = fastapi.Depends(dependency)
    app.get("/me")(lambda claims=needed: claims)
    with TestClient(app) as http:
        assert http.get("/me").status_code == 401
        app.dependency_overrides[dependency] = lambda: {"sub": "alice"}
        assert http.get("/me").json() == {"sub": "alice"}


def test_the_name_of_a_verifier_is_patched(monkeypatch):
    shop = types.ModuleType("shop_auth")
    shop.verifier = VERIFIER
    monkeypatch.setitem(sys.modules, "shop_auth", shop)
    with mock.patch("shop_auth.verifier", FakeVerifier()):
        assert shop.verifier.decode("alice") == {"sub": "alice"}
    assert shop.verifier is VERIFIER
