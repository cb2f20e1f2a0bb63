"""Output of commands, with the control characters of tokens escaped."""

from __future__ import annotations

import io
import json
import os
import sys
import unicodedata
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.text import Text

from .exit_code import ExitCode, Failure
from .streams import discard, is_terminal, write_error

if TYPE_CHECKING:
    from typing import TextIO

    from rich.console import RenderableType

#: Control characters, invisible ones that reorder or hide text, lone surrogates, and line
#: separators: categories of the Unicode Standard, Section 4.5.
_NOT_SHOWN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


def printable(text: str) -> str:
    r"""Escape the characters that control a terminal or are invisible, such as `\u001b`."""
    return "".join(
        json.dumps(character)[1:-1] if unicodedata.category(character) in _NOT_SHOWN else character
        for character in text
    )


def json_text(value: Any) -> Text:
    """Return JSON on several lines, in colour and escaped."""
    lines = _dump(value, ensure_ascii=False).split("\n")
    text = Text("\n".join(printable(line) for line in lines))
    JSONHighlighter().highlight(text)
    return text


def show(*renderables: RenderableType) -> None:
    """Write to standard output, in colour if it is a terminal and NO_COLOR is not set."""
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
        console.print(renderable)
    write(text.getvalue())


def write_json(value: Any) -> None:
    """Write JSON for a script to standard output, in ASCII."""
    write(_dump(value, ensure_ascii=True) + "\n")


def _dump(value: Any, *, ensure_ascii: bool) -> str:
    try:
        return json.dumps(value, indent=2, ensure_ascii=ensure_ascii)
    except RecursionError:  # json reads deeper nesting than it writes with indentation
        raise Failure("The JSON is nested too deeply to show") from None


def write(text: str) -> None:
    """Write to standard output without delay. A closed pipe ends the program without a message.

    Raises Failure if standard output is closed or cannot be written.
    """
    stream: TextIO | None = sys.stdout
    if stream is None:
        raise Failure("Standard output is closed")
    try:
        stream.write(text)
        stream.flush()
    except OSError as error:
        discard(stream)
        if isinstance(error, BrokenPipeError):
            raise click.exceptions.Exit(ExitCode.PIPE_CLOSED) from None
        raise Failure(f"Standard output cannot be written: {error.strerror}") from None


def note(message: str) -> None:
    """Write one line to standard error."""
    write_error(f"rapidjwt: {printable(message)}\n")
