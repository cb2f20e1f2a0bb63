"""Which algorithm the key of a service signs with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rapidjwt._rapidjwt import algorithm_table
from rapidjwt.exceptions import InvalidKeyError

if TYPE_CHECKING:
    from rapidjwt import Key


def chosen(algorithm: str | None, key: Key) -> str:
    """Return the requested algorithm, or the usual one of a public key that is not an RSA key.

    Raises ValueError if an algorithm is needed, InvalidKeyError for one that the key does not have.
    """
    possible = _algorithms_of(key)
    if algorithm is None and key.kty == "RSA":
        msg = f"algorithm is needed: an RSA key signs with {', '.join(possible)}"
        raise ValueError(msg)
    algorithm = algorithm or possible[0]
    if algorithm not in possible:
        msg = f"The key of the service signs with {', '.join(possible)}, not with {algorithm}"
        raise InvalidKeyError(msg)
    return algorithm


def _algorithms_of(key: Key) -> list[str]:
    """Return the algorithms of a public key, the usual one first."""
    curve = key.to_jwk().get("crv")
    rows = algorithm_table()
    if curve is None:
        return [row["name"] for row in rows if row["name"].startswith(("RS", "PS"))]
    names = [row["name"] for row in rows if row["curve"] == curve]
    return ["EdDSA", *names] if key.kty == "OKP" else names
