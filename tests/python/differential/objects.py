"""Objects other than plain JSON values that programs pass to a JWT library, named by recipes."""

from __future__ import annotations

import collections
import datetime  # noqa: ICN001 so recipes name it
import decimal
import enum
import fractions  # noqa: F401 recipes name it
import itertools  # noqa: F401
import json
import math  # noqa: F401
import types  # noqa: F401
import uuid
from datetime import timedelta, timezone  # noqa: F401

from . import keys  # noqa: F401


class IntSub(int):
    def __repr__(self):
        return "not a number"

    __str__ = __repr__


class FloatSub(float):
    def __repr__(self):
        return "not a number"

    __str__ = __repr__


class StrSub(str):  # noqa: SLOT000 as callers write them
    def __repr__(self):
        return "another text"

    __str__ = __repr__


class BytesSub(bytes):
    pass


class ListSub(list):
    pass


class LyingList(list):
    """A list that has one more item when it is iterated over."""

    def __iter__(self):
        return iter([*list.__iter__(self), "one more"])

    def __len__(self):
        return list.__len__(self) + 1


class TupleSub(tuple):
    __slots__ = ()


class DictSub(dict):
    pass


class LyingDict(dict):
    """A dictionary that has one more item when its methods are called."""

    def items(self):
        return [*dict.items(self), ("one", "more")]

    def copy(self):
        return LyingDict(self)

    def get(self, key, default=None):
        return dict.get(self, key, default) or default


class Missing(dict):
    def __missing__(self, key):
        return False


class Mapping(collections.abc.Mapping):
    """A mapping that is not a dictionary."""

    def __init__(self, **items):
        self._items = items

    def __getitem__(self, key):
        return self._items[key]

    def __iter__(self):
        return iter(self._items)

    def __len__(self):
        return len(self._items)


Point = collections.namedtuple("Point", "x y")  # noqa: PYI024 as callers write them


class Color(enum.IntEnum):
    RED = 1
    HUGE = 2**70


class Algorithm(str, enum.Enum):
    HS256 = "HS256"
    NONE = "none"


class DatetimeSub(datetime.datetime):
    pass


class Always:
    """A container that contains everything."""

    def __contains__(self, item):
        return True


class Never:
    def __contains__(self, item):
        return False


class OneByOne:
    """An object that is iterable only by the old protocol."""

    def __init__(self, *items):
        self._items = items

    def __getitem__(self, index):
        return self._items[index]


class IterableOnly:
    def __init__(self, *items):
        self._items = items

    def __iter__(self):
        return iter(self._items)


class Raises:
    """Raises `error` from every operation."""

    def __init__(self, error):
        self._error = error

    def _raise(self, *_args):
        raise self._error

    __contains__ = __iter__ = __len__ = __bool__ = __int__ = __float__ = __index__ = _raise


class Equal:
    """Is equal to everything."""

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = None


class IntLike:
    def __int__(self):
        return 5

    __index__ = __int__


class FloatLike:
    def __float__(self):
        return 5.0


def generate(*items):
    yield from items


def nested(depth, kind=list):
    """Return a value with that many levels."""
    value = 1
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


def circular(kind):
    if kind is list:
        value = []
        value.append(value)
    else:
        value = {}
        value["a"] = value
    return value


class SetEncoder(json.JSONEncoder):
    def default(self, o):
        if isinstance(o, (set, frozenset)):
            return sorted(o, key=repr)
        if isinstance(o, (datetime.date, datetime.timedelta, uuid.UUID, decimal.Decimal)):
            return str(o)
        return super().default(o)


class TextEncoder(json.JSONEncoder):
    """Writes values that JSON does not support as text."""

    def default(self, o):
        return type(o).__name__


class FailingEncoder(json.JSONEncoder):
    def default(self, o):
        message = f"cannot write a {type(o).__name__}"
        raise LookupError(message)


class UnicodeEncoder(json.JSONEncoder):
    def __init__(self, **options):
        super().__init__(**{**options, "ensure_ascii": False})


class StrictEncoder(json.JSONEncoder):
    def __init__(self, **options):
        super().__init__(**{**options, "allow_nan": False})


class SkippingEncoder(json.JSONEncoder):
    def __init__(self, **options):
        super().__init__(**{**options, "skipkeys": True})


class SortingEncoder(json.JSONEncoder):
    def __init__(self, **options):
        super().__init__(**{**options, "sort_keys": True})


class SpacingEncoder(json.JSONEncoder):
    def __init__(self, **options):
        super().__init__(**{**options, "separators": (", ", ": "), "indent": 1})


class PythonEncoder(json.JSONEncoder):
    """Overrides `iterencode`, so that the C accelerator is not used."""

    def iterencode(self, o, _one_shot=False):
        yield from super().iterencode(o, False)


class FixedEncoder(json.JSONEncoder):
    def encode(self, o):
        return '{"fixed":true}'


class BytesEncoder(json.JSONEncoder):
    def encode(self, o):
        return super().encode(o).encode()


def encoder_function(**options):
    return json.JSONEncoder(**options)
