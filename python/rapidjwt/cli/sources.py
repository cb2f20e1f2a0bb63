"""Reading of tokens, keys and claims from files, the environment and standard input."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from functools import partial
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rapidjwt._inspection.pasted import pasted_tokens, without_scheme

from .exit_code import Failure
from .output import note
from .streams import is_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import BinaryIO, TextIO

STDIN = "-"
_ENVIRONMENT = "env:"
#: Larger than any token or set of keys: more input than this is a mistake.
_MAX_BYTES = 16 * 1024 * 1024


def token_source(token: str | None, tokens: str | None) -> str:
    """Return the source of a token or of a list of tokens; the default is stdin.

    Raises UsageError if both are given.
    """
    if token is not None and tokens is not None:
        raise click.UsageError("Specify either a token or --tokens.")
    return next((source for source in (token, tokens) if source is not None), STDIN)


def allow_stdin_once(**sources: str | None) -> None:
    """Raise UsageError if more than one of several sources is standard input."""
    readers = [name for name, source in sources.items() if source == STDIN]
    if len(readers) > 1:
        names = " and ".join(readers)
        raise click.UsageError(f"Standard input cannot be read twice, for {names}.")


def read_token(source: str) -> str:
    """Return the token: `source` itself, or standard input for "-".

    A byte order mark, white space around it and the "Bearer" of an HTTP header (RFC 6750 Section
    2.1) are removed.
    """
    return without_scheme(_pasted(source))


def read_pasted_token(source: str) -> str:
    """Return the first token of a header, a cookie, a curl command line or any other text."""
    first, *others = pasted_tokens(_pasted(source))
    if others:
        note(f"There are {1 + len(others)} tokens in the text: this is the first.")
    return first


def _pasted(source: str) -> str:
    if source != STDIN:
        return source
    if is_terminal(sys.stdin):
        note("Paste the token, then end the input (Ctrl-D).")
    return _text(read_bytes(STDIN, "Standard input"))


def read_token_lines(source: str) -> Iterator[tuple[int, str]]:
    """Yield the number and the token of each line of a file, or of stdin for "-".

    A line is read only when it is asked for. Empty lines are skipped.
    """
    if source == STDIN and is_terminal(sys.stdin):
        note("Paste the tokens, one per line, then end the input (Ctrl-D).")
    try:
        with _opened(source) as file:
            read = partial(file.readline, _MAX_BYTES + 1)
            for number, line in enumerate(iter(read, b""), 1):
                text = _text(_limited(line, f"Line {number}"))
                if text.strip():
                    yield number, without_scheme(text)
    except OSError as error:
        raise Failure(f"The list of tokens cannot be read: {error.strerror}") from None


def _text(data: bytes) -> str:
    return data.decode("utf-8-sig", "backslashreplace")


def read_secret(source: str) -> bytes:
    """Return the bytes of a file, of the variable NAME for "env:NAME", or of stdin for "-".

    On a terminal "-" prompts for one line that is not shown. Error messages do not repeat `source`,
    because it may be the secret itself.
    """
    if source == STDIN and is_terminal(sys.stdin):
        return os.fsencode(getpass("Key: ", stream=sys.stderr))
    if source.startswith(_ENVIRONMENT):
        return read_variable(source.removeprefix(_ENVIRONMENT), "key")
    return read_bytes(source, "The key (a file, env:NAME or -)")


def read_variable(name: str, what: str) -> bytes:
    """Return the bytes of an environment variable; `what` describes the content in errors."""
    value = os.environ.get(name)
    if value is None:
        raise Failure(f"The environment variable for the {what} is not set")
    return os.fsencode(value)


def read_bytes(source: str, what: str) -> bytes:
    """Return the bytes of a file, or of stdin for "-"; `what` describes the content in errors."""
    try:
        with _opened(source) as file:
            return _limited(file.read(_MAX_BYTES + 1), what)
    except OSError as error:
        raise Failure(f"{what} cannot be read: {error.strerror}") from None


def _opened(source: str) -> AbstractContextManager[BinaryIO]:
    if source != STDIN:
        return Path(source).open("rb")
    stream: TextIO | None = sys.stdin
    if stream is None:
        raise Failure("Standard input is closed")
    return nullcontext(stream.buffer)


def _limited(data: bytes, what: str) -> bytes:
    if len(data) > _MAX_BYTES:
        raise Failure(f"{what} is larger than {_MAX_BYTES} bytes")
    return data
