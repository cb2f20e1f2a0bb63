"""The clock is Python's: what changes PyJWT's time changes ours on every path, nothing else
does."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import freezegun
import pytest
import rapidjwt
import time_machine
from differential.keys import HMAC_SECRET
from differential.outcome import outcome_of
from differential.paths import OURS, PYJWT, assert_same
from rapidjwt._utc import utc

NOW = dt.datetime(2033, 5, 18, 3, 33, 20, tzinfo=dt.timezone.utc)
SECONDS = int(NOW.timestamp())
LIBRARIES = (PYJWT[0], *OURS)


def with_freezegun(seconds):
    return freezegun.freeze_time(dt.datetime.fromtimestamp(seconds, dt.timezone.utc))


def with_time_machine(seconds):
    return time_machine.travel(seconds, tick=False)


@pytest.fixture(params=[with_freezegun, with_time_machine], ids=["freezegun", "time-machine"])
def freeze(request):
    return request.param


@pytest.fixture(params=LIBRARIES, ids=lambda api: f"{api.lib.__name__} {api.name}")
def api(request):
    return request.param


def decode(api, token, **arguments):
    return api.decode(token, HMAC_SECRET, ["HS256"], **arguments)


def test_a_token_expires_when_the_clock_is_moved(api, freeze):
    with freeze(SECONDS):
        token = api.encode({"exp": dt.datetime.now(dt.timezone.utc)}, HMAC_SECRET)
    with freeze(SECONDS - 1):
        assert decode(api, token) == {"exp": SECONDS}
    with freeze(SECONDS), pytest.raises(api.lib.ExpiredSignatureError):
        decode(api, token)
    with freeze(SECONDS + 9):
        assert decode(api, token, leeway=10) == {"exp": SECONDS}


@pytest.mark.parametrize("seconds", [2**31, 2**32, 2**33], ids=["2038", "2106", "2242"])
def test_times_may_be_more_than_32_bits(api, seconds):
    now = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc) + dt.timedelta(seconds=seconds)
    token = api.encode({"exp": now}, HMAC_SECRET)
    assert decode(api, token) == {"exp": seconds}
    with freezegun.freeze_time(now - dt.timedelta(seconds=1)):
        assert decode(api, token) == {"exp": seconds}
    with freezegun.freeze_time(now), pytest.raises(api.lib.ExpiredSignatureError):
        decode(api, token)


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_a_token_becomes_valid_when_the_clock_is_moved(api, freeze, claim):
    with freeze(SECONDS):
        token = api.encode({claim: dt.datetime.now(dt.timezone.utc)}, HMAC_SECRET)
        assert decode(api, token) == {claim: SECONDS}
    with freeze(SECONDS - 1):
        with pytest.raises(api.lib.ImmatureSignatureError):
            decode(api, token)
        assert decode(api, token, leeway=1) == {claim: SECONDS}


def test_the_clock_may_be_moved_within_a_block(api):
    token = api.encode({"exp": SECONDS}, HMAC_SECRET)
    with freezegun.freeze_time(NOW - dt.timedelta(seconds=1)) as frozen:
        assert decode(api, token)
        frozen.tick(1)
        with pytest.raises(api.lib.ExpiredSignatureError):
            decode(api, token)
    with time_machine.travel(SECONDS - 1, tick=False) as traveller:
        assert decode(api, token)
        traveller.shift(1)
        with pytest.raises(api.lib.ExpiredSignatureError):
            decode(api, token)


def test_afterwards_the_clock_is_right_again(api, freeze):
    hour = 3600
    token = api.encode({"exp": int(time.time()) + hour}, HMAC_SECRET)
    with freeze(SECONDS), pytest.raises(api.lib.ExpiredSignatureError):
        decode(api, token)
    assert decode(api, token)


def test_a_frozen_clock_gives_datetimes_that_can_be_encoded(api):
    # freezegun's datetimes belong to a class of its own.
    with freezegun.freeze_time(NOW):
        token = api.encode(
            {
                "exp": dt.datetime.now(dt.timezone.utc) + dt.timedelta(hours=1),
                "iat": dt.datetime.now(dt.timezone.utc),
                "nbf": dt.datetime.now(dt.timezone(dt.timedelta(hours=5))),
            },
            HMAC_SECRET,
        )
        assert decode(api, token) == {"exp": SECONDS + 3600, "iat": SECONDS, "nbf": SECONDS}


@pytest.mark.parametrize("moment", [SECONDS, SECONDS + 0.000001, SECONDS + 0.5, SECONDS - 0.000001])
@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
def test_the_edge_of_validity_lies_at_the_same_microsecond(freeze, claim, moment):
    token = PYJWT[0].encode({claim: SECONDS}, HMAC_SECRET)
    with freeze(moment):
        for leeway in (0, 0.5, -0.5, 0.000001, dt.timedelta(microseconds=1)):
            assert_same(lambda api, leeway=leeway: decode(api, token, leeway=leeway))


def test_the_time_zone_of_the_process_does_not_matter(api, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    try:
        with time_machine.travel(SECONDS, tick=False):
            naive = dt.datetime.fromtimestamp(SECONDS, dt.timezone.utc).replace(tzinfo=None)
            token = api.encode({"exp": naive + dt.timedelta(seconds=1), "iat": naive}, HMAC_SECRET)
            assert decode(api, token) == {"exp": SECONDS + 1, "iat": SECONDS}
    finally:
        monkeypatch.undo()
        time.tzset()


IMPORTED_ON_A_JOURNEY = """
import time, time_machine
with time_machine.travel(1_000, tick={tick}):
    import rapidjwt
    expired, valid = (rapidjwt.encode({{"exp": exp}}, "k" * 32) for exp in (999, 2_000))
    for _ in range(2):
        assert rapidjwt.decode(valid, "k" * 32, algorithms=["HS256"])
        try:
            rapidjwt.decode(expired, "k" * 32, algorithms=["HS256"])
        except rapidjwt.ExpiredSignatureError:
            continue
        raise AssertionError("an expired token was taken")
try:
    rapidjwt.decode(valid, "k" * 32, algorithms=["HS256"])
except rapidjwt.ExpiredSignatureError:
    print("right again")
"""


@pytest.mark.parametrize("tick", [True, False])
def test_a_clock_that_was_moved_before_the_import_is_right_then_and_afterwards(tick):
    command = [sys.executable, "-c", IMPORTED_ON_A_JOURNEY.format(tick=tick)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("right again\n", "")


@pytest.mark.parametrize("answer", [0, 0.0, SECONDS * 2, "now", None, float("nan")])
def test_a_patched_time_time_moves_neither_clock(answer):
    token = PYJWT[0].encode({"exp": SECONDS}, HMAC_SECRET)
    with mock.patch("time.time", return_value=answer):
        outcomes = [outcome_of(decode, api, token) for api in LIBRARIES]
    assert outcomes == [outcomes[0]] * len(outcomes)
    assert "value" in outcomes[0]


def test_a_patched_time_time_is_not_called():
    token = PYJWT[0].encode({"exp": SECONDS}, HMAC_SECRET)
    for api in LIBRARIES:
        with mock.patch("time.time", side_effect=AssertionError("time.time() was called")):
            assert decode(api, token) == {"exp": SECONDS}


def test_prepared_objects_follow_a_clock_that_is_frozen_after_they_have_run(freeze):
    signer = rapidjwt.Signer(HMAC_SECRET, "HS256", lifetime=60)
    verifier = rapidjwt.Verifier(HMAC_SECRET, algorithms=["HS256"])
    before = verifier.decode(signer.encode({}))["iat"]
    for seconds in (SECONDS, SECONDS + 3600):
        with freeze(seconds):
            token = signer.encode({})
            assert verifier.decode(token)["iat"] == seconds
            assert next(verifier.decode_many([token]))["exp"] == seconds + 60
            with freeze(seconds + 61):
                with pytest.raises(rapidjwt.ExpiredSignatureError):
                    verifier.decode(token)
                (refused,) = verifier.decode_many([token])
                assert isinstance(refused, rapidjwt.ExpiredSignatureError)
            assert verifier.decode(token)["iat"] == seconds
        assert 0 <= verifier.decode(signer.encode({}))["iat"] - before < 600


def test_prepared_objects_follow_a_clock_that_is_frozen_in_another_thread(freeze):
    signer = rapidjwt.Signer(HMAC_SECRET, "HS256", lifetime=60)
    verifier = rapidjwt.Verifier(HMAC_SECRET, algorithms=["HS256"])

    def issued_at(_):
        """Ask the clock right below the thread, where freezegun's time_ns is the system's."""
        return verifier.decode(signer.encode({}))["iat"]

    with ThreadPoolExecutor(4) as pool:
        before = list(pool.map(issued_at, range(8)))
        with freeze(SECONDS):
            assert set(pool.map(issued_at, range(8))) == {SECONDS}
        assert max(pool.map(issued_at, range(8))) - min(before) < 600


def test_no_time_goes_through_the_clock_of_the_system():
    """On 32-bit machines `datetime.fromtimestamp` fails for times after 2038."""
    package = Path(rapidjwt.__file__).parent
    sources = {path: path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    asks = re.compile(r"\b(utc)?fromtimestamp\(|\b(gmtime|localtime|ctime)\(")
    assert [path.name for path, text in sources.items() if asks.search(text)] == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01T00:00:00+00:00"),
        (-1.5, "1969-12-31T23:59:58.500000+00:00"),
        (4_000_000_000, "2096-10-02T07:06:40+00:00"),
        (253402300799, "9999-12-31T23:59:59+00:00"),
        (-62135596800, "0001-01-01T00:00:00+00:00"),
    ],
)
def test_times_after_2038_are_datetimes(seconds, text):
    assert utc(seconds).isoformat() == text


@pytest.mark.parametrize("seconds", [253402300800, -62135596801, 1e300, float("inf"), float("nan")])
def test_times_outside_of_the_calendar_are_errors(seconds):
    with pytest.raises((OverflowError, ValueError)):
        utc(seconds)
