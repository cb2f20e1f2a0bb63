"""`rapidjwt decrypt`."""

from __future__ import annotations

import click

from rapidjwt.cli.decryption import decrypt_token, read_decrypter
from rapidjwt.cli.exit_code import ExitCode
from rapidjwt.cli.options import (
    decryption_options,
    examples,
    key_option,
    password_option,
    token_argument,
)
from rapidjwt.cli.output import write_bytes
from rapidjwt.cli.sources import allow_stdin_once, read_token, token_source


@click.command(
    short_help="Decrypt a token and write its content.",
    epilog=examples(
        "rapidjwt decrypt --key recipient.pem --alg ECDH-ES < token",
    ),
)
@token_argument
@key_option("The private key or the shared key, or a JWK Set, in any format.", required=True)
@password_option
@decryption_options
def decrypt(
    token: str | None,
    key: str,
    password: bytes | None,
    algorithms: tuple[str, ...],
    encryptions: tuple[str, ...],
) -> ExitCode:
    """Decrypt a token and write its content, and nothing else, to standard output.

    TOKEN is the token, in the compact or a JSON serialization, or "-" for standard input, which is
    the default. The content is not verified: anyone who has a public key can encrypt. Exit code 1:
    the token is refused, and standard output stays empty.
    """
    source = token_source(token, None)
    allow_stdin_once(**{"the token": source, "--key": key})
    decrypter = read_decrypter(key, password, algorithms, encryptions)
    write_bytes(decrypt_token(decrypter, read_token(source)).plaintext)
    return ExitCode.OK
