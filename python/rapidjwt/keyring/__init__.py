"""Keys of an issuer that rotate. See docs/guides/key-rotation.md."""

from __future__ import annotations

from .directory import DirectoryStore
from .holders import RemoteKeys
from .ring import KeyRing
from .signer import RingSigner
from .state import RingKey, Schedule
from .store import KeyRingStore

__all__ = [
    "DirectoryStore",
    "KeyRing",
    "KeyRingStore",
    "RemoteKeys",
    "RingKey",
    "RingSigner",
    "Schedule",
]
