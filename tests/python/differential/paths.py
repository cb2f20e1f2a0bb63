"""The same call on PyJWT and on every path of rapidjwt.

A call is a function of an `Api`: the library, and the four functions of one of its paths. It builds
its arguments itself, so that each library has its own copy of whatever a call may use up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt
import rapidjwt

from . import objects
from .outcome import describe, outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


@dataclass(frozen=True)
class Api:
    """One path: a library and its functions."""

    lib: ModuleType
    name: str
    encode: Callable[..., str]
    decode: Callable[..., dict[str, Any]]
    decode_complete: Callable[..., dict[str, Any]]
    get_unverified_header: Callable[..., dict[str, Any]]


def fast_path_of(lib: ModuleType) -> Api:
    return Api(
        lib,
        "module functions",
        lib.encode,
        lib.decode,
        lib.decode_complete,
        lib.get_unverified_header,
    )


def instance_methods(lib: ModuleType, **options: Any) -> Api:
    instance = lib.PyJWT(**options)
    return Api(lib, "PyJWT()", *jwt_methods(instance), lib.PyJWS().get_unverified_header)


def fallback(lib: ModuleType) -> Api:
    """Return the methods of subclasses: even an empty subclass rules out the fast path."""
    tokens = type("HookedJWT", (lib.PyJWT,), {})()
    signatures = type("HookedJWS", (lib.PyJWS,), {})()
    return Api(lib, "subclass", *jwt_methods(tokens), signatures.get_unverified_header)


def jwt_methods(instance: Any) -> tuple[Callable[..., Any], ...]:
    return instance.encode, instance.decode, instance.decode_complete


PATHS = (fast_path_of, instance_methods, fallback)
PYJWT = tuple(path(jwt) for path in PATHS)
OURS = tuple(path(rapidjwt) for path in PATHS)
# The number of calls that were compared so far.
COMPARED = [0]


def assert_same(
    call: Callable[[Api], Any],
    shown: str = "",
    see: Callable[[Any], Any] | None = None,
) -> dict[str, Any]:
    """Make `call` on PyJWT and on every path of rapidjwt, compare, and return PyJWT's outcome.

    `see` converts a result to what is compared, for results that differ from call to call.
    """
    COMPARED[0] += 1
    # PyJWT has one path: its module functions are methods of an instance.
    expected = outcome_of(seen, call, PYJWT[0], see)
    for api in OURS:
        actual = outcome_of(seen, call, api, see)
        if actual != expected:
            message = difference(shown, api.name, expected, actual)
            raise AssertionError(message)
    return expected


def seen(call: Callable[[Api], Any], api: Api, see: Callable[[Any], Any] | None) -> Any:
    result = call(api)
    return see(result) if see else result


def difference(shown: str, path: str, expected: Any, actual: Any) -> str:
    return f"{shown}\n  PyJWT:    {expected!a}\n  rapidjwt: {actual!a}\n  path:     {path}"


def assert_same_call(function: str, *args: Any, see: Any = None, **kwargs: Any) -> dict[str, Any]:
    """Make one call with arguments that may be recipes, which must be left the same, too."""

    def call(api: Api) -> Any:
        own_args, own_kwargs = build(args, api.lib), build(kwargs, api.lib)
        try:
            result = getattr(api, function)(*own_args, **own_kwargs)
        finally:
            left.append(describe((own_args, own_kwargs)))
        return result

    left: list[Any] = []
    shown = f"{function}{args!a} {kwargs!a}"
    expected = assert_same(call, shown, see)
    assert all(arguments == left[0] for arguments in left), f"{shown}: arguments were changed"
    return expected


def build(value: Any, lib: ModuleType) -> Any:
    """Return a copy of `value` in which every recipe is evaluated for `lib`."""
    if isinstance(value, Recipe):
        return value.make(lib)
    if type(value) is dict:
        return {build(key, lib): build(item, lib) for key, item in value.items()}
    if type(value) in {list, tuple}:
        return type(value)(build(item, lib) for item in value)
    return value


@dataclass(frozen=True)
class Recipe:
    """An expression that creates an argument, so that each library gets its own.

    `lib` in the expression is the library; other names are those of `inputs`.
    """

    expression: str

    def make(self, lib: ModuleType) -> Any:
        return eval(self.expression, {**vars(objects), "lib": lib})

    def __repr__(self) -> str:
        return f"`{self.expression}`"
