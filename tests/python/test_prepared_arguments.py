"""The prepared objects accept what `isinstance` accepts, and nothing without a meaning."""

from __future__ import annotations

import copy
import datetime as dt
import enum
import gc
import pickle
import weakref
from decimal import Decimal

import pytest
import rapidjwt
from rapidjwt import JWKSClient, Key, Signer, Verifier

SECRET = "a secret of more than thirty-two bytes"


class Text(str):  # noqa: SLOT000 - as in the libraries
    """A str like the safe strings of markupsafe and Django."""

    def __str__(self):
        return "another text"


class Bytes(bytes):
    pass


class Integer(int):
    pass


class Float(float):
    pass


class Indexable:
    """An integer like those of numpy."""

    def __index__(self):
        return 60


class Delta(dt.timedelta):
    """A timedelta like the durations of pendulum."""


class Names(list):
    pass


class Options(dict):
    pass


class Algorithm(Text, enum.Enum):
    HS256 = "HS256"


ALGORITHMS = [
    ["HS256"],
    Names([Text("HS256")]),
    [Algorithm.HS256],
    (Text("HS256"),),
    {Text("HS256")},
]


@pytest.mark.parametrize("secret", [SECRET, Text(SECRET), Bytes(SECRET.encode())])
@pytest.mark.parametrize("algorithms", ALGORITHMS, ids=repr)
def test_subclasses_are_taken_by_their_value(secret, algorithms):
    signer = Signer(
        secret,
        Text("HS256"),
        headers=Options({Text("kid"): Text("k1"), "n": Integer(3)}),
        issuer=Text("me"),
        audience=Names([Text("api")]),
        lifetime=Delta(seconds=60),
    )
    verifier = Verifier(
        secret,
        algorithms=algorithms,
        issuer=Names([Text("me"), "you"]),
        audience=Text("api"),
        subject=Text("alice"),
        leeway=Delta(seconds=1),
        require=Names([Text("jti")]),
        options=Options({Text("verify_exp"): True, "require": Names([Text("nbf")])}),
    )
    token = signer.encode(Options({"sub": Text("alice"), "jti": "1", "nbf": Integer(1)}))
    claims = verifier.decode(token)
    assert (claims["iss"], claims["aud"], claims["sub"]) == ("me", ["api"], "alice")
    assert claims["exp"] - claims["iat"] == 60
    assert rapidjwt.get_unverified_header(token)["kid"] == "k1"
    with pytest.raises(rapidjwt.MissingRequiredClaimError, match="jti"):
        verifier.decode(signer.encode({"sub": "alice", "nbf": 1}))


@pytest.mark.parametrize(
    "seconds", [60, 60.0, Integer(60), Float(60), Indexable(), Delta(minutes=1)]
)
def test_numbers_are_taken_by_their_value(seconds):
    claims = rapidjwt.decode(
        Signer(SECRET, "HS256", lifetime=seconds).encode({}), SECRET, ["HS256"]
    )
    assert claims["exp"] - claims["iat"] == 60
    Verifier(SECRET, algorithms=["HS256"], leeway=seconds)


@pytest.mark.parametrize("value", [Decimal("1.5"), dt.timedelta(1), Indexable(), {1, 2}])
def test_headers_take_what_encode_takes(value):
    with pytest.raises(TypeError):
        rapidjwt.encode({}, SECRET, headers={"x": value})
    with pytest.raises(TypeError, match="headers cannot be written as JSON"):
        Signer(SECRET, "HS256", headers={"x": value})


def test_a_number_beyond_all_bounds_gets_the_error_of_its_argument():
    for huge in (10**400, Integer(10**400), 1e300):
        with pytest.raises(ValueError, match="lifetime must be a number of seconds"):
            Signer(SECRET, "HS256", lifetime=huge)
        with pytest.raises(TypeError, match="leeway must be a number of seconds"):
            Verifier(SECRET, algorithms=["HS256"], leeway=huge)


def test_the_known_options_are_those_of_the_interface():
    with pytest.raises(ValueError, match="known are") as raised:
        Verifier(SECRET, algorithms=["HS256"], options={"xyz": True})
    known = str(raised.value).partition("known are ")[2].split(", ")
    assert sorted(known) == sorted(rapidjwt.PyJWT().options)
    for name in known:
        value = ["sub"] if name == "require" else True
        Verifier(SECRET, algorithms=["HS256"], options={name: value})


def test_what_an_objects_own_method_raises_goes_up():
    class Broken:
        def __index__(self):
            raise OSError("mine")

    with pytest.raises(OSError, match="mine"):
        Signer(SECRET, "HS256", lifetime=Broken())


PREPARED = [Signer(SECRET, "HS256"), Verifier(SECRET, algorithms=["HS256"])]


@pytest.mark.parametrize("prepared", PREPARED, ids=["Signer", "Verifier"])
def test_prepared_objects_are_their_own_copies_and_are_not_pickled(prepared):
    assert copy.copy(prepared) is prepared
    assert copy.deepcopy({"key": [prepared]})["key"][0] is prepared
    with pytest.raises(TypeError, match=r"cannot pickle a (Signer|Verifier).*in each process"):
        pickle.dumps(prepared)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"requires": ["exp"]}, r'unknown option "requires": did you mean "require"\?'),
        ({"verify_expiry": True}, r'unknown option "verify_expiry": did you mean "verify_exp"\?'),
        ({"xyz": True}, 'unknown option "xyz"; known are verify_signature, .*, require'),
    ],
)
def test_an_option_that_does_not_exist_is_an_error(options, message):
    with pytest.raises(ValueError, match=message):
        Verifier(SECRET, algorithms=["HS256"], options=options)


@pytest.mark.parametrize("token", ["a.b.c", b"a.b.c"])
def test_one_token_is_not_read_letter_by_letter(token):
    with pytest.raises(TypeError, match=r"got one str or bytes: pass \[token\]"):
        Verifier(SECRET, algorithms=["HS256"]).decode_many(token)


def test_a_chunk_of_a_batch_is_bounded_by_bytes():
    token, taken = "A" * (1 << 20), []

    def tokens():
        for number in range(64):
            taken.append(number)
            yield token

    results = Verifier(SECRET, algorithms=["HS256"]).decode_many(tokens())
    next(results)
    assert len(taken) <= 5
    assert len(list(results)) == 63


class Node:
    """An object that a weak reference can watch."""


def watch_a_cycle_through_a_batch():
    node = Node()

    def tokens():
        yield "x"
        yield node

    node.batch = Verifier(SECRET, algorithms=["HS256"]).decode_many(tokens())
    next(node.batch)
    return weakref.ref(node)


def watch_a_cycle_through_a_client():
    node = Node()
    client = JWKSClient("https://issuer.example/jwks", transport=lambda request: node)
    node.verifier = Verifier(jwks=client, algorithms=["ES256"])
    return weakref.ref(node)


@pytest.mark.parametrize("cycle", [watch_a_cycle_through_a_batch, watch_a_cycle_through_a_client])
def test_a_cycle_is_collected(cycle):
    watched = cycle()
    gc.collect()
    assert watched() is None


@pytest.mark.parametrize("kid", [5, None, ["a"]])
def test_an_id_that_is_not_a_string_counts_as_none(kid):
    """`Signer` raised a TypeError of PyO3's where `Verifier` ignored the ID."""
    jwk = rapidjwt.PyJWK(Key.from_secret(SECRET).to_jwk(private=True) | {"kid": kid})
    signer = Signer(jwk)
    assert signer.key_id is None
    token = signer.encode({"sub": "alice"})
    assert Verifier([jwk, Key.from_secret("x" * 40)], algorithms=["HS256"]).decode(token)


@pytest.mark.parametrize(
    ("aud", "named"),
    [
        ("https://api.example", "'https://api.example'"),
        (["a", "b"], "['a', 'b']"),
        ("line\nend", r"'line\nend'"),
        ("x" * 5000, f"'{'x' * 99}..."),
        ({"a": "secret"}, "an audience"),
        (["a", 7], "an audience"),
    ],
)
def test_a_verifier_without_an_audience_names_that_of_the_token(aud, named):
    verifier = Verifier(SECRET, algorithms=["HS256"])
    with pytest.raises(rapidjwt.InvalidAudienceError) as raised:
        verifier.decode(rapidjwt.encode({"aud": aud}, SECRET))
    assert str(raised.value) == (
        f"The token is for {named} (aud), and the verifier was made without an audience: "
        "pass audience=..."
    )
