"""The command line, `rapidjwt`: for people at a terminal, and for scripts.

It needs the extra `rapidjwt[cli]`, and `rapidjwt[audit]` for one of its commands. See
docs/command-line.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .exit_code import ExitCode
from .streams import write_error

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What is needed, and the extra that brings it.
_NEEDED = {"click": "cli", "rich": "cli", "pyarrow": "audit"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code, an `ExitCode`.

    `arguments` are those after the program's name; None means those of the process.
    """
    try:
        from .program import run  # noqa: PLC0415 - the extra may be missing

        return run(arguments)
    except ModuleNotFoundError as error:
        extra = _NEEDED.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        needs = (
            "audit needs pyarrow" if extra == "audit" else "the command line needs click and rich"
        )
        write_error(f"rapidjwt: {needs}: pip install 'rapidjwt[{extra}]'\n")
        return ExitCode.EXTRA_MISSING
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
