"""Issuer and audience strings are kept from token to token, and no token gets another one's."""

from __future__ import annotations

import itertools
import json

import pytest
import rapidjwt
from differential.keys import HMAC_SECRET
from rapidjwt import PyJWS, Verifier

#: JSON texts that are beginnings of one another, escaped or not, or of other types.
VALUES = [
    '"https://issuer.example"',
    '"https://issuer.example/"',
    '"https://issuer.exampl"',
    '"https:\\/\\/issuer.example"',
    '"https://issuer.example\\u002f"',
    '"https://issuer.example\\""',
    '""',
    '"a"',
    '"\u00e9"',
    '"\\u00e9"',
    '"\\ud800"',
    '"a\\\\"',
    '"' + "long" * 100 + '"',
    '["https://issuer.example"]',
    "null",
    "1",
]
OPTIONS = {"verify_aud": False, "verify_iss": False}


def payload(iss, aud):
    return f'{{"iss":{iss},"sub":"me","aud" : {aud}}}'


def signed(text):
    return PyJWS().encode(text.encode(), HMAC_SECRET, "HS256")


@pytest.mark.parametrize("whole", [False, True])
def test_whatever_came_before_each_token_has_its_own_values(whole):
    verifier = Verifier(HMAC_SECRET, algorithms=["HS256"], options=OPTIONS)
    tokens = {text: signed(text) for text in itertools.starmap(payload, itertools.pairwise(VALUES))}
    # Each token comes once after each other one.
    for before, after in itertools.product(tokens, repeat=2):
        for text in (before, after):
            if whole:
                claims = rapidjwt.decode(tokens[text], HMAC_SECRET, ["HS256"], OPTIONS)
            else:
                claims = verifier.decode(tokens[text])
            assert claims == json.loads(text)


@pytest.mark.parametrize("name", ["iss", "aud"])
def test_a_kept_value_does_not_make_broken_json_good(name):
    verifier = Verifier(HMAC_SECRET, algorithms=["HS256"], options=OPTIONS)
    for kept, broken in [
        ('{"%s":"a\\"b","n":1}', '{"%s":"a"b","n":1}'),
        ('{"%s":"a","n":1}', '{"%s":"a""n":1}'),
        ('{"%s":"a","n":1}', '{"%s":"a'),
        ('{"%s":"a","n":1}', '{"%s":"a"'),
    ]:
        verifier.decode(signed(kept % name))
        with pytest.raises(rapidjwt.DecodeError):
            verifier.decode(signed(broken % name))


def test_the_newest_issuer_and_audience_are_not_made_again():
    token = rapidjwt.encode({"iss": "the issuer", "aud": "an API", "sub": "me"}, HMAC_SECRET)
    one, other = (
        rapidjwt.decode(token, HMAC_SECRET, ["HS256"], audience="an API") for _ in range(2)
    )
    assert one["iss"] is other["iss"]
    assert one["aud"] is other["aud"]
    assert one["sub"] is not other["sub"]


def test_values_of_inner_objects_are_their_own():
    text = '{"iss":"a","act":{"iss":"b","act":{"iss":"a","aud":"c"}},"aud":"a"}'
    token = signed(text)
    for _ in range(3):
        assert rapidjwt.decode(token, HMAC_SECRET, ["HS256"], OPTIONS) == json.loads(text)


def test_of_several_issuers_in_one_token_the_last_counts():
    token = signed('{"iss":"a","iss":"b"}')
    for _ in range(2):
        assert rapidjwt.decode(token, HMAC_SECRET, ["HS256"], issuer="b") == {"iss": "b"}
        with pytest.raises(rapidjwt.InvalidIssuerError):
            rapidjwt.decode(token, HMAC_SECRET, ["HS256"], issuer="a")


@pytest.mark.parametrize("exp", [2**62, 2**63 - 1, 2**63, 2**64, 10**30, 10**400])
@pytest.mark.parametrize("sign", [1, -1])
def test_times_of_any_size(exp, sign):
    verifier = Verifier(HMAC_SECRET, algorithms=["HS256"])
    token = signed(f'{{"exp":{sign * exp}}}')
    if sign > 0:
        assert verifier.decode(token) == {"exp": exp}
    else:
        with pytest.raises(rapidjwt.ExpiredSignatureError):
            verifier.decode(token)


#: The registered claims that are shorter than 16 characters, and names that providers use.
USUAL_NAMES = [
    *("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "alg", "typ", "kid", "scope", "scp", "azp"),
    *("nonce", "auth_time", "acr", "amr", "sid", "roles", "role", "groups", "email", "name"),
    *("email_verified", "given_name", "family_name", "client_id", "tid", "oid", "ver", "uti"),
    *("token_type", "user_id", "username", "permissions", "org", "tenant", "realm_access"),
    *("resource_access", "session_state", "type", "fresh", "csrf", "is_admin", "locale", "picture"),
    *("zoneinfo", "updated_at", "cnf", "act", "at_hash", "c_hash", "nickname", "profile"),
    *("website", "gender", "birthdate", "phone_number", "address", "sub_id", "txn", "events"),
    *("may_act", "entitlements", "htm", "htu", "ath"),
]


def names_made_once(names):
    """Return the names whose strings are not made again for a second token with the same names."""
    # The cache is not used within 16 bytes of the end.
    text = json.dumps({"claims": dict.fromkeys(names), "sub": "a long text"})
    verifier = Verifier(HMAC_SECRET, algorithms=["HS256"], options=OPTIONS)
    first, second = (verifier.decode(signed(text))["claims"] for _ in range(2))
    return [one for one, other in zip(first, second, strict=True) if one is other]


def test_usual_claim_names_do_not_displace_each_other():
    assert names_made_once(USUAL_NAMES) == USUAL_NAMES
    # The test notices names that do: there are fewer places than these.
    many = [f"name{number}" for number in range(2000)]
    assert len(names_made_once(many)) < 1000
