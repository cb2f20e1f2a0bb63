"""The routes that the app of each framework has, with the arguments of the helper for each."""

from __future__ import annotations

import rapidjwt
from rapidjwt.dpop import DPoPNonces, DPoPVerifier
from rapidjwt.integrations.protected_resource import ProtectedResource
from rapidjwt.integrations.sources import AUTHORIZATION, Cookie, Subprotocol
from rapidjwt.profiles import ACCESS_TOKEN

SECRET = "the secret of apps that exist only in tests"
POLICY = {
    "algorithms": ["HS256"],
    "issuer": "https://issuer.example",
    "audience": "https://api.example",
}
verifier = rapidjwt.Verifier(SECRET, **POLICY)
of_a_profile = rapidjwt.Verifier(SECRET, profile=ACCESS_TOKEN, **POLICY)

COOKIES = [AUTHORIZATION, Cookie("token")]
SOCKETS = [AUTHORIZATION, Subprotocol(), Cookie("token")]
DPOP = DPoPVerifier(required=False, nonces=DPoPNonces(b"nonces of apps only in the tests"))
RESOURCE = ProtectedResource(POLICY["audience"], [POLICY["issuer"]], ["orders:read"], name="Orders")


def own_body(error):
    return {"reason": error.code}


ROUTES = {
    "/me": {},
    "/scoped": {"scopes": "orders:read"},
    "/any": {"any_scope": ["orders:read", "orders:admin"]},
    "/roles": {"roles": ["admin", "owner"], "roles_claim": ("realm_access", "roles")},
    "/optional": {"optional": True},
    "/cookie": {"sources": COOKIES},
    "/body": {"error_body": own_body},
    "/profile": {"verifier": of_a_profile},
    "/resource": {"resource": RESOURCE},
    "/proven": {"dpop": DPOP},
}
METHODS = ["GET", "POST"]


def answer(claims):
    return {"sub": claims["sub"] if claims else None}
