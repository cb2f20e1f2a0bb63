"""A table of calls, good and bad, on every path: each has the same outcome as in PyJWT.

The outcome is the value with its types, or the exception with its class, bases, text and
attributes, and the warnings. Generated cases are in `differential`; the usual ones are here.
"""

from __future__ import annotations

import collections
import hashlib
import hmac
import importlib
import inspect
import json
import sys
import types
import warnings
from datetime import datetime, timedelta, timezone

import jwt
import pytest
import rapidjwt
from differential.keys import (
    ALGORITHMS,
    DETERMINISTIC,
    HMAC_SECRET,
    forms,
    private_keys,
    public_pem,
    signing_key,
    verifying_key,
)
from differential.outcome import outcome_of
from differential.paths import OURS, PYJWT, assert_same, fast_path_of
from differential.strategies import base64url, hs256_token

FUTURE, PAST = 4_000_000_000, 1_000_000_000
SHORT = "too short"
JWKS = {
    "oct": {"kty": "oct", "k": base64url(HMAC_SECRET.encode()).decode(), "kid": "1"},
    **{
        name: getattr(jwt.algorithms, algorithm).to_jwk(private_keys()[name], as_dict=True)
        for name, algorithm in (
            ("RSA-2048", "RSAAlgorithm"),
            ("P-256", "ECAlgorithm"),
            ("P-384", "ECAlgorithm"),
            ("P-521", "ECAlgorithm"),
            ("secp256k1", "ECAlgorithm"),
            ("Ed25519", "OKPAlgorithm"),
        )
    },
}
CLAIMS = {
    "iss": "me",
    "aud": ["you", "them"],
    "sub": "user",
    "jti": "1",
    "exp": FUTURE,
    "nbf": PAST,
    "iat": PAST,
    "admin": True,
    "ratio": 0.1,
    "none": None,
    "name": "Zoë \U0001f600",
    "nested": {"b": [1, 2.0, "3"], "a": {}},
}
CLAIM_ARGUMENTS = {"audience": "you", "issuer": "me", "subject": "user"}


def token(claims=None, key=HMAC_SECRET, algorithm="HS256", headers=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)
        return jwt.encode(CLAIMS if claims is None else claims, key, algorithm, headers)


def signed(payload=b"{}", header=b'{"alg":"HS256"}'):
    return hs256_token(payload, header)


def replaced(number, segment):
    """Return a good token with one of its three segments replaced."""
    segments = token().split(".")
    segments[number] = segment
    return ".".join(segments)


def decode(compact, key=HMAC_SECRET, algorithms=("HS256",), **arguments):
    """Return a call of `decode` with claims that have no requirements."""
    arguments = {"audience": ["you"], **arguments}
    return lambda api: api.decode(compact, key, algorithms, **arguments)


def decode_claims(claims, **arguments):
    compact = signed(json.dumps(claims).encode())
    return lambda api: api.decode(compact, HMAC_SECRET, ["HS256"], **arguments)


def encode(payload, key=HMAC_SECRET, *arguments, **options):
    return lambda api: api.encode(payload, key, *arguments, **options)


TOKENS = {
    "empty": "",
    "empty bytes": b"",
    "one segment": "abc",
    "two segments": "abc.def",
    "two dots": "..",
    "three dots": "...",
    "four segments": f"{token()}.more",
    "JWE": "a.b.c.d.e",
    "spaces": f" {token()} ",
    "newline": f"{token()}\n",
    "header is not base64url": replaced(0, "!!!!"),
    "header is base64 of the other alphabet": replaced(0, "+/+/"),
    "header of a length that cannot be": replaced(0, "eyJhb"),
    "header with bits left over": replaced(0, "e31"),
    "header with padding": replaced(0, "e30="),
    "header with padding that does not fit": replaced(0, "e30=="),
    "header with padding in the middle": replaced(0, "e3=0"),
    "header is not UTF-8": replaced(0, base64url(b"\xff\xfe{").decode()),
    "header is not JSON": replaced(0, base64url(b"nope").decode()),
    "header is a list": replaced(0, base64url(b"[]").decode()),
    "header is a number": replaced(0, base64url(b"1").decode()),
    "header is empty": replaced(0, ""),
    "header is an empty object": signed(header=b"{}"),
    "payload is not base64url": replaced(1, "!!!!"),
    "payload of a length that cannot be": replaced(1, "A"),
    "payload is empty": signed(b""),
    "payload is not JSON": signed(b"nope"),
    "payload is a list": signed(b"[1]"),
    "payload is a string": signed(b'"text"'),
    "payload is null": signed(b"null"),
    "payload has a trailing comma": signed(b'{"a":1,}'),
    "payload has more after it": signed(b"{}{}"),
    "payload is not UTF-8": signed(b'{"a":"\xff"}'),
    "payload with a byte order mark": signed(b'\xef\xbb\xbf{"a":1}'),
    "payload in UTF-16": signed('{"a":1}'.encode("utf-16")),
    "payload in UTF-16 without a mark": signed('{"a":1}'.encode("utf-16-be")),
    "payload in UTF-32": signed('{"a":1}'.encode("utf-32")),
    "payload with a lone surrogate": signed(b'{"a":"\\ud800"}'),
    "payload with a lone surrogate in UTF-8": signed(b'{"a":"\xed\xa0\x80"}'),
    "payload with the same member twice": signed(b'{"a":1,"b":2,"a":3}'),
    "payload with a control character": signed(b'{"a":"\n"}'),
    "payload with NaN": signed(b'{"a":[NaN,Infinity,-Infinity]}'),
    "payload with big numbers": signed(b'{"a":[1e400,-0,-0.0,123456789012345678901234567890]}'),
    "payload with too many digits": signed(b'{"a":%s}' % (b"9" * 4301)),
    "payload with just few enough digits": signed(b'{"a":%s}' % (b"9" * 4300)),
    "payload too deep": signed(b'{"a":%s}' % (b"[" * 100_000)),
    "signature is not base64url": replaced(2, "!!!!"),
    "signature is empty": replaced(2, ""),
    "signature of another length": replaced(2, "AAAA"),
    "signature is another": replaced(2, base64url(bytes(32)).decode()),
    "signature with padding": f"{token()}=",
    "signature with bits left over": f"{token()[:-1]}B",
    "not ASCII": replaced(1, "é"),
    "lone surrogate": replaced(1, "\ud800"),
    "alg is missing": signed(header=b'{"typ":"JWT"}'),
    "alg is empty": signed(header=b'{"alg":""}'),
    "alg is null": signed(header=b'{"alg":null}'),
    "alg is a number": signed(header=b'{"alg":1}'),
    "alg is a list": signed(header=b'{"alg":["HS256"]}'),
    "alg is none": "eyJhbGciOiJub25lIn0.e30.",
    "alg is none in another spelling": signed(header=b'{"alg":"nOnE"}'),
    "alg is unknown": signed(header=b'{"alg":"XS256"}'),
    "alg is another": token(algorithm="HS512"),
    "alg twice": signed(header=b'{"alg":"none","alg":"HS256"}'),
    "kid is a number": signed(header=b'{"alg":"HS256","kid":1}'),
    "kid is null": signed(header=b'{"alg":"HS256","kid":null}'),
    "crit is empty": signed(header=b'{"alg":"HS256","crit":[]}'),
    "crit is text": signed(header=b'{"alg":"HS256","crit":"exp"}'),
    "crit names the unknown": signed(header=b'{"alg":"HS256","crit":["exp"],"exp":1}'),
    "crit names what is missing": signed(header=b'{"alg":"HS256","crit":["b64"]}'),
    "crit has a number": signed(header=b'{"alg":"HS256","crit":[1]}'),
    "b64 is true": signed(header=b'{"alg":"HS256","b64":true,"crit":["b64"]}'),
    "b64 is false": signed(header=b'{"alg":"HS256","b64":false,"crit":["b64"]}'),
    "b64 is false without a payload": signed(b"", b'{"alg":"HS256","b64":false,"crit":["b64"]}'),
    "b64 is false without crit": signed(b"", b'{"alg":"HS256","b64":false}'),
    "jku and jwk are data": signed(header=b'{"alg":"HS256","jku":"http://x","jwk":{"kty":"oct"}}'),
    "None": None,
    "a number": 1,
    "a list": ["a.b.c"],
    "a bytearray": bytearray(token(), "ascii"),
    "a memoryview": memoryview(token().encode()),
}
TOKEN_CALLS = {
    f"{function} of a token: {name}": lambda api, function=function, compact=compact: getattr(
        api, function
    )(compact, *((HMAC_SECRET, ["HS256"]) if function != "get_unverified_header" else ()))
    for name, compact in TOKENS.items()
    for function in ("decode", "decode_complete", "get_unverified_header")
}
UNVERIFIED_CALLS = {
    f"unverified: {name}": lambda api, compact=compact: api.decode(
        compact, options={"verify_signature": False}
    )
    for name, compact in TOKENS.items()
}
GOOD_CALLS = {
    "a token with all that it is asked for": decode(token(), **CLAIM_ARGUMENTS),
    "a token as bytes": decode(token().encode(), HMAC_SECRET.encode()),
    "algorithms as a list": decode(token(), algorithms=["none", "HS256"]),
    "algorithms as a set": decode(token(), algorithms={"HS256"}),
    "algorithms as a dict": decode(token(), algorithms={"HS256": 1}),
    "algorithms as text": decode(token(), algorithms="HS256"),
    "algorithms as longer text": decode(token(), algorithms="HS256,HS512"),
    "a leeway": decode_claims({"exp": PAST}, leeway=10**10),
    "a leeway as timedelta": decode_claims({"exp": PAST}, leeway=timedelta(days=365_000)),
    "a leeway of infinity": decode_claims({"exp": PAST}, leeway=float("inf")),
    "a leeway of NaN": decode_claims({"exp": PAST}, leeway=float("nan")),
    "no check of exp": decode_claims({"exp": PAST}, options={"verify_exp": False}),
    "required claims": decode_claims({"a": 1}, options={"require": iter(["a"])}),
    "all claims unverified": lambda api: api.decode(
        token({"exp": PAST, "aud": 1}), options={"verify_signature": False}
    ),
    "an audience from an iterator": lambda api: api.decode(
        token(), HMAC_SECRET, ["HS256"], audience=iter(["a", "you"])
    ),
    "an issuer from a generator": lambda api: api.decode(
        token(), HMAC_SECRET, ["HS256"], audience="you", issuer=(name for name in ("a", "me"))
    ),
    "exp as text": decode_claims({"exp": " 4_000_000_000 "}),
    "exp as a fraction": decode_claims({"exp": FUTURE + 0.5}),
    "exp as true with a leeway": decode_claims({"exp": True}, leeway=1e10),
    "a falsy aud": decode_claims({"aud": ""}),
    "a decode_complete": lambda api: api.decode_complete(
        token(), HMAC_SECRET, ["HS256"], audience="you"
    ),
    "a detached payload": lambda api: api.decode(
        detached(b'{"a":1}'), HMAC_SECRET, ["HS256"], detached_payload=b'{"a":1}'
    ),
    "an int of the largest length": decode_claims({"a": 10**4299}),
    "a PyJWK": lambda api: api.decode(token(), api.lib.PyJWK(JWKS["oct"]), audience="you"),
    "a short key": decode(token(key=SHORT), SHORT),
    "a short key for encoding": encode({}, SHORT),
    "a short RSA key": lambda api: api.decode(
        token({}, private_keys()["RSA-1024"], "RS256"), public_pem("RSA-1024"), ["RS256"]
    ),
    "an empty payload": encode({}),
    "no algorithm": encode(CLAIMS),
    "algorithm none": encode(CLAIMS, "", "none"),
    "algorithm None": encode(CLAIMS, None, None),
    "headers": encode(CLAIMS, headers={"kid": "k", "cty": "JWT", "a": [1, {"b": None}]}),
    "headers out of order": encode(CLAIMS, headers={"z": 1, "b": 2}, sort_headers=False),
    "headers with another alg": encode(CLAIMS, headers={"alg": "HS512"}),
    "headers with an empty alg": encode(CLAIMS, headers={"alg": ""}),
    "headers without typ": encode(CLAIMS, headers={"typ": None}),
    "headers with another typ": encode(CLAIMS, headers={"typ": "at+jwt"}),
    "headers with b64 false": encode(CLAIMS, headers={"b64": False}),
    "headers with b64 true": encode(CLAIMS, headers={"b64": True, "crit": ["b64"]}),
    "a header key that is a number": encode(CLAIMS, headers={1: 1}, sort_headers=False),
    "datetimes": encode(
        {
            "exp": datetime(2030, 1, 2, 3, 4, 5, 999_999),  # noqa: DTZ001 naive means UTC
            "nbf": datetime(2030, 1, 2, tzinfo=timezone.utc),
            "iat": datetime(2030, 1, 2, tzinfo=timezone(timedelta(hours=-9, minutes=30))),
        }
    ),
    "a date before the epoch": encode({"exp": datetime(1901, 1, 1, tzinfo=timezone.utc)}),
    "floats": encode({"a": [0.1, 1e16, 1e22, 1e-5, -0.0, 5e-324, 1.0]}),
    "NaN and infinity": encode({"a": [float("nan"), float("inf"), float("-inf")]}),
    "integers": encode({"a": [2**64, -(2**70), 10**40, True]}),
    "text": encode({"a": '\x00\x1f"\\/\x7f\x80é\u2028\U0001f600\ud800'}),
    "tuples and keys": encode({"a": (1, (2,)), 1: 2, 1.5: 2, None: 3, False: 4}),
}
BAD_CALLS = {
    "expired": decode_claims({"exp": PAST}),
    "not yet valid": decode_claims({"nbf": FUTURE}),
    "issued in the future": decode_claims({"iat": FUTURE}),
    "exp is text": decode_claims({"exp": "soon"}),
    "exp is null": decode_claims({"exp": None}),
    "exp is a list": decode_claims({"exp": [FUTURE]}),
    "exp is NaN": decode_claims({"exp": float("nan")}),
    "exp is infinite": decode_claims({"exp": float("inf")}),
    "exp with too many digits": decode_claims({"exp": "9" * 4301}),
    "nbf is text": decode_claims({"nbf": "soon"}),
    "iat is text": decode_claims({"iat": "soon"}),
    "iat is infinite": decode_claims({"iat": float("inf")}),
    "no audience given": decode_claims({"aud": "you"}),
    "no audience in the token": decode_claims({}, audience="you"),
    "another audience": decode_claims({"aud": "you"}, audience="me"),
    "none of the audiences": decode_claims({"aud": ["you"]}, audience=["me", "them"]),
    "no audiences": decode_claims({"aud": ["you"]}, audience=[]),
    "aud is a number": decode_claims({"aud": 1}, audience="me"),
    "aud has a number": decode_claims({"aud": ["me", 1]}, audience="me"),
    "audience is bytes": decode_claims({"aud": "me"}, audience=b"me"),
    "audience is a number": decode_claims({"aud": "me"}, audience=1),
    "audience is a number and the signature wrong": decode(replaced(2, "AAAA"), audience=1),
    "strict: several audiences": decode_claims(
        {"aud": "me"}, audience=["me"], options={"strict_aud": True}
    ),
    "strict: aud is a list": decode_claims(
        {"aud": ["me"]}, audience="me", options={"strict_aud": True}
    ),
    "strict: another": decode_claims({"aud": "me"}, audience="you", options={"strict_aud": True}),
    "no issuer in the token": decode_claims({}, issuer="me"),
    "another issuer": decode_claims({"iss": "you"}, issuer="me"),
    "none of the issuers": decode_claims({"iss": "you"}, issuer=["me"]),
    "iss is a number": decode_claims({"iss": 1}, issuer="me"),
    "issuer is a number": decode_claims({"iss": "me"}, issuer=1),
    "another subject": decode_claims({"sub": "you"}, subject="me"),
    "sub is a number": decode_claims({"sub": 1}),
    "jti is a number": decode_claims({"jti": 1}),
    "a required claim is missing": decode_claims({}, options={"require": ["exp"]}),
    "a required claim is null": decode_claims({"exp": None}, options={"require": ["exp"]}),
    "require is a number": decode_claims({}, options={"require": 1}),
    "leeway is text": decode_claims({"exp": PAST}, leeway="1"),
    "leeway is None": decode_claims({"exp": PAST}, leeway=None),
    "several faults, in order": decode_claims(
        {"iat": "x", "nbf": "x", "exp": "x", "aud": 1, "iss": 1, "sub": 1, "jti": 1},
        options={"require": ["none"]},
        audience="x",
        issuer="x",
    ),
    "no algorithms": lambda api: api.decode(token(), HMAC_SECRET),
    "empty algorithms": decode(token(), algorithms=[]),
    "another algorithm": decode(token(), algorithms=["HS512"]),
    "an algorithm in small letters": decode(token(), algorithms=["hs256"]),
    "algorithms is a number": decode(token(), algorithms=1),
    "algorithms has numbers": decode(token(), algorithms=[1]),
    "algorithms is bytes": decode(token(), algorithms=b"HS256"),
    "another key": decode(token(), "x" * 64),
    "no key": decode(token(), ""),
    "key is None": decode(token(), None),
    "key is a number": decode(token(), 1),
    "key is a bytearray": decode(token(), bytearray(HMAC_SECRET, "ascii")),
    "key is a set": decode(token(), {HMAC_SECRET}),
    "key is a lone surrogate": decode(token(), "\ud800"),
    "key is a JWK as text": decode(token(), json.dumps(JWKS["oct"])),
    "key is a JWK as dict": decode(token(), JWKS["oct"]),
    "key is a JWK Set": decode(token(), json.dumps({"keys": [JWKS["oct"]]})),
    "key is a JWK in UTF-16": decode(token(), json.dumps(JWKS["oct"]).encode("utf-16")),
    "key is a JWK with an escaped kty": decode(token(), '{"k\\u0074y":"oct"}'),
    "key is a JWK too deep to parse": decode(token(), '{"kty":' + "[" * 100_000),
    "key is JSON but no JWK": decode(token(), '{"secret": "of the house"}' + " " * 64),
    "key is a short key that must not be": decode(
        token(key=SHORT), SHORT, options={"enforce_minimum_key_length": True}
    ),
    "an RSA key that is too short and must not be": lambda api: api.decode(
        token({}, private_keys()["RSA-1024"], "RS256"),
        public_pem("RSA-1024"),
        ["RS256"],
        {"enforce_minimum_key_length": True},
    ),
    "verify is false": decode(token(), verify=False),
    "an unknown argument": decode(token(), unknown=1),
    "several unknown arguments": lambda api: api.decode_complete(
        token(), HMAC_SECRET, ["HS256"], audience="you", a=1, b=2
    ),
    "a detached payload that is not": decode(token(), detached_payload=b"{}"),
    "a detached payload that is missing": lambda api: api.decode(
        detached(b"{}"), HMAC_SECRET, ["HS256"]
    ),
    "another detached payload": lambda api: api.decode(
        detached(b"{}"), HMAC_SECRET, ["HS256"], detached_payload=b"[]"
    ),
    "options is a list": decode(token(), options=[("verify_exp", False)]),
    "options is text": decode(token(), options="verify_exp"),
    "payload is a list": encode([("a", 1)]),
    "payload is text": encode("{}"),
    "payload is None": encode(None),
    "iss is no text": encode({"iss": 1}),
    "a set": encode({"a": {1}}),
    "bytes": encode({"a": b"1"}),
    "an object": encode({"a": timedelta(1)}),
    "a datetime elsewhere": encode({"when": datetime(2030, 1, 1, tzinfo=timezone.utc)}),
    "a key that is a tuple": encode({(1,): 1}),
    "an int with too many digits": encode({"a": 10**4300}),
    "headers is a list": encode({}, headers=[("kid", "1")]),
    "kid is no text": encode({}, headers={"kid": 1}),
    "keys of mixed types": encode({}, headers={1: 1}),
    "crit is no list": encode({}, headers={"b64": False, "crit": "b64"}),
    "an unknown algorithm": encode({}, HMAC_SECRET, "XS256"),
    "an algorithm that is a list": encode({}, HMAC_SECRET, ["HS256"]),
    "an empty secret": encode({}, ""),
    "an empty secret of bytes": encode({}, b""),
    "no secret": encode({}, None),
    "a secret that is a number": encode({}, 1),
    "a secret with algorithm none": encode({}, HMAC_SECRET, "none"),
    "a secret for RSA": encode({}, HMAC_SECRET, "RS256"),
    "a secret for EC": encode({}, HMAC_SECRET, "ES256"),
    "a secret for EdDSA": encode({}, HMAC_SECRET, "EdDSA"),
    "a number for RSA": encode({}, 1, "RS256"),
    "a number for EC": encode({}, 1, "ES256"),
    "a number for EdDSA": encode({}, 1, "EdDSA"),
}


def detached(payload):
    signing_input = base64url(b'{"alg":"HS256","b64":false,"crit":["b64"]}') + b"." + payload
    signature = hmac.digest(HMAC_SECRET.encode(), signing_input, hashlib.sha256)
    return b"..".join([signing_input.split(b".")[0], base64url(signature)])


def verify_with(algorithm, key):
    compact = token({}, signing_key(algorithm), algorithm)
    return lambda api: api.decode(compact, key, [algorithm])


def sign_with(algorithm, key):
    return lambda api: same_part(api.encode({}, key, algorithm), algorithm)


def same_part(compact, algorithm):
    """Return the parts that are the same each time that a token is signed."""
    return compact if algorithm in DETERMINISTIC else compact.rpartition(".")[0]


KEYS = {
    **{
        f"{name} as {form}": data
        for name in ("RSA-2048", "P-224", "P-256", "P-521", "secp256k1", "Ed25519", "Ed448")
        for form, data in forms(name).items()
    },
    **{f"{name} as private object": key for name, key in private_keys().items()},
    **{f"{name} as public object": key.public_key() for name, key in private_keys().items()},
}
KEY_CALLS = {
    f"{use.__name__} {algorithm}: {name}": use(algorithm, key)
    for use in (verify_with, sign_with)
    for algorithm in ("HS256", "RS256", "PS256", "ES256", "ES512", "ES256K", "EdDSA")
    for name, key in KEYS.items()
}


@pytest.mark.parametrize("name", GOOD_CALLS)
def test_good_input_gives_the_same_value(name):
    expected = assert_same(GOOD_CALLS[name], name)
    assert "value" in expected


@pytest.mark.parametrize("name", BAD_CALLS)
def test_bad_input_gives_the_same_error_or_warning(name):
    expected = assert_same(BAD_CALLS[name], name)
    assert "error" in expected or expected["warnings"]


@pytest.mark.parametrize("name", TOKEN_CALLS)
def test_every_token_gives_the_same(name):
    assert_same(TOKEN_CALLS[name], name)


@pytest.mark.parametrize("name", UNVERIFIED_CALLS)
def test_every_token_read_without_verifying_gives_the_same(name):
    assert_same(UNVERIFIED_CALLS[name], name)


@pytest.mark.parametrize("name", KEY_CALLS)
def test_every_form_of_every_key_gives_the_same(name):
    assert_same(KEY_CALLS[name], name)


@pytest.mark.parametrize(
    "call",
    [
        lambda api: api.decode(),
        lambda api: api.decode_complete(),
        lambda api: api.get_unverified_header(),
        lambda api: api.encode(),
        lambda api: api.encode({}),
        lambda api: api.encode({}, "", "none", *[None] * 6),
        lambda api: api.encode({}, "", "none", unknown=1),
        lambda api: api.encode({}, "", "none", payload={}),
    ],
)
def test_a_call_that_does_not_fit_the_parameters_is_a_type_error(call):
    # Python words these texts differently for different kinds of functions.
    expected = outcome_of(call, PYJWT[0])["error"]["classes"]
    assert expected[0] == "builtins.TypeError"
    assert [outcome_of(call, api)["error"]["classes"] for api in OURS] == [expected] * len(OURS)


@pytest.mark.parametrize("form", ["text", "bytes", "object"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_each_library_verifies_what_the_other_signs(algorithm, form):
    signing, verifying = key_pair(algorithm, form)
    made = {}
    for lib in (jwt, rapidjwt):
        for api in (fast_path_of(lib), *paths_of(lib)):
            made[lib, api.name] = api.encode(CLAIMS, signing, algorithm)
    for compact in made.values():
        for api in (*PYJWT, *OURS):
            assert api.decode(compact, verifying, [algorithm], **CLAIM_ARGUMENTS) == CLAIMS
    if algorithm in DETERMINISTIC:
        assert len(set(made.values())) == 1


def paths_of(lib):
    return OURS if lib is rapidjwt else PYJWT


def key_pair(algorithm, form):
    name = ALGORITHMS[algorithm]
    if form == "object" and name != "oct":
        return private_keys()[name], private_keys()[name].public_key()
    pair = signing_key(algorithm), verifying_key(algorithm)
    return pair if form == "text" else tuple(key.encode() for key in pair)


@pytest.mark.parametrize("name", JWKS)
def test_a_jwk_signs_and_verifies_alike(name):
    def call(api):
        key = api.lib.PyJWK(JWKS[name])
        compact = api.encode({"a": 1}, key)
        header = api.get_unverified_header(compact)
        return key, header, api.decode(compact, key), api.decode(compact, key, ["HS256", "RS256"])

    assert_same(call, name)


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [
        ("RSAAlgorithm", "RSA-2048"),
        ("RSAPSSAlgorithm", "RSA-1024"),
        ("ECAlgorithm", "P-256"),
        ("ECAlgorithm", "P-521"),
        ("ECAlgorithm", "P-224"),
        ("ECAlgorithm", "secp256k1"),
        ("OKPAlgorithm", "Ed25519"),
        ("OKPAlgorithm", "Ed448"),
        ("OKPAlgorithm", "RSA-2048"),
        ("RSAAlgorithm", "P-256"),
        ("RSAAlgorithm", "Ed25519"),
    ],
)
@pytest.mark.parametrize("public", [False, True])
def test_keys_become_jwks_and_back_alike(algorithm, name, public):
    key = private_keys()[name]
    key = key.public_key() if public else key

    def call(api):
        handler = getattr(api.lib.algorithms, algorithm)
        text = handler.to_jwk(key)
        return text, handler.to_jwk(key, as_dict=True), handler.from_jwk(text)

    assert_same(call, f"{algorithm} {name}")


@pytest.mark.parametrize("algorithm", ["none", *ALGORITHMS])
def test_algorithm_objects_do_the_same(algorithm):
    """Many programs use the handlers of `get_default_algorithms` directly."""

    def call(api):
        handler = api.lib.algorithms.get_default_algorithms()[algorithm]
        key = handler.prepare_key("" if algorithm == "none" else signing_key(algorithm))
        public = "" if algorithm == "none" else handler.prepare_key(verifying_key(algorithm))
        signature = handler.sign(b"message", key)
        return (
            type(handler),
            key,
            public,
            len(signature),
            handler.verify(b"message", public, signature),
            handler.verify(b"massage", public, signature),
            handler.verify(b"message", public, signature[:-1]),
            handler.verify(b"message", public, b""),
            handler.check_key_length(public),
            getattr(getattr(handler, "hash_alg", None), "__name__", None),
            outcome_of(handler.compute_hash_digest, b"message"),
        )

    assert_same(lambda api: [repr_of_class(item) for item in call(api)], algorithm)


def repr_of_class(item):
    return item.__name__ if isinstance(item, type) else item


@pytest.mark.parametrize("function", ["encode", "decode", "decode_complete"])
def test_a_warning_that_is_turned_into_an_error_stops_the_call(function):
    def call(api):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            if function == "encode":
                return api.encode({}, SHORT)
            return getattr(api, function)(token({}, SHORT), SHORT, ["HS256"])

    expected = assert_same(call, function)
    assert "error" in expected


@pytest.mark.parametrize("argument", ["verify", "unknown"])
@pytest.mark.parametrize("function", ["decode", "decode_complete"])
def test_a_deprecation_warning_points_at_the_caller_where_it_does_in_pyjwt(function, argument):
    # Python shows a DeprecationWarning by default only when it points into `__main__`.

    def place(api):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            getattr(api, function)(token({}), HMAC_SECRET, ["HS256"], **{argument: False})
        return [warning.filename == __file__ for warning in caught]

    assert_same(place, function)


class NoTruth(collections.UserDict):
    def __bool__(self):
        raise RuntimeError("it has no truth value")


ODD_OPTIONS = [
    *(None, [], (), "", b"", 0, 0.0, False, True, 1, "x", object(), set(), range(0), bytearray()),
    *(iter([]), NotImplemented, ..., dict, [1], ["ab"], [("verify_exp", False)]),
    *({}, {1: 2}, {"unknown": 1}, NoTruth(), NoTruth(verify_exp=False)),
    collections.UserDict(verify_exp=False),
    collections.ChainMap({"verify_exp": False}),
    collections.defaultdict(bool),
    types.MappingProxyType({"verify_exp": False}),
    *({"verify_signature": value} for value in (None, 0, "x")),
    *({"require": value} for value in (None, (), "exp", 0)),
    *({name: None} for name in ("verify_exp", "strict_aud", "enforce_minimum_key_length")),
]


@pytest.mark.parametrize("options", ODD_OPTIONS, ids=lambda options: type(options).__name__)
def test_odd_options_do_the_same(options):
    expired = token({"exp": PAST})
    arguments = (expired, HMAC_SECRET, ["HS256"])
    calls = [
        lambda api: api.lib.PyJWS(options=options).options,
        lambda api: api.lib.PyJWS(options=options).decode(*arguments),
        lambda api: api.lib.PyJWS().decode(*arguments, options),
        lambda api: list(api.lib.PyJWT(options).options.items()),
        lambda api: api.lib.PyJWT(options).decode(*arguments),
        lambda api: api.decode(*arguments, options=options),
        lambda api: api.decode_complete(*arguments, options=options, verify=False),
        lambda api: api.decode(expired, HMAC_SECRET, options=options),
    ]
    for number, call in enumerate(calls):
        assert_same(call, f"call {number} with the options {options!r}")


NEARLY_BASE64URL = ["", "=", "=A", "=QQ=", "A=AA", "AAA==AAA", "A", "A===", "QQ===", "+/+/", "\xe9"]


@pytest.mark.parametrize("text", NEARLY_BASE64URL)
def test_text_that_is_nearly_base64url_decodes_alike(text):
    """What CPython 3.15 tolerates and warns about is not what earlier versions do."""
    assert_same(lambda api: api.lib.utils.base64url_decode(text), text)
    jwk = {"kty": "oct", "k": text, "alg": "HS256"}
    assert_same(lambda api: api.lib.PyJWK(jwk).key, text)


@pytest.mark.parametrize("digits", [0, 640, 5000])
def test_the_interpreters_limit_of_digits_holds_alike(digits):
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(digits)
    try:
        for length in (639, 640, 641, 4300, 4301, 5000, 5001):
            number = b"7" * length
            assert_same(decode(signed(b'{"a":%s}' % number)), f"decode {length} of {digits}")
            assert_same(decode(signed(b'{"exp":"%s"}' % number)), f"exp {length} of {digits}")
            assert_same(encode({"a": 10 ** (length - 1)}), f"encode {length} of {digits}")
    finally:
        sys.set_int_max_str_digits(limit)


EXCEPTIONS = [
    name
    for name, value in vars(jwt.exceptions).items()
    if isinstance(value, type) and issubclass(value, Exception)
]


@pytest.mark.parametrize("name", EXCEPTIONS)
@pytest.mark.parametrize("arguments", [(), ("text",), ("text", 2)])
def test_exceptions_are_made_alike(name, arguments):
    def call(api):
        error = getattr(api.lib.exceptions, name)(*arguments)
        error.jwt_header = {"alg": "HS256"}
        raise error

    assert_same(call, name)


MODULES = (
    "algorithms",
    "api_jwk",
    "api_jws",
    "api_jwt",
    "exceptions",
    "help",
    "jwk_set_cache",
    "jwks_client",
    "types",
    "utils",
    "warnings",
)
# Names that a module of PyJWT imports only for its own use.
IMPORTED = (
    {"Any", "ClassVar", "Container", "Iterator", "Literal", "NoReturn", "Optional", "Sequence"}
    | {"Union", "annotations", "base64", "base64url_decode", "binascii", "cast", "get_args"}
    | {"HashlibHash", "JWKDict", "os", "overload", "cryptography", "pyjwt_version"}
)


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_of_every_module_exists(module):
    theirs = importlib.import_module(f"jwt.{module}")
    ours = importlib.import_module(f"rapidjwt.{module}")
    missing = [
        name
        for name in vars(theirs)
        if not name.startswith("_") and name not in IMPORTED and not hasattr(ours, name)
    ]
    assert missing == []


def test_every_name_of_the_package_exists():
    assert [name for name in jwt.__all__ if not hasattr(rapidjwt, name)] == []
    assert [name for name in jwt.__all__ if name not in rapidjwt.__all__] == []


@pytest.mark.parametrize("name", ["PyJWT", "PyJWS", "PyJWK", "PyJWKSet", "PyJWKClient"])
def test_every_method_of_every_class_exists_with_the_same_parameters(name):
    theirs, ours = getattr(jwt, name), getattr(rapidjwt, name)
    for attribute, value in vars(theirs).items():
        if callable(getattr(theirs, attribute)) and not attribute.startswith("__"):
            assert parameters(getattr(ours, attribute)) == parameters(value), attribute


@pytest.mark.parametrize(
    "name", ["encode", "decode", "decode_complete", "get_unverified_header", "register_algorithm"]
)
def test_every_function_has_the_same_parameters(name):
    assert parameters(getattr(rapidjwt, name)) == parameters(getattr(jwt, name))


def parameters(function):
    """Return names, kinds and whether there is a default, in order."""
    function = getattr(function, "__func__", function)
    found = [
        (parameter.name, parameter.kind, parameter.default is parameter.empty)
        for parameter in inspect.signature(function).parameters.values()
    ]
    return found[1:] if found[:1] and found[0][0] == "self" else found
