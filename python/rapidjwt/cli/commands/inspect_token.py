"""`rapidjwt inspect`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from rapidjwt._inspection.any_form import read_any_form
from rapidjwt._inspection.printable import printable
from rapidjwt._inspection.report import likeness_of, report
from rapidjwt._inspection.unverified import ENCRYPTED
from rapidjwt.cli.decryption import decrypt_token, read_decrypted, read_decrypter
from rapidjwt.cli.exit_code import ExitCode
from rapidjwt.cli.options import (
    decryption_options,
    examples,
    json_option,
    key_option,
    password_option,
    token_argument,
    tokens_option,
)
from rapidjwt.cli.output import json_text, show, write_json, write_json_line
from rapidjwt.cli.sources import allow_stdin_once, read_pasted_token, token_source
from rapidjwt.cli.token_list import report_each
from rapidjwt.cli.token_text import heading, member_lines, time_lines

if TYPE_CHECKING:
    from rapidjwt._inspection.unverified import Finding, UnverifiedToken

_STYLES = {"error": "bold red", "warning": "yellow"}
_WARNING = Text("Nothing was verified: anyone can write such a token.", style="bold yellow") + Text(
    ' "rapidjwt verify" checks it with a key.', style="not bold"
)


@click.command(
    "inspect",
    short_help="Show the contents of a token. Verifies nothing.",
    epilog=examples(
        "rapidjwt inspect < token",
        "rapidjwt inspect 'Authorization: Bearer eyJ...'",
        "pbpaste | rapidjwt inspect      # a copied curl command line",
        "rapidjwt inspect --json < token | jq .findings",
    ),
)
@token_argument
@tokens_option
@key_option("The key that decrypts an encrypted token.", required=False)
@password_option
@decryption_options
@json_option
def inspect_token(
    token: str | None,
    tokens: str | None,
    key: str | None,
    password: bytes | None,
    algorithms: tuple[str, ...],
    encryptions: tuple[str, ...],
    as_json: bool,
) -> ExitCode:
    """Show the contents of a token and what is wrong with it. VERIFIES NOTHING.

    TOKEN is the token, or "-" for standard input, which is the default and keeps it out of the
    shell's history. It may be in a whole header, a cookie or a curl command line. --key, --alg and
    --enc are for an encrypted token, whose header is shown without them. Exit code 1: the token, or
    one of --tokens, cannot be read.
    """
    source = token_source(token, tokens)
    allow_stdin_once(**{"the token": source, "--key": key})
    if tokens is not None:
        if key is not None:
            raise click.UsageError("--key is for one token, not for --tokens.")
        return _inspect_each(source, as_json)
    text = read_pasted_token(source)
    unverified = read_any_form(text)
    if key is not None and any(finding.code == ENCRYPTED[0] for finding in unverified.findings):
        decrypter = read_decrypter(key, password, algorithms, encryptions)
        unverified = read_decrypted(decrypt_token(decrypter, text))
    if as_json:
        write_json(report(unverified))
    else:
        show(*_lines(unverified), _WARNING)
    return ExitCode.OK if unverified.is_readable else ExitCode.REFUSED


def _inspect_each(source: str, as_json: bool) -> ExitCode:
    report_line = partial(_report_line, as_json=as_json)
    exit_code = report_each(source, report_line, "readable", "not readable")
    if not as_json:
        show(_WARNING)
    return exit_code


def _report_line(line: int, token: str, *, as_json: bool) -> bool:
    unverified = read_any_form(token)
    if as_json:
        write_json_line({"line": line} | report(unverified))
    else:
        show(heading(f"Line {line}"), Text(), *_lines(unverified))
    return unverified.is_readable


def _lines(token: UnverifiedToken) -> list[Text | str]:
    headers = token.headers if token.header is None else [token.header]
    lines: list[Text | str] = [
        *member_lines("Header of the encryption", token.encryption_header),
        *(line for one in headers for line in member_lines("Header (not verified)", one)),
        *member_lines("Claims (not verified)", token.claims),
        *_content_lines(token.content),
        *_disclosure_lines(token.disclosures),
        *member_lines("Key binding (not verified)", token.key_binding),
        *time_lines(token.claims or {}),
    ]
    if token.findings:
        lines.append(heading("Findings"))
        lines.extend(_finding_line(finding) for finding in token.findings)
        lines.append(Text())
    like = likeness_of(token)
    if like is not None:
        lines.append(heading("Profile"))
        lines.append(f"  It seems to be for {like.profile}.")
        lines.extend(Text(f"  {printable(lack)}", style="yellow") for lack in like.lacks)
        lines.append(Text())
    return lines


def _content_lines(content: str | None) -> list[Text | str]:
    if content is None:
        return []
    return [heading("Content (not verified)"), Text(printable(content)), Text()]


def _disclosure_lines(disclosures: list[dict[str, Any]] | None) -> list[Text | str]:
    if not disclosures:
        return []
    lines: list[Text | str] = [heading("Disclosures (not verified)")]
    for disclosure in disclosures:
        path = ".".join(str(step) for step in disclosure["path"])
        lines += [Text(f"  {printable(path)}"), json_text(disclosure["value"])]
    return [*lines, Text()]


def _finding_line(finding: Finding) -> Text:
    level = Text(f"  {finding.level:<9}", style=_STYLES[finding.level])
    return level + Text(f"{finding.part}: {printable(finding.message)}", style="not bold default")
