"""`rapidjwt keygen`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from rapidjwt._rapidjwt import Key
from rapidjwt.cli.exit_code import ExitCode
from rapidjwt.cli.files import refuse_existing, write_file
from rapidjwt.cli.options import KEY_KIND, complete_file, examples, json_option, password_option
from rapidjwt.cli.output import note, write_json
from rapidjwt.cli.sources import STDIN
from rapidjwt.exceptions import InvalidKeyError

if TYPE_CHECKING:
    from typing import Any


_MAX_BITS = 65536
_PRIVATE_MODE = 0o600
_PUBLIC_MODE = 0o644


@click.command(
    short_help="Generate a key, in a file that only you can read.",
    epilog=examples(
        "rapidjwt keygen ES256 --out key.pem --public-out public.pem",
        "rapidjwt keygen EdDSA --out key.jwk --kid-thumbprint",
        "rapidjwt keygen HS256 --out secret.jwk",
    ),
)
@click.argument("algorithm", type=KEY_KIND, metavar="ALG")
@click.option(
    "--out",
    required=True,
    shell_complete=complete_file,
    metavar="FILE",
    help="The file of the private key.",
)
@click.option(
    "--public-out", shell_complete=complete_file, metavar="FILE", help="The file of the public key."
)
@click.option(
    "--size",
    type=click.IntRange(1, _MAX_BITS),
    metavar="BITS",
    help="For HS, RS and PS. Default: the minimum.",
)
@click.option(
    "--format",
    "key_format",
    type=click.Choice(["pem", "jwk", "der"]),
    help="Default: pem; jwk for secrets and for keys with an ID.",
)
@password_option
@click.option("--kid", metavar="ID", help="Key ID, in a JWK.")
@click.option("--kid-thumbprint", is_flag=True, help="The thumbprint (RFC 7638) as key ID.")
@click.option("--force", is_flag=True, help="Replace existing files.")
@json_option
def keygen(
    algorithm: str,
    out: str,
    password: bytes | None,
    public_out: str | None,
    size: int | None,
    key_format: str | None,
    kid: str | None,
    kid_thumbprint: bool,
    force: bool,
    as_json: bool,
) -> ExitCode:
    """Generate a key for an algorithm, in a file that only you can read (mode 0600).

    ALG is the algorithm, such as HS256, RS256, ES256 or EdDSA, or X25519 for a key that decrypts.
    The key itself is never shown.
    """
    is_secret = algorithm.startswith("HS")
    if kid is not None and kid_thumbprint:
        raise click.UsageError("Specify either --kid or --kid-thumbprint.")
    has_id = kid is not None or kid_thumbprint
    key_format = key_format or ("jwk" if is_secret or has_id else "pem")
    if has_id and key_format != "jwk":
        raise click.UsageError("Only a JWK can contain a key ID: use --format jwk.")
    if is_secret and (public_out is not None or key_format != "jwk" or kid_thumbprint):
        raise click.UsageError(
            "A shared secret has no public key and no thumbprint, and its format must be jwk."
        )
    if password is not None and key_format == "jwk":
        raise click.UsageError("A JWK cannot be encrypted: use --format pem or der.")
    _check_files(out, public_out)
    if not force:
        refuse_existing(out, public_out)
    key = _generate(algorithm, size)
    names = {"kid": key.thumbprint() if kid_thumbprint else kid, "alg": key.alg}
    members = {name: value for name, value in names.items() if value is not None}
    private = _serialized(key, key_format, members, private=True, password=password)
    write_file(out, private, _PRIVATE_MODE, replace=force)
    if public_out is not None:
        public = _serialized(key, key_format, members, private=False)
        write_file(public_out, public, _PUBLIC_MODE, replace=force)
    if as_json:
        thumbprint = None if is_secret else key.thumbprint()
        files = {"private": out, "public": public_out}
        write_json(names | {"kty": key.kty, "size": key.size, "thumbprint": thumbprint} | files)
    else:
        rest = f", its public half to {public_out}" if public_out else ""
        note(f"Wrote the {'secret' if is_secret else 'private key'} to {out}{rest}")
    return ExitCode.OK


def _generate(algorithm: str, size: int | None) -> Key:
    try:
        return Key.generate(algorithm, size=size)
    except InvalidKeyError as error:
        if size is None:
            raise
        raise click.UsageError(f"Invalid value for --size: {error}.") from None


def _check_files(out: str, public_out: str | None) -> None:
    if STDIN in (out, public_out):
        raise click.UsageError("Keys are written to files, not to standard output.")
    if out == public_out:
        raise click.UsageError("--out and --public-out are the same file.")


def _serialized(
    key: Key,
    key_format: str,
    members: dict[str, Any],
    *,
    private: bool,
    password: bytes | None = None,
) -> bytes:
    if key_format == "pem":
        return key.to_pem(private=private, password=password).encode("ascii")
    if key_format == "der":
        return key.to_der(private=private, password=password)
    return json.dumps(key.to_jwk(private=private) | members, indent=2).encode("ascii") + b"\n"
