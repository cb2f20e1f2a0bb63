"""What the clients for threads and for tasks have in common: all but how they wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from rapidjwt._fork import ForkAware

from .memory import JWKSMetrics, KeyMemory

if TYPE_CHECKING:
    from collections.abc import Callable

    from rapidjwt.key_set import KeySet

    from .endpoint import Endpoint
    from .policy import RefreshPolicy

#: A fetch that a caller can wait for.
_Fetch = TypeVar("_Fetch")


class BaseClient(ForkAware, Generic[_Fetch]):
    """Decides for each caller whether to use keys, fetch them or wait for somebody else's fetch.

    Methods that return "keys or a fetch" return the keys for a caller who does not have to wait.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        refresh_policy: RefreshPolicy | None,
        clock: Callable[[], float],
        random: Callable[[], float] | None,
    ) -> None:
        """Start without keys."""
        super().__init__()
        self._endpoint = endpoint
        self._memory = KeyMemory(refresh_policy, clock, random)

    @property
    def issuer(self) -> str | None:
        """The issuer that the client was made from, which its tokens must name; None for a URL."""
        return self._endpoint.issuer

    @property
    def metrics(self) -> JWKSMetrics:
        """The counters at this moment."""
        with self._memory.lock:
            return self._memory.metrics

    def _current_keys(self) -> KeySet | _Fetch:
        """Return keys or a fetch; raise the last error if it is too early for another fetch."""
        memory = self._memory
        with memory.lock:
            keys, must_fetch = memory.serve(is_fetching=self._is_fetching())
            if keys is not None and not must_fetch:
                return keys
            fetch = self._board()
        if keys is None:
            return fetch
        self._run_in_background(fetch)
        return keys

    def _newer_keys(self, seen: KeySet) -> KeySet | _Fetch:
        """Return keys or a fetch, for a caller who did not find a key in `seen`."""
        memory = self._memory
        with memory.lock:
            if not self._is_fetching() and not memory.should_fetch_newer(seen):
                return memory.newer_keys(seen)
            return self._board()

    def _fresh_keys(self) -> _Fetch:
        """Return a fetch, whatever is in memory."""
        with self._memory.lock:
            return self._board()

    def _is_fetching(self) -> bool:
        """Whether a fetch is under way that this caller can wait for. The caller holds the lock."""
        raise NotImplementedError

    def _board(self) -> _Fetch:
        """Return the fetch under way, or begin one. The caller holds the lock."""
        raise NotImplementedError

    def _run_in_background(self, fetch: _Fetch) -> None:
        """Go on with a fetch that was begun, while its caller does something else."""
        raise NotImplementedError

    def _after_fork(self) -> None:
        self._memory.after_fork()
