"""`rapidjwt inspect` finds the token in what people copy."""

from __future__ import annotations

import time

import pytest
from rapidjwt._inspection.pasted import pasted_tokens

from .tokens import token

TOKEN = token({"sub": "alice", "exp": 4_000_000_000})
OTHER = token({"sub": "bob", "exp": 4_000_000_000})


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"  {TOKEN}\n",
        f"\ufeff{TOKEN}",
        f"Bearer {TOKEN}",
        f"DPoP {TOKEN}",
        f"Authorization: Bearer {TOKEN}\r\n",
        f"authorization: bearer {TOKEN}",
        f"Cookie: theme=dark; session={TOKEN}; lang=en",
        f'Cookie: access_token="Bearer {TOKEN}"',
        f"Set-Cookie: access_token=Bearer%20{TOKEN}; Path=/; HttpOnly",
        f"curl 'https://api.example/v1' -H 'Authorization: Bearer {TOKEN}' --compressed",
        f"curl https://api.example/v1 \\\n  -H $'authorization: Bearer {TOKEN}' \\\n  -X POST",
        f'curl --oauth2-bearer {TOKEN} "https://api.example/"',
        f"curl -b session={TOKEN} https://api.example/",
        f"https://app.example/callback#id_token={TOKEN}&state=x",
        f'{{"access_token": "{TOKEN}"}}'[1:-1],
        f"{TOKEN}, {TOKEN}",
    ],
)
def test_the_token_is_found(run, text):
    assert pasted_tokens(text) == [TOKEN]
    result = run("inspect", "--json", stdin=text)
    assert (result.code, result.err) == (0, "")
    assert result.json["claims"]["sub"] == "alice"
    assert run("inspect", "--json", text).json == result.json


def test_of_several_tokens_the_first_is_read_and_the_others_are_counted(run):
    result = run("inspect", "--json", f"Cookie: access={TOKEN}; refresh={OTHER}; again={TOKEN}")
    assert result.json["claims"]["sub"] == "alice"
    assert result.err == "rapidjwt: There are 2 tokens in the text: this is the first.\n"


@pytest.mark.parametrize("end", ["~", "~WyJzIiwiYSIsMV0~", "~WyJzIiwiYSIsMV0~eyJh.e30.c2ln"])
def test_an_sd_jwt_is_found_with_its_disclosures(end):
    assert pasted_tokens(f"Cookie: credential={TOKEN}{end}; x=y") == [TOKEN + end]


def test_an_encrypted_token_is_found():
    assert pasted_tokens("Bearer eyJh.a.b.c.d") == ["eyJh.a.b.c.d"]
    assert pasted_tokens("x=eyJh.a.b.c.d;") == ["eyJh.a.b.c.d"]


@pytest.mark.parametrize(
    "text",
    ["", "no token", "a.b.c", "Cookie: a=b", f"{TOKEN}.more", '{"payload": "eyJh.e30.c2ln"}'],
)
def test_what_has_no_token_is_read_as_it_is(text):
    assert pasted_tokens(text) == [text]


def test_verify_takes_a_token_and_nothing_around_it(run, public_file):
    arguments = ["verify", "--key", public_file, "--alg", "ES256"]
    result = run(*arguments, stdin=f"Cookie: session={TOKEN}")
    assert (result.code, result.out) == (1, "")
    assert "alg" not in result.err


@pytest.mark.parametrize("piece", ["ey", "eyA", "eyJ.", "eyJ.a.b.c.", " ey", "eyJ.a~", "%65y"])
def test_a_long_text_takes_time_in_proportion_to_its_length(piece):
    started = time.process_time()
    pasted_tokens(piece * (1_000_000 // len(piece)))
    assert time.process_time() - started < 5
