"""Tests of one kind of client, or of the process: forks, event loops, TLS, imports."""

from __future__ import annotations

import asyncio
import gc
import json
import linecache
import os
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import rapidjwt.jwks
import trio
from rapidjwt import Verifier
from rapidjwt.exceptions import PyJWKClientConnectionError
from rapidjwt.jwks import AsyncJWKSClient, JWKSClient, Response, UnknownKeyError, base_client
from rapidjwt.jwks import client as client_module
from rapidjwt.jwks.async_transport import HttpxTransport

from .conftest import POLICY
from .provider import PATIENCE, wait_until

LIFETIME = 600
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


def python(script, *arguments):
    """Run a script in a process of its own."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(script), *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE * 3,
        check=False,
    )


def sync_client(provider, clock, **arguments):
    return JWKSClient(
        provider.url, allow_http=True, refresh_policy=POLICY, clock=clock, **arguments
    )


def async_client(provider, clock, **arguments):
    return AsyncJWKSClient(
        provider.url, allow_http=True, refresh_policy=POLICY, clock=clock, **arguments
    )


FORK = """
import os, sys, threading, time
from rapidjwt import Verifier
from rapidjwt.jwks import JWKSClient, RefreshPolicy

url, old_token, new_token = sys.argv[1:]
now = 0
client = JWKSClient(
    url,
    allow_http=True,
    timeout=30,
    clock=lambda: now,
    refresh_policy=RefreshPolicy(jitter=0, cooldown=30),
)
verifier = Verifier(jwks=client, algorithms=["ES256"])
verifier.decode(old_token)  # the parent fetches
print("fetched", flush=True)
sys.stdin.readline()
now = 600
verifier.decode(old_token)  # and starts a refresh that hangs
print("hanging", flush=True)
sys.stdin.readline()
client._memory.lock.acquire()  # as another thread may at that moment
child = os.fork()
if child == 0:
    verifier.decode(old_token)
    now = 700
    verifier.decode(new_token)
    os._exit(0)
_, status = os.waitpid(child, 0)
os._exit(os.waitstatus_to_exitcode(status))
"""


@forks
def test_the_child_of_a_fork_has_the_keys_and_fetches_for_itself(provider, signing_keys):
    old, new = signing_keys[:2]
    provider.publish(old)
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", FORK, provider.url, old.token(), new.token()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "fetched\n"
        provider.hang()
        process.stdin.write("go on\n")
        process.stdin.flush()
        assert process.stdout.readline() == "hanging\n"
        wait_until(lambda: provider.waiting == 1)
        provider.publish(old, new)
        process.stdin.write("go on\n")
        process.stdin.flush()
        wait_until(lambda: provider.waiting == 2)  # the child's own request
        provider.release()
        _, errors = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, errors


@forks
def test_children_of_one_parent_do_not_refresh_at_the_same_moment():
    result = python(
        """
        import os
        from rapidjwt.jwks.memory import KeyMemory
        from rapidjwt.jwks.policy import RefreshPolicy
        from rapidjwt.jwks.client import JWKSClient
        from rapidjwt.jwks.messages import Response

        key = '{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "a",'
        key += ' "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}'
        client = JWKSClient(
            "https://keys.example",
            transport=lambda request: Response(200, {}, key.encode()),
            refresh_policy=RefreshPolicy(jitter=1),
        )
        client.key_set()
        moments = {client._memory._schedule._refresh_at}
        for _ in range(4):
            reading, writing = os.pipe()
            if os.fork() == 0:
                os.write(writing, str(client._memory._schedule._refresh_at).encode())
                os._exit(0)
            os.wait()
            moments.add(float(os.read(reading, 100)))
        print(len(moments))
        """
    )
    assert result.stdout == "5\n", result.stderr


def test_an_interrupted_fetch_leaves_nobody_waiting(provider, clock, signing_keys):
    def interrupted(request):
        arrived.set()
        go_on.wait(PATIENCE)
        raise KeyboardInterrupt

    def wait():
        try:
            client.key_set()
        except PyJWKClientConnectionError as error:
            errors.append(error)

    arrived, go_on, errors = threading.Event(), threading.Event(), []
    client = sync_client(provider, clock, transport=interrupted)
    waiter = threading.Thread(target=wait)

    def let_go():
        arrived.wait(PATIENCE)
        waiter.start()
        wait_until(lambda: len(client._flight.waiters) == 1)
        go_on.set()

    helper = threading.Thread(target=let_go)
    helper.start()
    with pytest.raises(KeyboardInterrupt):
        client.key_set()
    helper.join(PATIENCE)
    waiter.join(PATIENCE)
    assert [str(error) for error in errors] == [
        f"The keys of {provider.url} cannot be fetched: KeyboardInterrupt"
    ]


def test_a_transport_that_hangs_keeps_only_the_caller_who_runs_it(provider, clock):
    def hang(request):
        arrived.set()
        go_on.wait(PATIENCE)
        raise OSError("at last")

    arrived, go_on = threading.Event(), threading.Event()
    client = sync_client(provider, clock, transport=hang, timeout=0.05)
    pool = ThreadPoolExecutor(1)
    leader = pool.submit(client.key_set)
    assert arrived.wait(PATIENCE)
    with pytest.raises(PyJWKClientConnectionError, match="timed out"):
        client.key_set()
    assert not leader.done()
    go_on.set()
    with pytest.raises(PyJWKClientConnectionError, match="at last"):
        leader.result(PATIENCE)
    pool.shutdown()


def test_a_refresh_that_finds_no_thread_is_a_failed_refresh(
    provider, clock, signing_keys, monkeypatch
):
    provider.publish(signing_keys[0])
    client = sync_client(provider, clock)
    client.key_set()
    clock.advance(LIFETIME)

    def start(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    assert len(client.key_set()) == 1
    assert client._flight is None
    assert client.metrics.failures == 1


def test_a_refresh_in_the_background_does_not_keep_the_program_alive(provider, signing_keys):
    provider.publish(signing_keys[0], Cache_Control="no-store")
    result = python(
        """
        import sys
        from rapidjwt.jwks import JWKSClient, RefreshPolicy
        now = 0
        client = JWKSClient(sys.argv[1], allow_http=True, timeout=600, clock=lambda: now,
                            refresh_policy=RefreshPolicy(jitter=0))
        client.key_set()
        client._transport = lambda request: __import__("time").sleep(600)
        now = 60
        client.key_set()
        print(client._flight is not None)
        """,
        provider.url,
    )
    assert (result.stdout, result.returncode) == ("True\n", 0), result.stderr


def test_a_task_that_gives_up_waiting_does_not_stop_the_fetch(provider, clock, signing_keys):
    provider.publish(signing_keys[0])
    provider.hang()

    async def main():
        client = async_client(provider, clock)
        impatient = asyncio.create_task(client.key_set())
        patient = asyncio.create_task(client.key_set())
        await asyncio.to_thread(wait_until, lambda: provider.waiting)
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        provider.release()
        assert len(await patient) == 1
        return client.metrics.fetches

    assert asyncio.run(main()) == 1


def test_a_client_serves_one_event_loop_after_another(provider, clock, signing_keys):
    provider.publish(signing_keys[0])
    client = async_client(provider, clock)
    verifier = Verifier(jwks=client, algorithms=["ES256"])
    token = signing_keys[0].token()
    assert asyncio.run(verifier.decode_async(token)) == {"sub": "user"}
    provider.hang()
    clock.advance(LIFETIME)
    # This loop ends and cancels the refresh, which is not the provider's fault.
    assert asyncio.run(verifier.decode_async(token)) == {"sub": "user"}
    assert client.metrics.failures == 0
    provider.release()
    clock.advance(LIFETIME)

    async def main():
        await verifier.decode_async(token)
        await client.refresh()

    asyncio.run(main())
    assert client.metrics.failures == 0


def test_a_loop_for_each_request_refreshes_and_lets_a_withdrawn_key_go(
    provider, clock, signing_keys
):
    old, new = signing_keys[:2]
    provider.publish(old)
    client = async_client(provider, clock)
    verifier = Verifier(jwks=client, algorithms=["ES256"])
    for number in range(40):
        assert asyncio.run(verifier.decode_async(old.token())) == {"sub": "user"}, number
        clock.advance(LIFETIME)
    provider.publish(new)
    outcomes = []
    for _ in range(3):
        clock.advance(LIFETIME)
        try:
            outcomes.append(asyncio.run(verifier.decode_async(old.token())))
        except UnknownKeyError:
            outcomes.append("refused")
    assert outcomes[1:] == ["refused", "refused"]
    assert client.metrics.failures == 0


def test_under_trio_it_says_what_to_use(provider, clock, signing_keys):
    provider.publish(signing_keys[0])
    verifier = Verifier(jwks=async_client(provider, clock), algorithms=["ES256"])
    with pytest.raises(RuntimeError, match="AsyncJWKSClient needs asyncio"):
        trio.run(verifier.decode_async, signing_keys[0].token())
    verifier = Verifier(jwks=sync_client(provider, clock), algorithms=["ES256"])
    claims = trio.run(trio.to_thread.run_sync, verifier.decode, signing_keys[0].token())
    assert claims == {"sub": "user"}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # torn connections
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError], ids=lambda kind: kind.__name__)
def test_what_a_signal_handler_raises_goes_through_wherever_it_hits(
    provider, clock, signing_keys, error
):
    def handler(number, frame):
        raise error("from a signal")

    provider.publish(signing_keys[0])
    client = sync_client(provider, clock)
    raised, before = 0, signal.signal(signal.SIGALRM, handler)
    try:
        for number in range(150):
            clock.advance(LIFETIME)
            try:
                signal.setitimer(signal.ITIMER_REAL, 20e-6 * (number + 1))
                client.refresh()
                signal.setitimer(signal.ITIMER_REAL, 0)
            except error as caught:
                raised += str(caught) == "from a signal"
            assert client._flight is None, number
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert raised > 10
    assert len(client.refresh()) == 1
    gc.collect()  # of the torn connections, while their warnings are ignored


@contextmanager
def raised_at_call(count, error):
    """Raise the error at the call with this number of those of the package's JWKS functions.

    It is there that CPython runs the handlers of signals.
    """
    folder, calls = str(Path(rapidjwt.jwks.__file__).parent), 0

    def trace(frame, event, argument):
        nonlocal calls
        calls += frame.f_code.co_filename.startswith(folder)
        if calls == count:
            raise error

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # torn connections
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_what_a_signal_handler_raises_goes_through_from_every_call_of_a_fetch(
    provider, clock, signing_keys
):
    provider.publish(signing_keys[0])
    client, count, caught = sync_client(provider, clock), 0, []
    while len(caught) == count:
        clock.advance(LIFETIME)
        count += 1
        error = RuntimeError("from a signal")
        with raised_at_call(count, error):
            try:
                client.refresh()
            except RuntimeError as raised:
                caught.append(raised is error)
        assert client._flight is None, count
    assert all(caught)
    assert count > 15
    assert len(client.refresh()) == 1
    gc.collect()  # of the torn connections, while their warnings are ignored


def test_a_fetch_of_a_loop_that_was_abandoned_is_not_waited_for(provider, clock, signing_keys):
    provider.publish(signing_keys[0])
    provider.hang()
    client = async_client(provider, clock)
    abandoned = asyncio.new_event_loop()
    waiting = abandoned.create_task(client.key_set())
    abandoned.run_until_complete(asyncio.sleep(0))
    assert client._flights
    provider.release()
    assert len(asyncio.run(client.key_set())) == 1
    waiting.cancel()
    for flight in client._flights:
        flight.cancel()
    abandoned.run_until_complete(asyncio.gather(waiting, *client._flights, return_exceptions=True))
    abandoned.close()


def test_https_needs_a_certificate_that_the_context_trusts(connect, provider, tls, signing_keys):
    server, client = tls
    provider.use_tls(server)
    provider.publish(signing_keys[0])
    with pytest.raises(PyJWKClientConnectionError, match=r"(?i)certificate.verify.failed"):
        connect(allow_http=False).key_set()
    face = connect(allow_http=False, ssl_context=client)
    assert face.decode(signing_keys[0].token()) == {"sub": "user"}


def test_without_httpx_the_async_client_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "httpx", None)
    with pytest.raises(ImportError, match=r"rapidjwt\[async\]"):
        AsyncJWKSClient("https://keys.example")
    AsyncJWKSClient("https://keys.example", transport=lambda request: None)


def test_key_sets_do_without_http_and_the_sync_client_without_httpx():
    result = python(
        """
        import sys
        import rapidjwt.key_set
        print({"http", "ssl", "urllib.request", "asyncio"} & sys.modules.keys())
        from rapidjwt.jwks import JWKSClient
        JWKSClient("https://keys.example")
        print("httpx" in sys.modules)
        """
    )
    assert result.stdout == "set()\nFalse\n", result.stderr


def answer_of(key):
    return Response(200, {}, json.dumps({"keys": [key.jwk()]}).encode())


def test_a_late_answer_of_a_fetch_that_was_given_up_does_not_bring_old_keys_back(
    provider, clock, signing_keys
):
    def transport(request):
        if not arrived.is_set():
            arrived.set()
            go_on.wait(PATIENCE)
            return answer_of(old)
        return answer_of(new)

    old, new = signing_keys[:2]
    arrived, go_on = threading.Event(), threading.Event()
    client = sync_client(provider, clock, transport=transport, timeout=0.05)
    pool = ThreadPoolExecutor(1)
    slow = pool.submit(client.refresh)
    assert arrived.wait(PATIENCE)
    with pytest.raises(PyJWKClientConnectionError, match="timed out"):
        client.refresh()
    newer = client.refresh()
    go_on.set()
    assert slow.result(PATIENCE) is newer
    assert client.key_set() is newer
    pool.shutdown()


@pytest.mark.parametrize("method", ["refresh", "key_set"])
def test_an_interrupt_at_any_line_leaves_nobody_waiting(
    provider, clock, signing_keys, monkeypatch, method
):
    class RecordedFlight(client_module._Flight):
        def __init__(self):
            super().__init__()
            flights.append(self)

    def at_line(frame, event, _):
        # At the end of a `with` statement only tracing can interrupt, before the lock is released.
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        if event == "line" and not line.startswith("with "):
            lines.append(line)
            if len(lines) == target:
                raise KeyboardInterrupt
        return at_line

    def at_call(frame, *_):
        return at_line if frame.f_code.co_filename in files else None

    monkeypatch.setattr(client_module, "_Flight", RecordedFlight)
    files = {client_module.__file__, base_client.__file__}
    was_interrupted, target, before = True, 0, sys.gettrace()
    while was_interrupted:
        target += 1
        flights, lines = [], []
        client = sync_client(provider, clock, transport=lambda request: answer_of(signing_keys[0]))
        flights.clear()  # the client has created one that was never started
        sys.settrace(at_call)
        try:
            getattr(client, method)()
            was_interrupted = False
        except KeyboardInterrupt:
            was_interrupted = True
        finally:
            sys.settrace(before)
        assert client._flight is None, lines[-1]
        assert all(flight.has_landed for flight in flights), lines[-1]
    assert target > 20


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a torn task
def test_a_loop_that_is_closed_without_cancelling_its_tasks_is_forgotten(
    provider, clock, signing_keys
):
    def run(coroutine):
        loop = asyncio.new_event_loop()
        try:
            result = loop.run_until_complete(coroutine)
            loop.run_until_complete(asyncio.sleep(0.01))  # the refresh sends its request
            return result
        finally:
            loop.close()

    async def hang_once(request):
        if len(requests) == 1:
            requests.append("hanging")
            await asyncio.get_running_loop().create_future()
        requests.append("answered")
        return answer_of(published[0])

    old, new = signing_keys[:2]
    requests, published = [], [old]
    client = async_client(provider, clock, transport=hang_once)
    verifier = Verifier(jwks=client, algorithms=["ES256"])
    assert run(verifier.decode_async(old.token())) == {"sub": "user"}
    published[0] = new
    clock.advance(LIFETIME)
    assert run(verifier.decode_async(old.token())) == {"sub": "user"}
    assert requests == ["answered", "hanging"]
    with pytest.raises(UnknownKeyError):  # this call waits for a refresh of its own
        run(verifier.decode_async(old.token()))
    gc.collect()  # deletes the lost task here instead of in a later test
    assert run(verifier.decode_async(new.token())) == {"sub": "user"}
    assert client._flights == set()
    assert client.metrics.failures == 0


def test_what_a_signal_handler_raises_in_a_task_is_no_failure_of_the_provider(
    provider, clock, monkeypatch
):
    async def interrupted(self, request):
        raise RuntimeError("from a signal")

    monkeypatch.setattr(HttpxTransport, "__call__", interrupted)
    client = async_client(provider, clock)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="from a signal"):
            asyncio.run(client.key_set())
    assert client.metrics.failures == 0
