"""Keys given as text or as objects are parsed once, in a cache that stays small."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import rapidjwt
from differential.keys import (
    ALGORITHMS,
    HMAC_SECRET,
    forms,
    private_keys,
    private_pem,
    public_pem,
    signing_key,
    verifying_key,
)
from rapidjwt import Key, PyJWK

CAPACITY = 128
OBJECT_ALGORITHMS = {"RS256": "RSA-2048", "ES256": "P-256", "EdDSA": "Ed25519"}


@pytest.fixture(autouse=True)
def _empty_cache():
    rapidjwt.clear_key_cache()
    yield
    rapidjwt.clear_key_cache()


def counts():
    info = rapidjwt.key_cache_info()
    return info.hits, info.misses, info.currsize


@pytest.mark.parametrize("algorithm", [name for name in ALGORITHMS if name != "ES521"])
def test_a_key_given_as_text_on_every_call_is_parsed_once(algorithm):
    for _ in range(10):
        compact = rapidjwt.encode({"a": 1}, signing_key(algorithm), algorithm)
    assert counts() == (9, 1, 1)
    for _ in range(10):
        rapidjwt.decode(compact, verifying_key(algorithm), [algorithm])
    one_key = algorithm.startswith("HS")
    assert counts() == ((19, 1, 1) if one_key else (18, 2, 2))


def test_text_and_bytes_are_the_same_key():
    rapidjwt.encode({}, HMAC_SECRET)
    rapidjwt.encode({}, HMAC_SECRET.encode())
    assert counts() == (1, 1, 1)


def test_a_key_prepared_for_one_algorithm_serves_no_other():
    for algorithm in ("RS256", "RS512", "PS256"):
        rapidjwt.encode({}, private_pem("RSA-2048"), algorithm)
    assert counts() == (0, 3, 3)
    with pytest.raises(rapidjwt.InvalidKeyError):
        rapidjwt.encode({}, public_pem("RSA-2048"), "HS256")
    with pytest.raises(rapidjwt.InvalidKeyError):
        rapidjwt.encode({}, private_pem("RSA-2048"), "ES256")


def test_a_changed_key_is_a_new_entry():
    compact = rapidjwt.encode({}, HMAC_SECRET)
    rapidjwt.decode(compact, HMAC_SECRET, ["HS256"])
    changed = HMAC_SECRET[:-1] + "X"
    with pytest.raises(rapidjwt.InvalidSignatureError):
        rapidjwt.decode(compact, changed, ["HS256"])
    assert counts() == (1, 2, 2)
    rapidjwt.encode({}, HMAC_SECRET + "\n")
    assert counts() == (1, 3, 3)


def test_a_prepared_object_takes_its_key_from_the_cache():
    rapidjwt.encode({}, HMAC_SECRET)
    rapidjwt.Signer(HMAC_SECRET, "HS256")
    rapidjwt.Verifier(HMAC_SECRET, algorithms=["HS256"])
    assert counts() == (2, 1, 1)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        ("", "HS256"),
        (public_pem("RSA-2048"), "HS256"),
        ("no key at all", "RS256"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "RS256"),
        (private_pem("RSA-2048"), "ES256"),
        (private_pem("P-256"), "ES384"),
        (forms("RSA-2048")["PKCS#8 PEM, encrypted"], "RS256"),
    ],
)
def test_a_failure_is_not_kept(key, algorithm):
    seen = set()
    for _ in range(3):
        with pytest.raises((rapidjwt.PyJWTError, TypeError, ValueError)) as raised:
            rapidjwt.encode({}, key, algorithm)
        # The message for a wrong key family contains the address of a generator, as in PyJWT.
        seen.add((raised.type, re.sub(r"0x[0-9a-f]+", "", str(raised.value))))
    assert len(seen) == 1
    assert rapidjwt.key_cache_info().currsize == 0
    assert rapidjwt.key_cache_info().hits == 0


def test_a_public_key_in_the_cache_does_not_sign_and_a_private_one_may_verify():
    compact = rapidjwt.encode({}, private_pem("P-256"), "ES256")
    rapidjwt.decode(compact, public_pem("P-256"), ["ES256"])
    with pytest.raises((rapidjwt.PyJWTError, TypeError, AttributeError)):
        rapidjwt.encode({}, public_pem("P-256"), "ES256")
    assert rapidjwt.decode(compact, private_pem("P-256"), ["ES256"]) == {}


def test_it_is_bounded_per_algorithm_and_forgets_the_least_recently_used():
    def secret(number):
        return f"secret number {number:06}, long enough for HS256"

    for number in range(20_000):
        rapidjwt.encode({}, secret(number))
    assert counts() == (0, 20_000, CAPACITY)
    assert rapidjwt.key_cache_info().maxsize == CAPACITY
    rapidjwt.encode({}, secret(20_000 - CAPACITY))
    assert counts() == (1, 20_000, CAPACITY)
    rapidjwt.encode({}, secret(0))
    assert counts() == (1, 20_001, CAPACITY)
    rapidjwt.encode({}, secret(20_000 - CAPACITY))  # used again, so it was not the oldest
    assert counts() == (2, 20_001, CAPACITY)
    rapidjwt.encode({}, secret(0), "HS512")
    assert counts() == (2, 20_002, CAPACITY + 1)


@pytest.mark.parametrize("algorithm", OBJECT_ALGORITHMS)
def test_key_objects_of_cryptography_are_taken_over_once(algorithm):
    private = private_keys()[OBJECT_ALGORITHMS[algorithm]]
    public = private.public_key()
    for _ in range(10):
        compact = rapidjwt.encode({"a": 1}, private, algorithm)
        assert rapidjwt.decode(compact, public, [algorithm]) == {"a": 1}
    assert counts() == (18, 2, 2)


def test_key_objects_are_bounded_and_none_is_taken_for_another():
    private = private_keys()["P-256"]
    compact = rapidjwt.encode({}, private, "ES256")
    wrong = private_keys()["Ed25519"].public_key()
    for _ in range(3 * CAPACITY):
        # Each is a new object, perhaps at the address of an earlier one.
        assert rapidjwt.decode(compact, private.public_key(), ["ES256"]) == {}
    assert rapidjwt.key_cache_info().currsize == CAPACITY
    with pytest.raises((rapidjwt.PyJWTError, TypeError)):
        rapidjwt.decode(compact, wrong, ["ES256"])


def test_clearing_forgets_texts_and_objects_and_counts_anew():
    public = private_keys()["P-256"].public_key()
    compact = rapidjwt.encode({}, private_pem("P-256"), "ES256")
    rapidjwt.decode(compact, public, ["ES256"])
    assert rapidjwt.key_cache_info().currsize == 2
    rapidjwt.clear_key_cache()
    assert counts() == (0, 0, 0)
    assert rapidjwt.decode(compact, public, ["ES256"]) == {}


@pytest.mark.parametrize("algorithm", OBJECT_ALGORITHMS)
def test_a_pyjwk_is_made_ready_once(algorithm):
    key = Key.from_pem(private_pem(OBJECT_ALGORITHMS[algorithm]))
    jwk = PyJWK(key.to_jwk(private=True), algorithm)
    public = PyJWK(key.to_jwk(), algorithm)
    for _ in range(10):
        compact = rapidjwt.encode({"a": 1}, jwk, algorithm)
        assert rapidjwt.decode(compact, public) == {"a": 1}
    # It has its native key itself, so there is no lookup at all.
    assert counts() == (0, 0, 0)


def test_a_native_key_needs_no_cache():
    for _ in range(3):
        rapidjwt.encode({}, Key.from_secret(HMAC_SECRET))
    assert counts() == (0, 0, 0)


def test_clearing_changes_no_result():
    compact = rapidjwt.encode({"a": 1}, private_pem("RSA-2048"), "RS256")
    signer = rapidjwt.Signer(private_pem("RSA-2048"), "RS256")
    verifier = rapidjwt.Verifier(public_pem("RSA-2048"), algorithms=["RS256"])
    rapidjwt.clear_key_cache()
    assert signer.encode({"a": 1}) == compact
    assert verifier.decode(compact) == {"a": 1}
    assert rapidjwt.encode({"a": 1}, private_pem("RSA-2048"), "RS256") == compact


def test_eight_threads_see_right_results_while_keys_come_go_and_are_cleared():
    threads, rounds = 8, 400
    start = Barrier(threads)
    objects = [private_keys()["P-256"].public_key() for _ in range(50)]
    es256 = rapidjwt.encode({"a": 1}, private_pem("P-256"), "ES256")

    def work(thread):
        start.wait()
        for number in range(rounds):
            # Some keys are shared, some belong to this thread: more than the cache can hold.
            owner = thread if number % 2 else 0
            secret = f"secret {owner} {number % 50}, which is long enough for HS256"
            compact = rapidjwt.encode({"n": number}, secret)
            assert rapidjwt.decode(compact, secret, ["HS256"]) == {"n": number}
            if number % 20 == 0:
                assert rapidjwt.decode(es256, objects[number % 50], ["ES256"]) == {"a": 1}
            if number % 100 == thread:
                rapidjwt.clear_key_cache()
            assert rapidjwt.key_cache_info().currsize <= 3 * CAPACITY

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, thread) for thread in range(threads)]:
            done.result()


def test_the_info_shows_counters_and_no_key():
    rapidjwt.encode({}, HMAC_SECRET)
    info = rapidjwt.key_cache_info()
    assert repr(info) == "CacheInfo(hits=0, misses=1, maxsize=128, currsize=1)"
    assert info == rapidjwt.key_cache_info()
