"""`rapidjwt jwks`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from rapidjwt._inspection.keys import key_set, read_members
from rapidjwt.cli.exit_code import ExitCode
from rapidjwt.cli.options import complete_file, examples, password_option
from rapidjwt.cli.output import write_json
from rapidjwt.cli.sources import STDIN, read_secret

if TYPE_CHECKING:
    from rapidjwt._inspection.keys import Member
    from rapidjwt._rapidjwt import Key


@click.command(
    short_help="Write a JWK Set of public keys.",
    epilog=examples(
        "rapidjwt jwks current.pem next.pem > jwks.json",
    ),
)
@click.argument("files", nargs=-1, required=True, shell_complete=complete_file, metavar="FILE...")
@password_option
def jwks(files: tuple[str, ...], password: bytes | None) -> ExitCode:
    """Write a JWK Set of public keys, ready to publish.

    A FILE is a private or public key in any format, a JWK Set, env:NAME, or "-" for standard
    input. A key without an ID gets its thumbprint (RFC 7638) as "kid".
    """
    if files.count(STDIN) > 1:
        raise click.UsageError("Standard input cannot be read twice.")
    members = [member for file in files for member in read_members(read_secret(file), password)]
    published = [_with_id(entry.to_jwk(), entry.key) for entry in key_set(members)]
    write_json(key_set(published).to_jwks())
    return ExitCode.OK


def _with_id(jwk: dict[str, Any], key: Key) -> Member:
    return {"kid": key.thumbprint()} | jwk
