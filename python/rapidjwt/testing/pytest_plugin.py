"""Fixtures for pytest, which finds this module by its entry point.

Nothing is created before a test asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .clock import FakeClock
from .issuer import Issuer

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["rapidjwt_clock", "rapidjwt_issuer", "rapidjwt_loopback_issuer"]


@pytest.fixture(scope="session")
def rapidjwt_issuer() -> Issuer:
    """Return an issuer in memory: one for all tests."""
    return Issuer()


@pytest.fixture(scope="session")
def rapidjwt_loopback_issuer() -> Iterator[Issuer]:
    """Yield an issuer whose metadata and keys are served on loopback until the session ends."""
    with Issuer.on_loopback() as issuer:
        yield issuer


@pytest.fixture
def rapidjwt_clock() -> Iterator[FakeClock]:
    """Yield a clock that stands still until the test moves it."""
    with FakeClock() as clock:
        yield clock
