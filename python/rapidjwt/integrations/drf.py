"""Bearer tokens in Django REST Framework, with the setting of `rapidjwt.integrations.django`.

The guide is docs/guides/django.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException
from rest_framework.permissions import BasePermission

from .bearer import (
    BearerError,
    MissingTokenError,
    challenge,
    invalid_token,
    require_scopes,
    required_scopes,
    verify,
)
from .django import authorization_values, settings

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView

__all__ = ["JWTAuthentication", "Refused", "TokenUser", "has_scopes"]


class Refused(APIException):
    """A request is refused as RFC 6750 Section 3 says."""

    def __init__(self, error: BearerError) -> None:
        """Take status and text; the framework reads `auth_header`."""
        super().__init__(error.description, code=error.error)
        self.status_code = error.status
        self.auth_header = error.headers(settings().realm).get("WWW-Authenticate")


class TokenUser:
    """Who a token speaks for, with nothing from a database: `pk` is its `sub`, or None."""

    is_active = True
    is_anonymous = False
    is_authenticated = True

    def __init__(self, claims: dict[str, Any]) -> None:
        """Take verified claims."""
        self.claims = claims
        self.pk: str | None = claims.get("sub")

    def __str__(self) -> str:
        """Give the `sub`."""
        return str(self.pk)


class JWTAuthentication(BaseAuthentication):
    """Makes of a bearer token `request.user`, a `TokenUser`, and `request.auth`, its claims.

    Without a bearer token the next authentication class is asked. Override `get_user` to look the
    user up.
    """

    def authenticate(self, request: Request) -> tuple[Any, dict[str, Any]] | None:
        """Give user and claims, or None without a token; raises `Refused` for a bad one."""
        try:
            claims = verify(settings().verifier, authorization_values(request))
        except MissingTokenError:
            return None
        except BearerError as error:
            raise Refused(error) from error
        user = self.get_user(claims)
        if user is None:
            raise Refused(invalid_token("The access token is of an unknown user"))
        return user, claims

    def get_user(self, claims: dict[str, Any]) -> Any:
        """Give the user of verified claims; None refuses the token."""
        return TokenUser(claims)

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 the interface's
        """Give the challenge for a request without a token."""
        return challenge(settings().realm)


def has_scopes(*scopes: str) -> type[BasePermission]:
    """Make a permission class for `permission_classes`: the token must grant all scopes.

    It refuses by an exception: where it is joined to others by `|`, it stands last. Raises
    ValueError for what is no scope.
    """
    needed = required_scopes(scopes)

    class HasScopes(BasePermission):
        def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002
            claims: Any = request.auth
            if not isinstance(claims, dict):  # no token, or another kind of authentication
                return False
            try:
                require_scopes(cast("dict[str, Any]", claims), needed)
            except BearerError as error:
                raise Refused(error) from error
            return True

    return HasScopes
