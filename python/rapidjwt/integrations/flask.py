"""Bearer tokens in Flask: `@jwt_required(verifier)`. See docs/guides/flask.md."""

from __future__ import annotations

from functools import wraps
from inspect import unwrap
from typing import TYPE_CHECKING, Any, Concatenate, Literal, Protocol, TypeVar, overload

from flask import current_app, g, request
from werkzeug.exceptions import default_exceptions

from .bearer import AnyVerifier, BearerError, ClaimsT, UntypedVerifier, sync_verifier
from .guard import Arguments, Guard, is_preflight
from .possession import PresentedRequest, url_of
from .published_keys import published

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from flask import Request, Response
    from typing_extensions import ParamSpec, Unpack
    from werkzeug.exceptions import HTTPException

    from rapidjwt import Key, KeySet, Verifier

    from .answers import Answers
    from .protected_resource import ProtectedResource

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


__all__ = ["jwks_response", "jwt_required", "metadata_response"]


class _Presented(PresentedRequest):
    """The current request as the checks of `possession` see it."""

    @property
    def original(self) -> Request:
        current: Request = request
        return current

    @property
    def method(self) -> str:
        return request.method

    @property
    def url(self) -> str:
        path = request.root_path.rstrip("/") + request.path
        return url_of(request.scheme, request.host, path)

    @property
    def query(self) -> str:
        return request.query_string.decode("latin-1")

    def values(self, header: str, /) -> Sequence[str]:
        return request.headers.getlist(header)


@overload
def jwt_required(
    verifier: Verifier[ClaimsT],
    *,
    claims: None = ...,
    optional: Literal[False] = ...,
    allow_preflight: bool = ...,
    **arguments: Unpack[Arguments],
) -> Decorator[ClaimsT]: ...


@overload
def jwt_required(
    verifier: Verifier[ClaimsT],
    *,
    claims: None = ...,
    optional: bool,
    allow_preflight: bool = ...,
    **arguments: Unpack[Arguments],
) -> Decorator[ClaimsT | None]: ...


@overload
def jwt_required(
    verifier: UntypedVerifier,
    *,
    claims: Callable[[dict[str, Any]], ClaimsT],
    optional: Literal[False] = ...,
    allow_preflight: bool = ...,
    **arguments: Unpack[Arguments],
) -> Decorator[ClaimsT]: ...


@overload
def jwt_required(
    verifier: UntypedVerifier,
    *,
    claims: Callable[[dict[str, Any]], ClaimsT],
    optional: bool,
    allow_preflight: bool = ...,
    **arguments: Unpack[Arguments],
) -> Decorator[ClaimsT | None]: ...


@overload
def jwt_required(
    verifier: UntypedVerifier,
    *,
    claims: None = ...,
    optional: Literal[False] = ...,
    allow_preflight: bool = ...,
    **arguments: Unpack[Arguments],
) -> Decorator[dict[str, Any]]: ...


@overload
def jwt_required(
    verifier: UntypedVerifier,
    *,
    claims: None = ...,
    optional: bool,
    allow_preflight: bool = ...,
    **arguments: Unpack[Arguments],
) -> Decorator[dict[str, Any] | None]: ...


def jwt_required(
    verifier: AnyVerifier,
    *,
    claims: Callable[[dict[str, Any]], ClaimsT] | None = None,
    optional: bool = False,
    allow_preflight: bool = False,
    **arguments: Unpack[Arguments],
) -> Decorator[Any]:
    """Require a valid bearer token for a view, and pass its claims.

    The view gets them as its first argument (a method of a class-based view: after `self`), before
    the variables of the URL rule, which Flask passes by name.

    In `decorators` of a `MethodView` it protects all methods, which get no additional argument. The
    claims are in `flask.g.jwt_claims`, for every kind of view.

    Below `app.before_request` it protects all routes. Use `allow_preflight` there if browsers call
    the app from other origins: their CORS preflights, which cannot have a token, then go on to the
    app without the function being called.

    `claims` converts the verified claims to what the view gets (a model, a dataclass), and raises
    ValueError, TypeError or LookupError to refuse them. With `optional`, a view gets None for a
    request without a token. The other arguments are those of `guard.Arguments`: where the token is,
    what it must grant, what refused clients are told.

    A request is refused with werkzeug's exception for the status: 400 for a malformed header, 401
    without a valid token, 403 if it lacks a scope, 503 if the keys to verify it, or a store, are
    not available.
    Error handlers of the app receive it; the response is JSON unless they return another.
    Raises ValueError for a realm or a scope that a header cannot contain, TypeError for a verifier
    that has only `decode_async`.
    """
    sync_verifier(verifier)
    guard = Guard(verifier, claims=claims, optional=optional, **arguments)

    def authorized() -> ClaimsT:
        try:
            g.jwt_claims = result = guard.check(_Presented())
        except BearerError as error:
            raise _http_exception(error, guard.answers) from error
        return result

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        # The function that `as_view` makes, for `decorators`, takes no claims.
        is_class_view = unwrap(view).__qualname__.startswith("View.as_view.")

        @wraps(view)
        def protected(*args: Any, **kwargs: Any) -> Any:
            # `args` is empty, or the `self` of a method. A view may be a coroutine function.
            if allow_preflight and is_preflight(_Presented()):
                return None
            if is_class_view:
                authorized()
                return current_app.ensure_sync(view)(*args, **kwargs)
            return current_app.ensure_sync(view)(*args, authorized(), **kwargs)

        return protected

    return decorate


def jwks_response(
    keys: KeySet | Iterable[Key | Mapping[str, Any]], *, max_age: int = 300
) -> Response:
    """Return the public parts of keys as a JWK Set, in answer to the current request.

    Arguments and errors are those of `rapidjwt.integrations.published_keys.published`.
    """
    answer = published(keys, request.headers.getlist("If-None-Match"), max_age=max_age)
    return current_app.response_class(answer.body, answer.status, answer.headers)


def metadata_response(resource: ProtectedResource) -> Response:
    """Return the metadata of a resource (RFC 9728): the view for its `metadata_path`."""
    answer = resource.response()
    return current_app.response_class(answer.body, answer.status, answer.headers)


def _http_exception(error: BearerError, answers: Answers) -> HTTPException:
    answer = answers.response(error)
    response = current_app.response_class(answer.body, answer.status, answer.headers)
    return default_exceptions[error.status](error.description, response=response)
