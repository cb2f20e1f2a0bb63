"""Bearer tokens in Flask: `@jwt_required(verifier)`. See docs/guides/flask.md."""

from __future__ import annotations

from functools import wraps
from inspect import unwrap
from typing import TYPE_CHECKING, Any, Concatenate, Protocol, TypeVar, overload

from flask import current_app, g, jsonify, request
from werkzeug.exceptions import default_exceptions

from .answers import Answers
from .bearer import (
    AnyVerifier,
    BearerError,
    ClaimsT,
    Possession,
    UntypedVerifier,
    conversion,
    converted,
    require_scopes,
    required_scopes,
    sync_verifier,
    verify,
)
from .possession import url_of
from .published_keys import published

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from flask import Request, Response
    from typing_extensions import ParamSpec
    from werkzeug.exceptions import HTTPException

    from rapidjwt import Key, KeySet, Verifier
    from rapidjwt.dpop import DPoPVerifier
    from rapidjwt.mtls import ClientCertificates

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


__all__ = ["jwks_response", "jwt_required"]


class _Presented:
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

    def values(self, header: str, /) -> Sequence[str]:
        return request.headers.getlist(header)


@overload
def jwt_required(
    verifier: Verifier[ClaimsT],
    *,
    scopes: str | Iterable[str] = ...,
    realm: str = ...,
    claims: None = ...,
    allow_preflight: bool = ...,
    problem_details: bool = ...,
    on_result: Callable[[str], object] | None = ...,
    dpop: DPoPVerifier | None = ...,
    certificates: ClientCertificates | None = ...,
) -> Decorator[ClaimsT]: ...


@overload
def jwt_required(
    verifier: UntypedVerifier,
    *,
    scopes: str | Iterable[str] = ...,
    realm: str = ...,
    claims: Callable[[dict[str, Any]], ClaimsT],
    allow_preflight: bool = ...,
    problem_details: bool = ...,
    on_result: Callable[[str], object] | None = ...,
    dpop: DPoPVerifier | None = ...,
    certificates: ClientCertificates | None = ...,
) -> Decorator[ClaimsT]: ...


@overload
def jwt_required(
    verifier: UntypedVerifier,
    *,
    scopes: str | Iterable[str] = ...,
    realm: str = ...,
    claims: None = ...,
    allow_preflight: bool = ...,
    problem_details: bool = ...,
    on_result: Callable[[str], object] | None = ...,
    dpop: DPoPVerifier | None = ...,
    certificates: ClientCertificates | None = ...,
) -> Decorator[dict[str, Any]]: ...


def jwt_required(
    verifier: AnyVerifier,
    *,
    scopes: str | Iterable[str] = (),
    realm: str = "api",
    claims: Callable[[dict[str, Any]], ClaimsT] | None = None,
    allow_preflight: bool = False,
    problem_details: bool = False,
    on_result: Callable[[str], object] | None = None,
    dpop: DPoPVerifier | None = None,
    certificates: ClientCertificates | None = None,
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
    a dataclass), and raises ValueError, TypeError or LookupError to refuse them. `dpop` verifies
    the proofs of tokens that are bound to a key, and `certificates` finds the certificates that
    others are bound to.

    `realm`, `problem_details` and `on_result` are described in `answers.Answers`.

    A request is refused with werkzeug's exception for the status: 400 for a malformed header, 401
    without a valid token, 403 if it lacks a scope, 503 if the keys to verify it, or a store, are
    not available.
    Error handlers of the app receive it; the response is JSON unless they return another.
    Raises ValueError for a realm or a scope that a header cannot contain, TypeError for a verifier
    that has only `decode_async`.
    """
    decoder = sync_verifier(verifier)
    answers = Answers(realm, problem_details, on_result, Possession(dpop, certificates))
    needed = required_scopes(scopes)
    convert = conversion(verifier, claims)

    def authorized() -> ClaimsT:
        try:
            authorization = request.headers.getlist("Authorization")
            verified = verify(decoder, authorization, answers.possession, _Presented())
            answers.verified()
            require_scopes(verified, needed)
            result = converted(verified, convert)
        except BearerError as error:
            answers.refused(error)
            raise _http_exception(error, answers) from error
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


def jwks_response(
    keys: KeySet | Iterable[Key | Mapping[str, Any]], *, max_age: int = 300
) -> Response:
    """Return the public parts of keys as a JWK Set, in answer to the current request.

    Arguments and errors are those of `rapidjwt.integrations.published_keys.published`.
    """
    answer = published(keys, request.headers.getlist("If-None-Match"), max_age=max_age)
    return current_app.response_class(answer.body, answer.status, answer.headers)


def _is_preflight() -> bool:
    """Return whether the request is a CORS-preflight request (the Fetch standard's term)."""
    headers = request.headers
    return (
        request.method == "OPTIONS"
        and "Origin" in headers
        and "Access-Control-Request-Method" in headers
    )


def _http_exception(error: BearerError, answers: Answers) -> HTTPException:
    body, media_type = answers.body(error)
    response = jsonify(body)
    response.status_code = error.status
    response.mimetype = media_type
    response.headers.update(answers.headers(error))
    return default_exceptions[error.status](error.description, response=response)
