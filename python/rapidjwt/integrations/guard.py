"""What every helper does with a request: find its token, verify it, check what it grants."""

from __future__ import annotations

import time
from copy import copy
from typing import TYPE_CHECKING, Any, Generic, TypedDict, cast

from .answers import Answers
from .bearer import (
    AnyVerifier,
    BearerError,
    ClaimsT,
    MissingTokenError,
    Possession,
    accepted,
    accepted_async,
    checked_verifier,
    conversion,
    converted,
    required_scopes,
)
from .demands import Demands
from .possession import check_type
from .protected_resource import ProtectedResource
from .sources import AUTHORIZATION, checked_sources, credentials_of, selected_subprotocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from typing_extensions import Self

    from rapidjwt.dpop import DPoPVerifier
    from rapidjwt.mtls import ClientCertificates

    from .possession import PresentedRequest
    from .sources import Source

__all__ = ["EXPIRED", "Arguments", "Guard", "is_preflight"]

#: Why a WebSocket is closed, with code 1008.
EXPIRED = "The access token has expired"


def is_preflight(request: PresentedRequest) -> bool:
    """Return whether this is a CORS-preflight request (the Fetch standard's term)."""
    return (
        request.method == "OPTIONS"
        and bool(request.values("Origin"))
        and bool(request.values("Access-Control-Request-Method"))
    )


class Arguments(TypedDict, total=False):
    """The arguments that every helper takes, beside the verifier."""

    scopes: str | Iterable[str]
    """The scopes of which the token must grant all: an iterable, or a string with spaces."""
    any_scope: str | Iterable[str]
    """The scopes of which the token must grant one."""
    roles: str | Iterable[str]
    """The roles of which the token must have one."""
    roles_claim: str | Sequence[str]
    """The claim with the roles, or the names on the way to it. Default: "roles"."""
    sources: Iterable[Source]
    """Where the token may be, in this order. Default: `[AUTHORIZATION]`."""
    realm: str
    """Named to clients that are refused. Default: "api"."""
    problem_details: bool
    """Whether the body of a refusal is one of RFC 9457."""
    error_body: Callable[[BearerError], Mapping[str, Any]] | None
    """Returns the body of a refusal, as JSON, in place of the usual one."""
    on_result: Callable[[str], object] | None
    """Called with "verified" for each token that is accepted, and the code of each refusal."""
    dpop: DPoPVerifier | None
    """Verifies the proofs of tokens that are bound to a key."""
    certificates: ClientCertificates | None
    """Finds the certificates that tokens are bound to."""
    resource: ProtectedResource | None
    """The resource that tokens must be for; refusals say where to get them (RFC 9728)."""


class Guard(Generic[ClaimsT]):
    """Lets requests pass: a verifier, and the arguments of a helper, checked once.

    The helper of a framework shows it a request as a `PresentedRequest`, and answers the request if
    BearerError is raised, with `answers`.
    """

    def __init__(
        self,
        verifier: AnyVerifier,
        *,
        claims: Callable[[dict[str, Any]], ClaimsT] | None = None,
        optional: bool = False,
        scopes: str | Iterable[str] = (),
        any_scope: str | Iterable[str] = (),
        roles: str | Iterable[str] = (),
        roles_claim: str | Sequence[str] = "roles",
        sources: Iterable[Source] = (AUTHORIZATION,),
        realm: str = "api",
        problem_details: bool = False,
        error_body: Callable[[BearerError], Mapping[str, Any]] | None = None,
        on_result: Callable[[str], object] | None = None,
        dpop: DPoPVerifier | None = None,
        certificates: ClientCertificates | None = None,
        resource: ProtectedResource | None = None,
    ) -> None:
        """Take the verifier and the arguments of a helper, which `Arguments` describes.

        `claims` converts the verified claims to the result, and raises ValueError, TypeError or
        LookupError to refuse them. With `optional`, a request without a token passes, and its
        result is None; a token that is there must be valid. Raises TypeError and ValueError for
        arguments that cannot be used.
        """
        if resource is not None:
            check_type("resource", resource, ProtectedResource)
            resource.check_verifier(verifier)
        possession = Possession(dpop, certificates)
        self.answers = Answers(
            realm,
            problem_details,
            on_result,
            possession,
            error_body,
            None if resource is None else resource.metadata_url,
        )
        self.resource = resource
        self.demands = Demands.of(scopes, any_scope, roles, roles_claim)
        self.sources = checked_sources(sources, possession.schemes)
        self.optional = optional
        self.verifier = checked_verifier(verifier)
        self._convert = conversion(verifier, claims)

    def with_verifier(self, verifier: AnyVerifier) -> Self:
        """Return a guard that differs in the verifier, which must return dicts."""
        if self.resource is not None:
            self.resource.check_verifier(verifier)
        other = copy(self)
        other.verifier = verifier
        return other

    def check(self, request: PresentedRequest, scopes: str | Iterable[str] = ()) -> ClaimsT:
        """Return the result for a request, or raise BearerError, after it is logged and counted.

        `scopes` are required in addition.
        """
        try:
            return self.authorized(self.authenticated(request), scopes)
        except BearerError as error:
            self.answers.refused(error)
            raise

    async def check_async(
        self,
        request: PresentedRequest,
        in_thread: Callable[[Callable[[], dict[str, Any]]], Awaitable[dict[str, Any]]],
        scopes: str | Iterable[str] = (),
    ) -> ClaimsT:
        """Do what `check` does without blocking the event loop; see `bearer.verify_async`."""
        result, _ = await self.check_socket(request, in_thread, scopes)
        return result

    async def check_socket(
        self,
        request: PresentedRequest,
        in_thread: Callable[[Callable[[], dict[str, Any]]], Awaitable[dict[str, Any]]],
        scopes: str | Iterable[str] = (),
    ) -> tuple[ClaimsT, dict[str, Any] | None]:
        """Do what `check_async` does; return the verified claims too, for `seconds_left`."""
        try:
            claims = await self.authenticated_async(request, in_thread)
            return self.authorized(claims, scopes), claims
        except BearerError as error:
            self.answers.refused(error)
            raise

    def authenticated(self, request: PresentedRequest) -> dict[str, Any] | None:
        """Return the verified claims; None if there is no token and that is allowed."""
        found = self._found(request)
        if found is None:
            return None
        return self._verified(accepted(self.verifier, *found, self.answers.possession, request))

    async def authenticated_async(
        self,
        request: PresentedRequest,
        in_thread: Callable[[Callable[[], dict[str, Any]]], Awaitable[dict[str, Any]]],
    ) -> dict[str, Any] | None:
        """Do what `authenticated` does without blocking the event loop."""
        found = self._found(request)
        if found is None:
            return None
        possession = self.answers.possession
        return self._verified(
            await accepted_async(self.verifier, *found, in_thread, possession, request)
        )

    def authorized(
        self, claims: dict[str, Any] | None, scopes: str | Iterable[str] = ()
    ) -> ClaimsT:
        """Return the result for verified claims; raise BearerError if they do not suffice."""
        needed = required_scopes(scopes)
        if claims is None:
            return cast("ClaimsT", None)
        self.demands.check(claims, needed)
        return converted(claims, self._convert)

    def subprotocol(self, request: PresentedRequest) -> str | None:
        """Return the subprotocol that a WebSocket must be accepted with, or None."""
        return selected_subprotocol(self.sources, request)

    def seconds_left(self, claims: Mapping[str, Any] | None) -> float | None:
        """Return for how long verified claims are still accepted; None if that does not end."""
        expires = None if claims is None else claims.get("exp")
        if expires is None:
            return None
        leeway: float = getattr(self.verifier, "leeway", 0)
        return max(0.0, float(expires) + leeway - time.time())

    def _verified(self, claims: dict[str, Any]) -> dict[str, Any]:
        if self.resource is not None:
            self.resource.check(claims)
        self.answers.verified()
        return claims

    def _found(self, request: PresentedRequest) -> tuple[str, str] | None:
        try:
            return credentials_of(request, self.sources, self.answers.possession.schemes)
        except MissingTokenError:
            if self.optional:
                return None
            raise
