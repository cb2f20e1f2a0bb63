"""Every security entry of PyJWT's changelog up to 2.15.1, by its ID if it has one.

Other files of this folder test the variants; this one has the simplest form of each.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import rapidjwt
import time_machine
from differential.keys import forms, private_keys, public_pem, signing_key
from differential.paths import Recipe, assert_same_call
from jwt.algorithms import RSAAlgorithm
from rapidjwt import (
    DecodeError,
    ExpiredSignatureError,
    InvalidAlgorithmError,
    InvalidIssuerError,
    InvalidKeyError,
    InvalidTokenError,
    PyJWKClient,
    PyJWKClientConnectionError,
    PyJWKClientError,
    PyJWKSet,
    PyJWKSetError,
)

from .harness import SECRET, accepted, hmac_token, nothing_touched, refused, segment, unsigned

if TYPE_CHECKING:
    from collections.abc import Iterator

HS256 = ["HS256"]
RSA_JWK = RSAAlgorithm.to_jwk(private_keys()["RSA-2048"].public_key(), as_dict=True)
GOOD_JWK = {"kty": "oct", "k": segment(SECRET), "kid": "good", "alg": "HS256", "use": "sig"}


def key_is_no_secret(key: bytes) -> None:
    refused(hmac_token(secret=key), key, HS256, InvalidKeyError)


# --- 2.15 ---


def test_2_15_0_recursion_errors_of_deep_payloads_are_decode_errors():
    token = hmac_token(payload='{"a":' * 100_000 + "1" + "}" * 100_000)
    for path in (rapidjwt.decode, rapidjwt.PyJWT().decode):
        with pytest.raises(DecodeError, match="Invalid payload string"):
            path(token, SECRET, algorithms=HS256)
    with pytest.raises(DecodeError, match="Invalid payload string"):
        rapidjwt.Verifier(SECRET, algorithms=HS256).decode(token)


@pytest.mark.parametrize("value", ["[]", "{}", "null"])
@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
def test_2_15_0_times_that_are_no_numbers_are_errors_of_ours(claim, value):
    error = rapidjwt.InvalidIssuedAtError if claim == "iat" else DecodeError
    refused(hmac_token(payload=f'{{"{claim}":{value}}}'), SECRET, HS256, error)


def test_2_15_0_an_okp_key_whose_halves_differ_is_refused():
    jwk = {"kty": "OKP", "crv": "Ed25519", "d": segment(b"\x19" * 32), "x": segment(b"\x20" * 32)}
    with pytest.raises(InvalidKeyError):
        rapidjwt.algorithms.OKPAlgorithm.from_jwk(jwk)
    with pytest.raises(InvalidKeyError):
        rapidjwt.Key.from_jwk(jwk)


@pytest.mark.parametrize(
    "member", [None, 1, "text", [], {"kty": "RSA", "n": 1, "e": {}}, {"kty": []}]
)
def test_2_15_0_a_malformed_member_spoils_no_jwk_set(member):
    assert [key.key_id for key in PyJWKSet.from_dict({"keys": [member, GOOD_JWK]}).keys] == ["good"]
    with pytest.raises(PyJWKSetError):
        PyJWKSet.from_dict({"keys": [member]})


# --- 2.14 ---

HMAC_GUARDS = {
    "JWK": json.dumps(RSA_JWK).encode(),
    "JWKS": json.dumps({"keys": [RSA_JWK]}).encode(),
    "array": json.dumps([RSA_JWK]).encode(),
    "encoded": json.dumps(RSA_JWK).encode("utf-16"),
    "BOM-prefixed": json.dumps(RSA_JWK).encode("utf-8-sig"),
    "DER": forms("RSA-2048")["SPKI DER"],
    "DER certificate": forms("RSA-2048")["certificate DER"],
    "PEM": forms("RSA-2048")["SPKI PEM"],
}


@pytest.mark.parametrize("form", HMAC_GUARDS)
def test_ghsa_r6x4_923q_g947_ghsa_ffc3_869f_jxw9_ghsa_p4g4_x82p_q773_ghsa_w2cx_738m_mc7w(form):
    """The changelog lists these four together: public keys as secrets in other forms."""
    key_is_no_secret(HMAC_GUARDS[form])


class Endpoint(BaseHTTPRequestHandler):
    """Responds to /redirect with a redirect and to everything else with a JWK Set."""

    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        moved = self.path == "/redirect"
        self.send_response(302 if moved else 200)
        body = b"" if moved else json.dumps({"keys": [GOOD_JWK]}).encode()
        if moved:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@contextlib.contextmanager
def endpoint() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    with HTTPServer(("127.0.0.1", 0), type("OwnEndpoint", (Endpoint,), {"asked": asked})) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


@pytest.mark.usefixtures("no_proxy")
def test_ghsa_9v7f_9g4p_ffgj_redirects_of_a_jwks_endpoint_are_not_followed():
    with endpoint() as (base, asked):
        with pytest.raises(PyJWKClientConnectionError):
            PyJWKClient(f"{base}/redirect").get_jwk_set()
        assert asked == ["/redirect"]
        assert PyJWKClient(f"{base}/jwks").get_jwk_set().keys[0].key_id == "good"


@pytest.mark.usefixtures("no_proxy")
def test_ghsa_2gx3_rcp4_g85q_unknown_key_ids_do_not_cause_a_request_each():
    with endpoint() as (base, asked):
        client = PyJWKClient(f"{base}/jwks")
        for number in range(20):
            with pytest.raises(PyJWKClientError):
                client.get_signing_key(f"unknown {number}")
        assert len(asked) <= 2
        assert client.get_signing_key("good").key_id == "good"


def test_ghsa_8wjv_2p76_3863_deep_headers_are_decode_errors():
    header = '{"alg":"HS256","deep":' + "[" * 100_000 + "]" * 100_000 + "}"
    for read in (rapidjwt.get_unverified_header, rapidjwt.PyJWS().get_unverified_header):
        with pytest.raises(DecodeError, match="Invalid header string"):
            read(hmac_token(header))


def test_ghsa_w6j9_cwv2_h6wq_one_bad_key_spoils_no_jwk_set():
    bad = {"kty": "RSA", "n": "!", "e": "AQAB"}
    worse = {"kty": "EC", "crv": "P-256", "x": "AA", "y": None}
    keys = PyJWKSet.from_dict({"keys": [bad, worse, GOOD_JWK]}).keys
    assert [key.key_id for key in keys] == ["good"]


@pytest.mark.parametrize("junk", ["\n", " ", "!!!!", "A===", "+/"])
def test_ghsa_hxm8_2xgr_2p9m_the_compact_encoding_is_strict(junk):
    token = hmac_token()
    for forged in (token + junk, junk + token, token.replace(".", "." + junk, 1)):
        outcome = assert_same_call("decode", forged, SECRET, algorithms=HS256)
        assert "jwt.exceptions.DecodeError" in outcome["error"]["classes"]


def test_37b54877_a_detached_payload_does_not_go_with_an_attached_one():
    outcome = assert_same_call(
        "decode_complete", hmac_token(), SECRET, algorithms=HS256, detached_payload=b"{}"
    )
    assert "jwt.exceptions.DecodeError" in outcome["error"]["classes"]


def test_ghsa_pxh4_856f_4h89_a_public_key_within_an_oct_jwk_is_no_secret():
    public = public_pem("RSA-2048").encode()
    jwk = {"kty": "oct", "k": segment(public), "alg": "HS256"}
    key = Recipe(f"lib.PyJWK({jwk!r})")
    refused(hmac_token(secret=public), key, HS256, InvalidKeyError, with_verifier=False)


def test_ghsa_pxh4_856f_4h89_an_empty_oct_jwk_is_refused():
    for make in (rapidjwt.PyJWK, rapidjwt.Key.from_jwk):
        with pytest.raises(InvalidKeyError):
            make({"kty": "oct", "k": "", "alg": "HS256"})


# --- 2.13 ---


def test_ghsa_xgmm_8j9v_c9wx_a_jwk_document_is_no_secret():
    key_is_no_secret(json.dumps(RSA_JWK).encode())
    key_is_no_secret(json.dumps(GOOD_JWK).encode())


def test_ghsa_jq35_7prp_9v3f_the_key_binds_the_algorithm():
    key = Recipe(f"lib.PyJWK({GOOD_JWK | {'alg': 'HS512'}!r})")
    refused(hmac_token(), key, ["HS256", "HS512"], InvalidAlgorithmError)
    accepted(hmac_token(alg="HS512"), key, ["HS256", "HS512"])


@pytest.mark.parametrize(
    "uri", ["file:///etc/passwd", "ftp://x/y", "data:,{}", "FILE:///x", "//x/y", "/etc/passwd", ""]
)
def test_ghsa_993g_76c3_p5m4_only_web_addresses_are_asked(uri):
    with nothing_touched(), pytest.raises(PyJWKClientError):
        PyJWKClient(uri)


@pytest.mark.usefixtures("no_proxy")
def test_ghsa_fhv5_28vv_h8m8_a_failed_request_does_not_empty_the_cache(monkeypatch):
    with endpoint() as (base, _):
        client = PyJWKClient(f"{base}/jwks")
        client.get_jwk_set()

    def fail(*args: Any, **kwargs: Any) -> None:
        raise urllib.error.URLError("down")

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", fail)
    with pytest.raises(PyJWKClientConnectionError):
        client.fetch_data()
    assert client.get_signing_key("good").key_id == "good"


def test_ghsa_w7vc_732c_9m39_an_unencoded_payload_segment_is_not_decoded():
    header = segment('{"alg":"HS256","b64":false,"crit":["b64"]}')
    token = f"{header}.{'A' * 1_000_000}.AA"
    refused(token, SECRET, HS256, DecodeError)


def test_2_13_0_an_empty_secret_is_refused():
    refused(hmac_token(secret=b"x"), b"", HS256, InvalidKeyError)


def test_2_13_0_options_of_the_call_reach_the_check_of_key_lengths():
    options = {"enforce_minimum_key_length": True}
    refused(hmac_token(secret=b"short"), b"short", HS256, InvalidKeyError, options=options)


def test_2_13_0_b64_must_be_critical():
    header = segment('{"alg":"HS256","b64":false}')
    token = f"{header}..AA"
    outcome = assert_same_call("decode_complete", token, SECRET, algorithms=HS256)
    assert "error" in outcome
    outcome = assert_same_call(
        "decode_complete", token, SECRET, algorithms=HS256, detached_payload=b"{}"
    )
    assert "'b64'" in outcome["error"]["text"]


# --- 2.12 and before ---


def test_ghsa_752w_5fwx_jx9f_unknown_critical_parameters_are_refused():
    refused(hmac_token({"alg": "HS256", "crit": ["x"], "x": 1}), SECRET, HS256, InvalidTokenError)


@pytest.mark.parametrize(
    ("algorithm", "name"), [("ES256", "secp256k1"), ("ES384", "P-256"), ("ES512", "P-384")]
)
def test_2_11_0_the_algorithm_fixes_the_curve(algorithm, name):
    token = f"{unsigned({'alg': algorithm})}.{segment(bytes(64))}"
    refused(token, public_pem(name), [algorithm], InvalidKeyError)


def test_2_11_0_cwe_326_weak_keys_warn_and_can_be_refused():
    token = hmac_token(secret=b"k" * 31)
    with pytest.warns(rapidjwt.InsecureKeyLengthWarning):
        rapidjwt.decode(token, b"k" * 31, algorithms=HS256)
    options = {"enforce_minimum_key_length": True}
    refused(token, b"k" * 31, HS256, InvalidKeyError, options=options)


@pytest.mark.parametrize("issuer", ["acb", "", "a", "abcd"])
def test_ghsa_75c5_xw7c_p5pm_cve_2024_53861_an_issuer_is_not_matched_in_part(issuer):
    token = hmac_token(payload={"iss": issuer})
    refused(token, SECRET, HS256, InvalidIssuerError, issuer="abc")


def test_2_6_0_a_token_expires_on_the_very_second():
    with time_machine.travel(1_800_000_000, tick=False):
        refused(hmac_token(payload={"exp": int(time.time())}), SECRET, HS256, ExpiredSignatureError)
        accepted(hmac_token(payload={"exp": int(time.time()) + 1}), SECRET, HS256)


@pytest.mark.parametrize("name", ["P-256", "Ed25519", "RSA-2048", "P-384", "P-521"])
def test_cve_2022_29217_ghsa_ffqj_6fqr_9h24_openssh_keys_are_no_secrets(name):
    public = forms(name)["OpenSSH public"]
    key_is_no_secret(public)
    own = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512", "Ed25519": "EdDSA"}.get(
        name, "RS256"
    )
    genuine = rapidjwt.encode({"sub": "joe"}, signing_key(own), algorithm=own)
    accepted(genuine, public, [own])


def test_cve_2017_11424_a_pkcs1_public_key_is_no_secret():
    """Fixed in PyJWT 1.5.1: the label -----BEGIN RSA PUBLIC KEY-----."""
    key_is_no_secret(forms("RSA-2048")["PKCS#1 public PEM"])


def test_1_0_0_alg_none_does_not_bypass_the_signature():
    refused(unsigned({"alg": "none"}) + ".", SECRET, HS256, InvalidAlgorithmError)
    refused(unsigned({"alg": None}) + ".", SECRET, HS256, InvalidAlgorithmError)


def test_1_0_0_and_2_0_0_the_caller_must_name_the_algorithms():
    outcome = assert_same_call("decode", hmac_token(), SECRET)
    assert outcome["error"]["text"].startswith("It is required that you pass in a value")
    with pytest.raises(ValueError, match="algorithms is needed"):
        rapidjwt.Verifier(SECRET)
