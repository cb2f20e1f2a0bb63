"""What a route demands of verified claims: scopes and roles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from .bearer import BearerError, granted_scopes, require_scopes, required_scopes
from .possession import scheme_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Demands"]


@dataclass(frozen=True)
class Demands:
    """What a token must grant; `of` makes it from the arguments of a helper."""

    scopes: tuple[str, ...] = ()
    any_scope: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    roles_claim: tuple[str, ...] = ("roles",)

    @classmethod
    def of(
        cls,
        scopes: str | Iterable[str] = (),
        any_scope: str | Iterable[str] = (),
        roles: str | Iterable[str] = (),
        roles_claim: str | Sequence[str] = "roles",
    ) -> Demands:
        """Return the demands: all of `scopes`, one of `any_scope` and one of `roles`.

        `roles_claim` is the claim with the roles, or the names on the way to it:
        `("realm_access", "roles")`. Raises ValueError for anything that is not a scope, and for
        roles without a claim.
        """
        path = (roles_claim,) if isinstance(roles_claim, str) else tuple(roles_claim)
        if not path:
            raise ValueError("roles_claim must name a claim, or the way to one")
        names = (roles,) if isinstance(roles, str) else tuple(roles)
        return cls(required_scopes(scopes), required_scopes(any_scope), names, path)

    def check(self, claims: Mapping[str, Any], scopes: Sequence[str] = ()) -> None:
        """Raise BearerError with status 403 unless the token grants these, and `scopes`."""
        require_scopes(claims, [*self.scopes, *scopes])
        if self.any_scope and granted_scopes(claims).isdisjoint(self.any_scope):
            raise _insufficient(
                claims, "any of the accepted scopes", "scope", self.any_scope, self.any_scope[:1]
            )
        if self.roles and _roles(claims, self.roles_claim).isdisjoint(self.roles):
            name = ".".join(self.roles_claim)
            raise _insufficient(claims, "any of the accepted roles", name, self.roles)


def _insufficient(
    claims: Mapping[str, Any],
    what: str,
    claim: str,
    expected: Sequence[str],
    scopes: Sequence[str] = (),
) -> BearerError:
    """Return the refusal; `scopes` are named to the client as sufficient."""
    return BearerError(
        HTTPStatus.FORBIDDEN,
        f"The access token does not grant {what}",
        error="insufficient_scope",
        scopes=scopes,
        scheme=scheme_of(claims),
        details={"claim": claim, "expected": list(expected)},
    )


def _roles(claims: Mapping[str, Any], path: Sequence[str]) -> frozenset[str]:
    """Return the roles at a path: a string is one role; anything but strings is not a role."""
    found: Any = claims
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        return frozenset({found})
    roles: list[Any] = found if isinstance(found, list) else []
    return frozenset(role for role in roles if isinstance(role, str))
