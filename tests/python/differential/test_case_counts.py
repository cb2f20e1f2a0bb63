"""The differential tests together generate as many cases as they promise."""

from .strategies import CASES


def test_a_run_makes_at_least_twenty_thousand_cases():
    assert sum(CASES.values()) >= 20_000
