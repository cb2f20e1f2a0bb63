"""What keeps calls off the fast path, in words, for `rapidjwt doctor`."""

from __future__ import annotations

import re
from pkgutil import resolve_name
from typing import Any

from rapidjwt._rapidjwt import fast_path_obstacles

#: The repr of a class or a module; anything else is an object or a dict.
_NAMED = re.compile(r"<(?:class|module) '([\w.]+)'.*>")
_OBJECT = re.compile(r"<([\w.]+) object at .*>")


def obstacles() -> list[dict[str, str | None]]:
    """Return what was replaced, and the place in the code of what is there instead, if known."""
    return [_obstacle(owner, name) for owner, name in fast_path_obstacles()]


def _obstacle(owner: str, name: str) -> dict[str, str | None]:
    if named := _NAMED.fullmatch(owner):
        value = getattr(resolve_name(named[1]), name, None)
        return {"replaced": f"{named[1]}.{name}", "by": _place(value)}
    if an_object := _OBJECT.fullmatch(owner):
        return {"replaced": f"{name} of a {an_object[1]} object", "by": None}
    return {"replaced": f"{name} in the table of algorithms", "by": None}


def _place(value: Any) -> str | None:
    """Return the file and line of a function, or the module of any other object that has one."""
    code = getattr(value, "__code__", None)
    if code is not None:
        return f"{code.co_filename}:{code.co_firstlineno}"
    module = getattr(value, "__module__", None)
    return module if isinstance(module, str) else None
