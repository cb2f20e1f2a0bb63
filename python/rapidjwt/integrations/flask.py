"""Bearer tokens in Flask: `@jwt_required(verifier)`. See docs/guides/flask.md."""

from __future__ import annotations

from functools import wraps
from inspect import unwrap
from typing import TYPE_CHECKING, Any, Concatenate, Protocol, TypeVar, overload

from flask import current_app, g, jsonify, request
from werkzeug.exceptions import default_exceptions

from .bearer import (
    AnyVerifier,
    BearerError,
    ClaimsT,
    challenge,
    converted,
    require_scopes,
    required_scopes,
    sync_verifier,
    verify,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from typing_extensions import ParamSpec
    from werkzeug.exceptions import HTTPException

    P = ParamSpec("P")
    R = TypeVar("R")
    SelfT = TypeVar("SelfT")
    GivenT_co = TypeVar("GivenT_co", covariant=True)

    class Decorator(Protocol[GivenT_co]):
        """Decorates a function, or a method, whose first argument except `self` is the claims."""

        @overload
        def __call__(self, view: Callable[Concatenate[GivenT_co, P], R]) -> Callable[P, R]: ...
        @overload
        def __call__(
            self, view: Callable[Concatenate[SelfT, GivenT_co, P], R]
        ) -> Callable[Concatenate[SelfT, P], R]: ...


__all__ = ["jwt_required"]


def jwt_required(
    verifier: AnyVerifier[Any],
    *,
    scopes: str | Iterable[str] = (),
    realm: str = "api",
    claims: Callable[[dict[str, Any]], ClaimsT] | None = None,
    allow_preflight: bool = False,
) -> Decorator[ClaimsT]:
    """Require a valid bearer token for a view, and pass its claims.

    The view gets them as its first argument (a method of a class-based view: after `self`), before
    the variables of the URL rule, which Flask passes by name.

    In `decorators` of a `MethodView` it protects all methods, which get no additional argument. The
    claims are in `flask.g.jwt_claims`, for every kind of view.

    Below `app.before_request` it protects all routes. Use `allow_preflight` there if browsers call
    the app from other origins: their CORS preflights, which cannot have a token, then go on to the
    app without the function being called.

    All `scopes` are required. `claims` converts the verified claims to what the view gets (a model,
    a dataclass), and raises ValueError, TypeError or LookupError to refuse them.

    A request is refused with werkzeug's exception for the status: 400 for a malformed header, 401
    without a valid token, 403 if it lacks a scope, 503 if the keys to verify it are not available.
    Error handlers of the app receive it; the response is JSON unless they return another.
    Raises ValueError for a realm or a scope that a header cannot contain, TypeError for a verifier
    that has only `decode_async`.
    """
    decoder = sync_verifier(verifier)
    challenge(realm)
    needed = required_scopes(scopes)

    def authorized() -> ClaimsT:
        try:
            verified = verify(decoder, request.headers.getlist("Authorization"))
            require_scopes(verified, needed)
            result = converted(verified, claims)
        except BearerError as error:
            raise _http_exception(error, realm) from error
        g.jwt_claims = result
        return result

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        # The function that `as_view` makes, for `decorators`, takes no claims.
        is_class_view = unwrap(view).__qualname__.startswith("View.as_view.")

        @wraps(view)
        def protected(*args: Any, **kwargs: Any) -> Any:
            # `args` is empty, or the `self` of a method. A view may be a coroutine function.
            if allow_preflight and _is_preflight():
                return None
            if is_class_view:
                authorized()
                return current_app.ensure_sync(view)(*args, **kwargs)
            return current_app.ensure_sync(view)(*args, authorized(), **kwargs)

        return protected

    return decorate


def _is_preflight() -> bool:
    """Return whether the request is a CORS-preflight request (the Fetch standard's term)."""
    headers = request.headers
    return (
        request.method == "OPTIONS"
        and "Origin" in headers
        and "Access-Control-Request-Method" in headers
    )


def _http_exception(error: BearerError, realm: str) -> HTTPException:
    response = jsonify(detail=error.description)
    response.status_code = error.status
    response.headers.update(error.headers(realm))
    return default_exceptions[error.status](error.description, response=response)
