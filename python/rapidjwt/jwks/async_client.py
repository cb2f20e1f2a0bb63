"""The keys of a provider, for programs with asyncio."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from rapidjwt.exceptions import PyJWTError

from .async_transport import HttpxTransport
from .discovery import Issuer
from .endpoint import DEFAULT_MAX_BYTES, Endpoint
from .memory import ForkAware, JWKSMetrics, KeyMemory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from ssl import SSLContext

    from typing_extensions import Self

    from rapidjwt.key_set import KeySet

    from .endpoint import Fetched
    from .messages import AsyncTransport
    from .policy import RefreshPolicy


class AsyncJWKSClient(ForkAware):
    """`JWKSClient` for asyncio: where the other client blocks a thread, this one suspends a task.

    It may be used from several event loops; each of them runs at most one fetch at a time. A
    refresh in the background is a task of the loop that needed it.
    """

    def __init__(
        self,
        url: str | Issuer,
        *,
        refresh_policy: RefreshPolicy | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 5,
        max_bytes: int = DEFAULT_MAX_BYTES,
        ssl_context: SSLContext | None = None,
        allow_http: bool = False,
        transport: AsyncTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] | None = None,
    ) -> None:
        """Create a client for the JWK Set at `url`.

        The arguments are those of `JWKSClient`, but `timeout` applies to each request as a whole,
        and `transport` is used instead of httpx. Raises PyJWKClientError for a URL that cannot be
        used, ImportError if there is neither httpx nor a transport.
        """
        super().__init__()
        self._endpoint = Endpoint(
            url, headers=headers, max_bytes=max_bytes, allow_http=allow_http, clock=clock
        )
        # The caller's transport may raise any exception. An exception that the transport here
        # cannot raise comes from elsewhere: from a signal handler.
        self._failures: tuple[type[Exception], ...] = (Exception,)
        if transport is None:
            transport = httpx_transport = HttpxTransport(
                timeout=timeout, max_bytes=max_bytes, ssl_context=ssl_context
            )
            ours = (PyJWTError, OSError, ValueError, asyncio.TimeoutError)
            self._failures = (*ours, *httpx_transport.failures)
        self._transport = transport
        self._timeout = timeout
        self._memory = KeyMemory(refresh_policy, clock, random)
        self._flights: set[asyncio.Task[None]] = set()  # at most one per event loop

    @classmethod
    def from_issuer(cls, issuer: str, **arguments: Any) -> Self:
        """Return a client for the keys of an issuer; see `JWKSClient.from_issuer`."""
        return cls(Issuer(issuer), **arguments)

    @property
    def issuer(self) -> str | None:
        """The issuer that the client was made from, which its tokens must name; None for a URL."""
        return self._endpoint.issuer

    @property
    def metrics(self) -> JWKSMetrics:
        """The current counters."""
        with self._memory.lock:
            return self._memory.metrics

    async def key_set(self) -> KeySet:
        """Return the keys: from memory, without waiting, if they may be used; otherwise fetched.

        Errors are those of `JWKSClient.key_set`.
        """
        memory = self._memory
        self._forget_lost()
        with memory.lock:
            keys = memory.serve()
            is_flying = self._flight_here() is not None
            if keys is not None and (is_flying or not memory.is_due()):
                return keys
            if keys is None and not is_flying and not memory.may_fetch_without_keys():
                raise memory.last_error()
            waits = keys is None or memory.must_wait()
            flight = self._board()
        if keys is not None and not waits:
            return keys
        await asyncio.shield(flight)
        with memory.lock:
            return memory.required_keys()

    async def newer_key_set(self, seen: KeySet) -> KeySet:
        """Return keys other than `seen`, which lacks one, or `seen` if there are none.

        Errors are those of `JWKSClient.newer_key_set`.
        """
        memory = self._memory
        self._forget_lost()
        with memory.lock:
            if self._flight_here() is None and not memory.should_fetch_newer(seen):
                return memory.newer_keys(seen)
            flight = self._board()
        await asyncio.shield(flight)
        with memory.lock:
            return memory.newer_keys(seen)

    async def refresh(self) -> KeySet:
        """Fetch the keys now, or wait for the fetch in progress; errors are those of `key_set`."""
        with self._memory.lock:
            flight = self._board()
        await asyncio.shield(flight)
        with self._memory.lock:
            if self._memory.error is not None:
                raise self._memory.last_error()
            return self._memory.required_keys()

    def _flight_here(self) -> asyncio.Task[None] | None:
        """Return the fetch in progress in this event loop."""
        loop = asyncio.get_running_loop()
        # A copy, because a loop in another thread may end its fetch meanwhile.
        flying = (flight for flight in tuple(self._flights) if flight.get_loop() is loop)
        return next((flight for flight in flying if not flight.done()), None)

    def _board(self) -> asyncio.Task[None]:
        """Return the fetch in progress, or start one. The caller holds the lock.

        It is a separate task, which continues if a task that waits for it is cancelled.
        """
        flight = self._flight_here()
        if flight is None:
            self._memory.started()
            flight = asyncio.get_running_loop().create_task(self._run(), name="rapidjwt-jwks")
            self._flights.add(flight)  # the event loop itself has only a weak reference
            flight.add_done_callback(self._flights.discard)
        return flight

    def _forget_lost(self) -> None:
        """Treat fetches whose event loop was closed as cancelled, because they never end."""
        lost = [flight for flight in tuple(self._flights) if flight.get_loop().is_closed()]
        for flight in lost:
            with self._memory.lock:
                is_first = flight in self._flights  # another thread may have found it too
                self._flights.discard(flight)
                if is_first and not flight.done():
                    self._memory.cancelled()

    async def _run(self) -> None:
        try:
            self._land(await self._fetch())
        except self._failures as error:
            self._land(error)
        except GeneratorExit:  # deleted, maybe with the lock held: `_forget_lost` handles it
            raise
        except BaseException:  # cancelled: its event loop is going down
            with self._memory.lock:
                self._memory.cancelled()
            raise

    async def _fetch(self) -> Fetched:
        exchange = self._endpoint.fetch()
        request = next(exchange)
        while True:
            response = await asyncio.wait_for(self._transport(request), self._timeout)
            try:
                request = exchange.send(response)
            except StopIteration as stop:
                fetched: Fetched = stop.value
                return fetched

    def _land(self, result: Fetched | BaseException) -> None:
        with self._memory.lock:
            self._memory.finished(self._endpoint.name, result)

    def _after_fork(self) -> None:
        self._memory.after_fork()
        self._flights = set()  # tasks of event loops that do not run here
