"""`rapidjwt verify`."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from rapidjwt._inspection.keys import key_set, read_members, serving
from rapidjwt._inspection.printable import printable
from rapidjwt._inspection.times import moments
from rapidjwt._inspection.verification import TokenDecoder
from rapidjwt._rapidjwt import Verifier
from rapidjwt.cli.exit_code import ExitCode
from rapidjwt.cli.local_verifier import local_verifier, named_by, require_any, require_needs
from rapidjwt.cli.options import (
    algorithms_option,
    audiences_option,
    complete_file,
    examples,
    issuers_option,
    json_option,
    key_option,
    leeway_option,
    password_option,
    profile_option,
    require_option,
    token_argument,
    tokens_option,
)
from rapidjwt.cli.output import note, show, write, write_json, write_json_line
from rapidjwt.cli.sources import (
    allow_stdin_once,
    read_bytes,
    read_secret,
    read_token,
    token_source,
)
from rapidjwt.cli.token_list import report_each
from rapidjwt.cli.token_text import member_lines, time_lines
from rapidjwt.exceptions import (
    InvalidAudienceError,
    InvalidTokenError,
    PyJWKClientError,
    TokenBindingError,
)
from rapidjwt.key_set import KeySet
from rapidjwt.profiles import ALL

if TYPE_CHECKING:
    from datetime import timedelta
    from typing import Any

    from rapidjwt._inspection.verification import VerifiedToken
    from rapidjwt.jwks import JWKSClient


@click.command(
    short_help="Verify a token and show it.",
    epilog=examples(
        "rapidjwt verify --issuer https://id.example --aud api < token",
        "rapidjwt verify --key public.pem --alg ES256 < token",
        "rapidjwt verify --jwks jwks.json --profile access-token --iss me --aud api < token",
    ),
)
@token_argument
@tokens_option
@key_option("The key, or a JWK Set, in any format.", required=False)
@password_option
@click.option(
    "--jwks", shell_complete=complete_file, metavar="URL|FILE", help="A provider's JWK Set."
)
@click.option("--issuer", metavar="URL", help="An issuer, to find its keys and to require as iss.")
@algorithms_option
@audiences_option
@issuers_option
@click.option("--sub", "subject", metavar="NAME", help="The only accepted subject.")
@leeway_option
@require_option
@profile_option
@click.option("--nonce", metavar="TEXT", help="Require an SD-JWT that is bound to its holder.")
@click.option("--bound-to", metavar="NAME", help="The verifier that the key binding must name.")
@click.option("--allow-http", is_flag=True, help="Allow http for fetching keys, for tests.")
@json_option
def verify(
    token: str | None,
    tokens: str | None,
    key: str | None,
    password: bytes | None,
    jwks: str | None,
    issuer: str | None,
    algorithms: tuple[str, ...],
    audiences: tuple[str, ...],
    issuers: tuple[str, ...],
    subject: str | None,
    leeway: timedelta,
    require: tuple[str, ...],
    profile: str | None,
    nonce: str | None,
    bound_to: str | None,
    allow_http: bool,
    as_json: bool,
) -> ExitCode:
    """Verify the signature and the claims of a token, and show them.

    TOKEN is the token, or "-" for standard input, which is the default. One of --key, --jwks and
    --issuer specifies the keys. --alg, --aud, --iss and --require may be given several times.
    Exit code 1: the token is refused, and standard output stays empty; or one of --tokens is.
    """
    _require_one(**{"--key": key, "--jwks": jwks, "--issuer": issuer})
    if (nonce is None) != (bound_to is None):
        raise click.UsageError("--nonce and --bound-to belong together.")
    if issuer is not None and issuers:
        raise click.UsageError("--issuer also sets the accepted issuer: omit --iss.")
    source = token_source(token, tokens)
    allow_stdin_once(**{"the token": source, "--key": key, "--jwks": jwks})
    policy: dict[str, Any] = {
        "audience": list(audiences) or None,
        "issuer": issuer if issuer is not None else list(issuers) or None,
        "subject": subject,
        "leeway": leeway,
        "require": list(require),
        "profile": None if profile is None else ALL[profile],
    }
    require_needs(policy, {"issuer": "--iss or --issuer", "audience": "--aud"})
    if key is not None:
        keys = key_set(read_members(read_secret(key), password))
        verifier = local_verifier(keys, algorithms, policy)
    elif jwks is not None and not jwks.startswith(("https://", "http://")):
        keys = KeySet.from_jwks(read_bytes(jwks, "The JWK Set"))
        verifier = local_verifier(keys, algorithms, policy)
    else:
        verifier = _remote_verifier(_client(jwks, issuer, allow_http), algorithms, policy)
    decoder = TokenDecoder(verifier, nonce, bound_to)
    if tokens is not None:
        report = partial(_report_line, decoder, as_json=as_json)
        return report_each(source, report, "verified", "refused")
    return _report(decoder, read_token(source), as_json)


def _require_one(**sources: str | None) -> None:
    given = [option for option, source in sources.items() if source is not None]
    if not given:
        raise click.UsageError("Specify the keys with --key, --jwks or --issuer.")
    if len(given) > 1:
        raise click.UsageError(f"Specify only one of {_and(given)}.")


def _and(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}"


def _client(jwks: str | None, issuer: str | None, allow_http: bool) -> JWKSClient:
    from rapidjwt.jwks import JWKSClient  # noqa: PLC0415 - imports urllib and ssl

    if not allow_http and (issuer or jwks or "").startswith("http://"):
        raise click.UsageError("Keys are fetched over https only, unless --allow-http is given.")
    try:
        if issuer is not None:
            return JWKSClient.from_issuer(issuer, allow_http=allow_http)
        return JWKSClient(jwks or "", allow_http=allow_http)
    except PyJWKClientError as error:
        raise click.UsageError(f"{error}.") from None


def _remote_verifier(
    client: JWKSClient, algorithms: tuple[str, ...], policy: dict[str, Any]
) -> Verifier:
    names = list(algorithms)
    if not names:
        keys = client.key_set()
        public = [name for name in serving(keys) if not name.startswith("HS")]
        require_any(public)
        names = named_by(keys, public)
    try:
        return Verifier(jwks=client, algorithms=names, **policy)
    except ValueError as error:  # HS algorithms
        raise click.UsageError(f"{error}.") from None


def _report(decoder: TokenDecoder, token: str, as_json: bool) -> ExitCode:
    try:
        verified = decoder.decode(token)
    except InvalidTokenError as error:
        if as_json:
            write_json(_refusal(error))
        else:
            note(_explained(error))
        return ExitCode.REFUSED
    if as_json:
        write_json(_as_json(verified))
    else:
        sections = [
            *member_lines("Header", verified.header),
            *member_lines("Claims", verified.claims),
            *member_lines("Key binding", verified.key_binding),
            *time_lines(verified.claims),
        ]
        show(Text("Verified", style="bold green"), Text(), *sections[:-1])  # without an empty line
    return ExitCode.OK


def _report_line(decoder: TokenDecoder, line: int, token: str, *, as_json: bool) -> bool:
    try:
        verified = decoder.decode(token)
    except InvalidTokenError as error:
        is_verified, text, result = False, _explained(error), _refusal(error)
    else:
        is_verified, text = True, "Verified"
        result = _as_json(verified)
    if as_json:
        write_json_line({"line": line} | result)
    else:
        write(f"{line}: {printable(text)}\n")
    return is_verified


def _refusal(error: InvalidTokenError) -> dict[str, Any]:
    return {"verified": False, "error": type(error).__name__, "message": str(error)}


def _explained(error: InvalidTokenError) -> str:
    return f"Not verified: {error}{_hint(error)}"


def _as_json(token: VerifiedToken) -> dict[str, Any]:
    times = {name: asdict(moment) for name, moment in moments(token.claims).items()}
    bound = {} if token.key_binding is None else {"key_binding": token.key_binding}
    return {
        "verified": True,
        "header": token.header,
        "claims": token.claims,
        **bound,
        "times": times,
    }


def _hint(error: InvalidTokenError) -> str:
    """Return a hint at the option that is probably missing."""
    if isinstance(error, InvalidAudienceError):
        return " (specify your audience with --aud)"
    if isinstance(error, TokenBindingError):
        return " (see --nonce and --bound-to)"
    return ""
