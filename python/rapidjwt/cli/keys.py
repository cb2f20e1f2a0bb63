"""Reading of keys in any format, which is detected from the content."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import TYPE_CHECKING, Any

from rapidjwt._rapidjwt import Key, algorithm_table
from rapidjwt.exceptions import InvalidKeyError
from rapidjwt.key_set import KeySet

from .exit_code import Failure

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
_DER_SEQUENCE = b"\x30"
#: Set in the first byte of a DER length if the length follows in as many bytes as the others say.
_LONG_FORM = 0x80


def read_key(data: bytes, password: bytes | None = None) -> Key:
    """Read one key; errors as for `read_members`. A JWK Set must contain one key."""
    members = read_members(data, password)
    if len(members) != 1:
        raise Failure(f"Exactly one key is required, but the JWK Set has {len(members)}")
    return _as_key(members[0])


def read_members(data: bytes, password: bytes | None = None) -> list[Member]:
    """Read a key, or the members of a JWK Set (RFC 7517 Section 5).

    JSON and OpenSSH are recognized by their first characters, PEM by its BEGIN line, DER by its
    structure. Anything else is an HMAC secret, without the line break that editors put at the end
    of a text.

    Raises InvalidKeyError for what looks like a key but is not valid or is encoded once more, and
    for a secret that contains a public key.
    """
    text = data.removeprefix(b"\xef\xbb\xbf").strip()
    if text.startswith(_JSON):
        return _read_json(text)
    if _PEM in data:
        return [_read_encrypted(Key.from_pem, data, password)]
    if text.startswith(_SSH):
        return [Key.from_ssh(text)]
    if _is_der(data):
        return [_read_encrypted(Key.from_der, data, password)]
    if password is not None:
        raise InvalidKeyError("A password was given, but the key is not encrypted")
    _refuse_encoded_key(data)
    return [Key.from_secret(_without_line_break(data))]


def key_set(members: list[Member]) -> KeySet:
    """Return a set of keys. Raises Failure for the first key that cannot be used."""
    for member in members:
        _as_key(member)
    keys = KeySet(members)
    for skipped in keys.skipped:
        raise Failure(f"Key {skipped.source} of the set cannot be used: {skipped.reason}")
    return keys


def serving(keys: KeySet) -> list[str]:
    """Return the algorithms whose signatures the keys can verify."""
    entries = keys.find(use="sig", operation="verify")
    return [name for name in ALGORITHMS if any(entry.serves(name) for entry in entries)]


def _read_encrypted(
    read: Callable[[bytes, bytes | None], Key], data: bytes, password: bytes | None
) -> Key:
    try:
        return read(data, password)
    except InvalidKeyError as error:
        if "encrypted: pass its password" not in str(error):
            raise
    raise InvalidKeyError("The private key is encrypted: specify --password-env")


def _refuse_encoded_key(data: bytes) -> None:
    """Raise InvalidKeyError for a key in UTF-16 or base64, which is not an HMAC secret."""
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        if _is_text_of_key(data.decode(encoding, "replace").encode()):
            raise InvalidKeyError("The key is in UTF-16: convert it to UTF-8")
    text = b"".join(data.split())
    try:
        decoded = b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except ValueError:
        return
    if _is_der(decoded):
        raise InvalidKeyError(
            "The key is DER in base64: put a BEGIN and an END line around it, or decode it with"
            " `base64 -d`"
        )
    if _is_text_of_key(decoded):
        raise InvalidKeyError("The key is encoded in base64: decode it with `base64 -d`")


def _is_text_of_key(data: bytes) -> bool:
    """Return whether bytes are PEM, an OpenSSH key or a JWK."""
    text = data.strip()
    if _PEM in text or text.startswith(_SSH):
        return True
    try:
        document = json.loads(text) if text.startswith(_JSON) else None
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and not document.keys().isdisjoint(("kty", "keys"))


def _is_der(data: bytes) -> bool:
    """Return whether bytes are one SEQUENCE that its elements fill, which no secret is by chance.

    A secret may well begin with the same byte, which is the digit 0.
    """
    at, end = _der_value(data, 0)
    if not data.startswith(_DER_SEQUENCE) or end != len(data):
        return False
    while at < end:
        _, at = _der_value(data, at)
    return at == end


def _der_value(data: bytes, at: int) -> tuple[int, int]:
    """Return where the value of the DER element at an offset begins, and where it should end."""
    size = int.from_bytes(data[at + 1 : at + 2], "big")
    begin = at + 2
    if size & _LONG_FORM:
        length_end = begin + (size ^ _LONG_FORM)
        size = int.from_bytes(data[begin:length_end], "big")
        begin = length_end
    return begin, begin + size


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
