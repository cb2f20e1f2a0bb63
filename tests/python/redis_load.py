"""Processes that send one-time tokens to one Redis at once; `make test-redis-load` sends more."""

from __future__ import annotations

import multiprocessing
import os
import time

from redis_server import client

PROCESSES = 8
#: `make test-redis-load` sets it.
TOKENS = int(os.environ.get("RAPIDJWT_ONE_TIME_TOKENS", "2000"))


def ask(port, number, tokens, results, patience):
    """Send a quarter of the tokens, which one other process sends too, and report.

    A call that the store refuses to answer is repeated for `patience` seconds.
    """
    from rapidjwt.exceptions import StoreUnavailableError
    from rapidjwt.replay.redis import RedisReplayStore

    store = RedisReplayStore(client(port))
    accepted, failures, slowest = [], 0, 0.0
    until = time.time() + 3600
    for token in range(number % 4, tokens, 4):
        deadline = time.monotonic() + patience
        while True:
            start = time.monotonic()
            try:
                if not store.seen_before("https://auth.example", str(token), until):
                    accepted.append(token)
                break
            except StoreUnavailableError:
                failures += 1
                assert time.monotonic() < deadline, "Redis did not come back"
                time.sleep(0.05)
            finally:
                slowest = max(slowest, time.monotonic() - start)
    results.put((accepted, failures, slowest))


def run(server, tokens, meanwhile=lambda: None, patience=0):
    """Return the accepted tokens, the number of refused calls and the longest call."""
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    arguments = [(server.port, number, tokens, results, patience) for number in range(PROCESSES)]
    processes = [context.Process(target=ask, args=each) for each in arguments]
    for process in processes:
        process.start()
    meanwhile()
    reports = [results.get(timeout=600) for _ in processes]
    for process in processes:
        process.join(timeout=60)
        assert process.exitcode == 0
    accepted = [token for report in reports for token in report[0]]
    return accepted, sum(report[1] for report in reports), max(report[2] for report in reports)
