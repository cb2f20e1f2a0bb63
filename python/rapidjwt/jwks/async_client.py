"""The keys of a provider, for programs with asyncio."""

from __future__ import annotations

import asyncio
import time
from inspect import isawaitable
from typing import TYPE_CHECKING

from rapidjwt.exceptions import PyJWTError
from rapidjwt.key_set import KeySet

from .arguments import naming_the_nearest, refuse_proxy_of_transport
from .async_transport import HttpxTransport
from .base_client import BaseClient
from .discovery import Issuer
from .endpoint import DEFAULT_MAX_BYTES, Endpoint
from .headers import checked, header_source, reporting_failures

if TYPE_CHECKING:
    from collections.abc import Callable
    from ssl import SSLContext

    from typing_extensions import Self, Unpack

    from .arguments import AsyncClientArguments
    from .endpoint import Fetched
    from .messages import AsyncHeaders, AsyncTransport
    from .policy import RefreshPolicy


class AsyncJWKSClient(BaseClient["asyncio.Task[None]"]):
    """`JWKSClient` for asyncio: what waits there for a thread waits here for a task.

    It may be used from several event loops; each of them runs at most one fetch at a time. A
    refresh in the background is a task of the loop that needed it.
    """

    @naming_the_nearest
    def __init__(
        self,
        url: str | Issuer,
        *,
        refresh_policy: RefreshPolicy | None = None,
        headers: AsyncHeaders | None = None,
        timeout: float = 5,
        max_bytes: int = DEFAULT_MAX_BYTES,
        ssl_context: SSLContext | None = None,
        allow_http: bool = False,
        proxy: str | None = None,
        transport: AsyncTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] | None = None,
    ) -> None:
        """Create a client for the JWK Set at `url`.

        Arguments are those of `JWKSClient`, but `timeout` is for the whole of each request,
        `transport` is used instead of httpx, and a function for `headers` may be a coroutine
        function. A proxy may also be https://, to which `ssl_context` applies too, or, with
        httpx[socks], socks5://.

        Raises PyJWKClientError for a URL, headers or a proxy that cannot be used, ImportError when
        there is neither httpx nor a transport.
        """
        refuse_proxy_of_transport(proxy, transport)
        endpoint = Endpoint(url, max_bytes=max_bytes, allow_http=allow_http, clock=clock)
        super().__init__(endpoint, refresh_policy, clock, random)
        self._headers = header_source(headers)
        # A transport of the caller's may raise anything. What ours does not raise comes from
        # elsewhere: from the handler of a signal.
        self._failures: tuple[type[Exception], ...] = (Exception,)
        if transport is None:
            transport = httpx_transport = HttpxTransport(
                timeout=timeout, max_bytes=max_bytes, ssl_context=ssl_context, proxy=proxy
            )
            ours = (PyJWTError, OSError, ValueError, asyncio.TimeoutError)
            self._failures = (*ours, *httpx_transport.failures)
        self._transport = transport
        self._timeout = timeout
        self._flights: set[asyncio.Task[None]] = set()  # at most one of each event loop

    @classmethod
    def from_issuer(cls, issuer: str, **arguments: Unpack[AsyncClientArguments]) -> Self:
        """Return a client for the keys of an issuer; see `JWKSClient.from_issuer`."""
        return cls(Issuer(issuer), **arguments)

    async def key_set(self) -> KeySet:
        """Return the keys: from memory, without waiting, if they may be used; otherwise fetched.

        Errors are those of `JWKSClient.key_set`.
        """
        self._forget_lost()
        return await self._resolve(self._current_keys(), self._memory.required_keys)

    async def newer_key_set(self, seen: KeySet) -> KeySet:
        """Return keys other than `seen`, which lacks one, or `seen` if there are none.

        Errors are those of `JWKSClient.newer_key_set`.
        """
        self._forget_lost()
        return await self._resolve(self._newer_keys(seen), lambda: self._memory.newer_keys(seen))

    async def refresh(self) -> KeySet:
        """Fetch the keys now, or wait for the fetch under way; errors as `key_set`."""
        return await self._resolve(self._fresh_keys(), self._memory.refreshed_keys)

    async def _resolve(
        self, keys: KeySet | asyncio.Task[None], fetched: Callable[[], KeySet]
    ) -> KeySet:
        """Return the keys, or wait for the fetch that will bring them."""
        if isinstance(keys, KeySet):
            return keys
        await asyncio.shield(keys)
        with self._memory.lock:
            return fetched()

    def _flight_here(self) -> asyncio.Task[None] | None:
        """Return the fetch in progress in this event loop."""
        loop = _event_loop()
        # A copy, because a loop in another thread may end its fetch meanwhile.
        flying = (flight for flight in tuple(self._flights) if flight.get_loop() is loop)
        return next((flight for flight in flying if not flight.done()), None)

    def _is_fetching(self) -> bool:
        return self._flight_here() is not None

    def _board(self) -> asyncio.Task[None]:
        # A task of its own, which goes on when a task that waits for it is cancelled.
        flight = self._flight_here()
        if flight is None:
            self._memory.started()
            flight = _event_loop().create_task(self._run(), name="rapidjwt-jwks")
            self._flights.add(flight)  # the event loop itself has only a weak reference
            flight.add_done_callback(self._flights.discard)
        return flight

    def _run_in_background(self, fetch: asyncio.Task[None]) -> None:
        """Do nothing: the event loop runs its tasks."""

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
        exchange = self._endpoint.fetch(await self._current_headers())
        request = next(exchange)
        while True:
            response = await asyncio.wait_for(self._transport(request), self._timeout)
            try:
                request = exchange.send(response)
            except StopIteration as stop:
                fetched: Fetched = stop.value
                return fetched

    async def _current_headers(self) -> dict[str, str]:
        headers = self._headers
        if isinstance(headers, dict):
            return headers
        with reporting_failures():
            returned = headers()
            if isawaitable(returned):
                returned = await asyncio.wait_for(returned, self._timeout)
        return checked(returned)

    def _land(self, result: Fetched | BaseException) -> None:
        with self._memory.lock:
            self._memory.finished(self._endpoint.described, result)

    def _after_fork(self) -> None:
        super()._after_fork()
        self._flights = set()  # tasks of event loops that do not run here


def _event_loop() -> asyncio.AbstractEventLoop:
    """Return the running event loop; raise RuntimeError if it is not one of asyncio."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError(
            "AsyncJWKSClient needs asyncio: elsewhere, for example under trio, use a JWKSClient "
            "and call decode in a thread"
        ) from None
