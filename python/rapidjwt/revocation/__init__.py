"""Revoked tokens: lists that a `Verifier` looks at. See docs/guides/revocation.md."""

from __future__ import annotations

from .memory import RevocationList

__all__ = ["RevocationList"]
