"""How the native fast path learns that somebody replaced a part of the fallback.

The fast path skips the Python methods as long as they are the ones that it knows. It looks at
them once, and again after `fast_path_changed()`: setting an attribute of one of the objects or
modules here is rare, so telling it then is cheaper than looking on every call. Patched classes need
no such telling: the interpreter keeps their version.
"""

from __future__ import annotations

from functools import wraps
from types import ModuleType

from rapidjwt._rapidjwt import fast_path_changed, fast_path_extended

TYPE_CHECKING = False  # as typing has it, whose import costs more than ours
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Hookable:
    """An object whose attributes the fast path relies on."""

    __slots__: tuple[str, ...] = ()

    def __setattr__(self, name: str, value: object) -> None:
        """Set the attribute and tell the fast path, which cares little for one that is new.

        Every new `PyJWT` and `PyJWS` sets some: that must not cost the others a look at everything.
        """
        replaces = hasattr(self, name)
        super().__setattr__(name, value)
        if replaces:
            fast_path_changed()
        else:
            fast_path_extended()

    def __delattr__(self, name: str) -> None:
        """Delete the attribute and tell the fast path."""
        super().__delattr__(name)
        fast_path_changed()


class HookableModule(Hookable, ModuleType):
    """A module whose names the fast path relies on."""


class HookableDict(dict):  # type: ignore[type-arg]
    """A dict whose items the fast path relies on."""


def _telling(name: str) -> Callable[..., Any]:
    """Wrap the dict method so that it tells the fast path after it has done its work."""
    method = getattr(dict, name)

    @wraps(method)
    def tell(self: HookableDict, /, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        finally:
            fast_path_changed()

    return tell


for _name in (
    "__setitem__", "__delitem__", "__ior__",
    "clear", "pop", "popitem", "setdefault", "update",
):  # fmt: skip
    setattr(HookableDict, _name, _telling(_name))
