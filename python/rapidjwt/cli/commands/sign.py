"""`rapidjwt sign`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from rapidjwt._inspection.keys import read_key
from rapidjwt._inspection.times import NAMES, is_number
from rapidjwt._rapidjwt import Signer
from rapidjwt.cli.exit_code import ExitCode, Failure
from rapidjwt.cli.options import (
    ALGORITHM,
    MEMBER_FORM,
    complete_file,
    duration,
    examples,
    format_option,
    key_option,
    member,
    password_option,
)
from rapidjwt.cli.output import write, write_json
from rapidjwt.cli.sources import allow_stdin_once, read_bytes, read_secret
from rapidjwt.exceptions import InvalidTokenError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta
    from typing import Literal

    from rapidjwt.types import AlgorithmName


#: What the value of `--jti` is without one: no argument of a process contains it.
_RANDOM = "\0"


@click.command(
    short_help="Sign a token.",
    epilog=examples(
        "rapidjwt sign --key key.pem --sub alice --expires-in 15m",
        "rapidjwt sign --key env:SECRET --claim admin:=true --claims claims.json",
    ),
)
@key_option("The private key or the secret, in any format.", required=True)
@password_option
@click.option("--alg", "algorithm", type=ALGORITHM, metavar="ALG", help="Default: that of the key.")
@click.option(
    "--claim", "members", multiple=True, type=member, metavar=MEMBER_FORM, help="A claim."
)
@click.option(
    "--claims", shell_complete=complete_file, metavar="FILE|-", help="Claims, as a JSON object."
)
@click.option(
    "--expires-in",
    type=duration,
    metavar="TIME",
    help="Set iat to now, and exp to this much later: 90s, 15m, 2h, 7d.",
)
@click.option("--iss", "issuer", metavar="NAME", help="Set iss.")
@click.option("--sub", "subject", metavar="NAME", help="Set sub.")
@click.option(
    "--aud", "audiences", multiple=True, metavar="NAME", help="Set aud; several become a list."
)
@click.option(
    "--jti",
    "jwt_id",
    is_flag=False,
    flag_value=_RANDOM,
    metavar="[ID]",
    help="Set jti; without an ID, to a random one.",
)
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
def sign(
    key: str,
    password: bytes | None,
    algorithm: AlgorithmName | None,
    members: tuple[tuple[str, Any], ...],
    claims: str | None,
    expires_in: timedelta | None,
    issuer: str | None,
    subject: str | None,
    audiences: tuple[str, ...],
    jwt_id: str | None,
    kid: str | None,
    headers: tuple[tuple[str, Any], ...],
    serialization: Literal["compact", "json"],
) -> ExitCode:
    """Sign a token and write it, and nothing else, to standard output.

    --claim, --header and --aud may be given several times: sub=alice is text, admin:=true is JSON.
    """
    allow_stdin_once(**{"--key": key, "--claims": claims})
    if expires_in is not None and not expires_in:
        raise click.UsageError("--expires-in must be at least one second.")
    if "alg" in dict(headers):
        raise click.UsageError("--header cannot set the algorithm: use --alg.")
    payload = _claims(claims, members)
    _refuse_twice(payload, "exp", "--expires-in", expires_in)
    named = {"iss": issuer, "sub": subject, "aud": _audience(audiences), "jti": jwt_id}
    for name, value in named.items():
        _refuse_twice(payload, name, f"--{name}", value)
        if value not in (None, _RANDOM):
            payload[name] = value
    extra = dict(headers) if kid is None else dict(headers) | {"kid": kid}
    signing_key = read_key(read_secret(key), password)
    try:
        signer = Signer(
            signing_key,
            algorithm,
            headers=extra,
            lifetime=expires_in,
            jwt_id=jwt_id == _RANDOM,
        )
        token = signer.encode(payload)
    except (TypeError, ValueError, InvalidTokenError) as error:
        raise click.UsageError(f"{str(error).rstrip('.')}.") from None
    if serialization == "json":
        # RFC 7515 Section 7.2.2: the parts of the compact serialization, by their names.
        write_json(dict(zip(("protected", "payload", "signature"), token.split("."), strict=True)))
    else:
        write(token + "\n")
    return ExitCode.OK


def _refuse_twice(claims: dict[str, Any], name: str, option: str, value: object) -> None:
    if value is not None and name in claims:
        raise click.UsageError(f'The claims already contain "{name}": omit {option}.')


def _audience(names: tuple[str, ...]) -> str | list[str] | None:
    """Return one name as a string, several as a list (RFC 7519 Section 4.1.3)."""
    if not names:
        return None
    return names[0] if len(names) == 1 else list(names)


def _claims(file: str | None, members: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    claims = {} if file is None else _read_claims(file)
    claims.update(members)
    for name in NAMES:
        if name in claims and not is_number(claims[name]):
            raise click.UsageError(f'"{name}" must be a number: --claim {name}:=SECONDS.')
    return claims


def _read_claims(file: str) -> dict[str, Any]:
    try:
        claims = json.loads(read_bytes(file, "The claims file"))
    except (ValueError, RecursionError):
        raise Failure("The claims file is not JSON") from None
    if not isinstance(claims, dict):
        raise Failure("The claims are not a JSON object")
    return claims
