"""A FastAPI app with bearer tokens: one route needs a token, another one a scope too."""

import os
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Security
from pydantic import BaseModel
from rapidjwt import Verifier
from rapidjwt.integrations.fastapi import JWTBearer

app = FastAPI()
verifier = Verifier(
    os.environ["JWT_SECRET"],
    algorithms=["HS256"],
    audience="https://orders.example",
    issuer="https://auth.example",
    require=["exp", "sub"],
)


class Customer(BaseModel):
    """What this app wants to know of a token; one that does not fit is refused."""

    sub: str
    name: str


bearer = JWTBearer(verifier)
customer = JWTBearer(verifier, claims=Customer.model_validate)


@app.get("/me")
async def me(claims: Annotated[dict[str, Any], Depends(bearer)]) -> dict[str, Any]:
    """Say who asks."""
    return {"user": claims["sub"]}


@app.get("/orders/{number}")
async def order(
    number: int, asking: Annotated[Customer, Security(customer, scopes=["orders:read"])]
) -> dict[str, Any]:
    """Show an order."""
    return {"order": number, "for": asking.name}
