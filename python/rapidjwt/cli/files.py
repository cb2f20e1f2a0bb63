"""Writing the files of keys."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from .exit_code import Failure


def refuse_existing(*names: str | None) -> None:
    """Raise Failure for a file that exists, before any work is done."""
    for name in names:
        if name is not None and os.path.lexists(name):
            raise _exists(name)


def write_file(name: str, data: bytes, mode: int, *, replace: bool) -> None:
    """Write a new file that nobody but `mode` can read, at no moment.

    With `replace` the new file takes the place of an old one, whose mode does not matter then;
    otherwise an old one is a Failure, and so is a link.
    """
    path = Path(name)
    target = path.with_name(f".{path.name}.{secrets.token_hex(8)}") if replace else path
    try:
        _create(target, data, mode)
        if replace:
            target.replace(path)
    except FileExistsError:
        raise _exists(name) from None
    except (OSError, ValueError) as error:
        raise Failure(f"{name} cannot be written: {error}") from None


def _create(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode
    )
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - of a descriptor
            file.write(data)
    except OSError:
        path.unlink()
        raise


def _exists(name: str) -> Failure:
    return Failure(f"{name} exists; --force replaces it")
