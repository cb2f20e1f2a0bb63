"""Circumstances of calls that ordinary tests do not try, each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import sysconfig

import pytest

HEADER = """
import datetime as dt, gc, signal, sys, threading
import rapidjwt
from rapidjwt import Key, Signer, Verifier
SECRET = "a secret of more than thirty-two bytes"
HS = ["HS256"]
"""


def run(program, *, header=HEADER, seconds=120):
    """Run the program; return its standard output and standard error."""
    done = subprocess.run(
        [sys.executable, "-c", header + program],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stderr[-3000:]}"
    return done.stdout, done.stderr


# --- interpreters and imports ---

INTERPRETERS = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

def run(code):
    interpreter = interpreters.create(*ARGUMENTS)
    failed = interpreters.run_string(interpreter, code)
    interpreters.destroy(interpreter)
    return failed

CODE = '''
import sys
try:
    import rapidjwt
except ImportError as error:
    open(%r, "w").write(str(error))
else:
    open(%r, "w").write("imported")
'''
"""


def import_in_a_sub_interpreter(tmp_path, first):
    said = str(tmp_path / "said")
    arguments = '("legacy",)' if sys.version_info >= (3, 13) else "()"
    if (3, 12) <= sys.version_info < (3, 13):
        arguments = "()"
    header = f"ARGUMENTS = {arguments}\n{INTERPRETERS}"
    if sys.version_info[:2] == (3, 12):
        header = header.replace("create(*ARGUMENTS)", "create(isolated=False)")
    run(f"{first}\nrun(CODE % ({said!r}, {said!r}))", header=header)
    return (tmp_path / "said").read_text(encoding="utf-8")


@pytest.mark.parametrize("first", ["", "import rapidjwt"], ids=["alone", "beside the main one"])
def test_a_sub_interpreter_is_refused_at_the_import_with_the_remedy(tmp_path, first):
    said = import_in_a_sub_interpreter(tmp_path, first)
    assert said.startswith("rapidjwt cannot be imported in a sub-interpreter")
    assert "WSGIApplicationGroup" in said
    assert "uWSGI" in said


def test_the_main_interpreter_works_after_a_sub_interpreter_was_refused():
    arguments = '("legacy",)' if sys.version_info >= (3, 13) else "()"
    header = f"ARGUMENTS = {arguments}\n{INTERPRETERS}"
    if sys.version_info[:2] == (3, 12):
        header = header.replace("create(*ARGUMENTS)", "create(isolated=False)")
    program = """
run(CODE % ("/dev/null", "/dev/null"))
import rapidjwt
key = "a secret of more than thirty-two bytes"
assert rapidjwt.decode(rapidjwt.encode({"a": 1}, key), key, ["HS256"]) == {"a": 1}
"""
    run(program, header=header)


SECOND_IMPORT = """
first = rapidjwt
for name in [name for name in sys.modules if name.partition(".")[0] == "rapidjwt"]:
    del sys.modules[name]
import rapidjwt
assert rapidjwt is not first
"""

CHECK_CLASSES = """
token = rapidjwt.encode({"exp": 1}, SECRET)
for call in (
    lambda: rapidjwt.decode(token, SECRET, HS),
    lambda: rapidjwt.Verifier(SECRET, algorithms=HS).decode(token),
    lambda: next(rapidjwt.Verifier(SECRET, algorithms=HS).decode_many([token])),
):
    try:
        result = call()
        assert type(result) is rapidjwt.ExpiredSignatureError, result
    except rapidjwt.ExpiredSignatureError:
        pass
jwk = rapidjwt.PyJWK({"kty": "oct", "k": "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHM", "alg": "HS256"})
assert rapidjwt.decode(rapidjwt.encode({"a": 1}, jwk), jwk, HS) == {"a": 1}
rapidjwt.Signer(jwk), rapidjwt.Verifier(jwk, algorithms=HS)
assert not rapidjwt._rapidjwt.fast_path_obstacles(), rapidjwt._rapidjwt.fast_path_obstacles()
"""


def test_after_a_second_import_its_own_exceptions_are_raised():
    run(SECOND_IMPORT + CHECK_CLASSES)


def test_after_a_reload_the_new_exceptions_are_raised():
    run(
        """
import importlib
importlib.reload(rapidjwt.exceptions)
importlib.reload(rapidjwt)
for number in range(9):  # CPython has eight watchers
    importlib.reload(rapidjwt)
"""
        + CHECK_CLASSES.partition("assert not rapidjwt._rapidjwt")[0]
    )


# --- deep data ---

DEEP = """
def nested(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value

EC = Key.generate("ES256").to_jwk() | {"alg": "ES256", "kid": "k"}
deep = EC | {"unknown": nested(900)}
itself = dict(EC); itself["unknown"] = itself
in_a_member = {"kty": "EC", "crv": "P-256", "x": "A", "y": "A"}; in_a_member["e"] = in_a_member

def accepted(call):
    call()

def refused(call):
    try:
        call()
    except (rapidjwt.PyJWTError, RecursionError, ValueError):
        return
    raise AssertionError("accepted")

def work():
    for jwk in (deep, itself):
        accepted(lambda: Key.from_jwk(jwk))
        accepted(lambda: rapidjwt.PyJWK(jwk))
        accepted(lambda: rapidjwt.PyJWKSet([jwk]))
        accepted(lambda: rapidjwt.KeySet.from_jwks({"keys": [jwk]}))
    refused(lambda: Key.from_jwk(in_a_member))
    refused(lambda: rapidjwt.PyJWK(in_a_member))
    refused(lambda: Key.from_jwk({"kty": "RSA", "n": nested(900), "e": "AQAB"}))
    refused(lambda: Key.from_jwk(EC | {"key_ops": nested(900)}))
    import json
    refused(lambda: Key.from_jwk(json.dumps({"kty": "RSA", "n": nested(900), "e": "AQAB"})))
"""


@pytest.mark.parametrize("stack", [0, 512, 256], ids=lambda stack: f"{stack} KB")
def test_a_jwk_with_deep_members_does_not_end_the_process(stack):
    run(
        DEEP
        + f"""
threading.stack_size({stack} * 1024)
thread = threading.Thread(target=work)
failures = []
threading.excepthook = lambda failed: failures.append(failed.exc_value)
thread.start(); thread.join()
if failures:
    raise failures[0]
"""
    )


# --- panics ---

MUTATIONS = {
    "headers": """
class Clears(str):
    def __eq__(self, other):
        headers.clear()
        return False
    __hash__ = str.__hash__
headers = {}
headers[Clears("typ")] = 1; headers["a"] = 2; headers["b"] = 3
call = lambda: rapidjwt.encode({}, SECRET, headers=headers)
""",
    "a collected object changes options": """
options = {"require": ["exp"], "verify_exp": True}
def changes(phase, info):
    if phase == "start":
        options.pop("x", None) if "x" in options else options.__setitem__("x", 1)
gc.callbacks.append(changes)
gc.set_threshold(1)
token = rapidjwt.encode({"exp": 10**10}, SECRET)
def call():
    for _ in range(2000):
        rapidjwt.decode(token, SECRET, HS, options)
""",
    "members of a JWK": """
class Clears(str):
    def __hash__(self):
        jwk.clear()
        return str.__hash__(self)
jwk = {"kty": "oct", "k": "AAAA"}
dict.__setitem__(jwk, Clears("a"), 1)
jwk.update(kty="oct", k="AAAA")
call = lambda: Key.from_jwk(jwk)
""",
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_dict_that_changes_under_way_makes_no_panic(mutation):
    _, errors = run(
        MUTATIONS[mutation]
        + """
try:
    call()
except Exception as error:
    assert type(error).__name__ != "PanicException"
gc.callbacks.clear()
"""
    )
    assert "panicked" not in errors


def test_a_time_zone_that_clears_the_claims_signs_what_was_given():
    run(
        """
class Clears(dt.tzinfo):
    def utcoffset(self, when):
        claims.clear()
        return dt.timedelta(0)
    dst = utcoffset

signers = [Signer(SECRET, "HS256", issuer="other", lifetime=60), Signer(SECRET, "HS256")]
for encode in (lambda c: rapidjwt.encode(c, SECRET), *(signer.encode for signer in signers)):
    for name in ("exp", "nbf", "iat"):
        claims = {"sub": "alice", "iss": "me", name: dt.datetime(2001, 1, 1, tzinfo=Clears())}
        token = encode(claims)
        read = rapidjwt.decode(token, SECRET, HS, {"verify_signature": False})
        assert (read["sub"], read["iss"], read[name]) == ("alice", "me", 978307200), read
        # What only Python's json can write, or refuses, is not read again either.
        claims = {"sub": "alice", "n": 2**80, name: dt.datetime(2001, 1, 1, tzinfo=Clears())}
        read = rapidjwt.decode(encode(claims), SECRET, HS, {"verify_signature": False})
        assert (read["sub"], read["n"]) == ("alice", 2**80), read
        claims = {"sub": object(), name: dt.datetime(2001, 1, 1, tzinfo=Clears())}
        try:
            encode(claims)
        except TypeError as error:
            assert "not JSON serializable" in str(error)
        else:
            raise AssertionError("signed")
"""
    )


# --- interrupts ---

INTERRUPTED = {
    "encode": 'lambda: rapidjwt.encode({"exp": when, "iat": when, "nbf": when}, SECRET)',
    "Signer": 'lambda: signer.encode({"exp": when, "iat": when, "nbf": when})',
}


@pytest.mark.parametrize("entrance", INTERRUPTED)
@pytest.mark.parametrize("kind", ["KeyboardInterrupt", "TimeoutError", "Exception", "OSError"])
def test_what_a_signal_handler_raises_is_not_lost(entrance, kind):
    run(
        f"""
class Zone(dt.tzinfo):
    def utcoffset(self, when):
        signal.raise_signal(signal.SIGALRM)  # its handler runs at once, in Python code
        return dt.timedelta(0)
    dst = utcoffset

pending = []

def handler(number, frame):
    if pending:  # once in each call: the next attempt would succeed
        raise {kind}(pending.pop())

signal.signal(signal.SIGALRM, handler)
when = dt.datetime(2040, 1, 1, tzinfo=Zone())
signer = Signer(SECRET, "HS256")
call = {INTERRUPTED[entrance]}
for _ in range(50):
    pending.append("from a signal")
    try:
        call()
    except {kind} as error:
        assert str(error) == "from a signal"
    else:
        raise AssertionError("lost")
"""
    )


def test_what_an_object_in_a_header_raises_goes_up_once():
    run(
        """
class Odd:
    calls = 0
    def __bool__(self):
        Odd.calls += 1
        raise OSError("from the object")

try:
    rapidjwt.encode({}, SECRET, headers={"typ": Odd()})
except OSError as error:
    assert str(error) == "from the object"
    assert Odd.calls == 1, Odd.calls
else:
    raise AssertionError("lost")
"""
    )


def test_a_batch_raises_what_a_signal_handler_raises():
    run(
        """
class Stop(Exception):
    pass

def handler(number, frame):
    raise Stop

# Python's json reads it, in Python code, where the handler runs.
import json.decoder
token = rapidjwt.encode({"a": [2**70]}, SECRET)
original = json.decoder.JSONDecoder.decode
def decode(self, text, **arguments):
    signal.raise_signal(signal.SIGALRM)
    return original(self, text, **arguments)
json.decoder.JSONDecoder.decode = decode
signal.signal(signal.SIGALRM, handler)
try:
    list(Verifier(SECRET, algorithms=HS).decode_many([token] * 3))
except Stop:
    pass
else:
    raise AssertionError("a result")
"""
    )


# --- memory ---

GROWTH = """
import os
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

def quietly(call):
    try:
        call()
    except Exception:
        pass

text = "\\ud800" + "A" * 3000
verifier = Verifier(SECRET, algorithms=HS, audience="api", issuer="me")
plain = Verifier(SECRET, algorithms=HS)
signer = Signer(SECRET, "HS256")
token = rapidjwt.encode({"sub": text}, SECRET)
audiences = rapidjwt.encode({"aud": ["api", text], "iss": "me"}, SECRET)
issuer = rapidjwt.encode({"aud": "api", "iss": text}, SECRET)
odd = rapidjwt.encode({"sub": text, "exp": 10**30, "nbf": -10**30, "n": 10**30}, SECRET)
calls = [
    lambda: rapidjwt.decode(token, SECRET, HS),
    lambda: rapidjwt.decode(token, SECRET, HS, subject="alice"),
    lambda: rapidjwt.decode_complete(token, SECRET, HS),
    lambda: rapidjwt.decode(audiences, SECRET, HS, audience="api"),
    lambda: rapidjwt.decode(token, SECRET, HS, audience=["api", text]),
    lambda: rapidjwt.decode(issuer, SECRET, HS, audience="api", issuer="me"),
    lambda: rapidjwt.decode(odd, SECRET, HS),
    lambda: rapidjwt.decode(text, SECRET, HS),
    lambda: plain.decode(token), lambda: plain.decode(odd), lambda: plain.decode(text),
    lambda: verifier.decode(audiences), lambda: verifier.decode(issuer),
    lambda: plain.decode_complete(token),
    lambda: list(plain.decode_many([token, odd, text])),
    lambda: rapidjwt.encode({"sub": text}, SECRET),
    lambda: rapidjwt.encode({"iss": 1, "sub": text}, SECRET),
    lambda: rapidjwt.encode({}, SECRET, headers={"a": text}),
    lambda: signer.encode({"sub": text}), lambda: signer.encode({"a": object(), "b": text}),
]
"""


def test_claims_with_lone_surrogates_make_no_memory_grow():
    out, _ = run(
        GROWTH
        + """
for number, call in enumerate(calls):
    for _ in range(300):
        quietly(call)
    before = resident()
    for _ in range(4000):
        quietly(call)
    grown = resident() - before
    assert grown < 5, f"call {number} has grown by {grown} MB"
counted = [SECRET, HS, text, token]
before = [sys.getrefcount(one) for one in counted]
for call in calls * 20:
    quietly(call)
after = [sys.getrefcount(one) for one in counted]
assert before == after, (before, after)
"""
    )
    assert out == ""


# --- shutdown ---


def test_calls_from_a_late_finalizer_work_and_print_nothing():
    out, errors = run(
        """
expired = rapidjwt.encode({"exp": 1, "odd": 2**70}, SECRET)
valid = rapidjwt.encode({"a": 1, "odd": 2**70}, SECRET)
es = Key.generate("ES256")
signer, verifier = Signer(SECRET, "HS256"), Verifier(SECRET, algorithms=HS)
try:
    ed448 = Key.generate("Ed448")
except rapidjwt.InvalidKeyError:
    ed448 = None

class Late:
    def __init__(self):
        self.calls = [
            (rapidjwt.decode, (valid, SECRET, HS)), (rapidjwt.decode, (expired, SECRET, HS)),
            (rapidjwt.decode, ("x", SECRET, HS)), (rapidjwt.decode, (valid, "", HS)),
            (rapidjwt.decode, (None, SECRET, HS)),
            (rapidjwt.decode_complete, (valid, SECRET, HS)),
            (rapidjwt.encode, ({"a": 1}, SECRET)), (rapidjwt.encode, ({"a": object()}, SECRET)),
            (rapidjwt.encode, ({"a": 1}, "no key", "RS256")),
            (rapidjwt.get_unverified_header, (valid,)),
            (signer.encode, ({"a": 1},)), (signer.encode, (None,)),
            (verifier.decode, (valid,)), (verifier.decode, (expired,)), (verifier.decode, (1,)),
            (verifier.decode_complete, (expired,)),
            (lambda tokens: list(verifier.decode_many(tokens)), ([valid, expired] * 30,)),
            (es.sign, (b"a", "ES256")),
        ]
        if ed448 is not None:
            self.calls.append((ed448.sign, (b"a", "Ed448")))
        self.write, self.good = sys.__stdout__.write, Exception
        self.is_finalizing = sys.is_finalizing
        self.flush = sys.__stdout__.flush

    def __del__(self):
        for call, arguments in self.calls:
            try:
                call(*arguments)
            except self.good:
                pass
        self.write("late" if self.is_finalizing() else "early")
        self.flush()

late = Late()
late.itself = late
# What outlives the modules: it is only found by the last collection, or by the end itself.
import builtins
builtins.late = late
gc.disable()
"""
    )
    assert out == "late"
    assert "panicked" not in errors
    assert "PanicException" not in errors


# --- threads without the interpreter ---


def test_batches_of_ed448_are_verified_beside_a_busy_thread():
    """Their threads must attach: it does not help them that another thread is attached."""
    run(
        """
try:
    key = Key.generate("Ed448")
except rapidjwt.InvalidKeyError:
    sys.exit()  # there is no cryptography
sys.setswitchinterval(1e-6)
verifier = Verifier(key, algorithms=["Ed448"])
tokens = [Signer(key, "Ed448").encode({"number": number}) for number in range(64)]
ended = threading.Event()

def busy():
    while not ended.is_set():
        [object() for _ in range(50)]

threads = [threading.Thread(target=busy) for _ in range(2)]
for thread in threads:
    thread.start()
try:
    for _ in range(15):
        for number, claims in enumerate(verifier.decode_many(tokens)):
            assert claims == {"number": number}, claims
finally:
    ended.set()
"""
    )


@pytest.mark.skipif(
    bool(sysconfig.get_config_var("Py_GIL_DISABLED")), reason="there is no lock to let go of"
)
def test_errors_of_a_batch_are_made_without_letting_go_of_the_interpreter():
    """Taking the interpreter again crashes if Python has ended meanwhile."""
    run(
        """
import time
verifier = Verifier(SECRET, algorithms=HS)
expired = rapidjwt.encode({"exp": 1}, SECRET)
turns, ended = 0, False

def other():
    global turns
    while not ended:
        turns += 1
        time.sleep(0)

sys.setswitchinterval(1000)  # nobody asks the main thread to let go
threading.Thread(target=other).start()
results = verifier.decode_many([expired] * 1000)
next(results)
before = turns
rest = [next(results) for _ in range(999)]  # the end would look for more tokens
after = turns
ended = True
assert all(type(error) is rapidjwt.ExpiredSignatureError for error in rest)
assert after == before, after - before
"""
    )


# --- patches ---


def test_a_class_that_was_patched_a_thousand_times_is_still_watched():
    """CPython 3.13 and later stop to tag such a class, so that its names must be compared."""
    run(
        """
import rapidjwt.algorithms
token = rapidjwt.encode({"sub": "x"}, SECRET)

def python_calls():
    calls = []
    sys.setprofile(lambda frame, event, arg: calls.append(frame.f_code.co_name)
                   if event == "call" else None)
    try:
        claims = rapidjwt.decode(token, SECRET, HS)
    finally:
        sys.setprofile(None)
    assert claims == {"sub": "x"}
    return calls

HMAC = rapidjwt.algorithms.HMACAlgorithm
for owner, name in [(rapidjwt.PyJWT, "_validate_claims"), (HMAC, "verify")]:
    original = owner.__dict__[name]

    def patched(*args, **kwargs):
        return original(*args, **kwargs)

    for _ in range(1200):
        setattr(owner, name, original)
        assert python_calls() == []
    for _ in range(3):
        setattr(owner, name, patched)
        assert "patched" in python_calls(), owner
        setattr(owner, name, original)
        assert python_calls() == [], owner

# Nothing else is compared then: a comparison would look into the options.
from rapidjwt._hooks import HookableDict
looks = []
HookableDict.__contains__ = lambda self, key: (looks.append(key), dict.__contains__(self, key))[1]
for _ in range(10):
    assert python_calls() == []
assert looks == []
del HookableDict.__contains__

# A new name in a class may hide that of its base.
HMAC.compute_hash_digest = lambda self, data: b""
assert python_calls() != []
del HMAC.compute_hash_digest
assert python_calls() == []
"""
    )


# --- the end of the process ---

CALLS_AT_EXIT = {
    "decode": "rapidjwt.decode(token, SECRET, HS)",
    "an expired token": "rapidjwt.decode(expired, SECRET, HS)",
    "a malformed token": "rapidjwt.decode('a.b.c', SECRET, HS)",
    "a big number": "rapidjwt.decode(odd, SECRET, HS)",
    "decode_complete": "rapidjwt.decode_complete(odd, SECRET, HS)",
    "encode": "rapidjwt.encode({'a': 1}, SECRET)",
    "a date": "rapidjwt.encode({'exp': dt.datetime.now(dt.timezone.utc)}, SECRET)",
    "an encoder": "rapidjwt.encode({'a': 1}, SECRET, json_encoder=Encoder)",
    "Verifier": "verifier.decode(token)",
    "Verifier, an expired token": "verifier.decode(expired)",
    "Verifier, a big number": "verifier.decode(odd)",
    "Verifier, decode_complete": "verifier.decode_complete(odd)",
    "Verifier, jwks": "fetching.decode(signed)",
    "a new Verifier": "Verifier(ODD_SECRET, algorithms=HS)",
    "an odd key": "rapidjwt.clear_key_cache(); rapidjwt.decode(odd_keyed, ODD_SECRET, HS)",
    "decode_many": "list(verifier.decode_many([token, expired] * 8))",
    "Signer": "signer.encode({'a': 1})",
    "Signer, an encoder": "encoding.encode({'a': 1})",
}


@pytest.mark.parametrize("call", CALLS_AT_EXIT)
def test_the_process_ends_while_daemon_threads_call(call):
    """Before CPython 3.14 threads that need the interpreter at exit are ended by unwinding."""
    if sys.version_info < (3, 11):
        pytest.skip("CPython 3.10 crashes by itself: 12 of 250 processes that ran a plain loop")
    program = f"""
import json, time
from rapidjwt.jwks import JWKSClient, Response

class Encoder(json.JSONEncoder):
    pass

def answer(_request):
    return Response(200, {{}}, json.dumps({{"keys": [key.to_jwk()]}}).encode())

key = Key.generate("ES256", kid="a")
signed = Signer(key).encode({{}})
client = JWKSClient("https://issuer.example/jwks", transport=answer)
fetching = Verifier(jwks=client, algorithms=["ES256"])
ODD_SECRET = '{{"no": "key"}} but a secret of more than thirty-two bytes'
odd_keyed = rapidjwt.encode({{}}, ODD_SECRET)
encoding = Signer(SECRET, "HS256", json_encoder=Encoder)
token = rapidjwt.encode({{"sub": "x"}}, SECRET)
expired = rapidjwt.encode({{"exp": 1}}, SECRET)
odd = rapidjwt.encode({{"x": 2**80}}, SECRET)
verifier, signer = Verifier(SECRET, algorithms=HS), Signer(SECRET, "HS256")

def loop():
    while True:
        try:
            {CALLS_AT_EXIT[call]}
        except rapidjwt.PyJWTError:
            pass

sys.setswitchinterval(1e-5)
for _ in range(4):
    threading.Thread(target=loop, daemon=True).start()
time.sleep(0.1)
"""
    for _ in range(6):
        assert run(program) == ("", "")
