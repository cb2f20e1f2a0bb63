"""Reports about many tokens."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from .exit_code import ExitCode, Failure
from .output import note
from .sources import read_token_lines

if TYPE_CHECKING:
    from collections.abc import Callable


def report_each(
    source: str, report: Callable[[int, str], bool], accepted: str, refused: str
) -> ExitCode:
    """Report about the token of each line of a file, or of stdin for "-", and count them.

    `report` takes the number of the line and the token, and returns whether it is accepted.
    `accepted` and `refused` are the words for the count. Raises Failure if there are no tokens:
    a script must not take the empty output of a broken one for success.
    """
    results = Counter(report(line, token) for line, token in read_token_lines(source))
    total = results.total()
    if not total:
        raise Failure("There are no tokens in the input")
    counts = f"{results[True]} {accepted}, {results[False]} {refused}"
    note(f"{total} token{'s' * (total > 1)}: {counts}")
    return ExitCode.REFUSED if results[False] else ExitCode.OK
