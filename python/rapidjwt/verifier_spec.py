"""Verifiers for the workers of an engine: a description without secrets, which can be pickled."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ._rapidjwt import Key, Verifier, did_you_mean
from .exceptions import InvalidKeyError
from .historical_keys import HistoricalKeys
from .key_set import KeySet

if TYPE_CHECKING:
    from collections.abc import Callable

#: The arguments of `Verifier` that say what it demands of tokens.
_POLICY = (
    "algorithms",
    "audience",
    "issuer",
    "subject",
    "leeway",
    "require",
    "options",
    "cache_size",
    "max_token_size",
    "max_nesting",
    "profile",
    "rules",
    "max_age",
    "max_lifetime",
    "claims",
)


class VerifierSpec:
    """A description of a `Verifier` that can be pickled, and that makes it once per process.

    A `Verifier` itself is not pickled, because it may hold a secret. A description holds public
    keys, or says where a worker finds a secret.

    Arguments:
        keys: public keys: a `Key`, PEM text, a JWK or a JWK Set as a dict or as JSON text, a
            `KeySet`, `HistoricalKeys`, or a list of those.
        secret_env: instead, the name of an environment variable of the workers with the secret.
        load: instead, a function without arguments that returns the keys, as `Verifier` takes
            them. It is pickled by its name and called once per process.
        policy: the arguments of `Verifier` of these names: `algorithms`, `audience`, `issuer`,
            `subject`, `leeway`, `require`, `options`, `cache_size`, `max_token_size`,
            `max_nesting`, `profile`, `rules`, `max_age`, `max_lifetime`, `claims`.

    Raises `InvalidKeyError` for a secret or private key among the keys, `TypeError` for other wrong
    arguments and for what cannot be pickled. Public keys are tried at once, with what `Verifier`
    raises.

    """

    __slots__ = ("_description",)

    def __init__(
        self,
        keys: Any = None,
        *,
        secret_env: str | None = None,
        load: Callable[[], Any] | None = None,
        **policy: Any,
    ) -> None:
        """Describe a verifier."""
        if sum(source is not None for source in (keys, secret_env, load)) != 1:
            raise TypeError("A VerifierSpec takes one of keys, secret_env and load")
        for name in policy:
            if name not in _POLICY:
                raise TypeError(_unknown(name))
        source: Any = secret_env if load is None else load
        if keys is not None:
            source = _public(keys)
        try:
            self._description = pickle.dumps((source, policy))
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise TypeError(f"A VerifierSpec holds what can be pickled: {error}") from None
        if keys is not None:
            self.verifier()

    def verifier(self) -> Verifier[Any]:
        """Return the verifier, which is made at the first call in a process.

        Raises `InvalidKeyError` if the environment variable is not set, and what `Verifier` raises.
        """
        return _made(self._description)

    def __eq__(self, other: object) -> bool:
        """Return whether both describe the same verifier in the same words."""
        if not isinstance(other, VerifierSpec):
            return NotImplemented
        return self._description == other._description

    def __hash__(self) -> int:
        """Return a hash of the description."""
        return hash(self._description)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what a pickle holds: the description."""
        return _restored, (self._description,)

    def __repr__(self) -> str:
        """Return a text with the names of the arguments."""
        source, policy = pickle.loads(self._description)  # noqa: S301 - it was made above
        is_public = isinstance(source, (tuple, list))
        shown = "keys" if is_public else "secret_env" if isinstance(source, str) else "load"
        return f"<VerifierSpec {', '.join([shown, *policy])}>"


def _restored(description: bytes) -> VerifierSpec:
    spec = VerifierSpec.__new__(VerifierSpec)
    spec._description = description  # noqa: SLF001 - ours
    return spec


@lru_cache(maxsize=16)
def _made(description: bytes) -> Verifier[Any]:
    """Make the verifier of a description, once per process."""
    source, policy = pickle.loads(description)  # noqa: S301 - of a VerifierSpec, pickled with it
    if isinstance(source, str):
        keys: Any = os.environ.get(source)
        if not keys:
            raise InvalidKeyError(f"The environment variable {source} is not set in this process")
    elif isinstance(source, tuple):
        read, jwks = source
        keys = read(jwks)
    elif isinstance(source, list):
        keys = [Key.from_jwk(jwk) for jwk in source]
    else:
        keys = source()
    return Verifier(keys, **policy)


def _public(keys: Any) -> tuple[Callable[[Any], Any], dict[str, Any]] | list[dict[str, Any]]:
    """Return public keys as JWKs.

    A set, which may have keys for other purposes, is returned as its reader and what this reads.
    """
    keys = _read(keys)
    if isinstance(keys, KeySet):
        return KeySet.from_jwks, {"keys": [_public_jwk(entry.key) for entry in keys]}
    if isinstance(keys, HistoricalKeys):
        for one in keys:
            _public_jwk(one.key)
        return HistoricalKeys, {"keys": [one.to_jwk() for one in keys]}
    members = map(_read, keys) if isinstance(keys, (list, tuple)) else [keys]
    return [_public_jwk(member) for member in members]


def _read(keys: Any) -> Any:
    """Read the text of keys, and JWKs, as a `Key` or a `KeySet`."""
    text = keys.encode() if isinstance(keys, str) else keys
    if isinstance(text, bytes):
        if text.strip().startswith(b"{"):
            return _read(json.loads(text))
        if b"-----BEGIN" not in text:
            raise InvalidKeyError(_MISUSE)
        return Key.from_pem(text)
    if isinstance(keys, Mapping):
        return KeySet.from_jwks(keys) if "keys" in keys else Key.from_jwk(dict(keys))
    return keys


_MISUSE = (
    "A VerifierSpec does not hold secrets or private keys: pass secret_env=, load=, or key.public()"
)


def _public_jwk(key: Any) -> dict[str, Any]:
    if not isinstance(key, Key):
        raise TypeError(f"keys must be public keys or a JWK Set, got {type(key).__name__}")
    if key.is_private or key.kty == "oct":
        raise InvalidKeyError(_MISUSE)
    return key.to_jwk()


def _unknown(name: str) -> str:
    if name in {"jwks", "decrypter", "replay", "revocation"}:
        return f"A VerifierSpec has no {name}: a worker decides alone, with keys of its own"
    hint = did_you_mean(name, _POLICY) or f"it takes {', '.join(_POLICY)}"
    return f"VerifierSpec() has no argument {name!r}: {hint}"
