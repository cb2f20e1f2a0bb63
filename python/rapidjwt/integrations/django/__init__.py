"""Bearer tokens in Django: a middleware and a decorator. See docs/guides/django.md."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import lru_cache, partial, wraps
from inspect import unwrap
from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.module_loading import import_string

from rapidjwt.integrations.bearer import (
    BearerError,
    MissingTokenError,
    UntypedVerifier,
    checked_verifier,
    conversion,
    sync_verifier,
)
from rapidjwt.integrations.demands import Demands
from rapidjwt.integrations.guard import Guard
from rapidjwt.integrations.possession import PresentedRequest, url_of
from rapidjwt.integrations.published_keys import published

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rapidjwt import Key, KeySet
    from rapidjwt.integrations.protected_resource import ProtectedResource
    from rapidjwt.keyring import KeyRing

__all__ = [
    "JWTMiddleware",
    "JWTRequest",
    "Presented",
    "Settings",
    "jwks_response",
    "jwt_required",
    "key_ring",
    "metadata_response",
    "settings",
]


class JWTRequest(HttpRequest):
    """For annotations: a request after `JWTMiddleware`.

    `jwt_claims` has the claims of its bearer token. It is empty without a valid token, and
    `jwt_error` is then the reason.
    """

    jwt_claims: dict[str, Any]
    jwt_error: BearerError | None


@dataclass(frozen=True)
class Settings:
    """The setting `RAPIDJWT`, a dict.

    `VERIFIER` is a verifier without a type for claims. `SOURCES`, `REALM`, `PROBLEM_DETAILS`,
    `ERROR_BODY`, `ON_RESULT`, `DPOP`, `CERTIFICATES` and `RESOURCE` are the arguments of those
    names, in lower case, of `rapidjwt.integrations.guard.Arguments`. Each but `REALM` and
    `PROBLEM_DETAILS` may be an import path ("project.tokens.verifier").
    """

    guard: Guard[dict[str, Any]]


#: The settings that are objects or their import paths, and what they are.
_OBJECTS = {
    "VERIFIER": "a verifier",
    "SOURCES": "a list of sources",
    "ERROR_BODY": "a function",
    "ON_RESULT": "a function",
    "DPOP": "a DPoPVerifier",
    "CERTIFICATES": "a ClientCertificates",
    "RESOURCE": "a ProtectedResource",
}

#: The other names of the setting.
_VALUES = ("REALM", "PROBLEM_DETAILS")


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Read the setting `RAPIDJWT` once; raise ImproperlyConfigured if it is not usable."""
    given = dict(getattr(django_settings, "RAPIDJWT", {}))
    given.pop("KEY_RING", None)  # for issuers: see `key_ring`
    objects = {name: _setting(given, name, what) for name, what in _OBJECTS.items()}
    verifier = objects.pop("VERIFIER")
    if verifier is None or not given.keys() <= set(_VALUES):
        names = ", ".join([*_VALUES, *objects])
        raise ImproperlyConfigured(
            f"RAPIDJWT must be a dict with VERIFIER and, optionally, {names}"
        )
    try:
        _check_dicts(verifier)
    except TypeError as error:
        raise ImproperlyConfigured(f"RAPIDJWT: VERIFIER: {error}") from error
    arguments = {name.lower(): value for name, value in (given | objects).items()}
    chosen: Any = {name: value for name, value in arguments.items() if value is not None}
    try:
        return Settings(Guard(verifier, **chosen))
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"RAPIDJWT: {error}") from error


def _check_dicts(verifier: UntypedVerifier) -> None:
    """Raise TypeError unless this is a verifier that returns dicts."""
    if conversion(checked_verifier(verifier), None) is not None:
        raise TypeError("the verifier must return dicts: leave out its argument claims")


def key_ring() -> KeyRing:
    """Return the `KeyRing` of the setting `RAPIDJWT["KEY_RING"]`, an object or its import path.

    Raises ImproperlyConfigured if there is none.
    """
    from rapidjwt.keyring import KeyRing  # noqa: PLC0415 - for issuers only

    given = dict(getattr(django_settings, "RAPIDJWT", {}))
    found = _setting(given, "KEY_RING", "a KeyRing")
    if not isinstance(found, KeyRing):
        raise ImproperlyConfigured("RAPIDJWT: KEY_RING must be a KeyRing or its import path")
    return found


def _setting(given: dict[str, Any], name: str, what: str) -> Any:
    """Remove a setting and return its object, which may be named by an import path."""
    value = given.pop(name, None)
    return _imported(name, value, what) if isinstance(value, str) else value


def _imported(name: str, path: str, what: str) -> Any:
    """Import the object of a path, which messages do not quote: it may be a misplaced secret."""
    names = path.split(".")
    if len(names) < 2 or not all(name.isidentifier() for name in names):  # noqa: PLR2004 - a.b
        raise ImproperlyConfigured(
            f"RAPIDJWT: {name} must be {what} or its import path, such as "
            f'"project.tokens.{name.lower()}"; a key belongs into a Verifier'
        )
    return import_string(path)


def _forget_settings(**_changed: Any) -> None:
    settings.cache_clear()


setting_changed.connect(_forget_settings)  # a test's override_settings


class JWTMiddleware:
    """Stores the claims of each request's bearer token in `request.jwt_claims`.

    It does not refuse requests: without a valid token there are no claims, and `request.jwt_error`
    is the reason, which `jwt_required` sends. It works with sync and async handlers.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        """Take the next handler; raise TypeError if a sync handler needs `decode` but has none."""
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)  # pyright: ignore[reportDeprecated]
        if self._is_async:
            markcoroutinefunction(self)
        else:
            sync_verifier(settings().guard.verifier)

    def __call__(self, request: JWTRequest) -> Any:
        """Verify the token, then call the next handler."""
        if self._is_async:
            return self._call_async(request)
        _authenticate(request, settings().guard)
        return self._get_response(request)

    async def _call_async(self, request: JWTRequest) -> Any:
        await _authenticate_async(request, settings().guard)
        return await self._get_response(request)


def _authenticate(request: JWTRequest, guard: Guard[Any]) -> None:
    request.jwt_claims, request.jwt_error = {}, None
    try:
        request.jwt_claims = guard.authenticated(Presented(request)) or {}
    except BearerError as error:
        _note(request, error)


async def _authenticate_async(request: JWTRequest, guard: Guard[Any]) -> None:
    request.jwt_claims, request.jwt_error = {}, None
    try:
        presented = Presented(request)
        request.jwt_claims = await guard.authenticated_async(presented, asyncio.to_thread) or {}
    except BearerError as error:
        _note(request, error)


def _note(request: JWTRequest, error: BearerError) -> None:
    """Log and count a refusal. That there is no token counts where one is required."""
    request.jwt_error = error
    if not isinstance(error, MissingTokenError):
        settings().guard.answers.refused(error)


class Presented(PresentedRequest):
    """A request as the checks of `possession` see it."""

    def __init__(self, request: HttpRequest) -> None:
        """Take the request."""
        self._request = request

    @property
    def original(self) -> HttpRequest:
        """The request itself."""
        return self._request

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self._request.method or ""

    @property
    def url(self) -> str:
        """The URL without its query."""
        request = self._request
        return url_of(request.scheme or "", request.get_host(), request.path)

    @property
    def query(self) -> str:
        """The query of the URL."""
        return str(self._request.META.get("QUERY_STRING", ""))

    def values(self, header: str, /) -> Sequence[str]:
        """Return the value of a header, if there is one: servers join several."""
        value = self._request.headers.get(header)
        return [] if value is None else [value]


def jwt_required(
    *,
    scopes: str | Iterable[str] = (),
    any_scope: str | Iterable[str] = (),
    roles: str | Iterable[str] = (),
    roles_claim: str | Sequence[str] = "roles",
    optional: bool = False,
    verifier: UntypedVerifier | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Require a valid bearer token for a view, and what `demands.Demands.of` describes.

    With `optional`, a request without a token gets to the view, which sees no claims. `verifier`
    takes the place of the setting's for this view, for example with another profile; the view then
    needs no middleware.

    Other requests get 400 for a malformed header, 401 without a valid token, 403 if it lacks a
    scope or a role, 503 if the keys to verify it, or a store, are not available. The view needs no
    CSRF token of Django's: browsers do not send bearer tokens automatically, and for cookies
    `sources.Cookie` has a check of its own. Raises ValueError for anything that is not a scope,
    TypeError for anything that is not a verifier of dicts.
    """
    demands = Demands.of(scopes, any_scope, roles, roles_claim)
    if verifier is not None:
        _check_dicts(verifier)

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def protected(request: JWTRequest, *args: Any, **kwargs: Any) -> Any:
            if _must_be_awaited(view):
                return protected_async(request, *args, **kwargs)
            if verifier is not None:
                _authenticate(request, settings().guard.with_verifier(verifier))
            refused = _refused(request, demands, optional)
            return view(request, *args, **kwargs) if refused is None else refused

        @wraps(view)
        async def protected_async(request: JWTRequest, *args: Any, **kwargs: Any) -> Any:
            if verifier is not None:
                await _authenticate_async(request, settings().guard.with_verifier(verifier))
            refused = _refused(request, demands, optional)
            return await view(request, *args, **kwargs) if refused is None else refused

        is_async = iscoroutinefunction(view)  # pyright: ignore[reportDeprecated]
        chosen: Any = protected_async if is_async else protected
        chosen.csrf_exempt = True  # before 5.0, Django's decorator does not support coroutines
        return chosen

    return decorate


def _must_be_awaited(view: Callable[..., Any]) -> bool:
    """Return whether this is `dispatch` of an async class-based view, from `method_decorator`.

    It is not a coroutine function itself, but returns what the class's handlers return.
    """
    dispatch = unwrap(view, stop=lambda part: isinstance(part, partial))
    bound_to = getattr(getattr(dispatch, "func", None), "__self__", None)
    return getattr(bound_to, "view_is_async", False)


def _refused(request: JWTRequest, demands: Demands, optional: bool) -> JsonResponse | None:
    try:
        claims, error = request.jwt_claims, request.jwt_error
    except AttributeError:
        raise ImproperlyConfigured(
            "jwt_required needs rapidjwt.integrations.django.JWTMiddleware in MIDDLEWARE"
        ) from None
    if isinstance(error, MissingTokenError):
        return None if optional else _answer(error, is_told=False)
    if error is not None:
        return _answer(error, is_told=True)
    try:
        demands.check(claims)
    except BearerError as lacking:
        return _answer(lacking, is_told=False)
    return None


def _answer(error: BearerError, *, is_told: bool) -> JsonResponse:
    answers = settings().guard.answers
    if not is_told:
        answers.refused(error)
    body, media_type = answers.body(error)
    return JsonResponse(
        body, status=error.status, headers=answers.headers(error), content_type=media_type
    )


def jwks_response(
    request: HttpRequest,
    keys: KeySet | Iterable[Key | Mapping[str, Any]],
    *,
    max_age: int = 300,
) -> HttpResponse:
    """Return the public parts of keys as a JWK Set, in answer to a request.

    Arguments and errors are those of `rapidjwt.integrations.published_keys.published`.
    """
    answer = published(keys, Presented(request).values("If-None-Match"), max_age=max_age)
    response = HttpResponse(answer.body, status=answer.status)
    del response["Content-Type"]  # Django's default, which a 304 does not have
    for name, header in answer.headers.items():
        response[name] = header
    return response


def metadata_response(resource: ProtectedResource) -> HttpResponse:
    """Return the metadata of a resource (RFC 9728), for a route with its `metadata_path`."""
    answer = resource.response()
    return HttpResponse(answer.body, status=answer.status, headers=answer.headers)
