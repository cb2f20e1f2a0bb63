"""Reading of an SD-JWT without verifying it (RFC 9901)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapidjwt.exceptions import DecodeError
from rapidjwt.sd_jwt import SDJWT

from .unverified import read_unverified

if TYPE_CHECKING:
    from typing import Any

    from .unverified import UnverifiedToken


def read_unverified_sd_jwt(text: str) -> UnverifiedToken:
    """Read an SD-JWT in compact form; never raise an exception."""
    token = read_unverified(text.split("~", 1)[0])
    add_disclosures(token, text)
    return token


def has_disclosures(token: UnverifiedToken) -> bool:
    """Return whether the headers of a JSON serialization are those of an SD-JWT."""
    return any("disclosures" in header for header in token.headers)


def add_disclosures(token: UnverifiedToken, text: str) -> None:
    """Read the disclosures and the key binding of an SD-JWT in any form."""
    try:
        parsed = SDJWT.parse(text)
        found = parsed.disclosures
    except DecodeError as error:
        token.find("error", "token", "disclosures", f"{error}.")
        return
    token.disclosures = [
        {"path": list(one.path), "value": one.value, "salt": one.salt} for one in found
    ]
    if parsed.key_binding_jwt is not None:
        token.key_binding = _key_binding(token, parsed.key_binding_jwt)


def _key_binding(token: UnverifiedToken, jwt: str) -> dict[str, Any]:
    bound = read_unverified(jwt)
    # Its age is for the verifier to decide; it needs no `exp`.
    token.findings += [one for one in bound.findings if one.code != "exp-missing"]
    return {"header": bound.header, "claims": bound.claims}
