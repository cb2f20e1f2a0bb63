"""Issuing, presenting and verifying, and that the policy of a verifier applies to the result."""

from __future__ import annotations

import asyncio
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from jwks.provider import SigningKey, running_provider
from rapidjwt import (
    DecodeError,
    ExpiredSignatureError,
    InvalidKeyError,
    InvalidTokenError,
    JWKSClient,
    Key,
    MissingRequiredClaimError,
    RefreshPolicy,
    Signer,
    UnknownKeyError,
    Verifier,
    jwe,
    rules,
)
from rapidjwt.exceptions import ReplayedTokenError, RevokedTokenError, TokenBindingError
from rapidjwt.jws_json import JSONSigner
from rapidjwt.profiles import Profile
from rapidjwt.replay import MemoryReplayStore
from rapidjwt.revocation import RevocationList
from rapidjwt.sd_jwt import (
    SDJWT,
    SDJWTVerifier,
    VerifiedSDJWT,
    conceal,
    issue,
    issue_general,
    present,
)
from rapidjwt.utils import base64url_encode

ISSUER_KEY, HOLDER_KEY = Key.generate("ES256"), Key.generate("EdDSA")
SIGNER = Signer(ISSUER_KEY, "ES256", headers={"typ": "example+sd-jwt"}, issuer="me", lifetime=600)
VERIFIER = Verifier(ISSUER_KEY.public(), algorithms=["ES256"], issuer="me")
CLAIMS = {
    "sub": "alice",
    "given_name": "Alice",
    "address": {"country": "DE", "city": "Berlin"},
    "nationalities": ["DE", "FR", ["x", "y"]],
    "number": 10**30,
}
PATHS = [
    "given_name",
    "address",
    ("address", "country"),
    ("address", "city"),
    ("nationalities", None),
    ("nationalities", 2, 0),
    "number",
]
FOR = {"nonce": "a nonce", "audience": "https://verifier.example"}
BEARER = SDJWTVerifier(VERIFIER, key_binding="refused")
BOUND = SDJWTVerifier(VERIFIER)
ISSUED = issue(CLAIMS, SIGNER, PATHS, holder_key=HOLDER_KEY)


def bound(disclose=(), sd_jwt=ISSUED, **options):
    return present(sd_jwt, disclose, key=HOLDER_KEY, **{**FOR, **options})


def test_the_holder_gets_everything():
    verified = BEARER.verify(ISSUED)
    claims = {name: verified.claims[name] for name in CLAIMS}
    assert claims == CLAIMS
    assert verified.claims["cnf"] == {"jwk": HOLDER_KEY.public().to_jwk()}
    assert verified.header["typ"] == "example+sd-jwt"
    assert verified.key_binding is None
    assert "Alice" not in repr(verified)


@pytest.mark.parametrize(
    ("disclose", "expected"),
    [
        ([], {"nationalities": []}),
        (["given_name"], {"nationalities": [], "given_name": "Alice"}),
        (["address"], {"nationalities": [], "address": CLAIMS["address"]}),
        ([("address", "city")], {"nationalities": [], "address": {"city": "Berlin"}}),
        ([("nationalities", 1)], {"nationalities": ["FR"]}),
        ([("nationalities", 2, 1)], {"nationalities": [["y"]]}),
        ([["nationalities", 2]], {"nationalities": [["x", "y"]]}),
        ([("nationalities", None), "sub"], {"nationalities": CLAIMS["nationalities"]}),
        (["number"], {"nationalities": [], "number": 10**30}),
    ],
)
def test_the_verifier_gets_what_was_disclosed(disclose, expected):
    verified = BOUND.verify(bound(disclose), **FOR)
    permanent = {"sub", "iss", "iat", "exp", "cnf"}
    assert {name: verified.claims[name] for name in set(verified.claims) - permanent} == expected
    assert verified.key_binding["nonce"] == FOR["nonce"]
    assert set(verified.key_binding) == {"nonce", "aud", "iat", "sd_hash"}


def test_decoys_and_other_hashes_change_nothing_for_the_verifier():
    for options in ({"decoys": 3}, {"hash_algorithm": "sha-512"}, {"hash_algorithm": "sha-384"}):
        issued = issue(CLAIMS, SIGNER, PATHS, holder_key=HOLDER_KEY, **options)
        verified = BOUND.verify(bound(PATHS, issued), **FOR)
        assert {name: verified.claims[name] for name in CLAIMS} == CLAIMS
    payload, disclosures = conceal({"a": [1, 2], "b": 3}, ["b", ("a", 0)], decoys=2)
    assert len(payload["_sd"]) == 3
    assert sorted(map(type, payload["a"]), key=str) == [dict, dict, dict, int]
    assert len(disclosures) == 2


def test_salts_differ_from_token_to_token():
    one, two = (issue(CLAIMS, SIGNER, ["given_name"]) for _ in range(2))
    assert one.split("~")[1] != two.split("~")[1]


def test_an_sd_jwt_shows_its_disclosures():
    parsed = SDJWT.parse(ISSUED)
    by_path = {one.path: one for one in parsed.disclosures}
    assert set(by_path) == {
        ("given_name",), ("address",), ("address", "country"), ("address", "city"), ("number",),
        ("nationalities", 0), ("nationalities", 1), ("nationalities", 2), ("nationalities", 2, 0),
    }  # fmt: skip
    assert by_path["number",].value == 10**30
    assert by_path["address",].value == CLAIMS["address"]
    assert by_path["address",].name == "address"
    assert by_path["nationalities", 1].name is None
    assert len(by_path["given_name",].salt) == 22
    assert by_path["given_name",].text in ISSUED
    assert "Alice" not in repr(parsed) + repr(by_path["given_name",])
    assert repr(parsed) == "<SDJWT with 9 disclosures>"
    assert repr(SDJWT.parse(bound())) == "<SDJWT with 0 disclosures, with key binding>"
    assert repr(by_path["address",]) == "<Disclosure path=('address',)>"
    assert parsed.issuer_jwt == ISSUED.split("~")[0]
    assert parsed.key_binding_jwt is None
    assert SDJWT.parse(bound()).key_binding_jwt.count(".") == 2


def test_json_serializations_are_made_and_verified():
    presented = SDJWT.parse(bound(["given_name"]))
    for form in (presented.to_flattened(), presented.to_general()):
        for text in (form, json.dumps(form), json.dumps(form).encode(), f" {json.dumps(form)}"):
            assert BOUND.verify(text, **FOR).claims["given_name"] == "Alice"
        assert bound(["given_name"], form).count("~") == 2
    signers = [JSONSigner(ISSUER_KEY, "ES256"), JSONSigner(HOLDER_KEY, "EdDSA")]
    general = issue_general({"iss": "me", "a": 1}, signers, ["a"], holder_key=HOLDER_KEY)
    assert len(general["signatures"]) == 2
    assert "header" not in general["signatures"][1]
    assert BOUND.verify(bound(["a"], general), **FOR).claims["a"] == 1
    assert SDJWT.parse(general).to_general() == general
    assert SDJWT.parse(general).select([]).to_general()["signatures"][0]["header"] == {
        "disclosures": []
    }


def test_an_sd_jwt_may_have_no_disclosures():
    issued = issue({"iss": "me"}, SIGNER, [])
    assert issued.count("~") == 1
    assert BEARER.verify(issued).claims["iss"] == "me"


@dataclass
class Person:
    iss: str
    given_name: str


def test_typed_claims_are_made_of_the_result():
    typed = Verifier(ISSUER_KEY.public(), algorithms=["ES256"], issuer="me", claims=Person)
    verifier = SDJWTVerifier(typed)
    person = verifier.verify(bound(["given_name"]), **FOR).claims
    assert person == Person("me", "Alice")
    with pytest.raises(InvalidTokenError, match="given_name"):
        verifier.verify(bound(), **FOR)
    issued = issue(Person("me", "Bob"), SIGNER, ["given_name"], holder_key=HOLDER_KEY)
    assert verifier.verify(bound(["given_name"], issued), **FOR).claims == Person("me", "Bob")


def test_policy_profile_and_rules_apply_to_the_result():
    profile = Profile("test", typ=["example+sd-jwt"], rules={"given_name": rules.PRESENT})
    for options, error in [
        ({"profile": profile}, MissingRequiredClaimError),
        ({"require": ["given_name"]}, MissingRequiredClaimError),
        ({"rules": {"given_name": "Alice"}}, InvalidTokenError),
        ({"audience": "x"}, MissingRequiredClaimError),
    ]:
        local = Verifier(ISSUER_KEY.public(), algorithms=["ES256"], issuer="me", **options)
        verifier = SDJWTVerifier(local)
        with pytest.raises(error):
            verifier.verify(bound(), **FOR)
        if "audience" not in options:
            assert verifier.verify(bound(["given_name"]), **FOR).claims["given_name"] == "Alice"
    typed = Profile("test", typ=["other+sd-jwt"])
    local = Verifier(ISSUER_KEY.public(), algorithms=["ES256"], issuer="me", profile=typed)
    with pytest.raises(InvalidTokenError, match=r"\(typ\)|other"):
        SDJWTVerifier(local).verify(bound(), **FOR)


def test_the_times_of_the_result_count_disclosed_or_not():
    """An issuer should not conceal exp, but others may have done it."""
    disclosure = base64url_encode(b'["salt","exp",1000]').decode()
    digest = base64url_encode(hashlib.sha256(disclosure.encode()).digest()).decode()
    token = Signer(ISSUER_KEY, "ES256").encode({"iss": "me", "_sd": [digest]})
    with pytest.raises(ExpiredSignatureError):
        BEARER.verify(f"{token}~{disclosure}~")
    strict = Verifier(ISSUER_KEY.public(), algorithms=["ES256"], issuer="me", require=["exp"])
    with pytest.raises(MissingRequiredClaimError):
        SDJWTVerifier(strict, key_binding="refused").verify(f"{token}~")


def test_stores_are_asked_about_the_result():
    revoked, store = RevocationList(3600), MemoryReplayStore()
    local = Verifier(
        ISSUER_KEY.public(), algorithms=["ES256"], issuer="me", replay=store, revocation=revoked
    )
    verifier = SDJWTVerifier(local)
    signer = Signer(ISSUER_KEY, "ES256", issuer="me", lifetime=600, jwt_id=True)
    issued = issue({"sub": "alice"}, signer, ["sub"], holder_key=HOLDER_KEY)
    with pytest.raises(TokenBindingError):  # refused before the store hears of it
        verifier.verify(bound(["sub"], issued, nonce="other"), **FOR)
    assert verifier.verify(bound(["sub"], issued), **FOR).claims["sub"] == "alice"
    with pytest.raises(ReplayedTokenError):
        verifier.verify(bound(["sub"], issued), **FOR)
    revoked.revoke_subject("alice")
    other = issue({"sub": "alice"}, signer, ["sub"], holder_key=HOLDER_KEY)
    with pytest.raises(RevokedTokenError):
        verifier.verify(bound(["sub"], other), **FOR)


def test_an_encrypted_sd_jwt_is_decrypted_first():
    secret = b"k" * 32
    encrypter = jwe.Encrypter(secret, "dir", "A256GCM", headers={"cty": "JWT"})
    decrypter = jwe.Decrypter(secret, algorithms=["dir"], encryptions=["A256GCM"])
    local = Verifier(ISSUER_KEY.public(), algorithms=["ES256"], issuer="me", decrypter=decrypter)
    verifier = SDJWTVerifier(local)
    token = encrypter.encrypt(bound(["given_name"]))
    assert verifier.verify(token, **FOR).claims["given_name"] == "Alice"
    with pytest.raises(DecodeError):
        verifier.verify(bound(["given_name"]), **FOR)
    with pytest.raises(DecodeError):
        BOUND.verify(token, **FOR)


def test_verifying_awaits():
    verified = asyncio.run(BOUND.verify_async(bound(["given_name"]), **FOR))
    assert isinstance(verified, VerifiedSDJWT)
    assert verified.claims["given_name"] == "Alice"


def test_arguments_that_are_wrong_are_refused():
    with pytest.raises(TypeError, match="takes a Verifier, got str"):
        SDJWTVerifier("x")
    for options, error, message in [
        ({"key_binding": "yes"}, ValueError, '"required", "optional" or "refused"'),
        ({"key_binding_algorithms": []}, TypeError, "at least one name"),
        ({"key_binding_algorithms": ["HS256"]}, ValueError, "private keys"),
        ({"key_binding_algorithms": ["none"]}, ValueError, "private keys"),
        ({"max_age": 0}, ValueError, "max_age"),
        ({"max_age": "x"}, ValueError, "max_age"),
    ]:
        with pytest.raises(error, match=message):
            SDJWTVerifier(VERIFIER, **options)
    assert SDJWTVerifier(VERIFIER, max_age=timedelta(minutes=1)).verify(bound(), **FOR)
    for arguments in ({}, {"nonce": "x"}, {"audience": "x"}):
        with pytest.raises(TypeError, match="pass both"):
            BOUND.verify(ISSUED, **arguments)
    with pytest.raises(TypeError, match="refuses"):
        BEARER.verify(ISSUED, **FOR)
    for arguments in ({"key": HOLDER_KEY}, {"nonce": "x"}, {"key": HOLDER_KEY, "nonce": "x"}):
        with pytest.raises(TypeError, match="pass all or none"):
            present(ISSUED, [], **arguments)
    with pytest.raises(InvalidKeyError):
        present(ISSUED, [], key=HOLDER_KEY.public(), **FOR)


@pytest.mark.parametrize(
    ("claims", "paths", "error", "message"),
    [
        ({"a": 1}, ["b"], ValueError, "a path leads to no claim"),
        ({"a": [1]}, [("a", 1)], ValueError, "a path leads to no claim"),
        ({"exp": 1}, ["exp"], ValueError, "iss, aud, exp, nbf and cnf"),
        ({"a": {"_sd": []}}, [], ValueError, "cannot be names"),
        ({"a": float("nan")}, ["a"], ValueError, "not JSON"),
        ({"a": Decimal(1)}, ["a"], TypeError, "Decimal"),
        ("x", [], TypeError, "claims must be a dict or an object of claims, got str"),
        ({"a": 1}, "a", TypeError, "must be in a list"),
        ({"a": 1}, 1, TypeError, "must be in a list"),
        ({"a": 1}, [1], TypeError, "must be its name"),
        ({"a": 1}, [()], TypeError, "must be its name"),
        ({"a": [1]}, [("a", -1)], TypeError, "must be its name"),
        ({"a": [1]}, [("a", True)], TypeError, "must be its name"),
    ],
)
def test_claims_that_cannot_be_concealed_are_refused(claims, paths, error, message):
    with pytest.raises(error, match=message):
        conceal(claims, paths)


def test_other_arguments_of_the_issuer_are_checked():
    with pytest.raises(ValueError, match="sha-256"):
        conceal({}, [], hash_algorithm="md5")
    with pytest.raises(TypeError, match="holder_key must be a Key, got str"):
        issue({}, SIGNER, [], holder_key="x")
    with pytest.raises(TypeError, match="claims must be a dict"):
        issue("x", SIGNER, [], holder_key=HOLDER_KEY)
    with pytest.raises(ValueError, match="cnf already"):
        issue({"cnf": {}}, SIGNER, [], holder_key=HOLDER_KEY)
    when = datetime(2030, 1, 1, tzinfo=timezone.utc)
    assert conceal({"exp": when}, [])[0]["exp"] == 1893456000
    claims = {"a": [1]}
    conceal(claims, ["a"])
    assert claims == {"a": [1]}


def test_the_holder_is_told_about_a_path_without_a_claim():
    with pytest.raises(ValueError, match="leads to no claim of the SD-JWT"):
        present(ISSUED, ["family_name"])


def test_fetched_keys_verify_sd_jwts(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    old, new = SigningKey("old"), SigningKey("new")
    with running_provider() as provider:
        provider.publish(old)
        client = JWKSClient(provider.url, allow_http=True, refresh_policy=RefreshPolicy(cooldown=0))
        local = Verifier(jwks=client, algorithms=["ES256"], issuer="me")
        verifier = SDJWTVerifier(local)
        for key in (old, new):
            provider.publish(key)
            signer = Signer(key.key, headers={"kid": key.kid}, issuer="me")
            issued = issue({"a": 1}, signer, ["a"], holder_key=HOLDER_KEY)
            for form in (bound(["a"], issued), SDJWT.parse(bound(["a"], issued)).to_general()):
                assert verifier.verify(form, **FOR).claims["a"] == 1
        signer = Signer(old.key, headers={"kid": "unknown"}, issuer="me")
        with pytest.raises(UnknownKeyError, match='"unknown"'):
            verifier.verify(bound([], issue({}, signer, [], holder_key=HOLDER_KEY)), **FOR)
