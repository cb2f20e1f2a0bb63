"""Bearer tokens in HTTP requests (RFC 6750), for every framework.

`verify` returns the claims of a request's token, and `require_scopes` checks the scopes that they
grant. Both raise `BearerError`, which has the status and the headers of the response. The module of
a framework only translates between these and the framework.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from inspect import isfunction
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
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from typing_extensions import TypeVar

    #: The result of a helper: the claims as they are, or what `claims=` converts them to.
    ClaimsT = TypeVar("ClaimsT", default=dict[str, Any])
    #: What a verifier returns.
    _VerifiedT_co = TypeVar("_VerifiedT_co", default=dict[str, Any], covariant=True)

    _DecodeAsync: TypeAlias = Callable[[str], Awaitable[Any]]
else:
    from typing import TypeVar

    ClaimsT = TypeVar("ClaimsT")
    _VerifiedT_co = TypeVar("_VerifiedT_co", covariant=True)

__all__ = [
    "AnyVerifier",
    "AsyncVerifier",
    "BearerError",
    "ClaimsT",
    "MissingTokenError",
    "SyncVerifier",
    "bearer_token",
    "challenge",
    "checked_verifier",
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
#: The content of a `quoted-string` of RFC 9110 Section 5.6.4, limited to ASCII.
_QUOTABLE = re.compile(r"[\x20-\x7E]*")

#: The messages for clients, by the first class that matches. They do not repeat the messages of the
#: errors, which may quote the token, because attackers control it.
_REASONS: tuple[tuple[type[Exception], str], ...] = (
    (ExpiredSignatureError, "The access token has expired"),
    (ImmatureSignatureError, "The access token is not valid yet"),
    (InvalidSignatureError, "The signature of the access token is not valid"),
    (InvalidAlgorithmError, "The algorithm of the access token is not accepted"),
    (InvalidAudienceError, "The access token is for another audience"),
    (InvalidIssuerError, "The access token is from another issuer"),
    (MissingRequiredClaimError, "The access token is missing a required claim"),
    (PyJWKClientError, "The access token is signed with an unknown key"),
    (DecodeError, "The access token is malformed"),
    (InvalidTokenError, "The access token is not valid"),
)


class SyncVerifier(Protocol[_VerifiedT_co]):
    """An object that returns the claims of a token: a `Verifier` or your own.

    It raises InvalidTokenError to refuse a token, PyJWKClientError if the keys are not available.
    """

    def decode(self, token: str, /) -> _VerifiedT_co:
        """Verify a token and return its claims."""
        ...


class AsyncVerifier(Protocol[_VerifiedT_co]):
    """The same for asyncio: a `Verifier` or your own object."""

    async def decode_async(self, token: str, /) -> _VerifiedT_co:
        """Verify a token and return its claims."""
        ...


AnyVerifier: TypeAlias = SyncVerifier[ClaimsT] | AsyncVerifier[ClaimsT]


def checked_verifier(verifier: AnyVerifier[ClaimsT]) -> AnyVerifier[ClaimsT]:
    """Return the verifier; raise TypeError for an object that cannot verify tokens.

    The message contains only its type, because the object may be a misplaced secret. Text is
    refused although bytes have a method `decode`.
    """
    methods = (getattr(verifier, name, None) for name in ("decode", "decode_async"))
    is_text = isinstance(verifier, (str, bytes, bytearray))
    if is_text or isinstance(verifier, type) or not any(map(callable, methods)):
        hint = ": write @jwt_required(verifier)" if isfunction(verifier) else ""
        raise TypeError(
            "Expected a Verifier, or an object with decode(token) or decode_async(token), got "
            f"{type(verifier).__name__}{hint}"
        )
    return verifier


def sync_verifier(verifier: AnyVerifier[ClaimsT]) -> SyncVerifier[ClaimsT]:
    """Return the verifier; raise TypeError if it cannot verify, or has only `decode_async`."""
    if not hasattr(checked_verifier(verifier), "decode"):
        raise TypeError("A verifier with decode is required, but this one has decode_async only")
    return cast("SyncVerifier[ClaimsT]", verifier)


class BearerError(Exception):
    """A request is refused. The message is for the client and never quotes the request.

    `status` is the HTTP status, `error` the code of RFC 6750 Section 3.1 or None, and `scopes`
    those that the request needs if the token does not grant them.
    """

    def __init__(
        self,
        status: HTTPStatus,
        description: str,
        *,
        error: str | None = None,
        scopes: Sequence[str] = (),
    ) -> None:
        """Set the contents of the response."""
        super().__init__(description)
        self.status = status
        self.description = description
        self.error = error
        self.scopes = tuple(scopes)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to copy or pickle the error; its arguments are not those of Exception."""
        return _restored, (type(self), self.args), vars(self)

    def headers(self, realm: str) -> dict[str, str]:
        """Return the headers of the response: a challenge, unless the token is not at fault."""
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            return {}
        return {"WWW-Authenticate": challenge(realm, self)}


def _restored(kind: type[BearerError], args: tuple[Any, ...]) -> BearerError:
    error = kind.__new__(kind, *args)
    error.args = args
    return error


class MissingTokenError(BearerError):
    """The request has no bearer token: 401 without an error code (RFC 6750 Section 3.1)."""

    def __init__(self) -> None:
        """Set the status and the message."""
        super().__init__(HTTPStatus.UNAUTHORIZED, "A bearer token is required")


def challenge(realm: str, error: BearerError | None = None) -> str:
    """Return the value of the `WWW-Authenticate` header of RFC 6750 Section 3.

    Raises ValueError for a realm, a description or a scope with characters other than printable
    ASCII, so that no others reach a header.
    """
    parameters = {"realm": realm}
    if error is not None and error.error is not None:
        parameters |= {"error": error.error, "error_description": error.description}
    if error is not None and error.scopes:
        parameters["scope"] = " ".join(error.scopes)
    return "Bearer " + ", ".join(
        f"{name}={_quoted(name, text)}" for name, text in parameters.items()
    )


def _quoted(name: str, value: str) -> str:
    if not _QUOTABLE.fullmatch(value):
        raise ValueError(f"A {name} must consist of printable ASCII characters")
    return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'


def bearer_token(authorization: Sequence[str]) -> str:
    """Find the token in the values of a request's `Authorization` headers.

    The scheme is case-insensitive (RFC 9110 Section 11.1). Raises MissingTokenError if there is no
    header or the scheme is a different one, and BearerError with status 400 for several headers,
    even if a server has joined them, and for characters that a token cannot have.
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
        raise _bad_request(
            "The Authorization header must be of the form: Bearer, a space, one token"
        )
    return token


def _bad_request(description: str) -> BearerError:
    return BearerError(HTTPStatus.BAD_REQUEST, description, error="invalid_request")


def refusal(error: InvalidTokenError | PyJWKClientError) -> BearerError:
    """Return the response for an error of a verifier.

    The status is 401 for a token that is refused, and 503 if the keys to verify it are not
    available: that is not the client's fault, and the same token may be accepted later.
    """
    if not isinstance(error, InvalidTokenError):
        return BearerError(HTTPStatus.SERVICE_UNAVAILABLE, "Tokens cannot currently be verified")
    description = next(text for kind, text in _REASONS if isinstance(error, kind))
    return invalid_token(description)


def invalid_token(description: str) -> BearerError:
    """Return the error that refuses a token with status 401; do not quote it in `description`."""
    return BearerError(HTTPStatus.UNAUTHORIZED, description, error="invalid_token")


def verify(verifier: AnyVerifier[ClaimsT], authorization: Sequence[str]) -> ClaimsT:
    """Return the claims of a request's token, or raise BearerError.

    `authorization` has the values of the request's `Authorization` headers. Errors of the verifier
    other than InvalidTokenError and PyJWKClientError, such as a wrong configuration, are not
    converted.
    """
    token = bearer_token(authorization)
    try:
        return sync_verifier(verifier).decode(token)
    except (InvalidTokenError, PyJWKClientError) as error:
        raise refusal(error) from error


async def verify_async(
    verifier: AnyVerifier[ClaimsT],
    authorization: Sequence[str],
    in_thread: Callable[[Callable[[], ClaimsT]], Awaitable[ClaimsT]],
) -> ClaimsT:
    """Return the claims of a request's token without blocking the event loop; errors as `verify`.

    `decode_async` is awaited if the verifier has it, as `Verifier` does; `decode` of any other
    verifier may block, and is run by `in_thread`.
    """
    token = bearer_token(authorization)
    try:
        decode_async: _DecodeAsync | None = getattr(verifier, "decode_async", None)
        if decode_async is not None:
            claims: ClaimsT = await decode_async(token)
            return claims
        return await in_thread(partial(sync_verifier(verifier).decode, token))
    except (InvalidTokenError, PyJWKClientError) as error:
        raise refusal(error) from error


def required_scopes(scopes: str | Iterable[str]) -> tuple[str, ...]:
    """Return the scopes that a route needs, from an iterable or a string separated by spaces.

    Raises ValueError for anything that is not a scope (RFC 6749 Section 3.3).
    """
    names = tuple(scopes.split(" ") if isinstance(scopes, str) else scopes) if scopes else ()
    for name in names:
        if not _SCOPE.fullmatch(name):
            raise ValueError(f"Not a scope (RFC 6749 Section 3.3): {name!r}")
    return names


def granted_scopes(claims: Any) -> frozenset[str]:
    """Return the scopes of a token: those of `scope` or, if it is absent, of `scp`.

    `scope` is a string of scopes separated by spaces (RFC 8693 Section 4.2, RFC 9068
    Section 2.2.3). Some providers use `scp` instead, mostly with a list: both forms are accepted in
    both claims. Anything else grants nothing. Claims of a type of your own have them as attributes.
    """
    if isinstance(claims, Mapping):
        scopes: Any = claims.get("scope", claims.get("scp"))
    else:
        scopes = getattr(claims, "scope", getattr(claims, "scp", None))
    if isinstance(scopes, str):
        return frozenset(scopes.split(" "))
    if isinstance(scopes, list):
        names: list[Any] = scopes  # pyright: ignore[reportUnknownVariableType]
        return frozenset(name for name in names if isinstance(name, str))
    return frozenset()


def require_scopes(claims: Any, scopes: Sequence[str]) -> None:
    """Raise BearerError with status 403 unless the token grants each of `scopes`."""
    if not granted_scopes(claims).issuperset(scopes):
        raise BearerError(
            HTTPStatus.FORBIDDEN,
            "The access token does not grant the required scopes",
            error="insufficient_scope",
            scopes=scopes,
        )


def converted(claims: Any, convert: Callable[[Any], ClaimsT] | None) -> ClaimsT:
    """Return verified claims converted for the application; None leaves them unchanged.

    Raises BearerError with status 401 if the conversion raises a LookupError, TypeError or
    ValueError (such as pydantic's ValidationError): claims are missing or of the wrong type.
    """
    if convert is None:
        return cast("ClaimsT", claims)
    try:
        return convert(claims)
    except (LookupError, TypeError, ValueError) as error:
        raise invalid_token("The claims of the access token are not valid") from error
