"""The claim `cnf`: what a token is bound to (RFC 7800 Section 3)."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from .exceptions import TokenBindingError

if TYPE_CHECKING:
    from collections.abc import Mapping


def confirmation(claims: Mapping[str, Any], member: str) -> str | None:
    """Return a member of the claim `cnf`; None if it is absent.

    Raises TokenBindingError for one that is malformed, which nothing can confirm.
    """
    cnf = claims.get("cnf")
    if cnf is None:
        return None
    value = cnf.get(member, "") if isinstance(cnf, dict) else None
    if not isinstance(value, str):
        raise TokenBindingError("The access token is bound to something unknown (cnf)")
    return value if member in cnf else None


def is_confirmed(claimed: str, thumbprint: str) -> bool:
    """Return whether a claimed thumbprint is this one, in constant time."""
    return hmac.compare_digest(claimed.encode(errors="replace"), thumbprint.encode())
