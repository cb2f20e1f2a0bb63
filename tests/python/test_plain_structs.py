"""A Struct of plain fields is filled by native code: exactly as msgspec's own decoder does it."""

from __future__ import annotations

import gc
import itertools
from typing import Annotated, Any, Generic, TypeVar

import pytest
import rapidjwt
from rapidjwt import InvalidTokenError, Verifier

msgspec = pytest.importorskip("msgspec")
reader = pytest.importorskip("rapidjwt.typed_claims.with_msgspec").reader

SECRET = "a secret of at least thirty-two bytes"
VALUES = [
    *('""', '"a"', '"member"', r'"\u0061\n\"\\"', '"é"', r'"\u00e9"', r'"\ud83d\ude00"', '"😀"'),
    *('"\x7f"', r'"\u0000"', '"' + "x" * 300 + '"', '"1"', '"null"'),
    *("0", "-0", "1", "-1", "01", "+1", "9007199254740991", "9007199254740992"),
    *("-9007199254740993", "999999999999999999", "9223372036854775807", "-9223372036854775808"),
    *("9223372036854775808", "18446744073709551616", "1" + "0" * 40),
    *("0.0", "-0.0", "1.0", "1.5", "1e3", "1E-5", "1e22", "1e-400", "5e-324", "1e400", "-1e400"),
    *("0.1", "123456789.123456789", "1.", ".5", "1e", "NaN", "Infinity"),
    *("true", "false", "null", "tru", "None"),
    *("[]", '["a"]', '["a","é","\\u0041"]', '[ "a" , "b" ]', '["a",1]', "[null]", '[["a"]]', "[1"),
    *("{}", '{"a":"b"}', '{"a"'),
]
KINDS = [
    *(str, int, float, bool, type(None), list[str]),
    *(str | None, int | None, float | None, bool | None, list[str] | None, int | float),
    *(str | int, str | list[str], str | int | float | bool | list[str] | None),
]


def verifier_of(kind: Any, **policy: Any) -> Any:
    return Verifier(SECRET, algorithms=["HS256"], claims=kind, **policy)


def token(payload: str) -> str:
    return rapidjwt.api_jws.encode(payload.encode(), SECRET)


def same(one: Any, other: Any) -> bool:
    """Return whether two values are equal, of one type, and print the same (-0.0, True)."""
    return type(one) is type(other) and repr(one) == repr(other)


def struct(kind: Any, **options: Any) -> Any:
    return msgspec.defstruct("Claims", [("member", kind)], module=__name__, **options)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_fields_have_the_values_that_the_decoder_gives_them(kind):
    claims = struct(kind)
    assert reader(claims).fields is not None
    verifier, decoder = verifier_of(claims), msgspec.json.Decoder(claims)
    for value in VALUES:
        payload = f'{{"a":1,"member":{value},"z":"é"}}'
        try:
            expected = decoder.decode(payload)
        except msgspec.MsgspecError:
            with pytest.raises(InvalidTokenError):
                verifier.decode(token(payload))
        else:
            assert same(verifier.decode(token(payload)).member, expected.member), value


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "jti", "exp", "iat", "scope"])
def test_registered_claims_are_fields_like_others(name):
    kind = float | str | list[str]
    claims = msgspec.defstruct("Claims", [(name, kind)], module=__name__)
    verifier = verifier_of(claims, audience=["me", "é"] if name == "aud" else None)
    decoder = msgspec.json.Decoder(claims)
    values = ["99999999999", "9e10"] if name in {"exp", "iat"} else ['"me"', '"\\u00e9"']
    now = ["1"] if name == "iat" else values
    for value, other in itertools.product(now, ['"x"', "[1]"]):
        payload = f'{{"other":{other},"{name}":{value}}}'
        for _ in range(3):
            decoded = verifier.decode(token(payload))
            assert same(getattr(decoded, name), getattr(decoder.decode(payload), name))


def test_an_issuer_is_never_taken_for_another_one():
    class Claims(msgspec.Struct):
        iss: str
        aud: str | None = None

    verifier = verifier_of(Claims, audience=["a", "ab", "b"])
    for first, second in itertools.product(["a", "ab", "b", "é", "x" * 300], repeat=2):
        for iss in [first, second]:
            assert verifier.decode(token(f'{{"iss":"{iss}","aud":"a"}}')).iss == iss
        for aud in {first, second} & {"a", "ab", "b"}:
            payload = f'{{"iss":"i","aud":"{aud}"}}'
            assert verifier.decode(token(payload)) == Claims("i", aud)
            assert verifier_of(None, audience=aud).decode(token(payload))["aud"] == aud


@pytest.mark.parametrize(
    "payload",
    [
        '{"a":"x","b":1,"a":"y"}',
        r'{"a":"x","\u0061":"y","b":1}',
        r'{"\u0061":"y","b":1,"a":"x"}',
        ' { "b" : 1 ,\n"a":\t"x" } ',
        '{"b":1,"a":"x","c":[{"a":"z"}],"d":{"b":2}}',
        '{"a":"x"}',
        '{"b":1}',
        "{}",
        '{"a":"x","b":null}',
        '{"a":"x","b":1',
        '{"a":"x","b":1}}',
        '{"A":"x","b":1}',
        '["a",1]',
    ],
)
@pytest.mark.parametrize("b", [1, "required"], ids=str)
def test_members_count_as_for_the_decoder(payload, b):
    fields = [("a", str), ("b", int) if b == "required" else ("b", int, b)]
    claims = msgspec.defstruct("Claims", fields, module=__name__)
    verifier = verifier_of(claims)
    try:
        expected = msgspec.json.decode(payload, type=claims)
    except msgspec.MsgspecError:
        with pytest.raises(InvalidTokenError):
            verifier.decode(token(payload))
    else:
        assert verifier.decode(token(payload)) == expected


def test_defaults_are_as_the_decoder_makes_them():
    class Claims(msgspec.Struct):
        sub: str
        roles: list[str] = msgspec.field(default_factory=list)
        level: int = 7
        note: str | None = None

    verifier = verifier_of(Claims)
    assert reader(Claims).fields is not None
    one, other = (verifier.decode(token('{"sub":"a"}')) for _ in range(2))
    assert one == other == Claims("a")
    one.roles.append("x")
    assert other.roles == Claims("a").roles == []
    assert verifier.decode(token('{"level":8,"sub":"a","roles":["r"]}')) == Claims("a", ["r"], 8)
    with pytest.raises(InvalidTokenError, match='"sub" does not fit'):
        verifier.decode(token('{"level":8}'))


def test_names_in_json_are_the_encoded_ones():
    claims = msgspec.defstruct(
        "Claims", [("sub_ject", str), ("client_id", int)], rename="camel", module=__name__
    )
    assert reader(claims).fields is not None
    decoded = verifier_of(claims).decode(token('{"client_id":1,"clientId":2,"subJect":"a"}'))
    assert decoded == claims("a", 2)


class Base(msgspec.Struct):
    a: str


class WithPostInit(Base):
    def __post_init__(self) -> None:
        self.a += "!"


class BelowPostInit(WithPostInit):
    b: int = 1


class Constrained(msgspec.Struct):
    a: Annotated[str, msgspec.Meta(max_length=1)]


class Closed(msgspec.Struct, forbid_unknown_fields=True):
    a: str


class Tagged(msgspec.Struct, tag="t"):
    a: str


class Array(msgspec.Struct, array_like=True):
    a: str


class Named(msgspec.Struct, kw_only=True):
    a: str


class Nested(msgspec.Struct):
    a: str
    b: Base | None = None


T = TypeVar("T")


class Generically(msgspec.Struct, Generic[T]):
    a: T


class Anything(msgspec.Struct):
    a: Any


@pytest.mark.parametrize(
    "kind",
    [
        *(WithPostInit, BelowPostInit, Constrained, Closed, Tagged, Array, Named, Nested),
        *(Generically, Anything, msgspec.json.Decoder(Base)),
    ],
    ids=str,
)
def test_all_other_types_are_left_to_the_decoder(kind):
    is_decoder = isinstance(kind, msgspec.json.Decoder)
    decoder = kind if is_decoder else msgspec.json.Decoder(kind)
    assert reader(kind).fields is None
    verifier = verifier_of(kind)
    for payload in ['{"a":"x"}', '{"a":"xy","type":"t"}', '{"a":"x","c":1}', '{"a":1}', '["x"]']:
        try:
            expected = decoder.decode(payload)
        except msgspec.MsgspecError:
            expected = None
        if expected is None or payload[0] == "[":
            with pytest.raises(InvalidTokenError):
                verifier.decode(token(payload))
        else:
            assert verifier.decode(token(payload)) == expected


def test_inherited_fields_are_plain_too():
    class Below(Base, frozen=True):
        c: int = 2

    assert [field.name for field in reader(Below).fields or ()] == ["a", "c"]
    assert verifier_of(Below).decode(token('{"a":"x"}')) == Below("x", 2)


def test_claims_are_checked_before_the_object_is_made():
    class Claims(msgspec.Struct):
        sub: str
        tenant: str | None = None

    verifier = verifier_of(Claims, rules={"tenant": "acme"}, require=["sub"])
    assert verifier.decode(token('{"sub":"a","tenant":"acme"}')) == Claims("a", "acme")
    for payload in ['{"sub":7,"tenant":"x"}', '{"sub":"a","tenant":"x"}', '{"tenant":"acme"}']:
        with pytest.raises(InvalidTokenError) as caught:
            verifier.decode(token(payload))
        assert "does not fit" not in str(caught.value)
    with pytest.raises(rapidjwt.ExpiredSignatureError):
        verifier.decode(token('{"sub":"a","tenant":"acme","exp":1}'))


def test_a_type_and_its_verifier_are_collected():
    class Default(str):
        __slots__ = ("verifier",)

    default = Default("d")
    claims = msgspec.defstruct("Claims", [("a", str, default)], module=__name__)
    verifier = verifier_of(claims)
    assert verifier.decode(token("{}")).a == "d"
    default.verifier = verifier
    del default, claims, verifier
    gc.collect()
    assert not [found for found in gc.get_objects() if type(found) is Default]
