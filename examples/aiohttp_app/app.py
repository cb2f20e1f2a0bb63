"""An aiohttp app with bearer tokens: one route needs a token, another one a scope too.

It listens on port 8000, or on the socket whose descriptor is its argument.
"""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from rapidjwt import Verifier
from rapidjwt.integrations.aiohttp import CLAIMS, jwt_required

routes = web.RouteTableDef()
verifier = Verifier(
    os.environ["JWT_SECRET"],
    algorithms=["HS256"],
    audience="https://orders.example",
    issuer="https://auth.example",
    require=["exp", "sub"],
)


@dataclass
class Customer:
    """What this app wants to know of a token."""

    id: str
    name: str


def customer(claims: dict[str, Any]) -> Customer:
    """Read the claims; a KeyError for a missing one refuses the token."""
    return Customer(claims["sub"], claims["name"])


@routes.get("/me")
@jwt_required(verifier)
async def me(request: web.Request) -> web.Response:
    """Say who asks."""
    return web.json_response({"user": request[CLAIMS]["sub"]})


@routes.get(r"/orders/{number:\d+}")
@jwt_required(verifier, scopes="orders:read", claims=customer)
async def order(request: web.Request) -> web.Response:
    """Show an order."""
    number = int(request.match_info["number"])
    return web.json_response({"order": number, "for": request[CLAIMS].name})


app = web.Application()
app.add_routes(routes)

if __name__ == "__main__":
    if len(sys.argv) > 1:
        web.run_app(app, sock=socket.socket(fileno=int(sys.argv[1])))
    else:
        web.run_app(app, host="127.0.0.1", port=8000)
