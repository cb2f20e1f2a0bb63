"""Output of commands, with the control characters of tokens escaped."""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.text import Text

from rapidjwt._inspection.printable import printable

from .exit_code import ExitCode, Failure
from .streams import discard, is_terminal, write_error

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import TextIO

    from rich.console import RenderableType

#: JSON longer than this is written without colours and indentation: rich takes a minute to colour a
#: million numbers, and indentation multiplies the length of what is nested deeply.
_LONG_JSON = 100_000


def json_text(value: Any) -> Text | str:
    """Return JSON, escaped, and in colour unless it is long."""
    written = _dump(value, ensure_ascii=False)
    shown = "\n".join(printable(line) for line in written.split("\n"))
    if len(shown) > _LONG_JSON:
        return shown
    text = Text(shown)
    JSONHighlighter().highlight(text)
    return text


def show(*renderables: RenderableType) -> None:
    """Write to standard output, in colour if it is a terminal and NO_COLOR is not set.

    A str is written as it is.
    """
    text = io.StringIO()  # so that `write` handles a closed pipe
    console = Console(
        file=text,
        force_terminal=is_terminal(sys.stdout) or None,  # None leaves it to FORCE_COLOR
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    for renderable in renderables:
        if isinstance(renderable, str):
            console.out(renderable)
        else:
            console.print(renderable)
    write(text.getvalue())


def write_json(value: Any) -> None:
    """Write JSON for a script to standard output, in ASCII."""
    write(_dump(value, ensure_ascii=True) + "\n")


def write_json_line(value: Any) -> None:
    """Write JSON on a line of its own to standard output, in ASCII."""
    write(f"{_dump(value, ensure_ascii=True, indent=None)}\n")


def _dump(value: Any, *, ensure_ascii: bool, indent: int | None = 2) -> str:
    """Return JSON with indentation, or on one line if it is long or nested deeply."""
    try:
        with _deeper_recursion():
            compact = json.dumps(value, ensure_ascii=ensure_ascii)
            if indent is not None and len(compact) <= _LONG_JSON:
                with suppress(RecursionError):
                    return json.dumps(value, indent=indent, ensure_ascii=ensure_ascii)
    except RecursionError:
        raise Failure("The JSON is nested too deeply to show") from None
    return compact


@contextmanager
def _deeper_recursion() -> Generator[None, None, None]:
    """Allow a few more calls than when the value was read, at the recursion limit perhaps."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit + 200)
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def write(text: str) -> None:
    """Write to standard output without delay. A closed pipe ends the program without a message.

    Raises Failure if standard output is closed or cannot be written.
    """
    stream: TextIO | None = sys.stdout
    if stream is None:
        raise Failure("Standard output is closed")
    _write(stream, stream, text)


def write_bytes(data: bytes) -> None:
    """Write bytes to standard output as they are; errors are those of `write`."""
    stream: TextIO | None = sys.stdout
    if stream is None:
        raise Failure("Standard output is closed")
    _write(stream, stream.buffer, data)


def _write(stream: TextIO, file: Any, data: str | bytes) -> None:
    try:
        file.write(data)
        file.flush()
    except OSError as error:
        discard(stream)
        if isinstance(error, BrokenPipeError):
            raise click.exceptions.Exit(ExitCode.PIPE_CLOSED) from None
        raise Failure(f"Standard output cannot be written: {error.strerror}") from None


def note(message: str) -> None:
    """Write one line to standard error."""
    write_error(f"rapidjwt: {printable(message)}\n")
