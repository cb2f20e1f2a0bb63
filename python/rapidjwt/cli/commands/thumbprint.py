"""`rapidjwt thumbprint`."""

from __future__ import annotations

import click

from rapidjwt._inspection.keys import read_key
from rapidjwt.cli.exit_code import ExitCode
from rapidjwt.cli.options import complete_file, examples, json_option, password_option
from rapidjwt.cli.output import write, write_json
from rapidjwt.cli.sources import read_secret


@click.command(
    short_help="Write the thumbprint of a key (RFC 7638).",
    epilog=examples(
        "rapidjwt thumbprint public.pem",
    ),
)
@click.argument("file", shell_complete=complete_file, metavar="FILE")
@click.option(
    "--hash",
    "hash_name",
    type=click.Choice(["sha256", "sha384", "sha512"]),
    default="sha256",
    show_default=True,
    help="The hash function.",
)
@click.option("--uri", "as_uri", is_flag=True, help="As a URI (RFC 9278).")
@password_option
@json_option
def thumbprint(
    file: str, password: bytes | None, hash_name: str, as_uri: bool, as_json: bool
) -> ExitCode:
    """Write the JWK thumbprint (RFC 7638) of a key. A private key has that of its public key.

    FILE is the key in any format, env:NAME, or "-" for standard input.
    """
    key = read_key(read_secret(file), password)
    value, uri = key.thumbprint(hash_name), key.thumbprint_uri(hash_name)
    if as_json:
        write_json({"thumbprint": value, "hash": hash_name, "uri": uri})
    else:
        write(f"{uri if as_uri else value}\n")
    return ExitCode.OK
