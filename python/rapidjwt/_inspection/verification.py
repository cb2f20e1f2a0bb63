"""Verification of a token in any serialization, for `rapidjwt verify`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from rapidjwt.exceptions import DecodeError
from rapidjwt.sd_jwt import SDJWTVerifier

if TYPE_CHECKING:
    from rapidjwt._rapidjwt import Verifier


class VerifiedToken(NamedTuple):
    """The parts of a token that was verified."""

    header: dict[str, Any]
    claims: dict[str, Any]
    #: Of an SD-JWT with a key binding JWT: the claims of the latter.
    key_binding: dict[str, Any] | None = None


class TokenDecoder:
    """Verifies JWTs and SD-JWTs; with a nonce, only SD-JWTs with a key binding for it."""

    def __init__(self, verifier: Verifier, nonce: str | None, audience: str | None) -> None:
        """Take a nonce and the audience of the key binding, or neither."""
        self._verifier = verifier
        self._binding = {} if nonce is None else {"nonce": nonce, "audience": audience}
        self._presentations = SDJWTVerifier(
            verifier, key_binding="refused" if nonce is None else "required"
        )

    def decode(self, text: str) -> VerifiedToken:
        """Verify a token; the errors are those of `Verifier.decode` and `SDJWTVerifier.verify`."""
        document = _json(text)
        if self._binding or "~" in text or _has_disclosures(document):
            verified = self._presentations.verify(text, **self._binding)
            return VerifiedToken(verified.header, verified.claims, verified.key_binding)
        token = text if document is None else _compact(document)
        decoded = self._verifier.decode_complete(token)
        return VerifiedToken(decoded["header"], decoded["payload"])


def _json(text: str) -> Any:
    """Return the JSON of a token in a JSON serialization; None for a compact one."""
    if not text.startswith("{"):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise DecodeError("The token starts with a brace and is not JSON") from None


def _has_disclosures(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    signatures = document.get("signatures") or [document]
    first = signatures[0] if isinstance(signatures, list) else None
    header = first.get("header") if isinstance(first, dict) else None
    return isinstance(header, dict) and "disclosures" in header


def _compact(document: Any) -> str:
    """Return the compact form of a flattened JSON serialization (RFC 7515 Section 7.2.2)."""
    names = ("protected", "payload", "signature")
    parts = [document.get(name) for name in names]
    if set(document) != set(names) or not all(isinstance(part, str) for part in parts):
        raise DecodeError(
            "Of the JSON serializations, only the flattened one of a signed token without an "
            "unprotected header is verified here; rapidjwt.jws_json verifies the others"
        )
    if any("." in part for part in parts):
        raise DecodeError("A part of the token is not base64url")
    return ".".join(parts)
