from __future__ import annotations

import pytest
import time_machine

from .tokens import NOW


@pytest.fixture(autouse=True)
def the_time_of_the_tokens():
    """Start each test when its tokens are made: a whole run may take longer than they last."""
    with time_machine.travel(NOW):
        yield
