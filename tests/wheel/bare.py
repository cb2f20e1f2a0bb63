"""Check the wheel in an environment without anything else. Run by `make test-wheel`.

It is plain Python, because pytest is not installed there.
"""

from __future__ import annotations

import importlib.resources
import importlib.util
import time
from pathlib import Path

import rapidjwt
from rapidjwt.ui import PageServer

KEYS = Path(__file__).parents[1] / "vectors" / "keys"
CLAIMS = {"sub": "user-42", "aud": "api", "exp": int(time.time()) + 60}

#: By algorithm: a private key in some form, and its public half in another.
PAIRS = {
    "RS256": ("rsa_2048_pkcs8.pem", "rsa_2048_spki.pem"),
    "PS256": ("rsa_2048_pkcs1.pem", "rsa_2048.ssh.pub"),
    "ES256": ("ec_p256_sec1.pem", "ec_p256.ssh.pub"),
    "ES384": ("ec_p384_sec1.pem", "ec_p384.ssh.pub"),
    "ES512": ("ec_p521_sec1.pem", "ec_p521.ssh.pub"),
    "EdDSA": ("testkey_ed25519.pem", "testkey_ed25519.pub.pem"),
}


def check(algorithm: str, private: str, public: str) -> None:
    """Sign with one half, and verify with the other, on every path."""
    for api in (rapidjwt, rapidjwt.PyJWT()):
        token = api.encode(CLAIMS, private, algorithm)
        assert api.decode(token, public, [algorithm], audience="api") == CLAIMS
        verifier = rapidjwt.Verifier(public, algorithms=[algorithm], audience="api")
        assert verifier.decode(token) == CLAIMS
        jwk = rapidjwt.PyJWK(key_of(public).to_jwk() | {"alg": algorithm})
        assert api.decode(token, jwk, [algorithm], audience="api") == CLAIMS
        try:
            api.decode(token[:-8] + "AAAAAAAA", public, [algorithm], audience="api")
        except rapidjwt.InvalidSignatureError:
            continue
        raise AssertionError(f"{algorithm}: a forged signature was accepted")


def key_of(text: str) -> rapidjwt.Key:
    """Read a public key of either text form."""
    return rapidjwt.Key.from_pem(text) if "BEGIN" in text else rapidjwt.Key.from_ssh(text)


def main() -> None:
    """Check every pair, and that a wrong key is an InvalidKeyError."""
    assert importlib.util.find_spec("cryptography") is None, "this environment is not bare"
    for algorithm, names in PAIRS.items():
        private, public = ((KEYS / name).read_text() for name in names)
        check(algorithm, private, public)
        print(f"{algorithm}: signs and verifies without cryptography")
    page = importlib.resources.files("rapidjwt.ui").joinpath("page")
    assert {file.name for file in page.iterdir()} >= {"index.html", "page.css", "page.js"}
    with PageServer() as server:
        print(f"the page would be at {server.url}")
    try:
        rapidjwt.encode(CLAIMS, "no key", "RS256")
    except rapidjwt.InvalidKeyError as error:
        print(f"a wrong key: {error}")
    else:
        raise AssertionError("no key was accepted")


main()
