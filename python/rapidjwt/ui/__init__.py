"""A local page that shows, verifies, signs and compares tokens: `rapidjwt ui`.

It needs the standard library only. See docs/debugger.md.
"""

from __future__ import annotations

from .server import PageServer

__all__ = ["PageServer"]
