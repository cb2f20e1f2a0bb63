"""Objects that must adapt when the process forks, such as those that have a lock."""

from __future__ import annotations

import os
import weakref

#: The objects, each of which is notified in the child of a fork.
_forked: weakref.WeakSet[ForkAware] = weakref.WeakSet()


class ForkAware:
    """The base of objects whose `_after_fork` is called in the child of a fork."""

    def __init__(self) -> None:
        """Register the object."""
        _forked.add(self)

    def _after_fork(self) -> None:
        raise NotImplementedError


def _after_fork_in_child() -> None:
    for each in list(_forked):
        each._after_fork()  # noqa: SLF001 - ours


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_after_fork_in_child)
