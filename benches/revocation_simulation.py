"""A thousand workers with copies of a list of revoked tokens, and a Redis that is often away.

In virtual time: the workers' own code (`RedisRevocationList`) makes the decisions; only Redis, the
waiting and the network are left out. A refresh is lost with some probability, and Redis is away
altogether now and then. A revoked token must never be accepted after `max_staleness`.

Run with: python benches/revocation_simulation.py
"""

from __future__ import annotations

import heapq
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from statistics import quantiles
from typing import Any

import redis
from rapidjwt.exceptions import RevokedTokenError, StoreUnavailableError
from rapidjwt.revocation import memory
from rapidjwt.revocation import redis as in_redis

WORKERS = 1000
DURATION = 120  # seconds
REFRESH, MAX_STALENESS = 1, 10
SECONDS_BETWEEN_REVOCATIONS = 2
CHECKS_PER_SECOND = 1  # of one worker
AWAY = ((20, 24), (50, 75))


class Clock:
    """Virtual time, in the place of the module `time`."""

    now = 1_800_000_000.0

    def time(self) -> float:
        """Return the time."""
        return self.now

    monotonic = time


@dataclass
class Stream:
    """The server: a stream that all workers read."""

    clock: Clock
    start: float
    entries: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def is_away(self) -> bool:
        """Return whether no request reaches the server."""
        return any(begin <= self.clock.now - self.start < end for begin, end in AWAY)


class Client:
    """The client of one worker, whose connection loses requests."""

    def __init__(self, stream: Stream, random: Random, loss: float) -> None:
        """Set the server, and the probability that a request is lost."""
        self.connection_pool = self
        self.connection_kwargs: dict[str, Any] = {}
        self._stream, self._random, self._loss = stream, random, loss

    def set(self) -> None:
        """Look like a client of redis-py."""

    def _answer(self) -> None:
        if self._stream.is_away() or self._random.random() < self._loss:
            raise redis.TimeoutError

    def xadd(self, _name: str, fields: dict[str, str], **_: Any) -> str:
        """Add an entry and return its number."""
        self._answer()
        entries = self._stream.entries
        number = f"{int(self._stream.clock.now * 1000)}-{len(entries)}"
        entries.append((number, fields))
        return number

    def xrange(self, _name: str, **options: Any) -> list[tuple[str, dict[str, str]]]:
        """Return entries from one on."""
        self._answer()
        entries = self._stream.entries
        first = int(options["min"].partition("-")[2] or 0)
        return entries[first : first + options["count"]]


@dataclass
class Result:
    """What the workers did."""

    delays: list[float] = field(default_factory=list)
    accepted_late: int = 0
    checks: int = 0
    unavailable: int = 0


def simulate(loss: float, seed: int = 1) -> Result:
    """Return what happens when refreshes are lost with this probability."""
    random, clock, result = Random(seed), Clock(), Result()
    memory.time = in_redis.time = clock
    in_redis._start = lambda _: object()  # noqa: SLF001 - the refreshes are events of the simulation
    stream = Stream(clock, clock.now)

    def make(loss: float) -> Any:
        client = Client(stream, random, loss)
        return in_redis.RedisRevocationList(
            client, 3600, refresh=REFRESH, max_staleness=MAX_STALENESS
        )

    workers, revoker = [make(loss) for _ in range(WORKERS)], make(0)
    revoked_at: list[float] = []
    first_seen: dict[tuple[int, int], float] = {}
    events: list[tuple[float, int, str, int]] = [(clock.now + 1, 0, "revoke", 0)]
    for number in range(WORKERS):
        events.append((clock.now + random.random() * REFRESH, len(events), "refresh", number))
        events.append((clock.now + random.random(), len(events), "check", number))
    heapq.heapify(events)
    end = clock.now + DURATION
    while events[0][0] < end:
        clock.now, _, kind, number = heapq.heappop(events)
        if kind == "revoke":
            wait = SECONDS_BETWEEN_REVOCATIONS
            if not stream.is_away():
                revoker.revoke_token(f"token {len(revoked_at)}")
                revoked_at.append(clock.now)
        elif kind == "refresh":
            wait = REFRESH
            with suppress(StoreUnavailableError):
                workers[number].refresh()
        else:
            wait = 1 / CHECKS_PER_SECOND
            check(workers[number], number, revoked_at, clock.now, first_seen, result)
        heapq.heappush(
            events, (clock.now + wait, len(first_seen) + random.getrandbits(40), kind, number)
        )
    return result


def check(
    worker: Any,
    number: int,
    revoked_at: list[float],
    now: float,
    first_seen: dict[tuple[int, int], float],
    result: Result,
) -> None:
    """Send the latest revoked tokens to a worker."""
    for token in range(max(0, len(revoked_at) - 6), len(revoked_at)):
        result.checks += 1
        age = now - revoked_at[token]
        try:
            worker.check({"jti": f"token {token}"}, {})
        except RevokedTokenError:
            if (number, token) not in first_seen:
                first_seen[number, token] = now
                result.delays.append(age)
        except StoreUnavailableError:
            result.unavailable += 1
        else:
            result.accepted_late += age > MAX_STALENESS


def main() -> None:
    """Print a table, and fail if the promise was broken."""
    print(
        f"{WORKERS} workers, {DURATION} s, a refresh every {REFRESH} s, max_staleness "
        f"{MAX_STALENESS} s; Redis is away for {', '.join(str(b - a) for a, b in AWAY)} s.\n"
    )
    print("| lost refreshes | accepted after the bound | until refused: p50, p99, max (s) | 503 |")
    print("| ---: | ---: | ---: | ---: |")
    broken = False
    for loss in (0, 0.1, 0.5, 0.9):
        result = simulate(loss)
        cuts = quantiles(result.delays, n=100)
        times = f"{cuts[49]:.1f}, {cuts[98]:.1f}, {max(result.delays):.1f}"
        share = 100 * result.unavailable / result.checks
        print(f"| {loss:.0%} | {result.accepted_late} | {times} | {share:.1f} % |", flush=True)
        broken |= result.accepted_late > 0
    if broken:
        raise SystemExit("a revoked token was accepted after the bound")


if __name__ == "__main__":
    main()
