"""Reading of a token without verifying it, and of what is wrong with it.

Nothing here verifies, and no result makes a token trustworthy.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from rapidjwt._rapidjwt import decode_segment

from .keys import ALGORITHMS
from .times import NAMES, duration, is_number, now

Level: TypeAlias = Literal["error", "warning"]

#: Parameters by which a token could name its own key (RFC 7515 Sections 4.1.2 to 4.1.6).
_KEY_SOURCES = ("jku", "jwk", "x5u", "x5c")
#: The claims that are strings (RFC 7519 Sections 4.1.1, 4.1.2 and 4.1.7).
_STRING_CLAIMS = ("iss", "sub", "jti")
#: The minimum size of RSA keys (RFC 7518 Sections 3.3 and 3.5).
_MINIMUM_RSA_BITS = 2048
#: A time in the year 5138; in milliseconds the same number is a time in 1973.
_LAST_SECOND = 100_000_000_000
#: More names than these are counted: a token of 16 MB can repeat a million.
_MAX_DUPLICATES = 20
#: The code and the message for a token that is not decrypted.
ENCRYPTED = ("encrypted", "It is encrypted (JWE, RFC 7516): --key shows what is inside.")
_PARTS = 3
_ENCRYPTED_PARTS = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault: an "error" makes the token invalid, now or forever; a "warning" may be intended.

    `code` is stable, for scripts; `part` is "token", "header", "claims" or "signature".
    """

    level: Level
    part: str
    code: str
    message: str


@dataclass(slots=True)
class UnverifiedToken:
    """The parts of a token that could be read, None for the others, and the findings about them."""

    header: dict[str, Any] | None = None
    #: In a JSON serialization: of each signature, or each recipient.
    headers: list[dict[str, Any]] = field(default_factory=list)
    claims: dict[str, Any] | None = None
    #: If it was decrypted: the header of the encryption, and content that is not a JSON object.
    encryption_header: dict[str, Any] | None = None
    content: str | None = None
    #: Of an SD-JWT: its disclosures, and the header and the claims of its key binding JWT.
    disclosures: list[dict[str, Any]] | None = None
    key_binding: dict[str, Any] | None = None
    signature: bytes | None = None
    findings: list[Finding] = field(default_factory=list)

    @property
    def is_readable(self) -> bool:
        """Whether the header and what it is about could be read."""
        if self.encryption_header is not None and self.content is not None:
            return True
        has_header = bool(self.header is not None or self.headers or self.encryption_header)
        return has_header and self.claims is not None

    def find(self, level: Level, part: str, code: str, message: str) -> None:
        """Add a finding."""
        self.findings.append(Finding(level, part, code, message))


def read_unverified(text: str) -> UnverifiedToken:
    """Read a token in compact serialization (RFC 7515 Section 7.1); never raise an exception."""
    token = UnverifiedToken()
    segments = text.split(".")
    if len(segments) != _PARTS:
        token.find("error", "token", *_wrong_number(text, len(segments)))
    if len(segments) == _ENCRYPTED_PARTS:
        token.header = read_object(token, "header", segments[0])
        return token
    header, claims, signature = [*segments, "", ""][:_PARTS]
    token.header = read_object(token, "header", header)
    token.claims = read_object(token, "claims", claims)
    token.signature = read_segment(token, "signature", signature)
    if token.header is not None:
        check_header(token, token.header)
    if token.claims is not None:
        check_claims(token, token.claims)
    return token


def _wrong_number(text: str, count: int) -> tuple[str, str]:
    if not text:
        return "empty", "There is no token."
    if count == _ENCRYPTED_PARTS:
        return ENCRYPTED
    return "malformed", f"It has {count} part{'s' * (count > 1)}; header.payload.signature has 3."


def read_segment(token: UnverifiedToken, part: str, segment: str) -> bytes | None:
    """Return the bytes of a part; what is wrong with it is a finding."""
    data = decode_segment(segment.encode("utf-8", "replace"))
    if data is None:
        token.find("error", part, "malformed", f"The {part} part is not base64url.")
    return data


def read_object(token: UnverifiedToken, part: str, segment: str) -> dict[str, Any] | None:
    """Return the JSON object of a part; what is wrong with it is a finding."""
    data = read_segment(token, part, segment)
    return None if data is None else read_json_object(token, part, data)


def read_json_object(token: UnverifiedToken, part: str, data: bytes) -> dict[str, Any] | None:
    """Return a JSON object; what is wrong with it is a finding."""
    twice: list[str] = []
    try:
        value = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=lambda pairs: _collect(pairs, twice),
            parse_float=_finite,
            parse_constant=_finite,
        )
    except (ValueError, RecursionError):
        token.find("error", part, "malformed", f"The {part} part is not JSON in UTF-8.")
        return None
    if not isinstance(value, dict):
        token.find("error", part, "malformed", f"The {part} part is not a JSON object.")
        return None
    _find_duplicates(token, part, twice)
    return value


def _find_duplicates(token: UnverifiedToken, part: str, twice: list[str]) -> None:
    for name in twice[:_MAX_DUPLICATES]:
        token.find("error", part, "duplicate-name", f"{_quoted(name)} occurs twice.")
    if len(twice) > _MAX_DUPLICATES:
        message = f"{len(twice) - _MAX_DUPLICATES} more names occur twice."
        token.find("error", part, "duplicate-name", message)


def _collect(pairs: list[tuple[str, Any]], twice: list[str]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice.extend(name for name, count in counts.items() if count > 1)
    return members


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):  # RFC 8259 Section 6
        raise ValueError(f"{text} is not a JSON number")
    return number


def check_header(token: UnverifiedToken, header: dict[str, Any]) -> None:
    """Find what is wrong with the header of a signature."""
    _check_algorithm(token, header.get("alg"))
    for name in _KEY_SOURCES:
        if name in header:
            message = f'The token names its own key in "{name}", which must not be trusted.'
            token.find("warning", "header", "key-in-header", message)
    if "crit" in header:
        message = f'"crit" requires extensions: {_quoted(header["crit"])}.'
        token.find("warning", "header", "crit", message)


def _check_algorithm(token: UnverifiedToken, algorithm: Any) -> None:
    if algorithm is None:
        token.find("error", "header", "alg-missing", 'There is no "alg".')
    elif not isinstance(algorithm, str):
        token.find("error", "header", "alg-unknown", '"alg" is not a string.')
    elif algorithm.lower() == "none":
        token.find("error", "header", "alg-none", '"alg" is "none": the token is not signed.')
    elif algorithm not in ALGORITHMS:
        token.find(
            "error",
            "header",
            "alg-unknown",
            f'"alg" is not a known algorithm: {_quoted(algorithm)}.',
        )
    elif token.signature is not None and not token.signature:
        token.find("error", "signature", "signature-missing", "The signature is empty.")
    elif token.signature is not None and algorithm.startswith(("RS", "PS")):
        _check_rsa_size(token, 8 * len(token.signature))


def _check_rsa_size(token: UnverifiedToken, bits: int) -> None:
    """Check the size of an RSA key: signatures are as long as the modulus (RFC 8017 Section 8)."""
    if bits < _MINIMUM_RSA_BITS:
        message = f"An RSA key of {bits} bits is too weak; the minimum is {_MINIMUM_RSA_BITS}."
        token.find("error", "signature", "weak-key", message)


def check_claims(token: UnverifiedToken, claims: dict[str, Any]) -> None:
    """Find what is wrong with the claims."""
    if "exp" not in claims:
        token.find(
            "warning", "claims", "exp-missing", 'There is no "exp": the token never expires.'
        )
    for name in NAMES:
        if name in claims:
            _check_time(token, name, claims[name])
    for name in _STRING_CLAIMS:
        if not isinstance(claims.get(name, ""), str):
            token.find("error", "claims", f"{name}-not-a-string", f'"{name}" is not a string.')
    audience = claims.get("aud", "")
    names = audience if isinstance(audience, list) else [audience]
    if not all(isinstance(name, str) for name in names):
        message = '"aud" is neither a string nor a list of strings.'
        token.find("error", "claims", "aud-not-strings", message)


def _check_time(token: UnverifiedToken, name: str, value: Any) -> None:
    if not is_number(value):
        message = f'"{name}" is not a number: {_quoted(value)}.'
        token.find("error", "claims", f"{name}-not-a-number", message)
        return
    if abs(value) > _LAST_SECOND:
        message = f'"{name}" is beyond the year 5138: times are in seconds, not milliseconds.'
        token.find("warning", "claims", f"{name}-out-of-range", message)
        return
    left = value - now()
    if name == "exp" and left <= 0:
        token.find("error", "claims", "expired", f"It expired {duration(-left)} ago.")
    elif name == "nbf" and left > 0:
        token.find("error", "claims", "not-yet-valid", f"It becomes valid in {duration(left)}.")
    elif name == "iat" and left > 0:
        message = f"It was issued {duration(left)} in the future."
        token.find("error", "claims", "issued-in-the-future", message)


def _quoted(value: Any) -> str:
    """Return the beginning of JSON, without a look at the rest, which may be nested too deeply."""
    longest = 60
    text = ""
    for piece in json.JSONEncoder(ensure_ascii=False).iterencode(value):
        text += piece
        if len(text) > longest:
            return text[:longest] + "..."
    return text
