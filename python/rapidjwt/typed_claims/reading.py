"""`Reader`: how verified claims become an object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


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
