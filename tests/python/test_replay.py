"""Stores of one-time tokens."""

from __future__ import annotations

import asyncio
import os
import threading
import time

import pytest
import time_machine
from rapidjwt.exceptions import StoreUnavailableError
from rapidjwt.replay import MemoryReplayStore

NOW = 1_800_000_000


def test_a_token_is_new_once():
    store = MemoryReplayStore()
    until = time.time() + 60
    assert not store.seen_before("a", "1", until)
    assert store.seen_before("a", "1", until)
    assert not store.seen_before("a", "2", until)
    assert not store.seen_before("b", "1", until)
    assert store.seen_before("a", "1", until + 60)


def test_a_token_is_forgotten_when_it_ends_and_not_before():
    store = MemoryReplayStore()
    with time_machine.travel(NOW, tick=False) as clock:
        assert not store.seen_before("a", "1", NOW + 10.5)
        assert not store.seen_before("a", "long", NOW + 1000)
        clock.move_to(NOW + 10.25)
        assert store.seen_before("a", "1", NOW + 10.5)
        clock.move_to(NOW + 10.5)
        assert not store.seen_before("a", "1", NOW + 20)
        assert store.seen_before("a", "1", NOW + 20)
        clock.move_to(NOW + 20)
        assert store.seen_before("a", "long", NOW + 1000)
        assert len(store) == 1


def test_a_token_whose_time_has_passed_counts_as_seen():
    store = MemoryReplayStore()
    with time_machine.travel(NOW, tick=False):
        assert store.seen_before("a", "1", NOW)
        assert store.seen_before("a", "2", NOW - 1)
    assert len(store) == 0


def test_a_full_store_refuses_new_tokens_until_one_ends():
    store = MemoryReplayStore(max_entries=2)
    with time_machine.travel(NOW, tick=False) as clock:
        for jti in ("1", "2"):
            assert not store.seen_before("a", jti, NOW + 10)
        with pytest.raises(StoreUnavailableError, match="raise max_entries"):
            store.seen_before("a", "3", NOW + 10)
        assert store.seen_before("a", "1", NOW + 10)
        clock.move_to(NOW + 10)
        assert not store.seen_before("a", "3", NOW + 20)


def test_a_store_needs_room():
    with pytest.raises(ValueError, match="max_entries"):
        MemoryReplayStore(0)


def test_of_many_threads_one_is_the_first():
    store, until = MemoryReplayStore(), time.time() + 60
    barrier, new = threading.Barrier(8), []

    def ask():
        barrier.wait()
        new.extend(jti for jti in range(2000) if not store.seen_before("a", str(jti), until))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(new) == list(range(2000))


def test_of_many_tasks_one_is_the_first():
    store, until = MemoryReplayStore(), time.time() + 60

    async def ask():
        return await asyncio.gather(*(store.seen_before_async("a", "1", until) for _ in range(50)))

    assert asyncio.run(ask()).count(False) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_process_that_is_forked_while_a_thread_asks_can_ask_too():
    store, until = MemoryReplayStore(), time.time() + 60
    store._lock.acquire()
    child = os.fork()
    if child == 0:
        os._exit(int(store.seen_before("a", "1", until)))
    assert os.waitpid(child, 0)[1] == 0
