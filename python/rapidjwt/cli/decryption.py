"""The keys and algorithms with which commands decrypt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import click

from rapidjwt._inspection.keys import read_members
from rapidjwt._inspection.unverified import (
    UnverifiedToken,
    check_claims,
    read_json_object,
    read_unverified,
)
from rapidjwt._rapidjwt import Key, encryption_tables
from rapidjwt.exceptions import InvalidTokenError, PyJWTError
from rapidjwt.jwe import Decrypted, Decrypter

from .exit_code import ExitCode, Failure
from .sources import read_secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    Member: TypeAlias = Key | dict[str, Any]

#: The names of `alg` and of `enc`.
_TABLES = encryption_tables()
ALGORITHMS: list[str] = [row["name"] for row in _TABLES[0]]
ENCRYPTIONS: list[str] = [row["name"] for row in _TABLES[1]]


def read_decrypter(
    key: str, password: bytes | None, algorithms: Sequence[str], encryptions: Sequence[str]
) -> Decrypter:
    """Make a decrypter of the keys of `--key`; without `algorithms`, for those that they name.

    The token does not influence the choice. Raises UsageError if the keys name no algorithm.
    """
    members = read_members(read_secret(key), password)
    named = {alg for member in members if (alg := _alg(member)) in ALGORITHMS}
    names = list(algorithms) or [name for name in ALGORITHMS if name in named]
    if not names:
        raise click.UsageError("The key does not name its algorithm: specify --alg.")
    keys: Any = members[0] if len(members) == 1 else {"keys": members}
    return Decrypter(keys, algorithms=names, encryptions=list(encryptions) or ENCRYPTIONS)


def decrypt_token(decrypter: Decrypter, text: str) -> Decrypted:
    """Decrypt a token in any serialization. Raises Failure, with the exit code of a refusal."""
    try:
        if text.startswith("{"):
            return decrypter.decrypt_json(text)
        return decrypter.decrypt_complete(text)
    except InvalidTokenError as error:
        raise Failure(f"Not decrypted: {error}", ExitCode.REFUSED) from None


def read_decrypted(opened: Decrypted) -> UnverifiedToken:
    """Read what was decrypted: a signed token, claims, or anything else."""
    content, cty = opened.plaintext, opened.header.get("cty")
    token = UnverifiedToken()
    if isinstance(cty, str) and cty.lower().removeprefix("application/") == "jwt":
        token = read_unverified(content.decode("utf-8", "backslashreplace"))
    elif content.startswith(b"{"):
        token.claims = read_json_object(token, "claims", content)
        if token.claims is not None:
            check_claims(token, token.claims)
    else:
        token.content = content.decode("utf-8", "backslashreplace")
    token.encryption_header = opened.header
    return token


def _alg(member: Member) -> str | None:
    try:
        key = member if isinstance(member, Key) else Key.from_jwk(member)
    except PyJWTError:
        return None
    return key.alg
