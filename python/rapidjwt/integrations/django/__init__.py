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

from rapidjwt.integrations.answers import Answers
from rapidjwt.integrations.bearer import (
    BearerError,
    MissingTokenError,
    Possession,
    UntypedVerifier,
    checked_verifier,
    conversion,
    require_scopes,
    required_scopes,
    sync_verifier,
    verify,
    verify_async,
)
from rapidjwt.integrations.possession import url_of
from rapidjwt.integrations.published_keys import published

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from rapidjwt import Key, KeySet
    from rapidjwt.keyring import KeyRing

__all__ = [
    "JWTMiddleware",
    "JWTRequest",
    "Presented",
    "Settings",
    "authorization_values",
    "jwks_response",
    "jwt_required",
    "key_ring",
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

    `VERIFIER` is a verifier without a type for claims, or its import path
    ("project.tokens.verifier"). `REALM`,
    `PROBLEM_DETAILS` and `ON_RESULT`, a function or its import path, are described in
    `rapidjwt.integrations.answers.Answers`. `DPOP` is a `DPoPVerifier`, or its import path, and
    `CERTIFICATES` a `ClientCertificates`; without them, tokens that are bound to a key or to a
    certificate are refused.
    """

    verifier: UntypedVerifier
    answers: Answers


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Read the setting `RAPIDJWT` once; raise ImproperlyConfigured if it is not usable."""
    given = dict(getattr(django_settings, "RAPIDJWT", {}))
    given.pop("KEY_RING", None)  # for issuers: see `key_ring`
    objects = ("VERIFIER", "ON_RESULT", "DPOP", "CERTIFICATES")
    verifier, on_result, dpop, certificates = (_setting(given, name) for name in objects)
    if verifier is None or not given.keys() <= _OPTIONAL.keys():
        names = ", ".join([*_OPTIONAL, *list(_OBJECTS)[1:]])
        raise ImproperlyConfigured(
            f"RAPIDJWT must be a dict with VERIFIER and, optionally, {names}"
        )
    try:
        checked_verifier(verifier)
    except TypeError as error:
        raise ImproperlyConfigured(f"RAPIDJWT: VERIFIER: {error}") from error
    if conversion(verifier, None) is not None:
        raise ImproperlyConfigured(
            "RAPIDJWT: VERIFIER must return dicts: leave out its argument claims"
        )
    try:
        arguments = {_OPTIONAL[name]: value for name, value in given.items()}
        possession = Possession(dpop, certificates)
        answers = Answers(**arguments, on_result=on_result, possession=possession)
    except (TypeError, ValueError) as error:
        raise ImproperlyConfigured(f"RAPIDJWT: {error}") from error
    return Settings(verifier, answers)


#: The settings that are objects or their import paths, and what they are.
_OBJECTS = {
    "VERIFIER": "a verifier",
    "ON_RESULT": "a function",
    "DPOP": "a DPoPVerifier",
    "CERTIFICATES": "a ClientCertificates",
    "KEY_RING": "a KeyRing",
}

#: The other names of the setting, and the arguments of `Answers`.
_OPTIONAL = {"REALM": "realm", "PROBLEM_DETAILS": "problem_details"}


def key_ring() -> KeyRing:
    """Return the `KeyRing` of the setting `RAPIDJWT["KEY_RING"]`, an object or its import path.

    Raises ImproperlyConfigured if there is none.
    """
    from rapidjwt.keyring import KeyRing  # noqa: PLC0415 - for issuers only

    found = _setting(dict(getattr(django_settings, "RAPIDJWT", {})), "KEY_RING")
    if not isinstance(found, KeyRing):
        raise ImproperlyConfigured("RAPIDJWT: KEY_RING must be a KeyRing or its import path")
    return found


def _setting(given: dict[str, Any], name: str) -> Any:
    """Remove a setting and return its object, which may be named by an import path."""
    value = given.pop(name, None)
    return _imported(name, value) if isinstance(value, str) else value


def _imported(name: str, path: str) -> Any:
    """Import the object of a path, which messages do not quote: it may be a misplaced secret."""
    names = path.split(".")
    if len(names) < 2 or not all(name.isidentifier() for name in names):  # noqa: PLR2004 - a.b
        raise ImproperlyConfigured(
            f"RAPIDJWT: {name} must be {_OBJECTS[name]} or its import path, such as "
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
            sync_verifier(settings().verifier)

    def __call__(self, request: JWTRequest) -> Any:
        """Verify the token, then call the next handler."""
        if self._is_async:
            return self._call_async(request)
        request.jwt_claims, request.jwt_error = {}, None
        try:
            request.jwt_claims = verify(
                settings().verifier,
                authorization_values(request),
                settings().answers.possession,
                Presented(request),
            )
        except BearerError as error:
            request.jwt_error = error
        _tell(request)
        return self._get_response(request)

    async def _call_async(self, request: JWTRequest) -> Any:
        request.jwt_claims, request.jwt_error = {}, None
        try:
            request.jwt_claims = await verify_async(
                settings().verifier,
                authorization_values(request),
                asyncio.to_thread,
                settings().answers.possession,
                Presented(request),
            )
        except BearerError as error:
            request.jwt_error = error
        _tell(request)
        return await self._get_response(request)


class Presented:
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

    def values(self, header: str, /) -> Sequence[str]:
        """Return the value of a header, if there is one: servers join several."""
        value = self._request.headers.get(header)
        return [] if value is None else [value]


def authorization_values(request: HttpRequest) -> Sequence[str]:
    """Return the value of the `Authorization` header, if there is one."""
    return Presented(request).values("Authorization")


def _tell(request: JWTRequest) -> None:
    """Log and count what became of a token. That there is none counts where one is required."""
    if request.jwt_error is None:
        settings().answers.verified()
    elif not isinstance(request.jwt_error, MissingTokenError):
        settings().answers.refused(request.jwt_error)


def jwt_required(
    *, scopes: str | Iterable[str] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Require a valid bearer token that grants all `scopes` for a view.

    Other requests get 400 for a malformed header, 401 without a valid token, 403 if it lacks a
    scope, 503 if the keys to verify it, or a store, are not available. The view needs no CSRF
    token, because browsers do not send bearer tokens automatically. Raises ValueError for anything
    that is not a scope.
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
    answers = settings().answers
    if error is None:
        try:
            require_scopes(claims, scopes)
        except BearerError as lacking:
            answers.refused(lacking)
            return _answer(lacking, answers)
        return None
    if isinstance(error, MissingTokenError):  # other errors are told when they are found
        answers.refused(error)
    return _answer(error, answers)


def _answer(error: BearerError, answers: Answers) -> JsonResponse:
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
