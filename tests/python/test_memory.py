"""Only the caches are kept between calls: allocations stay flat."""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import sys

import pytest
import rapidjwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SECRET = "a secret of more than thirty-two bytes"
ROUNDS = 3_000


def claims_with_ever_new_names():
    for number in range(ROUNDS):
        token = rapidjwt.encode({f"name{number}": 1}, SECRET)
        yield lambda token=token: rapidjwt.decode(token, SECRET, ["HS256"])


def headers_with_ever_new_names():
    for number in range(ROUNDS):
        token = rapidjwt.encode({}, SECRET, headers={f"name{number}": 1})
        yield lambda token=token: rapidjwt.decode_complete(token, SECRET, ["HS256"])


def times_that_are_no_numbers():
    token = rapidjwt.encode({"exp": "soon"}, SECRET)
    for _ in range(ROUNDS):
        yield lambda: rapidjwt.decode(token, SECRET, ["HS256"])


def forged_signatures():
    token = rapidjwt.encode({}, SECRET)[:-6] + "forged"
    for _ in range(ROUNDS):
        yield lambda: rapidjwt.decode(token, SECRET, ["HS256"])


def ever_new_key_objects():
    for _ in range(ROUNDS):
        key = Ed25519PrivateKey.generate()
        yield lambda key=key: rapidjwt.encode({}, key, "EdDSA")


def keys_that_are_none():
    token = rapidjwt.encode({}, SECRET)
    for number in range(ROUNDS // 10):
        yield lambda number=number: rapidjwt.decode(token, f"no key {number}", ["HS256", "RS256"])
        yield lambda number=number: rapidjwt.encode({}, f"no key {number}", "RS256")


def times_as_datetimes():
    """Yield calls with a datetime, which a `Signer` itself reads first."""
    signer = rapidjwt.Signer(SECRET, "HS256", lifetime=60)
    claims = {"iat": dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)}
    for _ in range(ROUNDS):
        yield lambda: signer.encode(claims)


def claims_that_are_not_json():
    signer = rapidjwt.Signer(SECRET, "HS256")
    for number in range(ROUNDS):
        yield lambda number=number: refuse(signer.encode, {"a": object(), "b": number})


def huge_times():
    verifier = rapidjwt.Verifier(SECRET, algorithms=["HS256"])
    token = rapidjwt.encode({"exp": 10**30, "nbf": -(10**30)}, SECRET)
    for _ in range(ROUNDS):
        yield lambda: verifier.decode(token)


def ever_new_issuers():
    verifier = rapidjwt.Verifier(SECRET, algorithms=["HS256"], audience="api")
    signer = rapidjwt.Signer(SECRET, "HS256", audience="api")
    for number in range(ROUNDS):
        token = signer.encode({"iss": f"issuer {number}"})
        yield lambda token=token: verifier.decode(token)


def refuse(call, argument):
    with contextlib.suppress(TypeError):
        call(argument)


def run(calls):
    for call in calls():
        with contextlib.suppress(rapidjwt.PyJWTError):
            call()


@pytest.mark.parametrize(
    "calls",
    [
        claims_with_ever_new_names,
        headers_with_ever_new_names,
        times_that_are_no_numbers,
        forged_signatures,
        ever_new_key_objects,
        keys_that_are_none,
        times_as_datetimes,
        claims_that_are_not_json,
        huge_times,
        ever_new_issuers,
    ],
)
def test_memory_stays_flat(calls):
    run(calls)  # fills the caches
    gc.collect()
    before = sys.getallocatedblocks()
    run(calls)
    gc.collect()
    assert sys.getallocatedblocks() - before < ROUNDS // 4
