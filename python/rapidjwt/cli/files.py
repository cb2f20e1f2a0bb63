"""Write key files."""

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
    """Write a new file that never has more permissions than `mode`.

    With `replace` it replaces an existing file or link; otherwise it raises Failure for one.
    """
    path = Path(name)
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}") if replace else path
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        _write(os.open(new, flags, mode), data, new, path)
    except FileExistsError:
        raise _exists(name) from None
    except OSError as error:
        raise Failure(f"{name} cannot be written: {error.strerror}") from None


def _write(descriptor: int, data: bytes, new: Path, path: Path) -> None:
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        if new != path:
            new.replace(path)
    except OSError:
        new.unlink()
        raise


def _exists(name: str) -> Failure:
    return Failure(f"{name} exists; --force replaces it")
