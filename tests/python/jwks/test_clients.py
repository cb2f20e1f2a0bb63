"""The behaviour of both clients, with a real HTTP server on loopback."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import rapidjwt
from rapidjwt.exceptions import (
    InvalidTokenError,
    PyJWKClientConnectionError,
    PyJWKClientError,
)
from rapidjwt.jwks import AsyncJWKSClient, JWKSMetrics, Response, UnknownKeyError

from .clients import Threads
from .conftest import POLICY
from .provider import (
    PATIENCE,
    SigningKey,
    body,
    cut_off,
    cut_off_after_the_set,
    cut_off_chunks,
    endless,
    hang_up,
    jwks,
    status,
    trickle,
    trickle_headers,
    wait_until,
    with_etag,
)

LIFETIME = 600  # from the policy in conftest, like the other times here
STALE_LIMIT = 7200
COOLDOWN = 30

UNUSABLE_ANSWERS = {
    "404": status(404),
    "500": status(500),
    "503": body(b"down for maintenance", 503),
    "304 unasked": status(304),
    "redirect": status(302, Location="/elsewhere"),
    "5 MB": body(b" " * 5_000_000),
    "HTML": body(b"<html><body>Please log in</body></html>", Content_Type="text/html"),
    "empty body": body(b""),
    "no object": body(b"[]"),
    "empty set": jwks([]),
    "no usable key": jwks([{"kty": "unknown"}]),
    "deep nesting": body(b"[" * 100_000),
    "body cut off": cut_off,
    "white space cut off": cut_off_after_the_set,
    "chunks cut off": cut_off_chunks,
    "no answer": hang_up,
    "compressed": body(b"\x1f\x8b\x08\x00", Content_Encoding="gzip"),
}


def policy_with(**values):
    return replace(POLICY, **values)


def run_aside(call):
    """Start a call in its own thread; return a function that waits for its result."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(call)
    pool.shutdown(wait=False)
    return lambda: future.result(PATIENCE)


def release_when_all_wait(provider, face, callers):
    """Let the provider respond as soon as it has a request and all callers wait for it."""

    def release():
        wait_until(lambda: provider.waiting >= 1 and face.waiters() == callers - 1)
        provider.release()

    run_aside(release)


def test_keys_are_fetched_once_and_then_served_from_memory(connect, provider, signing_keys):
    provider.publish(*signing_keys)
    face = connect()
    assert provider.requests == []
    for key in signing_keys:
        assert face.decode(key.token()) == {"sub": "user"}
    assert len(provider.requests) == 1
    assert face.client.metrics == JWKSMetrics(fetches=1, hits=3)


def test_the_request_names_us_and_carries_the_callers_headers(connect, provider, signing_keys):
    provider.publish(signing_keys[0])
    connect(headers={"Authorization": "Bearer abc"}).key_set()
    headers = provider.requests[0].headers
    assert headers["User-Agent"] == f"rapidjwt/{rapidjwt.__version__}"
    assert headers["Authorization"] == "Bearer abc"
    assert headers["Accept"].startswith("application/jwk-set+json")
    assert headers.get_all("Accept-Encoding") == ["identity"]
    assert headers["If-None-Match"] is None
    connect(headers={"User-Agent": "mine"}).key_set()
    assert provider.requests[1].headers.get_all("User-Agent") == ["mine"]


def test_a_token_is_refused_for_the_reasons_of_decode(connect, provider, signing_keys):
    provider.publish(signing_keys[0])
    face = connect()
    with pytest.raises(rapidjwt.ExpiredSignatureError):
        face.decode(signing_keys[0].token(exp=1))
    with pytest.raises(rapidjwt.InvalidSignatureError):
        face.decode(signing_keys[0].token()[:-8] + "AAAAAAAA")
    with pytest.raises(rapidjwt.DecodeError):
        face.decode("no token")
    with pytest.raises(rapidjwt.InvalidAlgorithmError):
        face.decode(rapidjwt.encode({}, "x" * 32, headers={"kid": "unknown"}))
    assert len(provider.requests) == 1


def test_many_callers_at_once_cause_one_fetch(connect, provider, signing_keys):
    provider.publish(*signing_keys)
    provider.hang()
    face = connect()
    number = 50 if isinstance(face, Threads) else 500
    tokens = [signing_keys[index % 4].token() for index in range(number)]
    release_when_all_wait(provider, face, number)
    assert face.decode_at_once(tokens) == [{"sub": "user"}] * number
    assert len(provider.requests) == 1
    assert face.client.metrics.fetches == 1


def test_many_callers_with_a_new_key_cause_one_fetch(connect, provider, clock, signing_keys):
    old, new = signing_keys[:2]
    provider.publish(old)
    face = connect()
    face.decode(old.token())
    provider.publish(old, new)
    clock.advance(COOLDOWN)
    provider.hang()
    release_when_all_wait(provider, face, 50)
    assert face.decode_at_once([new.token()] * 50) == [{"sub": "user"}] * 50
    assert len(provider.requests) == 2


def test_many_callers_get_the_error_of_the_one_fetch(connect, provider, signing_keys):
    provider.answer(status(500))
    provider.hang()
    face = connect()
    release_when_all_wait(provider, face, 50)
    errors = face.decode_at_once([signing_keys[0].token()] * 50)
    assert {type(error) for error in errors} == {PyJWKClientConnectionError}
    assert len({id(error) for error in errors}) == 50
    assert len(provider.requests) == 1


def test_a_hanging_refresh_delays_no_token_with_a_known_key(connect, provider, clock, signing_keys):
    provider.publish(*signing_keys)
    face = connect(timeout=30)
    face.key_set()
    provider.hang()
    clock.advance(LIFETIME)
    for number in range(200):
        assert face.decode(signing_keys[number % 4].token()) == {"sub": "user"}
    # Nobody waited: the refresh has neither returned nor reached its timeout.
    assert face.is_fetching()
    wait_until(lambda: provider.waiting == 1)
    assert face.client.metrics == JWKSMetrics(fetches=2, hits=200, stale_serves=200)
    provider.release()
    face.settle()
    assert face.client.metrics.failures == 0


def test_a_hanging_fetch_for_an_unknown_key_delays_no_token_with_a_known_key(
    connect, provider, clock, signing_keys
):
    old, new = signing_keys[:2]
    provider.publish(old)
    face = connect(timeout=30)
    face.key_set()
    provider.publish(old, new)
    provider.hang()
    clock.advance(COOLDOWN)
    waiting = run_aside(lambda: face.decode(new.token()))
    wait_until(lambda: provider.waiting == 1)
    for _ in range(50):
        assert face.decode(old.token()) == {"sub": "user"}
    assert face.is_fetching()
    provider.release()
    assert waiting() == {"sub": "user"}


def test_keys_are_refreshed_in_the_background_before_they_expire(
    connect, provider, clock, signing_keys
):
    provider.publish(signing_keys[0])
    face = connect(refresh_policy=policy_with(jitter=0.5), random=lambda: 0.5)
    face.key_set()
    clock.advance(LIFETIME * 0.75 - 1)
    face.decode(signing_keys[0].token())
    assert not face.is_fetching()
    clock.advance(1)
    face.decode(signing_keys[0].token())
    face.settle()
    assert face.client.metrics == JWKSMetrics(fetches=2, hits=2)


@pytest.mark.parametrize("answer", UNUSABLE_ANSWERS.values(), ids=UNUSABLE_ANSWERS)
def test_an_unusable_answer_is_a_client_error(connect, provider, signing_keys, answer):
    provider.answer(answer)
    provider.answer(jwks([signing_keys[0].jwk()]), "/elsewhere")
    face = connect()
    with pytest.raises(PyJWKClientError) as caught:
        face.decode(signing_keys[0].token())
    assert not isinstance(caught.value, InvalidTokenError)
    assert [request.path for request in provider.requests] == ["/jwks"]
    assert face.client.metrics == JWKSMetrics(fetches=1, failures=1)


@pytest.mark.parametrize("answer", UNUSABLE_ANSWERS.values(), ids=UNUSABLE_ANSWERS)
def test_an_unusable_answer_leaves_the_keys_as_they_are(
    connect, provider, clock, signing_keys, answer
):
    provider.publish(signing_keys[0])
    face = connect()
    before = face.key_set()
    provider.answer(answer)
    clock.advance(LIFETIME)
    assert face.decode(signing_keys[0].token()) == {"sub": "user"}
    face.settle()
    assert face.key_set() is before
    assert face.client.metrics == JWKSMetrics(fetches=2, hits=2, stale_serves=2, failures=1)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://login.example:8443/in?state=s3cret", "host 'login.example'"),
        ("/elsewhere?state=s3cret", "host '127.0.0.1'"),
        ("//other.example/s3cret", "host 'other.example'"),
        ("https://user:s3cret@h.example/", "host 'h.example'"),
        ("https://[s3cret", "an invalid address"),
    ],
)
def test_the_error_for_a_redirect_names_the_host_and_no_more(connect, provider, location, target):
    provider.answer(status(302, Location=location))
    with pytest.raises(PyJWKClientConnectionError) as caught:
        connect().key_set()
    assert str(caught.value) == (
        f"{provider.url} answered with status 302, a redirect to {target}, which is not followed"
    )


COMPRESSED = {"gzip": gzip.compress, "x-gzip": gzip.compress, "Deflate": zlib.compress}


@pytest.mark.parametrize("coding", COMPRESSED)
def test_an_answer_that_is_compressed_unasked_is_read(connect, provider, signing_keys, coding):
    text = json.dumps({"keys": [signing_keys[0].jwk()]}).encode()
    provider.answer(body(COMPRESSED[coding](text), Content_Encoding=coding))
    assert connect().decode(signing_keys[0].token()) == {"sub": "user"}


@pytest.mark.parametrize("coding", COMPRESSED)
def test_the_limit_holds_for_what_a_compressed_answer_contains(connect, provider, coding):
    bomb = COMPRESSED[coding](b" " * 10_000_000)
    provider.answer(body(bomb, Content_Encoding=coding))
    with pytest.raises(PyJWKClientError, match="more than 20000 bytes"):
        connect(max_bytes=20_000).key_set()


@pytest.mark.parametrize(
    ("content", "coding", "message"),
    [
        (gzip.compress(b"{}")[:-1], "gzip", "broken gzip"),
        (gzip.compress(b"{}") + b"more", "gzip", "broken gzip"),
        (b"{}", "gzip", "broken gzip"),
        (gzip.compress(b"{}"), "deflate", "broken deflate"),
        (b"\x0b", "br", "Content-Encoding 'br'"),
        (b"\x0b", "gzip, br", "Content-Encoding 'gzip, br'"),
    ],
)
def test_what_cannot_be_decompressed_is_named(connect, provider, content, coding, message):
    provider.answer(body(content, Content_Encoding=coding))
    with pytest.raises(PyJWKClientError, match=message):
        connect().key_set()


def test_identity_is_no_compression(connect, provider, signing_keys):
    provider.publish(signing_keys[0], Content_Encoding="identity")
    assert len(connect().key_set()) == 1


def test_the_status_says_more_than_the_coding_of_an_error_page(connect, provider):
    provider.answer(body(b"\x0b", 500, Content_Encoding="br"))
    with pytest.raises(PyJWKClientConnectionError, match="status 500"):
        connect().key_set()


@pytest.mark.parametrize("answer", [trickle, trickle_headers])
def test_an_answer_that_trickles_in_for_ever_is_cut_short(connect, provider, answer):
    provider.answer(answer)
    with pytest.raises(PyJWKClientConnectionError):
        connect(timeout=0.3).key_set()


def test_no_more_is_read_than_the_limit(connect, provider):
    provider.answer(endless)
    with pytest.raises(PyJWKClientError, match="more than 1000 bytes"):
        connect(max_bytes=1000, timeout=PATIENCE).key_set()


def test_a_provider_that_hangs_is_a_connection_error(connect, provider):
    provider.hang()
    with pytest.raises(PyJWKClientConnectionError):
        connect(timeout=0.2).key_set()


def test_a_provider_that_is_not_there_is_a_connection_error(connect, provider):
    provider.close()
    with pytest.raises(PyJWKClientConnectionError, match=provider.url):
        connect().key_set()


def test_who_waits_for_anothers_fetch_waits_no_longer_than_the_timeouts(
    connect, provider, signing_keys
):
    provider.publish(signing_keys[0])
    provider.hang()
    face = connect(timeout=0.2)
    results = face.decode_at_once([signing_keys[0].token()] * 10)
    assert {type(result) for result in results} == {PyJWKClientConnectionError}


def test_a_key_is_picked_up_when_the_cooldown_is_over_and_never_refused_again(
    connect, provider, clock, signing_keys
):
    old, new = signing_keys[:2]
    provider.publish(old)
    face = connect()
    face.decode(old.token())
    provider.publish(new)
    clock.advance(COOLDOWN - 1)
    with pytest.raises(UnknownKeyError):
        face.decode(new.token())
    assert len(provider.requests) == 1
    clock.advance(1)
    for _ in range(10):
        assert face.decode(new.token()) == {"sub": "user"}
        clock.advance(LIFETIME / 20)
    assert len(provider.requests) == 2
    with pytest.raises(UnknownKeyError):
        face.decode(old.token())


def test_a_rotation_announced_in_the_set_refuses_no_token_at_any_time(
    connect, provider, clock, signing_keys
):
    provider.publish(*signing_keys[:2])
    face = connect()
    for number in range(40):
        first = number // 14
        provider.publish(*signing_keys[first : first + 2])
        assert face.decode(signing_keys[first].token()) == {"sub": "user"}
        face.settle()
        clock.advance(100)


def test_an_outage_refuses_no_token_within_the_stale_limit(connect, provider, clock, signing_keys):
    provider.publish(signing_keys[0])
    face = connect()
    face.decode(signing_keys[0].token())
    provider.answer(status(503))
    while clock.now < 1000 + LIFETIME + STALE_LIMIT - 100:
        clock.advance(100)
        assert face.decode(signing_keys[0].token()) == {"sub": "user"}
        face.settle()
    assert face.client.metrics.failures < 50  # it backs off
    clock.advance(100)
    with pytest.raises(PyJWKClientConnectionError, match="503"):
        face.decode(signing_keys[0].token())
    provider.publish(signing_keys[0])
    clock.advance(COOLDOWN)
    assert face.decode(signing_keys[0].token()) == {"sub": "user"}


def test_a_failed_refresh_is_tried_again_after_a_while_and_not_before(
    connect, provider, clock, signing_keys
):
    provider.publish(signing_keys[0])
    face = connect(random=lambda: 0.0)
    face.key_set()
    provider.answer(status(500))
    clock.advance(LIFETIME)
    for seconds in (0, 3.9, 0.1, 7.9, 0.1, 15.9, 0.1):  # half of 8, 16 and 32
        clock.advance(seconds)
        face.key_set()
        face.settle()
    assert len(provider.requests) == 5


def test_the_first_fetch_that_failed_is_not_repeated_for_every_caller(
    connect, provider, clock, signing_keys
):
    provider.answer(status(500))
    face = connect(random=lambda: 0.0)
    for _ in range(100):
        with pytest.raises(PyJWKClientConnectionError, match="500"):
            face.key_set()
    assert len(provider.requests) == 1
    provider.publish(signing_keys[0])
    clock.advance(4)
    assert face.decode(signing_keys[0].token()) == {"sub": "user"}


@pytest.mark.parametrize("code", [429, 503])
def test_a_busy_provider_is_not_asked_before_the_time_it_names(
    connect, provider, clock, signing_keys, code
):
    provider.answer(status(code, Retry_After="120"))
    face = connect()
    for seconds in (0, 119):
        clock.advance(seconds)
        with pytest.raises(PyJWKClientConnectionError) as caught:
            face.key_set()
        assert type(caught.value) is PyJWKClientConnectionError
        assert str(caught.value).endswith(f"status {code} and Retry-After of 120 seconds")
    assert len(provider.requests) == 1
    provider.publish(signing_keys[0])
    clock.advance(1)
    assert face.decode(signing_keys[0].token()) == {"sub": "user"}


def test_a_busy_provider_is_not_asked_for_an_unknown_key_either(
    connect, provider, clock, signing_keys
):
    provider.publish(signing_keys[0])
    face = connect()
    face.key_set()
    provider.answer(status(503, Retry_After="120"))
    clock.advance(COOLDOWN)
    for seconds in (0, 119):
        clock.advance(seconds)
        with pytest.raises(PyJWKClientConnectionError, match="503"):
            face.decode(signing_keys[1].token())
    assert len(provider.requests) == 2
    provider.publish(*signing_keys)
    clock.advance(1)
    assert face.decode(signing_keys[1].token()) == {"sub": "user"}


def test_retry_after_of_another_status_is_not_for_us(connect, provider, clock, signing_keys):
    provider.answer(status(500, Retry_After="120"))
    face = connect(random=lambda: 0.0)
    with pytest.raises(PyJWKClientConnectionError, match=r"status 500$"):
        face.key_set()
    provider.publish(signing_keys[0])
    clock.advance(4)
    assert len(face.key_set()) == 1


def test_ten_thousand_unknown_keys_cause_at_most_one_fetch_per_cooldown(
    connect, provider, clock, signing_keys
):
    provider.publish(signing_keys[0])
    face = connect()
    forger = SigningKey("unknown")
    forged = forger.token().split(".")
    period = 3.5 * COOLDOWN
    tokens = []
    for number in range(10_000):
        header = json.dumps({"alg": "ES256", "kid": f"unknown-{number}"}).encode()
        tokens.append(".".join([rapidjwt.utils.base64url_encode(header).decode(), *forged[1:]]))
    for start in range(0, 10_000, 50):
        errors = face.decode_at_once(tokens[start : start + 50])
        assert {type(error) for error in errors} == {UnknownKeyError}
        clock.advance(period / 200)
    assert len(provider.requests) == 4
    assert face.decode(signing_keys[0].token()) == {"sub": "user"}


def test_an_unknown_key_is_an_error_of_the_client_and_of_the_token(connect, provider, signing_keys):
    provider.publish(signing_keys[0])
    face = connect()
    with pytest.raises(UnknownKeyError) as caught:
        face.decode(signing_keys[1].token())
    assert isinstance(caught.value, PyJWKClientError)
    assert isinstance(caught.value, InvalidTokenError)
    assert str(caught.value) == 'Unable to find a signing key that matches: "key-1"'


def test_an_unknown_key_during_an_outage_is_no_fault_of_the_token(
    connect, provider, clock, signing_keys
):
    provider.publish(signing_keys[0])
    face = connect()
    face.key_set()
    provider.answer(status(500))
    clock.advance(COOLDOWN)
    for _ in range(2):
        with pytest.raises(PyJWKClientConnectionError, match="500"):
            face.decode(signing_keys[1].token())
    assert len(provider.requests) == 2
    assert face.decode(signing_keys[0].token()) == {"sub": "user"}


def test_a_key_without_an_id_that_was_replaced_shows_by_its_signatures(connect, provider, clock):
    old, new = SigningKey(None), SigningKey(None)
    provider.publish(old)
    face = connect()
    assert face.decode(old.token()) == {"sub": "user"}
    provider.publish(new)
    with pytest.raises(rapidjwt.InvalidSignatureError):
        face.decode(new.token())
    assert len(provider.requests) == 1
    clock.advance(COOLDOWN)
    assert face.decode(new.token()) == {"sub": "user"}
    with pytest.raises(rapidjwt.InvalidSignatureError):
        face.decode(old.token())
    assert len(provider.requests) == 2


def test_a_set_without_a_key_for_our_algorithms_refuses_every_token(
    connect, provider, clock, signing_keys
):
    provider.answer(jwks([signing_keys[0].jwk(use="enc")]))
    face = connect()
    for token in (signing_keys[0].token(), "no token"):
        with pytest.raises(UnknownKeyError):
            face.decode(token)
    assert len(provider.requests) == 1
    provider.publish(signing_keys[0])
    clock.advance(COOLDOWN)
    assert face.decode(signing_keys[0].token()) == {"sub": "user"}


def test_a_wrong_signature_of_a_known_key_causes_no_fetch(connect, provider, clock, signing_keys):
    provider.publish(*signing_keys)
    face = connect()
    face.key_set()
    clock.advance(COOLDOWN)
    with pytest.raises(rapidjwt.InvalidSignatureError):
        face.decode(signing_keys[0].token()[:-8] + "AAAAAAAA")
    assert len(provider.requests) == 1


def test_an_unchanged_set_is_not_sent_again(connect, provider, clock, signing_keys):
    provider.answer(with_etag('"v1"', signing_keys[:1], Cache_Control="max-age=100"))
    face = connect()
    before = face.key_set()
    clock.advance(99)
    face.key_set()
    assert len(provider.requests) == 1
    clock.advance(1)
    face.key_set()
    face.settle()
    assert provider.requests[1].headers["If-None-Match"] == '"v1"'
    assert face.key_set() is before
    assert face.client.metrics == JWKSMetrics(fetches=2, hits=3, stale_serves=1)
    provider.answer(with_etag('"v2"', signing_keys[:2]))
    clock.advance(100)
    face.key_set()
    face.settle()
    assert len(face.key_set()) == 2


def test_the_same_set_again_is_the_same_object(connect, provider, clock, signing_keys):
    provider.publish(signing_keys[0])
    face = connect()
    before = face.key_set()
    assert face.refresh() is before
    provider.publish(*signing_keys)
    assert face.refresh() is not before
    assert len(provider.requests) == 3


def test_max_age_and_age_set_the_lifetime_between_its_bounds(
    connect, provider, clock, signing_keys
):
    for cache_control, age, lifetime in [
        ("max-age=300", "100", 200),
        ("max-age=5", "0", 60),
        ("no-store", "0", 60),
        ("max-age=1000000", "0", 3600),
    ]:
        provider.publish(signing_keys[0], Cache_Control=cache_control, Age=age)
        face = connect()
        face.key_set()
        clock.advance(lifetime - 1)
        face.key_set()
        assert face.client.metrics.fetches == 1, cache_control
        clock.advance(1)
        face.key_set()
        face.settle()
        assert face.client.metrics.fetches == 2, cache_control


def test_keys_that_may_not_be_kept_serve_the_caller_who_waited(
    connect, provider, clock, signing_keys
):
    provider.publish(signing_keys[0], Cache_Control="no-store")
    face = connect(refresh_policy=policy_with(min_lifetime=0, stale_limit=0))
    for _ in range(3):
        assert face.decode(signing_keys[0].token()) == {"sub": "user"}
    assert len(provider.requests) == 3


def test_refresh_fetches_at_once_and_says_what_went_wrong(connect, provider, signing_keys):
    provider.publish(signing_keys[0])
    face = connect()
    face.key_set()
    provider.answer(status(500))
    with pytest.raises(PyJWKClientConnectionError, match="500"):
        face.refresh()
    assert len(provider.requests) == 2
    assert len(face.key_set()) == 1


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("file:///etc/passwd", "scheme 'file'"),
        ("ftp://example.com/jwks", "scheme 'ftp'"),
        ("example.com/jwks", "scheme ''"),
        ("https:///jwks", "must have a host"),
        ("https://user:secret@example.com/jwks", "no user name or password"),
        ("https://[::1/jwks", "Invalid JWKS URI"),
        ("https://example.com:port/jwks", "Invalid JWKS URI"),
    ],
)
def test_an_address_that_is_not_of_the_web_is_refused(connect, url, message):
    with pytest.raises(PyJWKClientError, match=message) as caught:
        connect(url=url)
    assert "secret" not in str(caught.value)


def test_http_must_be_allowed(connect, provider):
    with pytest.raises(PyJWKClientError, match="allow_http"):
        connect(allow_http=False)


def test_a_shared_secret_cannot_be_a_published_key(connect):
    with pytest.raises(ValueError, match="HS"):
        rapidjwt.Verifier(jwks=connect().client, algorithms=["RS256", "HS256"])


def test_wrong_arguments_of_a_verifier_are_reported_where_they_are_given(connect):
    client = connect().client
    with pytest.raises(ValueError, match="empty"):
        rapidjwt.Verifier(jwks=client, algorithms=[])
    with pytest.raises(TypeError, match="list of names"):
        rapidjwt.Verifier(jwks=client, algorithms="ES256")
    with pytest.raises(TypeError, match="audience"):
        rapidjwt.Verifier(jwks=client, algorithms=["ES256"], audience=7)


def test_later_changes_of_an_argument_do_not_change_the_policy(
    connect, provider, clock, signing_keys
):
    provider.publish(signing_keys[0])
    face = connect()
    audience, algorithms = ["api"], ["ES256"]
    face.verifier = rapidjwt.Verifier(jwks=face.client, algorithms=algorithms, audience=audience)
    audience.append("admin")
    algorithms.append("RS256")
    with pytest.raises(rapidjwt.InvalidAudienceError):
        face.decode(signing_keys[0].token(aud="admin"))


def test_a_transport_of_the_callers_is_used(connect, clock, signing_keys):
    requests = []
    answers = [
        Response(200, {"ETag": "7"}, json.dumps({"keys": [signing_keys[0].jwk()]}).encode()),
        Response(304, {}, b""),
    ]

    def transport(request):
        requests.append(request)
        return answers[len(requests) - 1]

    face = connect(url="https://keys.example/jwks", transport=transport)
    assert face.decode(signing_keys[0].token()) == {"sub": "user"}
    face.refresh()
    assert [request.url for request in requests] == ["https://keys.example/jwks"] * 2
    assert requests[1].headers["if-none-match"] == "7"


@pytest.mark.parametrize("error", [KeyError("oops"), OSError(), ValueError("bad")])
def test_whatever_a_transport_raises_is_a_connection_error(connect, error):
    def transport(request):
        raise error

    face = connect(transport=transport)
    with pytest.raises(PyJWKClientConnectionError, match=str(error) or type(error).__name__):
        face.key_set()


def test_a_transport_is_not_trusted_with_the_size(connect):
    def transport(request):
        return Response(200, {}, b" " * 1001)

    with pytest.raises(PyJWKClientError, match="more than 1000 bytes"):
        connect(transport=transport, max_bytes=1000).key_set()


def test_decode_complete_gives_header_and_signature_too(connect, provider, signing_keys):
    provider.publish(signing_keys[0])
    face = connect()
    token = signing_keys[0].token()
    if isinstance(face, Threads):
        complete = face.verifier.decode_complete(token)
    else:
        complete = face.run(face.verifier.decode_complete_async(token))
    assert complete == rapidjwt.decode_complete(
        token, signing_keys[0].key.public(), algorithms=["ES256"]
    )


def test_a_verifier_is_told_where_keys_come_from_once(connect):
    client = connect().client
    for arguments in ({}, {"jwks": None}, {"key": "x" * 32, "jwks": client}):
        with pytest.raises(TypeError, match="either key or jwks"):
            rapidjwt.Verifier(algorithms=["ES256"], **arguments)
    for other in ("https://id.example/jwks", object(), type(client)):
        with pytest.raises(TypeError, match="JWKSClient or an AsyncJWKSClient"):
            rapidjwt.Verifier(jwks=other, algorithms=["ES256"])
    with pytest.raises(ValueError, match="algorithms is needed"):
        rapidjwt.Verifier(jwks=client)


def test_every_verifier_can_be_awaited(connect, provider, signing_keys):
    provider.publish(signing_keys[0])
    verifier = connect().verifier
    token = signing_keys[0].token()

    async def main():
        return await verifier.decode_async(token), await verifier.decode_complete_async(token)

    claims, complete = asyncio.run(main())
    assert claims == complete["payload"] == {"sub": "user"}
    assert complete["header"]["kid"] == signing_keys[0].kid


def test_a_fetch_in_a_coroutine_does_not_hold_up_the_event_loop(connect, provider, signing_keys):
    provider.publish(signing_keys[0])
    provider.hang()
    verifier = connect().verifier

    async def main():
        decoding = asyncio.create_task(verifier.decode_async(signing_keys[0].token()))
        while not provider.waiting:  # noqa: ASYNC110 - it shows that the event loop runs
            await asyncio.sleep(0)
        provider.release()
        return await decoding

    assert asyncio.run(asyncio.wait_for(main(), PATIENCE)) == {"sub": "user"}


def test_an_async_client_does_not_wait_in_a_thread(provider, clock):
    client = AsyncJWKSClient(provider.url, allow_http=True, clock=clock)
    verifier = rapidjwt.Verifier(jwks=client, algorithms=["ES256"])
    for call in (verifier.decode, verifier.decode_complete):
        with pytest.raises(TypeError, match=r"await decode_async\(token\)"):
            call("token")
    assert provider.requests == []


def test_too_large_a_token_and_what_is_none_cause_no_fetch(connect, provider, signing_keys):
    provider.publish(signing_keys[0])
    face = connect()
    token = signing_keys[0].token()
    face.verifier = rapidjwt.Verifier(
        jwks=face.client, algorithms=["ES256"], max_token_size=len(token)
    )
    for wrong in (token + "A", 7, None):
        with pytest.raises(rapidjwt.DecodeError):
            face.decode(wrong)
    assert provider.requests == []
    assert face.decode(token) == {"sub": "user"}


def test_the_policy_holds_for_fetched_keys(connect, provider, signing_keys):
    provider.publish(signing_keys[0])
    face = connect()
    face.verifier = rapidjwt.Verifier(
        jwks=face.client, algorithms=["ES256"], issuer="me", require=["exp"], max_nesting=2
    )
    good = {"iss": "me", "exp": 4_000_000_000}
    for claims, error in [
        (good, None),
        (good | {"iss": "you"}, rapidjwt.InvalidIssuerError),
        ({"iss": "me"}, rapidjwt.MissingRequiredClaimError),
        (good | {"exp": 1}, rapidjwt.ExpiredSignatureError),
        (good | {"deep": [[]]}, rapidjwt.DecodeError),
    ]:
        token = signing_keys[0].token(**claims)
        if error is None:
            assert face.decode(token) == {"sub": "user"} | claims
        else:
            with pytest.raises(error):
                face.decode(token)
    assert len(provider.requests) == 1


def test_remembered_signatures_are_those_of_the_set_in_use(connect, provider, clock, signing_keys):
    old, new = signing_keys[:2]
    provider.publish(old)
    face = connect()
    face.verifier = rapidjwt.Verifier(jwks=face.client, algorithms=["ES256"], cache_size=10)
    assert face.verifier.cache_info().maxsize == 0  # there are no keys yet
    token = old.token()
    for _ in range(2):
        assert face.decode(token) == {"sub": "user"}
    assert face.verifier.cache_info().hits == 1
    face.refresh()
    face.decode(token)
    assert face.verifier.cache_info().hits == 2  # the same set uses the same cache
    provider.publish(new)
    clock.advance(COOLDOWN)
    face.refresh()
    with pytest.raises(UnknownKeyError):
        face.decode(token)  # its key was withdrawn
    assert face.verifier.cache_info().currsize == 0
    face.decode(new.token())
    assert face.verifier.cache_info().currsize == 1
    face.verifier.cache_clear()
    assert face.verifier.cache_info().currsize == 0
