"""Token Status Lists, with the examples and test vectors of draft-ietf-oauth-status-list-20."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import threading
import time
import zlib
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import rapidjwt
import time_machine
from rapidjwt import JWKSClient, Key, RefreshPolicy, Signer, Verifier
from rapidjwt.exceptions import (
    InvalidTokenError,
    MissingRequiredClaimError,
    RevokedTokenError,
    StoreUnavailableError,
)
from rapidjwt.jwks import Response
from rapidjwt.keyring import DirectoryStore, KeyRing, Schedule
from rapidjwt.status_list import (
    MEDIA_TYPE,
    Status,
    Statuses,
    StatusListClient,
    StatusListIssuer,
)

VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors" / "status_lists.json").read_text(encoding="utf-8")
)
ALLOWED = "https://auth.example/statuslists/"
URI = f"{ALLOWED}1"
KEY = Key.generate("ES256", kid="a")
NOW = 2_000_000_000


def vector_id(vector):
    return f"{vector['bits']} bits, {vector['size']} tokens"


@pytest.mark.parametrize("vector", VECTORS["lists"], ids=vector_id)
def test_the_vectors_are_read_and_written(vector):
    statuses = Statuses.from_claim(vector, max_size=1 << 20)
    assert len(statuses) == vector["size"]
    expected = {int(index): status for index, status in vector["statuses"].items()}
    assert {index: statuses[index] for index in expected} == expected
    made = Statuses(vector["size"], bits=vector["bits"])
    for index, status in expected.items():
        made[index] = status
    assert bytes(made) == bytes(statuses)
    assert bytes(Statuses.from_claim(made.to_claim(), max_size=1 << 20)) == bytes(statuses)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_each_status_is_set_and_read_apart_from_its_neighbours(bits):
    most = (1 << bits) - 1
    statuses = Statuses(20, bits=bits)
    for index in range(len(statuses)):
        statuses[index] = most
        statuses[index] = index % (most + 1)
    assert [statuses[index] for index in range(20)] == [i % (most + 1) for i in range(20)]
    assert bytes(Statuses.from_bytes(bytes(statuses), bits=bits)) == bytes(statuses)
    assert bytes(Statuses(8, bits=bits, default=most)) == b"\xff" * bits


def test_what_a_list_cannot_hold_is_refused():
    statuses = Statuses(8)
    for wrong in (8, -1):
        with pytest.raises(IndexError, match="has no index"):
            statuses[wrong]
        with pytest.raises(IndexError, match="has no index"):
            statuses[wrong] = 0
    with pytest.raises(ValueError, match="A status of 1 bits is at most 1"):
        statuses[0] = Status.SUSPENDED
    for arguments in ({"bits": 3}, {"bits": True}, {"default": 2}, {"default": -1}):
        with pytest.raises(ValueError, match="must be"):
            Statuses(8, **arguments)
    with pytest.raises(ValueError, match="must be"):
        Statuses(-1)
    assert len(Statuses(0)) == 0


def packed(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


BROKEN = {
    "a list": [],
    "no bits": {"lst": packed(zlib.compress(b"\0"))},
    "no lst": {"bits": 1},
    "bits of another type": {"bits": "1", "lst": packed(zlib.compress(b"\0"))},
    "bits that do not exist": {"bits": 3, "lst": packed(zlib.compress(b"\0"))},
    "lst of another type": {"bits": 1, "lst": 1},
    "lst that is not base64url": {"bits": 1, "lst": "*"},
    "DEFLATE without ZLIB": {"bits": 1, "lst": packed(zlib.compress(b"\0")[2:-4])},
    "a stream that is cut off": {"bits": 1, "lst": packed(zlib.compress(b"\0" * 100)[:-2])},
    "a checksum that is wrong": {"bits": 1, "lst": packed(zlib.compress(b"\0")[:-1] + b"x")},
    "data after the stream": {"bits": 1, "lst": packed(zlib.compress(b"\0") + b"x")},
    "an empty stream": {"bits": 1, "lst": ""},
    "more bytes than allowed": {"bits": 1, "lst": packed(zlib.compress(b"\0" * 1025))},
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_list_is_refused(name):
    with pytest.raises(ValueError, match=r"list|lst|bits"):
        Statuses.from_claim(BROKEN[name], max_size=1024)


def test_a_bomb_is_given_up_at_the_limit():
    """It would have a gigabyte; with the limit, the memory in use hardly grows."""
    compressor = zlib.compressobj(9)
    bomb = b"".join(compressor.compress(bytes(1 << 20)) for _ in range(1024)) + compressor.flush()
    import tracemalloc

    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="more than 1048576 bytes"):
            Statuses.from_claim({"bits": 1, "lst": packed(bomb)}, max_size=1 << 20)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


class Provider:
    """Publishes lists, counts requests, and fails when told to."""

    def __init__(self):
        self.requests = []
        self.bodies = {}
        self.headers = {"Content-Type": MEDIA_TYPE}
        self.status = 200
        self.monotonic = 0.0

    def __call__(self, request):
        self.requests.append(request)
        body = self.bodies.get(request.url, b"")
        return Response(self.status if body else 404, self.headers, body)

    def publish(self, token, uri=URI):
        self.bodies[uri] = token.encode()


@pytest.fixture
def provider():
    with time_machine.travel(NOW, tick=False):
        yield Provider()


@pytest.fixture
def statuses():
    return Statuses(1000, bits=2)


@pytest.fixture
def issuer(statuses, provider):
    issuer = StatusListIssuer(KEY, URI, statuses, ttl=300, lifetime=3600)
    provider.publish(issuer.token())
    return issuer


@pytest.fixture
def lists(provider):
    return client(provider)


def client(provider, uris=ALLOWED, **arguments):
    policy = RefreshPolicy(jitter=0, cooldown=10)
    defaults = {"transport": provider, "clock": lambda: provider.monotonic}
    return StatusListClient(
        Verifier(KEY.public(), algorithms=["ES256"]),
        uris,
        **{"refresh_policy": policy} | defaults | arguments,
    )


def test_a_revoked_token_is_refused_by_a_verifier(lists, issuer, statuses, provider):
    verifier = Verifier(KEY.public(), algorithms=["ES256"], revocation=lists, cache_size=10)
    signer = Signer(KEY, lifetime=900)
    statuses[2] = Status.INVALID
    statuses[3] = Status.SUSPENDED
    statuses[4] = 3
    provider.publish(issuer.token())
    tokens = [signer.encode({"status": issuer.reference(index)}) for index in range(5)]
    assert verifier.decode(tokens[1])["status"] == {"status_list": {"idx": 1, "uri": URI}}
    for token, name in zip(tokens[2:], ["INVALID", "SUSPENDED", "0x03"], strict=True):
        for _ in range(2):
            with pytest.raises(RevokedTokenError, match=f"The status of the token is {name}"):
                verifier.decode(token)
        with pytest.raises(RevokedTokenError):
            asyncio.run(verifier.decode_async(token))
    assert len(provider.requests) == 1
    assert provider.requests[0].headers["accept"] == "application/statuslist+jwt"


def test_statuses_may_be_accepted(provider, issuer, statuses):
    statuses[1] = Status.SUSPENDED
    provider.publish(issuer.token())
    lists = client(provider, accepted=(Status.VALID, Status.SUSPENDED))
    lists.check({"status": issuer.reference(1)}, {})


def test_a_list_is_fetched_again_after_its_ttl(lists, issuer, statuses, provider):
    claims = {"status": issuer.reference(7)}
    lists.check(claims, {})
    statuses[7] = Status.INVALID
    provider.publish(issuer.token())
    provider.monotonic += 299
    lists.check(claims, {})
    assert len(provider.requests) == 1
    provider.monotonic += 1
    wait_for(lambda: is_revoked(lists, claims))  # refreshed in the background


def test_the_times_of_the_token_count_before_those_of_http(provider, issuer):
    provider.headers["Cache-Control"] = "max-age=3600"
    lists = client(provider)
    lists.check({"status": issuer.reference(0)}, {})
    provider.monotonic += 300
    lists.check({"status": issuer.reference(0)}, {})
    wait_for(lambda: len(provider.requests) == 2)


def test_http_counts_for_a_token_without_times(provider, statuses):
    provider.headers["Cache-Control"] = "max-age=100"
    provider.publish(status_list_token(statuses))
    lists = client(provider)
    claims = {"status": {"status_list": {"uri": URI, "idx": 0}}}
    lists.check(claims, {})
    provider.monotonic += 99
    lists.check(claims, {})
    assert len(provider.requests) == 1
    provider.monotonic += 1
    lists.check(claims, {})
    wait_for(lambda: len(provider.requests) == 2)


def is_revoked(lists, claims):
    try:
        lists.check(claims, {})
    except RevokedTokenError:
        return True
    return False


def wait_for(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def status_list_token(statuses, *, headers=None, key=KEY, **claims):
    payload = {"sub": URI, "iat": NOW, "status_list": statuses.to_claim()} | claims
    payload = {name: value for name, value in payload.items() if value is not None}
    return Signer(key, headers={"typ": "statuslist+jwt"} | (headers or {})).encode(payload)


def test_a_list_serves_for_a_while_when_its_provider_is_down(lists, issuer, provider):
    claims = {"status": issuer.reference(0)}
    lists.check(claims, {})
    provider.status = 500
    provider.monotonic += 301
    lists.check(claims, {})


@pytest.mark.parametrize("is_down", [True, False])
def test_a_list_that_has_expired_is_not_relied_upon(lists, issuer, provider, is_down):
    claims = {"status": issuer.reference(0)}
    lists.check(claims, {})
    if is_down:
        provider.status = 500
    with time_machine.travel(NOW + 3600, tick=False):
        provider.monotonic += 3600
        with pytest.raises(StoreUnavailableError, match=r"status 500|has expired"):
            lists.check(claims, {})
        with pytest.raises(StoreUnavailableError):
            asyncio.run(lists.check_async(claims, {}))
        provider.status = 200
        provider.publish(issuer.token())
        provider.monotonic += 60
        lists.check(claims, {})


def test_a_provider_that_is_down_at_first_is_unavailable_and_not_asked_at_once(lists, provider):
    claims = {"status": {"status_list": {"uri": URI, "idx": 0}}}
    for _ in range(3):
        with pytest.raises(StoreUnavailableError, match=r"statuslists/1 answered with status 404"):
            lists.check(claims, {})
    assert len(provider.requests) == 1


def test_a_list_that_has_grown_is_fetched_again(lists, issuer, provider):
    lists.check({"status": issuer.reference(0)}, {})
    grown = StatusListIssuer(KEY, URI, Statuses(2000))
    provider.publish(grown.token())
    claims = {"status": grown.reference(1999)}
    with pytest.raises(InvalidTokenError, match="has no entry for the token") as caught:
        lists.check(claims, {})
    assert (caught.value.code, caught.value.claim) == ("invalid_claim", "status")
    provider.monotonic += 10  # the cooldown
    lists.check(claims, {})


REFERENCES = [
    "text",
    {},
    {"status_list": []},
    {"status_list": {"idx": 0}},
    {"status_list": {"uri": URI}},
    {"status_list": {"uri": 1, "idx": 0}},
    {"status_list": {"uri": URI, "idx": -1}},
    {"status_list": {"uri": URI, "idx": "0"}},
    {"status_list": {"uri": URI, "idx": 0.0}},
    {"status_list": {"uri": URI, "idx": True}},
    {"status_list": {"uri": "https://auth.example/other", "idx": 0}},
    {"status_list": {"uri": "https://evil.example/statuslists/1", "idx": 0}},
    {"status_list": {"uri": "http://auth.example/statuslists/1", "idx": 0}},
    {"status_list": {"uri": "file:///etc/passwd", "idx": 0}},
]


@pytest.mark.parametrize("status", REFERENCES, ids=str)
def test_an_unusable_reference_is_refused_without_a_request(lists, provider, status):
    for check in (lists.check, lambda *args: asyncio.run(lists.check_async(*args))):
        with pytest.raises(InvalidTokenError) as caught:
            check({"status": status}, {})
        assert (caught.value.code, caught.value.claim) == ("invalid_claim", "status")
    assert provider.requests == []


def test_a_token_without_a_status_is_refused_unless_it_may_lack_one(provider):
    with pytest.raises(MissingRequiredClaimError, match="status"):
        client(provider).check({}, {})
    optional = client(provider, required=False)
    optional.check({}, {})
    asyncio.run(optional.check_async({"status": None}, {}))
    with pytest.raises(InvalidTokenError):
        optional.check({"status": {}}, {})


WRONG_TOKENS = {
    "that is another kind": lambda statuses: status_list_token(statuses, headers={"typ": "JWT"}),
    "of another key": lambda statuses: status_list_token(statuses, key=Key.generate("ES256")),
    "of another address": lambda statuses: status_list_token(statuses, sub=f"{URI}0"),
    "without an address": lambda statuses: status_list_token(statuses, sub=None),
    "without its time": lambda statuses: status_list_token(statuses, iat=None),
    "that has expired": lambda statuses: status_list_token(statuses, exp=NOW),
    "with a ttl of 0": lambda statuses: status_list_token(statuses, ttl=0),
    "with a ttl that is text": lambda statuses: status_list_token(statuses, ttl="300"),
    "without a list": lambda statuses: status_list_token(statuses, status_list=None),
    "with a broken list": lambda statuses: status_list_token(statuses, status_list={"bits": 1}),
    "with a list that is too large": lambda _: status_list_token(Statuses(9 << 20)),
    "that is not ASCII": lambda _: "ä.ö.ü",
    "that is JSON": lambda _: "{}",
}


@pytest.mark.parametrize("name", WRONG_TOKENS)
def test_a_wrong_list_makes_a_status_unavailable(lists, provider, statuses, name):
    provider.publish(WRONG_TOKENS[name](statuses))
    with pytest.raises(StoreUnavailableError, match="cannot be used: ") as caught:
        lists.check({"status": {"status_list": {"uri": URI, "idx": 0}}}, {})
    assert "eyJ" not in str(caught.value)


def test_a_type_may_have_its_long_form(lists, provider, statuses):
    provider.publish(status_list_token(statuses, headers={"typ": "application/StatusList+jwt"}))
    lists.check({"status": {"status_list": {"uri": URI, "idx": 0}}}, {})


def test_a_body_that_is_too_large_is_not_read(provider, issuer):
    lists = client(provider, max_bytes=100)
    with pytest.raises(StoreUnavailableError, match="more than 100 bytes"):
        lists.check({"status": issuer.reference(0)}, {})


def test_the_list_used_longest_ago_goes_first(provider, statuses):
    uris = [f"{ALLOWED}{number}" for number in range(3)]
    for uri in uris:
        provider.publish(StatusListIssuer(KEY, uri, statuses).token(), uri)
    lists = client(provider, max_lists=2)
    for number in (0, 1, 0, 2, 0, 1):
        lists.check({"status": {"status_list": {"uri": uris[number], "idx": 0}}}, {})
    asked = [request.url[-1] for request in provider.requests]
    assert asked == ["0", "1", "2", "1"]


def test_wrong_arguments_are_refused():
    verifier = Verifier(KEY.public(), algorithms=["ES256"])
    with pytest.raises(TypeError, match="Expected a Verifier for the lists, got Key"):
        StatusListClient(KEY, ALLOWED)
    for uri in (
        "https://auth.example",
        "http://auth.example/",
        "auth.example/",
        "https:///a",
        "https://user@auth.example/",
    ):
        with pytest.raises(ValueError, match=r"uris must begin with https://, a host and a /"):
            StatusListClient(verifier, [ALLOWED, uri])
    with pytest.raises(TypeError, match="time_out"):
        StatusListClient(verifier, ALLOWED, time_out=1)
    for ttl, lifetime in ((0, 10), (11, 10)):
        with pytest.raises(ValueError, match="ttl must be above 0"):
            StatusListIssuer(KEY, URI, Statuses(8), ttl=ttl, lifetime=lifetime)
    with pytest.raises(IndexError):
        StatusListIssuer(KEY, URI, Statuses(8)).reference(8)


def test_a_key_ring_signs_lists(tmp_path, provider):
    ring = KeyRing(DirectoryStore(tmp_path), schedule=Schedule(), passphrase="a")
    ring.rotate()
    issuer = StatusListIssuer(ring, URI, Statuses(8), issuer="https://auth.example")
    token = issuer.token()
    assert rapidjwt.get_unverified_header(token)["typ"] == "statuslist+jwt"
    claims = Verifier(ring.key_set(), algorithms=["ES256"]).decode(token)
    assert claims["iss"] == "https://auth.example"
    assert (claims["exp"] - claims["iat"], claims["ttl"]) == (3600, 300)


def test_threads_cause_one_request(provider, issuer):
    gate = threading.Event()

    def slow(request):
        assert gate.wait(30)
        return provider(request)

    lists = client(provider, transport=slow)
    claims, failures = {"status": issuer.reference(0)}, []

    def check():
        try:
            lists.check(claims, {})
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=check) for _ in range(8)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join(30)
    assert (failures, len(provider.requests)) == ([], 1)


def test_a_first_fetch_does_not_block_the_event_loop(provider, issuer):
    gate = threading.Event()

    def slow(request):
        assert gate.wait(30)
        return provider(request)

    lists = client(provider, transport=slow)

    async def main():
        checks = [lists.check_async({"status": issuer.reference(0)}, {}) for _ in range(3)]
        waiting = asyncio.gather(*checks)
        await asyncio.sleep(0.05)
        gate.set()
        await waiting

    asyncio.run(main())
    assert len(provider.requests) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_child_of_a_fork_keeps_its_lists(lists, issuer):
    lists.check({"status": issuer.reference(0)}, {})
    lists._lock.acquire()
    pid = os.fork()
    if pid == 0:
        lists.check({"status": issuer.reference(0)}, {})
        os._exit(0)
    lists._lock.release()
    assert os.waitpid(pid, 0)[1] == 0


def test_over_http_with_the_keys_of_the_issuer(monkeypatch):
    """Keys and list come from one server, with an ETag for the second fetch."""
    monkeypatch.setenv("NO_PROXY", "*")
    statuses = Statuses(100)
    conditional = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            origin = f"http://{self.headers['Host']}"
            if self.path == "/jwks":
                body = json.dumps({"keys": [KEY.public().to_jwk()]}).encode()
            else:
                uri = f"{origin}/statuslists/1"
                body = StatusListIssuer(KEY, uri, statuses, ttl=1).token().encode()
            if self.headers["If-None-Match"]:
                conditional.append(self.path)
            self.send_response(HTTPStatus.OK)
            self.send_header("ETag", '"1"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        origin = f"http://127.0.0.1:{server.server_port}"
        keys = JWKSClient(f"{origin}/jwks", allow_http=True)
        lists = StatusListClient(
            Verifier(jwks=keys, algorithms=["ES256"]),
            f"{origin}/statuslists/",
            allow_http=True,
            refresh_policy=RefreshPolicy(min_lifetime=0.1),
        )
        claims = {"status": {"status_list": {"uri": f"{origin}/statuslists/1", "idx": 5}}}
        lists.check(claims, {})
        statuses[5] = Status.INVALID
        wait_for(lambda: is_revoked(lists, claims))
        server.shutdown()
    assert "/statuslists/1" in conditional
