from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def the_time_of_the_tokens(time_of_collection):
    """The modules make the tokens of all their tests when they are imported."""
