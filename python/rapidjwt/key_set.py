"""Several keys as one object: a JWK Set (RFC 7517 Section 5), your own or a provider's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ._rapidjwt import Key, choose_keys, jwk_permits
from .exceptions import InvalidKeyError, PyJWKSetError, PyJWTError, described

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from os import PathLike


@dataclass(frozen=True)
class KeySetEntry:
    """A key of a set and the purpose that its JWK states; None where it states nothing."""

    key: Key

    @property
    def kid(self) -> str | None:
        """The key's ID (RFC 7517 Section 4.5)."""
        return self.key.kid

    @property
    def alg(self) -> str | None:
        """The only algorithm that the key may be used with (RFC 7517 Section 4.4)."""
        return self.key.alg

    @property
    def use(self) -> str | None:
        """The use of the key: "sig" or "enc" (RFC 7517 Section 4.2)."""
        return self.key.use

    @property
    def key_ops(self) -> tuple[str, ...] | None:
        """The operations that the key may be used for (RFC 7517 Section 4.3)."""
        return self.key.key_ops

    @property
    def kty(self) -> str:
        """The key type: "RSA", "EC", "OKP" or "oct" (RFC 7518 Section 6.1)."""
        return self.key.kty

    def serves(self, algorithm: str) -> bool:
        """Return whether signatures of `algorithm` can be verified with this key."""
        if self.alg not in (None, algorithm):
            return False
        try:
            self.key.verify(b"", b"", algorithm)  # False for a key that fits, an error otherwise
        except (PyJWTError, NotImplementedError):
            return False
        return True

    def permits(self, operation: str) -> bool:
        """Return whether `key_ops` allow an operation; "sign" also requires a private key."""
        if operation == "sign" and not self.key.is_private:
            return False
        return jwk_permits(None, self.key_ops, operation=operation)

    def to_jwk(self) -> dict[str, Any]:
        """Return the public JWK. Raises InvalidKeyError for a shared secret, which has none."""
        return self.key.to_jwk()


class SkippedKey(NamedTuple):
    """A member of a set that cannot be used, and the reason.

    `source` is its position in the list of keys, or its file name.
    """

    source: int | str
    kid: str | None
    reason: str


class KeySet:
    """A set of keys, from which the `kid` and `alg` of each token select one.

    It can be the `key` of `Verifier` and `decode`. Members that cannot be used are left out, as RFC
    7517 Section 5 says, and listed in `skipped`. The set is immutable; iterating over it yields the
    `KeySetEntry` objects in order.
    """

    __slots__ = ("_entries", "_skipped")

    def __init__(self, keys: Iterable[Key | Mapping[str, Any]]) -> None:
        """Make a set of `Key` objects and JWKs.

        Raises PyJWKSetError if there is no key, or none that can be used, and for a JWK Set, which
        `from_jwks` reads; TypeError for one key.
        """
        _refuse_one(keys)
        self._gather(enumerate(keys), _read_member)

    @classmethod
    def from_jwks(cls, jwks: Mapping[str, Any] | str | bytes) -> KeySet:
        """Read a JWK Set from a dictionary or its JSON text.

        Raises PyJWKSetError if it is not a JWK Set, has no keys, or none that can be used.
        """
        return cls(read_jwks(jwks))

    @classmethod
    def from_directory(cls, directory: str | PathLike[str]) -> KeySet:
        """Read all files `*.pem` of a directory; a key's `kid` is its file name without `.pem`.

        Raises PyJWKSetError if none of them can be used, OSError if one cannot be read.
        """
        paths = sorted(Path(directory).iterdir())
        files = [(path.name, path) for path in paths if path.suffix == ".pem"]
        key_set = cls.__new__(cls)
        key_set._gather(files, _read_pem_file)  # noqa: SLF001 - ours
        return key_set

    def _gather(
        self, members: Iterable[tuple[int | str, Any]], read: Callable[[Any], KeySetEntry]
    ) -> None:
        entries: list[KeySetEntry] = []
        skipped: dict[SkippedKey, str | None] = {}  # each with its key type, for the error
        for source, member in members:
            item = _read_or_skip(source, member, read)
            if isinstance(item, KeySetEntry):
                entries.append(item)
            else:
                skipped[item] = _kty_of(member)
        if not entries:
            raise PyJWKSetError(_nothing_usable(skipped))
        self._entries = tuple(entries)
        self._skipped = tuple(skipped)

    @property
    def skipped(self) -> tuple[SkippedKey, ...]:
        """The members that were left out, in order."""
        return self._skipped

    def __iter__(self) -> Iterator[KeySetEntry]:
        """Iterate over the keys."""
        return iter(self._entries)

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._entries)

    def __getitem__(self, kid: str) -> KeySetEntry:
        """Return the first key with this ID; raise KeyError if there is none."""
        for entry in self._entries:
            if entry.kid == kid:
                return entry
        raise KeyError(f"keyset has no key for kid: {kid}")

    def __repr__(self) -> str:
        """Return a text with the type and ID of each key."""
        keys = ", ".join(f"{entry.kty} {entry.kid!r}" for entry in self._entries)
        return f"<KeySet {keys}>"

    def find(
        self,
        *,
        kid: str | None = None,
        kty: str | None = None,
        alg: str | None = None,
        use: str | None = None,
        operation: str | None = None,
    ) -> tuple[KeySetEntry, ...]:
        """Return all keys that match the arguments; an argument of None matches every key.

        A key that does not state its `alg`, `use` or `key_ops` matches every value that its type
        allows.
        """
        return tuple(
            entry
            for entry in self._entries
            if (kid is None or entry.kid == kid)
            and (kty is None or entry.kty == kty)
            and (use is None or jwk_permits(entry.use, None, use=use))
            and (operation is None or entry.permits(operation))
            and (alg is None or entry.serves(alg))
        )

    def select(
        self,
        kid: str | None = None,
        alg: str | None = None,
        use: str = "sig",
        operation: str = "verify",
    ) -> KeySetEntry:
        """Return the one key for a token with this `kid` and `alg`, as `Verifier` chooses it.

        The first key with the token's ID is chosen; if no key has it, the only key without an ID.
        For a token without an ID, the only key that fits is chosen.

        Raises PyJWKSetError if no key fits, or if several fit and none of them can be preferred.
        (`Verifier` and `decode` try several keys, but only if none of them has an ID.)
        """
        usable = self.find(alg=alg, use=use, operation=operation)
        fitting = [usable[index] for index in _positions(usable, kid)]
        if not fitting:
            error = PyJWKSetError(f"The JWK Set has no key for kid {kid!r} and alg {alg!r}")
            raise described(error, code="unknown_key")
        chosen, *others = fitting
        if others:
            raise PyJWKSetError(f"Several keys of the JWK Set fit kid {kid!r} and alg {alg!r}")
        return chosen

    def to_jwks(self) -> dict[str, list[dict[str, Any]]]:
        """Return the JWK Set to publish: only public parts, without shared secrets.

        Raises InvalidKeyError for a set that consists of shared secrets and has nothing to publish.
        """
        keys = [entry.to_jwk() for entry in self._entries if entry.kty != "oct"]
        if not keys:
            raise InvalidKeyError("The set has shared secrets only, which must not be published")
        return {"keys": keys}


def _refuse_one(keys: object) -> None:
    """Raise the error for what `KeySet(...)` is often given instead of a list of keys."""
    if isinstance(keys, Mapping):
        one = "a JWK: pass [jwk]" if "kty" in keys else "a JWK Set: use KeySet.from_jwks(...)"
        raise PyJWKSetError(f"Expected a list of keys, got {one}")
    if isinstance(keys, (str, bytes)):
        raise PyJWKSetError("Expected a list of keys, got text: KeySet.from_jwks reads JSON")
    if isinstance(keys, Key):
        raise TypeError("Expected a list of keys, got one Key: pass [key]")
    if keys is None:
        raise TypeError("Expected a list of keys, got None")


def read_jwks(jwks: Mapping[str, Any] | str | bytes) -> list[Any]:
    """Return the members of a JWK Set, a dictionary or its JSON text."""
    if isinstance(jwks, (str, bytes)):
        try:
            jwks = json.loads(jwks)
        except (ValueError, RecursionError):
            # `from None`: the original error holds the text, which may contain secrets.
            is_url = isinstance(jwks, str) and jwks.startswith(("https://", "http://"))
            hint = ": JWKSClient(url) fetches it" if is_url else ""
            raise PyJWKSetError(f"The JWK Set is not valid JSON{hint}") from None
    return _members(jwks)


def _members(jwks: object) -> list[Any]:
    """Return the members of a JWK Set; raise PyJWKSetError for anything else."""
    if isinstance(jwks, list):
        raise PyJWKSetError('Invalid JWK Set value: a list, not {"keys": [...]}; use KeySet(keys)')
    if not isinstance(jwks, Mapping):
        raise PyJWKSetError(f"Invalid JWK Set value: {type(jwks).__name__} is not a dict")
    if "keys" not in jwks and "kty" in jwks:
        raise PyJWKSetError("Invalid JWK Set value: this is a JWK; use KeySet([jwk])")
    keys = jwks.get("keys", [])
    if not isinstance(keys, list):
        raise PyJWKSetError('Invalid JWK Set value: "keys" is not a list')
    return keys


def _positions(entries: tuple[KeySetEntry, ...], kid: str | None) -> Iterable[int]:
    """Return the positions of the keys that a token with this ID leaves."""
    if kid is None:
        return range(len(entries))
    try:
        return choose_keys([entry.kid for entry in entries], kid)
    except PyJWTError:
        return []


def _read_or_skip(
    source: int | str, member: Any, read: Callable[[Any], KeySetEntry]
) -> KeySetEntry | SkippedKey:
    try:
        return read(member)
    except (PyJWTError, NotImplementedError) as error:
        return SkippedKey(source, _kid_of(member), str(error))


#: How many skipped members an error lists, and how much of a text from elsewhere it shows.
_MOST_LISTED = 5
_MOST_SHOWN = 100


def _nothing_usable(skipped: dict[SkippedKey, str | None]) -> str:
    """Return the text of the error for a set whose members were all skipped."""
    if not skipped:
        return "The JWK Set did not contain any keys"
    listed = [_described(key, kty) for key, kty in skipped.items()][:_MOST_LISTED]
    if len(skipped) > len(listed):
        listed.append(f"and {len(skipped) - len(listed)} more")
    return f"The JWK Set did not contain any usable keys: {'; '.join(listed)}"


def _described(skipped: SkippedKey, kty: str | None) -> str:
    source = skipped.source
    where = f"member {source}" if isinstance(source, int) else source
    names = {"kid": skipped.kid, "kty": kty}
    shown = ", ".join(
        f"{name} {_shortened(repr(value))}" for name, value in names.items() if value is not None
    )
    return f"{where}{f' ({shown})' if shown else ''}: {_shortened(skipped.reason)}"


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def _read_member(member: Key | Mapping[str, Any]) -> KeySetEntry:
    if not isinstance(member, (Key, Mapping)):
        hint = ": Key.from_pem reads PEM text" if isinstance(member, (str, bytes)) else ""
        raise InvalidKeyError(f"A JWK must be a JSON object{hint}")
    entry = KeySetEntry(member if isinstance(member, Key) else Key.from_jwk(dict(member)))
    if entry.alg is not None and not entry.serves(entry.alg):
        raise InvalidKeyError(f"The key cannot be used with its algorithm {entry.alg!r}")
    return entry


def _read_pem_file(path: Path) -> KeySetEntry:
    return KeySetEntry(Key.from_pem(path.read_bytes(), kid=path.stem))


def _kid_of(member: Path | Key | Mapping[str, Any]) -> str | None:
    if isinstance(member, Path):
        return member.stem
    kid = member.get("kid") if isinstance(member, Mapping) else None
    return kid if isinstance(kid, str) else None


def _kty_of(member: Path | Key | Mapping[str, Any]) -> str | None:
    if isinstance(member, Key):
        return member.kty
    kty = member.get("kty") if isinstance(member, Mapping) else None
    return kty if isinstance(kty, str) else None
