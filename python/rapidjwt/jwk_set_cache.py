"""A cache for one JWK Set."""

from __future__ import annotations

import time

from .api_jwk import PyJWKSet, PyJWTSetWithTimestamp
from .exceptions import PyJWKSetError

TYPE_CHECKING = False  # like typing's
if TYPE_CHECKING:
    from typing import Any


class JWKSetCache:
    """A cache that keeps one JWK Set until it is too old."""

    def __init__(self, lifespan: float) -> None:
        """Keep JWK Sets for `lifespan` seconds; -1 and less means forever."""
        self.jwk_set_with_timestamp: PyJWTSetWithTimestamp | None = None
        self.lifespan = lifespan

    def put(self, jwk_set: PyJWKSet | dict[str, Any] | None) -> None:
        """Store a JWK Set, parsed or as an endpoint's dictionary; None empties the cache.

        Raises PyJWKSetError for anything else and for a set without usable keys.
        """
        if jwk_set is None:
            self.jwk_set_with_timestamp = None
            return
        if isinstance(jwk_set, dict):
            jwk_set = PyJWKSet.from_dict(jwk_set)
        elif not isinstance(jwk_set, PyJWKSet):
            raise PyJWKSetError("Invalid JWK Set value")
        self.jwk_set_with_timestamp = PyJWTSetWithTimestamp(jwk_set)

    def get(self) -> PyJWKSet | None:
        """Return the JWK Set, or None if there is none or it is too old."""
        if self.jwk_set_with_timestamp is None or self.is_expired():
            return None
        return self.jwk_set_with_timestamp.get_jwk_set()

    def is_expired(self) -> bool:
        """Return whether the JWK Set is too old; False if there is none."""
        return (
            self.jwk_set_with_timestamp is not None
            and self.lifespan > -1
            and time.monotonic() > self.jwk_set_with_timestamp.get_timestamp() + self.lifespan
        )
