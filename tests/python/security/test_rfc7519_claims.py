"""RFC 7519 Section 4.1, RFC 8725 Sections 3.8 to 3.11: claims of unexpected types."""

from __future__ import annotations

import pytest
import rapidjwt
from differential.paths import assert_same_call
from rapidjwt import (
    DecodeError,
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAudienceError,
    InvalidIssuedAtError,
    InvalidIssuerError,
    MissingRequiredClaimError,
)

from .harness import SECRET, accepted, hmac_token, refused

HS256 = ["HS256"]


def token(payload: str) -> str:
    return hmac_token(payload=payload)


# --- issuer (RFC 8725 Section 3.8; CVE-2024-53861 = GHSA-75c5-xw7c-p5pm) ---

ISSUER = "https://issuer.example"
WRONG_ISSUERS = [
    '""',
    '"https://issuer.exampl"',
    '"https://issuer.example/"',
    '"https://issuer.example.attacker.example"',
    '"issuer.example"',
    '"h"',
    '" https://issuer.example"',
    '"HTTPS://ISSUER.EXAMPLE"',
    '"https://issuer.example\\u0000"',
    '"https://\\u0456ssuer.example"',
    '["https://issuer.example"]',
    '{"https://issuer.example":1}',
    "null",
    "true",
    "0",
    "1.5",
    "[]",
]


@pytest.mark.parametrize("issuer", WRONG_ISSUERS)
@pytest.mark.parametrize("expected", [ISSUER, [ISSUER], (ISSUER, "other"), {ISSUER}])
def test_an_issuer_matches_whole_or_not_at_all(expected, issuer):
    error = MissingRequiredClaimError if issuer == "null" else InvalidIssuerError
    outcome = assert_same_call(
        "decode", token(f'{{"iss":{issuer}}}'), SECRET, algorithms=HS256, issuer=expected
    )
    classes = outcome["error"]["classes"]
    assert classes[0].rpartition(".")[2] in {error.__name__, "InvalidIssuerError"}
    raised = getattr(rapidjwt, classes[0].rpartition(".")[2])
    refused(token(f'{{"iss":{issuer}}}'), SECRET, HS256, raised, issuer=expected)


def test_a_missing_issuer_is_refused_and_the_right_one_accepted():
    refused(token("{}"), SECRET, HS256, MissingRequiredClaimError, issuer=ISSUER)
    accepted(token(f'{{"iss":"{ISSUER}"}}'), SECRET, HS256, issuer=ISSUER)
    accepted(token(f'{{"iss":"{ISSUER}"}}'), SECRET, HS256, issuer=["x", ISSUER])


# --- audience (RFC 8725 Section 3.9) ---

WRONG_AUDIENCES = [
    '"ap"',
    '"api2"',
    '"api "',
    '"API"',
    '"a"',
    '["ap","i"]',
    '["a","p","i"]',
    '["api2"]',
    '["api",1]',
    '["api",null]',
    '[["api"]]',
    '{"api":1}',
    "1",
    "true",
    "1.5",
]


@pytest.mark.parametrize("audience", WRONG_AUDIENCES)
@pytest.mark.parametrize("expected", ["api", ["api"], ("api", "other"), {"api"}])
def test_an_audience_matches_whole_or_not_at_all(expected, audience):
    text = token(f'{{"aud":{audience}}}')
    refused(text, SECRET, HS256, InvalidAudienceError, audience=expected)


@pytest.mark.parametrize("audience", ["null", '""', "[]", "0", "false", "{}"])
def test_an_empty_audience_counts_as_missing(audience):
    text = token(f'{{"aud":{audience}}}')
    refused(text, SECRET, HS256, MissingRequiredClaimError, audience="api")


@pytest.mark.parametrize("audience", ['"api"', '["api"]', '["x","api"]', '{"api":1}', "1"])
def test_an_audience_that_nobody_expects_is_refused(audience):
    refused(token(f'{{"aud":{audience}}}'), SECRET, HS256, InvalidAudienceError)


@pytest.mark.parametrize("audience", ['["api"]', '["api","x"]', '"api2"', "1"])
def test_a_strict_audience_is_one_text(audience):
    options = {"strict_aud": True}
    text = token(f'{{"aud":{audience}}}')
    refused(text, SECRET, HS256, InvalidAudienceError, audience="api", options=options)


def test_the_right_audience_is_accepted():
    accepted(token('{"aud":"api"}'), SECRET, HS256, audience="api")
    accepted(token('{"aud":["x","api"]}'), SECRET, HS256, audience=["api"])
    options = {"strict_aud": True}
    accepted(token('{"aud":"api"}'), SECRET, HS256, audience="api", options=options)


# --- times (RFC 7519 Sections 4.1.4 to 4.1.6) ---

NOT_TIMES = [
    '"soon"',
    '""',
    '"1e3"',
    '"1.5"',
    '"0x10"',
    '"Infinity"',
    '"NaN"',
    "null",
    "[]",
    "[1]",
    "[9999999999]",
    "{}",
    '{"exp":9999999999}',
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    '"' + "9" * 5000 + '"',
]
PAST = [
    "0",
    "-1",
    "1",
    "1.9",
    "1e3",
    "-1e300",
    "-0.0",
    "true",
    "false",
    '"1"',
    '" 1 "',
    '"1_000"',
    '"-5"',
    '"\\u0661"',
    "-" + "9" * 400,
]


@pytest.mark.parametrize("value", NOT_TIMES)
@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
def test_a_time_that_is_no_number_is_refused(claim, value):
    error = InvalidIssuedAtError if claim == "iat" else DecodeError
    refused(token(f'{{"{claim}":{value}}}'), SECRET, HS256, error)


@pytest.mark.parametrize("value", PAST)
def test_a_time_in_the_past_has_expired_however_it_is_written(value):
    refused(token(f'{{"exp":{value}}}'), SECRET, HS256, ExpiredSignatureError)


@pytest.mark.parametrize("value", ["99999999999", "1e300", '"99999999999"', "9" * 400])
@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_a_token_from_the_future_is_refused_however_it_is_written(claim, value):
    refused(token(f'{{"{claim}":{value}}}'), SECRET, HS256, ImmatureSignatureError)


@pytest.mark.parametrize("spelling", ['"EXP"', '"exp "', '"Exp"', '"\\u0435xp"', '"exp\\u0000"'])
def test_only_exp_is_the_expiry(spelling):
    """A similar name neither expires a token nor satisfies a requirement."""
    text = token(f"{{{spelling}:1}}")
    accepted(text, SECRET, HS256)
    options = {"require": ["exp"]}
    refused(text, SECRET, HS256, MissingRequiredClaimError, options=options)


def test_an_escaped_name_is_the_same_claim():
    refused(token('{"\\u0065xp":1}'), SECRET, HS256, ExpiredSignatureError)


@pytest.mark.parametrize(
    "payload",
    ["[]", '"text"', "1", "null", "true", "[1,2]", '[{"sub":"joe"}]', "", " ", "{", "\x00"],
)
def test_claims_are_a_json_object(payload):
    refused(token(payload), SECRET, HS256, DecodeError)


@pytest.mark.parametrize("value", ["1", "null", "[]", "{}", "true"])
@pytest.mark.parametrize("claim", ["sub", "jti"])
def test_subject_and_id_are_text(claim, value):
    error = (
        rapidjwt.exceptions.InvalidSubjectError
        if claim == "sub"
        else rapidjwt.exceptions.InvalidJTIError
    )
    refused(token(f'{{"{claim}":{value}}}'), SECRET, HS256, error)
