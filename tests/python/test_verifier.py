"""`Verifier`: the results and errors of `rapidjwt.decode` with the same arguments."""

from __future__ import annotations

import asyncio
import copy
import datetime as dt
import hashlib
import hmac
import inspect
import json
import pickle
import re
import subprocess
import sys
import textwrap

import pytest
import rapidjwt
import time_machine
from differential.keys import (
    ALGORITHMS,
    HMAC_SECRET,
    private_keys,
    private_pem,
    public_pem,
    signing_key,
    verifying_key,
)
from differential.outcome import describe, outcome_of
from differential.strategies import base64url
from rapidjwt import InvalidKeyError, Key, PyJWK, Signer, Verifier

NOW = 1_800_000_000
NATIVE = [algorithm for algorithm in ALGORITHMS if algorithm != "ES521"]
HS256 = {"algorithms": ["HS256"]}
SIGNER = Signer(HMAC_SECRET, "HS256")


def raw_token(payload=b"{}", header=b'{"alg":"HS256"}', secret=HMAC_SECRET):
    signing_input = base64url(header) + b"." + base64url(payload)
    signature = hmac.digest(secret.encode(), signing_input, hashlib.sha256)
    return (signing_input + b"." + base64url(signature)).decode()


def token(**claims):
    return raw_token(json.dumps(claims).encode())


def changed(number, segment):
    segments = token(a=1).split(".")
    segments[number] = segment
    return ".".join(segments)


TOKENS = {
    "empty": "",
    "no dots": "abc",
    "one dot": "abc.def",
    "four segments": token() + ".x",
    "a space behind": token() + " ",
    "neither text nor bytes": 1,
    "None": None,
    "bytes": token(a=1).encode(),
    "bytes that are not UTF-8": b"\xff.\xff.\xff",
    "a subclass of str": type("S", (str,), {})(token(a=1)),
    "another secret": raw_token(secret="other" * 10),
    "a header that is not base64url": changed(0, "!!!!"),
    "a header that is a list": changed(0, base64url(b"[]").decode()),
    "no alg": raw_token(header=b"{}"),
    "an alg that is not allowed": raw_token(header=b'{"alg":"HS384"}'),
    "an unknown alg": raw_token(header=b'{"alg":"HS1"}'),
    "an alg of another case": raw_token(header=b'{"alg":"hs256"}'),
    "alg none": raw_token(header=b'{"alg":"none"}').rpartition(".")[0] + ".",
    "a kid that is a number": raw_token(header=b'{"alg":"HS256","kid":1}'),
    "a kid that nobody has": raw_token(header=b'{"alg":"HS256","kid":"x"}'),
    "an unknown crit": raw_token(header=b'{"alg":"HS256","crit":["x"],"x":1}'),
    "an empty crit": raw_token(header=b'{"alg":"HS256","crit":[]}'),
    "b64 false": raw_token(header=b'{"alg":"HS256","crit":["b64"],"b64":false}'),
    "other header parameters": raw_token(header=b'{"alg":"HS256","typ":"a","jku":"b","x":[1]}'),
    "a payload that is not base64url": changed(1, "!!!!"),
    "a payload that is empty": raw_token(b""),
    "a payload that is a list": raw_token(b"[]"),
    "a payload that is no JSON": raw_token(b"{'a':1}"),
    "a payload with a member twice": raw_token(b'{"a":1,"a":2}'),
    "a payload with a lone surrogate": raw_token(b'{"a":"\\ud800"}'),
    "a payload with a great int": raw_token(b'{"a":' + b"9" * 60 + b"}"),
    "a signature that is empty": changed(2, ""),
    "a signature that is not base64url": changed(2, "!!!!"),
    "a signature with padding": token() + "=",
    "a signature that is too short": token()[:-4],
    "no claims": token(),
    "all claims": token(
        iss="me", aud=["you", "them"], sub="user", jti="1", exp=NOW + 60, nbf=NOW, iat=NOW
    ),
    "one audience": token(iss="me", aud="you", sub="user", exp=NOW + 60),
    "another audience": token(aud="other"),
    "audiences that are numbers": token(aud=[1]),
    "another issuer": token(iss="other", aud="you"),
    "an issuer that is a number": token(iss=1, aud="you"),
    "another subject": token(sub="other", aud="you", iss="me"),
    "a subject that is a number": token(sub=1),
    "a jti that is a number": token(jti=1),
    "expired now": token(exp=NOW),
    "expired 30 seconds ago": token(exp=NOW - 30),
    "an exp that is text": token(exp="soon"),
    "an exp that is a numeric text": token(exp=str(NOW + 60)),
    "an exp that is null": token(exp=None),
    "valid in 30 seconds": token(nbf=NOW + 30),
    "issued in 30 seconds": token(iat=NOW + 30),
    "an iat that is text": token(iat="now"),
}
# Options that both accept, and the policy's own arguments.
POLICIES = {
    "none": {},
    "audience": {"audience": "you"},
    "audiences in a list": {"audience": ["them", "nobody"]},
    "audiences in a tuple": {"audience": ("nobody",)},
    "audiences in a set": {"audience": {"you"}},
    "no audience at all": {"audience": []},
    "issuer": {"audience": "you", "issuer": "me"},
    "issuers": {"audience": "you", "issuer": ["me", "other"]},
    "no issuer at all": {"issuer": []},
    "subject": {"audience": "you", "subject": "user"},
    "leeway": {"leeway": 31},
    "leeway as a float": {"leeway": 30.5},
    "leeway as a timedelta": {"leeway": dt.timedelta(seconds=31)},
    "negative leeway": {"leeway": -60, "audience": "you"},
    "require": {"options": {"require": ["exp", "sub"]}, "audience": "you"},
    "strict audience": {"options": {"strict_aud": True}, "audience": "you"},
    "strict audience in a list": {"options": {"strict_aud": True}, "audience": ["you"]},
    **{
        f"without {name}": {"options": {f"verify_{name}": False}}
        for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
    },
    "without anything": {
        "options": {
            f"verify_{name}": False for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")
        },
        "audience": "nobody",
        "issuer": "nobody",
        "subject": "nobody",
    },
}


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("compact", TOKENS.values(), ids=TOKENS)
def test_a_token_meets_the_fate_it_meets_in_decode(compact, policy):
    for cache_size in (0, 8):
        verifier = Verifier(HMAC_SECRET, **HS256, **policy, cache_size=cache_size)
        for name in ("decode", "decode_complete"):
            function = getattr(rapidjwt, name)
            expected = outcome_of(function, compact, HMAC_SECRET, **HS256, **policy)
            in_our_words(expected, compact)
            method = getattr(verifier, name)
            assert outcome_of(method, compact) == expected
            # The second time, the result comes from the cache.
            assert outcome_of(method, compact) == expected
        many = list(verifier.decode_many([compact]))
        assert outcome_of(raise_or_return, many[0]) == outcome_of(verifier.decode, compact)


#: What PyJWT says, and what a Verifier says instead: test_messages.py has them all.
OUR_WORDS = {
    ("Not enough segments", ""): "The token is empty",
    ("Invalid crypto padding", token() + " "): (
        "The token has white space around it: pass token.strip()"
    ),
    ("The specified alg value is not allowed", TOKENS["an alg that is not allowed"]): (
        "The token's alg HS384 is not allowed: this verifier accepts HS256"
    ),
    ("The specified alg value is not allowed", TOKENS["alg none"]): (
        "The token's alg none is not allowed: this verifier accepts HS256"
    ),
    ("Invalid token type. Token must be a <class 'bytes'>", None): (
        "The token must be str or bytes, got None"
    ),
    ("Invalid token type. Token must be a <class 'bytes'>", 1): (
        "The token must be str or bytes, got int"
    ),
}


def in_our_words(outcome, compact):
    """Replace the text of an error that is another one than in PyJWT."""
    if "error" in outcome:
        text = outcome["error"]["text"]
        if text == "Invalid audience":
            aud = rapidjwt.decode(compact, options={"verify_signature": False})["aud"]
            is_named = isinstance(aud, str) or (
                isinstance(aud, list) and all(isinstance(name, str) for name in aud)
            )
            named = repr(aud) if is_named else "an audience"
            ours = (
                f"The token is for {named} (aud), and the verifier was made without an audience: "
                "pass audience=..."
            )
        else:
            ours = OUR_WORDS.get((text, compact), text)
        if ours != text:
            outcome["error"] |= {"text": ours, "args": repr(describe((ours,)))}


def raise_or_return(result):
    if isinstance(result, BaseException):
        raise result
    return result


@pytest.mark.parametrize("header", [b"nope", b"", b'{"alg":"HS256"', b"\xff"])
def test_a_header_that_is_no_json_is_a_decode_error_in_other_words(header):
    with pytest.raises(rapidjwt.DecodeError, match=r"\AInvalid header string: "):
        Verifier(HMAC_SECRET, **HS256).decode(raw_token(header=header))


def test_a_token_with_a_certificate_chain_in_its_header_is_accepted():
    compact = rapidjwt.encode({"a": 1}, HMAC_SECRET, headers={"x5c": ["A" * 3000]})
    assert rapidjwt.decode(compact, HMAC_SECRET, **HS256) == {"a": 1}
    assert Verifier(HMAC_SECRET, **HS256).decode(compact) == {"a": 1}


def test_a_token_that_says_that_its_payload_is_encoded_is_accepted():
    compact = raw_token(header=b'{"alg":"HS256","b64":true,"crit":["b64"]}')
    assert rapidjwt.decode(compact, HMAC_SECRET, **HS256) == {}
    assert Verifier(HMAC_SECRET, **HS256).decode(compact) == {}


def test_b64_that_is_not_critical_is_refused_for_that():
    with pytest.raises(rapidjwt.InvalidTokenError, match="requires 'b64' to be listed in 'crit'"):
        Verifier(HMAC_SECRET, **HS256).decode(raw_token(b"", header=b'{"alg":"HS256","b64":false}'))


@pytest.mark.parametrize("algorithm", NATIVE)
def test_it_verifies_every_algorithm_with_every_form_of_the_key(algorithm):
    compact = rapidjwt.encode({"a": 1}, signing_key(algorithm), algorithm)
    text = verifying_key(algorithm)
    forms = [text, text.encode()]
    if algorithm.startswith("HS"):
        forms.append(Key.from_secret(text))
    else:
        key = Key.from_pem(text)
        forms += [
            key,
            PyJWK(key.to_jwk(), algorithm),
            private_keys()[ALGORITHMS[algorithm]].public_key(),
        ]
    for form in forms:
        verifier = Verifier(form, algorithms=[algorithm])
        assert verifier.decode(compact) == {"a": 1}
        complete = rapidjwt.decode_complete(compact, text, [algorithm])
        assert verifier.decode_complete(compact) == complete
        tampered = compact[:-20] + ("A" if compact[-20] != "A" else "B") + compact[-19:]
        with pytest.raises(rapidjwt.InvalidSignatureError, match="Signature verification failed"):
            verifier.decode(tampered)


def test_each_result_is_the_callers_own():
    verifier = Verifier(HMAC_SECRET, **HS256, cache_size=4)
    compact = token(a=[1])
    verifier.decode(compact)["a"].append(2)
    verifier.decode_complete(compact)["header"]["alg"] = "none"
    assert verifier.decode(compact) == {"a": [1]}
    assert verifier.decode_complete(compact)["header"] == {"alg": "HS256"}


def test_require_and_the_option_of_that_name_add_up():
    verifier = Verifier(HMAC_SECRET, **HS256, require=("a",), options={"require": ["b"]})
    assert verifier.decode(token(a=1, b=1)) == {"a": 1, "b": 1}
    for claims, missing in (({"a": 1}, "b"), ({"b": 1}, "a"), ({"a": None, "b": 1}, "a")):
        with pytest.raises(rapidjwt.MissingRequiredClaimError, match=f'missing the "{missing}"'):
            verifier.decode(token(**claims))


@pytest.mark.parametrize("collection", [list, tuple, set, frozenset])
def test_collections_of_strings_may_be_of_any_usual_kind(collection):
    verifier = Verifier(
        HMAC_SECRET,
        algorithms=collection(["HS256"]),
        audience=collection(["you"]),
        issuer=collection(["me"]),
        require=collection(["iss"]),
    )
    claims = {"iss": "me", "aud": "you"}
    assert verifier.decode(token(**claims)) == claims


def test_changing_the_arguments_later_changes_no_verdict():
    algorithms, audience, issuer, require = ["HS256"], ["you"], ["me"], ["exp"]
    options = {"verify_sub": True, "require": ["sub"]}
    keys = [HMAC_SECRET]
    verifier = Verifier(
        keys,
        algorithms=algorithms,
        audience=audience,
        issuer=issuer,
        require=require,
        options=options,
    )
    keys.append("another secret of more than thirty-two bytes")
    algorithms.append("HS512")
    audience.append("other")
    issuer.append("other")
    require.clear()
    options.update(verify_signature=False, verify_exp=False, verify_sub=False, require=[])
    good = {"iss": "me", "aud": "you", "sub": "user", "exp": NOW + 1}
    assert verifier.decode(token(**good)) == good
    for wrong in ({"iss": "other"}, {"aud": "other"}, {"sub": 1}, {"exp": NOW - 1}, {"exp": None}):
        with pytest.raises(rapidjwt.InvalidTokenError):
            verifier.decode(token(**good | wrong))


@pytest.mark.parametrize(
    "options", [{"verify_signature": False}, {"verify_signature": False, "a": 1}]
)
def test_a_verifier_that_does_not_verify_is_refused(options):
    with pytest.raises(ValueError, match=r"\AA Verifier always verifies"):
        Verifier(HMAC_SECRET, **HS256, options=options)


@pytest.mark.parametrize(
    ("key", "arguments", "error", "message"),
    [
        (HMAC_SECRET, {}, ValueError, "algorithms is needed"),
        (public_pem("P-256"), {}, ValueError, "algorithms is needed"),
        (Key.from_pem(public_pem("P-256")), {}, ValueError, "algorithms is needed"),
        (HMAC_SECRET, {"algorithms": []}, ValueError, "algorithms is empty"),
        (HMAC_SECRET, {"algorithms": "HS256"}, TypeError, "algorithms must be a list"),
        (HMAC_SECRET, {"algorithms": [1]}, TypeError, "algorithms must be a list"),
        (HMAC_SECRET, {"algorithms": {"HS256": 1}}, TypeError, "algorithms must be a list"),
        (HMAC_SECRET, {"algorithms": ["none"]}, ValueError, "nor verify a token"),
        (HMAC_SECRET, {"algorithms": ["HS256", "none"]}, ValueError, "nor verify a token"),
        (HMAC_SECRET, {"algorithms": ["hs256"]}, ValueError, 'did you mean "HS256"'),
        ("", HS256, InvalidKeyError, "HMAC key must not be empty."),
        (None, HS256, TypeError, "either key or jwks"),
        (1, {"algorithms": ["RS256"]}, TypeError, "object of cryptography, got int"),
        (public_pem("P-256"), HS256, InvalidKeyError, "needs a shared secret"),
        (public_pem("P-256"), {"algorithms": ["RS256"]}, InvalidKeyError, ""),
        (public_pem("P-256"), {"algorithms": ["ES384"]}, InvalidKeyError, "an EC key on P-256"),
        (private_pem("RSA-1024"), {"algorithms": ["RS256"]}, InvalidKeyError, "2048"),
        (public_pem("Ed448"), {"algorithms": ["Ed25519"]}, InvalidKeyError, "this is an Ed448 key"),
        (HMAC_SECRET, {**HS256, "audience": 1}, TypeError, "audience must be"),
        (HMAC_SECRET, {**HS256, "audience": [1]}, TypeError, "audience must be"),
        (HMAC_SECRET, {**HS256, "issuer": 1}, TypeError, "issuer must be"),
        (HMAC_SECRET, {**HS256, "issuer": iter(["a"])}, TypeError, "issuer must be"),
        (HMAC_SECRET, {**HS256, "subject": 1}, TypeError, "str"),
        (HMAC_SECRET, {**HS256, "leeway": "1"}, TypeError, "leeway must be"),
        (HMAC_SECRET, {**HS256, "leeway": True}, TypeError, "leeway must be"),
        (HMAC_SECRET, {**HS256, "leeway": float("inf")}, TypeError, "leeway must be"),
        (HMAC_SECRET, {**HS256, "require": "exp"}, TypeError, "require must be"),
        (HMAC_SECRET, {**HS256, "require": [1]}, TypeError, "require must be"),
        (HMAC_SECRET, {**HS256, "options": []}, TypeError, "options must be"),
        (HMAC_SECRET, {**HS256, "options": {"verify_exp": 1}}, TypeError, "options must be"),
        (HMAC_SECRET, {**HS256, "options": {"require": "exp"}}, TypeError, "options must be"),
        (HMAC_SECRET, {**HS256, "options": {1: True}}, TypeError, "options must be"),
        (HMAC_SECRET, {**HS256, "cache_size": "1"}, TypeError, ""),
        (HMAC_SECRET, {**HS256, "unknown": 1}, TypeError, "unknown"),
    ],
)
def test_wrong_arguments_are_refused_at_once(key, arguments, error, message):
    with pytest.raises(error) as raised:
        Verifier(key, **arguments)
    assert type(raised.value) is error
    assert message in str(raised.value)


def test_the_algorithms_are_a_named_argument():
    with pytest.raises(TypeError):
        Verifier(HMAC_SECRET, ["HS256"])


def test_a_negative_cache_size_is_a_value_error():
    with pytest.raises(ValueError, match="cache_size"):
        Verifier(HMAC_SECRET, **HS256, cache_size=-1)


def test_a_leeway_that_is_not_a_number_does_not_let_expired_tokens_in():
    with pytest.raises((TypeError, ValueError, rapidjwt.ExpiredSignatureError)):
        Verifier(HMAC_SECRET, **HS256, leeway=float("nan")).decode(token(exp=1))


def test_a_public_key_is_no_secret_where_several_algorithms_are_allowed():
    verifier = Verifier(public_pem("RSA-2048"), algorithms=["HS256", "RS256"])
    compact = rapidjwt.encode({"a": 1}, private_pem("RSA-2048"), "RS256")
    assert verifier.decode(compact) == {"a": 1}
    with pytest.raises(rapidjwt.InvalidAlgorithmError):
        verifier.decode(raw_token(secret=public_pem("RSA-2048")))


def test_a_short_secret_is_warned_about_once_when_the_verifier_is_made(recwarn):
    with pytest.warns(rapidjwt.InsecureKeyLengthWarning, match="5 bytes") as caught:
        verifier = Verifier("short", **HS256)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    verifier.decode(raw_token(secret="short"))
    assert not recwarn.list


def test_a_short_secret_is_refused_where_the_minimum_length_is_enforced():
    options = {"enforce_minimum_key_length": True}
    with pytest.raises(InvalidKeyError, match="5 bytes long, which is below the minimum"):
        Verifier("short", **HS256, options=options)
    verifier = Verifier(HMAC_SECRET[:32], **HS256, options=options)
    assert verifier.decode(raw_token(secret=HMAC_SECRET[:32])) == {}
    with pytest.raises(InvalidKeyError):
        Verifier([HMAC_SECRET, HMAC_SECRET[:31]], **HS256, options=options)


@pytest.mark.parametrize("name", ["key", "algorithms", "leeway", "audience", "decode", "other"])
def test_a_verifier_cannot_be_changed(name):
    verifier = Verifier(HMAC_SECRET, **HS256)
    with pytest.raises(AttributeError):
        setattr(verifier, name, None)
    with pytest.raises(TypeError):
        type("Own", (Verifier,), {})


def test_a_verifier_is_not_pickled_is_its_own_copy_and_its_repr_holds_no_secret():
    verifier = Verifier(HMAC_SECRET, **HS256)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError):
            pickle.dumps(verifier, protocol)
    for duplicate in (copy.copy, copy.deepcopy):
        assert duplicate(verifier) is verifier
    assert HMAC_SECRET not in repr(verifier) + str(verifier)


@pytest.mark.parametrize("method", ["decode", "decode_complete"])
def test_with_keys_in_memory_the_coroutines_give_what_the_methods_give(method):
    verifier = Verifier(HMAC_SECRET, **HS256)
    coroutine = getattr(verifier, method + "_async")
    assert asyncio.run(coroutine(raw_token())) == getattr(verifier, method)(raw_token())
    with pytest.raises(rapidjwt.DecodeError, match="Not enough segments"):
        asyncio.run(coroutine("garbage"))


@pytest.mark.parametrize("arguments", [(), ("a", "b")])
@pytest.mark.parametrize(
    ("method", "name"),
    [(Verifier(HMAC_SECRET, **HS256).decode, "token"), (SIGNER.encode, "claims")],
)
def test_methods_of_one_argument_say_which(method, name, arguments):
    for call in (
        lambda: method(*arguments),
        lambda: method(other="a"),
        lambda: method({}, **{name: {}}),
    ):
        with pytest.raises(TypeError, match=rf"takes exactly one argument: {name}"):
            call()


def test_methods_of_one_argument_take_it_by_name_and_are_documented():
    verifier = Verifier(HMAC_SECRET, **HS256)
    assert verifier.decode(token=SIGNER.encode(claims={"a": 1})) == {"a": 1}
    for method, signature in [
        (Verifier.decode, "(self, token)"),
        (Signer.encode, "(self, claims)"),
    ]:
        assert re.sub(", /", "", str(inspect.signature(method))) == signature
        assert method.__doc__
        with pytest.raises(TypeError):
            method("no object of the class", {})


def test_clients_are_imported_when_they_are_asked_for():
    code = """
        import sys, rapidjwt
        assert "ssl" not in sys.modules and "rapidjwt.jwks" not in sys.modules
        assert rapidjwt.KeySet is rapidjwt.key_set.KeySet
        assert rapidjwt.PyJWKClient.__module__ == "rapidjwt.jwks_client"
        from rapidjwt import AsyncJWKSClient, JWKSClient, types
        assert rapidjwt.jwks.JWKSClient is JWKSClient
        assert not hasattr(rapidjwt, "JWKSclient")
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)
