"""Reading of keys in any format, which is detected from the content."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rapidjwt._rapidjwt import Key, algorithm_table, is_der
from rapidjwt.exceptions import InvalidKeyError, PasswordRequiredError
from rapidjwt.key_set import KeySet

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    #: A key, or its JWK, which also has its metadata.
    Member: TypeAlias = Key | dict[str, Any]

#: The algorithms that keys can be generated for.
ALGORITHMS = [row["name"] for row in algorithm_table()]

_PEM = b"-----BEGIN "
_SSH = (b"ssh-", b"ecdsa-sha2-")
_JSON = b"{"


def read_key(data: bytes, password: bytes | None = None) -> Key:
    """Read one key; errors as for `read_members`. A JWK Set must contain one key."""
    members = read_members(data, password)
    if len(members) != 1:
        raise InvalidKeyError(f"Exactly one key is required, but the JWK Set has {len(members)}")
    return _as_key(members[0])


def read_members(data: bytes, password: bytes | None = None) -> list[Member]:
    """Read a key, or the members of a JWK Set (RFC 7517 Section 5).

    JSON and OpenSSH are recognized by their first characters, PEM by its BEGIN line, DER by its
    structure. Anything else is an HMAC secret, without the line break that editors put at the end
    of a text.

    Raises InvalidKeyError for what looks like a key but is not valid, and for a secret that
    `Key.from_secret` refuses.
    """
    text = data.removeprefix(b"\xef\xbb\xbf").strip()
    if text.startswith(_JSON):
        return _read_json(text)
    if _PEM in data:
        return [_read_encrypted(Key.from_pem, data, password)]
    if text.startswith(_SSH):
        return [Key.from_ssh(text)]
    if is_der(data):
        return [_read_encrypted(Key.from_der, data, password)]
    if password is not None:
        raise InvalidKeyError("A password was given, but the key is not encrypted")
    return [Key.from_secret(_without_line_break(data))]


def key_set(members: list[Member]) -> KeySet:
    """Return a set of keys. Raises InvalidKeyError for the first key that cannot be used."""
    for member in members:
        _as_key(member)
    keys = KeySet(members)
    for skipped in keys.skipped:
        raise InvalidKeyError(f"Key {skipped.source} of the set cannot be used: {skipped.reason}")
    return keys


def serving(keys: KeySet) -> list[str]:
    """Return the algorithms whose signatures the keys can verify."""
    entries = keys.find(use="sig", operation="verify")
    return [name for name in ALGORITHMS if any(entry.serves(name) for entry in entries)]


def named_algorithms(keys: KeySet, able: list[str]) -> list[str]:
    """Return those that the keys name: a token must not choose its algorithm."""
    named = {entry.alg for entry in keys}
    return [name for name in able if name in named]


def _read_encrypted(
    read: Callable[[bytes, bytes | None], Key], data: bytes, password: bytes | None
) -> Key:
    try:
        return read(data, password)
    except PasswordRequiredError:
        raise PasswordRequiredError(
            "The private key is encrypted: specify --password-env"
        ) from None


def _read_json(text: bytes) -> list[Member]:
    try:
        jwk = json.loads(text)
    except (ValueError, RecursionError):
        # `from None`: the original error contains the text, which may contain secrets.
        raise InvalidKeyError("The key begins like a JWK but is not valid JSON") from None
    if "keys" not in jwk:
        return [jwk]
    if not isinstance(jwk["keys"], list) or not jwk["keys"]:
        raise InvalidKeyError("The JWK Set has no keys")
    return jwk["keys"]


def _as_key(member: Member) -> Key:
    if isinstance(member, Key):
        return member
    if not isinstance(member, dict):
        raise InvalidKeyError("A JWK must be a JSON object")
    return Key.from_jwk(member)


def _without_line_break(data: bytes) -> bytes:
    return data.removesuffix(b"\n").removesuffix(b"\r")
