"""The command line, `rapidjwt`: for people at a terminal, and for scripts.

It needs the extra `rapidjwt[cli]`. See docs/command-line.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .exit_code import ExitCode
from .streams import write_error

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEEDED = ("click", "rich")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code, an `ExitCode`.

    `arguments` are those after the program's name; None means those of the process.
    """
    try:
        from .program import run  # noqa: PLC0415 - the extra may be missing

        return run(arguments)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _NEEDED:
            raise
        write_error(
            "rapidjwt: the command line needs click and rich: pip install 'rapidjwt[cli]'\n"
        )
        return ExitCode.EXTRA_MISSING
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
