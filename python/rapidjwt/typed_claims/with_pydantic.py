"""Claims as a pydantic model, or as anything that a `TypeAdapter` takes."""

from __future__ import annotations

from typing import Any

import pydantic
from pydantic import TypeAdapter, ValidationError

from .reading import Reader


def reader(kind: Any) -> Reader:
    """Return the reader for a model, a dataclass of pydantic's, or a `TypeAdapter`.

    Raises ImportError for a pydantic that would read another member than was checked.
    """
    if tuple(map(int, pydantic.VERSION.split(".")[:2])) < (2, 11):
        raise ImportError(
            "Claims of pydantic's types need pydantic 2.11 or later, found "
            f"{pydantic.VERSION}: older ones read the first of two members with the same name"
        )
    adapter: TypeAdapter[Any] = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
    adapter.rebuild()
    name: str = getattr(kind, "__name__", "the type")
    return Reader(adapter.validator.validate_json, True, name, (ValidationError,), _claim)


def _claim(error: Any) -> str | None:
    (first, *_) = error.errors(include_url=False, include_context=False, include_input=False)
    return str(first["loc"][0]) if first["loc"] else None


def members(claims: Any) -> dict[str, Any]:
    """Return the members of a model under the names that its JSON has."""
    kind: Any = type(claims)
    written: dict[str, Any] = TypeAdapter(kind).dump_python(claims, by_alias=True)
    return written
