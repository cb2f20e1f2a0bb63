"""`Verifier.decode_many`: results in order, exceptions in place, a chunk of tokens at a time."""

from __future__ import annotations

import collections
import gc
import itertools
import json
import os
import signal
import subprocess
import sys
import textwrap
from unittest import mock

import pytest
import rapidjwt
import time_machine
from differential.keys import HMAC_SECRET, private_pem, public_pem
from rapidjwt import Verifier

VERIFIER = Verifier(HMAC_SECRET, algorithms=["HS256"])
CHUNK = 1024


def token(number, **claims):
    return rapidjwt.encode({"n": number, **claims}, HMAC_SECRET)


def numbers(results):
    return [result["n"] for result in results]


@pytest.mark.parametrize("count", [0, 1, 2, 3, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 7])
def test_results_come_in_the_order_of_the_tokens(count):
    assert numbers(VERIFIER.decode_many([token(n) for n in range(count)])) == list(range(count))


def test_asymmetric_signatures_are_verified_alike():
    verifier = Verifier(
        [public_pem("RSA-2048"), public_pem("P-256")], algorithms=["RS256", "ES256"]
    )
    tokens = [
        rapidjwt.encode({"n": n}, private_pem(name), algorithm)
        for n, (name, algorithm) in enumerate([("RSA-2048", "RS256"), ("P-256", "ES256")] * 20)
    ]
    assert numbers(verifier.decode_many(tokens)) == list(range(40))


@pytest.mark.parametrize(
    "collection",
    [list, tuple, iter, dict.fromkeys, lambda tokens: (one for one in tokens), "\n".join],
    ids=["list", "tuple", "iterator", "dict", "generator", "lines"],
)
def test_any_iterable_will_do(collection):
    tokens = collection([token(n) for n in range(5)])
    if isinstance(tokens, str):
        tokens = map(str.strip, tokens.splitlines(keepends=True))
    assert numbers(VERIFIER.decode_many(tokens)) == list(range(5))


def test_a_refused_token_gives_its_exception_in_its_place():
    other = rapidjwt.encode({}, "another secret of more than thirty-two bytes")
    strange = [
        ("", rapidjwt.DecodeError),
        ("garbage", rapidjwt.DecodeError),
        (b"\xff\xfe", rapidjwt.DecodeError),
        (None, rapidjwt.DecodeError),
        (1, rapidjwt.DecodeError),
        ("\ud800", rapidjwt.DecodeError),
        (other, rapidjwt.InvalidSignatureError),
        (token(0, exp=1), rapidjwt.ExpiredSignatureError),
        (token(0, aud="you"), rapidjwt.InvalidAudienceError),
        (rapidjwt.encode({}, HMAC_SECRET, "HS512"), rapidjwt.InvalidAlgorithmError),
        (rapidjwt.PyJWS().encode(b"[]", HMAC_SECRET), rapidjwt.DecodeError),
    ]
    mixed = [[token(n), token(n).encode(), bad] for n, (bad, _) in enumerate(strange)]
    results = list(VERIFIER.decode_many(itertools.chain.from_iterable(mixed)))
    assert len(results) == 3 * len(strange)
    for place, (bad, error) in enumerate(strange):
        text, raw, refused = results[3 * place : 3 * place + 3]
        assert text == raw == {"n": place}
        assert type(refused) is error
        with pytest.raises(error) as expected:
            VERIFIER.decode(bad)
        assert str(refused) == str(expected.value)


@pytest.mark.parametrize("cache_size", [0, 5])
def test_complete_results_are_those_of_decode_complete(cache_size):
    verifier = Verifier(HMAC_SECRET, algorithms=["HS256"], cache_size=cache_size)
    tokens = [token(0), token(1).encode(), "garbage", token(2, exp=1), token(3)]
    for _ in range(2):
        results = list(verifier.decode_complete_many(tokens))
        assert [type(result) for result in results[2:4]] == [
            rapidjwt.DecodeError,
            rapidjwt.ExpiredSignatureError,
        ]
        for number in (0, 1, 4):
            assert results[number] == VERIFIER.decode_complete(tokens[number])


def test_a_bytearray_is_refused_as_by_decode():
    compact = bytearray(token(0).encode())
    with pytest.raises(rapidjwt.DecodeError):
        VERIFIER.decode(compact)
    assert isinstance(next(VERIFIER.decode_many([compact])), rapidjwt.DecodeError)


def test_an_exception_in_place_can_be_raised():
    (error,) = VERIFIER.decode_many(["garbage"])
    with pytest.raises(rapidjwt.DecodeError, match=r"\ANot enough segments\Z") as raised:
        raise error
    assert raised.value is error


def test_what_is_no_error_of_the_token_is_raised():
    compact = rapidjwt.encode({"a": "\ud800"}, HMAC_SECRET)
    with mock.patch.object(json, "loads", side_effect=KeyboardInterrupt):
        with pytest.raises(KeyboardInterrupt):
            VERIFIER.decode(compact)
        with pytest.raises(KeyboardInterrupt):
            list(VERIFIER.decode_many([compact]))


def test_nothing_is_taken_before_the_first_result_is_wanted_and_then_one_chunk():
    taken = 0

    def endless():
        nonlocal taken
        compact = token(0)
        while True:
            taken += 1
            yield compact

    results = VERIFIER.decode_many(endless())
    assert taken == 0
    for wanted in range(1, 3 * CHUNK):
        next(results)
        assert wanted <= taken < wanted + CHUNK


def test_claims_are_checked_when_a_result_is_taken():
    results = VERIFIER.decode_many([token(n, exp=2_000_000_000) for n in range(2)])
    with time_machine.travel(1_900_000_000, tick=False):
        assert next(results)["n"] == 0
    with time_machine.travel(2_000_000_000, tick=False):
        assert isinstance(next(results), rapidjwt.ExpiredSignatureError)


@pytest.mark.parametrize("good", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1])
def test_an_error_of_the_iterable_is_raised_after_the_results_before_it(good):
    def broken():
        yield from map(token, range(good))
        raise ConnectionError("lost")

    results = VERIFIER.decode_many(broken())
    assert numbers(itertools.islice(results, good)) == list(range(good))
    with pytest.raises(ConnectionError, match=r"\Alost\Z"):
        next(results)
    assert list(results) == []


def test_an_exhausted_iterator_stays_exhausted():
    results = VERIFIER.decode_many([token(0)])
    assert iter(results) is results
    next(results)
    for _ in range(3):
        with pytest.raises(StopIteration):
            next(results)


@pytest.mark.parametrize("tokens", [None, 1, 1.5, object()])
def test_what_cannot_be_iterated_is_a_type_error(tokens):
    with pytest.raises(TypeError, match="takes an iterable of tokens, got"):
        VERIFIER.decode_many(tokens)


def test_tokens_that_wait_for_their_own_results_raise():
    def own():
        yield next(results)

    results = VERIFIER.decode_many(own())
    with pytest.raises(RuntimeError):
        next(results)


def test_the_iterator_keeps_the_verifier_alive():
    results = Verifier(HMAC_SECRET, algorithms=["HS256"]).decode_many([token(1)])
    assert numbers(results) == [1]


def run(program, *, send=None):
    """Run Python code with a token in `compact` and a verifier in `verifier`."""
    prelude = f"""
        import itertools, collections, os, resource, signal, sys, rapidjwt
        verifier = rapidjwt.Verifier({HMAC_SECRET!r}, algorithms=["HS256"])
        compact = rapidjwt.encode({{}}, {HMAC_SECRET!r})
        signal.signal(signal.SIGINT, signal.default_int_handler)
    """
    code = textwrap.dedent(prelude) + textwrap.dedent(program)
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            if send is not None:
                assert process.stdout.readline() == "ready\n"
                process.send_signal(send)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    return process.returncode, out, err


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
def test_an_interrupt_ends_a_batch_that_no_python_code_looks_after():
    code, out, err = run(
        """
        def tokens():
            print("ready")
            yield from itertools.repeat(compact)
        try:
            collections.deque(verifier.decode_many(tokens()), maxlen=0)
        except KeyboardInterrupt:
            print("interrupted")
        """,
        send=signal.SIGINT,
    )
    assert (code, out, err) == (0, "interrupted\n", "")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the address space")
def test_a_batch_succeeds_where_no_thread_can_be_started():
    code, out, _ = run(
        """
        with open("/proc/self/statm") as statm:
            used = int(statm.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 2**20, used + 2**20))
        print(list(verifier.decode_many([compact, compact])))
        """
    )
    assert (code, out) == (0, "[{}, {}]\n")


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="timers are POSIX")
def test_after_an_interrupt_the_batch_goes_on_with_nothing_lost():
    def interrupt(*_):
        raise KeyboardInterrupt

    tokens = itertools.cycle([token(n) for n in range(7)])
    results = VERIFIER.decode_many(itertools.islice(tokens, 300 * CHUNK))
    taken = collections.deque()

    def take_until_interrupted():
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        # This runs entirely in C: only the batch itself checks for signals.
        taken.extend(results)

    before = signal.signal(signal.SIGALRM, interrupt)
    gc.disable()  # its callbacks (hypothesis has one) would swallow the interrupt
    try:
        with pytest.raises(KeyboardInterrupt):
            take_until_interrupted()
    finally:
        gc.enable()
        signal.signal(signal.SIGALRM, before)
    assert len(taken) < 299 * CHUNK
    taken.extend(itertools.islice(results, CHUNK))
    assert numbers(taken) == [index % 7 for index in range(len(taken))]
