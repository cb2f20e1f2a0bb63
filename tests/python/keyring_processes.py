"""A process that rotates a key ring: the tests start several of them at once, or kill one.

    python keyring_processes.py once|forever STORE ARGUMENT

It writes a line when it is ready, and begins when it reads one.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys

from rapidjwt import Key
from rapidjwt.keyring import DirectoryStore, KeyRing, RemoteKeys, Schedule
from rapidjwt.remote import RemoteKey

SCHEDULE = Schedule(every=1000, max_age=10)
QUICK = Schedule(every=0.01, token_lifetime=1, max_age=0, max_staleness=0.01, leeway=0)


class SQLiteStore:
    """The example of docs/guides/key-rotation.md, for processes that start at once."""

    def __init__(self, file):
        self._file = file
        with self._connected() as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS keyring (id INTEGER PRIMARY KEY, state)")

    @contextlib.contextmanager
    def _connected(self):
        with contextlib.closing(sqlite3.connect(self._file, timeout=60)) as connection, connection:
            yield connection

    def load(self):
        with self._connected() as connection:
            row = connection.execute("SELECT state FROM keyring WHERE id = 1").fetchone()
        return row and row[0]

    def replace(self, old, new):
        query = "INSERT INTO keyring VALUES (1, ?) ON CONFLICT DO NOTHING"
        if old is not None:
            query = "UPDATE keyring SET state = ? WHERE id = 1 AND state = ?"
        with self._connected() as connection:
            arguments = (new,) if old is None else (new, old)
            return connection.execute(query, arguments).rowcount == 1


def redis_store(arguments):
    import redis
    from rapidjwt.keyring.redis import RedisStore

    return RedisStore(redis.Redis(**json.loads(arguments)))


def cluster_store(arguments):
    import redis
    from rapidjwt.keyring.redis import RedisStore

    return RedisStore(redis.RedisCluster(**json.loads(arguments)))


STORES = {
    "directory": DirectoryStore,
    "sqlite": SQLiteStore,
    "redis": redis_store,
    "cluster": cluster_store,
}


def ring_in(kind, argument, schedule=None):
    """Return a ring whose keys are made without PBKDF2, so that storing is most of a rotation."""
    return KeyRing(STORES[kind](argument), schedule=schedule, remote=quick_keys())


def quick_keys():
    """Return remote keys whose name is the key itself."""

    def create():
        return json.dumps(Key.generate("ES256").to_jwk(private=True))

    def open_key(name):
        key = Key.from_jwk(name)
        return RemoteKey(
            lambda message: key.sign(message, "ES256"), algorithm="ES256", public=key.public()
        )

    return RemoteKeys(create=create, open=open_key)


def tell(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def wait():
    tell("ready")
    sys.stdin.readline()


def main(how, kind, argument):
    ring = ring_in(kind, argument, SCHEDULE if how == "once" else QUICK)
    wait()
    if how == "once":
        first = ring.rotate()
        wait()
        second = ring.rotate(early=True)
        tell(json.dumps([key and key.kid for key in (first, second)]))
    while how == "forever":
        ring.rotate()


if __name__ == "__main__":
    main(*sys.argv[1:])
