"""`Signer`: the tokens of `rapidjwt.encode`, with omitted claims filled in."""

from __future__ import annotations

import collections
import copy
import datetime as dt
import decimal
import json
import pickle
import uuid

import pytest
import rapidjwt
import time_machine
from differential.keys import (
    ALGORITHMS,
    DETERMINISTIC,
    HMAC_SECRET,
    private_keys,
    private_pem,
    public_pem,
    signing_key,
    verifying_key,
)
from rapidjwt import InvalidKeyError, Key, PyJWK, Signer

NOW = 1_800_000_000
UTC = dt.timezone.utc
JWK = Key.from_pem(private_pem("P-256")).to_jwk(private=True)
NATIVE = [algorithm for algorithm in ALGORITHMS if algorithm != "ES521"]
CLAIMS = {
    "none": {},
    "every registered one": {
        "iss": "me",
        "aud": ["you", "them"],
        "sub": "user",
        "jti": "1",
        "exp": NOW + 60,
        "nbf": NOW,
        "iat": NOW,
    },
    "datetimes": {"exp": dt.datetime(2030, 1, 1, tzinfo=UTC), "iat": dt.datetime(2020, 1, 1)},  # noqa: DTZ001
    "all of JSON": {"a": [1, -2.5, True, False, None, {"b": {}}], "c": 10**40, "d": 1e300},
    "text": {"Zoë \U0001f600": '"\\\n\0\x7f\u2028', "e": ""},
    "a lone surrogate": {"a": "\ud800"},
    "not a number": {"a": float("nan"), "b": float("inf")},
    "keys that are no text": {0: 2, None: 3, True: 4},
    "a subclass of dict": collections.OrderedDict(b=1, a=2),
    "a tuple": {"a": (1, 2)},
    "subclasses of str and int": {"a": type("S", (str,), {})("x"), "b": type("I", (int,), {})(7)},
}


def unverified(token):
    return rapidjwt.decode(token, options={"verify_signature": False})


@pytest.fixture
def now():
    with time_machine.travel(NOW, tick=False):
        yield NOW


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS)
@pytest.mark.parametrize(
    "headers", [None, {}, {"kid": "1", "a": [1]}, {"typ": "at+jwt"}, {"typ": None}]
)
def test_it_writes_the_token_that_encode_writes(claims, headers):
    signer = Signer(HMAC_SECRET, "HS256", headers=headers)
    assert signer.encode(claims) == rapidjwt.encode(claims, HMAC_SECRET, "HS256", headers)


class Encoder(json.JSONEncoder):
    def default(self, o):
        if isinstance(o, (uuid.UUID, decimal.Decimal)):
            return str(o)
        return o.isoformat() if isinstance(o, dt.date) else super().default(o)


RICH = {"id": uuid.UUID(int=7), "n": decimal.Decimal("1.10"), "day": dt.date(2026, 11, 29)}


@pytest.mark.parametrize("claims", [RICH, RICH | CLAIMS["datetimes"], CLAIMS["all of JSON"]])
@pytest.mark.parametrize("headers", [None, {"x": RICH, "kid": "1"}])
def test_an_encoder_writes_what_json_does_not_have(claims, headers):
    signer = Signer(HMAC_SECRET, "HS256", headers=headers, json_encoder=Encoder)
    expected = rapidjwt.encode(claims, HMAC_SECRET, "HS256", headers, json_encoder=Encoder)
    assert signer.encode(claims) == expected


def test_an_encoder_leaves_the_filling_in_as_it_is(now):
    signer = Signer(HMAC_SECRET, "HS256", issuer="me", lifetime=60, json_encoder=Encoder)
    filled = {"id": str(RICH["id"]), "iss": "me", "iat": now, "exp": now + 60}
    assert unverified(signer.encode({"id": RICH["id"]})) == filled
    with pytest.raises(TypeError, match="not JSON serializable"):
        signer.encode({"a": object()})
    with pytest.raises(TypeError, match=r"Issuer \(iss\) must be a string"):
        signer.encode({"iss": 7})


@pytest.mark.parametrize("wrong", [Encoder(), len])
def test_an_encoder_is_a_class(wrong):
    with pytest.raises(TypeError, match=r"json_encoder must be a subclass of json.JSONEncoder"):
        Signer(HMAC_SECRET, "HS256", json_encoder=wrong)


@pytest.mark.parametrize("algorithm", NATIVE)
def test_it_signs_with_every_algorithm(algorithm):
    key = signing_key(algorithm)
    token = Signer(key, algorithm).encode({"a": 1})
    assert rapidjwt.decode(token, verifying_key(algorithm), [algorithm]) == {"a": 1}
    assert rapidjwt.get_unverified_header(token) == {"alg": algorithm, "typ": "JWT"}
    if algorithm in DETERMINISTIC:
        assert token == rapidjwt.encode({"a": 1}, key, algorithm)


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS)
def test_a_token_with_filled_in_claims_is_that_of_encode_with_all_claims(claims, now):
    signer = Signer(HMAC_SECRET, "HS256", issuer="Zoë", audience=["a", "b"])
    token = signer.encode(claims)
    whole = {**claims}
    whole.setdefault("iss", "Zoë")
    whole.setdefault("aud", ["a", "b"])
    assert token == rapidjwt.encode(whole, HMAC_SECRET, "HS256")


@pytest.mark.parametrize(
    ("arguments", "claims", "filled"),
    [
        ({}, {}, {}),
        ({"issuer": "me"}, {}, {"iss": "me"}),
        ({"issuer": "me"}, {"iss": "other"}, {}),
        ({"audience": "you"}, {}, {"aud": "you"}),
        ({"audience": ["a", "b"]}, {}, {"aud": ["a", "b"]}),
        ({"audience": ("a", "b")}, {}, {"aud": ["a", "b"]}),
        ({"audience": "you"}, {"aud": ["other"]}, {}),
        ({"audience": "you"}, {"aud": None}, {}),
        ({"issued_at": True}, {}, {"iat": NOW}),
        ({"issued_at": True}, {"iat": 5}, {}),
        ({"lifetime": 60}, {}, {"iat": NOW, "exp": NOW + 60}),
        ({"lifetime": 60.9}, {}, {"iat": NOW, "exp": NOW + 60}),
        ({"lifetime": dt.timedelta(minutes=1)}, {}, {"iat": NOW, "exp": NOW + 60}),
        ({"lifetime": 60}, {"iat": 5}, {"exp": 65}),
        ({"lifetime": 60}, {"iat": dt.datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)}, {"exp": 65}),
        ({"lifetime": 60}, {"exp": 7}, {"iat": NOW}),
        ({"lifetime": 60}, {"exp": None}, {"iat": NOW}),
        ({"lifetime": 60}, {"iat": 5, "exp": 7}, {}),
        ({"lifetime": 60, "issued_at": False}, {}, {"iat": NOW, "exp": NOW + 60}),
        ({"jwt_id": True}, {"jti": "own"}, {}),
        ({"jwt_id": True}, {"jti": None}, {}),
    ],
)
def test_claims_are_filled_in_and_never_overridden(arguments, claims, filled, now):
    for extra in ({}, {"a": "\ud800"}):
        token = Signer(HMAC_SECRET, "HS256", **arguments).encode({**claims, **extra})
        own = {
            name: int(value.timestamp()) if isinstance(value, dt.datetime) else value
            for name, value in claims.items()
        }
        assert unverified(token) == {**own, **extra, **filled}


@pytest.mark.parametrize(
    ("arguments", "claims"),
    [
        ({"issued_at": True}, {"iat": 1.5}),
        ({"issued_at": True}, {"iat": None}),
        ({"lifetime": 60}, {"iat": 1.5, "exp": 7}),
    ],
)
def test_an_own_iat_of_any_kind_stays_where_no_exp_is_computed_from_it(arguments, claims):
    token = Signer(HMAC_SECRET, "HS256", **arguments).encode(claims)
    assert unverified(token) == claims


@pytest.mark.parametrize("iat", [1.5, "5", None, 10**30, [1]])
def test_exp_is_not_computed_from_an_iat_that_is_no_int(iat):
    with pytest.raises(TypeError, match=r"\Aiat must be an int or a datetime"):
        Signer(HMAC_SECRET, "HS256", lifetime=60).encode({"iat": iat})


@pytest.mark.parametrize("extra", [{}, {"a": "\ud800"}])
def test_each_token_has_a_jwt_id_of_its_own(extra):
    signer = Signer(HMAC_SECRET, "HS256", jwt_id=True)
    ids = {unverified(signer.encode(extra))["jti"] for _ in range(200)}
    assert len(ids) == 200
    assert all(len(rapidjwt.utils.base64url_decode(one)) == 16 for one in ids)


def test_the_time_is_that_of_each_call():
    signer = Signer(HMAC_SECRET, "HS256", lifetime=60)
    for second in (NOW, NOW + 1000):
        with time_machine.travel(second + 0.75, tick=False):
            assert unverified(signer.encode({})) == {"iat": second, "exp": second + 60}


@pytest.mark.parametrize(
    "extra", [{}, {"a": "\ud800"}, {"exp": dt.datetime(2030, 1, 1, tzinfo=UTC)}]
)
def test_the_callers_dict_stays_as_it_is(extra):
    claims = {"sub": "user", "nested": {"a": [1]}, **extra}
    before = copy.deepcopy(claims)
    Signer(HMAC_SECRET, "HS256", issuer="me", audience="you", lifetime=9, jwt_id=True).encode(
        claims
    )
    assert claims == before
    assert list(claims) == list(before)


def test_changing_the_arguments_later_changes_no_token():
    headers, audience = {"kid": "1"}, ["a"]
    signer = Signer(HMAC_SECRET, "HS256", headers=headers, audience=audience)
    before = signer.encode({})
    headers["kid"] = "2"
    audience.append("b")
    assert signer.encode({}) == before


def test_changing_the_audience_later_changes_no_unusual_token():
    audience = ["a"]
    signer = Signer(HMAC_SECRET, "HS256", audience=audience)
    audience.append("b")
    assert unverified(signer.encode({"x": "\ud800"}))["aud"] == ["a"]


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (Key.from_secret(HMAC_SECRET), "HS256"),
        (Key.from_pem(private_pem("RSA-2048")), "RS256"),
        (Key.from_pem(private_pem("P-256")), "ES256"),
        (Key.from_pem(private_pem("P-384")), "ES384"),
        (Key.from_pem(private_pem("P-521")), "ES512"),
        (Key.from_pem(private_pem("secp256k1")), "ES256K"),
        (Key.from_pem(private_pem("Ed25519")), "EdDSA"),
        (Key.from_jwk({"kty": "oct", "k": "A" * 86, "alg": "HS512"}), "HS512"),
        (PyJWK(JWK), "ES256"),
        (PyJWK({**JWK, "alg": "ES256"}), "ES256"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_key_that_says_what_it_is_for_needs_no_algorithm(key, algorithm):
    token = Signer(key).encode({})
    assert rapidjwt.get_unverified_header(token) == {"alg": algorithm, "typ": "JWT"}


def test_a_pyjwk_with_a_shared_secret_signs():
    key = PyJWK({"kty": "oct", "k": "A" * 86})
    assert Signer(key).encode({}) == rapidjwt.encode({}, key)


@pytest.mark.parametrize("kind", [Key.from_jwk, PyJWK])
def test_the_keys_id_goes_into_the_header_unless_headers_have_one(kind):
    key = kind({**JWK, "kid": "1"})
    header = rapidjwt.get_unverified_header
    assert header(Signer(key).encode({}))["kid"] == "1"
    assert header(Signer(key, headers={"kid": "2"}).encode({}))["kid"] == "2"


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256", "EdDSA"])
def test_every_form_of_a_key_signs(algorithm):
    text = signing_key(algorithm)
    forms = [text, text.encode()]
    if algorithm == "HS256":
        forms.append(Key.from_secret(text))
    else:
        forms += [Key.from_pem(text), private_keys()[ALGORITHMS[algorithm]]]
    for form in forms:
        token = Signer(form, algorithm).encode({"a": 1})
        assert rapidjwt.decode(token, verifying_key(algorithm), [algorithm]) == {"a": 1}


@pytest.mark.parametrize(
    ("key", "arguments", "error", "message"),
    [
        (HMAC_SECRET, {}, ValueError, "algorithm is needed"),
        (private_pem("P-256"), {}, ValueError, "algorithm is needed"),
        (HMAC_SECRET, {"algorithm": "none"}, ValueError, "can neither sign"),
        (HMAC_SECRET, {"algorithm": "hs256"}, ValueError, 'did you mean "HS256"'),
        (HMAC_SECRET, {"algorithm": ""}, ValueError, "is signed with one of HS256"),
        (HMAC_SECRET, {"algorithm": 1}, TypeError, ""),
        ("", {"algorithm": "HS256"}, InvalidKeyError, "HMAC key must not be empty."),
        (None, {"algorithm": "HS256"}, TypeError, "object of cryptography, got None"),
        (1, {"algorithm": "RS256"}, TypeError, "object of cryptography, got int"),
        (HMAC_SECRET, {"algorithm": "RS256"}, InvalidKeyError, ""),
        (private_pem("P-256"), {"algorithm": "RS256"}, InvalidKeyError, ""),
        (private_pem("P-256"), {"algorithm": "ES384"}, InvalidKeyError, "an EC key on P-256"),
        (public_pem("RSA-2048"), {"algorithm": "RS256"}, InvalidKeyError, "a private key"),
        (public_pem("P-256"), {"algorithm": "ES256"}, InvalidKeyError, "a private key"),
        (public_pem("RSA-2048"), {"algorithm": "HS256"}, InvalidKeyError, "needs a shared secret"),
        (Key.from_pem(public_pem("P-256")), {}, InvalidKeyError, "a private key"),
        (private_pem("RSA-1024"), {"algorithm": "RS256"}, InvalidKeyError, "2048"),
        (private_pem("Ed448"), {"algorithm": "Ed25519"}, InvalidKeyError, "this is an Ed448 key"),
        (HMAC_SECRET, {"algorithm": "HS256", "headers": []}, TypeError, ""),
        (HMAC_SECRET, {"algorithm": "HS256", "headers": {"a": object()}}, TypeError, "JSON"),
        (HMAC_SECRET, {"algorithm": "HS256", "headers": {"alg": "HS256"}}, ValueError, '"alg"'),
        (HMAC_SECRET, {"algorithm": "HS256", "headers": {"b64": False}}, ValueError, '"b64"'),
        (HMAC_SECRET, {"algorithm": "HS256", "headers": {"crit": ["x"]}}, ValueError, '"crit"'),
        (
            HMAC_SECRET,
            {"algorithm": "HS256", "headers": {"kid": 1}},
            rapidjwt.InvalidTokenError,
            "Key ID header parameter must be a string",
        ),
        (HMAC_SECRET, {"algorithm": "HS256", "issuer": 1}, TypeError, ""),
        (HMAC_SECRET, {"algorithm": "HS256", "audience": 1}, TypeError, "audience must be"),
        (HMAC_SECRET, {"algorithm": "HS256", "audience": [1]}, TypeError, "audience must be"),
        *(
            (HMAC_SECRET, {"algorithm": "HS256", "lifetime": wrong}, ValueError, "lifetime must be")
            for wrong in (0, -1, "60", True, float("nan"), float("inf"), dt.timedelta(0), 1e300)
        ),
        (HMAC_SECRET, {"algorithm": "HS256", "unknown": 1}, TypeError, "unknown"),
    ],
)
def test_wrong_arguments_are_refused_at_once(key, arguments, error, message):
    with pytest.raises(error) as raised:
        Signer(key, **arguments)
    assert message in str(raised.value)
    assert type(raised.value) is error


def test_a_lifetime_of_less_than_a_second_is_refused():
    with pytest.raises(ValueError, match="lifetime"):
        Signer(HMAC_SECRET, "HS256", lifetime=0.5)


def test_a_set_of_audiences_is_refused_as_it_has_no_order():
    with pytest.raises(TypeError, match="audience must be"):
        Signer(HMAC_SECRET, "HS256", audience={"a"})


def test_a_key_that_names_its_algorithm_signs_with_no_other():
    jwk = Key.from_pem(private_pem("RSA-2048")).to_jwk(private=True) | {"alg": "RS256"}
    with pytest.raises((TypeError, InvalidKeyError)):
        Signer(PyJWK(jwk), "PS256")


def test_a_native_key_that_names_its_algorithm_signs_with_no_other():
    jwk = Key.from_pem(private_pem("RSA-2048")).to_jwk(private=True) | {"alg": "RS256"}
    with pytest.raises(InvalidKeyError):
        Signer(Key.from_jwk(jwk), "PS256")


@pytest.mark.parametrize(
    ("claims", "error", "message"),
    [
        (None, TypeError, "Expecting a dict object, as JWT only supports JSON objects"),
        ([], TypeError, "Expecting a dict object"),
        ("{}", TypeError, "Expecting a dict object"),
        ({"iss": 1}, TypeError, "Issuer (iss) must be a string."),
        ({"iss": None}, TypeError, "Issuer (iss) must be a string."),
        ({"a": object()}, TypeError, "not JSON serializable"),
        ({"a": b"bytes"}, TypeError, "not JSON serializable"),
        ({(1, 2): 1}, TypeError, "keys must be"),
    ],
)
def test_claims_that_are_not_json_are_refused_as_by_encode(claims, error, message):
    for signer in (
        Signer(HMAC_SECRET, "HS256"),
        Signer(HMAC_SECRET, "HS256", issuer="me", jwt_id=True),
    ):
        with pytest.raises(error) as raised:
            signer.encode(claims)
        assert message in str(raised.value)
    with pytest.raises(error) as expected:
        rapidjwt.encode(claims, HMAC_SECRET, "HS256")
    assert str(expected.value) == str(raised.value)


def test_claims_that_contain_themselves_are_refused():
    claims = {}
    claims["a"] = claims
    with pytest.raises(ValueError, match="Circular"):
        Signer(HMAC_SECRET, "HS256").encode(claims)


def test_a_short_secret_is_warned_about_once_when_the_signer_is_made(recwarn):
    with pytest.warns(rapidjwt.InsecureKeyLengthWarning, match="5 bytes") as caught:
        signer = Signer("short", "HS256")
    assert len(caught) == 1
    assert caught[0].filename == __file__
    signer.encode({})
    assert not recwarn.list


@pytest.mark.parametrize("name", ["key", "algorithm", "issuer", "lifetime", "encode", "other"])
def test_a_signer_cannot_be_changed(name):
    signer = Signer(HMAC_SECRET, "HS256")
    with pytest.raises(AttributeError):
        setattr(signer, name, None)
    with pytest.raises(TypeError):
        type("Own", (Signer,), {})


def test_a_signer_is_not_pickled_is_its_own_copy_and_its_repr_holds_no_secret():
    signer = Signer(HMAC_SECRET, "HS256")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError):
            pickle.dumps(signer, protocol)
    for duplicate in (copy.copy, copy.deepcopy):
        assert duplicate(signer) is signer
    assert HMAC_SECRET not in repr(signer) + str(signer)
