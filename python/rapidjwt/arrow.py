"""Columns of tokens in, columns of results out, for everything that reads and writes Apache Arrow.

Columns are passed by the Arrow PyCapsule interface, so that polars, pyarrow, pandas, DuckDB and
others can be used, and none of them is needed.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from ._rapidjwt import VerifiedColumns, verify_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._rapidjwt import Verifier

__all__ = ["VerifiedColumns", "verify"]


def verify(
    verifier: Verifier[Any],
    tokens: Any,
    *,
    at: Any = None,
    claims: Mapping[Any, str] | None = None,
    threads: int | None = None,
) -> VerifiedColumns:
    """Verify a column of tokens and return Arrow columns with a row for each of them.

    Tokens are read where they are, verified on all cores outside the interpreter lock, and no
    Python object is made of them. They are verified when the result is read, part by part, so that
    a stream may be larger than memory. Equal tokens of a part are verified once.

    Columns of the result:
        valid: whether `verifier.decode` accepts the token. A null is refused like any other value
            that is not a token.
        error: the `code` of the error, in a dictionary column; null for a valid token.
        kid, alg: the key ID and the algorithm of a valid token.
        payload: the claims of a valid token as JSON text.

    Arguments:
        verifier: a `Verifier` that decides alone: with keys of its own, and without `decrypter`,
            `replay` and `revocation`.
        tokens: an Arrow array, chunked array or stream of text or bytes, or a table of one such
            column: from pyarrow, polars, pandas 3, DuckDB, or any other library with the PyCapsule
            interface.
        at: the time that the claims are checked at: None for now, a datetime with a time zone, a
            number of seconds since the epoch, or an Arrow column of timestamps or seconds, one for
            each token. A timestamp without a time zone is in UTC.
        claims: further columns: a dict from claims, or tuples of names inside them, to types, such
            as `{"sub": "str", "exp": "timestamp", ("realm_access", "roles"): "list[str]"}`. Types
            are `str`, `int`, `float`, `bool`, `timestamp` and `list[str]`. The name of a column is
            that of the claim, with dots between names. A claim that is absent or of another type is
            null; a single text is a list of one.
        threads: the most threads; None for one per core. Use 1 where an engine has a worker per
            core already.

    Raises `TypeError` and `ValueError` for wrong arguments. An error while the result is read is
    an error of the library that reads it.

    """
    if isinstance(at, datetime):
        if at.utcoffset() is None:
            raise ValueError("at needs a time zone: write at.replace(tzinfo=timezone.utc)")
        at = at.timestamp()
    return verify_columns(verifier, tokens, at, None if claims is None else dict(claims), threads)
