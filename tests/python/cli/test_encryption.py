"""`rapidjwt encrypt` and `decrypt`, and `inspect` of encrypted tokens and JSON serializations."""

from __future__ import annotations

import json

import pytest
from rapidjwt import Key, Verifier, jwe
from rapidjwt.cli.decryption import ALGORITHMS, ENCRYPTIONS
from rapidjwt.jws_json import JSONSigner, JSONVerifier, sign_general

from .conftest import is_one_line

SHARED = jwe.generate_key("dir", encryption="A256GCM")


@pytest.fixture
def shared_file(tmp_path):
    path = tmp_path / "shared.jwk"
    path.write_text(json.dumps(SHARED))
    return path


@pytest.fixture
def recipient(tmp_path):
    key = Key.generate("X25519")
    (tmp_path / "recipient.pem").write_text(key.to_pem(private=True))
    (tmp_path / "recipient.pub").write_text(key.to_pem())
    return key


def test_content_comes_back_byte_for_byte(run, shared_file):
    made = run("encrypt", "--key", shared_file, stdin=b"\xff\n")
    assert jwe.decrypt(made.out.strip(), SHARED, ["dir"], ["A256GCM"]) == b"\xff\n"


def test_decrypt_writes_the_content_alone(run, shared_file):
    token = jwe.encrypt("hello\n", SHARED, "dir", "A256GCM")
    assert run("decrypt", token, "--key", shared_file) == (0, "hello\n", "")
    assert run("decrypt", "--key", shared_file, stdin=f"Bearer {token}\n").out == "hello\n"


@pytest.mark.parametrize("serialization", ["compact", "json"])
def test_a_signed_token_is_nested(run, recipient, private_file, key, serialization):
    signed = run("sign", "--key", private_file, "--alg", "ES256", "--claim", "sub=alice").out
    made = run(
        *("encrypt", "--key", "recipient.pub", "--alg", "ECDH-ES+A256KW", "--enc", "A128GCM"),
        *("--nested", "--kid", "1", "--header", "x=y", "--format", serialization),
        stdin=signed,
    ).out
    algorithm = {"algorithms": ["ECDH-ES+A256KW"], "encryptions": ["A128GCM"]}
    decrypter = jwe.Decrypter(recipient, **algorithm)
    if serialization == "compact":
        verifier = Verifier(key.public(), algorithms=["ES256"], decrypter=decrypter)
        assert verifier.decode(made.strip()) == {"sub": "alice"}
    options = ("--key", "recipient.pem", "--alg", "ECDH-ES+A256KW")
    assert run("decrypt", *options, stdin=made).out == signed.strip()
    result = run("inspect", *options, "--json", stdin=made)
    assert result.code == 0
    assert (result.json["claims"], result.json["verified"]) == ({"sub": "alice"}, False)
    assert result.json["header"]["alg"] == "ES256"
    header = result.json["encryption_header"]
    assert (header["cty"], header["kid"], header["x"]) == ("JWT", "1", "y")
    shown = run("inspect", *options, stdin=made).out
    assert "Header of the encryption" in shown
    assert "Nothing was verified" in shown


def test_without_a_key_the_header_is_shown(run, shared_file):
    flattened = jwe.Encrypter(SHARED, "dir", "A256GCM").encrypt_flattened("x")
    for token in (jwe.encrypt("x", SHARED, "dir", "A256GCM"), json.dumps(flattened)):
        result = run("inspect", "--json", stdin=token)
        assert result.code == 1
        assert result.json["header"] == {"alg": "dir", "enc": "A256GCM"}
        assert [finding["code"] for finding in result.json["findings"]] == ["encrypted"]


@pytest.mark.parametrize(
    ("content", "claims", "text"),
    [('{"sub": "me"}', {"sub": "me"}, None), ("hello", None, "hello"), ("{", None, None)],
)
def test_content_is_claims_or_text(run, shared_file, content, claims, text):
    token = jwe.encrypt(content, SHARED, "dir", "A256GCM")
    result = run("inspect", token, "--key", shared_file, "--json")
    assert (result.json["claims"], result.json.get("content")) == (claims, text)
    assert result.code == (1 if content == "{" else 0)
    if text:
        assert text in run("inspect", token, "--key", shared_file).out


def test_the_control_characters_of_content_are_escaped_in_inspect(run, shared_file):
    token = jwe.encrypt("\x1b[31m", SHARED, "dir", "A256GCM")
    assert "\x1b" not in run("inspect", token, "--key", shared_file).out


def test_sign_writes_the_flattened_serialization(run, private_file, key):
    made = run(
        "sign", "--key", private_file, "--alg", "ES256", "--claim", "a:=1", "--format", "json"
    )
    verified = JSONVerifier(key.public(), algorithms=["ES256"]).verify(made.json)
    assert json.loads(verified.payload) == {"a": 1}
    result = run("inspect", "--json", stdin=made.out)
    assert (result.code, result.json["claims"]) == (0, {"a": 1})
    assert result.json["header"] == {"alg": "ES256", "typ": "JWT"}


def test_inspect_shows_each_signature(run, key):
    other = Key.generate("Ed25519")
    signers = [JSONSigner(key, "ES256"), JSONSigner(other, "Ed25519", unprotected={"kid": "2"})]
    token = sign_general(signers, '{"sub": "me"}')
    result = run("inspect", "--json", stdin=json.dumps(token))
    headers = [{"alg": "ES256"}, {"alg": "Ed25519", "kid": "2"}]
    assert (result.code, result.json["header"], result.json["headers"]) == (0, None, headers)
    assert run("inspect", stdin=json.dumps(token)).out.count("Header (not verified)") == 2


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ("{", "malformed"),
        ('{"payload": "e30", "signature": "*", "protected": "e30"}', "malformed"),
        ('{"payload": 1, "signatures": 1}', "malformed"),
        ('{"payload": "e30", "signature": 1, "protected": 1}', "malformed"),
        ('{"payload": "e30", "payload": "e30"}', "duplicate-name"),
        ('{"signature": "AA", "protected": "eyJhbGciOiJFUzI1NiJ9"}', "detached"),
        ('{"payload": "e30", "signature": "AA", "header": 1}', "alg-missing"),
    ],
)
def test_what_is_wrong_with_a_json_serialization_is_a_finding(run, document, code):
    result = run("inspect", "--json", stdin=document)
    assert code in [finding["code"] for finding in result.json["findings"]]


def test_a_token_that_cannot_be_decrypted_is_refused_on_one_line(run, shared_file):
    token = jwe.encrypt("x", SHARED, "dir", "A256GCM")
    for command in ("decrypt", "inspect"):
        result = run(command, token[:-4] + "AAAA", "--key", shared_file)
        assert (result.code, result.out) == (1, "")
        assert result.err == "rapidjwt: Not decrypted: Decryption failed\n"
    result = run("decrypt", token, "--key", shared_file, "--enc", "A128GCM")
    assert "key does not have the length" in result.err
    result = run("decrypt", "a.b.c", "--key", shared_file)
    assert (result.code, "which is signed" in result.err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["encrypt", "--key", "recipient.pub"], 2, "specify --alg"),
        (["decrypt", "TOKEN", "--key", "recipient.pem"], 2, "specify --alg"),
        (["encrypt", "--key", "recipient.pub", "--alg", "dir"], 3, "needs a shared secret"),
        (["encrypt", "--key", "shared.jwk", "--header", "enc=x"], 2, "cannot be among the headers"),
        (["encrypt", "--key", "shared.jwk", "--alg", "RSA1_5"], 2, "Invalid value for '--alg'"),
        (["encrypt", "--key", "-"], 2, "cannot be read twice"),
        (["decrypt", "TOKEN", "--key", "recipient.pub", "--alg", "ECDH-ES"], 3, "private key"),
        (["inspect", "--tokens", "x", "--key", "shared.jwk"], 2, "--key is for one token"),
    ],
)
def test_wrong_usage_is_one_line(run, recipient, shared_file, arguments, code, text):
    token = jwe.encrypt("x", recipient, "ECDH-ES", "A256GCM")
    result = run(*(token if argument == "TOKEN" else argument for argument in arguments))
    assert (result.code, result.out) == (code, "")
    assert is_one_line(result.err)
    assert text in result.err


def test_a_jwk_set_decrypts_with_the_key_that_fits(run, tmp_path):
    keys = [Key.generate("ES256", kid="1").to_jwk(private=True), SHARED | {"kid": "2"}]
    (tmp_path / "keys").write_text(json.dumps({"keys": keys}))
    token = jwe.encrypt("x", keys[1], "dir", "A256GCM")
    assert run("decrypt", token, "--key", "keys").out == "x"
    result = run("encrypt", "--key", "keys", "--alg", "dir")
    assert (result.code, "Exactly one key" in result.err) == (3, True)


def test_the_names_are_those_of_the_tables():
    assert {"dir", "RSA-OAEP-256", "ECDH-ES+A256KW"} < set(ALGORITHMS)
    assert {"A256GCM", "A256CBC-HS512"} < set(ENCRYPTIONS)
