"""Settings of all differential tests."""

import pytest
from rapidjwt._rapidjwt import fast_path_obstacles

from .paths import COMPARED


@pytest.fixture(autouse=True, scope="module")
def _fast_path_is_clear():
    """Check before and after each test that nothing keeps calls off the fast path."""
    assert fast_path_obstacles() == []
    yield
    assert fast_path_obstacles() == []


def pytest_terminal_summary(terminalreporter):
    if COMPARED[0]:
        terminalreporter.write_line(f"compared with PyJWT on each path: {COMPARED[0]} calls")
