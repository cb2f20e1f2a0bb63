"""Prepared objects and caches that are shared by threads and inherited by forked processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import sysconfig
import textwrap
import warnings
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
import rapidjwt
from differential.keys import HMAC_SECRET, private_keys, private_pem, public_pem
from rapidjwt import Key, Signer, Verifier
from rapidjwt.algorithms import HMACAlgorithm
from rapidjwt.utils import base64url_decode

THREADS = 8
SECONDS = 60
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
forks_beside_busy_threads = pytest.mark.skipif(
    not hasattr(os, "fork") or bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    reason="free-threaded CPython may give its locks to threads that the child does not have",
)


def together(work):
    """Run `work` in several threads that start at the same time; return the results."""
    start = Barrier(THREADS)

    def one(thread):
        start.wait()
        return work(thread)

    with ThreadPoolExecutor(THREADS) as pool:
        return [done.result() for done in [pool.submit(one, thread) for thread in range(THREADS)]]


def test_a_signer_shared_by_threads_writes_each_its_own_token():
    signer = Signer(HMAC_SECRET, "HS256", issuer="me", lifetime=60, jwt_id=True)

    def work(thread):
        tokens = [signer.encode({"thread": thread, "n": n}) for n in range(500)]
        return [rapidjwt.decode(token, HMAC_SECRET, ["HS256"]) for token in tokens]

    results = together(work)
    for thread, claims in enumerate(results):
        assert [(one["thread"], one["n"]) for one in claims] == [(thread, n) for n in range(500)]
    ids = {one["jti"] for claims in results for one in claims}
    assert len(ids) == THREADS * 500


@pytest.mark.parametrize("cache_size", [0, 5, 10_000])
def test_a_verifier_shared_by_threads_gives_each_its_own_claims(cache_size):
    verifier = Verifier(HMAC_SECRET, algorithms=["HS256"], cache_size=cache_size)
    tokens = [rapidjwt.encode({"n": n}, HMAC_SECRET) for n in range(50)]
    forged = [rapidjwt.encode({"n": n}, HMAC_SECRET[:-1]) for n in range(50)]

    def work(thread):
        for n in [*range(thread, 50), *range(thread)] * 10:
            assert verifier.decode(tokens[n]) == {"n": n}
            with pytest.raises(rapidjwt.InvalidSignatureError):
                verifier.decode(forged[n])
            if n == thread:
                verifier.cache_clear()

    together(work)
    assert verifier.cache_info().currsize <= min(cache_size, 50)


def test_threads_may_each_run_a_batch():
    verifier = Verifier(public_pem("P-256"), algorithms=["ES256"], cache_size=10)
    tokens = [rapidjwt.encode({"n": n}, private_pem("P-256"), "ES256") for n in range(50)]
    for results in together(lambda thread: list(verifier.decode_many(tokens))):
        assert [claims["n"] for claims in results] == list(range(50))


def test_threads_may_prepare_the_same_key_at_once():
    for _ in range(20):
        key = Key.from_pem(private_pem("P-256"))
        signatures = together(lambda thread, key=key: key.sign(b"message", "ES256"))
        assert all(key.verify(b"message", signature, "ES256") for signature in signatures)


def test_other_threads_may_change_what_a_call_reads():
    claims = {"iss": "me", "scope": [], "by": {}}
    headers, options = {"kid": "k"}, {"verify_exp": True}
    signer = Signer(HMAC_SECRET, "HS256", issuer="me")

    def change(n):
        for shared in (claims, headers, options):
            shared[f"x{n % 7}"] = f"\u00e9{n}"
            shared.pop(f"x{n % 5}", None)
        claims["scope"][:] = [({"\u00e9": f"\u00e9{n}"},)] * (n % 4)
        claims["by"][f"\u00e9{n % 9}"] = [f"\u00e9{n}", {"n": [n]}]
        claims["by"].pop(f"\u00e9{n % 6}", None)
        claims.pop("iss", None)
        claims["iss"] = "me"

    def work(thread):
        for n in range(3000):
            if thread % 2:
                change(n)
                continue
            rapidjwt.encode(claims, HMAC_SECRET, headers=headers)
            token = signer.encode(claims)
            assert base64url_decode(token.split(".")[1]).count(b'"iss"') == 1
            assert rapidjwt.decode(token, HMAC_SECRET, ["HS256"], options=options)["iss"] == "me"

    together(work)


def test_a_patch_counts_in_every_thread_once_it_is_made(monkeypatch):
    token = rapidjwt.encode({}, HMAC_SECRET)
    patched = Event()

    def work(thread):
        if thread == 0:
            monkeypatch.setattr(HMACAlgorithm, "verify", lambda *_: False)
            patched.set()
        for _ in range(20):
            must_refuse = patched.is_set()
            try:
                rapidjwt.decode(token, HMAC_SECRET, ["HS256"])
            except rapidjwt.InvalidSignatureError:
                continue
            assert not must_refuse

    for _ in range(100):
        together(work)
        monkeypatch.undo()
        patched.clear()


def check(verifier, token):
    """Use everything once more, in a forked process."""
    assert verifier.decode(token) == {"a": 1}
    assert list(verifier.decode_many([token] * 2000)) == [{"a": 1}] * 2000
    public = private_keys()["P-256"].public_key()
    compact = rapidjwt.encode({"a": 1}, private_pem("P-256"), "ES256")
    assert rapidjwt.decode(compact, public, ["ES256"]) == {"a": 1}
    ids = [Signer(HMAC_SECRET, "HS256", jwt_id=True).encode({}) for _ in range(3)]
    assert len(set(ids)) == 3


@pytest.fixture
def used():
    """Return a verifier that has run a batch, and its token."""
    verifier = Verifier(HMAC_SECRET, algorithms=["HS256"], cache_size=8)
    token = rapidjwt.encode({"a": 1}, HMAC_SECRET)
    check(verifier, token)
    return verifier, token


def forked():
    with warnings.catch_warnings():
        # Python 3.12 warns if there are other threads, regardless of who started them.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


@forks
def test_everything_works_after_a_fork(used):
    pid = forked()
    if pid == 0:
        status = 1
        try:
            signal.alarm(SECONDS)
            check(*used)
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    check(*used)


@forks
def test_a_batch_goes_on_in_the_child_and_in_the_parent(used):
    verifier, token = used
    results = verifier.decode_many([token] * 3000)
    next(results)
    pid = forked()
    if pid == 0:
        signal.alarm(SECONDS)
        os._exit(0 if len(list(results)) == 2999 else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert len(list(results)) == 2999


@forks
def test_processes_of_multiprocessing_inherit_the_objects(used):
    context = multiprocessing.get_context("fork")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        processes = [context.Process(target=check, args=used) for _ in range(4)]
        for process in processes:
            process.start()
    for process in processes:
        process.join(SECONDS)
        assert process.exitcode == 0


@forks
def test_forked_processes_do_not_draw_the_same_random_numbers():
    signer = Signer(HMAC_SECRET, "HS256", jwt_id=True)
    tokens = {signer.encode({})}
    for _ in range(4):
        read_end, write_end = os.pipe()
        pid = forked()
        if pid == 0:
            os.write(write_end, signer.encode({}).encode())
            os._exit(0)
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            tokens.add(pipe.read())
        assert os.waitpid(pid, 0)[1] == 0
    assert len(tokens) == 5


FORK_DURING_BATCH = f"""
    import os, signal, sys, threading, rapidjwt
    verifier = rapidjwt.Verifier({HMAC_SECRET!r}, algorithms=["HS256"], cache_size=4096)
    tokens = [rapidjwt.encode({{"n": n}}, {HMAC_SECRET!r}) for n in range(4000)]
    def batches():
        while True:
            for _ in verifier.decode_many(tokens):
                pass
    def small_batches():
        while True:
            list(verifier.decode_many(tokens[:64]))
    for target in [batches, batches, small_batches, small_batches]:
        threading.Thread(target=target, daemon=True).start()
    for _ in range(600):
        pid = os.fork()
        if pid == 0:
            signal.alarm(60)  # a lock that nobody holds is waited for forever
            verifier.decode(tokens[0])
            list(verifier.decode_many(tokens[:64]))  # on stacks of threads that are not there
            os._exit(0)
        if os.waitpid(pid, 0)[1]:
            print("the child hangs or was aborted", flush=True)
            break
    os._exit(0)
"""


@forks_beside_busy_threads
def test_a_fork_during_another_threads_batch_leaves_the_cache_and_batches_usable():
    code = textwrap.dedent(FORK_DURING_BATCH)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        timeout=10 * SECONDS,
        check=True,
    )
    assert done.stdout == ""


FORK_DURING_FIRST_USE = f"""
    import faulthandler, os, sys, threading, rapidjwt
    secret = {HMAC_SECRET!r}
    def use_everything():
        claims = {{"aud": "a", "iss": "i", "sub": "s", "exp": 4000000000}}
        token = rapidjwt.encode(claims, secret, headers={{"kid": "k"}})
        rapidjwt.decode_complete(token, secret, ["HS256"], audience="a", issuer="i", subject="s")
        for refused in ("a", token[:-3] + "AAA", token):
            try:
                rapidjwt.decode(refused, secret, ["HS256"])
            except rapidjwt.PyJWTError:
                pass
        signer = rapidjwt.Signer(secret, "HS256", audience="a", lifetime=9, jwt_id=True)
        verifier = rapidjwt.Verifier(secret, algorithms=["HS256"], audience="a")
        verifier.decode(signer.encode({{}}))
    sys.setswitchinterval(1e-6)
    start = threading.Barrier(9)
    def thread():
        start.wait()
        use_everything()
    threads = [threading.Thread(target=thread) for _ in range(8)]
    for one in threads:
        one.start()
    start.wait()
    while any(one.is_alive() for one in threads):
        pid = os.fork()
        if pid == 0:
            faulthandler.dump_traceback_later(10, exit=True)
            use_everything()
            os._exit(0)
        if os.waitpid(pid, 0)[1]:
            sys.exit("the child hangs")
"""


@forks_beside_busy_threads
def test_a_fork_during_another_threads_first_use_leaves_the_child_usable():
    """A value that a thread is creating is never finished in the child, so none may be pending."""
    code = textwrap.dedent(FORK_DURING_FIRST_USE)
    for _ in range(10):
        command = [sys.executable, "-W", "ignore", "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stderr) == (0, "")
