"""Claims as objects of a type: for `Verifier(claims=...)` and `Signer.encode`.

No package is imported here unless a type of it is given.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, get_origin

if TYPE_CHECKING:
    from .reading import Reader


def reader(kind: Any) -> Reader:
    """Return how claims become a `kind`; raise TypeError for what is not a type of claims."""
    module = type(kind).__module__.partition(".")[0]
    # Of a generic Struct with its arguments, the origin is the Struct.
    is_struct = _is_struct(get_origin(kind) or kind)
    if is_struct or (module == "msgspec" and hasattr(kind, "decode")):
        from . import with_msgspec as package  # noqa: PLC0415
    elif hasattr(kind, "__pydantic_validator__") or module == "pydantic":
        from . import with_pydantic as package  # type: ignore[no-redef]  # noqa: PLC0415
    elif hasattr(kind, "__attrs_attrs__"):
        from . import with_cattrs as package  # type: ignore[no-redef]  # noqa: PLC0415
    else:
        from . import plain as package  # type: ignore[no-redef]  # noqa: PLC0415
    made: Reader = package.reader(kind)
    return made


def _is_struct(kind: Any) -> bool:
    return hasattr(kind, "__struct_fields__")


def claims_of(claims: Any) -> dict[str, Any] | None:
    """Return the claims of an object of a type as a dict; None for what is not such an object.

    Members that are None are left out, and a datetime becomes seconds since the epoch.
    """
    kind = type(claims)
    if _is_struct(kind):
        from . import with_msgspec as package  # noqa: PLC0415
    elif hasattr(kind, "__pydantic_validator__"):
        from . import with_pydantic as package  # type: ignore[no-redef]  # noqa: PLC0415
    elif hasattr(kind, "__attrs_attrs__"):
        from . import with_cattrs as package  # type: ignore[no-redef]  # noqa: PLC0415
    elif hasattr(kind, "__dataclass_fields__"):
        from . import plain as package  # type: ignore[no-redef]  # noqa: PLC0415
    else:
        return None
    members: dict[str, Any] = package.members(claims)
    return {name: _seconds(value) for name, value in members.items() if value is not None}


def _seconds(value: Any) -> Any:
    """Return a time as NumericDate (RFC 7519 Section 2), in whole seconds; UTC if it is naive."""
    if not isinstance(value, datetime):
        return value
    from calendar import timegm  # noqa: PLC0415

    return timegm(value.utctimetuple())
