"""Token Status Lists: the status of tokens, one or a few bits each, in a list that is signed.

They follow draft-ietf-oauth-status-list-20. See docs/guides/status-lists.md.
"""

from __future__ import annotations

from .client import StatusListClient
from .issuer import MEDIA_TYPE, StatusListIssuer
from .statuses import Status, Statuses

__all__ = ["MEDIA_TYPE", "Status", "StatusListClient", "StatusListIssuer", "Statuses"]
