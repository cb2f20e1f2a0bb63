"""Coroutines that wait for nothing, which native code cannot make."""

from __future__ import annotations

TYPE_CHECKING = False  # as typing has it, whose import costs more than ours
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


async def call(method: Callable[[str | bytes], dict[str, Any]], token: str | bytes) -> Any:
    """Call a method with a token when awaited."""
    return method(token)
