"""A key ring: which keys an issuer signs with and publishes, and when they change."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from rapidjwt._fork import ForkAware
from rapidjwt._rapidjwt import RemoteKey
from rapidjwt.exceptions import KeyRingError, StoreUnavailableError
from rapidjwt.key_set import KeySet

from .document import read, written
from .holders import Remote, Sealed
from .signer import RingSigner
from .state import Schedule, State
from .store import checked_store

if TYPE_CHECKING:
    from datetime import timedelta
    from json import JSONEncoder

    from rapidjwt import Key
    from rapidjwt.profiles import Profile
    from rapidjwt.types import Algorithm

    from .holders import Holder, RemoteKeys
    from .state import RingKey
    from .store import KeyRingStore

__all__ = ["KeyRing"]


#: Seconds between two attempts to read the state from a store that fails.
_PAUSE = 0.5


class _Copy(NamedTuple):
    """The state as it was at a time, by both clocks: one may stand still, one may be set."""

    state: State
    monotonic: float
    wall: float

    def is_younger(self, age: float) -> bool:
        return time.monotonic() - self.monotonic < age and time.time() - self.wall < age

    def is_usable(self) -> bool:
        return self.is_younger(self.state.schedule.max_staleness)


class KeyRing(ForkAware):
    """The keys of an issuer: the current one, which signs, the next one, and retired ones.

    The state is in a store that the processes of an issuer share. `rotate` changes it when that is
    due; each process reads it every `max_staleness / 4` seconds, and does not sign or publish with
    a copy that is older than `max_staleness`. A ring is safe to share between threads, and its
    process may fork.

    Arguments:
        store: where the state is: a `DirectoryStore`, a `rapidjwt.keyring.redis.RedisStore`, or an
            object of yours with the methods of `KeyRingStore`.
        schedule: how often keys rotate. A ring without one uses that of the state, and cannot make
            the first key.
        passphrase: what private keys are encrypted under in the state: a str or bytes.
        remote: `RemoteKeys`, in place of a passphrase: private keys are in a service. A ring with
            both makes remote keys, and still signs with the encrypted ones that it has.
        algorithm: the `alg` of new keys under a passphrase.
        size: the size of new RSA keys in bits.

    A ring without `passphrase` and `remote` can publish, and cannot sign or rotate.

    Raises `InvalidKeyError` for an empty passphrase, `TypeError` and `ValueError` for other wrong
    arguments.

    """

    def __init__(
        self,
        store: KeyRingStore,
        *,
        schedule: Schedule | None = None,
        passphrase: str | bytes | None = None,
        remote: RemoteKeys | None = None,
        algorithm: Algorithm = "ES256",
        size: int | None = None,
    ) -> None:
        """Take the store and what the keys need. Nothing is read yet."""
        super().__init__()
        self._store = checked_store(store)
        if schedule is not None and not isinstance(schedule, Schedule):
            raise TypeError(f"schedule must be a Schedule, got {type(schedule).__name__}")
        self._schedule = schedule
        self._sealed = None if passphrase is None else Sealed(passphrase, algorithm, size)
        self._remote = None if remote is None else Remote(remote)
        self._copy: _Copy | None = None
        self._failure: tuple[float, Exception] | None = None
        self._kept: dict[str, Key | RemoteKey] = {}
        self._make_locks()

    def _make_locks(self) -> None:
        self._loading = threading.Lock()
        self._opening = threading.Lock()

    @property
    def schedule(self) -> Schedule:
        """The schedule that applies now; `schedule.max_age` is for publishing."""
        return self._fresh().state.schedule

    @property
    def keys(self) -> tuple[RingKey, ...]:
        """The keys that are published, in the order in which they sign."""
        return self._fresh().state.without_old(time.time()).keys

    @property
    def current(self) -> RingKey:
        """The key that signs now. Raises `KeyRingError` for a ring without keys."""
        return self._fresh().state.current(time.time())

    def key_set(self) -> KeySet:
        """Return the public keys to publish, for `jwks_response` of the framework helpers.

        Raises `KeyRingError` for a ring without keys or a damaged one, `StoreUnavailableError` if
        the state is not known.
        """
        now, state = time.time(), self._fresh().state
        state.current(now)
        return KeySet([key.public for key in state.without_old(now).keys])

    def jwks(self) -> dict[str, Any]:
        """Return the JWK Set to publish: the next key, the current one, and the retired ones.

        Errors are those of `key_set`.
        """
        return self.key_set().to_jwks()

    def signer(
        self,
        *,
        headers: dict[str, Any] | None = None,
        issuer: str | None = None,
        audience: str | list[str] | tuple[str, ...] | None = None,
        lifetime: float | timedelta | None = None,
        jwt_id: bool = False,
        json_encoder: type[JSONEncoder] | None = None,
        profile: Profile | None = None,
    ) -> RingSigner:
        """Return a signer that always signs with the current key.

        Arguments are those of `Signer`. `lifetime` is the `token_lifetime` of the schedule if it is
        left out, and must not be longer.
        """
        self._for_new_keys()
        arguments = {
            "headers": headers,
            "issuer": issuer,
            "audience": audience,
            "lifetime": lifetime,
            "jwt_id": jwt_id,
            "json_encoder": json_encoder,
            "profile": profile,
        }
        return RingSigner(self, arguments)

    def rotate(self, *, early: bool = False) -> RingKey | None:
        """Publish the next key if that is due, remove keys that have ended; call it often.

        The first key of a ring signs at once. The others are published first, and start to sign
        without another call. With `early` the next key is published although it is not due, unless
        there is one. If several processes rotate at once, one of them changes the ring.

        Returns the new key, or None.

        Raises `KeyRingError` for a state that cannot be read and for a clock that has gone back;
        `InvalidKeyError` for another passphrase than that of the newest key;
        `StoreUnavailableError` if the state cannot be read or stored; what the functions of
        `RemoteKeys` raise, `remove` after the change was stored.
        """
        self._for_new_keys()
        while True:
            content, state = self._load()
            now = time.time()
            _check_clock(state, now)
            wanted = self._schedule or state.schedule
            new = state.rescheduled(wanted, now).without_old(now)
            is_added = new.is_due(now) or (early and not new.has_next(now))
            if is_added:
                new = replace(self._with_new_key(new), schedule=wanted)
            if new == state or self._replace(content, state, new):
                return new.keys[-1] if is_added else None

    def withdraw(self, kid: str) -> None:
        """Remove a key at once, because it has leaked: its tokens are refused from now on.

        In place of the current key, the next one signs, or a new one, which was not published:
        verifiers must fetch it when they see its `kid`, as a `JWKSClient` does.

        Raises `KeyRingError` for a `kid` that the ring does not have; other errors are those of
        `rotate`.
        """
        self._for_new_keys()
        while True:
            content, state = self._load()
            now = time.time()
            new = state.without(kid, now)
            if not new.has_current():
                new = self._with_new_key(new, at_once=True)
            if self._replace(content, state, new):
                return

    def refresh(self) -> None:
        """Read the state now; errors are those of `rotate`."""
        with self._loading:
            self._read()

    def _load(self) -> tuple[bytes | None, State]:
        """Return the state of the store, and its text."""
        content = self._store.load()
        if content is not None:
            return content, read(content)
        if self._schedule is None:
            raise KeyRingError("The key ring is empty: its first key needs a schedule")
        return None, State(self._schedule)

    def _for_new_keys(self) -> Holder:
        holder = self._remote or self._sealed
        if holder is None:
            raise ValueError("To sign or rotate, a key ring needs passphrase= or remote=")
        return holder

    def _holder(self, key: RingKey) -> Holder:
        holder = self._remote if key.is_remote else self._sealed
        if holder is None:
            needed = "remote=" if key.is_remote else "passphrase="
            raise KeyRingError(f"The key ring has keys that need the argument {needed}")
        return holder

    def _with_new_key(self, state: State, *, at_once: bool = False) -> State:
        """Add a key, if the newest can be opened: a ring with two passphrases is a mistake."""
        if state.keys:
            self._opened(state.keys[-1])
        key = self._for_new_keys().create()
        # A service may have taken long: the key is published from now on, not from the start.
        return state.with_key(key, time.time(), at_once=at_once)

    def _replace(self, content: bytes | None, old: State, new: State) -> bool:
        """Store a state unless another process was faster, and return whether it was stored."""
        is_stored = self._store.replace(content, written(new))
        if is_stored:
            self._copy = _Copy(new, time.monotonic(), time.time())
        kept = {key.kid for key in (new if is_stored else old).keys}
        for key in (old if is_stored else new).keys:
            if key.kid not in kept and key.is_remote and self._remote is not None:
                self._remote.remove(key)
        return is_stored

    def _opened(self, key: RingKey) -> Key | RemoteKey:
        """Return the private key, which is opened once: that takes long."""
        found = self._kept.get(key.kid)
        if found is not None:
            return found
        with self._opening:
            if key.kid not in self._kept:
                opened = self._holder(key).open(key)
                newest = list(self._kept.items())[-1:]  # the current one when the next is opened
                self._kept = dict([*newest, (key.kid, opened)])
            return self._kept[key.kid]

    def _fresh(self) -> _Copy:
        """Return a copy of the state that is new enough."""
        copy = self._copy
        if copy is not None and copy.is_younger(copy.state.schedule.reading_interval):
            return copy
        is_usable = copy is not None and copy.is_usable()
        if not self._loading.acquire(blocking=not is_usable) and copy is not None:
            return copy  # another thread reads it
        try:
            if self._copy is not None and self._copy is not copy:
                return self._copy  # another thread has read it
            if self._failure is not None and time.monotonic() < self._failure[0]:
                raise type(self._failure[1])(str(self._failure[1]))
            return self._read()
        except (KeyRingError, StoreUnavailableError):
            if copy is None or not is_usable:
                raise
            return copy
        finally:
            self._loading.release()

    def _read(self) -> _Copy:
        asked, asked_wall = time.monotonic(), time.time()
        try:
            content = self._store.load()
            state = State(self._schedule or Schedule()) if content is None else read(content)
        except (KeyRingError, StoreUnavailableError) as error:
            self._failure = (time.monotonic() + _PAUSE, error)
            raise
        self._failure = None
        self._copy = _Copy(state, asked, asked_wall)
        return self._copy

    def _after_fork(self) -> None:
        self._make_locks()
        self._kept = {kid: key for kid, key in self._kept.items() if not isinstance(key, RemoteKey)}


def _check_clock(state: State, now: float) -> None:
    """Raise KeyRingError if the newest key is from the future: its times would be wrong."""
    if state.keys and state.keys[-1].published_at > now + state.schedule.leeway:
        raise KeyRingError(
            "The newest key of the ring was published in the future: the clock has gone back, or "
            "was ahead. Correct it, or withdraw that key"
        )
