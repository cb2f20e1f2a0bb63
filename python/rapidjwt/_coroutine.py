"""Coroutines that never suspend, which native code cannot create."""

from __future__ import annotations

TYPE_CHECKING = False  # like typing's, whose import takes longer than ours
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


async def call(method: Callable[[str | bytes], dict[str, Any]], token: str | bytes) -> Any:
    """Call a method with a token when awaited."""
    return method(token)
