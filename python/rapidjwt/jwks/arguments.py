"""The arguments of the clients: their types, and what to say of names that they do not have."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, cast

from rapidjwt._rapidjwt import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable
    from ssl import SSLContext

    from .messages import AsyncHeaders, AsyncTransport, Headers, Transport
    from .policy import RefreshPolicy

_Init = TypeVar("_Init", bound="Callable[..., None]")


class _CommonArguments(TypedDict, total=False):
    refresh_policy: RefreshPolicy | None
    timeout: float
    max_bytes: int
    ssl_context: SSLContext | None
    allow_http: bool
    proxy: str | None
    clock: Callable[[], float]
    random: Callable[[], float] | None


class ClientArguments(_CommonArguments, total=False):
    """What `JWKSClient` takes by name."""

    headers: Headers | None
    transport: Transport | None


class AsyncClientArguments(_CommonArguments, total=False):
    """What `AsyncJWKSClient` takes by name."""

    headers: AsyncHeaders | None
    transport: AsyncTransport | None


def refuse_proxy_of_transport(proxy: str | None, transport: object) -> None:
    """Raise TypeError for a proxy that would not be used."""
    if proxy is not None and transport is not None:
        raise TypeError("proxy cannot be used with a transport, which sends requests its own way")


def naming_the_nearest(init: _Init) -> _Init:
    """Let an `__init__` that gets an argument of unknown name raise a TypeError that helps."""
    code = init.__code__
    known = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]

    @wraps(init)
    def checked(self: object, *positional: Any, **named: Any) -> None:
        for name in named:
            if name not in known:
                raise TypeError(_unknown(type(self).__name__, name, known))
        init(self, *positional, **named)

    return cast("_Init", checked)


def _unknown(function: str, name: str, known: tuple[str, ...]) -> str:
    hint = did_you_mean(name, known) or f"it takes {', '.join(known)}"
    return f"{function}() got an unexpected keyword argument {name!r}: {hint}"
