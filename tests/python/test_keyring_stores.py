"""The stores of key rings, and processes that share one: directories, Redis, SQLite."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import keyring_processes
import pytest
import rapidjwt
from keyring_processes import QUICK, SCHEDULE, STORES, quick_keys, ring_in
from rapidjwt import Verifier
from rapidjwt.exceptions import KeyRingError, StoreUnavailableError
from rapidjwt.keyring import DirectoryStore, KeyRing, directory
from rapidjwt.keyring.document import read
from redis_server import needs_redis, redis_cluster, redis_server  # noqa: F401 - fixtures

PASSPHRASE = "correct horse battery staple"
PROCESSES = 8


@pytest.fixture(
    params=[
        "directory",
        "sqlite",
        *(pytest.param(kind, marks=needs_redis) for kind in ("redis", "redis as text", "cluster")),
    ]
)
def place(request, tmp_path):
    """Return the kind of a store, and where it is."""
    if request.param == "directory":
        return "directory", str(tmp_path)
    if request.param == "sqlite":
        return "sqlite", str(tmp_path / "state.db")
    if request.param == "cluster":
        return "cluster", json.dumps(request.getfixturevalue("redis_cluster"))
    server = request.getfixturevalue("redis_server")
    as_text = request.param == "redis as text"
    return "redis", json.dumps(
        {"port": server.port, "socket_timeout": 30, "decode_responses": as_text}
    )


@contextlib.contextmanager
def started(how, place):
    """Start a process that rotates, wait until it is ready, and kill it in the end."""
    process = subprocess.Popen(
        [sys.executable, keyring_processes.__file__, how, *place],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def go_on(processes):
    """Let processes begin, all of which are ready."""
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()


def store_in(place):
    kind, argument = place
    return STORES[kind](argument)


def test_a_store_replaces_what_it_was_told_only(place):
    store = store_in(place)
    assert store.load() is None
    assert not store.replace(b"wrong", b"new")
    assert store.load() is None
    assert store.replace(None, b"first")
    assert not store.replace(None, b"second")
    assert not store.replace(b"second", b"third")
    assert store.load() == b"first"
    assert store.replace(b"first", b"second")
    assert store_in(place).load() == b"second"


#: The stores that differ when several processes use them.
several_processes = pytest.mark.parametrize(
    "place",
    ["directory", "sqlite", pytest.param("redis", marks=needs_redis)],
    indirect=True,
)


@several_processes
def test_eight_processes_that_rotate_at_once_make_one_key(place):
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(started("once", place)) for _ in range(PROCESSES)]
        go_on(processes)
        go_on(processes)
        made = [json.loads(process.stdout.readline()) for process in processes]
    firsts, seconds = ([kid for kid in kids if kid] for kids in zip(*made, strict=True))
    assert (len(firsts), len(seconds)) == (1, 1)
    assert [key.kid for key in KeyRing(store_in(place)).keys] == firsts + seconds


def test_a_ring_signs_and_publishes_from_every_store(place):
    ring_in(*place, SCHEDULE).rotate()
    token = ring_in(*place).signer().encode({"sub": "a"})
    verifier = Verifier(KeyRing(store_in(place)).key_set(), algorithms=["ES256"])
    assert verifier.decode(token)["sub"] == "a"


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
@several_processes
def test_a_process_that_is_killed_while_it_rotates_leaves_one_current_key(place):
    ring = ring_in(*place, QUICK)
    ring.rotate()
    seen = {ring.current.kid}
    for number in range(2, 8):
        with started("forever", place) as process:
            go_on([process])
            while ring.current.kid in seen:
                ring.refresh()
            time.sleep(random.uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
        state = read(store_in(place).load())
        assert [key.kid for key in state.keys if key.retired_at is None] == [state.keys[-1].kid]
        ring.refresh()
        token = ring.signer().encode({"sub": "a"})
        assert Verifier(ring.key_set(), algorithms=["ES256"]).decode(token)["sub"] == "a"
        seen |= {key.kid for key in ring.keys}
        assert len(seen) >= number


def test_the_files_of_a_directory_are_readable_by_their_owner_alone(tmp_path):
    KeyRing(DirectoryStore(tmp_path), schedule=SCHEDULE, passphrase=PASSPHRASE).rotate()
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"keyring.json", "keyring.lock"}
    if os.name != "nt":
        modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        assert modes == {0o600}


def test_what_a_killed_process_has_left_is_written_over(tmp_path):
    (tmp_path / "keyring.new").write_bytes(b"x" * 10000)
    ring = KeyRing(DirectoryStore(tmp_path), schedule=SCHEDULE, passphrase=PASSPHRASE)
    ring.rotate()
    assert len(ring.keys) == 1


def test_a_missing_directory_is_named(tmp_path):
    ring = KeyRing(DirectoryStore(tmp_path / "no"), schedule=SCHEDULE, passphrase=PASSPHRASE)
    for call in (ring.rotate, ring.jwks):
        with pytest.raises(StoreUnavailableError, match=r"There is no directory .*no: create it"):
            call()


def test_a_state_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "keyring.json").mkdir()
    with pytest.raises(StoreUnavailableError, match=r"keyring\.json cannot be read: "):
        KeyRing(DirectoryStore(tmp_path)).jwks()


@contextlib.contextmanager
def as_somebody():
    """Be a user for whom permissions hold, also if the tests are run by root."""
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if was_root:
            os.seteuid(0)


@pytest.mark.skipif(os.name == "nt", reason="permissions are POSIX")
def test_a_read_only_directory_can_publish_and_sign_and_not_rotate():
    with as_somebody(), tempfile.TemporaryDirectory() as folder:
        ring = KeyRing(DirectoryStore(folder), schedule=SCHEDULE, passphrase=PASSPHRASE)
        ring.rotate()
        before = Path(folder, "keyring.json").read_bytes()
        Path(folder).chmod(0o555)
        (Path(folder) / "keyring.lock").chmod(0o444)
        try:
            other = KeyRing(DirectoryStore(folder), passphrase=PASSPHRASE)
            assert other.signer().encode({})
            assert len(other.jwks()["keys"]) == 1
            with pytest.raises(
                StoreUnavailableError, match=r"The key ring in .* cannot be changed: Permission"
            ):
                other.rotate(early=True)
        finally:
            Path(folder).chmod(0o755)
        assert Path(folder, "keyring.json").read_bytes() == before


def test_a_lock_that_stays_taken_is_an_error_and_not_a_hang(tmp_path, monkeypatch):
    monkeypatch.setattr(directory, "_PATIENCE", 0.1)
    store = DirectoryStore(tmp_path)
    with (
        store._locked(),
        pytest.raises(StoreUnavailableError, match="Another process holds the lock"),
    ):
        DirectoryStore(tmp_path).replace(None, b"x")
    assert store.replace(None, b"x")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_child_of_a_fork_signs_although_a_thread_was_reading(tmp_path):
    ring = KeyRing(DirectoryStore(tmp_path), schedule=SCHEDULE, passphrase=PASSPHRASE)
    ring.rotate()
    signer = ring.signer()
    signer.encode({})
    held, go_on = threading.Event(), threading.Event()

    def hold():
        with ring._loading, ring._opening:
            held.set()
            assert go_on.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(60)
    pid = os.fork()
    if pid == 0:
        signal.alarm(30)
        ring.refresh()
        signer.encode({})
        os._exit(0)
    go_on.set()
    thread.join(60)
    assert os.waitpid(pid, 0)[1] == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_remote_keys_are_opened_again_after_a_fork(tmp_path):
    keys, opened = quick_keys(), []

    def open_key(name):
        opened.append(os.getpid())
        return keys.open(name)

    remote = rapidjwt.keyring.RemoteKeys(create=keys.create, open=open_key)
    ring = KeyRing(DirectoryStore(tmp_path), schedule=SCHEDULE, remote=remote)
    ring.rotate()
    signer = ring.signer()
    signer.encode({})
    pid = os.fork()
    if pid == 0:
        signer.encode({})
        os._exit(0 if opened[-1] == os.getpid() else 1)
    assert os.waitpid(pid, 0)[1] == 0


@needs_redis
def test_a_redis_that_is_down_is_an_error_with_its_kind(redis_server):  # noqa: F811
    from rapidjwt.keyring.redis import RedisStore

    store = RedisStore(redis_server.client())
    assert store.replace(None, b"state")
    redis_server.kill()
    for call in (store.load, lambda: store.replace(b"state", b"new")):
        with pytest.raises(StoreUnavailableError, match="Redis cannot be asked: ConnectionError"):
            call()
    redis_server.start()
    assert store.load() == b"state"


@needs_redis
def test_two_rings_in_one_redis_have_names(redis_server):  # noqa: F811
    from rapidjwt.keyring.redis import RedisStore

    stores = [RedisStore(redis_server.client(), name=name) for name in ("a", "b")]
    assert stores[0].replace(None, b"x")
    assert stores[1].load() is None


def test_the_state_of_a_ring_in_redis_is_not_that_of_another_program():
    with pytest.raises(KeyRingError, match="damaged"):
        read(b'"something else"')
