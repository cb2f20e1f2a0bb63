"""`rapidjwt encrypt`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rapidjwt._inspection.keys import read_members
from rapidjwt.cli.decryption import ALGORITHMS, ENCRYPTIONS
from rapidjwt.cli.exit_code import ExitCode, Failure
from rapidjwt.cli.options import (
    MEMBER_FORM,
    complete_file,
    examples,
    format_option,
    key_option,
    member,
    password_option,
)
from rapidjwt.cli.output import write, write_json
from rapidjwt.cli.sources import STDIN, allow_stdin_once, read_bytes, read_secret
from rapidjwt.jwe import Encrypter

if TYPE_CHECKING:
    from typing import Literal


@click.command(
    short_help="Encrypt a text, a file or a signed token.",
    epilog=examples(
        "echo hello | rapidjwt encrypt --key recipient.pub --alg ECDH-ES",
        "rapidjwt encrypt --key recipient.pub --alg RSA-OAEP-256 --nested < token",
    ),
)
@key_option("The recipient's key, or the shared key, in any format.", required=True)
@password_option
@click.option(
    "--alg",
    "algorithm",
    type=click.Choice(ALGORITHMS),
    metavar="ALG",
    help="How the key is used, such as RSA-OAEP-256. Default: that of the key.",
)
@click.option(
    "--enc",
    "encryption",
    type=click.Choice(ENCRYPTIONS),
    default="A256GCM",
    metavar="ENC",
    help="How the content is encrypted. Default: A256GCM.",
)
@click.option(
    "--content",
    default=STDIN,
    shell_complete=complete_file,
    metavar="FILE|-",
    help="What is encrypted. Default: standard input.",
)
@click.option("--nested", is_flag=True, help="The content is a signed token: set cty to JWT.")
@click.option("--kid", metavar="ID", help="Key ID in the header. Default: that of the JWK.")
@click.option(
    "--header",
    "headers",
    multiple=True,
    type=member,
    metavar=MEMBER_FORM,
    help="A header parameter.",
)
@format_option
def encrypt(
    key: str,
    password: bytes | None,
    algorithm: str | None,
    encryption: str,
    content: str,
    nested: bool,
    kid: str | None,
    headers: tuple[tuple[str, Any], ...],
    serialization: Literal["compact", "json"],
) -> ExitCode:
    """Encrypt content and write the token, and nothing else, to standard output.

    The content is taken byte for byte; of a signed token, the white space around it is left out.
    """
    allow_stdin_once(**{"--key": key, "--content": content})
    members = read_members(read_secret(key), password)
    if len(members) != 1:
        raise Failure(f"Exactly one key is required, but the JWK Set has {len(members)}")
    (recipient,) = members
    algorithm = algorithm or _algorithm_of(recipient)
    extra = dict(headers) | {
        name: value for name, value in (("kid", kid), ("cty", "JWT" if nested else None)) if value
    }
    try:
        encrypter = Encrypter(recipient, algorithm, encryption, headers=extra)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None
    plaintext = read_bytes(content, "The content")
    plaintext = plaintext.strip() if nested else plaintext
    if serialization == "json":
        write_json(encrypter.encrypt_flattened(plaintext))
    else:
        write(encrypter.encrypt(plaintext) + "\n")
    return ExitCode.OK


def _algorithm_of(recipient: Any) -> str:
    algorithm = recipient.get("alg") if isinstance(recipient, dict) else recipient.alg
    if algorithm not in ALGORITHMS:
        raise click.UsageError("The key does not name its algorithm: specify --alg.")
    return str(algorithm)
