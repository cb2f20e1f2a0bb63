"""Reading of a token in any serialization without verifying it."""

from __future__ import annotations

from .unverified import UnverifiedToken, read_unverified
from .unverified_json import read_unverified_json
from .unverified_sd_jwt import add_disclosures, has_disclosures, read_unverified_sd_jwt


def read_any_form(text: str) -> UnverifiedToken:
    """Read a token in compact form, in JSON, or with disclosures; never raise an exception."""
    if not text.startswith("{"):
        return read_unverified_sd_jwt(text) if "~" in text else read_unverified(text)
    token = read_unverified_json(text)
    if has_disclosures(token):
        add_disclosures(token, text)
    return token
