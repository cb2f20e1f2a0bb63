"""Hypothesis strategies: arguments of every type, JSON text in every spelling, damaged tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from .keys import HMAC_SECRET
from .paths import Recipe

# The number of cases that each property gets in one run.
CASES = {
    "payloads": 4500,
    "headers": 3000,
    "encode arguments": 1500,
    "payload bytes": 4000,
    "header bytes": 2000,
    "claims": 4500,
    "decode arguments": 2500,
    "tokens": 4000,
    "keys": 2500,
    "JWKs": 800,
    "deep secrets": 300,
}


def cases(name: str) -> Any:
    """Return the settings of one property.

    A run repeats the same cases; RAPIDJWT_DIFFERENTIAL=N makes N times as many, at random. N may be
    a fraction, for emulated machines.
    """
    times = float(os.environ.get("RAPIDJWT_DIFFERENTIAL", "0"))
    return settings(
        max_examples=round(CASES[name] * (times or 1)),
        derandomize=not times,
        print_blob=bool(times),
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def words(text: str) -> list[str]:
    """Return the words of a text, so that spellings can be listed side by side."""
    return text.split()


def mix(*weighted: tuple[int, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """Draw from (weight, strategy) pairs: `one_of` would give each branch the same weight."""
    choices = [strategy for weight, strategy in weighted for _ in range(weight)]
    return st.sampled_from(choices).flatmap(lambda strategy: strategy)


def recipes(*expressions: str) -> st.SearchStrategy[Recipe]:
    return st.sampled_from([Recipe(expression) for expression in expressions])


CHARACTERS = [
    *"\x00\x01\t\n\r\x1f\x7f\x80\x9f\xa0\xad\xff\u0660\u200b\u2028\u2029\ufeff\ufffd\uffff",
    *"\ud800\udbff\udc00\udfff\U00010000\U0001f600\U0010ffff",
    *"\"\\/<>&'abc{}[]:, ",
]
texts = st.one_of(
    st.sampled_from(["", "a", "abc", "é", "\x7f", "\U0001f600", "\ud800", "\ud83d\ude00"]),
    st.text(st.sampled_from(CHARACTERS), max_size=6),
    st.text(max_size=6),
    st.text(st.characters(), max_size=40),
)
integers = st.one_of(
    st.integers(-10, 10),
    st.integers(),
    st.sampled_from([2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**40, -(10**300)]),
)
floats = st.one_of(
    st.floats(),
    st.sampled_from([-0.0, 0.1, 1e16, 1e22, 1e-5, 1e-4, 5e-324, 1.7976931348623157e308, 1e100]),
    st.sampled_from([float("nan"), float("inf"), float("-inf"), 123456789012345680.0, 1.0]),
)
scalars = st.one_of(texts, integers, floats, st.booleans(), st.none())
# Integers with more digits than Python converts to text.
huge_integers = recipes("10**4299", "-10**4299", "10**4300", "-10**4300", "10**9000")
odd_objects = recipes(
    "IntSub(7)",
    "IntSub(10**30)",
    "FloatSub(1.5)",
    "FloatSub('nan')",
    "FloatSub('inf')",
    "StrSub('text')",
    "StrSub('\\ud800')",
    "ListSub([1, 2])",
    "LyingList([1])",
    "TupleSub((1, 2))",
    "DictSub(b=1, a=2)",
    "LyingDict(b=1, a=2)",
    "Missing(a=1)",
    "Mapping(a=1)",
    "Color.RED",
    "Color.HUGE",
    "Algorithm.HS256",
    "Point(1, 2)",
    "collections.OrderedDict([('b', 1), ('a', 2)])",
    "collections.defaultdict(list, b=[1], a=[2])",
    "collections.ChainMap({'a': 1})",
    "types.MappingProxyType({'a': 1})",
    "types.SimpleNamespace(a=1)",
    "b'bytes'",
    "bytearray(b'bytes')",
    "memoryview(b'bytes')",
    "{1, 2}",
    "frozenset('a')",
    "set()",
    "iter([1, 2])",
    "generate(1, 2)",
    "range(3)",
    "object()",
    "object",
    "len",
    "...",
    "1j",
    "decimal.Decimal('1.50')",
    "decimal.Decimal('nan')",
    "fractions.Fraction(1, 3)",
    "uuid.UUID(int=5)",
    "datetime.date(2030, 1, 2)",
    "datetime.time(1, 2)",
    "datetime.timedelta(1, 2, 3)",
    "datetime.datetime(2030, 1, 2, 3, 4, 5, 678901)",
    "datetime.datetime(2030, 1, 2, tzinfo=timezone.utc)",
    "nested(90)",
    "nested(90, dict)",
    "circular(list)",
    "circular(dict)",
)
# Too deep to write or read, however much of the stack is free.
too_deep = recipes("nested(100_000)", "nested(100_000, dict)")
datetimes = st.one_of(
    st.datetimes().map(lambda value: value.replace(fold=0)),
    st.datetimes(timezones=st.timezones()),
    recipes(
        "datetime.datetime(2030, 1, 2, 3, 4, 5, 999999)",
        "datetime.datetime(2030, 1, 2, tzinfo=timezone(timedelta(hours=-9, minutes=30)))",
        "datetime.datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))",
        "datetime.datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-12)))",
        "datetime.datetime.max",
        "datetime.datetime.min",
        "DatetimeSub(2030, 1, 2, 3)",
        "datetime.date(2030, 1, 2)",
    ),
)
mapping_keys = st.one_of(
    texts,
    integers,
    floats,
    st.booleans(),
    st.none(),
    recipes(
        "StrSub('key')",
        "StrSub('\\udfff')",
        "IntSub(3)",
        "FloatSub(2.5)",
        "Color.RED",
        "Algorithm.HS256",
        "b'key'",
        "(1, 2)",
        "frozenset()",
        "10**4300",
        "decimal.Decimal(1)",
        "datetime.date(2030, 1, 2)",
    ),
)


def containers(
    leaves: st.SearchStrategy[Any], keys: st.SearchStrategy[Any]
) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.lists(inner, max_size=3).map(tuple),
            st.dictionaries(keys, inner, max_size=3),
        ),
        max_leaves=5,
    )


json_values = containers(scalars, texts)
any_values = st.one_of(
    scalars, containers(scalars | odd_objects | huge_integers, mapping_keys), odd_objects
)
claim_names = st.sampled_from(["exp", "nbf", "iat", "iss", "aud", "sub", "jti", "name", "scope"])
# Values that a registered claim should not have, and values that it should.
claim_values = st.one_of(texts, integers, any_values, datetimes)
good_payloads = st.fixed_dictionaries(
    {},
    optional={
        "exp": integers | datetimes,
        "nbf": integers | datetimes,
        "iat": integers | datetimes,
        "iss": texts,
        "aud": texts | st.lists(texts, max_size=3),
        "sub": texts,
        "name": json_values,
        "more": st.dictionaries(texts, json_values, max_size=3),
    },
)
odd_payloads = st.one_of(
    st.dictionaries(claim_names | texts, json_values, max_size=6),
    st.dictionaries(claim_names | mapping_keys, claim_values, max_size=6),
)
no_payloads = st.one_of(
    any_values,
    recipes(
        "DictSub(b=1, a=datetime.datetime(2030, 1, 2))",
        "DictSub(exp=datetime.datetime(2030, 1, 2))",
        "LyingDict(exp=0)",
        "Missing(iss='me')",
        "collections.OrderedDict([('iss', 'me'), ('exp', datetime.datetime(2030, 1, 2))])",
        "collections.defaultdict(list, iat=5)",
        "collections.Counter('abc')",
        "[('iss', 'me')]",
        "'{}'",
        "b'{}'",
    ),
)
payloads = mix((5, good_payloads), (8, odd_payloads), (2, no_payloads))
encoders = mix(
    (3, st.none()),
    (
        1,
        recipes(
            "json.JSONEncoder",
            "SetEncoder",
            "TextEncoder",
            "FailingEncoder",
            "UnicodeEncoder",
            "StrictEncoder",
            "SkippingEncoder",
            "SortingEncoder",
            "SpacingEncoder",
            "PythonEncoder",
            "FixedEncoder",
            "BytesEncoder",
            "encoder_function",
            "json.JSONEncoder()",
            "'SetEncoder'",
            "dict",
            "0",
        ),
    ),
)
header_names = st.sampled_from(
    ["typ", "alg", "kid", "b64", "crit", "cty", "jku", "x5c", "Alg", "a"]
)
header_values = st.one_of(
    st.sampled_from(["JWT", "at+jwt", "", "HS256", "HS384", "HS512", "none", "hs256", "XX", "key"]),
    st.sampled_from([True, False, None, 0, 1, ["b64"], ["exp"], [], ["b64", "kid"], ["b64", 1]]),
    texts,
    any_values,
)
header_dicts = st.dictionaries(header_names | texts, header_values, max_size=5)
headers = st.one_of(
    st.none(),
    header_dicts,
    st.dictionaries(header_names | mapping_keys, header_values, max_size=5),
    st.fixed_dictionaries(
        {},
        optional={
            "alg": st.sampled_from(["HS256", "HS384", "HS512", "none", "", None, 0, ["HS256"]]),
            "typ": st.sampled_from(["JWT", "", None, False, 0, [], {}, "at+jwt", 1]),
            "kid": st.one_of(texts, st.sampled_from([None, 1, b"kid"]), recipes("StrSub('k')")),
            "b64": st.one_of(st.sampled_from([True, False, None, 0, 1, "false"])),
            "crit": st.sampled_from([["b64"], [], ["x"], ("b64",), "b64", None, ["b64", "b64"]]),
        },
    ),
    recipes(
        "DictSub(kid='a', alg='HS512')",
        "LyingDict(kid='a')",
        "Missing(kid='a')",
        "collections.OrderedDict([('z', 1), ('a', 2)])",
        "types.MappingProxyType({'kid': 'a'})",
        "Mapping(kid='a')",
        "[('kid', 'a')]",
        "[]",
        "'kid'",
        "b'kid'",
        "1",
        "0",
        "False",
    ),
)
sort_headers = st.one_of(st.booleans(), st.sampled_from([None, 0, 1, "", "yes", [], [1]]))
good_algorithm_names = st.sampled_from(["HS256", "HS256", "HS384", "HS512", "none"])
odd_algorithm_names = st.one_of(
    st.sampled_from([None, "", "hs256", "None", "HS1", "HS256 ", "RS256"]),
    st.sampled_from([0, 1, True, b"HS256", ("HS256",), 1.5]),
    recipes("StrSub('HS256')", "Algorithm.HS256", "Algorithm.NONE", "['HS256']", "{}", "object()"),
    texts,
)
algorithm_names = mix((3, good_algorithm_names), (1, odd_algorithm_names))
good_secrets = st.sampled_from([HMAC_SECRET, HMAC_SECRET, HMAC_SECRET.encode(), "short"])
odd_secrets = st.one_of(
    texts,
    st.binary(max_size=70),
    # Neither a list nor a tuple: those are keys beyond PyJWT.
    st.sampled_from([None, 0, 1.5, True, {}, "", b""]),
    recipes(
        "StrSub('a' * 64)",
        "BytesSub(b'a' * 64)",
        "bytearray(b'a' * 64)",
        "memoryview(b'a' * 64)",
        "{'a'}",
        "{'kty': 'oct', 'k': 'YQ'}",
        "object()",
        "lib.PyJWK({'kty': 'oct', 'k': 'YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQ'})",
        "lib.PyJWK({'kty': 'oct', 'k': 'YQ', 'alg': 'HS384'})",
        "lib.PyJWK({'kty': 'oct', 'k': 'YQ'}, 'HS512')",
        "keys.private_keys()['RSA-2048']",
        "keys.private_keys()['P-256'].public_key()",
    ),
)
# Anything like a public key or a JWK must not be accepted as a secret.
suspicious_secrets = st.one_of(
    st.sampled_from(
        [
            '{"kty":"oct"}',
            '[{"kty":"oct"}]',
            '{"keys":[{"kty":"RSA"}]}',
            '{"\\u006bty":"oct"}',
            ' {"a":{"b":[{"kty":null}]}}',
            '\ufeff{"kty":"oct"}',
            '{"kty"',
            '{"kt":"kty"}',
            '"kty"',
            "[" * 100_000 + '{"kty":1}',
            '{"a":' * 100_000,
            "[" * 100_000,
            '["kty":' + "[" * 100_000,
            '["\\u006bty" :' + "[" * 100_000,
            "7" * 5000,
            '{"kty":' + "7" * 5000 + "}",
            "ssh-rsa",
            "ssh-ed25519 AAAA",
            " ssh-rsa AAAA",
            "ecdsa-sha2-nistp256",
            "ecdsa-sha2-nistp25",
            "sk-ssh-ed25519@openssh.com AAAA",
        ]
    ).flatmap(
        lambda text: st.sampled_from(
            [text, text.encode(), *(text.encode(name) for name in ("utf-16", "utf-32-be"))]
        )
    ),
    st.builds(
        lambda edge, label, dash: f"----{dash}{edge} {label}{dash}----",
        st.sampled_from(["BEGIN", "END", "begin"]),
        st.sampled_from(["PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE", "X509 CRL", "KEY"]),
        st.sampled_from(["-", " ", "_"]),
    ).flatmap(
        lambda line: st.sampled_from(
            [
                line,
                f"{line}\n{line.replace('BEGIN', 'END')}",
                f"{line.replace('BEGIN', 'END')}{line}",
            ]
        )
    ),
)
# JSON too deep to parse, in which PyJWT searches for a member `kty` itself.
deep_secrets = st.builds(
    lambda opening, pieces, encoding: (opening + "".join(pieces)).encode(encoding, "surrogatepass"),
    st.sampled_from(
        ["[" * 100_000, " \n[" + "[" * 100_000, "\ufeff" + "[" * 100_000, "1" + "[" * 9]
    ),
    st.lists(
        st.sampled_from(
            [
                *'::" {}],\n\\é\ud800\x0b',
                "kty",
                '\\"',
                "\\\\",
                '"\\',
                *words(r'"kty" "kty" "\u006bty" "a" "a": "kty\u0000" "kty\"'),
            ]
        ),
        max_size=8,
    ),
    st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32-le"]),
)
secrets = mix((8, good_secrets), (3, odd_secrets), (2, suspicious_secrets))


# JSON text.

digits = st.text("0123456789", min_size=1, max_size=25)
number_texts = mix(
    (
        6,
        st.sampled_from(
            words(
                "0 -0 1 -1 1.0 1.50 1e5 1E5 1e+5 1E-05 1e400 -1e400 1e-400 0e0 0.0 -0.0 0.1 NaN "
                "Infinity -Infinity 9007199254740993 18446744073709551616 1.7976931348623159e308 "
                "123456789012345678901234567890 4.9e-324 2.2250738585072011e-308 "
                "9223372036854775807 100000000000000000000000.0 0.30000000000000004 "
                "-9223372036854775809"
            )
        ),
    ),
    (4, integers.map(str)),
    (4, floats.map(repr)),
    (2, st.builds("{}{}.{}e{}".format, st.sampled_from(["", "-"]), digits, digits, digits)),
    (2, st.builds("{}.{}".format, st.integers(), digits)),
    (2, st.builds("{}e{}".format, st.integers(), st.integers(-330, 330))),
    (1, st.sampled_from([4299, 4300, 4301, 20_000]).map(lambda length: "7" * length)),
    (1, st.sampled_from([4300, 5000]).map(lambda length: f"-0.{'3' * length}e-5")),
    (
        1,
        st.sampled_from(
            words(
                "00 01 -01 +1 - 1. .5 -.5 1e 0x1 1_000 1L \u0661 -NaN nan +Infinity inf 1e1.5 1e+ "
                "1e\u0665 1.e5 Infinit -Infinit Na --1"
            )
        ),
    ),
)
good_escapes = words(
    r"\n \t \" \\ \/ \b \f \r \u0041 \u00e9 \u0000 \uD83D\uDE00 \uD83D \uDE00 \ud800\u0041 "
    r"\uDE00\uD83D \u0660 \uFEFF \u007f \u2028 \uffff \u00E9"
)
bad_escapes = words(r"\x41 \u004 \u00g0 \U0041 \u+041 \u-041 \u0_41 \a \' \u \ud800\u00")
string_pieces = mix(
    (60, st.text(st.characters(min_codepoint=0x20, exclude_characters='"\\'), max_size=8)),
    (20, st.sampled_from(good_escapes)),
    (
        20,
        st.sampled_from(
            ["\x7f", "\x80", "é", "\u2028", "\U0001f600", "\ufeff", "\ud800", "\udfff"]
        ),
    ),
    (1, st.sampled_from(bad_escapes)),
    (1, st.sampled_from(["\0", "\n", "\t", "\x1f", '"', "\\"])),
)
string_texts = mix(
    (20, st.lists(string_pieces, max_size=4).map(lambda pieces: f'"{"".join(pieces)}"')),
    (1, st.sampled_from(['"', '"a', "'a'", 'a"', '"a\\"'])),
)


def seldom(usual: list[str], wrong: list[str]) -> st.SearchStrategy[str]:
    """Draw something wrong once in thirty times: a single such place spoils the whole text."""
    return st.sampled_from(usual * (30 * len(wrong) // len(usual)) + wrong)


whitespace = seldom(["", "", " ", "\n", "\t", "\r\n"], ["\x0b", "\xa0", "\ufeff", "//", "\0"])
literals = seldom(["true", "false", "null"], ["True", "None", "nul", "tru e", "", "undefined"])


def listed(items: st.SearchStrategy[str], brackets: str) -> st.SearchStrategy[str]:
    """Return a strategy for JSON lists and objects, most of them well-formed."""
    separators = seldom([",", ", ", " ,", "\n,\t"], [",,", "", ";"])
    ends = seldom([""], [",", "]", "}"])
    closing = seldom([brackets[1]], ["", "]", "}"])
    return st.builds(
        lambda texts, separator, end, close: f"{brackets[0]}{separator.join(texts)}{end}{close}",
        st.lists(items, max_size=4),
        separators,
        ends,
        closing,
    )


def members(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    names = mix(
        (8, claim_names.map(lambda name: f'"{name}"')),
        (8, st.sampled_from(['"a"', '"alg"', '"kid"', '"b64"', '"crit"', '"\\u0061lg"', '""'])),
        (4, string_texts),
        (1, st.sampled_from(["a", "1", "null", "'a'", ""])),
    )
    colons = seldom([":", ": ", " :", "\r:\n"], ["", "::", "="])
    return st.builds(lambda name, colon, value: f"{name}{colon}{value}", names, colons, values)


values_texts = st.recursive(
    st.one_of(number_texts, string_texts, literals, st.just("1")),
    lambda inner: listed(inner, "[]") | listed(members(inner), "{}"),
    max_leaves=5,
)
deep_texts = st.builds(
    lambda opening, depth, middle, closed: (
        opening * depth + middle + {"[": "]", '{"a":': "}"}[opening] * (depth if closed else 0)
    ),
    st.sampled_from(["[", '{"a":']),
    # Far from the depth at which Python gives up, which depends on the depth of the stack.
    st.sampled_from([1, 10, 90, 100_000]),
    st.sampled_from(["1", "", "x"]),
    st.booleans(),
)
object_texts = listed(members(values_texts), "{}")
json_texts = st.builds(
    lambda before, text, after: before + text + after,
    whitespace,
    mix(
        (20, object_texts),
        (2, values_texts),
        (1, deep_texts.map('{{"a":{}}}'.format)),
    ),
    mix((20, whitespace), (1, st.sampled_from(["x", "{}", "\x00", ","]))),
)
ENCODINGS = ["utf-8"] * 20 + words("utf-8-sig utf-16 utf-16-le utf-16-be utf-32 utf-32-le")
BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b"\0\0\xfe\xff")
json_bytes = st.builds(
    lambda text, encoding: text.encode(encoding, "surrogatepass"),
    json_texts,
    st.sampled_from(ENCODINGS),
)
damages = st.lists(
    st.tuples(
        st.sampled_from(["insert", "delete", "replace", "truncate", "repeat", "swap"]),
        st.integers(0, 1000),
        st.integers(0, 1000),
    ),
    max_size=2,
)


def damage(data: Any, steps: list[tuple[str, int, int]], parts: list[Any]) -> Any:
    """Return `data`, text or bytes, after each (step, place in thousandths, number of a part)."""
    for step, place, number in steps:
        at = place * len(data) // 1000
        part = parts[number % len(parts)]
        if step == "insert":
            data = data[:at] + part + data[at:]
        elif step == "delete":
            data = data[:at] + data[at + 1 :]
        elif step == "replace":
            data = data[:at] + part + data[at + len(part) :]
        elif step == "truncate":
            data = data[:at]
        elif step == "repeat":
            data = data[:at] + data[at : at + 1 + number % 8] + data[at:]
        else:
            data = data[at:] + data[:at]
    return data


ODD_BYTES = [bytes([byte]) for byte in b'\x00\x1f\x7f\x80\xc0\xe0\xf0\xff"\\{}[]:,019-+.eE \n'] + [
    *BYTE_ORDER_MARKS,
    b"\xed\xa0\x80",
    b"\xed\xb0\x80",
    b"\xc0\xaf",
    b"\xf4\x90\x80\x80",
    b"\xf0\x9f\x98\x80",
    b"NaN",
    b"null",
]
payload_bytes = mix(
    (14, json_bytes),
    (4, st.builds(lambda data, steps: damage(data, steps, ODD_BYTES), json_bytes, damages)),
    (1, st.builds(lambda mark, data: mark + data, st.sampled_from(BYTE_ORDER_MARKS), json_bytes)),
    (1, st.binary(max_size=30)),
)


# Tokens.


def base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def hs256_token(payload: bytes, header: bytes = b'{"alg":"HS256","typ":"JWT"}') -> str:
    """Sign any bytes as payload under any bytes as header."""
    signing_input = base64url(header) + b"." + base64url(payload)
    signature = hmac.digest(HMAC_SECRET.encode(), signing_input, hashlib.sha256)
    return b".".join([signing_input, base64url(signature)]).decode()


TOKEN_PARTS = [*"AaZz09-_+/=. .\n\té\0!", "==", "..", "===", "eyJ", "\ud800", "=."]


def token_types(token: str, kind: str) -> Any:
    """Return `token` as an argument of another type; a recipe if it may be used up."""
    if kind == "bytes":
        return token.encode("utf-8", "surrogatepass")
    if kind == "str":
        return token
    if kind == "StrSub":
        return Recipe(f"StrSub({token!a})")
    return Recipe(f"{kind}({token.encode('utf-8', 'surrogatepass')!r})")


header_members = st.builds(
    "{}:{}".format,
    st.sampled_from(['"alg"', '"typ"', '"kid"', '"b64"', '"crit"', '"x"', '"\\u0061lg"']),
    mix(
        (
            6,
            st.sampled_from(
                words(
                    '"HS256" "none" "JWT" "key" "RS256" "" ["b64"] [] ["x"] ["b64",1] true false '
                    "null 1 {}"
                )
            ),
        ),
        (1, values_texts),
    ),
)
header_bytes = st.builds(
    lambda algorithm, members: f"{{{','.join([*algorithm, *members])}}}".encode(
        "utf-8", "surrogatepass"
    ),
    mix((4, st.just(['"alg":"HS256"'])), (1, st.just([]))),
    st.lists(header_members, max_size=3),
)
odd_algorithm_arguments = st.one_of(
    st.lists(algorithm_names, max_size=3),
    st.sampled_from(
        [None, "HS256", "HS", "none", "", (), ("HS256",), {"HS256": 1}, {}, 0, 1, True]
    ),
    st.sampled_from([b"HS256", b"", "HS256,HS512", ["none"], [["HS256"]], [None, "HS256"]]),
    recipes(
        "{'HS256'}",
        "frozenset({'HS256'})",
        "set()",
        "iter(['HS256'])",
        "iter([])",
        "generate('HS512', 'HS256')",
        "dict.fromkeys(['HS256']).keys()",
        "StrSub('HS256')",
        "ListSub(['HS256'])",
        "LyingList(['HS512'])",
        "[StrSub('HS256')]",
        "[Algorithm.HS256]",
        "Algorithm.HS256",
        "Always()",
        "Never()",
        "OneByOne('HS256')",
        "IterableOnly('HS256')",
        "Equal()",
        "[Equal()]",
        "object()",
        "Raises(LookupError('no'))",
        "Raises(TypeError('no'))",
        "collections.deque(['HS256'])",
        "lib.algorithms.get_default_algorithms()",
    ),
)
algorithm_arguments = mix(
    (2, st.sampled_from([["HS256"], ["HS256", "HS512", "none"]])), (1, odd_algorithm_arguments)
)
