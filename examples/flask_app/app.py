"""A Flask app with bearer tokens: one route needs a token, another one a scope too."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from flask import Flask
from rapidjwt import Verifier
from rapidjwt.integrations.flask import jwt_required

app = Flask(__name__)
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


@app.get("/me")
@jwt_required(verifier)
def me(claims: dict[str, Any]) -> dict[str, Any]:
    """Say who asks."""
    return {"user": claims["sub"]}


@app.get("/orders/<int:number>")
@jwt_required(verifier, scopes="orders:read", claims=customer)
def order(asking: Customer, number: int) -> dict[str, Any]:
    """Show an order."""
    return {"order": number, "for": asking.name}
