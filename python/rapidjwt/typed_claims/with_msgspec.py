"""Claims as `msgspec.Struct`, whose decoder reads the JSON text."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec

from .reading import PlainField, Reader

#: The end of msgspec's messages: the path to the value.
_PATH = re.compile(r" - at `(?:key in )?\$\.?([^.\[`]+)")
_MISSING = re.compile(r"missing required field `([^`]+)`")
_UNKNOWN = re.compile(r"contains unknown field `([^`]+)`")
#: Where a class has code that runs when an object is made.
_OWN_CODE = ("__post_init__", "__init__", "__new__")
#: The types of plain fields.
_PLAIN = {
    "str": msgspec.inspect.StrType(),
    "int": msgspec.inspect.IntType(),
    "float": msgspec.inspect.FloatType(),
    "bool": msgspec.inspect.BoolType(),
    "None": msgspec.inspect.NoneType(),
    "list[str]": msgspec.inspect.ListType(msgspec.inspect.StrType()),
}


def reader(kind: Any) -> Reader:
    """Return the reader for a Struct, or for a `msgspec.json.Decoder`."""
    if isinstance(kind, msgspec.json.Decoder):
        return _reader(kind, kind.type)
    info: Any = msgspec.inspect.type_info(kind)
    decoder = msgspec.json.Decoder(kind, strict=not _has_times(info))
    return _reader(decoder, kind)._replace(fields=_plain_fields(kind, info))


def _reader(decoder: Any, kind: Any) -> Reader:
    name = getattr(kind, "__name__", "the type")
    return Reader(decoder.decode, True, name, (msgspec.MsgspecError, UnicodeError), _claim)


def _plain_fields(kind: Any, info: Any) -> tuple[PlainField, ...] | None:
    """Return the fields of a Struct that holds what the decoder would put into it, and no more."""
    if type(kind) is not type(msgspec.Struct) or _has_own_code(kind):
        return None
    if info.array_like or info.forbid_unknown_fields or info.tag_field is not None:
        return None
    fields = [field for field in map(_plain_field, info.fields) if field]
    is_positional = kind.__match_args__ == kind.__struct_fields__
    return tuple(fields) if is_positional and len(fields) == len(info.fields) else None


def _has_own_code(kind: Any) -> bool:
    """Return whether code of the caller's runs when an object is made."""
    own = set(kind.__mro__) - set(msgspec.Struct.__mro__)
    return any(name in vars(base) for base in own for name in _OWN_CODE)


def _plain_field(field: Any) -> PlainField | None:
    kinds = [_kind(kind) for kind in getattr(field.type, "types", (field.type,))]
    default = () if field.default is msgspec.NODEFAULT else (field.default,)
    known = tuple(kind for kind in kinds if kind)
    return PlainField(field.encode_name, known, default) if len(known) == len(kinds) else None


def _kind(kind: Any) -> str | None:
    """Return the name of a type without constraints, if it is one of those of plain fields."""
    return next((name for name, plain in _PLAIN.items() if kind == plain), None)


def _has_times(info: Any) -> bool:
    """Return whether a member is a datetime: msgspec reads those from numbers in lax mode only."""
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
