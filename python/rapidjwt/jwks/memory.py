"""The keys and counters of a client, for threads and tasks alike, without I/O or waiting."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from random import SystemRandom
from typing import TYPE_CHECKING, Any

from .endpoint import ProviderBusyError, as_client_error
from .policy import RefreshPolicy, RefreshSchedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from rapidjwt.exceptions import PyJWKClientError
    from rapidjwt.key_set import KeySet

    from .endpoint import Fetched


@dataclass(slots=True)
class JWKSMetrics:
    """Counters since the client was created.

    `fetches` were started, and `failures` of them failed. `hits` are key sets returned from memory,
    and `stale_serves` are those of them that were older than their lifetime.
    """

    fetches: int = 0
    hits: int = 0
    stale_serves: int = 0
    failures: int = 0


class KeyMemory:
    """The keys of one client, and the decisions about them.

    Every method expects the caller to hold `lock`, which is never held while waiting.
    """

    def __init__(
        self,
        policy: RefreshPolicy | None,
        clock: Callable[[], float],
        random: Callable[[], float] | None,
    ) -> None:
        """Start without keys."""
        self.lock = threading.Lock()
        self._keys: KeySet | None = None
        self.error: PyJWKClientError | None = None
        self._was_cancelled = False
        self._metrics = JWKSMetrics()
        self._clock = clock
        self._schedule = RefreshSchedule(policy or RefreshPolicy(), random or SystemRandom().random)

    @property
    def metrics(self) -> JWKSMetrics:
        """A copy of the counters."""
        return replace(self._metrics)

    def serve(self, *, is_fetching: bool) -> tuple[KeySet | None, bool]:
        """Return keys for a caller who asks for them, and whether to fetch.

        Without keys the caller waits for the fetch; with keys it runs in the background.

        Raises the error of the last fetch when there are no keys and it is too early for another.
        """
        now = self._clock()
        schedule = self._schedule
        if self._keys is None or not schedule.is_usable(now):
            if not is_fetching and not schedule.may_fetch_without_keys(now):
                raise self.last_error()
            return None, True
        must_fetch = not is_fetching and schedule.is_due(now)
        if must_fetch and self._was_cancelled:  # a second refresh may be cancelled like the last
            return None, True
        self._metrics.hits += 1
        if schedule.is_expired(now):
            self._metrics.stale_serves += 1
        return self._keys, must_fetch

    def usable(self) -> Any:
        """Return what `serve` would return without a wait, or None."""
        is_usable = self._keys is not None and self._schedule.is_usable(self._clock())
        return self._keys if is_usable else None

    def should_fetch_newer(self, seen: KeySet) -> bool:
        """Return whether a caller that did not find a key in `seen` may fetch newer keys."""
        if self._keys is not seen:
            return False
        return self._schedule.may_fetch_for_unknown_kid(self._clock())

    def newer_keys(self, seen: KeySet) -> KeySet:
        """Return the keys to search after `seen`: other keys, or the same.

        Raises the error of the last fetch if that is why the keys are still the same.
        """
        if self._keys is None or (self._keys is seen and self.error is not None):
            raise self.last_error()
        return self._keys

    def required_keys(self) -> KeySet:
        """Return the keys for a caller that waited for a fetch, or raise the error of that fetch.

        Keys that were just fetched may be used by this caller, however short their lifetime is.
        """
        usable = self.error is None or self._schedule.is_usable(self._clock())
        if self._keys is None or not usable:
            raise self.last_error()
        return self._keys

    def refreshed_keys(self) -> KeySet:
        """Return the keys, for a caller who asked for a fetch; raises its error."""
        if self.error is not None:
            raise self.last_error()
        return self.required_keys()

    def started(self) -> None:
        """Record that a fetch starts."""
        self._was_cancelled = False
        self._metrics.fetches += 1
        self._schedule.started(self._clock())

    def finished(self, described: str, result: Fetched | BaseException) -> None:
        """Record the result of a fetch of what is described so."""
        if isinstance(result, BaseException):
            self.error = as_client_error(described, result)
            self._metrics.failures += 1
            retry_after = result.retry_after if isinstance(result, ProviderBusyError) else None
            self._schedule.failed(self._clock(), retry_after)
        else:
            self._keys = result.keys
            self.error = None
            self._schedule.succeeded(result.lifetime)

    def cancelled(self) -> None:
        """Record that a fetch was abandoned, which is not the provider's fault."""
        self._metrics.fetches -= 1
        self._schedule.cancelled()
        self._was_cancelled = True

    def last_error(self) -> PyJWKClientError:
        """Return a copy of the last fetch's error for another caller.

        A shared object would collect the tracebacks of all callers.
        """
        error = self.error
        if error is None:
            raise RuntimeError("no fetch has failed")  # callers check this
        copy = type(error)(*error.args)
        copy.__cause__ = error
        return copy

    def after_fork(self) -> None:
        """Adapt to the child of a fork: another thread of the parent may have held the lock.

        Keys stay. The time of the next refresh is chosen again, so that the children of one parent
        do not all refresh at once.
        """
        self.lock = threading.Lock()
        self._schedule.spread()
