"""A REST API that grants or denies by the claims of the bearer token.

    GET /orders   the caller's orders; needs the scope `orders:read`

The environment variable `ISSUER` names the authorization server. Refusals follow RFC 6750
Section 3: 401 when no valid token came, 403 when a valid one does not allow this.
"""

from __future__ import annotations

import os
from http import HTTPStatus

import rapidjwt
from rapidjwt import profiles
from service import JsonHandler, serve

ISSUER = os.environ["ISSUER"]
AUDIENCE = "https://orders.example"
SCOPE = "orders:read"
ORDERS = {"alice": ["A-1001", "A-1002"]}

# Keeps the keys that it fetched, and fetches again when a token names a key it does not know. What
# this API accepts is written here; the token has no say in it.
verifier = rapidjwt.Verifier(
    jwks=rapidjwt.JWKSClient(f"{ISSUER}/.well-known/jwks.json", allow_http=True),
    algorithms=["RS256", "ES256"],
    audience=AUDIENCE,
    issuer=ISSUER,
    profile=profiles.ACCESS_TOKEN,
)


class Api(JsonHandler):
    """The protected resource."""

    def do_GET(self) -> None:  # noqa: N802 (http.server's name)
        """Answer with the orders of the token's subject, or refuse."""
        if self.path != "/orders":
            self.reply(HTTPStatus.NOT_FOUND, {"error": "not_found"})
            return
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            self.refuse(HTTPStatus.UNAUTHORIZED, "", "a bearer token is required")
            return
        try:
            claims = verifier.decode(token)
        except rapidjwt.InvalidTokenError as error:
            self.refuse(HTTPStatus.UNAUTHORIZED, "invalid_token", str(error))
        except rapidjwt.PyJWKClientError:
            # Not the caller's fault: the authorization server does not answer.
            self.reply(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "temporarily_unavailable"})
        else:
            if SCOPE in claims.get("scope", "").split():
                self.reply(HTTPStatus.OK, {"orders": ORDERS.get(claims["sub"], [])})
            else:
                self.refuse(HTTPStatus.FORBIDDEN, "insufficient_scope", f"{SCOPE} is required")

    def refuse(self, status: HTTPStatus, error: str, description: str) -> None:
        """Refuse with a `WWW-Authenticate` challenge.

        The description stands in the body: it may quote the token, which has no business in a
        header. A request without a token learns no error code (RFC 6750 Section 3.1).
        """
        challenge = 'Bearer realm="orders"'
        if error:
            challenge += f', error="{error}"'
        if status == HTTPStatus.FORBIDDEN:
            challenge += f', scope="{SCOPE}"'
        body = {"error": error, "error_description": description}
        self.reply(status, body, {"WWW-Authenticate": challenge})


if __name__ == "__main__":
    serve(Api)
