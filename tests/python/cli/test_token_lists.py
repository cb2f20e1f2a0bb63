"""`--tokens` of `rapidjwt verify` and `rapidjwt inspect`: many tokens, one a line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import rapidjwt

from .conftest import is_one_line
from .tokens import segment, token


@pytest.fixture
def verify(run, public_file):
    def verify(*options, stdin=b""):
        return run("verify", "--key", public_file, "--alg", "ES256", *options, stdin=stdin)

    return verify


@pytest.fixture
def signed(key):
    return [rapidjwt.encode({"sub": name}, key, "ES256") for name in ("alice", "bob")]


def lines(result):
    return [json.loads(line) for line in result.out.splitlines()]


def test_each_token_gets_a_verdict_and_all_are_counted(verify, signed):
    result = verify("--tokens", "-", stdin="\n".join(signed))
    assert (result.code, result.out) == (0, "1: Verified\n2: Verified\n")
    assert result.err == "rapidjwt: 2 tokens: 2 verified, 0 refused\n"


def test_one_refused_token_does_not_end_the_list_and_the_exit_code_is_1(verify, signed):
    text = f"\ufeff{signed[0]}\r\n\n  \nBearer {signed[0]}x\nBearer\nbearer {signed[1]}"
    result = verify("--tokens", "-", stdin=text)
    assert result.code == 1
    assert result.out.splitlines() == [
        "1: Verified",
        "4: Not verified: Invalid crypto padding",
        "5: Not verified: The token is empty",
        "6: Verified",
    ]
    assert result.err == "rapidjwt: 4 tokens: 2 verified, 2 refused\n"


def test_json_is_one_object_a_line(verify, signed, tmp_path, key):
    late = rapidjwt.encode({"exp": 1, "sub": "h\u00e9llo"}, key, "ES256")
    (tmp_path / "list").write_text("\n".join([signed[0], late]))
    result = verify("--tokens", "list", "--json")
    assert result.code == 1
    assert result.out.isascii()
    first, second = lines(result)
    assert first == {
        "line": 1,
        "verified": True,
        "header": {"alg": "ES256", "typ": "JWT"},
        "claims": {"sub": "alice"},
        "times": {},
    }
    assert second == {
        "line": 2,
        "verified": False,
        "error": "ExpiredSignatureError",
        "message": "Signature has expired",
    }
    assert result.err == "rapidjwt: 2 tokens: 1 verified, 1 refused\n"


def test_inspect_shows_each_token_and_warns_once(run):
    stdin = f"{token({'sub': 'a', 'exp': 4_000_000_000})}\n{segment({})}\n"
    result = run("inspect", "--tokens", "-", stdin=stdin)
    assert result.code == 1
    assert result.out.startswith("Line 1\n\nHeader (not verified)\n")
    assert "\nLine 2\n\nHeader (not verified)\n" in result.out
    assert result.out.count("Nothing was verified") == 1
    assert result.err == "rapidjwt: 2 tokens: 1 readable, 1 not readable\n"


def test_inspect_writes_one_object_a_line(run):
    stdin = f"{token()}\n{token({'sub': 'b'})}\n"
    result = run("inspect", "--tokens", "-", "--json", stdin=stdin)
    assert (result.code, result.err) == (0, "rapidjwt: 2 tokens: 2 readable, 0 not readable\n")
    single = run("inspect", "--json", token({"sub": "b"})).json
    assert [one["line"] for one in lines(result)] == [1, 2]
    assert lines(result)[1] == {"line": 2} | single


def test_one_token_is_counted_in_the_singular(run):
    assert run("inspect", "--tokens", "-", stdin=token()).err.startswith("rapidjwt: 1 token: ")


@pytest.mark.parametrize("empty", ["", "\n \n\ufeff"])
def test_no_tokens_are_not_a_success(run, verify, empty):
    for result in (verify("--tokens", "-", stdin=empty), run("inspect", "--tokens", "-")):
        assert result.code == 3
        assert result.err == "rapidjwt: There are no tokens in the input\n"


def test_a_list_that_cannot_be_read_is_one_line(run, tmp_path, monkeypatch):
    for name in ("missing", tmp_path):
        result = run("inspect", "--tokens", name)
        assert (result.code, result.out) == (3, "")
        assert is_one_line(result.err)
    monkeypatch.setattr("rapidjwt.cli.sources._MAX_BYTES", 1000)
    result = run("inspect", "--tokens", "-", "--json", stdin=f"{token()}\n{'x' * 1001}\n")
    assert (result.code, len(lines(result))) == (3, 1)
    assert result.err == "rapidjwt: Line 2 is larger than 1000 bytes\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["inspect", "--tokens", "-", "x.y.z"],
        ["inspect", "--tokens", "list", "-"],
        ["verify", "--key", "-", "--tokens", "-"],
        ["verify", "--jwks", "-", "--tokens", "-"],
    ],
)
def test_wrong_usage_is_one_line(run, arguments):
    result = run(*arguments)
    assert (result.code, result.out) == (2, "")
    assert is_one_line(result.err)


def test_key_and_tokens_can_come_from_different_places(run, verify, signed, key):
    result = run("verify", "--key", "-", "--alg", "ES256", "--json", signed[0], stdin=key.to_pem())
    assert result.code == 0
    Path("list").write_text(signed[0])
    command = ["verify", "--key", "-", "--alg", "ES256", "--tokens", "list"]
    assert run(*command, stdin=key.to_pem()).out == "1: Verified\n"


def test_a_hostile_list_cannot_drive_the_terminal(run, verify, key):
    claims = {"aud": "\x1b[2J\u202e", "\x1b[2J": 1}
    stdin = f"{rapidjwt.encode(claims, key, 'ES256', {'kid': chr(27)})}\n\x1b[2J.\x9b.\n"
    for options in ([], ["--json"]):
        for result in (
            run("inspect", "--tokens", "-", *options, stdin=stdin),
            verify("--tokens", "-", *options, stdin=stdin),
        ):
            assert result.code == 1
            assert not set("\x1b\x9b\u202e") & set(result.out + result.err)


def test_a_token_is_reported_before_the_next_one_is_read():
    with subprocess.Popen(
        [sys.executable, "-m", "rapidjwt", "inspect", "--tokens", "-", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        for number in (1, 2):
            running.stdin.write(f"{token()}\n")
            running.stdin.flush()
            assert json.loads(running.stdout.readline())["line"] == number
        assert running.communicate()[1].startswith("rapidjwt: 2 tokens")
