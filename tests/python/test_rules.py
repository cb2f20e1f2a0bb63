"""Rules for claims, and limits on age and lifetime, as a `Verifier` takes them."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import gc
import time
import weakref

import pytest
import rapidjwt
from rapidjwt import (
    InvalidTokenError,
    Key,
    MissingRequiredClaimError,
    MultiIssuerVerifier,
    Verifier,
)
from rapidjwt.exceptions import InvalidJTIError, InvalidSubjectError
from rapidjwt.rules import (
    ABSENT,
    AN_AUDIENCE,
    ASCII_255,
    BOOLEAN,
    LIST,
    NON_EMPTY_STRING,
    NUMBER,
    OBJECT,
    PRESENT,
    STRING,
    STRINGS,
    TIME,
    URI,
    Rule,
    all_of,
    any_of,
    checked_by,
    contains,
    has_words,
    hash_of,
    members,
    one_of,
    only,
    optional,
    present_if_several,
    same_as,
    within,
)

SECRET = "a secret of at least thirty-two bytes"
HS256 = ["HS256"]


def token(claims):
    return rapidjwt.encode(claims, SECRET)


def verifier(**arguments):
    return Verifier(SECRET, algorithms=HS256, **arguments)


def accepts(rule, value):
    claims = {"a": value}
    try:
        assert verifier(rules={"a": rule}).decode(token(claims)) == claims
    except InvalidTokenError:
        return False
    return True


DEEP = [0]
for _ in range(80):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    ("rule", "accepted", "refused"),
    [
        ("acme", ["acme"], ["Acme", "", ["acme"], 1, {"acme": 1}]),
        ("é\U0001f511", ["é\U0001f511"], ["é"]),
        (True, [True], [1, 1.0, "true", False, [True]]),
        (1, [1, 1.0], [True, "1", 2, 1.5]),
        (1.5, [1.5], [1, "1.5"]),
        (2**63, [2**63], [2**63 - 1, -(2**63)]),
        ([1, "a"], [[1, "a"], [1.0, "a"]], [["a", 1], [1], 1]),
        ({"b": [None]}, [{"b": [None]}], [{"b": []}, {}, {"b": [None], "c": 1}]),
        (one_of("a", 2), ["a", 2], ["b", ["a"], True]),
        (contains("mfa"), [["mfa"], ["pwd", "mfa"]], ["mfa", [], ["MFA"], {"mfa": 1}]),
        (contains("a", "b"), [["b", "a"]], [["a"]]),
        (has_words("read"), ["read", "write read"], ["reads", ["read"], "", "read\twrite"]),
        (only("a", "b"), ["a", ["a", "b"], ["a"]], ["c", ["a", "c"]]),
        (PRESENT, ["", 0, False, [], {}, "a"], [None]),
        (STRING, ["", "é"], [1, ["a"], None]),
        (NON_EMPTY_STRING, ["a"], [""]),
        (NUMBER, [1, -1.5], ["1", True]),
        (TIME, [0, 1.5], [-1, "1"]),
        (BOOLEAN, [True, False], [0, "true"]),
        (LIST, [[], [1]], [{}, "a"]),
        (STRINGS, [[], ["a"]], [["a", 1], "a"]),
        (OBJECT, [{}], [[]]),
        (URI, ["a:b"], ["ab"]),
        (ASCII_255, ["a" * 255], ["a" * 256, "é", ""]),
        (members(URI, OBJECT), [{"a:b": {}}], [{}, {"a": {}}, {"a:b": 1}]),
        (all_of(STRING, one_of("a", 1)), ["a"], [1, "b"]),
        (any_of(STRING, one_of(1)), ["b", 1], [2]),
        (any_of("a", 1), ["a", 1], ["b"]),
        (optional(STRING), ["a", None], [1]),
        (optional("a"), ["a", None], ["b"]),
        (lambda value: value > 1, [2], [1]),
        (checked_by(lambda value: value == [1]), [[1]], [[2]]),
        (optional(lambda value: value == "x"), ["x", None], ["y"]),
        (NUMBER, [1e300], [10**400]),
        (PRESENT, [10**400, DEEP, "\ud800"], []),
        (LIST, [], [DEEP]),
        (STRING, [], ["\ud800"]),
    ],
    ids=repr,
)
def test_a_rule_accepts_and_refuses(rule, accepted, refused):
    assert [value for value in accepted if not accepts(rule, value)] == []
    assert [value for value in refused if accepts(rule, value)] == []


@pytest.mark.parametrize("rule", ["a", STRING, PRESENT, contains(1), lambda _: True], ids=repr)
def test_an_absent_claim_and_null_are_missing(rule):
    for claims in [{}, {"a": None}]:
        with pytest.raises(MissingRequiredClaimError, match='missing the "a" claim'):
            verifier(rules={"a": rule}).decode(token(claims))


@pytest.mark.parametrize("rule", [optional("a"), optional(STRING), optional(lambda _: False)])
def test_an_optional_claim_may_be_absent(rule):
    assert verifier(rules={"a": rule}).decode(token({})) == {}


def test_a_forbidden_claim_is_refused_even_as_null():
    forbids = verifier(rules={"nonce": ABSENT})
    assert forbids.decode(token({})) == {}
    with pytest.raises(InvalidTokenError, match='must not have the claim "nonce"'):
        forbids.decode(token({"nonce": None}))


def raw(payload):
    """Sign a payload in any spelling."""
    parts = [b'{"alg":"HS256"}', payload.encode()]
    encoded = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts]
    signature = Key.from_secret(SECRET).sign(b".".join(encoded), "HS256")
    return b".".join([*encoded, base64.urlsafe_b64encode(signature).rstrip(b"=")])


@pytest.mark.parametrize(
    "payload",
    ['{"nonce":1}', r'{"n\u006fnce":1}', '{"nonce":1,"nonce":2}', '{ "nonce" : NaN }'],
)
def test_a_claim_is_found_in_any_spelling(payload):
    with pytest.raises(InvalidTokenError, match="must not have the claim"):
        verifier(rules={"nonce": ABSENT}).decode(raw(payload))


def test_the_last_of_two_members_with_one_name_counts():
    ruled = verifier(rules={"a": 1, "sub": "x"})
    assert ruled.decode(raw('{"a":2,"a":1,"sub":"y","sub":"x"}')) == {"a": 1, "sub": "x"}
    with pytest.raises(InvalidTokenError):
        ruled.decode(raw(r'{"a":1,"\u0061":2,"sub":"x"}'))


def test_any_number_of_claims_can_have_rules():
    claims = {f"claim-{n}": {"n": n} for n in range(40)}
    ruled = verifier(rules={(name, "n"): n for n, name in enumerate(claims)})
    assert ruled.decode(token(claims)) == claims
    for name in claims:
        with pytest.raises(InvalidTokenError, match=f'"{name}.n" is not accepted'):
            ruled.decode(token(claims | {name: {"n": "x"}}))


def test_a_tuple_leads_inside_a_claim():
    bound = verifier(rules={("cnf", "jkt"): "x", ("https://a.example/b.c", "d", "e"): contains(1)})
    claims = {"cnf": {"jkt": "x"}, "https://a.example/b.c": {"d": {"e": [1]}}}
    assert bound.decode(token(claims)) == claims
    for other in [{"cnf": "x"}, {"cnf": {}}, {"cnf": ["jkt"]}, {"cnf": {"jkt": None}}]:
        with pytest.raises(MissingRequiredClaimError) as caught:
            bound.decode(token(claims | other))
        assert caught.value.claim == "cnf.jkt"
    calls = verifier(rules={("a", "b"): lambda value: value == 1})
    assert calls.decode(token({"a": {"b": 1}})) == {"a": {"b": 1}}
    with pytest.raises(MissingRequiredClaimError):
        calls.decode(token({"a": 1}))


def test_registered_claims_take_rules_too():
    claims = {"sub": "alice", "jti": "x", "iss": "me", "exp": time.time() + 60}
    rules = {"sub": one_of("alice"), "jti": same_as("sub"), "iss": "me", "exp": NUMBER}
    with pytest.raises(InvalidJTIError, match='must be the same as "sub"'):
        verifier(rules=rules).decode(token(claims))
    assert verifier(rules=rules).decode(token(claims | {"jti": "alice"}))["jti"] == "alice"
    with pytest.raises(InvalidSubjectError):
        verifier(rules=rules).decode(token(claims | {"sub": "bob"}))
    with pytest.raises(rapidjwt.InvalidIssuerError):
        verifier(rules=rules).decode(token(claims | {"jti": "alice", "iss": "é"}))
    inside = verifier(rules={("sub", "x"): PRESENT})
    with pytest.raises(MissingRequiredClaimError, match=r"sub\.x"):
        inside.decode(token(claims))


def test_claims_are_compared_with_each_other_and_with_the_audience():
    same = verifier(rules={"a": same_as(("b", "c"))})
    assert same.decode(token({"a": [1], "b": {"c": [1]}}))
    with pytest.raises(InvalidTokenError):
        same.decode(token({"a": [1], "b": {"c": [2]}}))
    of_audience = verifier(audience=["x", "y"], rules={"azp": AN_AUDIENCE})
    assert of_audience.decode(token({"aud": "x", "azp": "y"}))
    with pytest.raises(InvalidTokenError):
        of_audience.decode(token({"aud": "x", "azp": "z"}))
    several = verifier(audience="x", rules={"azp": present_if_several("aud")})
    assert several.decode(token({"aud": ["x"]}))
    with pytest.raises(MissingRequiredClaimError):
        several.decode(token({"aud": ["x", "y"]}))


def test_the_first_broken_rule_is_the_error_after_the_checks_of_pyjwt():
    both = verifier(rules={"b": 1, "a": 1})
    with pytest.raises(MissingRequiredClaimError, match='"b"'):
        both.decode(token({}))
    with pytest.raises(rapidjwt.ExpiredSignatureError, match="Signature has expired"):
        both.decode(token({"exp": 1}))


@pytest.mark.parametrize("limit", [60, 60.0, dt.timedelta(minutes=1)])
def test_max_age_is_the_age_by_iat(limit):
    young = verifier(max_age=limit)
    now = int(time.time())
    assert young.decode(token({"iat": now - 50}))
    with pytest.raises(rapidjwt.ExpiredSignatureError, match='"iat" is too long ago'):
        young.decode(token({"iat": now - 70}))
    with pytest.raises(MissingRequiredClaimError):
        young.decode(token({}))
    assert verifier(max_age=limit, leeway=20).decode(token({"iat": now - 70}))
    text = verifier(max_age=limit, options={"verify_iat": False})
    with pytest.raises(rapidjwt.exceptions.InvalidIssuedAtError, match="must be a number"):
        text.decode(token({"iat": str(now)}))


def test_max_lifetime_is_the_time_from_iat_to_exp():
    short = verifier(max_lifetime=60)
    now = int(time.time())
    assert short.decode(token({"iat": now, "exp": now + 60}))
    with pytest.raises(InvalidTokenError, match="valid for too long"):
        short.decode(token({"iat": now, "exp": now + 61}))
    for claims in [{"iat": now}, {"exp": now + 60}]:
        with pytest.raises(MissingRequiredClaimError):
            short.decode(token(claims))


def test_within_is_the_age_of_any_time():
    recent = verifier(rules={"auth_time": within(dt.timedelta(minutes=1))})
    assert recent.decode(token({"auth_time": time.time() - 50}))
    with pytest.raises(rapidjwt.ExpiredSignatureError):
        recent.decode(token({"auth_time": time.time() - 70}))


def test_a_function_runs_last_and_gets_the_value():
    seen = []

    def check(value):
        seen.append(value)
        return True

    last = verifier(rules={"a": check, "b": 1})
    for claims in [{"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 1, "exp": 1}]:
        with pytest.raises(InvalidTokenError):
            last.decode(token(claims))
    with pytest.raises(rapidjwt.InvalidSignatureError):
        last.decode(rapidjwt.encode({"a": 1, "b": 1}, SECRET + "x"))
    assert seen == []
    last.decode(token({"a": {"c": [1]}, "b": 1}))
    assert seen == [{"c": [1]}]


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
def test_a_function_that_returns_no_bool_is_a_mistake():
    async def check(_value):
        return True

    for function, found in [(check, "coroutine"), (lambda _: 1, "int"), (lambda _: None, "None")]:
        with pytest.raises(TypeError, match=f"must return True or False, it returned {found}"):
            verifier(rules={"a": function}).decode(token({"a": 1}))
    gc.collect()


def test_an_exception_of_a_function_is_passed_on():
    def refuse(_value):
        raise InvalidTokenError("revoked")

    refusing = verifier(rules={"a": refuse})
    with pytest.raises(InvalidTokenError, match="revoked"):
        refusing.decode(token({"a": 1}))
    (result,) = refusing.decode_many([token({"a": 1})])
    assert isinstance(result, InvalidTokenError)
    failing = verifier(rules={"a": lambda value: value.missing})
    with pytest.raises(AttributeError):
        failing.decode(token({"a": 1}))
    with pytest.raises(AttributeError):
        next(failing.decode_many([token({"a": 1})]))


def test_rules_hold_on_every_path():
    good, bad = token({"a": 1}), token({"a": 2})
    for cached in [0, 10]:
        ruled = verifier(rules={"a": 1}, cache_size=cached)
        for _ in range(2):
            assert ruled.decode(good) == ruled.decode_complete(good)["payload"] == {"a": 1}
            many = [*ruled.decode_many([good, bad]), *ruled.decode_complete_many([bad])]
            assert many[0] == {"a": 1}
            assert [type(result) for result in many[1:]] == [InvalidTokenError] * 2
            for method in [ruled.decode, ruled.decode_complete]:
                with pytest.raises(InvalidTokenError):
                    method(bad)
            for method in [ruled.decode_async, ruled.decode_complete_async]:
                with pytest.raises(InvalidTokenError):
                    asyncio.run(method(bad))
    multi = MultiIssuerVerifier([verifier(issuer="me", rules={"a": 1})])
    assert multi.decode(token({"iss": "me", "a": 1}))
    with pytest.raises(InvalidTokenError):
        multi.decode(token({"iss": "me", "a": 2}))


def test_expecting_adds_rules_and_keeps_the_others():
    base = verifier(rules={"a": 1}, cache_size=10, max_token_size=500)
    narrow = base.expecting({"b": 2})
    assert narrow.decode(token({"a": 1, "b": 2}))
    for claims in [{"a": 1}, {"b": 2}, {"a": 1, "b": 1}]:
        with pytest.raises(InvalidTokenError):
            narrow.decode(token(claims))
    assert base.decode(token({"a": 1}))
    assert verifier().expecting({"b": 2}).decode(token({"b": 2}))
    assert base.cache_info() == narrow.cache_info()
    with pytest.raises(rapidjwt.DecodeError, match="more than 500 bytes"):
        narrow.decode("a" * 501)


def test_hashes_are_those_of_the_algorithm():
    known = {  # the left halves of SHA-256, SHA-384 and SHA-512 of "abc" (FIPS 180-4)
        "HS256": "ungWv48Bz-pBQUDeXa4iIw",
        "HS384": "ywB1P0WjXou1oD1pmsZQBycsMqsO3tFj",
        "HS512": "3a81oZNherrMQXNJriBBMRLm-k6JqX6iCp7u5ktV05o",
    }
    secret = SECRET * 3
    for algorithm in known:
        hashed = Verifier(secret, algorithms=[algorithm], rules={"at_hash": hash_of("abc")})
        for other, value in known.items():
            signed = rapidjwt.encode({"at_hash": value}, secret, algorithm)
            if other == algorithm:
                assert hashed.decode(signed) == {"at_hash": value}
            else:
                with pytest.raises(InvalidTokenError):
                    hashed.decode(signed)
    key = rapidjwt.Key.generate("EdDSA")
    edwards = Verifier(key, rules={"at_hash": hash_of(b"abc")})
    assert edwards.decode(rapidjwt.Signer(key).encode({"at_hash": known["HS512"]}))


@pytest.mark.parametrize(
    ("rules", "error", "message"),
    [
        ([], TypeError, "rules must be a dict of claims and rules, got list"),
        (
            {1: "a"},
            TypeError,
            "a rule is for the name of a claim, or for a tuple of names, got int",
        ),
        ({(): "a"}, TypeError, "for a tuple of names, got tuple"),
        ({("a", 1): "a"}, TypeError, "for a tuple of names, got tuple"),
        ({"a": None}, TypeError, 'the rule for "a" must be a JSON value, a rule of rapidjwt.rules'),
        ({"a": str}, TypeError, "or a function, got type"),
        ({"a": b"x"}, TypeError, "or a function, got bytes"),
        ({"a": object()}, TypeError, "or a function, got object"),
        ({"a": one_of({1})}, TypeError, "or a function, got set"),
        ({"a": float("nan")}, TypeError, "or a function, got float"),
        ({"a": 10**400}, TypeError, "or a function, got int"),
        ({"a": all_of(len)}, TypeError, "or a function, got builtin_function_or_method"),
        ({"a": checked_by("x")}, TypeError, "or a function, got str"),
        ({"a": Rule("is")}, ValueError, 'unknown test of a rule: "is"'),
        ({"a": Rule("kind", "str")}, ValueError, 'unknown kind: "str"'),
        ({"a": within(-1)}, TypeError, "max_age must be a number of seconds or a timedelta"),
        ({"a": hash_of(1)}, TypeError, "hash_of takes the text of a token or a code"),
    ],
    ids=str,
)
def test_a_wrong_rule_is_an_error_when_the_verifier_is_made(rules, error, message):
    with pytest.raises(error) as caught:
        verifier(rules=rules)
    assert message in str(caught.value)
    with pytest.raises(error):
        verifier().expecting(rules)


@pytest.mark.parametrize("limit", [-1, "60", None.__class__, float("nan"), float("inf")])
def test_a_wrong_limit_is_an_error_when_the_verifier_is_made(limit):
    for name in ["max_age", "max_lifetime"]:
        with pytest.raises(TypeError, match=f"{name} must be a number of seconds or a timedelta"):
            verifier(**{name: limit})


def test_a_rule_does_not_show_its_values():
    assert repr(one_of("s3cret")) == "<Rule 'one of'>"
    assert repr(optional("s3cret")) == "<Rule 'one of' optional>"


def test_a_verifier_that_its_own_function_holds_is_collected():
    class Check:
        def __call__(self, _value):
            return True

    check = Check()
    check.verifier = verifier(rules={"a": check})
    check.verifier.decode(token({"a": 1}))
    alive = weakref.ref(check)
    del check
    gc.collect()
    assert alive() is None
