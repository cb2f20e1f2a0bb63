"""What `rapidjwt.arrow.verify` says of any tokens is what `Verifier.decode` says one by one."""

from __future__ import annotations

import base64
import datetime as dt
import json
import math

import pytest
import rapidjwt
import time_machine
from differential.keys import HMAC_SECRET
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rapidjwt import Verifier, arrow, profiles, rules

pa = pytest.importorskip("pyarrow")

NOW = 1_900_000_000
OTHER = "another secret of more than sixty-four bytes, to sign what must be refused"
HS = ["HS256", "HS512"]


def is_short(text):
    return isinstance(text, str) and len(text) < 3


class Failure(rapidjwt.InvalidTokenError):
    code = "one of mine"


def fails(_):
    raise Failure


VERIFIERS = [
    Verifier(HMAC_SECRET, algorithms=HS),
    Verifier(HMAC_SECRET, algorithms=["HS256"], audience="a", issuer=["a", "b"], leeway=2),
    Verifier(HMAC_SECRET, algorithms=HS, audience=["a", "b"], require=["exp", "jti"]),
    Verifier(HMAC_SECRET, algorithms=HS, subject="a", max_age=10, max_lifetime=100),
    Verifier(HMAC_SECRET, algorithms=HS, max_nesting=2, max_token_size=300),
    Verifier(
        HMAC_SECRET,
        algorithms=HS,
        options={"verify_exp": False, "verify_aud": False, "verify_sub": False},
    ),
    Verifier(HMAC_SECRET, algorithms=HS, audience="a", options={"strict_aud": True}),
    Verifier(
        HMAC_SECRET,
        algorithms=HS,
        audience="a",
        issuer="a",
        profile=profiles.ACCESS_TOKEN_LENIENT,
    ),
    Verifier(
        HMAC_SECRET,
        algorithms=HS,
        rules={"scope": rules.optional(rules.has_words("a")), ("x", "y"): rules.optional(1)},
    ),
    Verifier(HMAC_SECRET, algorithms=HS, rules={"scope": is_short}),
    Verifier(HMAC_SECRET, algorithms=HS, rules={"scope": fails}),
    Verifier(HMAC_SECRET, algorithms=HS, cache_size=5),
    Verifier([HMAC_SECRET, OTHER], algorithms=HS),
]

texts = st.sampled_from(
    ["", "a", "b", "a b", "é", "\ud800", "\U0001f600", "\x00", '"', "1900000001"]
)
numbers = st.one_of(
    st.integers(NOW - 15, NOW + 15),
    st.sampled_from(
        [0, -1, 2**53 + 1, 2**63, -(2**70), 1.5, NOW + 0.9, 1e300, -0.0, 1e400, float("nan")]
    ),
)
scalars = st.one_of(texts, numbers, st.booleans(), st.none())
values = st.one_of(
    scalars,
    st.lists(texts, max_size=2),
    st.lists(scalars, max_size=2),
    st.dictionaries(st.sampled_from(["y", "z"]), scalars, max_size=2),
)
times = st.one_of(numbers, numbers, numbers, values)
names = st.one_of(texts, texts, texts, values)
claims = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(["exp", "nbf", "iat"], times),
        **dict.fromkeys(["iss", "sub", "jti", "aud", "scope"], names),
        **dict.fromkeys(["client_id", "x"], values),
    },
)


def segment(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@st.composite
def payloads(draw):
    """Draw JSON in any spelling, and what is not JSON."""
    members = draw(claims)
    text = json.dumps(
        members, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1]))
    )
    encoding = draw(st.sampled_from(["utf-8"] * 6 + ["utf-16", "utf-32-le", "utf-8-sig"]))
    raw = text.encode(encoding, "surrogatepass")
    twice = raw[:-1] + b',"exp":1,"sub":"b"}' if members else raw
    return draw(st.sampled_from([raw] * 6 + [twice, raw[:-1], b"[]", b"", raw + b" "]))


headers = st.sampled_from(
    [None] * 6
    + [{"kid": "k"}, {"kid": "é"}, {"typ": "at+jwt"}, {"typ": None}, {"crit": ["x"], "x": 1}]
)


@st.composite
def tokens(draw):
    secret = draw(st.sampled_from([HMAC_SECRET] * 9 + [OTHER]))
    algorithm = draw(st.sampled_from(["HS256"] * 6 + ["HS512", "HS384"]))
    token = rapidjwt.PyJWS().encode(draw(payloads()), secret, algorithm, draw(headers))
    change = draw(
        st.sampled_from(["none"] * 12 + ["cut", "dots", "space", "bearer", "header", "null"])
    )
    strange = draw(st.sampled_from([b'{"alg":"none"}', b"{}", b"[]", b"x", b'{"alg":1}']))
    return {
        "none": token,
        "cut": token[: len(token) // 2],
        "dots": token + ".x",
        "space": token + " ",
        "bearer": f"Bearer {token}",
        "header": segment(strange) + token[token.index(".") :],
        "null": None,
    }[change]


def outcome(verifier, token):
    try:
        return True, None, verifier.decode_complete(token)
    except rapidjwt.PyJWTError as error:
        code = error.code if error.code in rapidjwt.exceptions.CODES else "error"
        return False, code, None


def same(one, other):
    """Compare claims as JSON does, in which NaN is NaN."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


COLUMNS = {
    "sub": "str",
    "exp": "timestamp",
    "x": "int",
    "scope": "list[str]",
    "client_id": "bool",
    "jti": "float",
    ("x", "y"): "str",
}


def is_text(value):
    """Return whether a value is a text that Arrow can hold."""
    return isinstance(value, str) and not any("\ud800" <= one <= "\udfff" for one in value)


def number(value):
    """Return a number that Rust's JSON can hold, as a float; None for another value."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    fits = -(2**63) <= value < 2**64 if isinstance(value, int) else math.isfinite(value)
    return float(value) if fits else None


def text_list(value):
    value = [value] if isinstance(value, str) else value
    return value if isinstance(value, list) and all(map(is_text, value)) else None


def timestamp(value):
    seconds = number(value)
    in_range = seconds is not None and -62135596800 <= seconds < 253402300800
    return pytest.approx(seconds, abs=1e-6) if in_range else None


#: What a column of each type shows of a claim.
SHOWN = {
    "str": lambda value: value if is_text(value) else None,
    "list[str]": text_list,
    "bool": lambda value: value if isinstance(value, bool) else None,
    "int": lambda value: value if type(value) is int and -(2**63) <= value < 2**63 else None,
    "float": number,
    "timestamp": timestamp,
}


@settings(max_examples=300, deadline=None, derandomize=True,
          suppress_health_check=list(HealthCheck))  # fmt: skip
@given(st.lists(tokens(), max_size=6), st.sampled_from(VERIFIERS), st.booleans(), st.data())
def test_results_are_those_of_decode_one_by_one(column, verifier, twice, data):
    column = column * 2 if twice else column
    moments = data.draw(
        st.lists(st.integers(NOW - 10, NOW + 10), min_size=len(column), max_size=len(column))
    )
    per_row = data.draw(st.booleans())
    kind = data.draw(st.sampled_from([pa.string(), pa.large_binary(), pa.string_view()]))
    array = pa.array([one and one.encode() for one in column], pa.binary()).cast(kind)
    at = pa.array(moments, pa.int64()) if per_row else NOW
    table = pa.table(arrow.verify(verifier, array, at=at, claims=COLUMNS, threads=2))
    table.validate(full=True)
    for number, (token, row) in enumerate(zip(column, table.to_pylist(), strict=True)):
        with time_machine.travel(moments[number] if per_row else NOW, tick=False):
            valid, code, complete = outcome(verifier, token)
        assert (row["valid"], row["error"]) == (valid, code), token
        if not valid:
            assert not any(value for name, value in row.items() if name != "error")
            continue
        assert (row["kid"], row["alg"]) == (
            complete["header"].get("kid"),
            complete["header"]["alg"],
        )
        claims = complete["payload"]
        assert same(json.loads(row["payload"]), claims)
        for path, type_ in COLUMNS.items():
            value = claims
            for name in (path,) if isinstance(path, str) else path:
                value = value.get(name) if isinstance(value, dict) else None
            shown = row[path if isinstance(path, str) else ".".join(path)]
            if isinstance(shown, dt.datetime):
                shown = shown.timestamp()
            assert shown == SHOWN[type_](value)


def test_the_cases_are_of_every_kind():
    """The property would prove nothing if all tokens were refused alike."""
    seen = set()

    @settings(max_examples=1500, deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(tokens(), st.sampled_from(VERIFIERS))
    def collect(token, verifier):
        with time_machine.travel(NOW, tick=False):
            seen.add(outcome(verifier, token)[1])

    collect()
    assert seen >= {
        None, "malformed_token", "wrong_algorithm", "bad_signature", "expired", "not_yet_valid",
        "invalid_claim", "wrong_audience", "wrong_issuer", "missing_claim", "invalid_header",
        "error",
    }  # fmt: skip
