"""Reading of a JSON serialization without verifying it (RFC 7515 and 7516, Section 7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .unverified import (
    ENCRYPTED,
    UnverifiedToken,
    check_claims,
    check_header,
    read_json_object,
    read_object,
    read_segment,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


def read_unverified_json(text: str) -> UnverifiedToken:
    """Read a token in a JSON serialization, general or flattened; never raise an exception."""
    token = UnverifiedToken()
    document = read_json_object(token, "token", text.encode("utf-8", "replace"))
    if document is None:
        return token
    if "ciphertext" in document:
        _read_encrypted(token, document)
    else:
        _read_signed(token, document)
    if len(token.headers) == 1:
        token.header = token.headers[0]
    return token


def _read_encrypted(token: UnverifiedToken, document: dict[str, Any]) -> None:
    shared = _protected(token, document) | _object(document, "unprotected")
    for recipient in _members(document, "recipients"):
        token.headers.append(shared | _object(recipient, "header"))
    token.find("error", "token", *ENCRYPTED)


def _read_signed(token: UnverifiedToken, document: dict[str, Any]) -> None:
    payload = document.get("payload")
    if "payload" not in document:
        token.find(
            "error", "claims", "detached", "The payload is detached: it is not in the token."
        )
    elif isinstance(payload, str):
        token.claims = read_object(token, "claims", payload)
    else:
        token.find("error", "claims", "malformed", "The payload is not a string.")
    for member in _members(document, "signatures"):
        header = _protected(token, member) | _object(member, "header")
        text = member.get("signature")
        token.signature = read_segment(token, "signature", text if isinstance(text, str) else "*")
        token.headers.append(header)
        check_header(token, header)
    if token.claims is not None:
        check_claims(token, token.claims)


def _members(document: dict[str, Any], name: str) -> Iterable[dict[str, Any]]:
    """Return the recipients or signatures: those of the general serialization, or the only one."""
    members = document.get(name, [document])
    members = members if isinstance(members, list) else []
    return [member for member in members if isinstance(member, dict)]


def _protected(token: UnverifiedToken, members: dict[str, Any]) -> dict[str, Any]:
    text = members.get("protected", "e30")
    return read_object(token, "header", text if isinstance(text, str) else "*") or {}


def _object(members: dict[str, Any], name: str) -> dict[str, Any]:
    value = members.get(name, {})
    return value if isinstance(value, dict) else {}
