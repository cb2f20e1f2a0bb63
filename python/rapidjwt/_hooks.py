"""Hooks that tell the native fast path that a part of the fallback was replaced.

The fast path skips the Python methods as long as they are the original ones. It checks them once,
and again after `fast_path_changed()`: attributes of these objects and modules are set rarely, so
reporting each change is cheaper than a check on every call. Patched classes need no report, because
the interpreter assigns them a new version tag.
"""

from __future__ import annotations

from functools import wraps
from types import ModuleType

from rapidjwt._rapidjwt import fast_path_changed, fast_path_extended

TYPE_CHECKING = False  # like typing's, whose import takes longer than ours
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Hookable:
    """An object whose attributes the fast path relies on."""

    __slots__: tuple[str, ...] = ()

    def __setattr__(self, name: str, value: object) -> None:
        """Set the attribute and report it; a new attribute is reported as an extension.

        Every new `PyJWT` and `PyJWS` sets some, which must not cause everything to be checked
        again.
        """
        replaces = hasattr(self, name)
        super().__setattr__(name, value)
        if replaces:
            fast_path_changed()
        else:
            fast_path_extended()

    def __delattr__(self, name: str) -> None:
        """Delete the attribute and report it."""
        super().__delattr__(name)
        fast_path_changed()


class HookableModule(Hookable, ModuleType):
    """A module whose names the fast path relies on."""


class HookableDict(dict):  # type: ignore[type-arg]
    """A dict whose items the fast path relies on."""


def _reporting(name: str) -> Callable[..., Any]:
    """Wrap the dict method so that it reports the change after making it."""
    method = getattr(dict, name)

    @wraps(method)
    def reporting(self: HookableDict, /, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        finally:
            fast_path_changed()

    return reporting


for _name in (
    "__setitem__", "__delitem__", "__ior__",
    "clear", "pop", "popitem", "setdefault", "update",
):  # fmt: skip
    setattr(HookableDict, _name, _reporting(_name))
