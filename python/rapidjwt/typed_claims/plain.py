"""Claims as a dataclass or a `TypedDict`, with nothing but Python.

The types of members can be those of JSON, `datetime` (from NumericDate), `Literal`, enumerations,
unions, `list`, `tuple`, `set`, `frozenset` and `dict` of such types, and other dataclasses and
TypedDicts. Values are not converted otherwise: "1" is not an int.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import types
import typing
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin

from rapidjwt._utc import utc

from .reading import Reader

_Read: TypeAlias = Callable[[Any], Any]

_WRAPPERS = {"Annotated", "Required", "NotRequired", "ReadOnly", "Final"}
_LISTS: dict[Any, Any] = {list: list, Sequence: list, set: set, frozenset: frozenset}


class _Misfit(Exception):  # noqa: N818 - never seen by users
    """A value that does not fit; `claim` is the claim that it is in."""

    def __init__(self, claim: str | None = None) -> None:
        super().__init__()
        self.claim = claim


#: What the code that reads a value raises: ours, and that of enumerations and dataclasses.
_MISFITS = (_Misfit, ValueError, TypeError, LookupError, OverflowError)


def reader(kind: Any) -> Reader:
    """Return the reader for a dataclass or a TypedDict."""
    is_data = dataclasses.is_dataclass(kind) or _is_typeddict(kind)
    if not isinstance(kind, type) or not is_data:
        name = getattr(kind, "__name__", type(kind).__name__)
        raise TypeError(
            "claims must be a dataclass, a TypedDict, a class of attrs, a msgspec.Struct, a model "
            f"or a TypeAdapter of pydantic, got {name}"
        )
    return Reader(_object(kind), False, kind.__name__, _MISFITS, _claim)


def _is_typeddict(kind: Any) -> bool:
    # typing.is_typeddict does not know those of typing_extensions.
    is_dict = isinstance(kind, type) and issubclass(kind, dict)
    return is_dict and hasattr(kind, "__required_keys__")


def _claim(error: BaseException) -> str | None:
    return getattr(error, "claim", None)


def _object(kind: Any) -> _Read:
    hints = _hints(kind)
    if _is_typeddict(kind):
        return _dict_reader(
            {name: _of(hint) for name, hint in hints.items()}, kind.__required_keys__
        )
    fields = [field for field in dataclasses.fields(kind) if field.init]
    required = frozenset(field.name for field in fields if _is_required(field))
    read = _dict_reader(
        {field.name: _of(hints[field.name]) for field in fields}, required, only=True
    )
    return lambda value: kind(**read(value))


def _hints(kind: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(kind)
    except NameError as error:
        raise TypeError(f"{kind.__name__} has a type that cannot be found: {error}") from None


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is field.default_factory is dataclasses.MISSING


def _dict_reader(
    members: dict[str, _Read], required: frozenset[str], *, only: bool = False
) -> _Read:
    """Return a function that reads a dict; `only` these members, or others as well."""

    def read(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise _Misfit
        found = {} if only else dict(value)
        for name, read_member in members.items():
            if name in value:
                try:
                    found[name] = read_member(value[name])
                except _MISFITS:
                    raise _Misfit(name) from None
            elif name in required:
                raise _Misfit(name)
        return found

    return read


def _of(hint: Any) -> _Read:
    """Return a function that reads a value of this type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if isinstance(hint, Hashable) and hint in _SIMPLE:
        return _SIMPLE[hint]
    if getattr(origin, "__name__", getattr(origin, "_name", None)) in _WRAPPERS:
        return _of(arguments[0])
    if origin in (Union, types.UnionType):
        return _any_of([_of(argument) for argument in arguments])
    if origin is Literal:
        return _literal(arguments)
    return _of_container(origin, arguments) or _of_class(hint)


def _of_container(origin: Any, arguments: tuple[Any, ...]) -> _Read | None:
    if origin is tuple and arguments[1:] == (Ellipsis,):
        return _list_of(tuple, _of(arguments[0]))
    if origin in _LISTS:
        return _list_of(_LISTS[origin], _of(arguments[0]))
    if origin in (dict, Mapping) and arguments[0] is str:
        return _dict_of(_of(arguments[1]))
    return None


def _of_class(hint: Any) -> _Read:
    if hasattr(hint, "__supertype__"):
        return _of(hint.__supertype__)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return hint
    if isinstance(hint, type) and (dataclasses.is_dataclass(hint) or _is_typeddict(hint)):
        return _object(hint)
    name = getattr(hint, "__name__", hint)
    raise TypeError(f"claims cannot be read as {name}: use msgspec, or a TypeAdapter of pydantic")


def _exactly(kind: type) -> _Read:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise _Misfit
        return value

    return read


def _float(value: Any) -> float:
    if type(value) not in (int, float):
        raise _Misfit
    return float(value)


def _time(value: Any) -> datetime:
    return utc(_float(value))


def _any(value: Any) -> Any:
    return value


_SIMPLE: dict[Any, _Read] = {
    Any: _any,
    object: _any,
    None: _exactly(type(None)),
    float: _float,
    datetime: _time,
    **{kind: _exactly(kind) for kind in (type(None), str, bool, int, dict, list)},
}


def _any_of(readers: list[_Read]) -> _Read:
    def read(value: Any) -> Any:
        for reader in readers:
            with contextlib.suppress(*_MISFITS):
                return reader(value)
        raise _Misfit

    return read


def _literal(values: tuple[Any, ...]) -> _Read:
    def read(value: Any) -> Any:
        if not any(value == known and type(value) is type(known) for known in values):
            raise _Misfit
        return value

    return read


def _list_of(kind: Any, reader: _Read) -> _Read:
    def read(value: Any) -> Any:
        if type(value) is not list:
            raise _Misfit
        return kind(map(reader, value))

    return read


def _dict_of(reader: _Read) -> _Read:
    def read(value: Any) -> Any:
        if type(value) is not dict:
            raise _Misfit
        return {name: reader(member) for name, member in value.items()}

    return read


def members(claims: Any) -> dict[str, Any]:
    """Return the members of a dataclass."""
    return dataclasses.asdict(claims)
