"""What one-time tokens, revocation and proofs of possession cost: `make bench-token-state`.

Every result is checked before it is timed. Prints a Markdown table of microseconds per call: the
best of several rounds, because other programs only ever add time. Redis is started on a port of
its own if it is installed.
"""

from __future__ import annotations

import platform
import shutil
import socket
import subprocess
import tempfile
import time
import timeit
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import redis
from machine import cpu_model, installed_versions, today
from rapidjwt import Key, Signer, Verifier
from rapidjwt.dpop import DPoPProver, DPoPVerifier
from rapidjwt.exceptions import RevokedTokenError
from rapidjwt.replay import MemoryReplayStore
from rapidjwt.replay.redis import RedisReplayStore
from rapidjwt.revocation import RevocationList
from rapidjwt.revocation.redis import RedisRevocationList

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROUNDS = 15
ENTRIES = 100_000
HEADER = {"alg": "ES256", "kid": "2026-11"}
URL = "https://api.example/orders/7"


def microseconds(call: Callable[[], Any], *, waits: bool) -> float:
    """Return the best time of one call: of the processor, unless it waits for a server."""
    calls, timer = (200, time.perf_counter) if waits else (5000, time.process_time)
    return min(timeit.repeat(call, timer=timer, number=calls, repeat=ROUNDS)) / calls * 1e6


def asks(store: Any) -> Callable[[], Any]:
    """Return a call that asks a store about a new token each time, after a check."""
    ids, until = iter([f"token {number}" for number in range(ROUNDS * 5000)]), time.time() + 3600
    assert not store.seen_before("https://auth.example", "x", until)
    assert store.seen_before("https://auth.example", "x", until)
    return lambda: store.seen_before("https://auth.example", next(ids), until)


def checks(revoked: RevocationList) -> Callable[[], Any]:
    """Return a call that checks a token against a list of many others, after a check."""
    claims = {"iss": "https://auth.example", "sub": "alice", "jti": "x", "iat": time.time()}
    try:
        revoked.check(claims | {"jti": "token 1"}, HEADER)
    except RevokedTokenError:
        return lambda: revoked.check(claims, HEADER)
    raise AssertionError


def decodes(**state: Any) -> Callable[[], Any]:
    """Return a call that decodes a token whose signature is remembered."""
    key = Key.generate("ES256", kid="2026-11")
    verifier = Verifier(key.public(), cache_size=100, **state)
    token = Signer(key, lifetime=3600, jwt_id=True).encode({"sub": "alice"})
    assert verifier.decode(token)["sub"] == "alice"
    return lambda: verifier.decode(token)


def proofs() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Return calls that make and verify proofs."""
    prover, verifier = DPoPProver(Key.generate("ES256")), DPoPVerifier(replay=Forgetful())
    made = prover.proof("GET", URL, access_token="x")
    claims = {"cnf": {"jkt": prover.thumbprint}}
    yield "DPoP, ES256: make a proof", lambda: prover.proof("GET", URL, access_token="x")
    yield (
        "DPoP, ES256: verify a proof",
        lambda: verifier.verify([made], "GET", URL, access_token="x", claims=claims),
    )


class Forgetful:
    """A store that has seen nothing, so that one proof can be verified many times."""

    def seen_before(self, _issuer: str, _jti: str, _until: float, /) -> bool:
        """Return False."""
        return False


def in_process() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Return the calls that need no server."""
    revoked = RevocationList(3600)
    for number in range(ENTRIES):
        revoked.revoke_token(f"token {number}")
    yield "replay, in the process: a new token", asks(MemoryReplayStore(10**8))
    yield f"revocation, in the process: {ENTRIES:,} entries", checks(revoked)
    yield "Verifier.decode, signature remembered", decodes()
    yield f"the same with revocation, {ENTRIES:,} entries", decodes(revocation=revoked)
    yield from proofs()


@contextmanager
def server() -> Iterator[redis.Redis | None]:
    """Start Redis and yield a client; None if it is not installed."""
    program = shutil.which("redis-server")
    if program is None:
        yield None
        return
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "--bind", "127.0.0.1", "--port", str(port), "--dir", folder]
        process = subprocess.Popen([*command, "--save", ""], stdout=subprocess.DEVNULL)
        try:
            with redis.Redis(port=port, socket_timeout=5) as client:
                client.ping()  # which redis-py repeats until the server answers
                yield client
        finally:
            process.terminate()
            process.wait()


def with_redis(client: redis.Redis) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Return the calls that ask Redis, and bare calls of redis-py beside them."""
    numbers = count()
    yield (
        "redis-py: SET NX PX, bare",
        lambda: client.set(f"bare {next(numbers)}", b"", nx=True, px=3_600_000),
    )
    yield "replay, Redis on loopback: a new token", asks(RedisReplayStore(client))
    revoked = RedisRevocationList(client, 3600, refresh=100, max_staleness=1000)
    with client.pipeline() as pipeline:
        for number in range(ENTRIES):
            pipeline.xadd("rapidjwt:revoked", {"jti": f"0 token {number}"})
        pipeline.execute()
    yield f"revocation, the copy of {ENTRIES:,} entries in Redis", checks(revoked)
    start = time.process_time()
    RedisRevocationList(client, 3600).refresh()
    print(f"Reading {ENTRIES:,} entries from Redis: {time.process_time() - start:.2f} s of CPU.\n")


def main() -> None:
    """Print the table."""
    versions = ", ".join(
        f"{name} {one}" for name, one in installed_versions(["rapidjwt", "redis"]).items()
    )
    print(f"{cpu_model()}, CPython {platform.python_version()}, {today()}; {versions}.\n")
    with server() as client:
        cases = [*in_process(), *(with_redis(client) if client else ())]
        print("| case | us per call |\n| --- | ---: |")
        for name, call in cases:
            waits = "Redis on" in name or "redis-py" in name
            print(f"| {name} | {microseconds(call, waits=waits):.2f} |", flush=True)


if __name__ == "__main__":
    main()
