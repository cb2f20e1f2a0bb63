"""What a store of a key ring does."""

from __future__ import annotations

from typing import Any, Protocol


class KeyRingStore(Protocol):
    """Holds the state of one key ring, a text of some kilobytes; safe to share between threads."""

    def load(self) -> bytes | None:
        """Return the state, or None if there is none yet.

        Raises StoreUnavailableError if the store cannot tell.
        """
        ...

    def replace(self, old: bytes | None, new: bytes, /) -> bool:
        """Store `new` if the state is still `old`, in one step, and return whether it was.

        Of several calls at once with the same `old`, exactly one returns True. Raises
        StoreUnavailableError if the state cannot be stored.
        """
        ...


def checked_store(store: Any) -> KeyRingStore:
    """Return the store; raise TypeError for an object that is not one."""
    methods = [getattr(store, name, None) for name in ("load", "replace")]
    if isinstance(store, type) or not all(map(callable, methods)):
        raise TypeError(
            "Expected a store of a key ring, such as DirectoryStore(path), got "
            f"{store.__name__ if isinstance(store, type) else type(store).__name__}"
        )
    found: KeyRingStore = store
    return found
