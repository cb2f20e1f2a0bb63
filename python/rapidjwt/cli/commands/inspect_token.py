"""`rapidjwt inspect`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from rapidjwt.cli.exit_code import ExitCode
from rapidjwt.cli.options import json_option, token_argument
from rapidjwt.cli.output import printable, show, write_json
from rapidjwt.cli.sources import read_token
from rapidjwt.cli.times import moments
from rapidjwt.cli.token_text import heading, member_lines, time_lines
from rapidjwt.cli.unverified import read_unverified

if TYPE_CHECKING:
    from rapidjwt.cli.unverified import Finding, UnverifiedToken

_STYLES = {"error": "bold red", "warning": "yellow"}


@click.command("inspect", short_help="Show the contents of a token. Verifies nothing.")
@token_argument
@json_option
def inspect_token(token: str, as_json: bool) -> ExitCode:
    """Show the contents of a token and what is wrong with it. VERIFIES NOTHING.

    TOKEN is the token, or "-" for standard input, which is the default and keeps it out of the
    shell's history. A "Bearer" before it is skipped. Exit code 1: the token cannot be read.
    """
    unverified = read_unverified(read_token(token))
    if as_json:
        write_json(_as_json(unverified))
    else:
        show(*_lines(unverified))
    is_readable = unverified.header is not None and unverified.claims is not None
    return ExitCode.OK if is_readable else ExitCode.REFUSED


def _as_json(token: UnverifiedToken) -> dict[str, Any]:
    return {
        "verified": False,
        "header": token.header,
        "claims": token.claims,
        "times": {name: asdict(moment) for name, moment in moments(token.claims or {}).items()},
        "findings": [asdict(finding) for finding in token.findings],
    }


def _lines(token: UnverifiedToken) -> list[Text | str]:
    lines: list[Text | str] = [
        *member_lines("Header (not verified)", token.header),
        *member_lines("Claims (not verified)", token.claims),
        *time_lines(token.claims or {}),
    ]
    if token.findings:
        lines.append(heading("Findings"))
        lines.extend(_finding_line(finding) for finding in token.findings)
        lines.append(Text())
    lines.append(
        Text("Nothing was verified: anyone can write such a token.", style="bold yellow")
        + Text(' "rapidjwt verify" checks it with a key.', style="not bold")
    )
    return lines


def _finding_line(finding: Finding) -> Text:
    level = Text(f"  {finding.level:<9}", style=_STYLES[finding.level])
    return level + Text(f"{finding.part}: {printable(finding.message)}", style="not bold default")
