"""An authorization server: publishes its public keys and issues access tokens.

    GET  /.well-known/jwks.json   the JWK Set (RFC 7517 Section 5)
    POST /token                   an access token (RFC 6749 Section 4.4.2)

A real one authenticates the client before it answers, and decides subject, audience, scope and
lifetime by itself. This one issues what the demonstration asks for.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import rapidjwt
from rapidjwt import profiles
from service import JsonHandler, serve, url_of

KIDS = {"RS256": "demo-rsa", "ES256": "demo-ec"}
KEYS = {
    algorithm: rapidjwt.Key.from_pem((Path(__file__).parent / "keys" / f"{kid}.pem").read_text())
    for algorithm, kid in KIDS.items()
}
# The profile writes `typ`, `iat` and `jti`, and refuses to sign what is not an access token.
SIGNERS = {
    algorithm: rapidjwt.Signer(
        key, algorithm, headers={"kid": KIDS[algorithm]}, profile=profiles.ACCESS_TOKEN
    )
    for algorithm, key in KEYS.items()
}


def jwk_set() -> dict[str, Any]:
    """Return the public keys as a JWK Set."""
    return {
        "keys": [
            {**key.public().to_jwk(), "kid": KIDS[algorithm], "use": "sig", "alg": algorithm}
            for algorithm, key in KEYS.items()
        ]
    }


def issue(issuer: str, request: dict[str, str]) -> str:
    """Return a signed access token with what `request` asks for."""
    lifetime = timedelta(seconds=int(request["lifetime"]))
    claims = {
        "iss": issuer,
        "sub": request["sub"],
        "aud": request["audience"],
        "exp": datetime.now(tz=timezone.utc) + lifetime,
        "client_id": "demo",
        "scope": request["scope"],
    }
    return SIGNERS[request["alg"]].encode(claims)


class AuthorizationServer(JsonHandler):
    """The two endpoints."""

    def do_GET(self) -> None:  # noqa: N802 (http.server's name)
        """Answer with the JWK Set."""
        if self.path == "/.well-known/jwks.json":
            self.reply(HTTPStatus.OK, jwk_set())
        else:
            self.reply(HTTPStatus.NOT_FOUND, {"error": "not_found"})

    def do_POST(self) -> None:  # noqa: N802 (http.server's name)
        """Answer with an access token (RFC 6749 Section 5.1)."""
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        request = dict(parse_qsl(form))
        try:
            token = issue(url_of(self.server), request)
        except (KeyError, ValueError):
            self.reply(HTTPStatus.BAD_REQUEST, {"error": "invalid_request"})
            return
        body = {"access_token": token, "token_type": "Bearer", "scope": request["scope"]}
        self.reply(HTTPStatus.OK, body, {"Cache-Control": "no-store"})


if __name__ == "__main__":
    serve(AuthorizationServer)
