"""How the native fast road learns that somebody replaced a part of the faithful one.

The fast road skips the Python methods as long as they are the ones that it knows. It looks at
them once, and again after `road_changed()`: setting an attribute of one of the objects or modules
here is rare, so telling it then is cheaper than looking on every call. Patched classes need no
such telling: the interpreter keeps their version.
"""

from __future__ import annotations

from functools import wraps
from types import ModuleType

from rapidjwt._rapidjwt import road_changed, road_extended

TYPE_CHECKING = False  # as typing has it, whose import costs more than ours
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Hookable:
    """An object whose attributes the fast road relies on."""

    __slots__: tuple[str, ...] = ()

    def __setattr__(self, name: str, value: object) -> None:
        """Set the attribute and tell the fast road, which cares little for one that is new.

        Every new `PyJWT` and `PyJWS` sets some: that must not cost the others a look at everything.
        """
        replaces = hasattr(self, name)
        super().__setattr__(name, value)
        if replaces:
            road_changed()
        else:
            road_extended()

    def __delattr__(self, name: str) -> None:
        """Delete the attribute and tell the fast road."""
        super().__delattr__(name)
        road_changed()


class HookableModule(Hookable, ModuleType):
    """A module whose names the fast road relies on."""


class HookableDict(dict):  # type: ignore[type-arg]
    """A dict whose items the fast road relies on."""


def _telling(name: str) -> Callable[..., Any]:
    """Wrap the dict method so that it tells the fast road after it has done its work."""
    method = getattr(dict, name)

    @wraps(method)
    def tell(self: HookableDict, /, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        finally:
            road_changed()

    return tell


for _name in (
    "__setitem__", "__delitem__", "__ior__",
    "clear", "pop", "popitem", "setdefault", "update",
):  # fmt: skip
    setattr(HookableDict, _name, _telling(_name))
