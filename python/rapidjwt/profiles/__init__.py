"""What standards demand of a kind of token, as data for a `Verifier` or a `Signer`.

See docs/profiles.md for what each of them demands, with the sections of its standard.
"""

from __future__ import annotations

from .profile import Profile
from .standard import (
    ACCESS_TOKEN,
    ACCESS_TOKEN_LENIENT,
    ALL,
    AUTHORIZATION_GRANT,
    CLIENT_ASSERTION,
    CLIENT_ASSERTION_LENIENT,
    ID_TOKEN,
    LOGOUT_TOKEN,
    SECURITY_EVENT,
    login,
)

__all__ = [
    "ACCESS_TOKEN",
    "ACCESS_TOKEN_LENIENT",
    "ALL",
    "AUTHORIZATION_GRANT",
    "CLIENT_ASSERTION",
    "CLIENT_ASSERTION_LENIENT",
    "ID_TOKEN",
    "LOGOUT_TOKEN",
    "SECURITY_EVENT",
    "Profile",
    "login",
]
