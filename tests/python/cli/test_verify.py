"""`rapidjwt verify` with local keys."""

from __future__ import annotations

import json

import pytest
import rapidjwt
from rapidjwt import Key, Signer

from .conftest import is_one_line

SECRET = "a secret of at least thirty-two bytes, from a vault"


@pytest.fixture
def signed(key):
    return lambda **claims: rapidjwt.encode({"sub": "alice"} | claims, key, "ES256")


def test_a_good_token_is_shown_with_the_verdict(run, signed, public_file):
    result = run("verify", signed(), "--key", public_file, "--alg", "ES256")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("Verified\n")
    assert '"sub": "alice"' in result.out


def test_json_has_verdict_header_claims_and_times(run, signed, public_file):
    made = signed(exp=4_000_000_000)
    result = run("verify", "-", "--key", public_file, "--alg", "ES256", "--json", stdin=made)
    words = result.json["times"]["exp"].pop("words")
    assert words.startswith("expires in ")
    assert result.json["verified"] is True
    assert result.json["header"] == {"alg": "ES256", "typ": "JWT"}
    assert result.json["claims"] == {"sub": "alice", "exp": 4_000_000_000}
    assert result.json["times"]["exp"]["utc"] == "2096-10-02T07:06:40Z"


@pytest.mark.parametrize(
    ("claims", "options", "error"),
    [
        ({"exp": 1}, [], "ExpiredSignatureError"),
        ({"nbf": 4_000_000_000}, [], "ImmatureSignatureError"),
        ({"aud": "a"}, [], "InvalidAudienceError"),
        ({"aud": "a"}, ["--aud", "b", "--aud", "c"], "InvalidAudienceError"),
        ({"iss": "a"}, ["--iss", "b"], "InvalidIssuerError"),
        ({}, ["--sub", "bob"], "InvalidSubjectError"),
        ({}, ["--require", "exp", "--require", "sub"], "MissingRequiredClaimError"),
    ],
)
def test_a_token_against_the_policy_is_refused(run, signed, public_file, claims, options, error):
    command = ["verify", "--key", public_file, "--alg", "ES256", *options]
    result = run(*command, stdin=signed(**claims))
    assert (result.code, result.out) == (1, "")
    assert is_one_line(result.err)
    assert "Not verified: " in result.err
    result = run(*command, "--json", stdin=signed(**claims))
    assert (result.code, result.err) == (1, "")
    assert result.json["verified"] is False
    assert result.json["error"] == error
    assert set(result.json) == {"verified", "error", "message"}


@pytest.mark.parametrize(
    ("claims", "options"),
    [
        ({"aud": ["a", "b"]}, ["--aud", "x", "--aud", "b"]),
        ({"iss": "b"}, ["--iss", "a", "--iss", "b"]),
        ({}, ["--sub", "alice", "--require", "sub"]),
        ({"exp": 1}, ["--leeway", "99999d"]),
    ],
)
def test_a_token_that_keeps_the_policy_is_verified(run, signed, public_file, claims, options):
    result = run("verify", signed(**claims), "--key", public_file, "--alg", "ES256", *options)
    assert (result.code, result.err) == (0, "")


def test_a_missing_audience_is_hinted_at(run, signed, public_file):
    result = run("verify", signed(aud="a"), "--key", public_file, "--alg", "ES256")
    assert "--aud" in result.err


def test_the_token_has_no_say_in_the_algorithm(run, public_file, signed):
    unsigned = rapidjwt.encode({"sub": "alice"}, "", algorithm="none")
    assert run("verify", unsigned, "--key", public_file, "--alg", "ES256").code == 1
    result = run("verify", signed(), "--key", public_file)
    assert result.code == 2
    assert is_one_line(result.err)
    assert "--alg (ES256)" in result.err


def test_a_public_key_is_no_secret(run, public_file, signed):
    result = run("verify", signed(), "--key", public_file, "--alg", "HS256")
    assert (result.code, result.out) == (3, "")
    assert is_one_line(result.err)
    assert "only for ES256" in result.err


def test_a_jwk_names_its_algorithm(run, key, signed, tmp_path):
    file = tmp_path / "key.jwk"
    file.write_text(json.dumps(key.to_jwk() | {"alg": "ES256"}))
    assert run("verify", signed(), "--key", file).code == 0
    assert run("verify", signed(), "--key", "-", stdin=file.read_bytes()).code == 0


@pytest.mark.parametrize("use", [{"use": "enc"}, {"key_ops": ["sign"]}])
def test_a_key_for_something_else_verifies_nothing(run, key, signed, tmp_path, use):
    file = tmp_path / "key.jwk"
    file.write_text(json.dumps(key.to_jwk() | use))
    for options in ([], ["--alg", "ES256"]):
        result = run("verify", signed(), "--key", file, *options)
        assert result.code == 3
        assert is_one_line(result.err)


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_secret_comes_from_a_file_or_the_environment(run, monkeypatch, tmp_path, ending):
    made = rapidjwt.encode({}, SECRET, "HS256")
    file = tmp_path / "secret"
    file.write_bytes((SECRET + ending).encode())
    assert run("verify", made, "--key", file, "--alg", "HS256").code == 0
    monkeypatch.setenv("THE_SECRET", SECRET)
    assert run("verify", made, "--key", "env:THE_SECRET", "--alg", "HS256").code == 0
    assert run("verify", made, "--key", "env:THE_SECRET", "--alg", "HS512").code == 1


@pytest.mark.parametrize("first", [b"0", b"0\x82", b" ", b"\xff"])
def test_any_bytes_are_a_secret(run, tmp_path, first):
    secret = first + b"3" * 40
    (tmp_path / "secret").write_bytes(secret)
    made = rapidjwt.encode({}, secret, "HS256")
    assert run("verify", made, "--key", "secret", "--alg", "HS256").code == 0


@pytest.mark.parametrize("form", ["der", "pem", "jwk"])
def test_the_format_of_a_key_is_found_out(run, key, signed, tmp_path, form):
    data = {"der": key.to_der(), "pem": key.to_pem(), "jwk": json.dumps(key.to_jwk())}[form]
    data = data if isinstance(data, bytes) else b"\xef\xbb\xbf\n" + data.encode()
    (tmp_path / "key").write_bytes(data)
    assert run("verify", signed(), "--key", "key", "--alg", "ES256").code == 0


def test_the_key_of_a_set_is_chosen_by_the_tokens_kid(run, tmp_path):
    members = [{"kid": kid, "alg": "ES256"} for kid in ("a", "b")]
    jwks = [Key.generate("ES256").to_jwk(private=True) | names for names in members]
    made = Signer(Key.from_jwk(jwks[1]), "ES256").encode({})
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": jwks}))
    assert run("verify", made, "--jwks", "jwks.json").code == 0
    assert run("verify", made, "--key", "jwks.json").code == 0
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": jwks[:1]}))
    assert run("verify", made, "--jwks", "jwks.json").code == 1


def test_a_providers_set_may_have_keys_that_are_of_no_use_here(run, key, signed, tmp_path):
    members = [{"kty": "new"}, key.to_jwk() | {"alg": "ES256"}]
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": members}))
    assert run("verify", signed(), "--jwks", "jwks.json").code == 0
    assert run("verify", signed(), "--key", "jwks.json").code == 3


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"{}",
        b'{"keys": []}',
        b'{"keys": 3}',
        b'{"keys": [3]}',
        b'{"kty": "oct", "k": "!!"}',
        b"-----BEGIN PUBLIC KEY-----\nsecret part\n-----END PUBLIC KEY-----",
        b"ssh-rsa secret part",
        b"[" * 9 + b"{",
    ],
)
def test_a_broken_key_is_one_line_without_its_text(run, signed, tmp_path, content):
    (tmp_path / "key").write_bytes(content)
    for option in ("--key", "--jwks"):
        result = run("verify", signed(), option, "key", "--alg", "ES256")
        assert (result.code, result.out) == (3, "")
        assert is_one_line(result.err)
        assert "secret part" not in result.err


@pytest.mark.parametrize("source", ["s3cr3t-by-mistake", "env:s3cr3t-by-mistake"])
def test_a_secret_given_by_mistake_is_not_repeated(run, signed, source):
    for command in (["verify", signed(), "--alg", "HS256"], ["sign"]):
        result = run(*command, "--key", source)
        assert result.code == 3
        assert is_one_line(result.err)
        assert "s3cr3t" not in result.err


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--key", "k", "--jwks", "j"],
        ["--issuer", "https://id.example", "--iss", "x"],
        ["--key", "-"],
        ["--jwks", "-"],
        ["--key", "k", "--alg", "none"],
        ["--key", "k", "--leeway", "soon"],
        ["--key", "k", "--leeway", "-5"],
        ["--jwks", "http://127.0.0.1/"],
        ["--issuer", "https://id.example/?x"],
        ["--jwks", "https://id.example/", "--alg", "HS256"],
        ["--unknown"],
    ],
)
def test_wrong_usage_is_one_line(run, options):
    result = run("verify", *options)
    assert (result.code, result.out) == (2, "")
    assert is_one_line(result.err)
    assert "rapidjwt verify --help" in result.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Specify the keys with --key, --jwks or --issuer."),
        (["--key", "a", "--jwks", "b"], "Specify only one of --key and --jwks."),
        (
            ["--issuer", "https://a", "--key", "a", "--jwks", "b"],
            "Specify only one of --key, --jwks and --issuer.",
        ),
    ],
)
def test_keys_come_from_one_place(run, options, message):
    result = run("verify", *options)
    assert (result.code, result.out) == (2, "")
    assert result.err == f"rapidjwt: {message} See: rapidjwt verify --help\n"
