"""One-time tokens: stores that remember what was seen. See docs/guides/one-time-tokens.md."""

from __future__ import annotations

from .memory import MemoryReplayStore
from .store import AnyReplayStore, AsyncReplayStore, ReplayStore

__all__ = ["AnyReplayStore", "AsyncReplayStore", "MemoryReplayStore", "ReplayStore"]
