"""Key rings: the schedule, the signer, the state. Stores and processes have files of their own."""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone

import pytest
import rapidjwt
import time_machine
from rapidjwt import InvalidKeyError, Key, KeySet, Signer, Verifier, profiles
from rapidjwt.exceptions import KeyRingError, StoreUnavailableError
from rapidjwt.keyring import KeyRing, RemoteKeys, RingKey, Schedule
from rapidjwt.keyring.document import read, written
from rapidjwt.keyring.state import State
from rapidjwt.remote import AsyncRemoteKey, RemoteKey

#: The next key is published for 20 seconds before it signs, a retired one for 62.
SCHEDULE = Schedule(every=100, token_lifetime=60, max_age=10, max_staleness=8, leeway=2)
START = 2_000_000_000


class MemoryStore:
    """A store in this process, which can fail."""

    def __init__(self):
        self.content = None
        self.fails = False
        self.loads = 0

    def load(self):
        self.loads += 1
        if self.fails:
            raise StoreUnavailableError("The store is down")
        return self.content

    def replace(self, old, new):
        if self.content != old:
            return False
        self.content = new
        return True


class Service:
    """Remote keys in this process, with the names of all that it has."""

    def __init__(self, algorithm="ES256", kind=RemoteKey):
        self.algorithm, self.kind = algorithm, kind
        self.keys = {}
        self.made = self.opened = 0
        self.functions = RemoteKeys(create=self.create, open=self.open, remove=self.keys.pop)

    def create(self):
        self.made += 1
        self.keys[f"key-{self.made}"] = Key.generate(self.algorithm)
        return f"key-{self.made}"

    def open(self, name):
        self.opened += 1
        key = self.keys[name]

        async def sign_async(message):
            return key.sign(message, self.algorithm)

        def sign(message):
            return key.sign(message, self.algorithm)

        function = sign_async if self.kind is AsyncRemoteKey else sign
        return self.kind(function, algorithm=self.algorithm, public=key.public())


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def store():
    return MemoryStore()


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def ring(clock, store, service):
    ring = KeyRing(store, schedule=SCHEDULE, remote=service.functions)
    ring.rotate()
    return ring


def kids(ring):
    return [key["kid"] for key in ring.jwks()["keys"]]


def kid_of(token):
    return rapidjwt.get_unverified_header(token)["kid"]


def test_a_key_is_published_before_it_signs_and_after_its_last_token(ring, clock):
    signer = ring.signer()
    first = ring.current.kid
    clock.move_to(START + 79)
    assert ring.rotate() is None
    assert kids(ring) == [first]
    clock.move_to(START + 80)
    second = ring.rotate()
    assert kids(ring) == [first, second.kid]
    assert second.signs_from == START + 100
    clock.move_to(START + 99.9)
    assert kid_of(signer.encode({})) == first == ring.current.kid
    clock.move_to(START + 100)
    assert kid_of(signer.encode({})) == second.kid == ring.current.kid
    clock.move_to(START + 161.9)
    assert kids(ring) == [first, second.kid]
    clock.move_to(START + 162)
    assert kids(ring) == [second.kid]
    assert [key.kid for key in ring.keys] == [second.kid]


def test_the_times_of_a_key_are_shown(ring, clock):
    clock.move_to(START + 80)
    ring.rotate()
    first, second = ring.keys
    times = (first.published_at, first.signs_from, first.retired_at, first.withdrawn_at)
    assert times == (START, START, START + 100, START + 162)
    times = (second.published_at, second.signs_from, second.retired_at, second.withdrawn_at)
    assert times == (START + 80, START + 100, None, None)


def test_a_rotation_that_is_late_still_publishes_before_signing(ring, clock):
    clock.move_to(START + 1000)
    first, second = ring.current.kid, ring.rotate()
    assert second.signs_from == START + 1020
    assert ring.current.kid == first
    clock.move_to(START + 1020)
    assert ring.current.kid == second.kid


def test_an_early_rotation_publishes_one_next_key(ring, clock):
    second = ring.rotate(early=True)
    assert second.signs_from == START + 20
    assert ring.rotate(early=True) is None
    assert ring.rotate() is None
    clock.move_to(START + 20)
    assert ring.current.kid == second.kid
    assert ring.rotate(early=True).signs_from == START + 40


def test_a_key_whose_making_took_long_is_published_from_then_on(ring, clock, store, service):
    def create_slowly():
        clock.shift(15)
        return service.create()

    slow = RemoteKeys(create=create_slowly, open=service.open)
    clock.move_to(START + 80)
    key = KeyRing(store, remote=slow).rotate()
    assert (key.published_at, key.signs_from) == (START + 95, START + 115)


def test_remote_keys_that_are_withdrawn_are_removed_from_the_service(ring, clock, service):
    clock.move_to(START + 80)
    ring.rotate()
    assert list(service.keys) == ["key-1", "key-2"]
    clock.move_to(START + 162)
    ring.rotate()
    assert list(service.keys) == ["key-2"]


def test_a_leaked_current_key_is_replaced_by_the_next_one_at_once(ring, clock):
    first, second = ring.current, ring.rotate(early=True)
    signer = ring.signer()
    assert kid_of(signer.encode({})) == first.kid
    ring.withdraw(first.kid)
    assert kids(ring) == [second.kid]
    assert kid_of(signer.encode({})) == second.kid


def test_a_leaked_current_key_without_a_next_one_is_replaced_by_a_new_key(ring, clock):
    clock.move_to(START + 80)
    ring.rotate()
    clock.move_to(START + 120)
    retired, current = ring.keys
    ring.withdraw(current.kid)
    (kept, new) = ring.keys
    assert kept == retired
    assert new.kid == ring.current.kid != current.kid


def test_a_leaked_next_key_never_signs(ring, clock):
    first, second = ring.current, ring.rotate(early=True)
    ring.withdraw(second.kid)
    assert ring.keys == (first,)
    clock.move_to(START + 79)
    assert ring.rotate() is None


def test_a_leaked_retired_key_is_published_no_more(ring, clock):
    first = ring.current.kid
    clock.move_to(START + 80)
    second = ring.rotate().kid
    clock.move_to(START + 100)
    ring.withdraw(first)
    assert kids(ring) == [second]
    with pytest.raises(KeyRingError, match="has no key with this kid"):
        ring.withdraw(first)


def test_tokens_are_those_of_a_signer_and_verify_with_the_published_keys(ring):
    signer = ring.signer(
        headers={"x": 1},
        issuer="https://auth.example",
        audience="https://api.example",
        lifetime=timedelta(seconds=30),
        jwt_id=True,
    )
    verifier = Verifier(
        ring.key_set(),
        algorithms=["ES256"],
        issuer="https://auth.example",
        audience="https://api.example",
        require=["exp", "jti"],
    )
    token = signer.encode({"sub": "alice"})
    claims = verifier.decode(token)
    assert claims["sub"] == "alice"
    assert claims["exp"] - claims["iat"] == 30
    assert rapidjwt.get_unverified_header(token)["x"] == 1
    assert verifier.decode(asyncio.run(signer.encode_async({"sub": "bob"})))["sub"] == "bob"
    shown = (signer.algorithm, signer.key_id, signer.issuer, signer.audience, signer.lifetime)
    assert shown == ("ES256", *kids(ring), "https://auth.example", "https://api.example", 30)
    assert signer.profile is None
    assert ring.signer(profile=profiles.ACCESS_TOKEN).profile is profiles.ACCESS_TOKEN


def test_tokens_without_a_lifetime_of_their_own_get_that_of_the_schedule(ring):
    claims = Verifier(ring.key_set(), algorithms=["ES256"]).decode(ring.signer().encode({}))
    assert claims["exp"] - claims["iat"] == 60
    with pytest.raises(ValueError, match="lifetime is above the token_lifetime of the ring, 60 s"):
        ring.signer(lifetime=61).encode({})


@dataclass
class Claims:
    exp: int


@pytest.mark.parametrize(
    ("claims", "text"),
    [
        ({"exp": START + 61}, "exp is further ahead than the token_lifetime of the ring, 60 s"),
        (Claims(START + 61), "exp is further ahead"),
        ({"exp": datetime.fromtimestamp(START + 61, tz=timezone.utc)}, "exp is further ahead"),
        ({"iat": START + 1}, "iat is in the future"),
    ],
)
def test_a_token_that_would_outlive_its_key_is_not_signed(ring, claims, text):
    signer = ring.signer()
    with pytest.raises(ValueError, match=text):
        signer.encode(claims)
    with pytest.raises(ValueError, match=text):
        asyncio.run(signer.encode_async(claims))


def test_a_token_may_end_earlier(ring):
    signer = ring.signer()
    for claims in ({"exp": START + 60}, Claims(START + 60), {"iat": START + 1, "exp": START + 9}):
        assert signer.encode(claims)


def test_a_coroutine_function_signs_for_a_ring(clock, store):
    ring = KeyRing(store, schedule=SCHEDULE, remote=Service(kind=AsyncRemoteKey).functions)
    ring.rotate()
    token = asyncio.run(ring.signer().encode_async({"sub": "a"}))
    assert Verifier(ring.key_set(), algorithms=["ES256"]).decode(token)["sub"] == "a"


def test_a_signer_reads_the_state_now_and_then_only(ring, store, clock):
    signer = ring.signer()
    signer.encode({})
    before = store.loads
    for _ in range(100):
        signer.encode({})
    assert store.loads == before
    clock.shift(SCHEDULE.reading_interval)
    signer.encode({})
    assert store.loads == before + 1


def test_another_process_sees_a_change_within_a_quarter_of_the_staleness(ring, store, clock):
    other = KeyRing(store)
    assert len(other.keys) == 1
    ring.rotate(early=True)
    clock.shift(SCHEDULE.reading_interval)
    assert len(other.keys) == 2
    assert other.schedule == SCHEDULE


def test_a_store_that_is_down_is_noticed_when_the_copy_is_too_old(ring, store, clock):
    signer = ring.signer()
    store.fails = True
    clock.shift(SCHEDULE.max_staleness - 0.1)
    assert signer.encode({})
    assert len(kids(ring)) == 1
    clock.shift(0.2)
    for call in (lambda: signer.encode({}), ring.jwks, ring.rotate, ring.refresh):
        with pytest.raises(StoreUnavailableError, match="The store is down"):
            call()
    loads = store.loads
    with pytest.raises(StoreUnavailableError, match="The store is down"):
        signer.encode({})
    assert store.loads == loads  # not asked again at once
    store.fails = False
    ring.refresh()
    assert signer.encode({})


def test_a_store_that_is_down_at_first_is_asked_again_later(store, monkeypatch):
    ring = KeyRing(store, schedule=SCHEDULE, remote=Service().functions)
    store.fails = True
    for _ in range(3):
        with pytest.raises(StoreUnavailableError, match="The store is down"):
            ring.jwks()
    assert store.loads == 1
    store.fails = False
    now = time.monotonic() + 1
    monkeypatch.setattr(time, "monotonic", lambda: now)
    with pytest.raises(KeyRingError, match="no keys yet"):
        ring.jwks()


def test_a_damaged_state_is_noticed_when_the_copy_is_too_old_and_is_not_replaced(
    ring, store, clock
):
    damaged = store.content = store.content[:-100]
    clock.shift(SCHEDULE.max_staleness - 0.1)
    assert ring.signer().encode({})
    with pytest.raises(KeyRingError, match=r"damaged: it is not JSON\. Nothing was changed"):
        ring.rotate()
    clock.shift(0.2)
    with pytest.raises(KeyRingError, match="damaged"):
        ring.jwks()
    assert store.content == damaged


def changed(store, change):
    document = json.loads(store.content)
    change(document)
    return json.dumps(document).encode()


DAMAGES = {
    "no version": lambda document: document.pop("version"),
    "a version that never was": lambda document: document.update(version=0),
    "no schedule": lambda document: document.pop("schedule"),
    "a schedule without time": lambda document: document["schedule"].update(every=1),
    "a value of another type": lambda document: document["schedule"].update(max_age="300"),
    "an unknown member": lambda document: document["schedule"].update(other=1),
    "keys that are not a list": lambda document: document.update(keys={"a": 1}),
    "a key without a time": lambda document: document["keys"][0].pop("signs_from"),
    "a time that is not one": lambda document: document["keys"][0].update(published_at=None),
    "an infinite time": lambda document: document["keys"][0].update(signs_from=float("inf")),
    "no private key": lambda document: document["keys"][0].pop("remote"),
    "a private key of another type": lambda document: document["keys"][0].update(remote=1),
    "a key that is not one": lambda document: document["keys"][0]["public"].update(x="AA"),
    "a key without its ID": lambda document: document["keys"][0]["public"].pop("kid"),
    "the same key twice": lambda document: document["keys"].append(document["keys"][1]),
    "another order": lambda document: document["keys"].reverse(),
    "no end": lambda document: document["keys"][0].update(withdrawn_at=None),
    "an end of the last key": lambda document: document["keys"][1].update(retired_at=1),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_state_that_is_wrong_anywhere_is_refused(ring, store, name):
    ring.rotate(early=True)
    store.content = damaged = changed(store, DAMAGES[name])
    with pytest.raises(KeyRingError, match="The state of the key ring is damaged") as caught:
        ring.rotate()
    assert caught.value.code == "key_ring"
    assert caught.value.__suppress_context__
    assert store.content == damaged


def test_a_state_of_a_newer_version_is_refused(ring, store):
    store.content = newer = changed(store, lambda document: document.update(version=2))
    with pytest.raises(KeyRingError, match=r"has format 2, which is newer .* upgrade it"):
        ring.rotate()
    assert store.content == newer


def test_a_state_survives_being_written(ring):
    ring.rotate(early=True)
    state = read(ring._store.content)
    assert read(written(state)) == state
    assert len(state.keys) == 2


def test_an_empty_ring_says_what_it_needs(store):
    with pytest.raises(KeyRingError, match="no keys yet: call its method rotate"):
        KeyRing(store).jwks()
    with pytest.raises(KeyRingError, match="its first key needs a schedule"):
        KeyRing(store, passphrase="a").rotate()
    with pytest.raises(KeyRingError, match="no keys yet"):
        KeyRing(store, passphrase="a").signer().encode({})


def test_a_ring_that_can_only_publish_does_not_sign(ring, store):
    reader = KeyRing(store)
    assert reader.jwks() == ring.jwks()
    for call in (reader.signer, reader.rotate, lambda: reader.withdraw("a")):
        with pytest.raises(ValueError, match="needs passphrase= or remote="):
            call()


def test_private_keys_are_encrypted_in_the_state(store):
    ring = KeyRing(store, schedule=SCHEDULE, passphrase="correct horse", algorithm="EdDSA")
    kid = ring.rotate().kid
    assert b'"d"' not in store.content
    assert "encrypted" not in repr(ring.keys)
    other = KeyRing(store, passphrase=b"correct horse")
    token = other.signer().encode({"sub": "a"})
    assert kid_of(token) == kid
    assert Verifier(KeySet.from_jwks(ring.jwks())).decode(token)["sub"] == "a"
    assert ring.jwks()["keys"][0].keys() == {"alg", "crv", "kid", "kty", "use", "x"}


def test_another_passphrase_neither_signs_nor_rotates(store):
    KeyRing(store, schedule=SCHEDULE, passphrase="right").rotate()
    before = store.content
    ring = KeyRing(store, passphrase="wrong")
    with pytest.raises(InvalidKeyError, match="not encrypted under this passphrase"):
        ring.signer().encode({})
    with pytest.raises(InvalidKeyError, match="not encrypted under this passphrase"):
        ring.rotate(early=True)
    assert store.content == before


def test_the_private_key_of_another_key_is_refused(store):
    ring = KeyRing(store, schedule=SCHEDULE, passphrase="a")
    ring.rotate()
    other = json.loads(store.content)["keys"][0]["encrypted"]
    store.content = None
    ring.rotate()
    store.content = changed(store, lambda document: document["keys"][0].update(encrypted=other))
    with pytest.raises(KeyRingError, match="is not that of its public key"):
        KeyRing(store, passphrase="a").signer().encode({})


def test_a_ring_moves_from_a_passphrase_to_a_service(clock, store, service):
    KeyRing(store, schedule=SCHEDULE, passphrase="a").rotate()
    with pytest.raises(KeyRingError, match="has keys that need the argument passphrase="):
        KeyRing(store, remote=service.functions).rotate(early=True)
    ring = KeyRing(store, passphrase="a", remote=service.functions)
    assert [ring.rotate(early=True).is_remote, ring.current.is_remote] == [True, False]
    signer = ring.signer()
    verifier = Verifier(ring.key_set(), algorithms=["ES256"])
    for _ in range(2):
        verifier.decode(signer.encode({}))
        clock.shift(SCHEDULE.overlap)
    with pytest.raises(KeyRingError, match="has keys that need the argument remote="):
        KeyRing(store, passphrase="a").signer().encode({})


def test_wrong_arguments_are_refused_when_the_ring_is_made(store):
    with pytest.raises(TypeError, match=r"such as DirectoryStore\(path\), got str"):
        KeyRing("/var/lib/keys")
    with pytest.raises(TypeError, match="got MemoryStore"):
        KeyRing(MemoryStore)
    with pytest.raises(TypeError, match="schedule must be a Schedule, got int"):
        KeyRing(store, schedule=86400)
    with pytest.raises(TypeError, match="remote must be a RemoteKeys, got function"):
        KeyRing(store, remote=lambda name: name)
    with pytest.raises(InvalidKeyError, match="must not be empty"):
        KeyRing(store, passphrase="")
    with pytest.raises(ValueError, match="HMAC secret must stay secret"):
        KeyRing(store, passphrase="a", algorithm="HS256")


def test_wrong_remote_keys_are_refused(store, service):
    def ring(open_key):
        keys = RemoteKeys(create=service.create, open=open_key)
        return KeyRing(store, schedule=SCHEDULE, remote=keys)

    with pytest.raises(TypeError, match=r"RemoteKeys\.open must return a RemoteKey, got Key"):
        ring(service.keys.get).rotate()
    with pytest.raises(KeyRingError, match="'key-2' was made without its public key"):
        ring(lambda _: RemoteKey(bytes, algorithm="ES256", public=None)).rotate()
    ring(service.open).rotate()
    with pytest.raises(KeyRingError, match="is not that of its public key"):
        ring(lambda _: service.open("key-1")).signer().encode({})


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"every": -1}, "every must be a number of seconds, 0 or more"),
        ({"max_age": float("nan")}, "max_age must be"),
        ({"leeway": "60"}, "leeway must be"),
        ({"token_lifetime": 0}, "token_lifetime must be at least 1, and max_staleness above 0"),
        ({"every": 419}, r"at least max_age \+ max_staleness \+ leeway, 420"),
    ],
)
def test_a_schedule_that_cannot_hold_is_refused(values, text):
    with pytest.raises(ValueError, match=text):
        Schedule(**values)


def test_a_longer_schedule_applies_at_once_and_a_shorter_one_with_the_next_key(ring, store, clock):
    ring.rotate(early=True)
    longer = replace(SCHEDULE, token_lifetime=90, max_age=20)
    KeyRing(store, schedule=longer, remote=ring._remote._keys).rotate()
    ring.refresh()
    assert ring.schedule == longer
    first, second = ring.keys
    assert first.withdrawn_at == first.retired_at + longer.retention
    clock.move_to(second.signs_from)
    back = KeyRing(store, schedule=replace(SCHEDULE, every=50), remote=ring._remote._keys)
    assert back.rotate() is None
    assert back.schedule == replace(longer, every=50)
    clock.move_to(second.signs_from + 50 - longer.overlap)
    third = back.rotate()
    assert third.signs_from - third.published_at == longer.overlap
    assert back.schedule == replace(SCHEDULE, every=50)
    assert back.keys[1].withdrawn_at == third.signs_from + longer.retention


def test_a_clock_that_goes_back_a_little_changes_nothing(ring, clock, store):
    clock.move_to(START + 80)
    ring.rotate()
    before = store.content
    signer = ring.signer()
    clock.move_to(START + 100)
    second = kid_of(signer.encode({}))
    clock.move_to(START + 99)
    first = kid_of(signer.encode({}))
    assert first != second
    assert {first, second} == set(kids(ring))
    clock.move_to(START + 79)
    assert ring.rotate() is None
    assert ring.rotate(early=True) is None
    assert store.content == before


def test_a_clock_that_goes_back_far_makes_no_key_and_signs_with_a_published_one(ring, clock):
    clock.move_to(START + 80)
    ring.rotate()
    clock.move_to(START - 86400)
    with pytest.raises(KeyRingError, match="the clock has gone back, or was ahead"):
        ring.rotate()
    assert kid_of(ring.signer().encode({})) == kids(ring)[0]


def test_a_key_that_a_wrong_clock_has_published_can_be_withdrawn(ring, clock):
    first = ring.current.kid
    clock.move_to(START + 80)
    wrong = ring.rotate(early=True).kid
    clock.move_to(START)
    ring.withdraw(wrong)
    assert kids(ring) == [first]
    assert ring.rotate() is None


def test_threads_share_a_ring(clock, store):
    ring = KeyRing(store, schedule=SCHEDULE, passphrase="a")
    ring.rotate()
    other = KeyRing(store, passphrase="a")
    signer, tokens = other.signer(), []
    threads = [threading.Thread(target=lambda: tokens.append(signer.encode({}))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {kid_of(token) for token in tokens} == set(kids(ring))
    assert len(tokens) == 8


def test_one_thread_reads_while_the_others_use_their_copy(ring, store, clock):
    signer = ring.signer()
    signer.encode({})
    clock.shift(SCHEDULE.reading_interval)
    loading, go_on = threading.Event(), threading.Event()
    load = store.load

    def slow_load():
        loading.set()
        assert go_on.wait(60)
        return load()

    store.load = slow_load
    thread = threading.Thread(target=signer.encode, args=({},))
    thread.start()
    assert loading.wait(60)
    assert signer.encode({})
    go_on.set()
    thread.join(60)


def test_a_loser_of_a_race_removes_its_remote_key(ring, store, service, clock):
    other = KeyRing(store, remote=service.functions)
    create = service.create
    rivals = [lambda: other.rotate(early=True)]

    def create_when_a_rival_was_faster():
        name = create()
        while rivals:
            rivals.pop()()
        return name

    slow = RemoteKeys(
        create=create_when_a_rival_was_faster, open=service.open, remove=service.keys.pop
    )
    assert KeyRing(store, remote=slow).rotate(early=True) is None
    assert list(service.keys) == ["key-1", "key-3"]
    assert len(other.keys) == 2


class World:
    """Every state that a ring had, and whether all tokens verify everywhere."""

    def __init__(self, chance):
        self.chance = chance
        self.history = []
        self.signed = []

    def state_at(self, when):
        return next((state for since, state in reversed(self.history) if since <= when), None)

    def copy(self, when):
        """Return the state as a process may have it."""
        age = self.up_to(max(state.schedule.max_staleness for _, state in self.history))
        old = self.state_at(when - age)
        return old if old and age < old.schedule.max_staleness else self.state_at(when)

    def up_to(self, longest):
        """Return a length of time, often an extreme one."""
        return longest * self.chance.choice([0, self.chance.random(), 0.999])

    def sign(self, when):
        state = self.copy(when)
        if state and state.keys:
            end = when + self.up_to(state.schedule.token_lifetime)
            self.signed.append((state.current(when).kid, when, end))

    def is_known(self, kid, when):
        """Return whether a verifier that has fetched the set at some time has the key."""
        longest = max(state.schedule.max_age for _, state in self.history)
        fetched = when - self.up_to(longest)
        state = self.copy(fetched)
        if not state or when - fetched > state.schedule.max_age or fetched < self.history[0][0]:
            return True  # it fetches again, or there was nothing
        return kid in {key.kid for key in state.without_old(fetched).keys}


def random_schedule(chance):
    times = {name: chance.uniform(1, 30) for name in ("max_age", "max_staleness", "leeway")}
    every = sum(times.values()) * chance.uniform(1.01, 4)
    return Schedule(every=every, token_lifetime=chance.uniform(1, 120), **times)


@pytest.mark.parametrize("seed", range(10))
def test_no_verifier_lacks_the_key_of_a_token_whatever_the_schedules_and_delays(seed):
    """Rotation, changed schedules, stale copies and caches at random times, without a clock."""
    chance = random.Random(seed)
    world = World(chance)
    public = Key.generate("ES256").to_jwk()
    state, wanted, now = State(random_schedule(chance)), None, 0.0
    wanted = state.schedule
    for number in range(300):
        now += chance.uniform(0, wanted.every / 4)
        if chance.random() < 0.1:
            wanted = random_schedule(chance)
        new = state.rescheduled(wanted, now).without_old(now)
        if new.is_due(now) or (chance.random() < 0.1 and not new.has_next(now)):
            key = RingKey(
                public=Key.from_jwk(public | {"kid": str(number), "alg": "ES256"}),
                held="",
                is_remote=False,
                published_at=0,
                signs_from=0,
            )
            new = replace(new.with_key(key, now), schedule=wanted)
        if new != state:
            read(written(new))
            state = new
            world.history.append((now, state))
        for _ in range(5):
            world.sign(now + chance.uniform(0, wanted.every / 4))
    for kid, begin, end in world.signed:
        for _ in range(4):
            assert world.is_known(kid, begin + world.up_to(end - begin)), (kid, begin, end)


def test_the_package_is_imported_when_used():
    assert "keyring" in dir(rapidjwt)
    assert rapidjwt.keyring.KeyRing is KeyRing
    assert isinstance(Signer(Key.generate("ES256")), Signer)
