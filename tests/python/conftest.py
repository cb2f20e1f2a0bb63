"""Shared by all tests."""

from __future__ import annotations

import signal
import time

import pytest
import time_machine
from redis_server import redis_cluster, redis_server  # noqa: F401 - fixtures

LATE = 24 * 3600  # more than any token of a test module lasts
COLLECTED_AT = pytest.StashKey[float]()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session):
    """Collect as of yesterday: a run may take longer than the tokens that a module makes last.

    A test that needs the time of its module's tokens fails at once, not on slow machines alone.
    It asks for `time_of_collection`.
    """
    with time_machine.travel(time.time() - LATE):
        result = yield
        session.config.stash[COLLECTED_AT] = time.time()
    return result


@pytest.fixture
def time_of_collection(request):
    """Start the test when the test modules had just been imported."""
    with time_machine.travel(request.config.stash[COLLECTED_AT]):
        yield


@pytest.fixture
def _interruptible():
    """Let children receive SIGINT, which a shell's background jobs and their children ignore."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
