"""Claims as `msgspec.Struct`, whose decoder reads the JSON text."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec

from .reading import Reader

#: The end of msgspec's messages: the path to the value.
_PATH = re.compile(r" - at `(?:key in )?\$\.?([^.\[`]+)")
_MISSING = re.compile(r"missing required field `([^`]+)`")
_UNKNOWN = re.compile(r"contains unknown field `([^`]+)`")


def reader(kind: Any) -> Reader:
    """Return the reader for a Struct, or for a `msgspec.json.Decoder`."""
    if isinstance(kind, msgspec.json.Decoder):
        return _reader(kind, kind.type)
    return _reader(msgspec.json.Decoder(kind, strict=not _has_times(kind)), kind)


def _reader(decoder: Any, kind: Any) -> Reader:
    name = getattr(kind, "__name__", "the type")
    return Reader(decoder.decode, True, name, (msgspec.MsgspecError, UnicodeError), _claim)


def _has_times(kind: Any) -> bool:
    """Return whether a member is a datetime: msgspec reads those from numbers in lax mode only."""
    info: Any = msgspec.inspect.type_info(kind)
    kinds = [field.type for field in getattr(info, "fields", ())]
    kinds = [inner for outer in kinds for inner in getattr(outer, "types", (outer,))]
    return any(isinstance(inner, msgspec.inspect.DateTimeType) for inner in kinds)


def _claim(error: BaseException) -> str | None:
    text = str(error)
    for pattern in (_PATH, _MISSING, _UNKNOWN):
        if found := pattern.search(text):
            return found[1]
    return None


def members(claims: Any) -> dict[str, Any]:
    """Return the members of a Struct under the names that its JSON has."""
    built = msgspec.to_builtins(claims, builtin_types=(datetime,))
    if not isinstance(built, dict):
        raise TypeError("A Struct for claims cannot be array_like")
    return built
