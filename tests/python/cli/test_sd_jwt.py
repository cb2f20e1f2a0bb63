"""SD-JWTs and JSON serializations in `rapidjwt inspect` and `rapidjwt verify`."""

from __future__ import annotations

import json

import pytest
from rapidjwt import Key, Signer
from rapidjwt.jws_json import JSONSigner, sign_general
from rapidjwt.sd_jwt import SDJWT, issue, present

from .conftest import is_one_line

HOLDER = Key.generate("ES256")
BINDING = {"nonce": "n-1", "audience": "https://verifier.example"}
OPTIONS = ("--nonce", "n-1", "--bound-to", "https://verifier.example")


@pytest.fixture
def issued(key):
    claims = {"sub": "alice", "name": "Al\x1bice", "address": {"country": "DE"}, "list": ["a"]}
    paths = ["name", "address", ("address", "country"), ("list", 0)]
    return issue(claims, Signer(key, "ES256"), paths, holder_key=HOLDER)


@pytest.fixture
def verify(run, public_file):
    return lambda token, *options: run(
        "verify", "--key", public_file, "--alg", "ES256", *options, stdin=token
    )


def test_inspect_shows_the_disclosures(run, issued):
    for form in (issued, json.dumps(SDJWT.parse(issued).to_flattened())):
        result = run("inspect", stdin=form)
        assert result.code == 0
        assert "Disclosures (not verified)" in result.out
        for shown in ("  name\n", "  address.country\n", '"DE"\n', "  list.0\n", "\\u001b"):
            assert shown in result.out
        assert "\x1b" not in result.out
        result = run("inspect", "--json", stdin=form)
        found = {tuple(one["path"]): one["value"] for one in result.json["disclosures"]}
        assert found["address",] == {"country": "DE"}
        assert result.json["verified"] is False
        assert "key_binding" not in result.json


def test_inspect_shows_the_key_binding(run, issued):
    bound = present(issued, ["name"], key=HOLDER, **BINDING)
    result = run("inspect", "--json", stdin=bound)
    assert result.json["key_binding"]["claims"]["nonce"] == "n-1"
    assert result.json["key_binding"]["header"]["typ"] == "kb+jwt"
    assert "Key binding (not verified)" in run("inspect", stdin=bound).out


def test_inspect_says_what_is_wrong_with_disclosures(run, issued):
    for wrong in (f"{issued}{issued.split('~')[1]}~", f"{issued}a.b", "x~", "~"):
        result = run("inspect", "--json", stdin=wrong)
        findings = [one for one in result.json["findings"] if one["level"] == "error"]
        assert findings, wrong


def test_verify_shows_the_disclosed_claims(verify, issued):
    for form in (issued, json.dumps(SDJWT.parse(issued).to_general())):
        result = verify(form, "--json")
        assert result.code == 0
        assert result.json["claims"]["address"] == {"country": "DE"}
        assert "_sd" not in result.out
    some = present(issued, ["name"])
    assert "address" not in verify(some, "--json").json["claims"]
    assert verify(some).out.startswith("Verified\n")


def test_verify_checks_the_key_binding(verify, issued):
    bound = present(issued, ["name"], key=HOLDER, **BINDING)
    result = verify(bound, "--json", *OPTIONS)
    assert result.code == 0
    assert result.json["key_binding"]["aud"] == BINDING["audience"]
    assert "Key binding" in verify(bound, *OPTIONS).out
    other = ("--nonce", "n-2", "--bound-to", "https://verifier.example")
    for token, options in [(bound, ()), (issued, OPTIONS), (bound, other)]:
        result = verify(token, *options)
        assert (result.code, result.out) == (1, "")
        assert is_one_line(result.err)
        assert "key binding" in result.err
        assert "--nonce" in result.err
    assert verify(bound, "--nonce", "x").code == 2


def test_a_token_is_not_taken_for_a_bound_sd_jwt(verify, key):
    result = verify(Signer(key, "ES256").encode({"sub": "alice"}), *OPTIONS)
    assert (result.code, result.out) == (1, "")


def test_a_list_of_tokens_may_have_sd_jwts(run, public_file, issued, key, tmp_path):
    plain = Signer(key, "ES256").encode({})
    (tmp_path / "tokens").write_text(f"{issued}\n{plain}\n{issued}x\n")
    command = ("verify", "--key", public_file, "--alg", "ES256", "--tokens", "tokens")
    assert [line[:6] for line in run(*command).out.splitlines()] == ["1: Ver", "2: Ver", "3: Not"]


def test_verify_reads_what_sign_writes(run, private_file, verify):
    command = ("sign", "--key", private_file, "--alg", "ES256", "--claim", "sub=alice")
    made = run(*command, "--format", "json").out
    result = verify(made, "--json")
    assert (result.code, result.json["claims"]) == (0, {"sub": "alice"})
    changed = json.loads(made) | {"payload": "e30"}
    result = verify(json.dumps(changed))
    assert (result.code, result.out) == (1, "")
    assert "Signature verification failed" in result.err


def test_other_json_is_refused_with_a_hint(verify, key):
    signer = JSONSigner(key, "ES256", unprotected={"kid": "a"})
    general = sign_general([signer], "{}")
    several = {"payload": "e30", "protected": "e30.e30", "signature": ""}
    for document in (general, signer.sign_flattened("{}"), several, {}):
        for text in (json.dumps(document), json.dumps(document)[:-1]):
            result = verify(text)
            assert (result.code, result.out) == (1, "")
            assert is_one_line(result.err)
    assert "rapidjwt.jws_json" in verify(json.dumps(general)).err
