"""One-time tokens with a real Redis: many processes, a server that is killed or suspended."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

pytest.importorskip("redis")

import redis_load
from rapidjwt.dpop import DPoPProver, DPoPVerifier
from rapidjwt.exceptions import InvalidDPoPProofError, StoreUnavailableError
from rapidjwt.replay.redis import AsyncRedisReplayStore, RedisReplayStore
from redis_server import RedisServer, needs_redis

ISSUER = "https://auth.example"


def later(seconds=60):
    return time.time() + seconds


@needs_redis
def test_a_token_is_new_once(redis_server):
    store = RedisReplayStore(redis_server.client())
    assert not store.seen_before(ISSUER, "1", later())
    assert store.seen_before(ISSUER, "1", later())
    assert not store.seen_before(ISSUER, "2", later())
    assert not store.seen_before("https://other.example", "1", later())
    assert not store.seen_before(f"{ISSUER}1", "", later())
    assert not store.seen_before(ISSUER, "\ud800" * 5000, later())
    assert store.seen_before(ISSUER, "3", time.time())


@needs_redis
def test_entries_end_and_have_short_names_with_the_prefix(redis_server):
    client = redis_server.client()
    RedisReplayStore(client, prefix="shop:").seen_before(ISSUER, "1" * 10_000, later(100))
    (name,) = client.keys("*")
    assert name.startswith(b"shop:")
    assert len(name) == 48
    assert 155 < client.ttl(name) <= 160  # with a minute for clocks that differ
    other = RedisReplayStore(client, prefix="bank:")
    assert not other.seen_before(ISSUER, "1" * 10_000, later())


@needs_redis
def test_each_question_is_one_command(redis_server):
    client = redis_server.client()
    store = RedisReplayStore(client)
    client.config_resetstat()
    for _ in range(10):
        store.seen_before(ISSUER, "1", later())
    commands = {name: found["calls"] for name, found in client.info("commandstats").items()}
    assert commands.pop("cmdstat_set") == 10
    assert commands.keys() <= {"cmdstat_config|resetstat"}


@needs_redis
def test_tasks_and_threads_share_one_store(redis_server):
    async def ask():
        async with redis_server.async_client() as client:
            store = AsyncRedisReplayStore(client)
            calls = [store.seen_before_async(ISSUER, str(n % 20), later()) for n in range(100)]
            return await asyncio.gather(*calls)

    assert asyncio.run(ask()).count(False) == 20
    store, new = RedisReplayStore(redis_server.client()), []
    asked = [str(n) for n in range(20, 40)]

    def ask_all():
        new.extend(jti for jti in asked if not store.seen_before(ISSUER, jti, later()))

    threads = [threading.Thread(target=ask_all) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(new) == asked


@needs_redis
def test_of_two_processes_that_send_a_token_at_once_one_is_accepted(redis_server):
    accepted, failures, _ = redis_load.run(redis_server, redis_load.TOKENS)
    assert sorted(accepted) == list(range(redis_load.TOKENS))
    assert failures == 0


@needs_redis
def test_nothing_is_accepted_twice_while_the_server_is_killed(redis_server):
    client = redis_server.client()

    def meanwhile():
        for share in (4, 2):  # of the tokens
            while client.dbsize() < redis_load.TOKENS // share:
                time.sleep(0.01)
            redis_server.kill()
            time.sleep(0.3)
            redis_server.start()

    accepted, failures, slowest = redis_load.run(redis_server, redis_load.TOKENS, meanwhile, 60)
    assert len(accepted) == len(set(accepted))
    # Of each process at most one answer is lost at each kill: its token counts as used.
    assert len(accepted) >= redis_load.TOKENS - 2 * redis_load.PROCESSES
    assert failures > 0
    assert slowest < 5  # the timeouts to connect and to read, on a busy machine


@needs_redis
def test_a_server_that_does_not_answer_is_not_waited_for(redis_server):
    store = RedisReplayStore(redis_server.client(socket_timeout=0.3))
    assert not store.seen_before(ISSUER, "1", later())

    async def ask():
        async with redis_server.async_client(socket_timeout=0.3) as client:
            await AsyncRedisReplayStore(client).seen_before_async(ISSUER, "2", later())

    with redis_server.suspended():
        start = time.monotonic()
        with pytest.raises(StoreUnavailableError, match=r"^Redis cannot be asked: TimeoutError$"):
            store.seen_before(ISSUER, "2", later())
        with pytest.raises(StoreUnavailableError, match="TimeoutError"):
            asyncio.run(ask())
        assert time.monotonic() - start < 10
    assert store.seen_before(ISSUER, "1", later())


@needs_redis
def test_a_server_that_is_gone_is_an_error_without_its_address(redis_server):
    store = RedisReplayStore(redis_server.client())
    redis_server.stop()
    with pytest.raises(StoreUnavailableError, match=r"^Redis cannot be asked: ConnectionError$"):
        store.seen_before(ISSUER, "1", later())


@needs_redis
def test_a_server_that_refuses_is_an_error(redis_server):
    client = redis_server.client()
    client.config_set("maxmemory", "1")
    with pytest.raises(StoreUnavailableError, match="OutOfMemoryError"):
        RedisReplayStore(client).seen_before(ISSUER, "1", later())


@needs_redis
def test_a_client_of_a_cluster_can_be_used(tmp_path):
    import redis
    import redis.asyncio

    server = RedisServer(tmp_path)
    server.start("--cluster-enabled", "yes")
    try:
        server.client().execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        while b"cluster_state:ok" not in server.client().execute_command("CLUSTER", "INFO"):
            time.sleep(0.05)
        node = {"host": "127.0.0.1", "port": server.port, "socket_timeout": 5}
        with redis.RedisCluster(**node) as client:
            store = RedisReplayStore(client)
            answers = [store.seen_before(ISSUER, str(n % 50), later()) for n in range(100)]
        assert answers == [False] * 50 + [True] * 50

        async def ask():
            async with redis.asyncio.RedisCluster(**node) as client:
                store = AsyncRedisReplayStore(client)
                return [await store.seen_before_async(ISSUER, jti, later()) for jti in ("1", "x")]

        assert asyncio.run(ask()) == [True, False]
    finally:
        server.close()


@needs_redis
def test_proofs_count_once_for_all_processes(redis_server):
    from rapidjwt import Key

    made = DPoPProver(Key.generate("ES256")).proof("GET", "https://api.example/")
    one, two = (DPoPVerifier(replay=RedisReplayStore(redis_server.client())) for _ in range(2))
    one.verify([made], "GET", "https://api.example/")
    with pytest.raises(InvalidDPoPProofError, match="used before"):
        two.verify([made], "GET", "https://api.example/")


def test_a_wrong_client_says_what_to_do():
    import redis
    import redis.asyncio

    for wrong in (None, "redis://", redis.Redis):
        with pytest.raises(TypeError, match="client of redis-py"):
            RedisReplayStore(wrong)
    with pytest.raises(TypeError, match=r"redis\.Redis"):
        RedisReplayStore(redis.asyncio.Redis())
    with pytest.raises(TypeError, match=r"redis\.asyncio\.Redis"):
        AsyncRedisReplayStore(redis.Redis())
    with pytest.raises(ValueError, match="socket_timeout"):
        RedisReplayStore(redis.Redis(socket_timeout=None))
