"""Inputs made to use up time, memory or stack (CWE-400, CWE-674).

Each has the same result as in PyJWT, in time proportional to its length: work proportional to the
square of ten million would not end within a day, so it is enough that these tests end.
"""

from __future__ import annotations

import asyncio
import json
import sys

import jwt
import pytest
import rapidjwt
from differential.paths import assert_same_call
from rapidjwt import DecodeError, InvalidKeyError, InvalidTokenError

from .harness import SECRET, hmac_token, segment, verifier_of

HS256 = ["HS256"]
MEGABYTES = 10_000_000
DEPTH = 100_000


def answer(token, key=SECRET, **policy):
    """Return PyJWT's outcome after checking that all paths and the `Verifier` have the same one."""
    expected = assert_same_call("decode", token, key, algorithms=HS256, **policy)
    if "error" in expected:
        with pytest.raises((InvalidTokenError, InvalidKeyError)):
            verifier_of(key, HS256, **policy).decode(token)
    else:
        claims = rapidjwt.decode(token, key, algorithms=HS256, **policy)
        assert verifier_of(key, HS256, **policy).decode(token) == claims
    return expected


def decode_error(token) -> str:
    outcome = answer(token)
    classes = outcome["error"]["classes"]
    assert "jwt.exceptions.DecodeError" in classes, classes
    return outcome["error"]["text"]


GARBAGE = {
    "letters": "a" * MEGABYTES,
    "dots": "." * MEGABYTES,
    "segments": "a." * (MEGABYTES // 2),
    "padding": "=" * MEGABYTES,
    "a long header": "A" * MEGABYTES + ".e30.AA",
    "a long payload": segment('{"alg":"HS256"}') + "." + "A" * MEGABYTES + ".AA",
    "a long signature": segment('{"alg":"HS256"}') + ".e30." + "A" * MEGABYTES,
    "not ASCII": "\u00e9" * (MEGABYTES // 2),
}


@pytest.mark.parametrize("form", GARBAGE)
def test_ten_megabytes_of_garbage_are_refused(form):
    assert "error" in answer(GARBAGE[form])


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps({"text": "x" * MEGABYTES}),
        json.dumps({"list": [1.5] * (MEGABYTES // 50)}),
        '{"text":"' + "\\u00e9" * (MEGABYTES // 6) + '"}',
        '{"spaces":' + " " * MEGABYTES + "1}",
        "{" + ",".join(f'"claim {number}":{number}' for number in range(DEPTH)) + "}",
        '{"a":1' + ',"a":1' * DEPTH + "}",
    ],
    ids=["text", "list", "escapes", "spaces", "members", "duplicates"],
)
def test_a_genuine_token_of_ten_megabytes_is_accepted(payload):
    assert "value" in answer(hmac_token(payload=payload))


DEEP = {
    "arrays": "[" * DEPTH + "]" * DEPTH,
    "objects": '{"a":' * DEPTH + "1" + "}" * DEPTH,
    "both": '[{"a":' * DEPTH + "1" + "}]" * DEPTH,
    "open arrays": "[" * DEPTH,
    "open objects": '{"a":' * DEPTH,
}


@pytest.mark.parametrize("form", DEEP)
def test_a_deep_payload_is_a_decode_error(form):
    """PyJWT 2.15.0: no RecursionError, and no stack that overflows."""
    for payload in (DEEP[form], f'{{"deep":{DEEP[form]}}}'):
        too_deep_for_everyone(hmac_token(payload=payload), "Invalid payload string")


@pytest.mark.parametrize("form", DEEP)
def test_a_deep_header_is_a_decode_error(form):
    """GHSA-8wjv-2p76-3863."""
    for header in (DEEP[form], f'{{"alg":"HS256","deep":{DEEP[form]}}}'):
        token = hmac_token(header=header)
        too_deep_for_everyone(token, "Invalid header string")
        for library in (jwt, rapidjwt):
            with pytest.raises(library.DecodeError, match="Invalid header string"):
                library.get_unverified_header(token)


def too_deep_for_everyone(token: str, message: str) -> None:
    """Check the class and the beginning of the text, because the caller's own depth counts too."""
    with pytest.raises(jwt.DecodeError, match=message):
        jwt.decode(token, SECRET, algorithms=HS256)
    verifier = verifier_of(SECRET, HS256)
    for decode in (
        lambda: rapidjwt.decode(token, SECRET, algorithms=HS256),
        lambda: rapidjwt.PyJWT().decode(token, SECRET, algorithms=HS256),
        lambda: verifier.decode(token),
    ):
        with pytest.raises(DecodeError, match=message):
            decode()


@pytest.mark.parametrize("depth", [60, 63, 64, 65, 66, 100, 127, 128, 129, 500])
def test_nesting_that_python_reads_is_read(depth):
    """The native parser stops at some depth; callers must not notice."""
    deep = "[" * depth + "]" * depth
    assert "value" in answer(hmac_token(payload=f'{{"deep":{deep}}}'))
    header = f'{{"alg":"HS256","deep":{deep}}}'
    assert "value" in assert_same_call("get_unverified_header", hmac_token(header=header))
    assert "value" in assert_same_call(
        "decode", hmac_token(header=header), SECRET, algorithms=HS256
    )


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat", "other", "sub"])
def test_an_integer_of_a_million_digits_is_refused(claim):
    """CVE-2020-10735: reading it takes time proportional to the square of its length."""
    if sys.get_int_max_str_digits() == 0:
        pytest.skip("the limit was turned off")
    payload = f'{{"{claim}":{"9" * 1_000_000}}}'
    assert "4300" in decode_error(hmac_token(payload=payload))
    assert "error" in answer(hmac_token(payload=f'{{"{claim}":-{"1" * 1_000_000}}}'))


def test_an_integer_of_a_million_digits_in_the_header_is_refused():
    header = f'{{"alg":"HS256","n":{"9" * 1_000_000}}}'
    decode_error(hmac_token(header=header))


@pytest.mark.parametrize("form", ["0." + "1" * 1_000_000, "1e" + "9" * 1_000_000, "1" * 400 + ".0"])
def test_a_float_of_a_million_digits_is_read_as_python_reads_it(form):
    answer(hmac_token(payload=f'{{"exp":{form}}}'))
    answer(hmac_token(payload=f'{{"other":{form}}}'))


def test_an_expiry_text_of_a_million_digits_is_refused():
    decode_error(hmac_token(payload=f'{{"exp":"{"9" * 1_000_000}"}}'))


def test_a_header_with_100_000_members_is_read():
    members = ",".join(f'"member {number}":{number}' for number in range(100_000))
    token = hmac_token(header=f'{{"alg":"HS256",{members}}}')
    assert "value" in assert_same_call("decode", token, SECRET, algorithms=HS256)
    header = assert_same_call("get_unverified_header", token)
    assert len(header["value"][1]) == 100_001


def test_a_crit_list_with_100_000_names_is_refused():
    names = ",".join('"x"' for _ in range(100_000))
    outcome = answer(hmac_token(header=f'{{"alg":"HS256","crit":[{names}]}}'))
    assert "Unsupported critical extension" in outcome["error"]["text"]


def test_an_audience_list_with_200_000_names_is_searched():
    names = ",".join(f'"{number}"' for number in range(200_000))
    token = hmac_token(payload=f'{{"aud":[{names}]}}')
    assert "error" in answer(token, audience="nobody")
    assert "value" in answer(token, audience="199999")


@pytest.mark.parametrize(
    "secret",
    [
        b"[" * 1_000_000,
        b'{"a":' * 200_000,
        b"-----BEGIN " * 100_000,
        b'"' * 1_000_000,
        b"0\x84\xff\xff\xff\xff",
    ],
    ids=["arrays", "objects", "markers", "quotes", "length"],
)
def test_a_secret_made_to_be_hard_to_check_is_checked(secret):
    answer(hmac_token(secret=secret), secret)


def test_a_jwk_set_with_100_000_bad_members_is_read():
    """GHSA-w6j9-cwv2-h6wq: bad members are skipped, and a good one among them is found."""
    bad = [1, None, "x", [], {}, {"kty": "x"}, {"kty": "RSA", "n": 1, "e": []}, {"kty": "EC"}]
    good = {"kty": "oct", "k": segment(SECRET), "kid": "good", "alg": "HS256"}
    members = [*(bad * (100_000 // len(bad))), good]
    jwk_set = rapidjwt.PyJWKSet.from_dict({"keys": members})
    assert [key.key_id for key in jwk_set.keys] == ["good"]
    with pytest.raises(rapidjwt.PyJWKSetError):
        rapidjwt.PyJWKSet.from_dict({"keys": members[:-1]})


def test_claims_too_deep_to_write_are_refused_and_the_process_lives_on():
    claims: dict = {}
    for _ in range(DEPTH):
        claims = {"a": claims}
    with pytest.raises((RecursionError, ValueError, TypeError, DecodeError)):
        rapidjwt.encode(claims, SECRET, algorithm="HS256")
    circular: dict = {}
    circular["self"] = circular
    with pytest.raises((RecursionError, ValueError)):
        rapidjwt.encode(circular, SECRET, algorithm="HS256")
    assert rapidjwt.encode({}, SECRET, algorithm="HS256")


def sized(size, key=SECRET):
    """Return a genuine token with that many bytes."""
    claims = {}
    token = rapidjwt.encode(claims, key)
    while len(token) < size:
        claims["pad"] = "a" * max(1, (size - len(token)) * 3 // 4)
        token = rapidjwt.encode(claims, key, headers={"z": "z" * (len(claims["pad"]) % 7)})
    return token


def decoders(**bounds):
    """Return the methods of verifiers with these bounds, with and without a cache."""
    for cache_size in (0, 8):
        verifier = rapidjwt.Verifier(SECRET, algorithms=HS256, cache_size=cache_size, **bounds)
        yield verifier.decode
        yield lambda token, verifier=verifier: verifier.decode_complete(token)["payload"]
        yield lambda token, verifier=verifier: result_or_raise(verifier.decode_many([token]))
        yield lambda token, verifier=verifier: asyncio.run(verifier.decode_async(token))


def result_or_raise(results):
    (result,) = results
    if isinstance(result, Exception):
        raise result
    return result


@pytest.mark.parametrize("form", [str, str.encode], ids=["str", "bytes"])
def test_a_token_may_have_as_many_bytes_as_the_bound_and_no_more(form):
    token = sized(1000)
    claims = rapidjwt.decode(token, SECRET, HS256)
    for bound, is_accepted in ((len(token) + 1, True), (len(token), True), (len(token) - 1, False)):
        for decode in decoders(max_token_size=bound):
            for _ in range(2):
                if is_accepted:
                    assert decode(form(token)) == claims
                else:
                    with pytest.raises(DecodeError, match=f"more than {bound} bytes") as raised:
                        decode(form(token))
                    assert type(raised.value) is DecodeError


def test_the_size_is_checked_before_anything_else_is_looked_at():
    for decode in decoders(max_token_size=100):
        for token in ("." * 101, "a" * 101, "\u00e9" * 51, "a.b.c" * 21, hmac_token() + "x" * 101):
            with pytest.raises(DecodeError, match="more than 100 bytes"):
                decode(token)


def nested(depth):
    """Return a genuine token with a payload of that depth, where the object itself counts as 1."""
    return hmac_token(payload='{"a":' + "[" * (depth - 1) + "]" * (depth - 1) + "}")


@pytest.mark.parametrize("bound", [2, 10, 200, 2000])
def test_a_payload_may_be_as_deep_as_the_bound_and_no_deeper(bound):
    for decode in decoders(max_nesting=bound):
        for depth in (bound - 1 or 1, bound):
            if depth > 1 and depth < sys.getrecursionlimit() // 2:
                assert list(decode(nested(depth))) == ["a"]
        with pytest.raises(DecodeError, match=f"nested more than {bound} deep") as raised:
            decode(nested(bound + 1))
        assert type(raised.value) is DecodeError


def test_brackets_in_strings_are_no_nesting():
    flat = hmac_token(payload=json.dumps({'"[{': '\\"[[{{', "b": "[]"}))
    for decode in decoders(max_nesting=1):
        assert decode(flat) == {'"[{': '\\"[[{{', "b": "[]"}


def test_a_forged_token_is_refused_for_its_signature_whatever_its_depth():
    for decode in decoders(max_nesting=1):
        with pytest.raises(rapidjwt.InvalidSignatureError):
            decode(nested(100)[:-6] + "AAAAAA")


@pytest.mark.parametrize("name", ["max_token_size", "max_nesting"])
def test_a_bound_is_a_positive_number_or_none(name):
    for bound in (0, -1, -(2**62)):
        with pytest.raises(ValueError, match=f"{name} must be above 0"):
            rapidjwt.Verifier(SECRET, algorithms=HS256, **{name: bound})
    for bound in ("1", 1.5):
        with pytest.raises(TypeError):
            rapidjwt.Verifier(SECRET, algorithms=HS256, **{name: bound})
    for bound in (None, 1, 2**62):
        rapidjwt.Verifier(SECRET, algorithms=HS256, **{name: bound})
