"""For any claims and any requirements on them, both libraries accept or refuse alike."""

from __future__ import annotations

import json

import time_machine
from hypothesis import given
from hypothesis import strategies as st

from . import strategies as make
from .keys import HMAC_SECRET
from .paths import assert_same_call

# The clock is fixed, so that claims can be exactly at the limits.
NOW = 1_700_000_000
EDGES = [NOW + seconds for seconds in (-61, -60, -10, -1, 0, 1, 10, 60, 61)]

times = st.one_of(
    st.sampled_from(EDGES),
    st.sampled_from([float(edge) for edge in EDGES] + [NOW + 0.5, NOW - 0.5, NOW + 0.25]),
    st.sampled_from([str(edge) for edge in EDGES]),
    st.sampled_from(
        [
            "1_700_000_000",
            " 1700000000 ",
            "\u0661\u0667" + "\u0660" * 8,
            "0x10",
            "",
            "1e9",
            "+5",
            "-5",
            "5.0",
            "NaN",
        ]
    ),
    st.sampled_from(
        [True, False, None, 0, -1, 2**31, 2**63, 10**400, -(10**400), 1e300, [], {}, [NOW]]
    ),
    st.sampled_from([float("nan"), float("inf"), float("-inf"), "9" * 4300, "9" * 4301]),
)
audience_claims = st.one_of(
    st.sampled_from(["a", "b", "", "abc", ["a"], ["a", "b"], [], ["a", 1], [["a"]], [None], [""]]),
    st.sampled_from([None, 0, 1, False, True, {}, {"a": 1}, 1.5, "\ud800"]),
)
issuer_claims = st.sampled_from(["me", "m", "", "you", None, 0, 1, ["me"], {}, True, 1.5, "\ud800"])
text_claims = st.one_of(make.scalars, st.sampled_from(["user", "", [], {}, ["user"]]))
claims = st.fixed_dictionaries(
    {},
    optional={
        "exp": times,
        "nbf": times,
        "iat": times,
        "aud": audience_claims,
        "iss": issuer_claims,
        "sub": text_claims,
        "jti": text_claims,
        "name": make.json_values,
    },
)
audiences = st.one_of(
    st.none(),
    st.sampled_from(
        ["a", "b", "", "abc", ["a"], ["b", "a"], [], ["c"], ("a",), {"a": 1}, [1], [None]]
    ),
    st.sampled_from([0, 1, False, True, 1.5, b"a", b"", [["a"]], [b"a"], "\ud800"]),
    make.recipes(
        "iter(['a'])",
        "iter(['c', 'a'])",
        "iter([])",
        "generate('a')",
        "map(str, [1])",
        "{'a', 'b'}",
        "frozenset({'a'})",
        "StrSub('a')",
        "BytesSub(b'a')",
        "ListSub(['a'])",
        "LyingList(['c'])",
        "TupleSub(('a',))",
        "DictSub(a=1)",
        "Algorithm.HS256",
        "Always()",
        "OneByOne('a')",
        "IterableOnly('a')",
        "[Equal()]",
        "Equal()",
        "[object()]",
        "object()",
        "str",
        "Raises(LookupError('no'))",
        "Raises(TypeError('no'))",
        "collections.deque(['a'])",
        "range(2)",
        "bytearray(b'a')",
    ),
)
issuers = st.one_of(
    st.none(),
    st.sampled_from(
        ["me", "m", "", "you and me", ["me"], ("me",), [], {"me": 1}, {}, [1], [["me"]]]
    ),
    st.sampled_from([0, 1, False, 1.5, b"me", "\ud800"]),
    make.recipes(
        "iter(['me'])",
        "generate('you', 'me')",
        "{'me'}",
        "frozenset()",
        "StrSub('me')",
        "ListSub(['me'])",
        "LyingList(['you'])",
        "Always()",
        "Never()",
        "OneByOne('you', 'me')",
        "IterableOnly('me')",
        "[Equal()]",
        "Equal()",
        "object()",
        "str",
        "Raises(LookupError('no'))",
        "Raises(TypeError('no'))",
        "Raises(ValueError('no'))",
        "collections.deque(['me'])",
        "bytearray(b'me')",
    ),
)
subjects = st.one_of(
    st.none(),
    st.sampled_from(["user", "", "\ud800", 0, 1, False, ["user"], b"user", 1.5]),
    make.recipes("StrSub('user')", "Equal()", "object()", "iter(['user'])", "{'user'}"),
)
leeways = st.one_of(
    st.sampled_from(
        [0, 1, 10, 60, -1, -10, 0.5, 60.0, -0.0, True, False, None, "10", "", [], 2**70]
    ),
    st.sampled_from([float("nan"), float("inf"), float("-inf"), 1j, b"1", 10**400, 1e308]),
    make.recipes(
        "timedelta(seconds=10)",
        "timedelta(seconds=-10)",
        "timedelta(milliseconds=500)",
        "timedelta.max",
        "timedelta.min",
        "IntSub(10)",
        "FloatSub(10.5)",
        "Color.RED",
        "decimal.Decimal(10)",
        "fractions.Fraction(21, 2)",
        "IntLike()",
        "FloatLike()",
        "object()",
        "datetime.datetime(2030, 1, 1)",
    ),
)
requires = st.one_of(
    st.lists(make.claim_names, max_size=3),
    st.sampled_from([(), ("exp",), "exp", "", None, 0, 1, [1], [None], {"exp": 1}, [["exp"]], {}]),
    make.recipes(
        "{'sub'}",
        "frozenset({'sub'})",
        "iter(['sub', 'exp'])",
        "generate('aud')",
        "[StrSub('sub')]",
        "ListSub(['sub'])",
        "LyingList([])",
        "OneByOne('sub')",
        "IterableOnly('sub')",
        "object()",
        "Raises(LookupError('no'))",
        "['\\ud800']",
    ),
)
switches = st.one_of(
    st.booleans(),
    st.booleans(),
    st.sampled_from([0, 1, "", "no", None, [], [0], 0.0, float("nan")]),
    make.recipes("object()", "Raises(LookupError('no'))"),
)
option_names = [
    *(f"verify_{name}" for name in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")),
    "strict_aud",
    "enforce_minimum_key_length",
]
options = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {}, optional={"require": requires, **dict.fromkeys(option_names, switches)}
    ),
    st.fixed_dictionaries(
        {"verify_signature": switches},
        optional={"require": requires, **dict.fromkeys(option_names, switches)},
    ),
    st.dictionaries(make.mapping_keys | st.sampled_from(option_names), switches, max_size=3),
    make.recipes(
        "{}",
        "DictSub(verify_signature=False)",
        "DictSub(verify_exp=False)",
        "LyingDict(verify_signature=True)",
        "Missing()",
        "collections.OrderedDict(verify_exp=False)",
        "collections.defaultdict(bool)",
        "types.MappingProxyType({'verify_exp': False})",
        "Mapping(verify_exp=False)",
        "collections.ChainMap({'verify_exp': False})",
        "[]",
        "[('verify_exp', False)]",
        "()",
        "'verify_exp'",
        "''",
        "b''",
        "0",
        "1",
        "False",
        "object()",
    ),
)


@make.cases("claims")
@given(
    claims=claims,
    arguments=st.fixed_dictionaries(
        {},
        optional={
            "options": options,
            "audience": audiences,
            "issuer": issuers,
            "subject": subjects,
            "leeway": leeways,
        },
    ),
    now=st.sampled_from([NOW, NOW + 0.5]),
    function=st.sampled_from(["decode", "decode", "decode_complete"]),
)
def test_every_demand_on_claims_gives_the_same(claims, arguments, now, function):
    token = make.hs256_token(json.dumps(claims).encode())
    with time_machine.travel(now, tick=False):
        assert_same_call(function, token, HMAC_SECRET, ["HS256"], **arguments)
