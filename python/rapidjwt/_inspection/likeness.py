"""Which profile an unverified token seems to follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rapidjwt._rapidjwt import profile_gaps
from rapidjwt.profiles import (
    ACCESS_TOKEN_LENIENT,
    ALL,
    CLIENT_ASSERTION_LENIENT,
    ID_TOKEN,
    LOGOUT_TOKEN,
    SECURITY_EVENT,
    Profile,
)
from rapidjwt.profiles.standard import LOGOUT_EVENT

#: Claims by which an application knows what a client may do.
_OF_ACCESS_TOKENS = ("scope", "scp", "client_id", "cid", "azp", "roles", "permissions")
_OF_ID_TOKENS = ("nonce", "at_hash", "c_hash")


@dataclass(frozen=True)
class Likeness:
    """The profile that a token seems to follow, and what it lacks for it."""

    profile: str
    lacks: list[str]


def likeness(header: dict[str, Any], claims: dict[str, Any]) -> Likeness | None:
    """Return which profile an unverified token seems to follow; None if it is like none."""
    profile = _by_type(header.get("typ")) or _by_claims(claims)
    if profile is None:
        return None
    return Likeness(profile.name, profile_gaps(profile, header, claims))


def _by_type(typ: Any) -> Profile | None:
    """Return the profile whose own `typ` it is; "JWT" belongs to none."""
    name = str(typ).lower().removeprefix("application/")
    for profile in ALL.values():
        if profile.typ and profile.typ[0] == name:
            return profile
    return None


def _by_claims(claims: dict[str, Any]) -> Profile | None:
    events = claims.get("events")
    if isinstance(events, dict):
        return LOGOUT_TOKEN if LOGOUT_EVENT in events else SECURITY_EVENT
    if any(name in claims for name in _OF_ID_TOKENS):
        return ID_TOKEN
    if "iss" in claims and claims["iss"] == claims.get("sub"):
        return CLIENT_ASSERTION_LENIENT
    if any(name in claims for name in _OF_ACCESS_TOKENS) or {"iss", "sub", "aud"} <= {*claims}:
        return ACCESS_TOKEN_LENIENT
    return None
