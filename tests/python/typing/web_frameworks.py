"""The types of the helpers for web frameworks. Type-checked, never run."""

from dataclasses import dataclass
from typing import Any, TypedDict

from rapidjwt import Key, Verifier
from rapidjwt.integrations import asgi, fastapi, starlette, wsgi
from rapidjwt.integrations.bearer import verify
from rapidjwt.integrations.django import JWTRequest
from rapidjwt.integrations.flask import jwt_required
from rapidjwt.integrations.grpc import AsyncJWTInterceptor
from rapidjwt.integrations.guard import Guard
from rapidjwt.integrations.published_keys import Published, published
from rapidjwt.integrations.sources import Cookie
from rapidjwt.testing import Issuer
from typing_extensions import assert_type


@dataclass
class Person:
    """Claims as an application wants them."""

    name: str


class Claims(TypedDict):
    """The claims without conversion."""

    sub: str


def person(claims: dict[str, Any]) -> Person:
    """Convert the claims."""
    return Person(claims["name"])


verifier = Verifier("a secret")


async def from_starlette(request: Any, waits: Verifier, awaits: Verifier) -> None:
    """Check that the claims have the type that `claims=` returns."""
    assert_type(fastapi.JWTBearer(verifier), fastapi.JWTBearer[dict[str, Any]])
    assert_type(fastapi.JWTBearer(waits, scopes="a"), fastapi.JWTBearer[dict[str, Any]])
    assert_type(fastapi.JWTBearer(awaits, claims=person), fastapi.JWTBearer[Person])
    assert_type(fastapi.JWTBearer[Claims](verifier), fastapi.JWTBearer[Claims])
    assert_type(await starlette.JWTBearer(verifier)(request), dict[str, Any])
    assert_type(await starlette.JWTBearer(verifier, claims=person)(request), Person)
    assert_type(await starlette.JWTBearer[Claims](awaits)(request, ["a"]), Claims)


async def anonymous(socket: Any) -> None:
    """Check that optional claims may be None."""
    assert_type(
        fastapi.JWTBearer(verifier, optional=True), fastapi.JWTBearer[dict[str, Any] | None]
    )
    optional = starlette.JWTBearer(verifier, claims=person, optional=True)
    assert_type(await optional(socket), Person | None)
    async with optional.accepted(socket) as given:
        assert_type(given, Person | None)


@jwt_required(verifier, optional=True, any_scope="a b", roles=["admin"], sources=[Cookie("token")])
def optional_view(claims: dict[str, Any] | None) -> str:
    """Receive None for a request without a token."""
    return f"{claims}"


assert_type(optional_view(), str)


@jwt_required(verifier)
def view(claims: dict[str, Any], number: int) -> str:
    """Receive the claims, then the variables of the rule."""
    return f"{claims} {number}"


@jwt_required(verifier, claims=person)
def typed_view(given: Person) -> str:
    """Receive what `claims=` returns."""
    return given.name


class View:
    """A class-based view."""

    @jwt_required(verifier, claims=person)
    def get(self, given: Person, number: int) -> str:
        """Receive it after `self`."""
        return f"{given} {number}"


assert_type(view(number=1), str)
assert_type(typed_view(), str)
assert_type(View().get(1), str)


counted: list[str] = []


@jwt_required(verifier, on_result=counted.append, problem_details=True)
def counted_view(claims: dict[str, Any]) -> str:
    """Receive the claims of a token that was counted."""
    return str(claims)


assert_type(counted_view(), str)
fastapi.JWTBearer(verifier, on_result=counted.append)
assert_type(published([Key.generate("ES256")], max_age=60), Published)


def middlewares(app: Any) -> None:
    """Check that the middlewares take the arguments of every helper, and no others."""
    asgi.JWTMiddleware(app, verifier, claims=person, scopes="a", allow_preflight=True)
    wsgi.JWTMiddleware(app, verifier, optional=True, realm="shop")
    wsgi.JWTMiddleware(app, verifier, scope="a")  # type: ignore[call-arg]
    AsyncJWTInterceptor(verifier, scopes="a", methods={"/a/b": {"any_scope": "c"}, "/a/d": None})
    assert_type(Guard(verifier, claims=person), Guard[Person])


def kit(issuer: Issuer) -> None:
    """Check what the testing kit returns."""
    assert_type(issuer.token("alice", scope=["a"], roles=["admin"]), str)
    assert_type(issuer.bearer(), dict[str, str])
    assert_type(issuer.bad_tokens(), dict[str, str])
    assert_type(issuer.verifier(leeway=5), Verifier[Any])


def wrong_view(claims: Claims) -> str:
    """Take a type that the decorator does not pass."""
    return claims["sub"]


jwt_required(verifier, claims=person)(wrong_view)  # type: ignore[arg-type]
fastapi.JWTBearer(object())  # type: ignore[call-overload]
fastapi.JWTBearer(verifier, scope="a")  # type: ignore[call-overload]


def from_django(request: JWTRequest) -> None:
    """Read the attributes of a request after the middleware."""
    assert_type(request.jwt_claims, dict[str, Any])
    assert_type(verify(verifier, [request.headers["Authorization"]]), dict[str, Any])
