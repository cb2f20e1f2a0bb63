"""Claims as classes of attrs, through cattrs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, get_args, get_origin

import attrs
import cattrs

from rapidjwt._utc import utc

from .reading import Reader


def _strict(value: Any, kind: Any) -> Any:
    """Return a value of exactly this type: cattrs would convert any to it."""
    if type(value) is not kind and not (kind is float and type(value) is int):
        raise TypeError(f"not {kind.__name__}")
    return kind(value)


def _time(value: Any, _kind: Any) -> datetime:
    return utc(_strict(value, float if type(value) is float else int))


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(detailed_validation=True)
    for kind in (str, int, float, bool):
        converter.register_structure_hook(kind, _strict)
    converter.register_structure_hook(datetime, _time)

    def items(value: Any, kind: Any) -> Any:
        """Read a list; cattrs would take a string for a list of characters."""
        (of, *_) = get_args(kind)
        return get_origin(kind)(converter.structure(item, of) for item in _strict(value, list))

    converter.register_structure_hook_func(_is_of_items, items)
    return converter


def _is_of_items(kind: Any) -> bool:
    is_of_length = get_origin(kind) is tuple and get_args(kind)[1:] != (Ellipsis,)
    return get_origin(kind) in (list, set, frozenset, tuple) and not is_of_length


def reader(kind: Any) -> Reader:
    """Return the reader for a class of attrs."""
    converter = _converter()

    def read(claims: dict[str, Any]) -> Any:
        return converter.structure(claims, kind)

    misfits = (cattrs.BaseValidationError, ValueError, TypeError, LookupError, OverflowError)
    return Reader(read, False, kind.__name__, misfits, _claim)


def _claim(error: BaseException) -> str | None:
    for inner in getattr(error, "exceptions", ()):
        for note in getattr(inner, "__notes__", ()):
            name = getattr(note, "name", None)
            if name is not None:
                return str(name)
        if isinstance(inner, KeyError) and inner.args:
            return str(inner.args[0])
    return None


def members(claims: Any) -> dict[str, Any]:
    """Return the members of an object of attrs."""
    return attrs.asdict(claims)
