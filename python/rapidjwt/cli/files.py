"""Writing of key files."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from .exit_code import Failure


def refuse_existing(*names: str | None) -> None:
    """Raise Failure for a file that exists, before any work is done."""
    for name in names:
        if name is not None and os.path.lexists(name):
            raise _exists(name)


def write_file(name: str, data: bytes, mode: int, *, replace: bool) -> None:
    """Write a new file that never has more permissions than `mode`.

    With `replace` it replaces an existing regular file or a link to one. Otherwise, and for a
    directory, a device or a pipe, it raises Failure.
    """
    path = Path(name)
    if replace:
        _refuse_special(path)
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}") if replace else path
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        _write(os.open(new, flags, mode), data, new, path)
    except FileExistsError:
        raise _exists(name) from None
    except OSError as error:
        raise Failure(f"{name} cannot be written: {error.strerror}") from None


def _refuse_special(path: Path) -> None:
    """Raise Failure for anything but a regular file: root could otherwise replace a device."""
    try:
        is_regular = stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:  # nothing, or a link to nothing
        return
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}") from None
    if not is_regular:
        raise Failure(f"{path} is not a regular file: it is not replaced")


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
    return Failure(f"{name} already exists: use --force to replace it")
