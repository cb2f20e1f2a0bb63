"""Keys with times of validity: `HistoricalKeys`, and what everything else makes of such JWKs."""

from __future__ import annotations

import asyncio
import base64
import json
import pickle

import pytest
import rapidjwt
import time_machine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rapidjwt import (
    HistoricalKeys,
    InvalidKeyError,
    InvalidTokenError,
    Key,
    KeySet,
    PyJWKSetError,
    PyJWTError,
    Verifier,
    VerifierSpec,
    arrow,
)

pa = pytest.importorskip("pyarrow")

NOW = 1_900_000_000
OLD, NEW = (Key.generate("ES256", kid=kid) for kid in ("old", "new"))
#: A key that has expired, and one that was revoked.
JWKS = {
    "keys": [
        OLD.public().to_jwk() | {"iat": NOW - 100, "nbf": NOW - 100, "exp": NOW},
        NEW.public().to_jwk() | {"nbf": NOW - 10, "revoked": {"revoked_at": NOW + 50}},
    ]
}


def token(key, **claims):
    return rapidjwt.encode({"sub": "a"} | claims, key, "ES256", headers={"kid": key.kid})


@pytest.mark.parametrize("moment", [NOW - 1000, NOW + 1000])
def test_a_key_set_ignores_times_of_keys_as_pyjwt_does(moment):
    verifier = Verifier(KeySet.from_jwks(JWKS), algorithms=["ES256"])
    tokens = [token(OLD), token(NEW)]
    assert verifier.decode(tokens[0]) == {"sub": "a"}
    assert rapidjwt.PyJWKSet.from_dict(JWKS)["old"].key_id == "old"
    table = pa.table(arrow.verify(verifier, pa.array(tokens), at=moment))
    assert table["valid"].to_pylist() == [True, True]


VERIFIER = Verifier(HistoricalKeys(JWKS), algorithms=["ES256"])
#: What `decode` says of a token of each key at a time; None if it accepts it.
SAID = [
    (OLD, NOW - 101, f"The key of the token is not valid yet: its nbf is {NOW - 100}"),
    (OLD, NOW - 100, None),
    (OLD, NOW - 1, None),
    (OLD, NOW, f"The key of the token has expired: its exp is {NOW}"),
    (NEW, NOW - 11, f"The key of the token is not valid yet: its nbf is {NOW - 10}"),
    (NEW, NOW + 49, None),
    (NEW, NOW + 50, f"The key of the token was revoked: its revoked_at is {NOW + 50}"),
]
#: The class and the code of an error about a key that is not known.
UNKNOWN = (InvalidTokenError, "unknown_key")


def said(call):
    """Return the text of the error; None without one."""
    try:
        call()
    except InvalidTokenError as error:
        return str(error) if (type(error), error.code) == UNKNOWN else repr(error)
    return None


@pytest.mark.parametrize(("key", "moment", "text"), SAID)
def test_a_token_is_refused_outside_the_time_of_its_key(key, moment, text):
    one = token(key)
    with time_machine.travel(moment, tick=False):
        assert said(lambda: VERIFIER.decode(one)) == text
        assert said(lambda: VERIFIER.decode_complete(one)) == text
        assert said(lambda: asyncio.run(VERIFIER.decode_async(one))) == text
        (result,) = VERIFIER.decode_many([one])
        assert (str(result) if text else None) == text
    table = pa.table(arrow.verify(VERIFIER, pa.array([one]), at=moment))
    assert table["error"].to_pylist() == [text and "unknown_key"]


def test_each_row_has_the_keys_of_its_time():
    tokens = [token(key) for key, _, _ in SAID]
    tokens[1:4] = [tokens[1]] * 3  # equal tokens, verified with different keys
    moments = pa.array([moment for _, moment, _ in SAID])
    table = pa.table(arrow.verify(VERIFIER, pa.array(tokens), at=moments, claims={"sub": "str"}))
    assert table["valid"].to_pylist() == [text is None for *_, text in SAID]
    assert table["sub"].to_pylist() == [None if text else "a" for *_, text in SAID]


def test_a_key_id_may_be_used_again_for_another_key():
    again = Key.generate("ES256", kid="old")
    jwks = {"keys": [*JWKS["keys"], again.public().to_jwk() | {"nbf": NOW}]}
    verifier = Verifier(HistoricalKeys(jwks), algorithms=["ES256"])
    column = pa.array([token(OLD), token(OLD), token(again), token(again)])
    at = pa.array([NOW - 1, NOW, NOW - 1, NOW])
    table = pa.table(arrow.verify(verifier, column, at=at))
    assert table["error"].to_pylist() == [None, "bad_signature", "bad_signature", None]


def test_keys_without_ids_are_tried_while_they_are_valid():
    one, two = (Key.generate("ES256") for _ in range(2))
    jwks = {"keys": [one.public().to_jwk() | {"exp": NOW}, two.public().to_jwk()]}
    verifier = Verifier(HistoricalKeys(json.dumps(jwks)), algorithms=["ES256"])
    column = pa.array([rapidjwt.encode({}, key, "ES256") for key in (one, two)] * 2)
    at = pa.array([NOW - 1, NOW - 1, NOW, NOW])
    table = pa.table(arrow.verify(verifier, column, at=at))
    assert table["error"].to_pylist() == [None, None, "bad_signature", None]


@pytest.mark.parametrize(
    ("times", "text"),
    [
        ({"nbf": "1"}, "\"nbf\" of the key 'old' must be a number of seconds since the epoch"),
        ({"exp": True}, "\"exp\" of the key 'old' must be a number of seconds since the epoch"),
        ({"exp": 1e300}, "\"exp\" of the key 'old' must be a number of seconds since the epoch"),
        ({"exp": float("nan")}, "\"exp\" of the key 'old' must be a number"),
        ({"revoked": True}, '"revoked" of the key \'old\' must be an object with "revoked_at"'),
        ({"revoked": {}}, '"revoked" of the key \'old\' must be an object with "revoked_at"'),
        ({"revoked": {"revoked_at": []}}, "\"revoked_at\" of the key 'old' must be a number"),
    ],
)
def test_times_that_cannot_be_read_are_refused(times, text):
    with pytest.raises(PyJWKSetError) as caught:
        HistoricalKeys({"keys": [OLD.public().to_jwk() | times]})
    assert str(caught.value).startswith(text)


def test_members_that_cannot_be_used_are_skipped_with_their_times():
    broken = {"kty": "EC", "kid": "broken", "exp": "whatever"}
    keys = HistoricalKeys({"keys": [broken, *JWKS["keys"]]})
    assert [one.kid for one in keys.unusable] == ["broken"]
    assert [(one.key.kid, *one[1:]) for one in keys] == [
        ("old", NOW - 100, NOW, None),
        ("new", NOW - 10, None, NOW + 50),
    ]
    assert len(keys) == 2
    assert repr(keys) == "<HistoricalKeys EC 'old', EC 'new'>"
    for wrong in ([], "https://a.example", {"keys": [broken]}):
        with pytest.raises(PyJWKSetError):
            HistoricalKeys(wrong)


def test_only_a_verifier_takes_them():
    keys = HistoricalKeys(JWKS)
    with pytest.raises(TypeError):
        rapidjwt.decode(token(OLD), keys, algorithms=["ES256"])
    with pytest.raises(TypeError):
        rapidjwt.jws_json.JSONVerifier(keys, algorithms=["ES256"])
    with pytest.raises(ValueError, match="cache_size must be 0 for HistoricalKeys"):
        Verifier(keys, algorithms=["ES256"], cache_size=10)
    forever = HistoricalKeys({"keys": [OLD.public().to_jwk()]})
    assert Verifier(forever, algorithms=["ES256"], cache_size=10).cache_info().maxsize == 10


def test_a_description_keeps_the_times():
    spec = VerifierSpec(HistoricalKeys(JWKS), algorithms=["ES256"])
    spec = pickle.loads(pickle.dumps(spec))
    assert repr(spec) == "<VerifierSpec keys, algorithms>"
    column = pa.array([token(OLD), token(NEW)])
    table = pa.table(arrow.verify(spec.verifier(), column, at=NOW))
    assert table["valid"].to_pylist() == [False, True]
    with pytest.raises(InvalidKeyError, match="does not hold secrets or private keys"):
        VerifierSpec(HistoricalKeys({"keys": [OLD.to_jwk(private=True)]}), algorithms=["ES256"])


#: Four secrets: some share an ID, some have none, one is for another algorithm.
SECRETS = [
    (bytes([number]) * 32 + bytes(range(32)), kid, alg)
    for number, (kid, alg) in enumerate(
        [("a", "HS256"), ("a", "HS256"), (None, "HS256"), (None, "HS256"), ("b", "HS512")]
    )
]
moments = st.integers(0, 6)
validities = st.fixed_dictionaries(
    {},
    optional={
        "nbf": moments,
        "exp": moments,
        "iat": moments,
        "revoked": st.none() | st.builds(lambda time: {"revoked_at": time}, moments),
    },
)


def jwk(number, times):
    secret, kid, alg = SECRETS[number]
    k = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    named = {} if kid is None else {"kid": kid}
    return {"kty": "oct", "k": k, "alg": alg} | named | times


@st.composite
def archives(draw):
    chosen = draw(st.lists(st.integers(0, len(SECRETS) - 1), min_size=1, max_size=4, unique=True))
    return [jwk(number, draw(validities)) for number in chosen]


TOKENS = [
    rapidjwt.encode({"sub": "a"} | exp, secret, alg, headers=headers)
    for secret, _, alg in SECRETS
    for headers in (None, {"kid": "a"}, {"kid": "x"})
    for exp in ({}, {"exp": 4})
]


def code_of(keys, one):
    """Return the code of the error of a verifier with these keys only; None without one."""
    if not keys:
        return "wrong_algorithm"
    try:
        Verifier(KeySet(keys), algorithms=["HS256", "HS512"]).decode(one)
    except PyJWTError as error:
        return error.code
    return None


def is_valid(member, moment):
    end = (member.get("revoked") or {}).get("revoked_at", 9)
    return member.get("nbf", 0) <= moment < min(end, member.get("exp", 9))


def expected(archive, one, moment):
    """Return the code that a token has at a time, from verifiers that know no time of keys."""
    with time_machine.travel(moment, tick=False):
        code = code_of([member for member in archive if is_valid(member, moment)], one)
        if code not in {"wrong_algorithm", "unknown_key"}:
            return code
        others = code_of([member for member in archive if not is_valid(member, moment)], one)
    if others == "wrong_algorithm":  # no key at all is for this token
        return code
    return "missing_key_id" if others == "missing_key_id" else "unknown_key"


@settings(max_examples=150, deadline=None, derandomize=True,
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(archives(), st.lists(st.tuples(st.sampled_from(TOKENS), moments), min_size=1, max_size=12))
@example([jwk(0, {"exp": 3}), jwk(1, {"nbf": 3})], [(TOKENS[2], 2), (TOKENS[2], 3)])
def test_each_row_is_verified_as_if_other_keys_did_not_exist(archive, rows):
    verifier = Verifier(HistoricalKeys({"keys": archive}), algorithms=["HS256", "HS512"])
    column, times = (pa.array(some) for some in zip(*rows, strict=True))
    result = pa.table(arrow.verify(verifier, column, at=times))["error"].to_pylist()
    assert result == [expected(archive, one, moment) for one, moment in rows]
    for code, (one, moment) in zip(result, rows, strict=True):
        with time_machine.travel(moment, tick=False):
            try:
                said = verifier.decode(one) and None
            except PyJWTError as error:
                said = error.code
        assert said == code
