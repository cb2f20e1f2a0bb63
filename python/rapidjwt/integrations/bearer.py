"""Bearer tokens in HTTP requests (RFC 6750), and DPoP (RFC 9449), for every framework.

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

from rapidjwt._rapidjwt import Verifier, typed_claims
from rapidjwt.exceptions import (
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAlgorithmError,
    InvalidAudienceError,
    InvalidDPoPProofError,
    InvalidIssuerError,
    InvalidSignatureError,
    InvalidTokenError,
    MissingRequiredClaimError,
    PyJWKClientError,
    ReplayedTokenError,
    RevokedTokenError,
    StoreUnavailableError,
    TokenBindingError,
    UseDPoPNonceError,
    with_help,
)
from rapidjwt.issuers import MultiIssuerVerifier

from .possession import BEARER_ONLY, Possession, PresentedRequest, scheme_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence
    from typing import TypeGuard

    from typing_extensions import TypeVar

    #: The result of a helper: the claims as they are, or what `claims=` converts them to.
    ClaimsT = TypeVar("ClaimsT", default=dict[str, Any])

    _Refused: TypeAlias = InvalidTokenError | PyJWKClientError | StoreUnavailableError
else:
    from typing import TypeVar

    ClaimsT = TypeVar("ClaimsT")

__all__ = [
    "AnyVerifier",
    "AsyncVerifier",
    "BearerError",
    "ClaimsT",
    "MissingTokenError",
    "Possession",
    "PresentedRequest",
    "SyncVerifier",
    "UntypedVerifier",
    "accepted",
    "accepted_async",
    "bad_request",
    "bearer_token",
    "challenge",
    "checked_verifier",
    "conversion",
    "converted",
    "credentials",
    "granted_scopes",
    "invalid_token",
    "is_token",
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

#: The errors that become an answer; any other is a fault of the program.
_REFUSED = (InvalidTokenError, PyJWKClientError, StoreUnavailableError)

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
    (ReplayedTokenError, "The access token was used before"),
    (RevokedTokenError, "The access token was revoked"),
    (PyJWKClientError, "The access token is signed with an unknown key"),
    (DecodeError, "The access token is malformed"),
    (InvalidTokenError, "The access token is not valid"),
)


class SyncVerifier(Protocol):
    """An object that returns the claims of a token: a `Verifier` or your own.

    It raises InvalidTokenError to refuse a token, PyJWKClientError if the keys are not available,
    StoreUnavailableError if another thing that it needs is not.
    """

    def decode(self, token: str, /) -> dict[str, Any]:
        """Verify a token and return its claims."""
        ...


class AsyncVerifier(Protocol):
    """The same for asyncio: a `Verifier` or your own object."""

    async def decode_async(self, token: str, /) -> dict[str, Any]:
        """Verify a token and return its claims."""
        ...


UntypedVerifier: TypeAlias = SyncVerifier | AsyncVerifier
AnyVerifier: TypeAlias = UntypedVerifier | Verifier[Any]


def checked_verifier(verifier: AnyVerifier) -> AnyVerifier:
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


def sync_verifier(verifier: AnyVerifier) -> SyncVerifier:
    """Return the verifier; raise TypeError if it cannot verify, or has only `decode_async`."""
    if not hasattr(checked_verifier(verifier), "decode"):
        raise TypeError("A verifier with decode is required, but this one has decode_async only")
    return cast("SyncVerifier", verifier)


class BearerError(Exception):
    """A request is refused. The message is for the client and never quotes the request.

    `status` is the HTTP status, `error` the code of RFC 6750 Section 3.1 or RFC 9449 or None, and
    `scopes` those that the request needs if the token does not grant them. `scheme` is the one that
    the request was made with, if that is clear, and `nonce` the one that a DPoP proof needs. `code`
    is the kind of refusal, one of `rapidjwt.exceptions.CODES`.
    """

    #: Whether the response has a challenge; not if the token is not at fault.
    has_challenge = True

    def __init__(
        self,
        status: HTTPStatus,
        description: str,
        *,
        error: str | None = None,
        scopes: Sequence[str] = (),
        scheme: str | None = None,
        nonce: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Set the contents of the response, and the `details` of the error behind it, for logs."""
        super().__init__(description)
        self.status = status
        self.description = description
        self.error = error
        self.scopes = tuple(scopes)
        self.scheme = scheme
        self.nonce = nonce
        self._details = {"code": error or "invalid_token", **(details or {})}

    @property
    def code(self) -> str:
        """The kind of refusal: more exact than `error`."""
        return str(self._details["code"])

    def details(self) -> dict[str, Any]:
        """Return `status`, `code` and what else is known, for logs: never a token or a key."""
        return with_help({"status": int(self.status), **self._details})

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to copy or pickle the error; its arguments are not those of Exception."""
        return _restored, (type(self), self.args), vars(self)

    def headers(
        self,
        realm: str,
        possession: Possession = BEARER_ONLY,
        resource_metadata: str | None = None,
    ) -> dict[str, str]:
        """Return the headers of the response: a challenge, unless the token is not at fault."""
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE or not self.has_challenge:
            return {}
        headers = {"WWW-Authenticate": challenge(realm, self, possession, resource_metadata)}
        return headers if self.nonce is None else headers | {"DPoP-Nonce": self.nonce}


def _restored(kind: type[BearerError], args: tuple[Any, ...]) -> BearerError:
    error = kind.__new__(kind, *args)
    error.args = args
    return error


class MissingTokenError(BearerError):
    """The request has no token: 401 without an error code (RFC 6750 Section 3.1)."""

    def __init__(self, schemes: Sequence[str] = ("Bearer",)) -> None:
        """Set the status and the message."""
        kind = "bearer" if "Bearer" in schemes else "DPoP-bound"
        description = f"A {kind} token is required"
        super().__init__(HTTPStatus.UNAUTHORIZED, description, details={"code": "missing_token"})


def challenge(
    realm: str,
    error: BearerError | None = None,
    possession: Possession = BEARER_ONLY,
    resource_metadata: str | None = None,
) -> str:
    """Return the value of the `WWW-Authenticate` header of RFC 6750 Section 3.

    Where DPoP is accepted, it has a challenge for each scheme, and the error in the one that the
    request was made with (RFC 9449 Section 7). `resource_metadata` is the address of the metadata
    of RFC 9728, which says where clients get tokens. Raises ValueError for a realm, a description
    or a scope with characters other than printable ASCII, so that no others reach a header.
    """
    parameters = {"realm": realm}
    if resource_metadata is not None:
        parameters["resource_metadata"] = resource_metadata
    return ", ".join(
        _challenge(scheme, dict(parameters), error, possession) for scheme in possession.schemes
    )


def _challenge(
    scheme: str, parameters: dict[str, str], error: BearerError | None, possession: Possession
) -> str:
    if error is not None and error.scheme in {scheme, None}:
        if error.error is not None:
            parameters |= {"error": error.error, "error_description": error.description}
        if error.scopes:
            parameters["scope"] = " ".join(error.scopes)
    if scheme == "DPoP" and possession.dpop is not None:
        parameters["algs"] = " ".join(possession.dpop.algorithms)
    return f"{scheme} " + ", ".join(
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
    return credentials(authorization)[1]


def credentials(
    authorization: Sequence[str], schemes: Sequence[str] = ("Bearer",)
) -> tuple[str, str]:
    """Find the scheme and the token; arguments and errors are otherwise those of `bearer_token`."""
    if not authorization:
        raise MissingTokenError(schemes)
    if len(authorization) > 1:
        raise bad_request("The request has more than one Authorization header")
    name, _, token = authorization[0].strip(" \t").partition(" ")
    scheme = next((scheme for scheme in schemes if scheme.lower() == name.lower()), None)
    if scheme is None:
        raise MissingTokenError(schemes)
    token = token.lstrip(" ")
    if not is_token(token):
        raise bad_request(
            f"The Authorization header must be of the form: {scheme}, a space, one token", scheme
        )
    return scheme, token


def is_token(text: str) -> bool:
    """Return whether a text has the characters of a token (RFC 6750 Section 2.1)."""
    return _TOKEN.fullmatch(text) is not None


def bad_request(description: str, scheme: str | None = None) -> BearerError:
    """Return the error that answers a malformed request with status 400."""
    return BearerError(HTTPStatus.BAD_REQUEST, description, error="invalid_request", scheme=scheme)


def refusal(error: _Refused, scheme: str = "Bearer") -> BearerError:
    """Return the response for an error of a verifier.

    The status is 401 for a token that is refused, and 503 if the keys to verify it, or a store, are
    not available: that is not the client's fault, and the same token may be accepted later.
    """
    if not isinstance(error, InvalidTokenError):
        description = "Tokens cannot currently be verified"
        details = error.details()
        return BearerError(HTTPStatus.SERVICE_UNAVAILABLE, description, details=details)
    description = next(text for kind, text in _REASONS if isinstance(error, kind))
    return invalid_token(description, error.details(), scheme)


def _unproven(error: _Refused, scheme: str) -> BearerError:
    """Return the response for an error of `Possession`, whose messages are fixed sentences."""
    if isinstance(error, TokenBindingError):
        return invalid_token(str(error), error.details(), scheme)
    if not isinstance(error, InvalidDPoPProofError):
        return refusal(error, scheme)
    return BearerError(
        HTTPStatus.UNAUTHORIZED,
        str(error),
        error=error.code,
        scheme="DPoP",
        nonce=error.nonce if isinstance(error, UseDPoPNonceError) else None,
        details=error.details(),
    )


def invalid_token(
    description: str, details: Mapping[str, Any] | None = None, scheme: str = "Bearer"
) -> BearerError:
    """Return the error that refuses a token with status 401; do not quote it in `description`."""
    return BearerError(
        HTTPStatus.UNAUTHORIZED, description, error="invalid_token", details=details, scheme=scheme
    )


def _is_typed(verifier: object) -> TypeGuard[Verifier[Any]]:
    return isinstance(verifier, Verifier) and verifier.claims is not None


def verify(
    verifier: AnyVerifier,
    authorization: Sequence[str],
    possession: Possession = BEARER_ONLY,
    request: PresentedRequest | None = None,
) -> dict[str, Any]:
    """Return the claims of a request's token, or raise BearerError.

    They are a dict, even if the verifier has a type: see `conversion`.

    `authorization` has the values of the request's `Authorization` headers. `possession` says how a
    request proves that a token is its sender's, and `request` is then read. A token that is bound
    to a key is refused without such a proof. Errors of the verifier other than InvalidTokenError,
    PyJWKClientError and StoreUnavailableError, such as a wrong configuration, are not converted.
    """
    scheme, token = credentials(authorization, possession.schemes)
    return accepted(verifier, scheme, token, possession, request)


def accepted(
    verifier: AnyVerifier,
    scheme: str,
    token: str,
    possession: Possession = BEARER_ONLY,
    request: PresentedRequest | None = None,
) -> dict[str, Any]:
    """Return the claims of a token that was sent with a scheme; errors as `verify`."""
    try:
        claims = _decoded(verifier, token)
    except _REFUSED as error:
        raise refusal(error, scheme) from error
    try:
        possession.check(scheme, token, claims, request)
    except _REFUSED as error:
        raise _unproven(error, scheme) from error
    return claims


async def verify_async(
    verifier: AnyVerifier,
    authorization: Sequence[str],
    in_thread: Callable[[Callable[[], dict[str, Any]]], Awaitable[dict[str, Any]]],
    possession: Possession = BEARER_ONLY,
    request: PresentedRequest | None = None,
) -> dict[str, Any]:
    """Return the claims of a request's token without blocking the event loop; errors as `verify`.

    `decode_async` is awaited if the verifier has it, as `Verifier` does; `decode` of any other
    verifier may block, and is run by `in_thread`.
    """
    scheme, token = credentials(authorization, possession.schemes)
    return await accepted_async(verifier, scheme, token, in_thread, possession, request)


async def accepted_async(
    verifier: AnyVerifier,
    scheme: str,
    token: str,
    in_thread: Callable[[Callable[[], dict[str, Any]]], Awaitable[dict[str, Any]]],
    possession: Possession = BEARER_ONLY,
    request: PresentedRequest | None = None,
) -> dict[str, Any]:
    """Return the claims of a token that was sent with a scheme; see `verify_async`."""
    try:
        if hasattr(verifier, "decode_async"):
            claims = await _decoded_async(cast("AsyncVerifier", verifier), token)
        else:
            claims = await in_thread(partial(_decoded, verifier, token))
    except _REFUSED as error:
        raise refusal(error, scheme) from error
    try:
        await possession.check_async(scheme, token, claims, request)
    except _REFUSED as error:
        raise _unproven(error, scheme) from error
    return claims


def _decoded(verifier: AnyVerifier, token: str) -> dict[str, Any]:
    """Return all claims: an object of a type may lack the one that binds the token (`cnf`)."""
    if _is_typed(verifier):
        return verifier.decode_complete(token)["payload"]
    _refuse_type(verifier, token)
    return _all_claims(verifier, sync_verifier(verifier).decode(token))


async def _decoded_async(verifier: AsyncVerifier | Verifier[Any], token: str) -> dict[str, Any]:
    if _is_typed(verifier):
        return (await verifier.decode_complete_async(token))["payload"]
    _refuse_type(verifier, token)
    return _all_claims(verifier, await verifier.decode_async(token))


def _refuse_type(verifier: AnyVerifier, token: str) -> None:
    """Raise TypeError for the token of an issuer whose verifier has a type, perhaps of dicts."""
    if isinstance(verifier, MultiIssuerVerifier):
        chosen = verifier._choose(token)  # noqa: SLF001 - of this package
        if chosen.claims is not None:
            raise TypeError(
                "The verifiers of a MultiIssuerVerifier must not have a type here: leave out their "
                "argument claims, and pass claims=... to the helper if it takes that"
            )


def _all_claims(verifier: AnyVerifier, claims: object) -> dict[str, Any]:
    if not isinstance(claims, Mapping):
        raise TypeError(
            f"{type(verifier).__name__} must return the claims as a dict, so that it is seen what "
            f"the token is bound to; it returned {type(claims).__name__}"
        )
    return cast("dict[str, Any]", claims)


def required_scopes(scopes: str | Iterable[str]) -> tuple[str, ...]:
    """Return the scopes that a route needs, from an iterable or a string separated by spaces.

    Raises ValueError for anything that is not a scope (RFC 6749 Section 3.3).
    """
    names = tuple(scopes.split(" ") if isinstance(scopes, str) else scopes) if scopes else ()
    for name in names:
        if not _SCOPE.fullmatch(name):
            raise ValueError(f"Not a scope (RFC 6749 Section 3.3): {name!r}")
    return names


def granted_scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """Return the scopes of a token: those of `scope` or, if it is absent, of `scp`.

    `scope` is a string of scopes separated by spaces (RFC 8693 Section 4.2, RFC 9068
    Section 2.2.3). Some providers use `scp` instead, mostly with a list: both forms are accepted in
    both claims. Anything else grants nothing.
    """
    scopes: Any = claims.get("scope", claims.get("scp"))
    if isinstance(scopes, str):
        return frozenset(scopes.split(" "))
    if isinstance(scopes, list):
        names: list[Any] = scopes  # pyright: ignore[reportUnknownVariableType]
        return frozenset(name for name in names if isinstance(name, str))
    return frozenset()


def require_scopes(claims: Mapping[str, Any], scopes: Sequence[str]) -> None:
    """Raise BearerError with status 403 unless the token grants each of `scopes`."""
    if not granted_scopes(claims).issuperset(scopes):
        raise BearerError(
            HTTPStatus.FORBIDDEN,
            "The access token does not grant the required scopes",
            error="insufficient_scope",
            scopes=scopes,
            scheme=scheme_of(claims),
            details={"claim": "scope", "expected": list(scopes)},
        )


def conversion(
    verifier: AnyVerifier, convert: Callable[[dict[str, Any]], ClaimsT] | None
) -> Callable[[dict[str, Any]], ClaimsT] | None:
    """Return the function for `converted`: `convert`, or one that makes the verifier's type.

    Raises TypeError for both.
    """
    if not _is_typed(verifier):
        return convert
    if convert is not None:
        raise TypeError("The verifier has a type: pass claims=... to the verifier or to the helper")
    return partial(typed_claims, verifier)


def converted(
    claims: dict[str, Any], convert: Callable[[dict[str, Any]], ClaimsT] | None
) -> ClaimsT:
    """Return verified claims converted for the application; None leaves them unchanged.

    Raises BearerError with status 401 if the conversion raises a LookupError, TypeError or
    ValueError (such as pydantic's ValidationError): claims are missing or of the wrong type; and if
    they do not fit the verifier's type.
    """
    if convert is None:
        return cast("ClaimsT", claims)
    try:
        return convert(claims)
    except (InvalidTokenError, LookupError, TypeError, ValueError) as error:
        description = "The claims of the access token are not valid"
        details: dict[str, Any] = {"code": "invalid_claim"}
        if isinstance(error, InvalidTokenError):
            details = error.details()
        raise invalid_token(description, details, scheme_of(claims)) from error
