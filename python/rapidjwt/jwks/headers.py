"""The caller's headers: a mapping, or a function that returns a new one for each fetch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rapidjwt.exceptions import PyJWKClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from .messages import AsyncHeaders

#: What no header may hold (RFC 9110 Section 5.5), and what would end it.
_CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def header_source(headers: AsyncHeaders | None) -> dict[str, str] | Callable[[], object]:
    """Return the headers of every fetch, or what to call for them.

    Raises TypeError for what is neither a mapping nor callable, and the errors of `checked`.
    """
    if headers is None or isinstance(headers, Mapping):
        return checked(headers or {})
    if not callable(headers):
        raise TypeError("headers must be a mapping, or a function that returns one")
    return headers


def checked(headers: object) -> dict[str, str]:
    """Return headers with their names in lower case.

    Raises PyJWKClientError for what cannot be sent. Its text never quotes a value, which may be a
    credential; those of HTTP clients do.
    """
    if not isinstance(headers, Mapping):
        raise PyJWKClientError(f"headers must be a mapping, not {type(headers).__name__!r}")
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise PyJWKClientError(f"The name and the value of header {name!r} must be strings")
        if _CONTROL_CHARACTER.search(name + value):
            raise PyJWKClientError(
                f"The header {name!r} has a line break or another control character; "
                "strip() removes the line break at the end of a file"
            )
    return {name.lower(): value for name, value in headers.items()}


@contextmanager
def reporting_failures() -> Generator[None, None, None]:
    """Turn whatever the caller's function for headers raises into a PyJWKClientError.

    What a signal handler raises while that function runs cannot be told from the function's own.
    """
    try:
        yield
    except Exception as error:
        # Without its text, which may quote a credential.
        raise PyJWKClientError(f"The headers function raised {type(error).__name__}") from error
