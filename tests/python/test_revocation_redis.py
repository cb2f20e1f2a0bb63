"""Revocation with a real Redis: a copy in each process, and what happens while Redis is away."""

from __future__ import annotations

import asyncio
import gc
import math
import multiprocessing
import threading
import time

import pytest

pytest.importorskip("redis")

from rapidjwt.exceptions import StoreUnavailableError
from rapidjwt.revocation.redis import RedisRevocationList
from redis_server import client, needs_redis
from test_revocation import is_revoked

#: Short, so that the tests need not wait.
REFRESH = 0.05


def revocations(server, **arguments):
    arguments = {"refresh": REFRESH, "max_staleness": 60} | arguments
    return RedisRevocationList(server.client(), 3600, **arguments)


def soon(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@needs_redis
def test_what_one_process_revokes_is_revoked_in_another_soon(redis_server):
    one, two = revocations(redis_server), revocations(redis_server)
    assert not is_revoked(two, jti="1", sub="alice", sid="s", iat=1, header={"kid": "k"})
    one.revoke_token("1")
    assert is_revoked(one, jti="1")  # at once
    soon(lambda: is_revoked(two, jti="1"))
    one.revoke_subject("alice", before=100)
    soon(lambda: is_revoked(two, sub="alice", iat=99))
    assert not is_revoked(two, sub="alice", iat=100)
    one.revoke_session("s", before=100)
    soon(lambda: is_revoked(two, sid="s", iat=99))
    one.revoke_key("k")
    soon(lambda: is_revoked(two, header={"kid": "k"}))
    assert not is_revoked(two, jti="2", header={"kid": "other"})


@needs_redis
def test_a_new_process_knows_what_was_revoked_before(redis_server):
    revocations(redis_server).revoke_token("ü")
    assert is_revoked(revocations(redis_server), jti="ü")
    decoding = redis_server.client(decode_responses=True)
    assert is_revoked(RedisRevocationList(decoding, 3600), jti="ü")


@needs_redis
def test_a_restart_loses_no_revocation(redis_server):
    one = revocations(redis_server)
    for number in range(50):
        one.revoke_token(str(number))
    redis_server.kill()
    redis_server.start()
    fresh = revocations(redis_server)
    assert all(is_revoked(fresh, jti=str(number)) for number in range(50))


@needs_redis
def test_more_entries_than_are_read_at_once_are_all_read(redis_server, monkeypatch):
    monkeypatch.setattr("rapidjwt.revocation.redis._PAGE", 10)
    one = revocations(redis_server)
    for number in range(41):
        one.revoke_token(str(number))
    two = revocations(redis_server)
    assert all(is_revoked(two, jti=str(number)) for number in range(41))
    assert len(two) == 41


@needs_redis
def test_a_verification_asks_redis_nothing(redis_server):
    revoked = revocations(redis_server, refresh=1000, max_staleness=2000)
    revoked.check({}, {})
    asking = redis_server.client()
    asking.config_resetstat()
    for _ in range(100):
        revoked.check({"jti": "1"}, {})
    assert "cmdstat_xrange" not in asking.info("commandstats")


@needs_redis
def test_each_revocation_is_one_command_and_removes_what_has_ended(redis_server):
    asking = redis_server.client()
    old = int((time.time() - 3600 - 61) * 1000)
    for number in range(300):  # Redis removes whole nodes of a hundred
        fields = {"jti": f"0 old {number}"}
        asking.xadd("rapidjwt:revoked", fields, id=f"{old}-{number + 1}")
    revoked = revocations(redis_server)
    asking.config_resetstat()
    revoked.revoke_token("1")
    commands = {name: found["calls"] for name, found in asking.info("commandstats").items()}
    assert commands.pop("cmdstat_xadd") == 1
    assert not {name for name in commands if name.startswith("cmdstat_x")}
    assert asking.xlen("rapidjwt:revoked") <= 101
    assert not is_revoked(revoked, jti="old 1")
    assert len(revoked) == 1


@needs_redis
def test_a_copy_that_is_too_old_is_not_used(redis_server):
    revoked = revocations(redis_server, max_staleness=0.5)
    assert not is_revoked(revoked, jti="1")
    redis_server.stop()
    start = time.monotonic()
    assert not is_revoked(revoked, jti="1")  # the copy is young enough
    soon(lambda: revoked.staleness() > 0.5)
    with pytest.raises(StoreUnavailableError):
        revoked.check({"jti": "1"}, {})
    with pytest.raises(StoreUnavailableError):
        asyncio.run(revoked.check_async({"jti": "1"}, {}))
    assert time.monotonic() - start < 10
    redis_server.start()
    soon(lambda: revoked.staleness() < 0.5)
    assert not is_revoked(revoked, jti="1")


@needs_redis
def test_any_age_can_be_accepted(redis_server):
    revoked = revocations(redis_server, max_staleness=math.inf)
    revoked.revoke_token("1")
    assert is_revoked(revoked, jti="1")
    redis_server.stop()
    time.sleep(0.2)
    assert is_revoked(revoked, jti="1")
    assert not is_revoked(revoked, jti="2")


@needs_redis
def test_without_redis_nothing_is_let_in_and_nothing_is_revoked_silently(redis_server):
    redis_server.stop()
    revoked = revocations(redis_server)
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            revoked.check({}, {})
    with pytest.raises(StoreUnavailableError, match="Redis cannot be asked"):
        revoked.revoke_token("1")


@needs_redis
def test_a_server_that_does_not_answer_is_waited_for_by_one_thread_once(redis_server):
    slow = redis_server.client(socket_timeout=0.5)
    revoked = RedisRevocationList(slow, 3600, refresh=5, max_staleness=6)
    slowest = []

    def ask():
        start = time.monotonic()
        with pytest.raises(StoreUnavailableError):
            revoked.check({}, {})
        slowest.append(time.monotonic() - start)

    with redis_server.suspended():
        threads = [threading.Thread(target=ask) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(slowest) == 20
    assert max(slowest) < 5


@needs_redis
def test_what_redis_has_lost_stays_revoked_here_and_new_entries_are_read(redis_server):
    one, two = revocations(redis_server), revocations(redis_server)
    one.revoke_token("1")
    soon(lambda: is_revoked(two, jti="1"))
    # As from a backup of a server whose clock is behind: the IDs are smaller than those seen.
    asking = redis_server.client()
    asking.delete("rapidjwt:revoked")
    asking.xadd("rapidjwt:revoked", {"jti": "0 2"}, id=f"{int(time.time() - 100) * 1000}-0")
    soon(lambda: is_revoked(two, jti="2"))
    assert is_revoked(two, jti="1")


@needs_redis
def test_a_stream_of_another_program_is_an_error(redis_server):
    for number, fields in enumerate([{"a": "b"}, {"jti": "x"}, {"jti": "0 1", "sub": "0 1"}]):
        redis_server.client().xadd(str(number), fields)
        with pytest.raises(StoreUnavailableError, match="ValueError"):
            revocations(redis_server, name=str(number)).check({}, {})
    redis_server.client().set("text", "x")
    with pytest.raises(StoreUnavailableError, match="ResponseError"):
        revocations(redis_server, name="text").check({}, {})


@needs_redis
def test_lists_with_other_names_are_separate(redis_server):
    revocations(redis_server, name="shop").revoke_token("1")
    assert not is_revoked(revocations(redis_server, name="bank"), jti="1")
    assert is_revoked(revocations(redis_server, name="shop"), jti="1")


@needs_redis
def test_a_cluster_can_be_used(redis_cluster):
    import redis

    with redis.RedisCluster(**redis_cluster) as cluster:
        RedisRevocationList(cluster, 3600).revoke_token("1")
        assert is_revoked(RedisRevocationList(cluster, 3600), jti="1")


@needs_redis
def test_the_thread_survives_an_exception_of_another_kind(redis_server, monkeypatch):
    revoked, refreshed = revocations(redis_server), []

    def refresh():
        refreshed.append(1)
        raise AttributeError("'NoneType' object has no attribute 'readline'")  # seen of redis-py

    monkeypatch.setattr(revoked, "refresh", refresh)
    assert not is_revoked(revoked, jti="1")
    soon(lambda: len(refreshed) > 2)


@needs_redis
def test_the_thread_ends_with_the_list(redis_server):
    before = set(threading.enumerate())
    revoked = revocations(redis_server)
    revoked.check({}, {})
    (started,) = set(threading.enumerate()) - before
    assert started.daemon
    del revoked
    gc.collect()
    started.join(30)  # after its next sleep
    assert not started.is_alive()


@needs_redis
def test_a_forked_process_refreshes_its_own_copy(redis_server):
    revoked = revocations(redis_server)
    revoked.check({}, {})
    context = multiprocessing.get_context("fork")
    ready, done = context.Event(), context.Event()

    def child():
        revoked.check({}, {})
        ready.set()
        soon(lambda: is_revoked(revoked, jti="1"))
        done.set()

    process = context.Process(target=child)
    process.start()
    try:
        assert ready.wait(30)
        revocations(redis_server).revoke_token("1")
        assert done.wait(30)
    finally:
        process.join(30)


def watch(port, number, ready, times):
    """Report when each token was first refused, in a process of its own."""
    revoked = RedisRevocationList(client(port), 3600, refresh=REFRESH, max_staleness=5)
    revoked.check({}, {})
    ready.put(number)
    found = {}
    while len(found) < 100:
        for token in range(100):
            if token not in found and is_revoked(revoked, jti=str(token)):
                found[token] = time.time()
        time.sleep(0.001)
    times.put(found)


@needs_redis
def test_the_time_until_all_processes_refuse_a_token_is_within_the_promise(redis_server):
    context = multiprocessing.get_context("spawn")
    ready, times = context.Queue(), context.Queue()
    watchers = [
        context.Process(target=watch, args=(redis_server.port, number, ready, times))
        for number in range(3)
    ]
    for watcher in watchers:
        watcher.start()
    for _ in watchers:
        ready.get(timeout=120)
    revoked, made = revocations(redis_server), {}
    for token in range(100):
        revoked.revoke_token(str(token))
        made[token] = time.time()
        time.sleep(0.01)
    delays = []
    for _ in watchers:
        delays += [seen - made[token] for token, seen in times.get(timeout=120).items()]
    for watcher in watchers:
        watcher.join(timeout=30)
    p99 = sorted(delays)[len(delays) * 99 // 100]
    assert p99 < 5, p99  # max_staleness; usually little more than the time between refreshes
    assert len(delays) == 300


@pytest.mark.parametrize(
    "arguments", [{"refresh": 0}, {"refresh": 10, "max_staleness": 10}, {"max_staleness": math.nan}]
)
def test_wrong_times_are_refused(arguments):
    import redis
    import redis.asyncio

    with pytest.raises(ValueError, match="refresh must be"):
        RedisRevocationList(redis.Redis(), 3600, **arguments)
    with pytest.raises(ValueError, match="max_lifetime"):
        RedisRevocationList(redis.Redis(), 0)
    with pytest.raises(ValueError, match="socket_timeout"):
        RedisRevocationList(redis.Redis(socket_timeout=None), 3600)
    with pytest.raises(TypeError, match=r"redis\.Redis"):
        RedisRevocationList(redis.asyncio.Redis(), 3600)
