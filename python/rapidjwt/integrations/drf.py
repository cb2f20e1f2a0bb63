"""Bearer tokens in Django REST Framework, with the setting of `rapidjwt.integrations.django`.

See docs/guides/django.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, NotAuthenticated
from rest_framework.permissions import BasePermission

from .answers import PROBLEM_JSON, problem
from .bearer import BearerError, MissingTokenError, UntypedVerifier, invalid_token
from .demands import Demands
from .django import Presented, settings
from .possession import scheme_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from django.http import HttpRequest
    from rest_framework.request import Request
    from rest_framework.response import Response
    from rest_framework.views import APIView

__all__ = [
    "JWTAuthentication",
    "Refused",
    "TokenUser",
    "error_body_handler",
    "has_any_scope",
    "has_roles",
    "has_scopes",
    "problem_details_handler",
]


class Refused(APIException):
    """A request is refused according to RFC 6750 Section 3; `error` is the reason.

    `code` is the kind of refusal, one of `rapidjwt.exceptions.CODES`.
    """

    def __init__(self, error: BearerError) -> None:
        """Set the status and the message; the framework reads `auth_header`."""
        super().__init__(error.description, code=error.error)
        self.error = error
        self.code = error.code
        self.status_code = error.status
        self.auth_header = settings().guard.answers.headers(error).get("WWW-Authenticate")


def problem_details_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer refusals with problem details (RFC 9457), and other exceptions as the framework does.

    It is for the setting `EXCEPTION_HANDLER`.
    """
    return _handled(exc, context, lambda error: (problem(error), PROBLEM_JSON))


def error_body_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer refusals as `ERROR_BODY` and `PROBLEM_DETAILS` of the setting `RAPIDJWT` say.

    It is for the setting `EXCEPTION_HANDLER`. Other exceptions are answered as usual.
    """
    return _handled(exc, context, settings().guard.answers.body)


def _handled(
    exc: Exception,
    context: dict[str, Any],
    body: Callable[[BearerError], tuple[dict[str, Any], str]],
) -> Response | None:
    # Imported now: the framework's views import the classes of the settings, such as those here.
    from rest_framework.views import exception_handler  # noqa: PLC0415

    response: Response | None = exception_handler(exc, context)
    error: BearerError | None = None
    if isinstance(exc, NotAuthenticated):
        error = MissingTokenError(settings().guard.answers.possession.schemes)
    elif isinstance(exc, Refused):
        error = exc.error
    if response is not None and error is not None and response.status_code == error.status:
        response.data, response.content_type = body(error)
    return response


def _refused(error: BearerError) -> Refused:
    """Log and count a refusal, and return its exception."""
    settings().guard.answers.refused(error)
    return Refused(error)


class TokenUser:
    """The user that a token names, without a database: `pk` is its `sub`, or None."""

    is_active = True
    is_anonymous = False
    is_authenticated = True
    # Like Django's AnonymousUser: a token grants scopes, not permissions in a database.
    is_staff = False
    is_superuser = False

    def __init__(self, claims: dict[str, Any]) -> None:
        """Store verified claims."""
        self.claims = claims
        self.pk: str | None = claims.get("sub")
        self.id = self.pk

    def __str__(self) -> str:
        """Return the `sub`."""
        return str(self.pk)

    def __eq__(self, other: object) -> bool:
        """Return whether both are the same user, by `sub`."""
        return isinstance(other, TokenUser) and self.pk is not None and self.pk == other.pk

    def __hash__(self) -> int:
        """Return the hash of the `sub`."""
        return hash(self.pk)

    @property
    def username(self) -> str:
        """The `sub`, or an empty string."""
        return self.get_username()

    def get_username(self) -> str:
        """Return the `sub`, or an empty string."""
        return self.pk or ""

    def has_perm(self, _perm: str, _obj: object = None) -> bool:
        """Return False: use `has_scopes`, or look the user up in `get_user`."""
        return False

    def has_perms(self, perms: Iterable[str], _obj: object = None) -> bool:
        """Return whether `perms` is empty."""
        return not list(perms)

    def has_module_perms(self, _module: str) -> bool:
        """Return False, as `has_perm` does."""
        return False

    def get_user_permissions(self, _obj: object = None) -> set[str]:
        """Return an empty set."""
        return set()

    get_group_permissions = get_all_permissions = get_user_permissions


class JWTAuthentication(BaseAuthentication):
    """Sets `request.user` to a `TokenUser` and `request.auth` to the claims of a bearer token.

    If there is no bearer token, the next authentication class is tried. Override `get_user` to look
    up the user.
    """

    #: Verifies the tokens in place of the setting's verifier: set it in a subclass, for views that
    #: need tokens of another profile.
    verifier: UntypedVerifier | None = None

    def authenticate(self, request: Request) -> tuple[Any, dict[str, Any]] | None:
        """Return user and claims, or None without a token; raise `Refused` for an invalid one."""
        # The middleware saw the token before, and a proof or a one-time token is accepted once.
        was_seen = self.verifier is None and hasattr(request, "jwt_error")
        try:
            claims = _seen(request) if was_seen else self._claims(request)
        except MissingTokenError:
            return None
        except BearerError as error:
            if error.nonce is not None:
                _set_header(request, "DPoP-Nonce", error.nonce)
            if not was_seen:
                settings().guard.answers.refused(error)
            raise Refused(error) from error
        user = self.get_user(claims)
        if user is None:
            description = "The user of the access token is unknown"
            raise _refused(invalid_token(description, scheme=scheme_of(claims)))
        return user, claims

    def _claims(self, request: Request) -> dict[str, Any]:
        guard = settings().guard
        if self.verifier is not None:
            guard = guard.with_verifier(self.verifier)
        return guard.authenticated(Presented(cast("HttpRequest", request))) or {}

    def get_user(self, claims: dict[str, Any]) -> Any:
        """Return the user of verified claims; None refuses the token."""
        return TokenUser(claims)

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - part of the interface
        """Return the challenge for a request without a token."""
        return settings().guard.answers.challenge()


def _seen(request: Request) -> dict[str, Any]:
    """Return the claims that `JWTMiddleware` found, or raise the reason that there are none."""
    found: Any = request
    if found.jwt_error is not None:
        raise found.jwt_error
    claims: dict[str, Any] = found.jwt_claims
    return claims


def _set_header(request: Request, name: str, value: str) -> None:
    """Set a header of the response; of those of an exception, the framework sends only some."""
    view: Any = request.parser_context["view"]
    view.headers[name] = value


def has_scopes(*scopes: str) -> type[BasePermission]:
    """Return a class for `permission_classes`: the token must grant all scopes.

    It refuses with an exception, so it must be the last operand of `|`. Raises ValueError for
    anything that is not a scope.
    """
    return _permission(Demands.of(scopes=scopes))


def has_any_scope(*scopes: str) -> type[BasePermission]:
    """Return a class for `permission_classes`: the token must grant one of the scopes.

    The rest is as for `has_scopes`.
    """
    return _permission(Demands.of(any_scope=scopes))


def has_roles(*roles: str, claim: str | Sequence[str] = "roles") -> type[BasePermission]:
    """Return a class for `permission_classes`: the token must have one of the roles.

    `claim` is the claim with the roles, or the names on the way to it. The rest is as for
    `has_scopes`.
    """
    return _permission(Demands.of(roles=roles, roles_claim=claim))


def _permission(demands: Demands) -> type[BasePermission]:
    class Granted(BasePermission):
        jwt_scopes = demands.scopes  # for OpenAPI

        def has_permission(self, request: Request, view: APIView) -> bool:  # noqa: ARG002
            claims: Any = request.auth
            if not isinstance(claims, dict):  # no token, or another kind of authentication
                return False
            try:
                demands.check(cast("dict[str, Any]", claims))
            except BearerError as error:
                raise _refused(error) from error
            return True

    return Granted
