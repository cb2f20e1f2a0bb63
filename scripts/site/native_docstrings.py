"""Prepare the docstrings of the native module for the API reference."""

from __future__ import annotations

import inspect
import re
from typing import Any

from griffe import Attribute, Class, Docstring, Extension, Function, Object
from rapidjwt import _rapidjwt

NATIVE = "rapidjwt._rapidjwt."


def docstring(path: str) -> str | None:
    """Return the docstring of a member of the native module by its dotted path."""
    found: Any = _rapidjwt
    for name in path.removeprefix(NATIVE).split("."):
        found = getattr(found, name, None)
    if found is None or not (callable(found) or inspect.isgetsetdescriptor(found)):
        return None
    # Rust's linter wants names of arguments in backquotes; the parser of docstrings does not.
    text = inspect.getdoc(found)
    return re.sub(r"(?m)^( +)`(\w+)`:", r"\1\2:", text) if text else None


class NativeDocstrings(Extension):
    """Takes the docstrings from the compiled module."""

    def on_class_members(self, *, cls: Class, **_: Any) -> None:
        """Show the arguments of `__new__`, which native classes have, like those of `__init__`."""
        overloads = cls.overloads.get("__new__", [])
        arguments = overloads[0] if overloads else cls.members.get("__new__")
        if cls.path.startswith(NATIVE) and arguments is not None:
            cls.set_member("__init__", arguments)

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Look the object up in the compiled module, and mark the list of its arguments."""
        if obj.docstring is not None:
            # The usual name of the section would make our linter require all of Google's style.
            obj.docstring.value = obj.docstring.value.replace("The arguments:\n", "Arguments:\n")
        documented = isinstance(obj, Function | Class | Attribute) and not obj.is_special
        if documented and obj.path.startswith(NATIVE):
            text = docstring(obj.path)
            if text:
                obj.docstring = Docstring(text, parent=obj, parser="google")
