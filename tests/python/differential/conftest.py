"""What holds for all differential tests."""

import pytest
from rapidjwt._rapidjwt import road_obstacles

from .roads import COMPARED


@pytest.fixture(autouse=True, scope="module")
def _fast_road_is_clear():
    """Neither before nor afterwards anything keeps calls off the fast road: it is compared, too."""
    assert road_obstacles() == []
    yield
    assert road_obstacles() == []


def pytest_terminal_summary(terminalreporter):
    if COMPARED[0]:
        terminalreporter.write_line(f"compared with PyJWT on each road: {COMPARED[0]} calls")
