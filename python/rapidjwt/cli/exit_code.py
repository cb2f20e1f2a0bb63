"""How a command ended."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process gives to its caller. Only `OK` is a success."""

    OK = 0
    #: The token was refused, or is none. Python's own code for a crash, so that a crash refuses.
    REFUSED = 1
    USAGE = 2
    #: A file, a key or a JWK Set cannot be read, used or written.
    UNUSABLE = 3
    #: The provider of keys cannot be reached, or its answer is of no use.
    PROVIDER = 4
    EXTRA_MISSING = 5
    #: As a shell reports a program that a signal ended: 128 and the number of SIGINT, SIGPIPE.
    INTERRUPTED = 130
    PIPE_CLOSED = 141


class Failure(Exception):  # noqa: N818 - not for callers of the package
    """Ends a command with one line on standard error."""

    def __init__(self, message: str, exit_code: ExitCode = ExitCode.UNUSABLE) -> None:
        """Take the line, which must hold no secret, and the exit code."""
        super().__init__(message)
        self.exit_code = exit_code
