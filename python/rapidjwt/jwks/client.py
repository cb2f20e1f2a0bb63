"""The keys of a provider, for programs with threads."""

from __future__ import annotations

import threading
import time
from functools import wraps
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from rapidjwt.exceptions import PyJWKClientConnectionError, PyJWTError

from .arguments import naming_the_nearest, refuse_proxy_of_transport
from .base_client import BaseClient
from .discovery import Issuer
from .endpoint import DEFAULT_MAX_BYTES, Endpoint
from .headers import checked, header_source, reporting_failures
from .transport import UrllibTransport

if TYPE_CHECKING:
    from collections.abc import Callable
    from ssl import SSLContext

    from typing_extensions import Self, Unpack

    from rapidjwt.key_set import KeySet

    from .arguments import ClientArguments
    from .endpoint import Fetched
    from .messages import Headers, Transport
    from .policy import RefreshPolicy

    _Method = TypeVar("_Method", bound=Callable[..., Any])


class _Flight:
    """A fetch in progress, in the thread `owner` until it gets a thread of its own."""

    def __init__(self) -> None:
        self.owner: int | None = threading.get_ident()
        self.has_landed = False
        # Not an Event: an interrupt in its methods can leave its own lock locked forever.
        self.waiters: list[threading.Lock] = []

    def land(self) -> None:
        """Wake the callers that wait. The caller of this method holds the client's lock."""
        self.has_landed = True
        for waiter in tuple(self.waiters):
            if waiter.locked():  # it is not after an interrupted call
                waiter.release()

    def wait(self, seconds: float) -> bool:
        """Wait until the fetch has ended, and return whether it has."""
        waiter = threading.Lock()
        waiter.acquire()
        self.waiters.append(waiter)
        return self.has_landed or waiter.acquire(timeout=seconds)


class _Boarded(NamedTuple):
    """A fetch under way, and whether the caller has begun it, who then must run it."""

    flight: _Flight
    is_ours: bool


def _abandoning(method: _Method) -> _Method:
    """Let others fetch if an interrupt ends a method, at any point, that has started a fetch."""

    @wraps(method)
    def guarded(self: JWKSClient, *arguments: Any) -> Any:
        try:
            return method(self, *arguments)
        except BaseException as error:
            self._abandon(error)
            raise

    return cast("_Method", guarded)


class JWKSClient(BaseClient[_Boarded]):
    """Fetches the keys of a provider, keeps them, and refreshes them before they expire.

    `Verifier(jwks=client, algorithms=...)` verifies tokens with them.

    However many threads need keys, only one request is sent at a time. Keys in memory are returned
    immediately, even while a refresh runs or hangs, and for a limited time while the provider is
    down; `RefreshPolicy` has the times. No thread is started and nothing is fetched until keys are
    needed.

    It is safe to share between threads, and to create before a fork (gunicorn with preload).
    """

    #: What makes the endpoint; another one reads something other than a JWK Set.
    _endpoint_type: Callable[..., Endpoint] = Endpoint

    @naming_the_nearest
    def __init__(
        self,
        url: str | Issuer,
        *,
        refresh_policy: RefreshPolicy | None = None,
        headers: Headers | None = None,
        timeout: float = 5,
        max_bytes: int = DEFAULT_MAX_BYTES,
        ssl_context: SSLContext | None = None,
        allow_http: bool = False,
        proxy: str | None = None,
        transport: Transport | None = None,
        clock: Callable[[], float] = time.monotonic,
        random: Callable[[], float] | None = None,
    ) -> None:
        """Create a client for the JWK Set at `url`.

        The arguments:
            url: its address. Redirects are not followed.
            refresh_policy: when to fetch; None means `RefreshPolicy()`.
            headers: sent with each request to the host of `url`, in addition to ours. A function
                without arguments is called for each fetch, for credentials that change.
            timeout: seconds to connect, and again for the whole answer.
            max_bytes: the largest answer that is read.
            ssl_context: None means Python's default one.
            allow_http: whether http is allowed beside https.
            proxy: the URL of an HTTP proxy (http://user:password@host:port); None means those of
                the environment.
            transport: sends the requests instead of urllib; then timeouts and SSL are its own.
            clock: gives seconds that do not run backwards.
            random: gives numbers from 0 up to 1, for the jitter.

        Raises PyJWKClientError for a URL, headers or a proxy that cannot be used.
        """
        refuse_proxy_of_transport(proxy, transport)
        endpoint = self._endpoint_type(url, max_bytes=max_bytes, allow_http=allow_http, clock=clock)
        super().__init__(endpoint, refresh_policy, clock, random)
        self._headers = header_source(headers)
        self._transport = transport or UrllibTransport(
            timeout=timeout, max_bytes=max_bytes, ssl_context=ssl_context, proxy=proxy
        )
        # The caller's transport may raise any exception. An exception that the transport here
        # cannot raise comes from elsewhere: from a signal handler.
        ours = (PyJWTError, OSError, HTTPException, ValueError)
        self._failures: tuple[type[Exception], ...] = (Exception,) if transport else ours
        self._longest_wait = timeout * 2 * endpoint.most_requests
        self._flight: _Flight | None = None
        self._newest = _Flight()  # the fetch that was started last, whether or not it has ended

    @classmethod
    def from_issuer(cls, issuer: str, **arguments: Unpack[ClientArguments]) -> Self:
        """Return a client for the keys of an issuer, found through its metadata.

        `issuer` is its identifier, exactly as in `iss`. A `Verifier` with this client accepts only
        tokens of this issuer, unless its own `issuer` argument names others. When keys are fetched,
        the metadata are read from the address of OpenID Connect Discovery 1.0 Section 4, or else
        from that of RFC 8414 Section 3. Other arguments and errors are those of `JWKSClient`.
        """
        return cls(Issuer(issuer), **arguments)

    @_abandoning
    def key_set(self) -> KeySet:
        """Return the keys: from memory if they may be used, otherwise fetched.

        Raises PyJWKClientError, or its subclass PyJWKClientConnectionError, if they cannot be
        fetched; soon after such a failure, this happens without another attempt.
        """
        return self._resolve(self._current_keys(), self._memory.required_keys)

    @_abandoning
    def newer_key_set(self, seen: KeySet) -> KeySet:
        """Return keys other than `seen`, which lacks one, or `seen` if there are none.

        A request is sent at most once per `RefreshPolicy.cooldown`. Raises PyJWKClientError if the
        last request failed.
        """
        return self._resolve(self._newer_keys(seen), lambda: self._memory.newer_keys(seen))

    @_abandoning
    def refresh(self) -> KeySet:
        """Fetch the keys now, or wait for the fetch under way; errors as `key_set`."""
        return self._resolve(self._fresh_keys(), self._memory.refreshed_keys)

    def _resolve(self, keys: KeySet | _Boarded, fetched: Callable[[], KeySet]) -> KeySet:
        """Return the keys, or wait for the fetch that will bring them."""
        if not isinstance(keys, _Boarded):
            return keys
        self._wait_for(keys)
        with self._memory.lock:
            return fetched()

    def _is_fetching(self) -> bool:
        return self._flight is not None

    def _board(self) -> _Boarded:
        if self._flight is not None:
            return _Boarded(self._flight, is_ours=False)
        self._memory.started()
        self._flight = self._newest = _Flight()
        return _Boarded(self._flight, is_ours=True)

    def _wait_for(self, fetch: _Boarded) -> None:
        flight = fetch.flight
        if fetch.is_ours:
            self._run(flight)
            flight = self._newest  # another one, if this took so long that it was abandoned
        if not flight.wait(self._longest_wait):
            self._forget(flight)
            raise PyJWKClientConnectionError(
                f"{self._endpoint.described} cannot be fetched: timed out"
            )

    def _run_in_background(self, fetch: _Boarded) -> None:
        flight = fetch.flight
        thread = threading.Thread(
            target=self._run, args=(flight,), name="rapidjwt-jwks", daemon=True
        )
        try:
            thread.start()
            flight.owner = None
        except RuntimeError as error:  # no more threads, or the interpreter is going down
            self._land(flight, error)

    def _run(self, flight: _Flight) -> None:
        try:
            result: Fetched | Exception = self._fetch()
        except self._failures as error:
            result = error
        except BaseException as error:
            self._land(flight, error)
            raise
        self._land(flight, result)

    def _fetch(self) -> Fetched:
        exchange = self._endpoint.fetch(self._current_headers())
        request = next(exchange)
        while True:
            response = self._transport(request)
            try:
                request = exchange.send(response)
            except StopIteration as stop:
                fetched: Fetched = stop.value
                return fetched

    def _current_headers(self) -> dict[str, str]:
        headers = self._headers
        if isinstance(headers, dict):
            return headers
        with reporting_failures():
            returned = headers()
        return checked(returned)

    def _land(self, flight: _Flight, result: Fetched | BaseException) -> None:
        with self._memory.lock:
            if flight is self._newest:  # else the response may be older than the keys
                self._memory.finished(self._endpoint.described, result)
            # This comes first: an interrupt between the two would leave callers waiting.
            flight.land()
            if self._flight is flight:
                self._flight = None

    def _abandon(self, error: BaseException) -> None:
        """End the fetch that this thread has started and will not continue."""
        flight = self._flight
        if flight is not None and flight.owner == threading.get_ident():
            self._land(flight, error)

    def _forget(self, flight: _Flight) -> None:
        """Allow another fetch to start in place of one that does not end."""
        with self._memory.lock:
            if self._flight is flight:
                self._flight = None

    def _after_fork(self) -> None:
        super()._after_fork()
        self._flight = None  # its thread lives in the parent only
