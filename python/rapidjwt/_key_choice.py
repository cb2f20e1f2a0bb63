"""The choice of the key that verifies a token, for several keys where PyJWT accepts one.

The rules are the native ones, which `Verifier` uses too.
"""

from __future__ import annotations

import sys

from rapidjwt._rapidjwt import Key, choose_keys, jwk_permits

from .api_jwk import PyJWK, PyJWKSet
from .exceptions import InvalidKeyError, PyJWTError

TYPE_CHECKING = False  # like typing's, whose import takes longer than ours
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeAlias

    from .algorithms import Algorithm

    _Times: TypeAlias = tuple[float | None, float | None, float | None]


def members(key: Any) -> list[Any] | None:
    """Return the keys of a list, tuple, `KeySet` or `PyJWKSet` that may verify; None for one key.

    Keys are left out if their JWK says that they are for something else: a `use` that is not "sig",
    or `key_ops` without "verify" (RFC 7517 Sections 4.2 and 4.3).
    """
    if isinstance(key, (list, tuple)):
        found: list[Any] = list(key)
    elif isinstance(key, PyJWKSet):
        found = list(key.keys)
    elif _is_key_set(key):
        found = [entry.key for entry in key]
    else:
        return None
    return [member for member in found if _may_verify(member)]


def historical_members(key: Any) -> tuple[list[Key], list[_Times]] | None:
    """Return the keys of `HistoricalKeys` that may verify, and their times; None for another key.

    Only a `Verifier` takes them: what calls `members` knows no time.
    """
    module = sys.modules.get("rapidjwt.historical_keys")
    if module is None or not isinstance(key, module.HistoricalKeys):
        return None
    usable = [one for one in key if _may_verify(one.key)]
    return [one.key for one in usable], [one[1:] for one in usable]


def _is_key_set(key: Any) -> bool:
    module = sys.modules.get("rapidjwt.key_set")  # not imported: then it is not a KeySet
    return module is not None and isinstance(key, module.KeySet)


def _may_verify(key: Any) -> bool:
    if isinstance(key, PyJWK):
        # PyJWK has no attribute for the operations.
        key_use, key_ops = key.public_key_use, key._jwk_data.get("key_ops")  # noqa: SLF001
    elif isinstance(key, Key):
        key_use, key_ops = key.use, key.key_ops
    else:
        return True
    return jwk_permits(key_use, key_ops, use="sig", operation="verify")


def keys_to_try(
    keys: Sequence[Any], alg: str, kid: str | None, algorithm_for: Callable[[Any], Algorithm]
) -> list[Any]:
    """Return the keys that a token is verified with: one key, or several without an ID.

    `alg` is a value that the caller allows; `algorithm_for` returns the algorithm that verifies it
    with a key.

    Keys that do not fit `alg` are left out. Then the first key with the token's `kid` is chosen or,
    if there is none, those without an ID. For a token without a `kid` the only remaining key is
    chosen, or all of them if none has an ID (RFC 7515 Section 4.1.4 and Appendix D).

    Raises InvalidKeyError if there are no keys, InvalidAlgorithmError if none fits `alg`,
    InvalidTokenError if none has the `kid`, or if the token has no `kid` and several keys remain,
    one of which has an ID.
    """
    if not keys:
        raise InvalidKeyError("There is no key to verify tokens with")
    fitting = [key for key in keys if _serves(key, alg, algorithm_for)]
    chosen = choose_keys([_kid_of(key) for key in fitting], kid)
    return [fitting[index] for index in chosen]


def _serves(key: Any, alg: str, algorithm_for: Callable[[Any], Algorithm]) -> bool:
    """Return whether a key fits the algorithm and does not name another one."""
    if isinstance(key, PyJWK):
        return key.algorithm_name == alg
    if isinstance(key, Key) and key.alg not in (None, alg):
        return False
    try:
        algorithm_for(key).prepare_key(key)
    except (PyJWTError, TypeError, ValueError):
        return False
    return True


def _kid_of(key: Any) -> str | None:
    if isinstance(key, Key):
        return key.kid
    kid = key.key_id if isinstance(key, PyJWK) else None
    return kid if isinstance(kid, str) else None
