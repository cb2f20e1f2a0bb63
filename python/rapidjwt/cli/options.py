"""Options and argument types that several commands share."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from rapidjwt._inspection.keys import ALGORITHMS
from rapidjwt.profiles import ALL as PROFILES

from .decryption import ALGORITHMS as KEY_MANAGEMENT
from .decryption import ENCRYPTIONS
from .sources import read_variable

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Decorator: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def duration(text: str) -> timedelta:
    """Parse a length of time: 90, 90s, 15m, 2h or 7d."""
    match = re.fullmatch(r"([0-9]{1,9})([smhd]?)", text)
    if match is None:
        raise click.BadParameter("It must be a length of time, such as 90s, 15m, 2h or 7d.")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def member(text: str) -> tuple[str, Any]:
    """Parse a name and its value: name=text, or name:=JSON."""
    name, equals, value = text.partition("=")
    is_json = name.endswith(":")
    name = name.removesuffix(":")
    if not name or not equals:
        raise click.BadParameter("It must be name=text or name:=JSON.")
    if not is_json:
        return name, value
    try:
        return name, json.loads(value)
    except (ValueError, RecursionError):
        message = f"The value of {name!r} is not JSON; use {name}=text for text."
        raise click.BadParameter(message) from None


def examples(*lines: str) -> str:
    """Return the end of a command's help: one example per line, not wrapped."""
    return "\b\n" + "\n".join(["Examples:", *(f"  {line}" for line in lines)])


def complete_file(
    _context: click.Context, _parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Leave the completion of a file's name to the shell.

    The type click.Path does so too, but its errors would quote a secret given by mistake.
    """
    return [CompletionItem(incomplete, type="file")]


ALGORITHM = click.Choice(ALGORITHMS)
#: What keys can be generated for: algorithms that sign, and a curve for encryption.
KEY_KIND = click.Choice([*ALGORITHMS, "X25519"])

MEMBER_FORM = "NAME=TEXT|NAME:=JSON"

profile_option = click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    metavar="NAME",
    help=f"What kind of token it must be: {', '.join(PROFILES)}.",
)

token_argument = click.argument("token", required=False)
tokens_option = click.option(
    "--tokens",
    shell_complete=complete_file,
    metavar="FILE|-",
    help="A list of tokens, one per line.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON, for scripts.")

#: What commands that verify demand of tokens.
algorithms_option = click.option(
    "--alg",
    "algorithms",
    multiple=True,
    type=ALGORITHM,
    metavar="ALG",
    help="An allowed algorithm. Default: those that the keys name.",
)
audiences_option = click.option(
    "--aud", "audiences", multiple=True, metavar="NAME", help="An accepted audience."
)
issuers_option = click.option(
    "--iss", "issuers", multiple=True, metavar="NAME", help="An accepted issuer."
)
leeway_option = click.option(
    "--leeway",
    type=duration,
    metavar="TIME",
    default="0",
    help="The allowed clock skew, such as 30s.",
)
require_option = click.option("--require", multiple=True, metavar="CLAIM", help="A required claim.")


def _read_password(
    _context: click.Context, _option: click.Parameter, name: str | None
) -> bytes | None:
    return None if name is None else read_variable(name, "password")


password_option = click.option(
    "--password-env",
    "password",
    metavar="NAME",
    callback=_read_password,
    help="The environment variable with the password of the key file.",
)


format_option = click.option(
    "--format",
    "serialization",
    type=click.Choice(["compact", "json"]),
    default="compact",
    help="Default: compact; json is the flattened JSON serialization.",
)


def decryption_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options `--alg` and `--enc` of commands that decrypt."""
    command = click.option(
        "--enc",
        "encryptions",
        multiple=True,
        type=click.Choice(ENCRYPTIONS),
        metavar="ENC",
        help="An allowed encryption of the content. Default: all.",
    )(command)
    return click.option(
        "--alg",
        "algorithms",
        multiple=True,
        type=click.Choice(KEY_MANAGEMENT),
        metavar="ALG",
        help="An allowed algorithm. Default: those that the keys name.",
    )(command)


def key_option(help_text: str, *, required: bool) -> Decorator:
    """Return the option `--key`, which never takes the key itself."""
    return click.option(
        "--key",
        required=required,
        shell_complete=complete_file,
        metavar="FILE|env:NAME|-",
        help=help_text,
    )
