"""Load for several minutes: nothing fails and memory stays flat.

    python tests/soak/soak.py [--minutes 10]

Eight threads share keys, signers and verifiers, call encode and decode with ever new keys, run
batches and make mistakes on purpose. Meanwhile processes are forked all the time, and
sub-interpreters, in which the import must fail, are started and ended. Prints the operations, the
resident memory after a warm-up and at the end, and all failures; ends with status 1 if there was
one, or if memory grew by 4 MB. A free-threaded Python does not fork here.
"""

from __future__ import annotations

import argparse
import collections
import faulthandler
import gc
import itertools
import multiprocessing
import os
import random
import sys
import sysconfig
import threading
import time
import traceback
import warnings
from pathlib import Path

import rapidjwt
from rapidjwt import Key, Signer, Verifier

try:
    import _interpreters as interpreters
except ImportError:  # before CPython 3.13
    import _xxsubinterpreters as interpreters

THREADS = 8
# Without sub-interpreters memory grows by about 1 MB, with them, whatever they run, by up to 3.
GROWTH_LIMIT = 4 * 2**20
# The time limit of a forked process, which would wait forever for a lock without an owner.
CHILD_SECONDS = 60
# With threads, a free-threaded CPython leaves locks of its own behind in the child.
FORKS = not sysconfig.get_config_var("Py_GIL_DISABLED")

SECRET = "a secret of sixty-four bytes, which is long enough for HS512 too"
ALGORITHMS = ["HS256", "RS256", "PS256", "ES256", "ES384", "ES256K", "EdDSA"]
POLICY = {"audience": "api", "issuer": "https://issuer.example"}
CLAIMS = {
    "sub": "joe",
    "aud": "api",
    "iss": "https://issuer.example",
    "exp": 4_102_444_800,
    "scope": ["read", "write"],
    "n": [1, 2.5, None, True, {"deep": [{"er": "\u00e9"}]}],
}


#: What a sub-interpreter runs: the import fails at once and says why.
IN_A_SUB_INTERPRETER = f"""
import sys
sys.path[:] = {sys.path!r}
try:
    import rapidjwt
except ImportError as error:
    message = str(error)
else:
    message = "no error"
if not message.startswith("rapidjwt cannot be imported in a sub-interpreter"):
    raise AssertionError(message)
"""


class Shared:
    """The objects that all threads and processes share."""

    def __init__(self):
        self.keys = {
            name: Key.from_secret(SECRET) if name == "HS256" else Key.generate(name)
            for name in ALGORITHMS
        }
        self.signers = {name: Signer(key, name, jwt_id=True) for name, key in self.keys.items()}
        self.verifiers = {
            (name, cache_size): Verifier(
                key if name == "HS256" else key.public(),
                algorithms=[name],
                cache_size=cache_size,
                **POLICY,
            )
            for name, key in self.keys.items()
            for cache_size in (0, 64)
        }
        self.tokens = {name: signer.encode(CLAIMS) for name, signer in self.signers.items()}
        self.pems = {
            name: (key.to_pem(private=True), key.public().to_pem())
            for name, key in self.keys.items()
            if name in {"ES256", "EdDSA"}
        }


def expect(condition):
    if not condition:
        raise AssertionError


def refuse(error, call, *arguments, **options):
    try:
        call(*arguments, **options)
    except error:
        return
    raise AssertionError


def prepared_objects(shared, chance):
    """Sign with one shared object, and verify with two."""
    name = chance.choice(ALGORITHMS)
    token = shared.signers[name].encode(CLAIMS)
    for cache_size in (0, 64):
        claims = shared.verifiers[name, cache_size].decode(token)
        expect(claims["sub"] == "joe" and len(claims) == len(CLAIMS) + 1)
    return 3


def tokens_seen_before(shared, chance):
    """Hit the cache, and empty it now and then while others use it."""
    name = chance.choice(ALGORITHMS)
    verifier = shared.verifiers[name, 64]
    for _ in range(20):
        expect(verifier.decode(shared.tokens[name])["sub"] == "joe")
    if chance.random() < 0.05:
        verifier.cache_clear()
    return 20


def new_secrets(_shared, chance):
    """Fill the cache of keys again and again."""
    secret = chance.randbytes(chance.randrange(32, 100))
    token = rapidjwt.encode(CLAIMS, secret, "HS256", headers={"kid": secret[:4].hex()})
    expect(rapidjwt.decode(token, secret, ["HS256"], **POLICY) == CLAIMS)
    complete = rapidjwt.decode_complete(token, secret, ["HS256"], **POLICY)
    expect(complete["header"]["kid"] == secret[:4].hex())
    if chance.random() < 0.001:
        rapidjwt.clear_key_cache()
    return 3


def new_key_pairs(_shared, chance):
    """Generate, write, read and use new keys."""
    name = chance.choice(["ES256", "EdDSA", "ES256K"])
    key = Key.generate(name)
    private, public = key.to_pem(private=True), Key.from_jwk(key.to_jwk()).to_pem()
    token = rapidjwt.encode(CLAIMS, private, name)
    expect(rapidjwt.decode(token, public, [name], **POLICY) == CLAIMS)
    return 5


def key_texts(shared, chance):
    """Find keys in PEM among the prepared ones."""
    name, (private, public) = chance.choice(list(shared.pems.items()))
    token = rapidjwt.encode(CLAIMS, private, name)
    expect(rapidjwt.decode(token, public, [name], **POLICY) == CLAIMS)
    return 2


def batches(shared, chance):
    """Verify many tokens at once, some of them bad; abandon some batches early."""
    name = chance.choice(["HS256", "ES256", "EdDSA"])
    tokens = [shared.tokens[name], "garbage"] * 100
    results = shared.verifiers[name, chance.choice([0, 64])].decode_many(tokens)
    if chance.random() < 0.1:
        results = itertools.islice(results, 51)
    kinds = collections.Counter(type(result) for result in results)
    expect(kinds in ({dict: 100, rapidjwt.DecodeError: 100}, {dict: 26, rapidjwt.DecodeError: 25}))
    return sum(kinds.values())


def mistakes(shared, chance):
    """Cause every refusal that a service sees, each with its class."""
    name = chance.choice(ALGORITHMS)
    token, key = shared.tokens[name], shared.keys[name]
    decode, verifier = rapidjwt.decode, shared.verifiers[name, 64]
    forged = token[:-8] + ("AAAAAAA" if token[-8:-1] != "AAAAAAA" else "BBBBBBB") + token[-1]
    public_pem = shared.pems["ES256"][1]
    refuse(rapidjwt.InvalidSignatureError, verifier.decode, forged)
    refuse(rapidjwt.DecodeError, verifier.decode, token[: chance.randrange(len(token) // 2)])
    refuse(rapidjwt.InvalidAudienceError, decode, token, key, [name], audience="other")
    refuse(rapidjwt.InvalidIssuerError, decode, token, key, [name], audience="api", issuer="x")
    refuse(rapidjwt.InvalidAlgorithmError, decode, token, key, ["HS384"])
    refuse(rapidjwt.InvalidKeyError, rapidjwt.encode, {}, public_pem, "HS256")
    # cryptography's own error, as in PyJWT.
    refuse(ValueError, rapidjwt.encode, {}, f"no key {chance.random()}", "ES256")
    refuse(TypeError, rapidjwt.encode, {"a": object()}, SECRET)
    expired = rapidjwt.encode({"exp": 1}, SECRET)
    refuse(rapidjwt.ExpiredSignatureError, decode, expired, SECRET, ["HS256"])
    return 10


KINDS = [
    (prepared_objects, 30),
    (tokens_seen_before, 30),
    (new_secrets, 30),
    (new_key_pairs, 3),
    (key_texts, 15),
    (batches, 6),
    (mistakes, 10),
]
WORK = [work for work, share in KINDS for _ in range(share)]


class Load:
    """The threads and their results."""

    def __init__(self, shared):
        self.shared = shared
        self.operations = [0] * THREADS
        self.children = 0
        self.sub_interpreters = 0
        self.errors = collections.Counter()
        self.stop = threading.Event()

    def note(self, error):
        self.errors["".join(traceback.format_exception(error, limit=-2))] += 1

    def thread(self, number):
        chance = random.Random(number)
        while not self.stop.is_set():
            try:
                self.operations[number] += chance.choice(WORK)(self.shared, chance)
            except Exception as error:  # noqa: BLE001, PERF203 - whatever it is, it is reported
                self.note(error)

    def run(self, seconds):
        """Run the load for that long, and fork and start interpreters from the main thread."""
        self.stop.clear()
        threads = [threading.Thread(target=self.thread, args=(n,)) for n in range(THREADS)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if FORKS:
                self.fork()
                self.multiprocess()
            self.sub_interpreter()
            time.sleep(0.05)
        self.stop.set()
        for thread in threads:
            thread.join()

    def fork(self):
        pid = os.fork()
        if pid == 0:
            os._exit(in_a_child(self.shared))
        self.children += 1
        status = os.waitpid(pid, 0)[1]
        if status:
            self.errors[f"a forked process ended with status {status}"] += 1

    def multiprocess(self):
        process = multiprocessing.get_context("fork").Process(
            target=in_a_child, args=(self.shared,)
        )
        process.start()
        self.children += 1
        process.join()
        if process.exitcode:
            self.errors[f"a process of multiprocessing ended with {process.exitcode}"] += 1
        process.close()

    def sub_interpreter(self):
        """Start a sub-interpreter, import there, and end it."""
        interpreter = interpreters.create()
        self.sub_interpreters += 1
        try:
            # Before CPython 3.13 it raises what the code raised, later it returns that.
            error = interpreters.run_string(interpreter, IN_A_SUB_INTERPRETER)
        except Exception as raised:  # noqa: BLE001 - whatever it is, it is reported
            error = raised
        if error is not None:
            self.errors[f"a sub-interpreter ended with {error!r}"] += 1
        interpreters.destroy(interpreter)


def everything_once(shared):
    chance = random.Random(os.getpid())
    for work, _ in KINDS:
        work(shared, chance)


def in_a_child(shared):
    """Return the status: 0 if everything works. A hanging call prints its stack and exits."""
    faulthandler.dump_traceback_later(CHILD_SECONDS, exit=True)
    try:
        everything_once(shared)
    except BaseException:  # noqa: BLE001 - the status reports it to the parent
        traceback.print_exc()
        return 1
    return 0


def resident():
    gc.collect()
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def main():
    parser = argparse.ArgumentParser(description="Load for minutes on end.")
    parser.add_argument("--minutes", type=float, default=10)
    seconds = parser.parse_args().minutes * 60
    # Python 3.12 warns about forks with threads, which are the purpose here; secrets are short.
    warnings.simplefilter("ignore")
    shared = Shared()
    # A program that forks with threads imports everything first: a child waits forever for a module
    # (here cryptography) that a thread of its parent was importing. This is a limitation of
    # CPython.
    everything_once(shared)
    load = Load(shared)
    load.run(seconds / 10)
    start, warm = resident(), sum(load.operations)
    print(f"soak: warm-up: {warm:,} operations, {start / 2**20:.2f} MB resident", flush=True)
    load.run(seconds * 9 / 10)
    end, total = resident(), sum(load.operations)
    print(
        f"soak: {total:,} operations in {THREADS} threads, {load.children:,} forked processes,"
        f" {load.sub_interpreters:,} sub-interpreters\n"
        f"soak: {end / 2**20:.2f} MB resident at the end, growth {(end - start) / 2**20:+.2f} MB\n"
        f"soak: {sum(load.errors.values())} unexpected errors"
    )
    for text, count in load.errors.most_common(5):
        print(f"{count} times: {text}")
    return 1 if load.errors or end - start >= GROWTH_LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
