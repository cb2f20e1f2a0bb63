"""For the tests of applications: an issuer of tokens, and a clock that tests move.

`rapidjwt.testing.pytest_plugin`, which pytest loads by itself, has them as fixtures. See
docs/guides/testing.md.
"""

from __future__ import annotations

from .clock import FakeClock
from .issuer import Issuer

__all__ = ["FakeClock", "Issuer"]
