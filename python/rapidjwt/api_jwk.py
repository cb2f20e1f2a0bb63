"""JSON Web Keys and JWK Sets (RFC 7517)."""

from __future__ import annotations

import json
import time

from rapidjwt._rapidjwt import Key

from ._backend import key_object
from .algorithms import (
    _ROWS,
    ECAlgorithm,
    OKPAlgorithm,
    RSAAlgorithm,
    get_default_algorithms,
    has_crypto,
    requires_cryptography,
)
from .exceptions import (
    InvalidKeyError,
    MissingCryptographyError,
    PyJWKError,
    PyJWKSetError,
    PyJWTError,
)
from .utils import from_base64url_uint

TYPE_CHECKING = False  # like typing's, whose import takes longer than ours
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Literal

    from .algorithms import Algorithm
    from .types import JWKDict

#: The members that make a JWK secret (RFC 7518 Sections 6.2.2, 6.3.2, 6.4.1; RFC 9964 Section 4).
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})

#: The `alg` of a key that does not name one, by `kty` and `crv`.
_DEFAULT_ALGORITHMS: dict[tuple[str, str], str] = {
    **{("EC", row["curve"]): row["name"] for row in _ROWS if row["curve"]},
    ("OKP", "Ed25519"): "EdDSA",
}

#: The function that reads a JWK unless it is overridden or patched, by `kty`.
_FROM_JWK = {
    "EC": ECAlgorithm.from_jwk,
    "OKP": OKPAlgorithm.from_jwk,
    "RSA": RSAAlgorithm.from_jwk,
}


def _printable(jwk: JWKDict) -> JWKDict:
    """Return a JWK without its private members, which PyJWT's messages show."""
    if _PRIVATE_MEMBERS.isdisjoint(jwk):
        return jwk
    return {name: jwk[name] for name in jwk if name not in _PRIVATE_MEMBERS}


def _default_algorithm(jwk: JWKDict, kty: Any) -> str:
    if kty == "RSA":
        return "RS256"
    if kty == "oct":
        return "HS256"
    if kty not in ("EC", "OKP"):
        raise InvalidKeyError(f"Unsupported kty: {kty}")
    crv = jwk.get("crv", None)
    if not crv:
        if kty == "EC":
            return "ES256"
        raise InvalidKeyError(f"crv is not found: {_printable(jwk)}")
    algorithm = _DEFAULT_ALGORITHMS.get((kty, crv)) if isinstance(crv, str) else None
    if algorithm is None:
        raise InvalidKeyError(f"Unsupported crv: {crv}")
    return algorithm


def _native_key(jwk: JWKDict, algorithm: Algorithm) -> Key | None:
    """Read an asymmetric key natively; return None if `from_jwk` is patched or must decide."""
    kty = jwk.get("kty")
    if type(jwk) is not dict or type(kty) is not str:
        return None
    if algorithm.from_jwk is not _FROM_JWK.get(kty):
        return None
    try:
        key = Key.from_jwk(jwk)
    except (PyJWTError, TypeError, ValueError):
        return None
    return None if key.curve in ("Ed448", "X25519") else key


def _is_sound(key: Key, jwk: JWKDict) -> bool:
    """Return whether cryptography is certain to accept a key that the core accepts.

    For RSA it checks more than the core does: the primes of private keys, and sizes that the core
    leaves to it.
    """
    if key.kty != "RSA":
        return True
    if "d" in jwk or key.size not in range(2048, 8192 + 1):
        return False
    n, e = from_base64url_uint(jwk["n"]), from_base64url_uint(jwk["e"])
    return n % 2 == 1 and e in range(3, 1 << 33, 2)


class PyJWK:
    """A JSON Web Key (RFC 7517) and the one algorithm that it is used with.

    `algorithm_name` is its `alg`, `Algorithm` the object that signs and verifies with it.
    """

    def __init__(self, jwk_data: JWKDict, algorithm: str | None = None) -> None:
        """Read a JWK.

        `jwk_data` has the members of the JWK; `algorithm` is the `alg` to use. It defaults to the
        JWK's own `alg`, and without that to the usual one for its `kty` and `crv`.

        Raises InvalidKeyError for a malformed key or an unknown type or curve, PyJWKError for an
        unknown algorithm, MissingCryptographyError for one that is not available.
        """
        self._jwk_data = jwk_data
        kty = jwk_data.get("kty", None)
        if not kty:
            raise InvalidKeyError(f"kty is not found: {_printable(jwk_data)}")

        if not algorithm and isinstance(jwk_data, dict):
            algorithm = jwk_data.get("alg", None)
        if not algorithm:
            algorithm = _default_algorithm(jwk_data, kty)
        if not has_crypto and algorithm in requires_cryptography:
            raise MissingCryptographyError(f"{algorithm} requires 'cryptography' to be installed.")
        self.algorithm_name = algorithm

        try:
            self._algorithm = get_default_algorithms()[algorithm]
        except KeyError:
            raise PyJWKError(
                f"Unable to find an algorithm for key: {_printable(jwk_data)}"
            ) from None

        self._key: Any = None
        #: The key for the fast path, if `key` is what the JWK says and the core can use it
        #: natively; False if the fast path must not use this object at all.
        self._native_key: Key | Literal[False] | None = _native_key(jwk_data, self.Algorithm)
        if self._native_key is not None and _is_sound(self._native_key, jwk_data):
            return  # `key` is created when it is first read
        try:
            self._key = self.Algorithm.from_jwk(jwk_data)
        except (TypeError, ValueError) as error:
            raise InvalidKeyError(f"Unable to construct key from JWK: {error}") from error

    @property
    def key(self) -> Any:
        """The key as `Algorithm` takes it.

        Bytes for `kty` oct; otherwise an object of the cryptography package or, if that is not
        installed, a native `Key`.
        """
        if self._key is None and self._native_key:
            self._key = key_object(self._native_key)
        return self._key

    @key.setter
    def key(self, key: Any) -> None:
        self._key = key
        self._native_key = self._native_key and None

    @property
    def Algorithm(self) -> Algorithm:  # noqa: N802 - PyJWT's name
        """The object that signs and verifies with the key."""
        return self._algorithm

    @Algorithm.setter
    def Algorithm(self, algorithm: Algorithm) -> None:  # noqa: N802
        self._key = self.key
        self._algorithm = algorithm
        self._native_key = False

    @staticmethod
    def from_dict(obj: JWKDict, algorithm: str | None = None) -> PyJWK:
        """Read a JWK from a dictionary; arguments and errors as for `PyJWK` itself."""
        return PyJWK(obj, algorithm)

    @staticmethod
    def from_json(data: str, algorithm: str | None = None) -> PyJWK:
        """Read a JWK from JSON text; errors as for `PyJWK`, and json.JSONDecodeError."""
        return PyJWK.from_dict(json.loads(data), algorithm)

    @property
    def key_type(self) -> str | None:
        """The member `kty` (RFC 7517 Section 4.1)."""
        return self._jwk_data.get("kty", None)

    @property
    def key_id(self) -> str | None:
        """The member `kid` (RFC 7517 Section 4.5), or None."""
        return self._jwk_data.get("kid", None)

    @property
    def public_key_use(self) -> str | None:
        """The member `use` (RFC 7517 Section 4.2), or None. It is not enforced."""
        return self._jwk_data.get("use", None)


class PyJWKSet:
    """The usable keys of a JWK Set (RFC 7517 Section 5), in order: `keys`.

    Iteration yields the keys; `jwk_set[kid]` finds one by its ID.
    """

    def __init__(self, keys: list[JWKDict]) -> None:
        """Read the JWKs in a list, and skip those that cannot be used.

        Raises PyJWKSetError for anything but a list and for a list without a usable key,
        MissingCryptographyError for an algorithm that is not available.
        """
        self.keys: list[PyJWK] = []
        if not keys:
            raise PyJWKSetError("The JWK Set did not contain any keys")
        if not isinstance(keys, list):
            raise PyJWKSetError("Invalid JWK Set value")

        for jwk in keys:
            if not isinstance(jwk, dict):
                continue
            try:
                self.keys.append(PyJWK(jwk))
            except MissingCryptographyError:
                raise
            except PyJWTError:
                continue  # RFC 7517 Section 5: ignore keys that are not understood

        if not self.keys:
            raise PyJWKSetError(
                "The JWK Set did not contain any usable keys. "
                "Perhaps 'cryptography' is not installed?"
            )

    @staticmethod
    def from_dict(obj: dict[str, Any]) -> PyJWKSet:
        """Read a JWK Set from a dictionary with the member `keys`; errors as for `PyJWKSet`."""
        return PyJWKSet(obj.get("keys", []))

    @staticmethod
    def from_json(data: str) -> PyJWKSet:
        """Read a JWK Set from JSON text; errors as for `PyJWKSet`, and json.JSONDecodeError."""
        return PyJWKSet.from_dict(json.loads(data))

    def __getitem__(self, kid: str) -> PyJWK:
        """Return the first key with this ID; raise KeyError if there is none."""
        for key in self.keys:
            if key.key_id == kid:
                return key
        raise KeyError(f"keyset has no key for kid: {kid}")

    def __iter__(self) -> Iterator[PyJWK]:
        """Iterate over the keys."""
        return iter(self.keys)


class PyJWTSetWithTimestamp:
    """A JWK Set and the time at which it was received, in seconds of `time.monotonic()`."""

    def __init__(self, jwk_set: PyJWKSet) -> None:
        """Store a JWK Set with the current time."""
        self.jwk_set = jwk_set
        self.timestamp = time.monotonic()

    def get_jwk_set(self) -> PyJWKSet:
        """Return the JWK Set."""
        return self.jwk_set

    def get_timestamp(self) -> float:
        """Return the time at which the JWK Set was stored."""
        return self.timestamp
