"""The load of JWKS clients on a provider, and the effect of a hanging provider on them.

First it simulates a day of a thousand worker processes in virtual time: the clients' own code
(`KeyMemory`, `RefreshPolicy`) makes the decisions; only the waiting and the network are left out.
Then it measures in real time how long tokens take while the refresh of their keys hangs.

Run with: python benches/jwks_simulation.py
"""

from __future__ import annotations

import asyncio
import heapq
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from statistics import quantiles
from typing import TYPE_CHECKING, Any, cast

import rapidjwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from rapidjwt.exceptions import PyJWKClientError
from rapidjwt.jwks import AsyncJWKSClient, JWKSClient, RefreshPolicy
from rapidjwt.jwks.endpoint import Fetched
from rapidjwt.jwks.memory import KeyMemory

if TYPE_CHECKING:
    from collections.abc import Callable

    from rapidjwt.key_set import KeySet

MINUTE = 60
HOUR = 60 * MINUTE

WORKERS = 1000
DURATION = 24 * HOUR
START_WITHIN = MINUTE
SECONDS_BETWEEN_TOKENS = 30  # of one worker, on average
TOKEN_LIFETIME = 10 * MINUTE
MAX_AGE = 15 * MINUTE
OUTAGE = (11 * HOUR + 45 * MINUTE, 12 * HOUR + 15 * MINUTE)  # with a rotation in the middle

HANG_SECONDS = 3
THREADS = 8
TASKS = 500


# --- a day in virtual time ---


@dataclass(frozen=True)
class Scenario:
    """The events of the day."""

    name: str
    policy: RefreshPolicy
    outage: tuple[float, float] | None
    announced_hours: int  # how long a key is in the set before its first use


SCENARIOS = (
    Scenario("announced rotation, 30 minutes of outage", RefreshPolicy(), OUTAGE, 1),
    Scenario("the same without jitter", RefreshPolicy(jitter=0), OUTAGE, 1),
    Scenario("rotation without announcement, no outage", RefreshPolicy(), None, 0),
)


class Provider:
    """Changes its signing key every hour; the previous one stays in the set for an hour."""

    def __init__(self, scenario: Scenario, clock: Callable[[], float]) -> None:
        """Start the day."""
        self.fetches_per_minute: Counter[int] = Counter()
        self._scenario = scenario
        self._clock = clock
        self._sets: dict[int, frozenset[int]] = {}

    def fetch(self) -> Fetched | PyJWKClientError:
        """Return the current keys, or raise an error in the outage."""
        now = self._clock()
        self.fetches_per_minute[int(now // MINUTE)] += 1
        outage = self._scenario.outage
        if outage is not None and outage[0] <= now < outage[1]:
            return PyJWKClientError("down")
        hour = int(now // HOUR)
        newest = hour + self._scenario.announced_hours
        key_ids = self._sets.setdefault(hour, frozenset(range(hour - 1, newest + 1)))
        # The memory does not look into a set, so numbers can represent keys.
        return Fetched(cast("KeySet", key_ids), MAX_AGE)


def has_key(keys: KeySet, key_id: int) -> bool:
    """Return whether the simulated provider's keys, which are numbers, have this one."""
    return key_id in cast("frozenset[int]", keys)


class Worker:
    """One process: the client's memory, and the steps of the client without their waiting."""

    def __init__(self, provider: Provider, memory: KeyMemory) -> None:
        """Start without keys."""
        self._provider = provider
        self._memory = memory

    def accepts(self, key_id: int) -> bool:
        """Return whether a token with this key can be verified, as by `Verifier.decode`."""
        try:
            keys = self._key_set()
            if not has_key(keys, key_id):
                if self._memory.should_fetch_newer(keys):
                    self._fetch()
                keys = self._memory.newer_keys(keys)
        except PyJWKClientError:
            return False
        return has_key(keys, key_id)

    def _key_set(self) -> KeySet:
        keys, must_fetch = self._memory.serve(is_fetching=False)
        if must_fetch:
            self._fetch()
        return keys or self._memory.required_keys()

    def _fetch(self) -> None:
        self._memory.started()
        self._memory.finished("the provider", self._provider.fetch())


@dataclass
class Day:
    """The results."""

    fetches: list[int]  # in each minute
    tokens: int
    refused: int
    longest_refusal: float  # seconds after the rotation


def simulate(scenario: Scenario, seed: int = 1) -> Day:
    """Simulate the day."""
    random = Random(seed)
    now = 0.0

    def clock() -> float:
        return now

    provider = Provider(scenario, clock)
    workers = [
        Worker(provider, KeyMemory(scenario.policy, clock, random.random)) for _ in range(WORKERS)
    ]
    arrivals = [(random.uniform(0, START_WITHIN), number) for number in range(WORKERS)]
    heapq.heapify(arrivals)
    day = Day([], 0, 0, 0.0)
    while arrivals[0][0] < DURATION:
        now, number = arrivals[0]
        issued_at = max(0.0, now - random.uniform(0, TOKEN_LIFETIME))
        day.tokens += 1
        if not workers[number].accepts(int(issued_at // HOUR)):
            day.refused += 1
            day.longest_refusal = max(day.longest_refusal, now % HOUR)
        heapq.heapreplace(arrivals, (now + random.expovariate(1 / SECONDS_BETWEEN_TOKENS), number))
    day.fetches = [provider.fetches_per_minute[minute] for minute in range(DURATION // MINUTE)]
    return day


def report_days() -> None:
    print(
        f"{WORKERS} workers for {DURATION // HOUR} hours, a token every {SECONDS_BETWEEN_TOKENS} s "
        f"each; hourly rotation; max-age {MAX_AGE} s; all start within {START_WITHIN} s\n"
    )
    columns = ("mean", "peak", "in the outage", "refused tokens")
    print(f"{'fetches per minute at the provider':<44}{''.join(f'{name:>16}' for name in columns)}")
    for scenario in SCENARIOS:
        day = simulate(scenario)
        first, last = (int(moment // MINUTE) for moment in scenario.outage or (0, 0))
        in_outage = day.fetches[first:last]
        usual = [
            fetches
            for minute, fetches in enumerate(day.fetches)
            if minute >= MAX_AGE // MINUTE and not first <= minute < last
        ]
        cells = (
            f"{sum(day.fetches) / len(day.fetches):.0f}",
            f"{max(usual)}",
            f"{max(in_outage, default=0)}",
            f"{day.refused} of {day.tokens}",
        )
        print(f"{scenario.name:<44}{''.join(f'{cell:>16}' for cell in cells)}")
        if day.refused:
            print(
                f"  the last refusal {day.longest_refusal:.1f} s after a rotation, "
                f"cooldown {scenario.policy.cooldown:.0f} s"
            )
    print("\n(peaks are those after the first lifetime: at first every worker needs its keys)")


# --- a provider that hangs, in real time ---


class HangingProvider:
    """Responds to the first request, and delays the response to the others for some seconds."""

    def __init__(self) -> None:
        """Generate a key and start serving it."""
        private = ec.generate_private_key(ec.SECP256R1())
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        key = rapidjwt.Key.from_pem(pem)
        self.token = rapidjwt.encode({"sub": "user"}, key, "ES256", headers={"kid": "known"})
        body = json.dumps({"keys": [key.to_jwk() | {"kid": "known"}]}).encode()
        answered = threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if answered.is_set():
                    time.sleep(HANG_SECONDS)
                answered.set()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()


#: The first, for comparison, causes no refresh; with the other, keys are due when they arrive.
POLICIES = {
    "no refresh": RefreshPolicy(),
    "refresh hangs": RefreshPolicy(min_lifetime=0, default_lifetime=0),
}


def timed(call: Callable[[], object], latencies: list[float]) -> None:
    start = time.perf_counter()
    call()
    latencies.append(time.perf_counter() - start)


def latencies_of_threads(policy: RefreshPolicy) -> list[float]:
    """Verify in threads for as long as a refresh would hang."""
    provider = HangingProvider()
    client = JWKSClient(provider.url, allow_http=True, refresh_policy=policy, timeout=30)
    verifier = rapidjwt.Verifier(jwks=client, algorithms=["ES256"])
    verifier.decode(provider.token)
    latencies: list[float] = []
    end = time.perf_counter() + HANG_SECONDS

    def work() -> None:
        while time.perf_counter() < end:
            timed(lambda: verifier.decode(provider.token), latencies)
            time.sleep(0.001)

    threads = [threading.Thread(target=work) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return latencies


async def latencies_of_tasks(policy: RefreshPolicy) -> list[float]:
    """Verify in tasks for as long as a refresh would hang."""
    provider = HangingProvider()
    client = AsyncJWKSClient(provider.url, allow_http=True, refresh_policy=policy, timeout=30)
    verifier = rapidjwt.Verifier(jwks=client, algorithms=["ES256"])
    await verifier.decode_async(provider.token)
    latencies: list[float] = []
    end = time.perf_counter() + HANG_SECONDS

    async def work() -> None:
        while time.perf_counter() < end:
            start = time.perf_counter()
            await verifier.decode_async(provider.token)
            latencies.append(time.perf_counter() - start)
            await asyncio.sleep(0.1)

    await asyncio.gather(*(work() for _ in range(TASKS)))
    return latencies


def report_latencies(name: str, latencies: list[float]) -> None:
    cuts = quantiles(latencies, n=100)
    p50, p99, worst = (1000 * value for value in (cuts[49], cuts[98], max(latencies)))
    print(f"{name:<28}{len(latencies):>10}{p50:>10.3f}{p99:>10.3f}{worst:>10.3f}")


def main() -> None:
    report_days()
    print(f"\nmilliseconds for a token with a known key while the refresh hangs {HANG_SECONDS} s\n")
    print(f"{'':<28}{'tokens':>10}{'p50':>10}{'p99':>10}{'max':>10}")
    for name, policy in POLICIES.items():
        report_latencies(f"{THREADS} threads, {name}", latencies_of_threads(policy))
        report_latencies(f"{TASKS} tasks, {name}", asyncio.run(latencies_of_tasks(policy)))


if __name__ == "__main__":
    main()
