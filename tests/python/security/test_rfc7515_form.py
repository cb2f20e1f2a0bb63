"""RFC 7515 and RFC 7797: the form of a token and the rules of its header."""

from __future__ import annotations

import hashlib
import hmac
import json
import string

import pytest
import rapidjwt
from differential.keys import private_keys, private_pem, public_pem
from differential.paths import assert_same_call
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from rapidjwt import DecodeError, InvalidAlgorithmError, InvalidSignatureError, InvalidTokenError

from .harness import (
    CLAIMS,
    SECRET,
    accepted,
    hmac_token,
    nothing_touched,
    refused,
    segment,
    unsigned,
    verifier_of,
)

HS256 = ["HS256"]


def error_class(outcome: dict) -> type[Exception]:
    return getattr(rapidjwt, outcome["error"]["classes"][0].rpartition(".")[2])


def refused_somehow(token, key, algorithms, **policy) -> type[Exception]:
    """Check that it is refused in the same way as by PyJWT; return the class."""
    expected = assert_same_call("decode", token, key, algorithms=algorithms, **policy)
    assert "error" in expected, expected
    error = error_class(expected)
    refused(token, key, algorithms, error, **policy)
    return error


# --- crit (RFC 7515 Section 4.1.11; GHSA-752w-5fwx-jx9f) and b64 (RFC 7797) ---

CRITS = [
    '"crit":["exp"],"exp":1',
    '"crit":["x-unknown"],"x-unknown":true',
    '"crit":["b64","x"],"b64":true,"x":1',
    '"crit":["alg"]',
    '"crit":["B64"],"B64":false',
    '"crit":["b64"]',
    '"crit":[]',
    '"crit":null',
    '"crit":true',
    '"crit":{}',
    '"crit":""',
    '"crit":"b64","b64":true',
    '"crit":[1]',
    '"crit":[null]',
    '"crit":[["b64"]],"b64":true',
    '"cr\\u0069t":["x"],"x":1',
    '"crit":["b64"],"crit":["x"],"x":1',
]


@pytest.mark.parametrize("crit", CRITS)
def test_critical_parameters_that_are_not_understood_are_refused(crit):
    token = hmac_token(f'{{"alg":"HS256",{crit}}}')
    assert refused_somehow(token, SECRET, HS256) is InvalidTokenError


@pytest.mark.parametrize("crit", CRITS)
def test_critical_parameters_are_checked_without_the_signature_too(crit):
    token = hmac_token(f'{{"alg":"HS256",{crit}}}')
    options = {"verify_signature": False}
    outcome = assert_same_call("decode", token, options=options)
    assert error_class(outcome) is InvalidTokenError
    outcome = assert_same_call("get_unverified_header", token)
    assert error_class(outcome) is InvalidTokenError


B64_FALSE = [
    # not critical
    '{"alg":"HS256","b64":false}',
    '{"alg":"HS256","b64":false,"crit":["b64"],"crit":[]}',
    # critical, with the payload where it should not be
    '{"alg":"HS256","b64":false,"crit":["b64"]}',
    '{"alg":"HS256","b64":true,"b64":false,"crit":["b64"]}',
]


@pytest.mark.parametrize("header", B64_FALSE)
def test_an_unencoded_payload_is_never_taken_from_the_token(header):
    claims = json.dumps(CLAIMS)
    encoded = segment(header)
    tag = hmac.digest(SECRET, f"{encoded}.{claims}".encode(), hashlib.sha256)
    raw = f"{encoded}.{claims}.{segment(tag)}"
    detached = f"{encoded}..{segment(tag)}"
    attached = hmac_token(header)
    for token in (raw, detached, attached):
        outcome = assert_same_call("decode", token, SECRET, algorithms=HS256)
        assert "error" in outcome, outcome
        with pytest.raises(InvalidTokenError):
            verifier_of(SECRET, HS256).decode(token)


# --- duplicate members (RFC 7515 Section 4; RFC 8725 Section 2.4) ---


@pytest.mark.parametrize(
    "header",
    [
        '{"alg":"HS256","alg":"none"}',
        '{"alg":"HS256","alg":"HS512"}',
        '{"alg":"HS256","\\u0061lg":"RS256"}',
    ],
)
def test_the_last_of_two_algs_decides_on_every_path(header):
    refused(hmac_token(header), SECRET, HS256, InvalidAlgorithmError)


def test_the_first_of_two_algs_is_not_looked_at():
    accepted(hmac_token('{"alg":"none","alg":"HS256"}'), SECRET, HS256)


def test_the_last_of_two_claims_is_the_one_that_is_checked_and_returned():
    payload = '{"exp":9999999999,"sub":"a","exp":1,"sub":"b"}'
    refused(hmac_token(payload=payload), SECRET, HS256, rapidjwt.ExpiredSignatureError)
    payload = '{"exp":1,"sub":"a","exp":9999999999,"\\u0073ub":"b"}'
    assert accepted(hmac_token(payload=payload), SECRET, HS256)["sub"] == "b"


# --- base64url (RFC 7515 Section 2, RFC 4648 Section 3.5; GHSA-hxm8-2xgr-2p9m) ---

ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def respelled(text: str) -> list[str]:
    """Return other spellings that lenient decoders read as the same bytes."""
    others = [text + "=" * extra for extra in range(1, 6) if (len(text) + extra) % 4 or extra > 2]
    others += [
        text[:4] + junk + text[4:]
        for junk in ("\n", " ", "\r\n", "\t", "!", "\0", "\u00e9", "%3D", "=")
    ]
    others += [" " + text, text + " ", text + "\n", text + "A", text + "!!!!", text + "===="]
    if len(text) % 4:
        spare = {2: 4, 3: 2}[len(text) % 4]
        last = ALPHABET.index(text[-1])
        others += [text[:-1] + ALPHABET[last ^ bit] for bit in range(1, 1 << spare)]
    others += [text.replace("-", "+").replace("_", "/")] if set(text) & set("-_") else []
    return others


@pytest.mark.parametrize("part", [0, 1, 2])
def test_a_token_has_one_spelling(part):
    payload = next(
        payload
        for payload in ({"sub": "joe", "n": "\u00ff>?" * number} for number in range(1, 50))
        if len(segment(json.dumps(payload, ensure_ascii=False))) % 4 == 2
    )
    text = json.dumps(payload, ensure_ascii=False)
    token = hmac_token('{"alg":"HS256","kid":"\u00ff\u00fe~~?"}', text)
    segments = token.split(".")
    for other in respelled(segments[part]):
        forged = ".".join([*segments[:part], other, *segments[part + 1 :]])
        refused_somehow(forged, SECRET, HS256)
    accepted(token, SECRET, HS256)


def test_only_the_signature_may_gain_fitting_padding():
    """PyJWT 2.15.1 accepts it, because issuers write it; the other parts are signed as text."""
    token = hmac_token()
    accepted(token + "=", SECRET, HS256)
    for part in (0, 1):
        segments = hmac_token('{"alg":"HS256" }', '{"a":1}').split(".")
        padding = -len(segments[part]) % 4
        assert padding, "these segments have room for padding"
        segments[part] += "=" * padding
        refused(".".join(segments), SECRET, HS256, InvalidSignatureError)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "a",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "e30.e30.",
        "e30..",
        ".e30.AA",
        "\0.\0.\0",
    ],
)
def test_what_is_no_token_is_a_decode_error(token):
    assert issubclass(refused_somehow(token, SECRET, HS256), DecodeError | InvalidTokenError)


@pytest.mark.parametrize("extra", [".x", ".", ".AA", ".e30", "..", ".e30.AA.AA"])
def test_further_segments_are_refused(extra):
    """Five segments are an encrypted token (RFC 7516), which this is not."""
    refused_somehow(hmac_token() + extra, SECRET, HS256)
    refused_somehow("e30." + hmac_token(), SECRET, HS256)


@pytest.mark.parametrize("form", ["flattened", "general"])
def test_json_serialization_is_refused(form):
    """RFC 7515 Section 7.2 is not implemented: no function may treat it as a token."""
    protected, payload, signature = hmac_token().split(".")
    one = {"protected": protected, "signature": signature}
    value = {"payload": payload} | (one if form == "flattened" else {"signatures": [one]})
    refused_somehow(json.dumps(value), SECRET, HS256)


# --- the header chooses no key (RFC 7515 Sections 4.1.2 to 4.1.6; RFC 8725 Section 3.10) ---

KIDS = [
    "../../../../../../dev/null",
    "/etc/passwd",
    "file:///etc/passwd",
    "http://127.0.0.1:1/key",
    "' UNION SELECT 'secret' -- ",
    "1; DROP TABLE keys; --",
    "$(touch owned)",
    "`id`",
    "| sleep 9",
    "{{7*7}}",
    "%s%n%x",
    "key\0.pem",
    "\r\nX-Injected: 1",
    "<!ENTITY x SYSTEM 'file:///etc/passwd'>",
    "__import__('os').system('id')",
    "\u202e",
    "x" * 100_000,
    "",
]


@pytest.mark.parametrize("kid", KIDS, ids=range(len(KIDS)))
def test_a_kid_is_inert_text(kid):
    token = hmac_token({"alg": "HS256", "kid": kid})
    assert accepted(token, SECRET, HS256, with_verifier=len(kid) < 2000) == CLAIMS
    assert rapidjwt.get_unverified_header(token)["kid"] == kid
    verifier = rapidjwt.Verifier(SECRET, algorithms=HS256)
    forged = hmac_token({"alg": "HS256", "kid": kid}, secret=b"")
    with nothing_touched():
        for decode in (rapidjwt.decode, rapidjwt.PyJWT().decode):
            decode(token, SECRET, algorithms=HS256)
            with pytest.raises(InvalidSignatureError):
                decode(forged, SECRET, algorithms=HS256)
        with pytest.raises((InvalidSignatureError, InvalidAlgorithmError)):
            verifier.decode(forged)


@pytest.mark.parametrize("kid", ["1", "null", "true", '["a"]', "{}", "1.5"])
def test_a_kid_that_is_no_text_is_refused(kid):
    token = hmac_token(f'{{"alg":"HS256","kid":{kid}}}')
    assert refused_somehow(token, SECRET, HS256) is InvalidTokenError


ATTACKERS_JWK = RSAAlgorithm.to_jwk(private_keys()["RSA-1024"].public_key(), as_dict=True)
EMBEDDED = {
    "jwk": ATTACKERS_JWK,
    "jku": "https://attacker.example/jwks.json",
    "x5u": "https://attacker.example/chain.pem",
    "x5c": ["MIIB"],
    "x5t": "AAAA",
    "x5t#S256": "AAAA",
    "epk": ATTACKERS_JWK,
    "url": "http://169.254.169.254/",
}


@pytest.mark.parametrize("member", EMBEDDED)
def test_a_key_that_the_token_brings_or_names_is_not_used(member):
    """CVE-2018-0114 (embedded jwk) and similar attacks; nothing is fetched either."""
    attacker = private_keys()["P-256"]
    jwk = ECAlgorithm.to_jwk(attacker.public_key(), as_dict=True)
    value = jwk if member in {"jwk", "epk"} else EMBEDDED[member]
    header = {"alg": "ES256", "typ": "JWT", member: value}
    token = rapidjwt.encode(CLAIMS, private_pem("P-256"), algorithm="ES256", headers=header)
    victim = rapidjwt.Key.from_jwk(VICTIM).to_pem()
    refused(token, victim, ["ES256"], InvalidSignatureError)
    verifier = rapidjwt.Verifier(victim, algorithms=["ES256"])
    with nothing_touched():
        for decode in (rapidjwt.decode, rapidjwt.PyJWT().decode):
            with pytest.raises(InvalidSignatureError):
                decode(token, victim, algorithms=["ES256"])
        with pytest.raises(InvalidSignatureError):
            verifier.decode(token)
    # With the right key the same member is data.
    accepted(token, public_pem("P-256"), ["ES256"])


# RFC 7515 Appendix A.3.1
VICTIM = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}


@pytest.mark.parametrize("member", ["jku", "x5u", "url"])
def test_a_client_asks_its_own_endpoint_only(member):
    asked = []

    class Client(rapidjwt.PyJWKClient):
        def fetch_data(self):
            asked.append(self.uri)
            return {"keys": [VICTIM | {"kid": "a", "use": "sig"}]}

    header = {"alg": "ES256", "kid": "a", member: "https://attacker.example/jwks.json"}
    token = f"{unsigned(header)}.{segment(b'0' * 64)}"
    client = Client("https://issuer.example/jwks.json")
    with nothing_touched():
        key = client.get_signing_key_from_jwt(token)
        with pytest.raises(InvalidSignatureError):
            rapidjwt.decode(token, key, algorithms=["ES256"])
    assert asked == ["https://issuer.example/jwks.json"]
