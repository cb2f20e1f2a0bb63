"""Bearer tokens in HTTP requests (RFC 6750), whatever the framework.

`verify` gives the claims of a request's token, `require_scopes` looks at what they grant. Whatever
is wrong is a `BearerError`, which knows the status and the headers of the answer. A framework's
module only translates.
"""

from __future__ import annotations

import re
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, cast

from rapidjwt.exceptions import (
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAlgorithmError,
    InvalidAudienceError,
    InvalidIssuerError,
    InvalidSignatureError,
    InvalidTokenError,
    MissingRequiredClaimError,
    PyJWKClientError,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from typing_extensions import TypeVar

    #: What a helper gives: the claims as they are, unless `claims=` makes something else of them.
    ClaimsT = TypeVar("ClaimsT", default=dict[str, Any])

    _DecodeAsync: TypeAlias = Callable[[str], Awaitable[dict[str, Any]]]
else:
    from typing import TypeVar

    ClaimsT = TypeVar("ClaimsT")

__all__ = [
    "AnyVerifier",
    "AsyncVerifier",
    "BearerError",
    "ClaimsT",
    "MissingTokenError",
    "SyncVerifier",
    "bearer_token",
    "challenge",
    "converted",
    "granted_scopes",
    "invalid_token",
    "refusal",
    "require_scopes",
    "required_scopes",
    "sync_verifier",
    "verify",
    "verify_async",
]

#: A `b64token` of RFC 6750 Section 2.1.
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*", re.ASCII)
#: A `scope-token` of RFC 6749 Section 3.3.
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")
#: What a `quoted-string` of RFC 9110 Section 5.6.4 may hold, less what is not ASCII.
_QUOTABLE = re.compile(r"[\x20-\x7E]*")

#: What the client is told, by the first class that fits. Texts of our own: those of the errors may
#: quote the token, which an attacker writes.
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (ExpiredSignatureError, "The access token has expired"),
    (ImmatureSignatureError, "The access token is not valid yet"),
    (InvalidSignatureError, "The signature of the access token is wrong"),
    (InvalidAlgorithmError, "The algorithm of the access token is not accepted"),
    (InvalidAudienceError, "The access token is meant for another audience"),
    (InvalidIssuerError, "The access token comes from another issuer"),
    (MissingRequiredClaimError, "The access token lacks a required claim"),
    (PyJWKClientError, "The access token is signed with an unknown key"),
    (DecodeError, "The access token is malformed"),
    (InvalidTokenError, "The access token is not valid"),
)


class SyncVerifier(Protocol):
    """Gives the claims of a token: `Verifier`, or an object of your own.

    It refuses a token with an InvalidTokenError; a PyJWKClientError says that the keys cannot be
    had.
    """

    def decode(self, token: str, /) -> dict[str, Any]:
        """Verify a token and give its claims."""
        ...


class AsyncVerifier(Protocol):
    """The same for asyncio: `Verifier`, or an object of your own."""

    async def decode_async(self, token: str, /) -> dict[str, Any]:
        """Verify a token and give its claims."""
        ...


AnyVerifier: TypeAlias = SyncVerifier | AsyncVerifier


def sync_verifier(verifier: AnyVerifier) -> SyncVerifier:
    """Give the verifier back; raises TypeError when it has `decode_async` only."""
    if not hasattr(verifier, "decode"):
        raise TypeError("This needs a verifier with decode, and it has decode_async only")
    return cast("SyncVerifier", verifier)


class BearerError(Exception):
    """A request is refused. Its text is for the client: nothing of the request stands in it.

    `status` is the HTTP status, `error` the code of RFC 6750 Section 3.1 or None, `scopes` those
    that the request needs when the token does not grant them.
    """

    def __init__(
        self,
        status: HTTPStatus,
        description: str,
        *,
        error: str | None = None,
        scopes: Sequence[str] = (),
    ) -> None:
        """Take what the answer says."""
        super().__init__(description)
        self.status = status
        self.description = description
        self.error = error
        self.scopes = tuple(scopes)

    def headers(self, realm: str) -> dict[str, str]:
        """Give the headers of the answer: a challenge, unless the token is not at fault."""
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            return {}
        return {"WWW-Authenticate": challenge(realm, self)}


class MissingTokenError(BearerError):
    """The request has no bearer token: 401 without an error code (RFC 6750 Section 3.1)."""

    def __init__(self) -> None:
        """Ask for a token."""
        super().__init__(HTTPStatus.UNAUTHORIZED, "A bearer token is required")


def challenge(realm: str, error: BearerError | None = None) -> str:
    """Write the `WWW-Authenticate` header of RFC 6750 Section 3.

    Raises ValueError for a realm that has anything but printable ASCII.
    """
    if not _QUOTABLE.fullmatch(realm):
        raise ValueError("A realm consists of printable ASCII characters")
    parameters = {"realm": realm}
    if error is not None and error.error is not None:
        parameters |= {"error": error.error, "error_description": error.description}
    if error is not None and error.scopes:
        parameters["scope"] = " ".join(error.scopes)
    return "Bearer " + ", ".join(f"{name}={_quoted(value)}" for name, value in parameters.items())


def _quoted(value: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'


def bearer_token(authorization: Sequence[str]) -> str:
    """Find the token in the values of a request's `Authorization` headers.

    The scheme is compared without regard to case (RFC 9110 Section 11.1). Raises MissingTokenError
    when there is no header or one of another scheme, and a BearerError with status 400 for several
    headers, also when a server joined them, and for what is no token by its characters.
    """
    if not authorization:
        raise MissingTokenError
    if len(authorization) > 1:
        raise _bad_request("The request has more than one Authorization header")
    scheme, _, token = authorization[0].strip(" \t").partition(" ")
    if scheme.lower() != "bearer":
        raise MissingTokenError
    token = token.lstrip(" ")
    if not _TOKEN.fullmatch(token):
        raise _bad_request("The Authorization header must be: Bearer, a space, one token")
    return token


def _bad_request(description: str) -> BearerError:
    return BearerError(HTTPStatus.BAD_REQUEST, description, error="invalid_request")


def refusal(error: InvalidTokenError | PyJWKClientError) -> BearerError:
    """Say to the client what an error of a verifier means to it.

    401 for a token that is refused, 503 when the keys to verify it with cannot be had: that is not
    the client's fault, and the same token may be good in a moment.
    """
    if not isinstance(error, InvalidTokenError):
        return BearerError(HTTPStatus.SERVICE_UNAVAILABLE, "Tokens cannot be verified at present")
    description = next(text for kind, text in _REASONS if isinstance(error, kind))
    return invalid_token(description)


def invalid_token(description: str) -> BearerError:
    """Refuse a token with status 401; the description is of our own writing."""
    return BearerError(HTTPStatus.UNAUTHORIZED, description, error="invalid_token")


def verify(verifier: AnyVerifier, authorization: Sequence[str]) -> dict[str, Any]:
    """Give the claims of a request's token, or raise BearerError.

    `authorization` holds the values of the request's `Authorization` headers. Errors of a verifier
    that are neither InvalidTokenError nor PyJWKClientError, such as those of its set-up, come
    through as they are.
    """
    token = bearer_token(authorization)
    try:
        return sync_verifier(verifier).decode(token)
    except (InvalidTokenError, PyJWKClientError) as error:
        raise refusal(error) from error


async def verify_async(
    verifier: AnyVerifier,
    authorization: Sequence[str],
    in_thread: Callable[[Callable[[], dict[str, Any]]], Awaitable[dict[str, Any]]],
) -> dict[str, Any]:
    """Give the claims of a request's token without blocking the event loop; errors as `verify`.

    `decode_async` is awaited when the verifier has it, as `Verifier` does; `decode` of any other
    one may block, and runs by `in_thread`.
    """
    token = bearer_token(authorization)
    try:
        decode_async: _DecodeAsync | None = getattr(verifier, "decode_async", None)
        if decode_async is not None:
            return await decode_async(token)
        return await in_thread(partial(sync_verifier(verifier).decode, token))
    except (InvalidTokenError, PyJWKClientError) as error:
        raise refusal(error) from error


def required_scopes(scopes: str | Iterable[str]) -> tuple[str, ...]:
    """Read the scopes that a route needs: an iterable, or a string with spaces between them.

    Raises ValueError for what is no scope (RFC 6749 Section 3.3).
    """
    names = tuple(scopes.split(" ") if isinstance(scopes, str) else scopes) if scopes else ()
    for name in names:
        if not _SCOPE.fullmatch(name):
            raise ValueError(f"Not a scope of RFC 6749 Section 3.3: {name!r}")
    return names


def granted_scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """Give the scopes of a token: of `scope`, or of `scp` where that is not there.

    `scope` is a string with spaces between the scopes (RFC 8693 Section 4.2, RFC 9068
    Section 2.2.3). `scp` is what some providers have in its place, mostly as a list: either form is
    read in either claim. Anything else grants nothing.
    """
    scopes: Any = claims.get("scope", claims.get("scp"))
    if isinstance(scopes, str):
        return frozenset(scopes.split(" "))
    if isinstance(scopes, list):
        names: list[Any] = scopes  # pyright: ignore[reportUnknownVariableType]
        return frozenset(name for name in names if isinstance(name, str))
    return frozenset()


def require_scopes(claims: Mapping[str, Any], scopes: Sequence[str]) -> None:
    """Raise a BearerError with status 403 unless the token grants each of `scopes`."""
    if not granted_scopes(claims).issuperset(scopes):
        raise BearerError(
            HTTPStatus.FORBIDDEN,
            "The access token does not grant the required scope",
            error="insufficient_scope",
            scopes=scopes,
        )


def converted(
    claims: dict[str, Any], convert: Callable[[dict[str, Any]], ClaimsT] | None
) -> ClaimsT:
    """Make of verified claims what the application wants; None leaves them as they are.

    A LookupError, TypeError or ValueError (pydantic's ValidationError is one) says that claims are
    missing or of the wrong type: a BearerError with status 401.
    """
    if convert is None:
        return cast("ClaimsT", claims)
    try:
        return convert(claims)
    except (LookupError, TypeError, ValueError) as error:
        raise invalid_token("The claims of the access token are not as expected") from error
