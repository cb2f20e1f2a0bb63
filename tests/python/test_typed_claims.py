"""Claims as objects of a type: `Verifier(claims=...)`, and the same objects in `Signer.encode`."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import enum
import itertools
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, NewType, Optional, TypedDict, TypeVar, Union

import pytest

pytest.importorskip("pydantic")

import attrs
import rapidjwt
import typing_extensions
from pydantic import BaseModel, Field, TypeAdapter, field_validator
from pydantic.dataclasses import dataclass as pydantic_dataclass
from rapidjwt import (
    InvalidTokenError,
    JWKSClient,
    Key,
    KeySet,
    MultiIssuerVerifier,
    Signer,
    Verifier,
    jwe,
    profiles,
)
from rapidjwt.exceptions import ReplayedTokenError, RevokedTokenError
from rapidjwt.remote import RemoteKey
from rapidjwt.replay import MemoryReplayStore
from rapidjwt.revocation import RevocationList
from rapidjwt.rules import STRING

msgspec = pytest.importorskip("msgspec")

SECRET = "a secret of at least thirty-two bytes"
HS256 = ["HS256"]
EXP = int(time.time()) + 7 * 86400
TIME = dt.datetime.fromtimestamp(EXP, dt.timezone.utc)


class Struct(msgspec.Struct):
    sub: str
    exp: dt.datetime
    level: int = 1
    roles: list[str] | None = None


class Model(BaseModel):
    sub: str
    exp: dt.datetime
    level: int = 1
    roles: list[str] | None = None


@pydantic_dataclass
class PydanticData:
    sub: str
    exp: dt.datetime
    level: int = 1
    roles: list[str] | None = None


@dataclass
class Data:
    sub: str
    exp: dt.datetime
    level: int = 1
    roles: list[str] | None = None


@attrs.define
class Attrs:
    sub: str
    exp: dt.datetime
    level: int = 1
    roles: list[str] | None = None


class Dict(TypedDict, total=False):
    sub: str
    exp: dt.datetime
    level: int
    roles: list[str] | None


class DictOfExtensions(typing_extensions.TypedDict, total=False):
    sub: str
    exp: dt.datetime
    level: int
    roles: list[str] | None


CLASSES = [Struct, Model, PydanticData, Data, Attrs]
KINDS = [
    *CLASSES,
    Dict,
    DictOfExtensions,
    TypeAdapter(Model),
    TypeAdapter(Data),
    msgspec.json.Decoder(Struct, strict=False),
]


def verifier(kind, **arguments):
    return Verifier(SECRET, algorithms=HS256, claims=kind, **arguments)


def token(claims, key=SECRET):
    return raw(json.dumps(claims), key)


def raw(payload, key=SECRET):
    parts = [b'{"alg":"HS256"}', payload.encode()]
    encoded = [base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts]
    signature = Key.from_secret(key).sign(b".".join(encoded), "HS256")
    return b".".join([*encoded, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def member(claims, name):
    return claims[name] if isinstance(claims, dict) else getattr(claims, name)


CLAIMS = {"sub": "alice", "exp": EXP, "level": 3, "roles": ["a"], "other": 1}


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_decode_returns_an_object_of_the_type(kind):
    claims = verifier(kind).decode(token(CLAIMS))
    if isinstance(kind, type) and not issubclass(kind, dict):
        assert type(claims) is kind
    assert (member(claims, "sub"), member(claims, "exp")) == ("alice", TIME)
    assert (member(claims, "level"), member(claims, "roles")) == (3, ["a"])


@pytest.mark.parametrize("kind", CLASSES, ids=str)
def test_claims_that_a_class_does_not_name_are_dropped_and_defaults_hold(kind):
    claims = verifier(kind).decode(token({"sub": "alice", "exp": EXP, "other": 1}))
    assert claims == kind(sub="alice", exp=TIME)
    assert not hasattr(claims, "other")


class Registered(msgspec.Struct):
    iss: str | None = None
    aud: str | None = None
    sub: str | None = None


#: What the verifier of the next test accepts, in each claim, and what it does not.
PARTIES = [
    "https://a.example",
    "https://a.example/",
    "caf\u00e9",
    "a",
    "",
    'with "quotes"',
    "other",
]


@pytest.mark.parametrize("accepted", [PARTIES[0], PARTIES[:-1]], ids=["one", "several"])
def test_each_object_has_the_strings_of_its_own_token(accepted):
    options = {"verify_iss": False, "verify_aud": False, "verify_sub": False}
    subject = accepted if isinstance(accepted, str) else None
    reading = {"issuer": accepted, "audience": accepted, "subject": subject}
    for checks, parties in ({}, [PARTIES[0]]), ({"options": options}, PARTIES):
        decode = verifier(Registered, **reading, **checks).decode
        for iss, aud, sub in itertools.product(parties, repeat=3):
            claims = {"iss": iss, "aud": aud, "sub": sub}
            assert msgspec.to_builtins(decode(token(claims))) == claims
            assert (
                msgspec.to_builtins(decode(raw(json.dumps(claims, ensure_ascii=False)))) == claims
            )


T = TypeVar("T")


class GenericStruct(msgspec.Struct, Generic[T]):
    sub: str
    tenant: T


class GenericModel(BaseModel, Generic[T]):
    sub: str
    tenant: T


@pytest.mark.parametrize("generic", [GenericStruct, GenericModel])
def test_a_generic_type_may_be_given_with_its_arguments(generic):
    claims = {"sub": "alice", "tenant": 7}
    made = verifier(generic[int])
    assert made.decode(token(claims)) == generic[int](**claims)
    assert list(made.decode_many([token(claims)])) == [generic[int](**claims)]
    assert made.claims == generic[int]
    assert generic.__name__ in repr(made)
    with pytest.raises(InvalidTokenError, match=generic.__name__) as refused:
        verifier(generic[str]).decode(token(claims))
    assert refused.value.details()["claim"] == "tenant"
    assert verifier(generic).decode(token(claims)).tenant == 7


def test_other_claims_are_kept_or_refused_as_the_type_says():
    assert verifier(Dict).decode(token(CLAIMS))["other"] == 1

    class Open(BaseModel, extra="allow"):
        sub: str

    assert verifier(Open).decode(token(CLAIMS)).other == 1

    class Closed(msgspec.Struct, forbid_unknown_fields=True):
        sub: str

    with pytest.raises(InvalidTokenError, match='The claim "exp" does not fit Closed'):
        verifier(Closed).decode(token({"sub": "a", "exp": EXP}))


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize(
    ("changed", "claim"),
    [
        ({"level": "s3cret"}, "level"),
        ({"level": ["s3cret"]}, "level"),
        ({"roles": "s3cret"}, "roles"),
        ({"roles": [{"s3cret": 1}]}, "roles"),
    ],
    ids=str,
)
def test_a_misfit_is_one_error_with_the_claims_name_and_no_value(kind, changed, claim):
    with pytest.raises(InvalidTokenError) as caught:
        verifier(kind).decode(token(CLAIMS | changed))
    assert type(caught.value) is InvalidTokenError
    assert str(caught.value).startswith(f'The claim "{claim}" does not fit ')
    assert "s3cret" not in repr(caught.value)
    assert caught.value.__cause__ is None is caught.value.__context__


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if kind not in (Dict, DictOfExtensions)], ids=str
)
def test_a_missing_claim_is_a_misfit(kind):
    with pytest.raises(InvalidTokenError, match='The claim "sub" does not fit'):
        verifier(kind).decode(token({"exp": EXP}))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_check_is_made_before_the_object(kind):
    good = CLAIMS | {"iss": "me", "aud": "api", "tenant": "acme"}
    strict = verifier(
        kind, issuer="me", audience="api", require=["tenant"], rules={"tenant": "acme"}
    )
    assert member(strict.decode(token(good)), "sub") == "alice"
    for changed, error in [
        ({"exp": 1}, rapidjwt.ExpiredSignatureError),
        ({"iat": EXP}, rapidjwt.ImmatureSignatureError),
        ({"nbf": EXP}, rapidjwt.ImmatureSignatureError),
        ({"iss": "you"}, rapidjwt.InvalidIssuerError),
        ({"iss": "é"}, rapidjwt.InvalidIssuerError),
        ({"iss": 7}, rapidjwt.InvalidIssuerError),
        ({"aud": ["web"]}, rapidjwt.InvalidAudienceError),
        ({"aud": {}}, rapidjwt.MissingRequiredClaimError),
        ({"aud": 7}, rapidjwt.InvalidAudienceError),
        ({"sub": 7}, rapidjwt.exceptions.InvalidSubjectError),
        ({"jti": 7}, rapidjwt.exceptions.InvalidJTIError),
        ({"exp": "x"}, rapidjwt.DecodeError),
        ({"exp": True, "tenant": 1}, rapidjwt.ExpiredSignatureError),
        ({"tenant": None}, rapidjwt.MissingRequiredClaimError),
        ({"tenant": "umbrella"}, InvalidTokenError),
    ]:
        with pytest.raises(error) as caught:
            strict.decode(token(good | changed))
        assert "does not fit" not in str(caught.value)
        plain = Verifier(
            SECRET,
            algorithms=HS256,
            issuer="me",
            audience="api",
            require=["tenant"],
            rules={"tenant": "acme"},
        )
        with pytest.raises(error) as expected:
            plain.decode(token(good | changed))
        assert str(expected.value) == str(caught.value)
    for audience in ["api", ["x", "api"], ["é", "api"]]:
        assert member(strict.decode(token(good | {"aud": audience})), "sub") == "alice"
    with pytest.raises(rapidjwt.InvalidSignatureError):
        strict.decode(token(good, SECRET + "x"))


def test_the_users_code_runs_last():
    seen = []

    class Watching(BaseModel):
        sub: str

        @field_validator("sub")
        @classmethod
        def watch(cls, value):
            seen.append(value)
            return value

    @dataclass
    class Noting:
        sub: str

        def __post_init__(self):
            seen.append(self.sub)

    for kind in [Watching, Noting]:
        last = verifier(kind, rules={"a": 1, "b": lambda value: value == 1})
        for claims in [{"exp": 1, "a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 2}, {}]:
            with pytest.raises(InvalidTokenError):
                last.decode(token({"sub": "x"} | claims))
        with pytest.raises(rapidjwt.InvalidSignatureError):
            last.decode(token({"sub": "x", "a": 1, "b": 1}, SECRET + "x"))
        assert seen == []
        assert last.decode(token({"sub": "x", "a": 1, "b": 1})).sub == "x"
        assert seen.pop() == "x"


@pytest.mark.parametrize(
    "payload",
    [
        '{"sub":"bob","sub":"alice","exp":1,"exp":%d}',
        r'{"sub":"bob","s\u0075b":"alice","exp":1,"e\u0078p":%d}',
        ' {\n"sub" : "\\u0061lice" , "exp":%d.0}\n',
        '{"sub":"alice","exp":%d,"x":NaN}',
    ],
)
@pytest.mark.parametrize("kind", [Model, Data, Attrs, Dict, TypeAdapter(Model)], ids=str)
def test_what_was_checked_is_what_is_read(kind, payload):
    """Another parser must not see other claims than those that were checked."""
    claims = verifier(kind, subject="alice").decode(raw(payload % EXP))
    assert (member(claims, "sub"), member(claims, "exp")) == ("alice", TIME)
    with pytest.raises(rapidjwt.ExpiredSignatureError):
        verifier(kind).decode(raw(payload.replace("%d", "1")))


def test_a_time_in_a_string_is_checked_as_pyjwt_does_and_read_as_the_type_does():
    payload = '{"sub":"alice","exp":"%d"}'
    assert verifier(Model).decode(raw(payload % EXP)).exp == TIME
    for kind in [Data, Attrs]:
        with pytest.raises(InvalidTokenError, match='"exp" does not fit'):
            verifier(kind).decode(raw(payload % EXP))
    for kind in [Model, Data, Struct]:
        with pytest.raises(rapidjwt.ExpiredSignatureError):
            verifier(kind).decode(raw(payload % 1))


def test_the_last_of_two_members_counts_for_every_parser():
    payload = f'{{"sub":"alice","exp":{EXP},"level":1,"sub":"bob","level":2}}'
    for kind in KINDS:
        claims = verifier(kind, subject="bob").decode(raw(payload))
        assert (member(claims, "sub"), member(claims, "level")) == ("bob", 2)
        with pytest.raises(rapidjwt.exceptions.InvalidSubjectError):
            verifier(kind, subject="alice").decode(raw(payload))


def test_a_pydantic_that_reads_the_first_of_two_members_is_refused(monkeypatch):
    for version in ["2.10.6", "2.9.0"]:
        monkeypatch.setattr("pydantic.VERSION", version)
        for kind in [Model, PydanticData, TypeAdapter(Data)]:
            with pytest.raises(ImportError, match=r"need pydantic 2\.11 or later, found 2\."):
                verifier(kind)
    monkeypatch.setattr("pydantic.VERSION", "3.0.0a1")
    assert verifier(Model)


@pytest.mark.parametrize(
    "payload", ['{"sub":"a"', "[]", '{"sub":"\\ud800"', '{"sub":1,}', "", "{}x", '{"exp":tru}']
)
@pytest.mark.parametrize("kind", [Struct, Model, Data], ids=str)
def test_a_payload_that_is_not_json_is_refused_as_without_a_type(kind, payload):
    with pytest.raises(rapidjwt.DecodeError) as caught:
        verifier(kind).decode(raw(payload))
    with pytest.raises(rapidjwt.DecodeError) as expected:
        rapidjwt.decode(raw(payload), SECRET, HS256)
    assert str(caught.value) == str(expected.value)


def test_numbers_that_only_python_reads_fit_or_are_a_misfit():
    for kind in [Struct, Model]:
        for value in ["NaN", "1e400", "Infinity"]:
            payload = f'{{"sub":"a","exp":{EXP},"level":{value}}}'
            with pytest.raises(InvalidTokenError):
                verifier(kind).decode(raw(payload))


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_method_of_claims_returns_the_type(kind):
    typed = verifier(kind, cache_size=10)
    good, bad = token(CLAIMS), token(CLAIMS | {"level": "x"})
    one = typed.decode(good)
    assert typed.decode(good) == one
    assert asyncio.run(typed.decode_async(good)) == one
    results = list(typed.decode_many([good, bad, "x"]))
    assert results[0] == one
    assert [type(result) for result in results[1:]] == [InvalidTokenError, rapidjwt.DecodeError]
    assert typed.expecting({"level": 3}).decode(good) == one
    with pytest.raises(InvalidTokenError, match="another value"):
        typed.expecting({"level": 4}).decode(good)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_payload_of_decode_complete_is_a_dict(kind):
    typed, good = verifier(kind), token(CLAIMS | {"extra": 1})
    payload = CLAIMS | {"extra": 1}
    assert typed.decode_complete(good)["payload"] == payload
    assert asyncio.run(typed.decode_complete_async(good))["payload"] == payload
    assert next(typed.decode_complete_many([good]))["payload"] == payload


def test_a_multi_issuer_verifier_returns_the_type():
    multi = MultiIssuerVerifier([verifier(Struct, issuer="me")])
    good = token(CLAIMS | {"iss": "me"})
    assert multi.decode(good) == Struct("alice", TIME, 3, ["a"])
    assert list(multi.decode_many([good])) == [Struct("alice", TIME, 3, ["a"])]


def test_refusals_say_what_the_token_has_as_without_a_type():
    expired = token(CLAIMS | {"exp": 7, "iss": "you"})
    for kind in KINDS:
        with pytest.raises(rapidjwt.ExpiredSignatureError) as caught:
            verifier(kind).decode(expired)
        details = {"claim": "exp", "actual": 7, "expired_at": 7, "help": "error-codes/expired/"}
        assert caught.value.details() == {"code": "expired"} | details
        with pytest.raises(rapidjwt.InvalidIssuerError) as caught:
            verifier(kind, issuer="me").decode(token(CLAIMS | {"iss": "you"}))
        assert (caught.value.expected, caught.value.actual) == ("me", "you")


def test_a_misfit_has_a_code_and_the_claim():
    for kind in KINDS:
        with pytest.raises(InvalidTokenError) as caught:
            verifier(kind).decode(token(CLAIMS | {"level": [7]}))
        assert caught.value.details() == {
            "code": "claims_misfit",
            "claim": "level",
            "help": "error-codes/claims_misfit/",
        }


# --- beside what else a verifier does ---


def decoded_in_all_ways(typed, tokens):
    """Decode four tokens, each with another method, and return the results."""

    async def awaited():
        many = [one async for one in typed.decode_many_async([tokens[1]])]
        return [await typed.decode_async(tokens[0]), *many]

    many = typed.decode_many([tokens[3]])
    return [*asyncio.run(awaited()), typed.decode(tokens[2]), *many]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_encrypted_tokens_become_the_type(kind):
    encryption = jwe.generate_key("dir", encryption="A256GCM")
    decrypter = jwe.Decrypter(encryption, algorithms=["dir"], encryptions=["A256GCM"])
    encrypter = jwe.Encrypter(encryption, "dir", "A256GCM", headers={"cty": "JWT"})
    typed, one = verifier(kind, decrypter=decrypter), verifier(kind).decode(token(CLAIMS))
    nested = encrypter.encrypt(token(CLAIMS))
    assert typed.claims is kind
    assert decoded_in_all_ways(typed, [nested] * 4) == [one] * 4
    assert typed.decode_complete(nested)["payload"] == CLAIMS
    with pytest.raises(InvalidTokenError, match='The claim "level" does not fit'):
        typed.decode(encrypter.encrypt(token(CLAIMS | {"level": "x"})))
    replayed = verifier(kind, decrypter=decrypter, replay=MemoryReplayStore())
    once = encrypter.encrypt(token(CLAIMS | {"jti": "1"}))
    assert member(replayed.decode(once), "exp") == TIME
    with pytest.raises(ReplayedTokenError):
        replayed.decode(once)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_stores_see_the_claims_before_they_become_the_type(kind):
    revoked = RevocationList(7200)
    typed = verifier(kind, replay=MemoryReplayStore(), revocation=revoked)
    tokens = [token(CLAIMS | {"jti": str(number)}) for number in range(4)]
    assert typed.claims is kind
    expected = [verifier(kind).decode(one) for one in tokens]
    assert decoded_in_all_ways(typed, tokens) == expected
    for result in typed.decode_many(tokens):
        assert isinstance(result, ReplayedTokenError)
    revoked.revoke_token("9")
    with pytest.raises(RevokedTokenError):
        typed.decode(token(CLAIMS | {"jti": "9", "level": "x"}))
    misfits = [token(CLAIMS | {"jti": f"x{number}", "level": "x"}) for number in range(4)]
    with pytest.raises(InvalidTokenError, match='The claim "level" does not fit'):
        typed.decode(misfits[0])
    with pytest.raises(ReplayedTokenError):
        typed.decode(misfits[0])
    (result,) = typed.decode_many(misfits[1:2])
    assert (type(result), result.code) == (InvalidTokenError, "claims_misfit")

    async def awaited():
        return [one async for one in typed.decode_many_async(misfits[2:3])]

    assert asyncio.run(awaited())[0].code == "claims_misfit"
    complete = typed.decode_complete(token(CLAIMS | {"jti": "5"}))
    assert complete["payload"] == CLAIMS | {"jti": "5"}
    ruled = typed.expecting({"level": 3})
    assert member(ruled.decode(token(CLAIMS | {"jti": "6"})), "exp") == TIME


def test_fetched_keys_make_the_type():
    key = Key.generate("ES256")

    class Client(JWKSClient):
        def key_set(self):
            return keys

    keys = KeySet([key.public()])
    typed = Verifier(jwks=Client("https://id.example"), algorithms=["ES256"], claims=Struct)
    good = Signer(key).encode(CLAIMS)
    assert decoded_in_all_ways(typed, [good] * 4) == [Struct("alice", TIME, 3, ["a"])] * 4
    assert typed.decode_complete(good)["payload"] == CLAIMS


def test_a_profile_and_a_type_go_together():
    class AccessToken(msgspec.Struct):
        sub: str
        client_id: str

    key = Key.generate("ES256")
    policy = {"issuer": "i", "audience": "a", "profile": profiles.ACCESS_TOKEN}
    typed = Verifier(key.public(), claims=AccessToken, **policy)
    signer = Signer(key, lifetime=60, **policy)
    assert typed.decode(signer.encode({"sub": "s", "client_id": "c"})) == AccessToken("s", "c")
    assert typed.decode(signer.encode(AccessToken("s", "c"))) == AccessToken("s", "c")
    with pytest.raises(InvalidTokenError, match="typ"):
        typed.decode(Signer(key).encode({"sub": "s", "client_id": "c"}))
    ruled = verifier(Struct, rules={("cnf", "jkt"): STRING})
    assert ruled.decode(token(CLAIMS | {"cnf": {"jkt": "é"}}))
    with pytest.raises(rapidjwt.MissingRequiredClaimError):
        ruled.decode(token(CLAIMS | {"cnf": {}}))


# --- dataclasses and TypedDict, with nothing but Python ---


class Colour(enum.Enum):
    RED = "red"


UserId = NewType("UserId", str)


@dataclass
class Inner:
    n: int


class InnerDict(TypedDict):
    n: int


@dataclass
class Wide:
    any: Any = None
    flag: bool = False
    ratio: float = 0.0
    time: dt.datetime | None = None
    literal: Literal["a", 1] = "a"
    union: Union[int, str, None] = None  # noqa: UP007
    optional: Optional[int] = None  # noqa: UP045
    numbers: tuple[int, ...] = ()
    names: set[str] = field(default_factory=set)
    table: dict[str, int] = field(default_factory=dict)
    inner: Inner | None = None
    inner_dict: InnerDict | None = None
    colour: Colour | None = None
    user: UserId | None = None
    computed: int = field(init=False, default=7)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"any": [1, {}]}, [1, {}]),
        ({"flag": True}, True),
        ({"ratio": 1}, 1.0),
        ({"time": EXP}, TIME),
        ({"literal": 1}, 1),
        ({"union": "a"}, "a"),
        ({"union": None}, None),
        ({"optional": 5}, 5),
        ({"numbers": [1, 2]}, (1, 2)),
        ({"names": ["a"]}, {"a"}),
        ({"table": {"a": 1}}, {"a": 1}),
        ({"inner": {"n": 1, "x": 2}}, Inner(1)),
        ({"inner_dict": {"n": 1, "x": 2}}, {"n": 1, "x": 2}),
        ({"colour": "red"}, Colour.RED),
        ({"user": "u"}, "u"),
    ],
    ids=str,
)
def test_a_dataclass_reads_these_types(claims, expected):
    (name,) = claims
    found = getattr(verifier(Wide).decode(token(claims)), name)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    "claims",
    [
        {"flag": 1},
        {"ratio": "1"},
        {"ratio": True},
        {"time": "now"},
        {"time": 10**30},
        {"literal": True},
        {"literal": "b"},
        {"union": [1]},
        {"optional": True},
        {"optional": 1.0},
        {"numbers": [1, "2"]},
        {"numbers": "12"},
        {"names": [["a"]]},
        {"table": [["a", 1]]},
        {"table": {"a": "1"}},
        {"inner": 1},
        {"inner": {}},
        {"inner_dict": {}},
        {"inner_dict": {"n": "1"}},
        {"colour": "blue"},
        {"user": 1},
    ],
    ids=str,
)
def test_a_dataclass_refuses_other_values(claims):
    (name,) = claims
    with pytest.raises(InvalidTokenError, match=f'The claim "{name}" does not fit Wide'):
        verifier(Wide).decode(token(claims))


def test_a_dataclass_refuses_claims_in_its_own_code():
    @dataclass
    class Picky:
        n: int

        def __post_init__(self):
            if self.n > 1:
                raise ValueError("s3cret")
            if self.n < 0:
                raise RuntimeError("a fault")

    assert verifier(Picky).decode(token({"n": 1})).n == 1
    with pytest.raises(InvalidTokenError, match="The claims do not fit Picky"):
        verifier(Picky).decode(token({"n": 2}))
    with pytest.raises(RuntimeError, match="a fault"):
        verifier(Picky).decode(token({"n": -1}))


@pytest.mark.parametrize("kind", [dict, int, "Model", 7, None.__class__, lambda claims: claims])
def test_what_is_not_a_type_of_claims_is_refused(kind):
    with pytest.raises(
        TypeError, match="claims must be a dataclass, a TypedDict, a class of attrs"
    ):
        verifier(kind)


def test_a_member_that_nothing_reads_is_an_error_when_the_verifier_is_made():
    @dataclass
    class Strange:
        a: complex

    with pytest.raises(TypeError, match="claims cannot be read as complex: use msgspec, or a Type"):
        verifier(Strange)


def test_a_verifier_shows_its_type():
    typed = verifier(Model)
    assert typed.claims is Model
    assert repr(typed).endswith(" claims='Model'>")
    assert Verifier(SECRET, algorithms=HS256).claims is None
    assert str(Verifier[Model]).endswith("Verifier[" + f"{Model.__module__}.Model]")


# --- signing ---


@pytest.mark.parametrize("kind", CLASSES, ids=str)
def test_a_signer_takes_the_same_objects(kind):
    signer = Signer(SECRET, "HS256", issuer="me")
    claims = kind(sub="alice", exp=TIME)
    written = rapidjwt.decode(signer.encode(claims), SECRET, HS256)
    assert written == {"sub": "alice", "exp": EXP, "level": 1, "iss": "me"}
    assert verifier(kind).decode(signer.encode(claims)) == claims


@pytest.mark.parametrize("kind", CLASSES, ids=str)
def test_encode_async_and_remote_keys_take_them_too(kind):
    key = Key.generate("ES256")
    remote = RemoteKey(lambda message: key.sign(message, "ES256"), algorithm="ES256", public=None)
    claims = kind(sub="alice", exp=TIME)
    typed = Verifier(key.public(), algorithms=["ES256"], claims=kind)
    for signer in (Signer(key), Signer(remote)):
        assert typed.decode(signer.encode(claims)) == claims
        assert typed.decode(asyncio.run(signer.encode_async(claims))) == claims


def test_names_in_json_are_used_for_reading_and_writing():
    class Renamed(msgspec.Struct, rename={"user": "sub"}):
        user: str

    class Aliased(BaseModel):
        user: str = Field(alias="sub")

    signer = Signer(SECRET, "HS256")
    for kind, made in [(Renamed, Renamed(user="a")), (Aliased, Aliased(sub="a"))]:
        signed = signer.encode(made)
        assert rapidjwt.decode(signed, SECRET, HS256) == {"sub": "a"}
        assert verifier(kind).decode(signed).user == "a"


def test_what_is_not_an_object_of_claims_is_refused_as_before():
    for claims in ["x", [1], 7, None, object(), Colour.RED]:
        with pytest.raises(TypeError, match="Expecting a dict object, as JWT only supports JSON"):
            Signer(SECRET, "HS256").encode(claims)


def test_a_naive_datetime_is_in_utc_and_other_types_need_an_encoder():
    @dataclass
    class Times:
        exp: dt.datetime
        seen: dt.datetime
        odd: Any = None

    naive = TIME.replace(tzinfo=None)
    signer = Signer(SECRET, "HS256")
    written = rapidjwt.decode(signer.encode(Times(naive, TIME)), SECRET, HS256)
    assert written == {"exp": EXP, "seen": EXP}
    with pytest.raises(TypeError, match="not JSON serializable"):
        signer.encode(Times(naive, TIME, {1}))


def test_nothing_is_imported_unless_a_type_of_it_is_given():
    code = f"""
import sys
from typing import TypedDict
from rapidjwt import Signer, Verifier
class Claims(TypedDict):
    sub: str
token = Signer({SECRET!r}, "HS256").encode({{"sub": "a"}})
plain = Verifier({SECRET!r}, algorithms=["HS256"])
plain.decode(token)
assert not [name for name in sys.modules if name.startswith("rapidjwt.typed_claims")]
assert Verifier({SECRET!r}, algorithms=["HS256"], claims=Claims).decode(token) == {{"sub": "a"}}
assert not {{"msgspec", "pydantic", "attrs", "cattrs"}} & {{*sys.modules}}
"""
    subprocess.run([sys.executable, "-c", code], check=True)
