"""The exit codes of the commands."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit code of the process. Only `OK` is a success."""

    OK = 0
    #: The token was refused, or is not a token. Python exits with the same code after a crash, so
    #: that a script treats a crash as a refusal.
    REFUSED = 1
    USAGE = 2
    #: A file, a key, a JWK Set or a standard stream cannot be read, used or written.
    UNUSABLE = 3
    #: The provider of keys cannot be reached, or its answer cannot be used.
    PROVIDER = 4
    EXTRA_MISSING = 5
    #: The codes of shells for programs ended by a signal: 128 plus the number of SIGINT, SIGPIPE.
    INTERRUPTED = 130
    PIPE_CLOSED = 141


class Failure(Exception):  # noqa: N818 - not for callers of the package
    """Ends a command with one line on standard error."""

    def __init__(self, message: str, exit_code: ExitCode = ExitCode.UNUSABLE) -> None:
        """Set the line, which must not contain a secret, and the exit code."""
        super().__init__(message)
        self.exit_code = exit_code
