"""A JWK Set that is kept for some time."""

from __future__ import annotations

import time

from .api_jwk import PyJWKSet, PyJWTSetWithTimestamp
from .exceptions import PyJWKSetError

TYPE_CHECKING = False  # as typing has it
if TYPE_CHECKING:
    from typing import Any


class JWKSetCache:
    """Keeps one JWK Set until it is too old."""

    def __init__(self, lifespan: float) -> None:
        """Keep JWK Sets for `lifespan` seconds; -1 and less means for ever."""
        self.jwk_set_with_timestamp: PyJWTSetWithTimestamp | None = None
        self.lifespan = lifespan

    def put(self, jwk_set: PyJWKSet | dict[str, Any] | None) -> None:
        """Keep a JWK Set, parsed or as the dictionary that an endpoint gives; None empties.

        Anything else and a set without usable keys are a PyJWKSetError.
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
        """Give the JWK Set, or None when there is none or it is too old."""
        if self.jwk_set_with_timestamp is None or self.is_expired():
            return None
        return self.jwk_set_with_timestamp.get_jwk_set()

    def is_expired(self) -> bool:
        """Whether the JWK Set is too old; False when there is none."""
        return (
            self.jwk_set_with_timestamp is not None
            and self.lifespan > -1
            and time.monotonic() > self.jwk_set_with_timestamp.get_timestamp() + self.lifespan
        )
