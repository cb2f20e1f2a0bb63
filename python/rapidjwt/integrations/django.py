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
from django.http import HttpRequest, JsonResponse
from django.utils.module_loading import import_string

from .bearer import (
    AnyVerifier,
    BearerError,
    challenge,
    checked_verifier,
    require_scopes,
    required_scopes,
    sync_verifier,
    verify,
    verify_async,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "JWTMiddleware",
    "JWTRequest",
    "Settings",
    "authorization_values",
    "jwt_required",
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

    `VERIFIER` is a verifier, or its import path ("project.tokens.verifier"). `REALM`, "api" by
    default, is sent to clients whose requests are refused.
    """

    verifier: AnyVerifier[Any]
    realm: str = "api"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Read the setting `RAPIDJWT` once; raise ImproperlyConfigured if it is not usable."""
    given = dict(getattr(django_settings, "RAPIDJWT", {}))
    verifier, realm = given.pop("VERIFIER", None), given.pop("REALM", "api")
    if verifier is None or given:
        raise ImproperlyConfigured("RAPIDJWT must be a dict with VERIFIER and, optionally, REALM")
    if isinstance(verifier, str):
        verifier = _imported(verifier)
    try:
        checked_verifier(verifier)
    except TypeError as error:
        raise ImproperlyConfigured(f"RAPIDJWT: VERIFIER: {error}") from error
    try:
        challenge(realm)
    except ValueError as error:
        raise ImproperlyConfigured(f"RAPIDJWT: {error}") from error
    return Settings(verifier, realm)


def _imported(path: str) -> Any:
    """Import the object of a path, which messages do not quote: it may be a misplaced secret."""
    names = path.split(".")
    if len(names) < 2 or not all(name.isidentifier() for name in names):  # noqa: PLR2004 - a.b
        raise ImproperlyConfigured(
            "RAPIDJWT: VERIFIER must be a Verifier or its import path, such as "
            '"project.tokens.verifier"; a key belongs into a Verifier'
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
            sync_verifier(settings().verifier)

    def __call__(self, request: JWTRequest) -> Any:
        """Verify the token, then call the next handler."""
        if self._is_async:
            return self._call_async(request)
        request.jwt_claims, request.jwt_error = {}, None
        try:
            request.jwt_claims = verify(settings().verifier, authorization_values(request))
        except BearerError as error:
            request.jwt_error = error
        return self._get_response(request)

    async def _call_async(self, request: JWTRequest) -> Any:
        request.jwt_claims, request.jwt_error = {}, None
        try:
            request.jwt_claims = await verify_async(
                settings().verifier, authorization_values(request), asyncio.to_thread
            )
        except BearerError as error:
            request.jwt_error = error
        return await self._get_response(request)


def authorization_values(request: HttpRequest) -> list[str]:
    """Return the value of the `Authorization` header, if there is one: servers join several."""
    value = request.headers.get("Authorization")
    return [] if value is None else [value]


def jwt_required(
    *, scopes: str | Iterable[str] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Require a valid bearer token that grants all `scopes` for a view.

    Other requests get 400 for a malformed header, 401 without a valid token, 403 if it lacks a
    scope, 503 if the keys to verify it are not available. The view needs no CSRF token, because
    browsers do not send bearer tokens automatically. Raises ValueError for anything that is not a
    scope.
    """
    needed = required_scopes(scopes)

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def protected(request: JWTRequest, *args: Any, **kwargs: Any) -> Any:
            refused = _refused(request, needed)
            if refused is None:
                return view(request, *args, **kwargs)
            return _awaitable(refused) if _must_be_awaited(view) else refused

        @wraps(view)
        async def protected_async(request: JWTRequest, *args: Any, **kwargs: Any) -> Any:
            refused = _refused(request, needed)
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


async def _awaitable(response: JsonResponse) -> JsonResponse:
    return response


def _refused(request: JWTRequest, scopes: tuple[str, ...]) -> JsonResponse | None:
    try:
        claims, error = request.jwt_claims, request.jwt_error
    except AttributeError:
        raise ImproperlyConfigured(
            "jwt_required needs rapidjwt.integrations.django.JWTMiddleware in MIDDLEWARE"
        ) from None
    try:
        if error is not None:
            raise error
        require_scopes(claims, scopes)
    except BearerError as refusal:
        return JsonResponse(
            {"detail": refusal.description},
            status=refusal.status,
            headers=refusal.headers(settings().realm),
        )
    return None
