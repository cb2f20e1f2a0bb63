"""Bearer tokens in Django: a middleware and a decorator. The guide is docs/guides/django.md."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import lru_cache, wraps
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

    `jwt_claims` holds the claims of its bearer token, and nothing when it has no valid one;
    `jwt_error` is then the reason.
    """

    jwt_claims: dict[str, Any]
    jwt_error: BearerError | None


@dataclass(frozen=True)
class Settings:
    """The setting `RAPIDJWT`, a dict.

    `VERIFIER` is a verifier, or where to import it ("project.tokens.verifier"); `REALM`, "api" by
    default, is named to clients that are refused.
    """

    verifier: AnyVerifier
    realm: str = "api"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Read the setting `RAPIDJWT` once; raises ImproperlyConfigured when it is not usable."""
    given = dict(getattr(django_settings, "RAPIDJWT", {}))
    verifier, realm = given.pop("VERIFIER", None), given.pop("REALM", "api")
    if verifier is None or given:
        raise ImproperlyConfigured("RAPIDJWT is a dict with VERIFIER and, if you like, REALM")
    if isinstance(verifier, str):
        verifier = import_string(verifier)
    try:
        challenge(realm)
    except ValueError as error:
        raise ImproperlyConfigured(f"RAPIDJWT: {error}") from error
    return Settings(verifier, realm)


def _forget_settings(**_changed: Any) -> None:
    settings.cache_clear()


setting_changed.connect(_forget_settings)  # a test's override_settings


class JWTMiddleware:
    """Puts the claims of each request's bearer token at `request.jwt_claims`.

    It refuses nothing: without a valid token there are no claims, and `request.jwt_error` is the
    reason, with which `jwt_required` refuses. It runs with sync and with async handlers.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        """Take the rest of the chain; raises TypeError for a verifier that cannot serve it."""
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)  # pyright: ignore[reportDeprecated]
        if self._is_async:
            markcoroutinefunction(self)
        else:
            sync_verifier(settings().verifier)

    def __call__(self, request: JWTRequest) -> Any:
        """Verify the token, then go on."""
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
    """Give the value of the `Authorization` header, if there is one: servers join several."""
    value = request.headers.get("Authorization")
    return [] if value is None else [value]


def jwt_required(
    *, scopes: str | Iterable[str] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a view run only with a valid bearer token that grants all `scopes`.

    Other requests get 400 for a malformed header, 401 without a valid token, 403 when it lacks a
    scope, 503 when the keys to verify it with cannot be had. The view needs no CSRF token: no
    browser sends a bearer token by itself. Raises ValueError for what is no scope.
    """
    needed = required_scopes(scopes)

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def protected(request: JWTRequest, *args: Any, **kwargs: Any) -> Any:
            refused = _refused(request, needed)
            return view(request, *args, **kwargs) if refused is None else refused

        @wraps(view)
        async def protected_async(request: JWTRequest, *args: Any, **kwargs: Any) -> Any:
            refused = _refused(request, needed)
            return await view(request, *args, **kwargs) if refused is None else refused

        is_async = iscoroutinefunction(view)  # pyright: ignore[reportDeprecated]
        chosen: Any = protected_async if is_async else protected
        chosen.csrf_exempt = True  # Django's decorator serves no coroutines before 5.0
        return chosen

    return decorate


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
