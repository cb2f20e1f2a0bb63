"""`rapidjwt keygen`, and the uses of its keys."""

from __future__ import annotations

import json
import os
import stat
import sys

import pytest
import rapidjwt
from rapidjwt import Key
from rapidjwt._inspection.keys import ALGORITHMS
from rapidjwt.cli.exit_code import Failure
from rapidjwt.cli.files import write_file

from .conftest import is_one_line

posix = pytest.mark.skipif(sys.platform == "win32", reason="files have no mode there")


def tampered(token):
    """Change the claims and keep the signature."""
    header, claims, signature = token.strip().split(".")
    middle = len(claims) // 2
    other = "A" if claims[middle] != "A" else "B"
    return f"{header}.{claims[:middle]}{other}{claims[middle + 1 :]}.{signature}"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_the_algorithms_are_those_of_the_table():
    assert set(ALGORITHMS) == {
        *("HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
        *("ES256", "ES384", "ES512", "ES256K", "EdDSA", "Ed25519", "Ed448"),
        *("ML-DSA-44", "ML-DSA-65", "ML-DSA-87"),
    }


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_new_key_signs_and_verifies_and_finds_tampering(run, algorithm):
    is_secret = algorithm.startswith("HS")
    public = [] if is_secret else ["--public-out", "public"]
    assert run("keygen", algorithm, "--out", "private", *public).code == 0
    made = run("sign", "--key", "private", "--alg", algorithm, "--claim", "sub=alice").out
    verify = ["verify", "--key", "private" if is_secret else "public", "--alg", algorithm]
    assert run(*verify, "--json", stdin=made).json["claims"] == {"sub": "alice"}
    result = run(*verify, stdin=tampered(made))
    assert (result.code, result.out) == (1, "")
    assert run("inspect", stdin=made).code == 0


def test_a_missing_algorithm_is_one_line_with_the_choices(run):
    result = run("keygen", "--out", "key")
    assert result.code == 2
    assert is_one_line(result.err)
    assert "Choose from: HS256, RS256, " in result.err
    assert "\\" not in result.err


@pytest.mark.parametrize("key_format", ["pem", "jwk", "der"])
def test_a_key_in_each_format_and_its_thumbprint(run, key_format):
    result = run(
        *("keygen", "ES256", "--out", "private", "--public-out", "public", "--json"),
        *("--format", key_format),
    )
    assert (result.code, result.err) == (0, "")
    told = result.json
    assert {name: told[name] for name in ("alg", "kty", "size", "private", "public")} == {
        "alg": "ES256", "kty": "EC", "size": 256, "private": "private", "public": "public",
    }  # fmt: skip
    for file in ("private", "public"):
        assert run("thumbprint", file).out == told["thumbprint"] + "\n"


@pytest.mark.parametrize("key_format", ["pem", "der"])
def test_a_password_encrypts_the_private_file(run, tmp_path, monkeypatch, key_format):
    monkeypatch.setenv("PASSWORD", "correct horse")
    password = ("--password-env", "PASSWORD")
    made = ("--out", "private", "--public-out", "public", "--format", key_format)
    assert run("keygen", "ES256", *made, *password).code == 0
    read = Key.from_pem if key_format == "pem" else Key.from_der
    data = (tmp_path / "private").read_bytes()
    assert read(data, "correct horse").is_private
    with pytest.raises(rapidjwt.InvalidKeyError):
        read(data)
    thumbprint = run("thumbprint", "public").out
    assert run("thumbprint", "private", *password).out == thumbprint
    assert thumbprint.strip() in run("jwks", "private", *password).out
    token = run("sign", "--key", "private", "--alg", "ES256", "--claim", "sub=alice", *password)
    for key in (["private", *password], ["public"]):
        assert run("verify", "--alg", "ES256", "--key", *key, stdin=token.out).code == 0


def test_a_wrong_password_and_none_are_told_apart_and_not_shown(run, monkeypatch):
    monkeypatch.setenv("PASSWORD", "correct horse")
    monkeypatch.setenv("OTHER", "other horse")
    run("keygen", "ES256", "--out", "private", "--password-env", "PASSWORD")
    for options in ([], ["--password-env", "OTHER"], ["--password-env", "MISSING"]):
        result = run("thumbprint", "private", *options)
        assert (result.code, result.out) == (3, "")
        assert is_one_line(result.err)
        assert "password" in result.err
        assert "horse" not in result.err


def test_a_jwk_is_not_encrypted(run, tmp_path, monkeypatch):
    monkeypatch.setenv("PASSWORD", "correct horse")
    for arguments in (["HS256"], ["ES256", "--kid", "1"], ["ES256", "--format", "jwk"]):
        result = run("keygen", *arguments, "--out", "private", "--password-env", "PASSWORD")
        assert (result.code, result.out) == (2, "")
        assert not (tmp_path / "private").exists()


@posix
def test_the_private_file_is_for_its_owner_only(run, tmp_path):
    run("keygen", "EdDSA", "--out", "private", "--public-out", "public")
    assert mode(tmp_path / "private") == 0o600
    assert mode(tmp_path / "public") & 0o600 == 0o600
    assert Key.from_pem((tmp_path / "private").read_text()).is_private
    assert not Key.from_pem((tmp_path / "public").read_text()).is_private


def test_nothing_of_the_key_is_shown(run, tmp_path):
    result = run("keygen", "HS256", "--out", "secret", "--json")
    secret = json.loads((tmp_path / "secret").read_text())
    assert secret["alg"] == "HS256"
    assert secret["k"] not in result.out + result.err
    assert result.json["thumbprint"] is None
    result = run("keygen", "ES256", "--out", "private")
    assert (result.code, result.out) == (0, "")
    assert is_one_line(result.err)


def test_a_file_that_exists_is_not_replaced(run, tmp_path):
    for options in (["--out", "old"], ["--out", "new", "--public-out", "old"]):
        (tmp_path / "old").write_text("precious")
        result = run("keygen", "ES256", *options)
        assert (result.code, result.out) == (3, "")
        assert is_one_line(result.err)
        assert "--force" in result.err
        assert (tmp_path / "old").read_text() == "precious"
        assert not (tmp_path / "new").exists()


def test_a_file_that_appears_in_the_meantime_is_not_replaced(tmp_path):
    (tmp_path / "old").write_text("precious")
    with pytest.raises(Failure, match="exists"):
        write_file(str(tmp_path / "old"), b"key", 0o600, replace=False)
    assert (tmp_path / "old").read_text() == "precious"


@posix
def test_force_replaces_a_file_and_its_mode_and_follows_no_link(run, tmp_path):
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "old").write_text("open to all")
    (tmp_path / "old").chmod(0o644)
    (tmp_path / "link").symlink_to("precious")
    for file in ("old", "link"):
        assert run("keygen", "ES256", "--out", file).code == 3
        assert run("keygen", "ES256", "--out", file, "--force").code == 0
        assert Key.from_pem((tmp_path / file).read_text()).is_private
        assert mode(tmp_path / file) == 0o600
    assert (tmp_path / "precious").read_text() == "precious"
    assert {path.name for path in tmp_path.iterdir()} == {"precious", "old", "link"}


def test_a_dangling_link_is_not_followed(run, tmp_path):
    (tmp_path / "link").symlink_to("nowhere")
    assert run("keygen", "ES256", "--out", "link").code == 3
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_is_not_replaced_and_no_key_is_left_beside_it(run, tmp_path):
    (tmp_path / "folder").mkdir()
    result = run("keygen", "ES256", "--out", "folder", "--force")
    assert (result.code, result.out) == (3, "")
    assert is_one_line(result.err)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_folder_that_is_missing_is_one_line(run):
    for options in ([], ["--force"]):
        result = run("keygen", "ES256", "--out", "missing/key", *options)
        assert (result.code, result.out) == (3, "")
        assert is_one_line(result.err)


def test_key_ids_are_kept_in_a_jwk(run, tmp_path):
    run("keygen", "ES256", "--out", "named", "--public-out", "public", "--kid", "2026")
    for file in ("named", "public"):
        assert json.loads((tmp_path / file).read_text())["kid"] == "2026"
    run("keygen", "ES256", "--out", "printed", "--kid-thumbprint")
    jwk = json.loads((tmp_path / "printed").read_text())
    assert jwk["kid"] == Key.from_jwk(jwk).thumbprint()
    made = run("sign", "--key", "printed").out
    assert run("inspect", "--json", made).json["header"]["kid"] == jwk["kid"]


def test_sizes(run, tmp_path):
    assert run("keygen", "HS256", "--out", "secret", "--size", "512", "--json").json["size"] == 512
    result = run("keygen", "RS256", "--out", "weak", "--size", "1024")
    assert (result.code, result.out) == (2, "")
    assert is_one_line(result.err)
    assert "--size: RSA keys have 2048" in result.err
    assert not (tmp_path / "weak").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["ES256"],
        ["none", "--out", "k"],
        ["--out", "k"],
        ["ES256", "--out", "k", "--public-out", "k"],
        ["ES256", "--out", "k", "--format", "pem", "--kid", "1"],
        ["ES256", "--out", "k", "--kid-thumbprint", "--kid", "1"],
        ["HS256", "--out", "k", "--public-out", "p"],
        ["HS256", "--out", "k", "--format", "pem"],
        ["HS256", "--out", "k", "--kid-thumbprint"],
        ["HS256", "--out", "k", "--size", "-1"],
        ["HS256", "--out", "k", "--size", "99999999999999999999"],
        ["ES256", "--out", "-"],
        ["ES256", "--out", "k", "--public-out", "-"],
    ],
)
def test_wrong_usage_is_one_line_and_makes_no_file(run, tmp_path, arguments):
    result = run("keygen", *arguments)
    assert (result.code, result.out) == (2, "")
    assert is_one_line(result.err)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
@pytest.mark.parametrize("kind", ["pipe", "link to a device", "directory"])
def test_only_a_regular_file_is_replaced(run, tmp_path, kind):
    path = tmp_path / "key"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to(os.devnull)
    before = path.lstat()
    result = run("keygen", "ES256", "--out", str(path), "--force")
    assert result.code == 3
    assert is_one_line(result.err)
    assert "is not a regular file" in result.err
    assert path.lstat() == before


def test_a_key_for_encryption_has_no_algorithm(run, tmp_path):
    assert (
        run("keygen", "X25519", "--out", "x.jwk", "--kid", "1", "--public-out", "x.pub").code == 0
    )
    jwk = json.loads((tmp_path / "x.jwk").read_text("ascii"))
    assert set(jwk) == {"kty", "crv", "x", "d", "kid"}
    result = run("keygen", "X25519", "--out", "x.pem", "--json")
    assert (result.json["alg"], result.json["kty"], result.json["size"]) == (None, "OKP", 255)
    result = run("sign", "--key", "x.pem", "--alg", "EdDSA", "--claim", "sub=alice")
    assert (result.code, result.out) == (3, "")
