"""Keys and tokens to and from `jose` (panva), the JOSE library of JavaScript.

Its packages come from npm; without Node, npm or a registry these tests are skipped.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import rapidjwt
from differential.keys import forms, private_pem
from rapidjwt import Key, Signer, Verifier

SCRIPT = Path(__file__).parent / "jose" / "interop.mjs"
SHARED = [
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "ES256", "ES384", "ES512", "EdDSA",
]  # fmt: skip
#: By the major version of jose: `alg`, or `alg` and curve. Version 5 uses Node's OpenSSL, version 6
#: the Web Cryptography API.
ALGORITHMS = {"5": [*SHARED, "ES256K", "EdDSA Ed448"], "6": [*SHARED, "Ed25519"]}
CLAIMS = {"sub": "user-42", "name": "Zoë", "n": 1.5}
CERTIFIED = {"RS256": "RSA-2048", "PS256": "RSA-2048", "ES256": "P-256", "ES384": "P-384",
             "ES512": "P-521"}  # fmt: skip


def run(*command, cwd, text=None):
    program = shutil.which(command[0])
    if program is None:
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run(
        [program, *command[1:]],
        cwd=cwd,
        input=text,
        capture_output=True,
        encoding="utf-8",
        timeout=180,
        check=False,
    )


def our_key(name):
    """Return a key for the algorithm `name`: one with a certificate if there is one."""
    algorithm, _, curve = name.partition(" ")
    if algorithm in CERTIFIED:
        name = CERTIFIED[algorithm]
        return Key.from_pem(private_pem(name)), forms(name)["certificate PEM"].decode()
    return Key.generate(curve or algorithm), None


def described(name):
    """Return the script's input for the algorithm `name`, and the key."""
    algorithm = name.partition(" ")[0]
    key, x509 = our_key(name)
    # A generated key has the curve's name as its alg, which is not the requested one.
    bare = {"alg": algorithm}
    private = Key.from_jwk(key.to_jwk(private=True) | bare)
    ours = {"alg": algorithm, "token": Signer(private).encode(CLAIMS), "x509": x509}
    ours["privateJwk"] = private.to_jwk(private=True)
    if key.kty != "oct":
        ours |= {"jwk": private.to_jwk(), "spki": key.to_pem(), "pkcs8": key.to_pem(private=True)}
    return ours, private


@pytest.fixture(scope="module", params=ALGORITHMS)
def answers(request, tmp_path_factory):
    """Return, by algorithm, what we passed, our key, and the response of jose."""
    folder = tmp_path_factory.mktemp("jose")
    (folder / "package.json").write_text('{"private": true}')
    installed = run(
        "npm", "install", "--no-audit", "--no-fund", "--fetch-retries=1", f"jose@{request.param}",
        cwd=folder,
    )  # fmt: skip
    if installed.returncode:
        pytest.skip(f"npm cannot install jose: {installed.stderr.strip().splitlines()[-1]}")
    script = shutil.copy(SCRIPT, folder)
    given = {name: described(name) for name in ALGORITHMS[request.param]}
    text = json.dumps({name: ours for name, (ours, _) in given.items()})
    done = run("node", script, cwd=folder, text=text)
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert read.keys() == given.keys()
    return {name: (*given[name], read[name]) for name in given}


def test_jose_reads_our_keys_in_every_form_and_our_tokens_with_each(answers):
    for name, (ours, _, answer) in answers.items():
        forms = {form for form in ("jwk", "spki", "x509") if ours.get(form)} or {"secret"}
        assert answer["read"].keys() == forms, name
        for read in answer["read"].values():
            assert read["payload"] == CLAIMS, name
            assert read["header"] == {"alg": ours["alg"], "typ": "JWT"}, name


def test_we_read_what_jose_signs_with_our_keys(answers):
    for name, (ours, key, answer) in answers.items():
        assert answer["signed"].keys() == ({"jwk", "pkcs8"} if "pkcs8" in ours else {"jwk"}), name
        public = key if key.kty == "oct" else key.public()
        for token in answer["signed"].values():
            assert Verifier(public).decode(token) == {"from": "jose"}, name


def test_we_read_the_keys_of_jose_in_every_form_and_its_tokens_with_each(answers):
    for name, (ours, _, answer) in answers.items():
        own, algorithm = answer["own"], ours["alg"]
        keys = [Key.from_jwk(own["privateJwk"])]
        if "jwk" in own:
            private = Key.from_pem(own["pkcs8"])
            public = [Key.from_jwk(own["jwk"]), Key.from_pem(own["spki"]), private.public()]
            assert private == keys[0] == public[0] == public[1], name
            assert private.to_jwk(private=True) == own["privateJwk"], name
            assert public[1].to_jwk() == own["jwk"], name
            assert private.to_pem(private=True).split() == own["pkcs8"].split(), name
            assert private.to_pem().split() == own["spki"].split(), name
            keys = public
        for key in keys:
            verifier = Verifier(key, algorithms=[algorithm])
            assert verifier.decode(own["token"]) == {"from": "jose"}, name


def test_thumbprints_are_the_same(answers):
    for name, (_, key, answer) in answers.items():
        if key.kty != "oct":
            assert answer["thumbprint"] == key.thumbprint(), name
            assert answer["own"]["thumbprint"] == Key.from_jwk(answer["own"]["jwk"]).thumbprint()


def test_the_drop_in_functions_read_the_tokens_of_jose(answers):
    for name, (ours, key, answer) in answers.items():
        if ours["alg"] == "Ed25519":  # PyJWT does not have it
            continue
        public = key if key.kty == "oct" else key.public()
        for token in answer["signed"].values():
            assert rapidjwt.decode(token, public, [ours["alg"]]) == {"from": "jose"}, name
