"""`rapidjwt jwks` and `rapidjwt thumbprint`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rapidjwt import Key
from rapidjwt.key_set import KeySet

from .conftest import is_one_line

VECTORS = Path(__file__).parents[2] / "vectors"


def test_a_set_has_the_public_halves_of_all_keys(run, tmp_path, private_file):
    rsa = Key.generate("RS256")
    (tmp_path / "rsa.der").write_bytes(rsa.to_der(private=True))
    named = Key.generate("EdDSA").to_jwk(private=True) | {"kid": "named", "use": "sig"}
    result = run("jwks", private_file, "rsa.der", "-", stdin=json.dumps({"keys": [named]}))
    assert (result.code, result.err) == (0, "")
    published = KeySet.from_jwks(result.out)
    assert [entry.kty for entry in published] == ["EC", "RSA", "OKP"]
    assert [entry.key.is_private for entry in published] == [False] * 3
    assert not {"d", "p", "q", "dp", "dq", "qi"} & {
        name for jwk in result.json["keys"] for name in jwk
    }
    assert published[rsa.thumbprint()].key.thumbprint() == rsa.thumbprint()
    assert published["named"].use == "sig"


def test_a_token_is_verified_with_the_published_set(run, private_file, tmp_path):
    (tmp_path / "jwks.json").write_text(run("jwks", private_file).out)
    made = run("sign", "--key", private_file).out
    assert run("verify", "--jwks", "jwks.json", "--alg", "ES256", stdin=made).code == 0


@pytest.mark.parametrize("content", ['{"kty": "oct", "k": "MTIzNDU2Nzg5MDEyMzQ1"}', "a secret"])
def test_a_shared_secret_is_not_published(run, private_file, tmp_path, content):
    (tmp_path / "secret").write_text(content)
    result = run("jwks", private_file, "secret")
    assert (result.code, result.out) == (3, "")
    assert is_one_line(result.err)


def test_a_key_that_cannot_be_used_is_an_error(run, private_file, tmp_path):
    broken = {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "c2VjcmV0"}
    (tmp_path / "broken").write_text(json.dumps(broken))
    misnamed = Key.generate("ES256").to_jwk() | {"alg": "RS256"}
    (tmp_path / "misnamed").write_text(json.dumps(misnamed))
    for file in ("broken", "misnamed"):
        result = run("jwks", private_file, file)
        assert (result.code, result.out) == (3, "")
        assert is_one_line(result.err)
        assert "c2VjcmV0" not in result.err


@pytest.mark.parametrize("arguments", [[], ["-", "-"]])
def test_wrong_usage_of_jwks_is_one_line(run, arguments):
    result = run("jwks", *arguments)
    assert (result.code, result.out) == (2, "")
    assert is_one_line(result.err)


@pytest.mark.parametrize(
    "vector",
    json.loads((VECTORS / "thumbprints.json").read_text()),
    ids=lambda vector: vector["source"],
)
def test_the_thumbprints_of_the_specifications(run, vector):
    jwk = json.dumps(vector["key"])
    assert run("thumbprint", "-", stdin=jwk).out == vector["sha256"] + "\n"
    uri = f"urn:ietf:params:oauth:jwk-thumbprint:sha-256:{vector['sha256']}"
    assert run("thumbprint", "-", "--uri", stdin=jwk).out == uri + "\n"
    assert run("thumbprint", "-", "--json", stdin=jwk).json == {
        "thumbprint": vector["sha256"], "hash": "sha256", "uri": uri,
    }  # fmt: skip


def test_a_thumbprint_by_another_hash(run, key, private_file):
    assert run("thumbprint", private_file, "--hash", "sha384").out.strip() == key.thumbprint(
        "sha384"
    )
    assert run("thumbprint", private_file, "--hash", "md5").code == 2


def test_a_secret_has_no_thumbprint(run):
    result = run("thumbprint", "-", stdin="a secret")
    assert (result.code, result.out) == (3, "")
    assert is_one_line(result.err)


def test_one_key_is_needed(run, key):
    result = run("thumbprint", "-", stdin=json.dumps({"keys": [key.to_jwk()] * 2}))
    assert (result.code, result.out) == (3, "")
    assert is_one_line(result.err)
