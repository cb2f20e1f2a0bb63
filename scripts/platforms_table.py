"""Write the table of docs/platforms.md: `platforms_table.py LOGS`, the logs of platform.sh.

A row without a log stays as it is; a row with one is replaced.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "platforms.md"
START, END = "<!-- platforms:start -->\n", "<!-- platforms:end -->\n"
HEAD = "| platform | what ran | command | date | result |\n| --- | --- | --- | --- | --- |\n"


def row(log: str) -> str:
    """Return the row of one log."""
    fact = {
        name: found[-1]
        for name in ("platform", "runs", "command", "date")
        if (found := re.findall(rf"^{name}: (.*)$", log, re.MULTILINE))
    }
    cells = (fact[name] for name in ("platform", "runs", "command", "date"))
    return f"| {' | '.join(cells)} | {result(log)} |\n"


def result(log: str) -> str:
    """Return the number of tests by outcome, and whether everything ran to its end."""
    python = counts(log, r"(\d+) (passed|failed|skipped|errors?)\b", r"^=+ .* in [\d.]+s.*=$")
    rust = counts(log, r"(\d+) (passed|failed)\b", r"^test result: .*$")
    parts = [f"{name}: {text}" for name, text in (("Python", python), ("Rust", rust)) if text]
    ended = "passes" if re.search(r"^ended: without an error$", log, re.MULTILINE) else "**fails**"
    return "; ".join([ended, *parts])


def counts(log: str, number: str, line: str) -> str:
    """Return the sums of the numbers on the closing lines of test runs."""
    sums: dict[str, int] = {}
    for closing in re.findall(line, log, re.MULTILINE):
        for count, outcome in re.findall(number, closing):
            sums[outcome] = sums.get(outcome, 0) + int(count)
    return ", ".join(f"{count:,} {outcome}" for outcome, count in sums.items() if count)


def main() -> None:
    """Replace the rows for which there is a log."""
    before, rest = PAGE.read_text(encoding="utf-8").split(START)
    old, after = rest.split(END)
    rows = {line.split(" | ")[2]: line + "\n" for line in old.splitlines()[2:]}
    for path in sorted(Path(sys.argv[1]).glob("*.log")):
        new = row(path.read_text(encoding="utf-8"))
        rows[new.split(" | ")[2]] = new
    PAGE.write_text(before + START + HEAD + "".join(sorted(rows.values())) + END + after, "utf-8")


main()
