"""What was read of an unverified token, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from .likeness import likeness
from .times import moments

if TYPE_CHECKING:
    from .likeness import Likeness
    from .unverified import UnverifiedToken


def report(token: UnverifiedToken) -> dict[str, Any]:
    """Return the members that docs/command-line.md lists for `rapidjwt inspect --json`."""
    further = {
        "encryption_header": token.encryption_header,
        "headers": token.headers or None,
        "content": token.content,
        "disclosures": token.disclosures,
        "key_binding": token.key_binding,
    }
    return {
        "verified": False,
        "header": token.header,
        "claims": token.claims,
        **{name: value for name, value in further.items() if value is not None},
        "times": {name: asdict(moment) for name, moment in moments(token.claims or {}).items()},
        "findings": [asdict(finding) for finding in token.findings],
        "profile": None if (like := likeness_of(token)) is None else asdict(like),
    }


def likeness_of(token: UnverifiedToken) -> Likeness | None:
    """Return which profile a token seems to follow; None if it is like none, or unreadable."""
    if token.header is None or token.claims is None:
        return None
    return likeness(token.header, token.claims)
