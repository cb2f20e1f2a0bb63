"""Tokens to and from `jose` (panva), the JOSE library of JavaScript, for every pair of algorithms.

Its package comes from npm; without Node, npm or a registry these tests are skipped.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from test_jose_interop import run

from .pairs import IDS, P2C, PAIRS, PASSWORD, decrypter, encrypter, keys

SCRIPT = Path(__file__).with_name("jose.mjs")


def given(alg, enc, curve):
    public, private = keys(alg, enc, curve)
    ours = {"alg": alg, "enc": enc, "token": encrypter(public, alg, enc).encrypt("from rapidjwt")}
    if alg.startswith("PBES2"):
        return ours | {"password": PASSWORD, "p2c": P2C}
    # Node does not take "dir" for the name of a key's algorithm.
    public, private = (
        {name: value for name, value in jwk.items() if name != "alg"} for jwk in (public, private)
    )
    return ours | {"publicJwk": public, "privateJwk": private}


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Return the answer of jose for every pair by its name."""
    folder = tmp_path_factory.mktemp("jose")
    (folder / "package.json").write_text('{"private": true}')
    installed = run(
        "npm", "install", "--no-audit", "--no-fund", "--fetch-retries=1", "jose@6", cwd=folder
    )
    if installed.returncode:
        pytest.skip(f"npm cannot install jose: {installed.stderr.strip().splitlines()[-1]}")
    script = shutil.copy(SCRIPT, folder)
    text = json.dumps({name: given(*pair) for name, pair in zip(IDS, PAIRS, strict=True)})
    done = run("node", script, cwd=folder, text=text)
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert read.keys() == set(IDS)
    return read


def test_jose_decrypts_ours_and_we_decrypt_its(answers):
    for name, (alg, enc, curve) in zip(IDS, PAIRS, strict=True):
        answer = answers[name]
        assert "error" not in answer, (name, answer)
        assert answer["plaintext"] == "from rapidjwt", name
        assert answer["header"]["alg"] == alg, name
        _, private = keys(alg, enc, curve)
        assert decrypter(private, alg, enc).decrypt(answer["token"]) == b"from jose", name
