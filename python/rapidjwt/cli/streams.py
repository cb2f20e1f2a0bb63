"""The standard streams, each of which may be closed: Python then sets it to None."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO


def is_terminal(stream: TextIO | None) -> bool:
    """Return whether a standard stream is open and a terminal."""
    return stream is not None and stream.isatty()


def write_error(text: str) -> None:
    """Write to standard error. Where that is impossible, the exit code alone says what happened."""
    stream: TextIO | None = sys.stderr
    if stream is None:
        return
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        discard(stream)


def discard(stream: TextIO) -> None:
    """Discard what a broken stream still holds: Python would fail to flush it when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
