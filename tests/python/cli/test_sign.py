"""`rapidjwt sign`."""

from __future__ import annotations

import json

import pytest
import rapidjwt
import time_machine
from rapidjwt import Key

from .conftest import is_one_line

SECRET = "a secret of at least thirty-two bytes, from a vault"
NOW = 1_700_000_000


def read(token, key, algorithm="ES256"):
    options = {"verify_exp": False, "verify_aud": False}
    return rapidjwt.decode_complete(token.strip(), key, [algorithm], options)


def test_the_token_stands_alone_on_standard_output(run, private_file, key):
    result = run("sign", "--key", private_file, "--claim", "sub=alice", "--claim", "admin:=true")
    assert (result.code, result.err) == (0, "")
    assert result.out.count("\n") == 1
    decoded = read(result.out, key.public())
    assert decoded["payload"] == {"sub": "alice", "admin": True}
    assert decoded["header"] == {"alg": "ES256", "typ": "JWT"}


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("a=1", "a", "1"),
        ("a:=1", "a", 1),
        ("a=", "a", ""),
        ("a=b=c", "a", "b=c"),
        ("https://x/y=z", "https://x/y", "z"),
        ('a:=["b", null]', "a", ["b", None]),
        ("a=ä€", "a", "ä€"),
    ],
)
def test_a_claim_is_text_or_json(run, private_file, key, text, name, value):
    result = run("sign", "--key", private_file, "--claim", text)
    assert read(result.out, key.public())["payload"] == {name: value}


def test_claims_of_a_file_come_first_and_options_override_them(run, private_file, key):
    claims = json.dumps({"sub": "alice", "aud": ["a", "b"]})
    result = run("sign", "--key", private_file, "--claims", "-", "--claim", "sub=bob", stdin=claims)
    assert read(result.out, key.public())["payload"] == {"sub": "bob", "aud": ["a", "b"]}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("15m", 900),
        ("2h", 7200),
        ("7d", 604800),
        ("999999999d", 999999999 * 86400),
    ],
)
def test_a_lifetime_sets_iat_and_exp(run, private_file, key, text, seconds):
    with time_machine.travel(NOW, tick=False):
        result = run("sign", "--key", private_file, "--expires-in", text)
    assert read(result.out, key.public())["payload"] == {"iat": NOW, "exp": NOW + seconds}


def test_the_header_and_the_token_id(run, private_file, key):
    headers = ["--header", "typ=at+jwt", "--header", "x:=1", "--kid", "2026"]
    decoded = read(run("sign", "--key", private_file, *headers, "--jti").out, key.public())
    assert decoded["header"] == {"alg": "ES256", "typ": "at+jwt", "x": 1, "kid": "2026"}
    assert len(decoded["payload"]["jti"]) == 22


def test_registered_claims_have_options(run, private_file, key):
    options = ["--iss", "https://id.example", "--sub", "alice", "--aud", "api", "--jti", "7"]
    result = run("sign", "--key", private_file, *options, "--claim", "admin:=true")
    assert read(result.out, key.public())["payload"] == {
        "admin": True,
        "iss": "https://id.example",
        "sub": "alice",
        "aud": "api",
        "jti": "7",
    }


def test_several_audiences_are_a_list(run, private_file, key):
    result = run("sign", "--key", private_file, "--aud", "api", "--aud", "web")
    assert read(result.out, key.public())["payload"] == {"aud": ["api", "web"]}


def test_jti_without_an_id_is_random_wherever_it_stands(run, private_file, key):
    result = run("sign", "--key", private_file, "--jti", "--sub", "alice")
    claims = read(result.out, key.public())["payload"]
    assert (len(claims.pop("jti")), claims) == (22, {"sub": "alice"})
    result = run("sign", "--key", private_file, "--jti=")
    assert read(result.out, key.public())["payload"] == {"jti": ""}


@pytest.mark.parametrize("source", ["--claim", "--claims"])
@pytest.mark.parametrize(
    ("option", "name"),
    [
        (["--iss", "x"], "iss"),
        (["--sub", "x"], "sub"),
        (["--aud", "x"], "aud"),
        (["--jti", "x"], "jti"),
        (["--jti"], "jti"),
        (["--expires-in", "5m"], "exp"),
    ],
)
def test_a_claim_that_is_given_twice_is_an_error(run, private_file, source, option, name):
    given = f"{name}:=1" if source == "--claim" else "-"
    stdin = json.dumps({name: 1})
    result = run("sign", "--key", private_file, source, given, *option, stdin=stdin)
    assert (result.code, result.out) == (2, "")
    assert is_one_line(result.err)
    assert f'The claims already contain "{name}": omit {option[0]}.' in result.err


def test_a_jwk_brings_its_id_and_algorithm(run, tmp_path):
    key = Key.generate("RS256")
    jwk = key.to_jwk(private=True) | {"kid": "2026", "alg": "PS384"}
    (tmp_path / "key.jwk").write_text(json.dumps(jwk))
    decoded = read(run("sign", "--key", "key.jwk").out, key.to_pem(), "PS384")
    assert decoded["header"] == {"alg": "PS384", "typ": "JWT", "kid": "2026"}


@pytest.mark.parametrize("options", [[], ["--alg", "HS256"]])
def test_a_secret_from_standard_input(run, options):
    result = run("sign", "--key", "-", *options, stdin=SECRET + "\n")
    assert (result.code, result.err) == (0, "")
    assert read(result.out, SECRET, "HS256")["payload"] == {}


def test_a_short_secret_is_warned_of_on_one_line_without_being_shown(run, monkeypatch):
    monkeypatch.setenv("SHORT", "sh0rt")
    result = run("sign", "--key", "env:SHORT")
    assert result.code == 0
    assert read(result.out, "sh0rt", "HS256")["payload"] == {}
    assert is_one_line(result.err)
    assert "Warning: " in result.err
    assert "sh0rt" not in result.err


def test_a_public_key_cannot_sign(run, public_file):
    result = run("sign", "--key", public_file)
    assert (result.code, result.out) == (3, "")
    assert is_one_line(result.err)


@pytest.mark.parametrize(
    "options",
    [
        ["--claim", "a"],
        ["--claim", "=1"],
        ["--claim", ":=1"],
        ["--claim", "a:=b"],
        ["--claim", "exp=1700000000"],
        ["--claim", "iat:=true"],
        ["--claim", "iss:=1"],
        ["--claim", "exp:=1", "--expires-in", "5m"],
        ["--expires-in", "0"],
        ["--expires-in", "5 minutes"],
        ["--header", "alg=none"],
        ["--header", "kid:=1"],
        ["--alg", "none"],
        ["--claims", "-", "--key", "-"],
        ["surplus"],
    ],
)
def test_wrong_usage_is_one_line(run, private_file, options):
    result = run("sign", "--key", private_file, *options)
    assert (result.code, result.out) == (2, "")
    assert is_one_line(result.err)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--expires-in", "0"], "--expires-in must be at least one second."),
        (["--expires-in", "soon"], "It must be a length of time, such as 90s, 15m, 2h or 7d."),
        (["--header", "alg=none"], "--header cannot set the algorithm: use --alg."),
        (["--claim", "a"], "It must be name=text or name:=JSON."),
    ],
)
def test_messages_name_the_option_and_what_to_do(run, private_file, options, message):
    result = run("sign", "--key", private_file, *options)
    assert result.err.endswith(f"{message} See: rapidjwt sign --help\n")


@pytest.mark.parametrize("before", [["inspect", "x"], ["sign", "--claim"], ["sign"], []])
def test_a_token_or_a_key_in_the_wrong_place_is_not_quoted(run, key, before):
    for text in (rapidjwt.encode({}, key, "ES256"), key.to_pem(private=True)):
        result = run(*before, text)
        assert (result.code, result.out) == (2, "")
        assert is_one_line(result.err)
        assert text[30:40] not in result.err


def test_a_misspelled_option_is_quoted_with_the_one_meant(run):
    message = run("sign", "--hedaer", "a=b").err
    assert "--hedaer" in message
    assert "--header" in message


def test_a_key_is_needed(run):
    assert run("sign").code == 2


@pytest.mark.parametrize("claims", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_claims_that_are_none_are_one_line(run, private_file, claims):
    result = run("sign", "--key", private_file, "--claims", "-", stdin=claims)
    assert (result.code, result.out) == (3, "")
    assert is_one_line(result.err)


def test_a_key_for_another_algorithm_is_refused(run, private_file):
    result = run("sign", "--key", private_file, "--alg", "RS256")
    assert (result.code, result.out) == (3, "")
    assert is_one_line(result.err)
