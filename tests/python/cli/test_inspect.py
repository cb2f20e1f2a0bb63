"""`rapidjwt inspect`: shows everything, trusts nothing."""

from __future__ import annotations

import base64
import json
import time
import unicodedata

import pytest
import rapidjwt
import time_machine
from rapidjwt import Key, Signer
from rapidjwt._inspection.printable import printable
from rapidjwt.cli.exit_code import Failure
from rapidjwt.cli.output import write_json
from rich.highlighter import JSONHighlighter

from .tokens import segment, token

NOW = 1_700_000_000
NOTHING = "Nothing was verified: anyone can write such a token."


def codes(result):
    return {(item["level"], item["part"], item["code"]) for item in result.json["findings"]}


@pytest.fixture(autouse=True)
def now():
    with time_machine.travel(NOW, tick=False):
        yield


def test_it_shows_header_claims_and_times_and_says_that_nothing_was_verified(run):
    result = run("inspect", token({"sub": "alice", "iat": NOW - 90, "exp": NOW + 299}))
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        "Header (not verified)",
        "{",
        '  "alg": "HS256"',
        "}",
        "",
        "Claims (not verified)",
        "{",
        '  "sub": "alice",',
        '  "iat": 1699999910,',
        '  "exp": 1700000299',
        "}",
        "",
        "Times",
        "  iat  issued 1 min ago  2023-11-14T22:11:50Z",
        "  exp  expires in 4 min  2023-11-14T22:18:19Z",
        "",
        f'{NOTHING} "rapidjwt verify" checks it with a key.',
    ]


@pytest.mark.parametrize(
    ("name", "seconds", "words"),
    [
        ("exp", 59, "expires in 59 s"),
        ("exp", 60, "expires in 1 min"),
        ("exp", 7199, "expires in 1 h"),
        ("exp", -7200, "expired 2 h ago"),
        ("exp", 0, "expired 0 s ago"),
        ("exp", 3 * 86400, "expires in 3 days"),
        ("exp", -800 * 86400, "expired 2 years ago"),
        ("nbf", 60, "valid in 1 min"),
        ("nbf", -61.5, "valid since 1 min ago"),
        ("iat", 5, "issued in 5 s"),
        ("iat", -5, "issued 5 s ago"),
    ],
)
def test_times_are_said_in_words(run, name, seconds, words):
    result = run("inspect", "--json", token({name: NOW + seconds}))
    assert result.json["times"][name]["words"] == words


def test_local_time_stands_before_utc_where_they_differ(run, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        result = run("inspect", token({"exp": NOW}))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert "2023-11-15T07:13:20+09:00 (2023-11-14T22:13:20Z)" in result.out


@pytest.mark.parametrize("before", ["", "Bearer ", "bearer  ", " \n\tBearer\t"])
@pytest.mark.parametrize("arguments", [["inspect"], ["inspect", "-"]])
def test_a_token_from_standard_input_may_have_bearer_and_white_space(run, before, arguments):
    result = run(*arguments, "--json", stdin=f"{before}{token()}\r\n")
    assert (result.code, result.json["findings"]) == (0, [])


def test_a_token_of_an_argument_may_have_them_too(run):
    assert run("inspect", "--json", f" Bearer {token()} ").json["findings"] == []


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        (token({"sub": "a"}), ("warning", "claims", "exp-missing")),
        (token({"exp": NOW}), ("error", "claims", "expired")),
        (token({"exp": str(NOW + 9)}), ("error", "claims", "exp-not-a-number")),
        (token({"exp": True}), ("error", "claims", "exp-not-a-number")),
        (token({"exp": None}), ("error", "claims", "exp-not-a-number")),
        (token({"exp": (NOW + 9) * 1000}), ("warning", "claims", "exp-out-of-range")),
        (token({"exp": -(10**400)}), ("warning", "claims", "exp-out-of-range")),
        (token({"nbf": NOW + 1}), ("error", "claims", "not-yet-valid")),
        (token({"nbf": []}), ("error", "claims", "nbf-not-a-number")),
        (token({"iat": NOW + 1}), ("error", "claims", "issued-in-the-future")),
        (token({"sub": 3}), ("error", "claims", "sub-not-a-string")),
        (token({"iss": ["x"]}), ("error", "claims", "iss-not-a-string")),
        (token({"jti": 1}), ("error", "claims", "jti-not-a-string")),
        (token({"aud": {"a": 1}}), ("error", "claims", "aud-not-strings")),
        (token({"aud": ["a", 1]}), ("error", "claims", "aud-not-strings")),
        (token(b'{"sub":"a","sub":"b"}'), ("error", "claims", "duplicate-name")),
        (token(header={"alg": "none"}), ("error", "header", "alg-none")),
        (token(header={"alg": "nOnE"}), ("error", "header", "alg-none")),
        (token(header={}), ("error", "header", "alg-missing")),
        (token(header={"alg": 3}), ("error", "header", "alg-unknown")),
        (token(header={"alg": "RS1"}), ("error", "header", "alg-unknown")),
        (token(header={"alg": "HS256", "crit": ["x"]}), ("warning", "header", "crit")),
        (token(header={"alg": "HS256", "jwk": {}}), ("warning", "header", "key-in-header")),
        (token(signature=b""), ("error", "signature", "signature-missing")),
        (token(header={"alg": "RS256"}, signature=b"s" * 128), ("error", "signature", "weak-key")),
    ],
)
def test_it_says_what_is_wrong_with_a_token_that_it_can_read(run, text, finding):
    result = run("inspect", "--json", text)
    assert result.code == 0
    assert finding in codes(result)
    assert result.json["verified"] is False
    assert NOTHING in run("inspect", text).out


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("", ("error", "token", "empty")),
        ("abc", ("error", "token", "malformed")),
        (token() + ".x.y", ("error", "token", "encrypted")),
        ("!!." + token().partition(".")[2], ("error", "header", "malformed")),
        (token(header=b"{"), ("error", "header", "malformed")),
        (token(header=[]), ("error", "header", "malformed")),
        (token(claims=b"\xff"), ("error", "claims", "malformed")),
        (token(claims=b'"text"'), ("error", "claims", "malformed")),
        (token(claims=b'{"exp": NaN}'), ("error", "claims", "malformed")),
        (token(claims=b'{"exp": 1e999}'), ("error", "claims", "malformed")),
        (token(claims=b"[" * 100_000), ("error", "claims", "malformed")),
        (f"{segment({})}.é.", ("error", "claims", "malformed")),
    ],
)
def test_it_names_the_malformed_part_and_fails(run, text, finding):
    result = run("inspect", "--json", text)
    assert result.code == 1
    assert finding in codes(result)


@pytest.mark.parametrize("text", [token()[: token().rindex(".")], token() + ".x"])
def test_a_wrong_number_of_parts_is_named_and_those_that_are_there_are_shown(run, text):
    result = run("inspect", "--json", text)
    assert ("error", "token", "malformed") in codes(result)
    assert (result.code, result.json["header"]) == (0, {"alg": "HS256"})


def test_a_malformed_signature_is_named_and_the_rest_is_shown(run):
    result = run("inspect", "--json", token() + "=!")
    assert ("error", "signature", "malformed") in codes(result)
    assert (result.code, result.json["claims"]) == (0, {"exp": 4_000_000_000})


def test_a_token_of_ours_has_no_findings(run):
    made = Signer(Key.generate("EdDSA"), lifetime=60, jwt_id=True).encode({"sub": "alice"})
    assert run("inspect", "--json", made).json["findings"] == []


#: Clears the screen, sets the title, C1 control sequences, a line that looks like ours, text that
#: runs backwards, invisible text, DEL.
HOSTILE = "\x1b[2J\x1b]0;title\x07\x9b31m\r\nVerified\u2028\x85\u202e\u200b\U000e0041\x7f"
HARMFUL = {character for character in HOSTILE if not character.isprintable()} - {"\n"}
SECRET = "s" * 32


@pytest.mark.parametrize(
    "text",
    [
        token({"sub": HOSTILE, HOSTILE: 1}),
        token({"exp": HOSTILE}),
        token(json.dumps({HOSTILE: HOSTILE}, ensure_ascii=False).encode()),
        token(header={"alg": HOSTILE, "kid": HOSTILE}),
        token(header={"alg": "HS256", "crit": [HOSTILE]}),
        rapidjwt.encode({"sub": HOSTILE}, SECRET, "HS256", {"kid": HOSTILE}),
        rapidjwt.encode({"sub": "\ud800"}, SECRET, "HS256"),
        HOSTILE,
    ],
)  # fmt: skip
@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize(
    "command", [["inspect"], ["verify", "--alg", "HS256", "--key", "env:THE_SECRET"]]
)
def test_a_token_cannot_drive_the_terminal(run, monkeypatch, text, options, command):
    monkeypatch.setenv("THE_SECRET", SECRET)
    result = run(*command, *options, stdin=text)
    written = result.out + result.err
    assert result.code in (0, 1)
    assert len(HARMFUL) == 10
    assert not HARMFUL & set(written)
    assert "\ud800" not in written


@pytest.mark.parametrize("depth", [300, 700, *range(850, 1000, 3), 1500, 100_000])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_json_is_shown_however_deep_it_is_if_it_can_be_read(run, depth, options):
    nested = b"[" * depth + b"]" * depth
    result = run("inspect", *options, token(b'{"a":%b,"exp":%b}' % (nested, nested)))
    assert result.code in (0, 1)
    assert result.err == ""
    assert ("is not a number: [[[" in result.out) == (result.code == 0)


def test_json_that_is_too_deep_to_write_is_one_line():
    nested = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(Failure, match="nested too deeply"):
        write_json(nested)


LARGE = {
    "numbers": b'{"a":[%b1]}' % (b"1234567," * 1_000_000),
    "objects": b'{"a":[%b1]}' % (b'{"b":123},' * 500_000),
    "string": b'{"a":"%b"}' % (b"x" * 11_000_000),
    "invisible": b'{"a":"%b"}' % ("\u202e".encode() * 1_000_000),
    "time": b'{"exp":[%b1]}' % (b"1234567," * 1_000_000),
    "audiences": b'{"aud":[%b"b"]}' % (b'"abc",' * 1_000_000),
}


@pytest.mark.parametrize("claims", LARGE.values(), ids=LARGE)
def test_large_claims_are_shown_in_one_piece(run, monkeypatch, claims):
    """Colouring a million numbers, or quoting all of them in a message, took a minute."""
    coloured = []
    monkeypatch.setattr(JSONHighlighter, "highlight", lambda _, text: coloured.append(len(text)))
    result = run("inspect", stdin=token(claims))
    assert result.code == 0
    line = max(result.out.splitlines(), key=len)
    assert json.loads(line) == json.loads(claims)
    assert sum(coloured) < 100
    assert len(result.out) < len(line) + 1000
    result = run("inspect", "--json", stdin=token(claims))
    assert result.json["claims"] == json.loads(claims)


def test_wide_and_deep_claims_are_not_indented(run):
    claims = b'{"a":' + b"[" * 700 + b"1," * 60_000 + b"1" + b"]" * 700 + b"}"
    for options in ([], ["--json"]):
        result = run("inspect", *options, stdin=token(claims))
        assert result.code == 0
        assert len(result.out) < 4 * len(claims)


def test_characters_are_classified_once_each(monkeypatch):
    asked = []
    monkeypatch.setattr(
        "rapidjwt._inspection.printable.unicodedata.category",
        lambda character, real=unicodedata.category: asked.append(character) or real(character),
    )
    assert printable("\U000e0042\U000e0043" * 1000) == r"\udb40\udc42\udb40\udc43" * 1000
    assert len(asked) <= 2


def test_duplicate_names_among_many_are_found_in_one_pass(run):
    """Counting each name again took minutes for a header of this size."""
    names = [f'"n{number}":1' for number in range(200_000)]
    claims = base64.urlsafe_b64encode(("{" + ",".join([*names, names[7]]) + "}").encode())
    result = run("inspect", "-", "--json", stdin=b"e30." + claims.rstrip(b"=") + b".AA")
    found = [one for one in result.json["findings"] if one["code"] == "duplicate-name"]
    assert [one["message"] for one in found] == ['"n7" occurs twice.']


def test_of_many_duplicate_names_the_first_are_named_and_the_rest_counted(run):
    names = ",".join(f'"n{number}":1,"n{number}":2' for number in range(25))
    found = run("inspect", "--json", token(f"{{{names}}}".encode())).json["findings"]
    messages = [one["message"] for one in found if one["code"] == "duplicate-name"]
    assert len(messages) == 21
    assert messages[19:] == ['"n19" occurs twice.', "5 more names occur twice."]
