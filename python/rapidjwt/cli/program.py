"""The program: its commands, and the message and exit code of each error."""

from __future__ import annotations

import io
import re
import sys
import warnings
from typing import TYPE_CHECKING

import click

from rapidjwt import __version__
from rapidjwt.exceptions import PyJWKClientError, PyJWTError
from rapidjwt.warnings import InsecureKeyLengthWarning

from .commands.audit import audit
from .commands.bench import bench
from .commands.decrypt import decrypt
from .commands.doctor import doctor
from .commands.encrypt import encrypt
from .commands.inspect_token import inspect_token
from .commands.jwks import jwks
from .commands.keygen import keygen
from .commands.rotate import rotate
from .commands.serve_jwks import serve_jwks
from .commands.sign import sign
from .commands.thumbprint import thumbprint
from .commands.ui import ui
from .commands.verify import verify
from .exit_code import ExitCode, Failure
from .output import note, write
from .streams import write_error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: What is said instead of messages of click that quote an argument, which may be a token or PEM.
_INSTEAD = {
    "Got unexpected extra argument": "There are too many arguments.",
    "No such command": "There is no such command.",
}
#: What may be a misspelled option, and is not PEM.
_OPTION = re.compile(r"--?[a-z-]{1,20}")


def _show_and_exit(text: Callable[[click.Context], str]) -> Callable[..., None]:
    """Return the callback of an option that shows a text.

    That of click does not notice that standard output is closed or full.
    """

    def show(context: click.Context, _option: click.Parameter, is_given: bool) -> None:
        if is_given and not context.resilient_parsing:
            write(f"{text(context)}\n")
            context.exit()

    return show


def _eager_flag(*names: str, text: Callable[[click.Context], str], help_text: str) -> click.Option:
    return click.Option(
        names,
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_show_and_exit(text),
        help=help_text,
    )


_VERSION = _eager_flag(
    "--version",
    text=lambda _: f"rapidjwt {__version__}",
    help_text="Show the version and exit.",
)
_HELP = _eager_flag(
    "-h", "--help", text=click.Context.get_help, help_text="Show this message and exit."
)


@click.group(invoke_without_command=True)
@click.pass_context
def program(context: click.Context) -> int:
    """Read, verify, sign and encrypt JSON Web Tokens, and generate keys.

    Tokens and keys can come from standard input as "-". Exit codes: 0 done, 1 token refused,
    2 wrong usage, 3 unusable file or key, 4 no answer from the provider of keys.
    """
    if context.invoked_subcommand is None:
        write_error(f"{context.get_help()}\n")
        return ExitCode.USAGE
    return ExitCode.OK


_COMMANDS = (
    *(inspect_token, verify, audit, sign, encrypt, decrypt, keygen, jwks, thumbprint),
    *(rotate, serve_jwks, bench, doctor, ui),
)
for _command in _COMMANDS:
    program.add_command(_command)
program.params.append(_VERSION)
for _command in (program, *program.commands.values()):
    _command.add_help_option = False
    _command.params.append(_HELP)


def run(arguments: Sequence[str] | None) -> int:
    """Run one command; an error in the input becomes one line on standard error."""
    _allow_any_text()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InsecureKeyLengthWarning)
        exit_code = _run(arguments)
    for warning in caught:
        note(f"Warning: {warning.message}")
    return exit_code


def _run(arguments: Sequence[str] | None) -> int:
    try:
        exit_code: int = program.main(arguments, prog_name="rapidjwt", standalone_mode=False)
    except click.Abort:  # KeyboardInterrupt
        return ExitCode.INTERRUPTED
    except (click.ClickException, Failure, PyJWTError, NotImplementedError) as error:
        message, exit_code = _explain(error)
        note(message)
    return exit_code


def _explain(error: Exception) -> tuple[str, ExitCode]:
    """Return the message and the exit code for an error."""
    if isinstance(error, click.UsageError):
        where = error.ctx.command_path if error.ctx else "rapidjwt"
        return f"{_message(error)} See: {where} --help", ExitCode.USAGE
    if isinstance(error, click.ClickException):
        return error.format_message(), ExitCode.USAGE
    if isinstance(error, Failure):
        return str(error), error.exit_code
    if isinstance(error, PyJWKClientError):
        return str(error), ExitCode.PROVIDER
    return str(error), ExitCode.UNUSABLE


def _message(error: click.UsageError) -> str:
    """Return the message of an error as one sentence, or two."""
    message = " ".join(error.format_message().split())  # click puts choices on lines of their own
    if isinstance(error, click.NoSuchOption) and not _OPTION.fullmatch(error.option_name):
        return "There is no such option."
    for beginning, instead in _INSTEAD.items():
        if message.startswith(beginning):
            return instead
    return message if message.endswith((".", "?")) else f"{message}."


def _allow_any_text() -> None:
    """Make terminals show the escape sequence of a character that they cannot display."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
