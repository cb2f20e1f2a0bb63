"""`Reader`: how verified claims become an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class PlainField(NamedTuple):
    """A field that native code fills: with text, a number, a boolean, null or a list of text."""

    #: The name of the claim.
    name: str
    #: What its value may be: "str", "int", "float", "bool", "None" and "list[str]".
    kinds: tuple[str, ...]
    #: The value if the claim is missing; empty if it is required.
    default: tuple[Any, ...]


class Reader(NamedTuple):
    """How verified claims become an object."""

    #: Takes the JSON text of the claims or, unless `takes_json`, a dict of them.
    read: Callable[[Any], Any]
    takes_json: bool
    #: The name of the type.
    name: str
    #: What `read` raises for claims that do not fit.
    misfits: tuple[type[BaseException], ...]
    #: Returns the claim that such an exception is about, if it says so.
    claim: Callable[[Any], str | None]
    #: The positional arguments of the type, if `read` does nothing but to pass such claims to it.
    fields: tuple[PlainField, ...] | None = None
