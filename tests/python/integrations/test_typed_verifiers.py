"""Helpers with a verifier that has a type: possession and scopes are checked before the type."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import pytest

pytest.importorskip("fastapi")

import rapidjwt
from pydantic import TypeAdapter
from rapidjwt import Key, MultiIssuerVerifier, Verifier
from rapidjwt.dpop import DPoPProver, DPoPVerifier
from rapidjwt.integrations import bearer
from rapidjwt.integrations.bearer import BearerError
from typing_extensions import TypedDict

SECRET = "a secret of at least thirty-two bytes"
HS256 = ["HS256"]
CLAIMS = {"sub": "alice", "exp": int(time.time()) + 7 * 86400}


@dataclass
class Named:
    sub: str
    level: int = 1


class Kept(TypedDict):
    """A type of dicts that keeps all claims."""

    sub: str


#: A type of dicts without the claims that it does not name: pydantic drops them.
FORGETFUL = TypeAdapter(Kept)


def verifier(kind, **arguments):
    return Verifier(SECRET, algorithms=HS256, claims=kind, **arguments)


def token(claims):
    return rapidjwt.encode(claims, SECRET)


BOUND = CLAIMS | {"cnf": {"jkt": "thumbprint"}}


@pytest.mark.parametrize("kind", [Named, Kept, FORGETFUL], ids=str)
def test_a_bound_token_is_refused_whatever_the_type_keeps_of_it(kind):
    typed = verifier(kind)
    header = [f"Bearer {token(BOUND)}"]
    assert typed.decode(token(BOUND))
    with pytest.raises(BearerError) as caught:
        bearer.verify(typed, header)
    assert caught.value.code == "wrong_binding"
    with pytest.raises(BearerError) as caught:
        asyncio.run(bearer.verify_async(typed, header, asyncio.to_thread))
    assert caught.value.code == "wrong_binding"


@pytest.mark.parametrize("kind", [Named, Kept, FORGETFUL], ids=str)
def test_helpers_refuse_a_multi_issuer_verifier_with_a_type(kind):
    made = MultiIssuerVerifier(
        [verifier(kind, issuer="me")],
        pattern="https://.*",
        make=lambda issuer: verifier(kind, issuer=issuer),
    )
    for issuer in ("me", "https://id.example"):
        for claims in (BOUND, CLAIMS):
            header = [f"Bearer {token(claims | {'iss': issuer})}"]
            with pytest.raises(TypeError, match="a MultiIssuerVerifier must not have a type here"):
                bearer.verify(made, header)
            with pytest.raises(TypeError, match="a MultiIssuerVerifier must not have a type here"):
                asyncio.run(bearer.verify_async(made, header, asyncio.to_thread))
    with pytest.raises(BearerError) as caught:
        bearer.verify(made, [f"Bearer {token(CLAIMS | {'iss': 'other'})}"])
    assert caught.value.code == "wrong_issuer"
    plain = MultiIssuerVerifier([Verifier(SECRET, algorithms=HS256, issuer="me")])
    good = CLAIMS | {"iss": "me"}
    assert bearer.verify(plain, [f"Bearer {token(good)}"]) == good


def test_helpers_refuse_a_verifier_of_your_own_that_does_not_return_all_claims():
    class Own:
        def decode(self, given):
            return verifier(Named).decode(given)

    class OwnAsync:
        async def decode_async(self, given):
            return verifier(Named).decode(given)

    header = [f"Bearer {token(BOUND)}"]
    with pytest.raises(TypeError, match="Own must return the claims as a dict"):
        bearer.verify(Own(), header)
    for own in (Own(), OwnAsync()):
        with pytest.raises(TypeError, match="must return the claims as a dict"):
            asyncio.run(bearer.verify_async(own, header, asyncio.to_thread))


def answers_of_fastapi(**arguments):
    from fastapi import Depends, FastAPI
    from fastapi.testclient import TestClient
    from rapidjwt.integrations.fastapi import JWTBearer

    app, jwt = FastAPI(), JWTBearer(**arguments)

    @app.get("/")
    def me(claims: Any = Depends(jwt)) -> str:  # noqa: B008, FAST002
        return repr(claims)

    client = TestClient(app)

    def answer(headers):
        got = client.get("/", headers=headers)
        return got.status_code, got.json()

    return answer


def answers_of_flask(**arguments):
    from flask import Flask, jsonify
    from rapidjwt.integrations.flask import jwt_required

    app = Flask("typed")
    app.get("/")(jwt_required(**arguments)(lambda claims: jsonify(repr(claims))))
    client = app.test_client()

    def answer(headers):
        got = client.get("/", headers=headers)
        return got.status_code, got.json

    return answer


@pytest.mark.parametrize("answers_of", [answers_of_fastapi, answers_of_flask])
def test_helpers_pass_the_type(answers_of, caplog):
    results = []
    answers = answers_of(verifier=verifier(Named), scopes="read", on_result=results.append)

    def answer(claims):
        return answers({"Authorization": f"Bearer {token(claims)}"})

    scoped = CLAIMS | {"scope": "read"}
    assert answer(scoped) == (200, "Named(sub='alice', level=1)")
    status, body = answer(scoped | {"level": "s3cret"})
    assert status == 401
    assert "s3cret" not in str(body)
    assert "s3cret" not in caplog.text
    assert answer(CLAIMS | {"level": "s3cret"})[0] == 403, "scopes are checked before the type"
    assert answer(scoped | {"cnf": {"jkt": "x"}})[0] == 401
    assert [result for result in results if result != "verified"] == [
        "claims_misfit",
        "insufficient_scope",
        "wrong_binding",
    ]


@pytest.mark.parametrize("answers_of", [answers_of_fastapi, answers_of_flask])
def test_helpers_refuse_two_conversions(answers_of):
    with pytest.raises(TypeError, match="The verifier has a type: pass claims"):
        answers_of(verifier=verifier(Named), claims=dict)


def test_a_proven_token_becomes_the_type():
    from rapidjwt.integrations.starlette import JWTBearer
    from starlette.requests import Request

    prover = DPoPProver(Key.generate("ES256"))
    bound = token(CLAIMS | {"cnf": {"jkt": prover.thumbprint}})
    proof = prover.proof("GET", "https://api.example/", access_token=bound)
    headers = [(b"authorization", f"DPoP {bound}".encode()), (b"dpop", proof.encode())]
    request = Request(
        {
            "type": "http",
            "method": "GET",
            "scheme": "https",
            "path": "/",
            "query_string": b"",
            "server": ("api.example", 443),
            "headers": headers,
        }
    )
    jwt = JWTBearer(verifier(Named), dpop=DPoPVerifier())
    assert asyncio.run(jwt(request)) == Named("alice")
