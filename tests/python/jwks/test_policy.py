"""When to refresh: the policy's arithmetic, and the freshness rules of HTTP."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidjwt.jwks import RefreshPolicy
from rapidjwt.jwks.http_cache import freshness_lifetime, retry_after
from rapidjwt.jwks.policy import RefreshSchedule

NOW = 1000.0


def schedule(random=lambda: 0.0, **values):
    return RefreshSchedule(RefreshPolicy(**values), random)


def fetched(offered=None, random=lambda: 0.0, **values):
    result = schedule(random, **values)
    result.started(NOW)
    result.succeeded(offered)
    return result


@pytest.mark.parametrize(
    ("cache_control", "age", "lifetime"),
    [
        (None, None, None),
        ("", None, None),
        ("public", "5", None),
        ("max-age=300", None, 300),
        ("max-age=300", "60", 240),
        ("max-age=300", "400", 0),
        ("max-age=300", "soon", 300),
        ("max-age=300", "-1", 300),
        ('public, MAX-AGE = "300", must-revalidate', None, 300),
        ("max-age=300, max-age=5", None, 300),
        ("s-maxage=300", None, None),
        ("max-age=soon", None, 0),
        ("max-age=-5", None, 0),
        ("max-age=", None, 0),
        ("max-age=\u0663", None, 0),
        ("max-age=" + "9" * 400, None, float("9" * 20)),
        ("no-store", None, 0),
        ("no-cache, max-age=300", None, 0),
    ],
)
def test_freshness_is_max_age_less_age(cache_control, age, lifetime):
    headers = {"cache-control": cache_control, "age": age}
    given_ = {name: value for name, value in headers.items() if value is not None}
    assert freshness_lifetime(given_) == lifetime


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=10))
def test_no_header_breaks_the_reading(cache_control, age):
    lifetime = freshness_lifetime({"cache-control": cache_control, "age": age})
    assert lifetime is None or (lifetime >= 0 and math.isfinite(lifetime))


SUNDAY = "Sun, 06 Nov 1994 08:49:37 GMT"
SECONDS = 784111777.0  # the same moment


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        (None, None, None),
        ("", None, None),
        ("soon", None, None),
        ("-5", None, None),
        ("1.5", None, None),
        ("\u0663", None, None),
        ("0", None, 0),
        (" 120 ", SUNDAY, 120),
        ("9" * 400, None, float("9" * 20)),
        (SUNDAY, None, 37),
        (SUNDAY, "Sun, 06 Nov 1994 08:49:30 GMT", 7),
        (SUNDAY, "today", 37),
        ("Sunday, 06-Nov-94 08:49:37 GMT", None, 37),
        ("Sat, 05 Nov 1994 08:49:37 GMT", None, 0),
        ("Sun, 99 Nov 99999 08:49:37 GMT", None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, date, seconds):
    headers = {"retry-after": value, "date": date}
    given_ = {name: value for name, value in headers.items() if value is not None}
    assert retry_after(given_, SECONDS - 37) == seconds


@settings(deadline=None)
@given(st.text(max_size=40) | st.from_regex(r"Sun, \d+ Nov \d+ \d+:\d+:\d+ GMT"))
def test_no_retry_after_breaks_the_reading(value):
    seconds = retry_after({"retry-after": value, "date": value[:-1]}, SECONDS)
    assert seconds is None or (seconds >= 0 and math.isfinite(seconds))


@pytest.mark.parametrize(("asked", "wait"), [(45, 45), (10**9, 300)])
def test_a_provider_that_asks_for_a_wait_gets_it_up_to_the_longest_backoff(asked, wait):
    keys = fetched(60, cooldown=1, backoff_min=2, backoff_max=300, jitter=0)
    now = NOW + 100
    keys.started(now)
    keys.failed(now, asked)
    for may_fetch in (keys.may_fetch_without_keys, keys.may_fetch_for_unknown_kid):
        assert not may_fetch(now + wait - 0.001)
        assert may_fetch(now + wait)
    assert not keys.is_due(now + wait + 0.999)  # refreshes of many processes are spread out
    assert keys.is_due(now + wait + 1)
    keys.started(now)
    keys.succeeded(60)
    assert keys.may_fetch_for_unknown_kid(now + 1)


def test_the_lifetime_lies_between_its_bounds():
    policy = RefreshPolicy(min_lifetime=60, max_lifetime=600, default_lifetime=300)
    assert [policy.lifetime(offered) for offered in (None, 0, 100, 10**9)] == [300, 60, 100, 600]


@settings(deadline=None)
@given(st.floats(0, 10**6), st.floats(0, 1, exclude_max=True), st.floats(0, 1))
def test_a_refresh_is_due_in_the_last_part_of_the_lifetime(offered, random, jitter):
    keys = fetched(offered, lambda: random, jitter=jitter)
    lifetime = RefreshPolicy().lifetime(offered)
    moment = NOW + lifetime - lifetime * jitter * random
    assert not keys.is_due(moment - 0.001)
    assert keys.is_due(moment + 0.001)
    assert not keys.is_expired(NOW + lifetime - 0.001)
    assert keys.is_expired(NOW + lifetime)


def test_keys_live_from_the_start_of_their_fetch():
    keys = schedule(default_lifetime=600)
    keys.started(NOW)
    keys.succeeded(None)  # however much later
    assert keys.is_expired(NOW + 600)


def test_keys_serve_for_the_stale_limit_and_no_longer():
    keys = fetched(600, stale_limit=100)
    assert keys.is_usable(NOW + 699.9)
    assert not keys.is_usable(NOW + 700)


def test_without_keys_everything_may_be_fetched():
    keys = schedule()
    assert not keys.is_usable(NOW)
    assert keys.may_fetch_without_keys(NOW)
    assert keys.may_fetch_for_unknown_kid(NOW)


def test_an_unknown_kid_waits_for_the_cooldown_after_any_fetch():
    keys = fetched(600, cooldown=30)
    assert not keys.may_fetch_for_unknown_kid(NOW + 29.9)
    assert keys.may_fetch_for_unknown_kid(NOW + 30)
    keys.started(NOW + 30)
    keys.failed(NOW + 35)
    assert not keys.may_fetch_for_unknown_kid(NOW + 59.9)
    assert keys.may_fetch_for_unknown_kid(NOW + 60)


@settings(deadline=None)
@given(st.floats(0, 1, exclude_max=True))
def test_the_waits_after_failures_double_up_to_their_limit(random):
    keys = fetched(60, lambda: random, backoff_min=2, backoff_max=60, jitter=0)
    now = NOW + 100
    for ceiling in (2, 4, 8, 16, 32, 60, 60, 60):
        keys.started(now)
        keys.failed(now)
        wait = ceiling * (1 + random) / 2
        assert not keys.is_due(now + wait - 0.001)
        now += wait + 0.001
        assert keys.is_due(now)
    keys.started(now)
    keys.succeeded(60)
    keys.failed(now)
    assert keys.is_due(now + 60.001)


def test_ten_thousand_failures_are_no_problem_for_the_arithmetic():
    keys = schedule()
    for _ in range(10_000):
        keys.failed(NOW)
    assert keys.is_due(NOW + 300)


def test_who_has_no_keys_waits_no_longer_than_the_cooldown():
    keys = schedule(backoff_max=300, cooldown=30)
    for _ in range(20):
        keys.failed(NOW)
    assert not keys.may_fetch_without_keys(NOW + 29.9)
    assert keys.may_fetch_without_keys(NOW + 30)
    assert not keys.is_due(NOW + 30)


def test_a_child_chooses_another_moment():
    numbers = iter([0.0, 1.0])
    keys = fetched(600, lambda: next(numbers), jitter=0.5)
    assert not keys.is_due(NOW + 599)
    keys.spread()
    assert keys.is_due(NOW + 300)
    assert not keys.is_due(NOW + 299)


@pytest.mark.parametrize(
    "values",
    [
        {"min_lifetime": -1},
        {"stale_limit": math.inf},
        {"cooldown": math.nan},
        {"min_lifetime": 2, "max_lifetime": 1},
        {"backoff_min": 2, "backoff_max": 1},
        {"jitter": 1.1},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(values):
    with pytest.raises(ValueError, match=next(iter(values))):
        RefreshPolicy(**values)
