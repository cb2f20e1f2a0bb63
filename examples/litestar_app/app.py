"""A Litestar app with bearer tokens: one route needs a token, another one a scope too."""

import os
from dataclasses import dataclass
from typing import Any

from litestar import Litestar, get
from litestar.di import NamedDependency, Provide
from rapidjwt import Verifier
from rapidjwt.integrations.litestar import REFUSALS, JWTBearer

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


bearer = JWTBearer(verifier)
of_customers = JWTBearer(verifier, scopes="orders:read", claims=customer)


@get("/me", dependencies={"claims": Provide(bearer)})
async def me(claims: NamedDependency[dict[str, Any]]) -> dict[str, Any]:
    """Say who asks."""
    return {"user": claims["sub"]}


@get("/orders/{number:int}", dependencies={"asking": Provide(of_customers)})
async def order(number: int, asking: NamedDependency[Customer]) -> dict[str, Any]:
    """Show an order."""
    return {"order": number, "for": asking.name}


app = Litestar([me, order], exception_handlers=REFUSALS)
