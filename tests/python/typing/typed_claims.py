"""The types of claims as objects of a type. Type-checked, never run."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypedDict, TypeVar

import attrs
import msgspec
from pydantic import BaseModel, TypeAdapter
from rapidjwt import Signer, Verifier
from rapidjwt.exceptions import PyJWTError
from rapidjwt.integrations import fastapi, starlette
from rapidjwt.integrations.bearer import verify
from rapidjwt.integrations.flask import jwt_required
from rapidjwt.types import DecodedToken
from typing_extensions import assert_type


@dataclass
class Data:
    """A dataclass."""

    sub: str


class Struct(msgspec.Struct):
    """A Struct."""

    sub: str


T = TypeVar("T")


class GenericStruct(msgspec.Struct, Generic[T]):
    """A Struct of any tenant."""

    tenant: T


class GenericModel(BaseModel, Generic[T]):
    """A model of any tenant."""

    tenant: T


class Model(BaseModel):
    """A model."""

    sub: str


class Dict(TypedDict):
    """A dict."""

    sub: str


@attrs.define
class Attrs:
    """A class of attrs."""

    sub: str


untyped = Verifier("a secret", algorithms=["HS256"])
assert_type(untyped, Verifier[dict[str, Any]])
assert_type(untyped.decode("token"), dict[str, Any])
assert_type(Verifier("a secret", claims=Data), Verifier[Data])
assert_type(Verifier("a secret", claims=Struct).decode("token"), Struct)
assert_type(Verifier("a secret", claims=GenericStruct[int]).decode("token").tenant, int)
assert_type(Verifier("a secret", claims=GenericModel[int]).decode("token").tenant, int)
assert_type(Verifier("a secret", claims=Model).decode("token"), Model)
assert_type(Verifier("a secret", claims=Dict).decode("token"), Dict)
assert_type(Verifier("a secret", claims=Attrs).decode("token"), Attrs)
assert_type(Verifier("a secret", claims=TypeAdapter(Data)).decode("token"), Data)
assert_type(Verifier("a secret", claims=msgspec.json.Decoder(Struct)).decode("token"), Struct)


def annotated(verifier: Verifier[Model], plain: Verifier) -> None:
    """Check annotations with and without a type."""
    assert_type(verifier.decode("token"), Model)
    assert_type(plain.decode("token"), dict[str, Any])
    assert_type(verifier.decode_many(["token"]), Iterator[Model | PyJWTError])
    assert_type(verifier.decode_many_async(["token"]), AsyncIterator[Model | PyJWTError])
    assert_type(verifier.expecting({"a": 1}), Verifier[Model])
    assert_type(plain.decode_complete("token"), DecodedToken)
    assert_type(verifier.decode_complete("token"), DecodedToken)
    assert_type(fastapi.JWTBearer(verifier), fastapi.JWTBearer[Model])
    assert_type(starlette.JWTBearer(verifier, scopes="read"), starlette.JWTBearer[Model])
    assert_type(verify(verifier, ["Bearer token"]), dict[str, Any])


async def awaited(verifier: Verifier[Struct], request: Any) -> None:
    """Check what coroutines return."""
    assert_type(await verifier.decode_async("token"), Struct)
    assert_type(await fastapi.JWTBearer(verifier)(request, request), Struct)


@jwt_required(Verifier("a secret", claims=Model), scopes="read")
def view(claims: Model) -> str:
    """Receive the type of the verifier."""
    return claims.sub


def wrong_view(claims: Struct) -> str:
    """Take another type."""
    return claims.sub


assert_type(view(), str)
typed = Verifier("a secret", claims=Model)
jwt_required(typed)(wrong_view)  # type: ignore[arg-type]
fastapi.JWTBearer(typed, claims=dict)  # type: ignore[arg-type]

signer = Signer("a secret", "HS256")
for claims in (Data("a"), Struct("a"), Model(sub="a"), Attrs("a"), {"sub": "a"}):
    assert_type(signer.encode(claims), str)
assert_type(signer.encode(Dict(sub="a")), str)
