"""The attributes and the repr of `Signer` and `Verifier`: their policy, nothing of their keys."""

from __future__ import annotations

import datetime as dt

import pytest
import rapidjwt
import time_machine
from rapidjwt import JWKSClient, Key, Signer, Verifier

SECRET = "a secret of more than thirty-two bytes"
HS256 = ["HS256"]
ISSUER = "https://issuer.example"


def test_a_verifier_shows_what_it_demands():
    verifier = Verifier(
        SECRET,
        algorithms=["HS256", "HS512"],
        audience=["api", "web"],
        issuer="me",
        subject="alice",
        leeway=dt.timedelta(seconds=30),
        require=("exp",),
        options={"verify_nbf": False, "require": ["jti"], "verify_exp": True},
    )
    assert verifier.algorithms == ("HS256", "HS512")
    assert verifier.audience == ("api", "web")
    assert (verifier.issuer, verifier.subject, verifier.leeway) == ("me", "alice", 30.0)
    assert verifier.require == ("jti", "exp")
    assert repr(verifier) == (
        "<Verifier algorithms=('HS256', 'HS512') audience=('api', 'web') issuer='me' "
        "subject='alice' leeway=30.0 require=('jti', 'exp') options={'verify_nbf': False}>"
    )


def test_a_verifier_shows_that_it_does_not_check_the_audience_and_the_issuer():
    verifier = Verifier(SECRET, algorithms=HS256, options={"strict_aud": True})
    assert (verifier.audience, verifier.issuer, verifier.subject) == (None, None, None)
    assert (verifier.leeway, verifier.require) == (0.0, ())
    assert repr(verifier) == (
        "<Verifier algorithms=('HS256',) audience=None issuer=None options={'strict_aud': True}>"
    )


def test_the_algorithms_are_those_of_the_keys_if_none_were_passed():
    keys = [Key.generate("ES256").public(), Key.generate("EdDSA"), Key.generate("ES256")]
    assert Verifier(keys).algorithms == ("ES256", "EdDSA")


def test_a_verifier_with_a_client_shows_the_issuer_that_the_client_binds():
    client = JWKSClient.from_issuer(ISSUER)
    bound = Verifier(jwks=client, algorithms=["RS256"])
    assert (bound.issuer, bound.algorithms) == (ISSUER, ("RS256",))
    assert repr(bound) == f"<Verifier algorithms=('RS256',) audience=None issuer={ISSUER!r}>"
    widened = Verifier(jwks=client, algorithms=["RS256"], issuer=["a", ISSUER], audience="api")
    assert (widened.issuer, widened.audience) == (("a", ISSUER), "api")


def test_a_signer_shows_what_it_writes():
    signer = Signer(
        Key.from_secret(SECRET, kid="k1"),
        headers={"kid": "k2"},
        issuer="me",
        audience=["api"],
        lifetime=dt.timedelta(minutes=15),
    )
    assert (signer.algorithm, signer.key_id) == ("HS256", "k2")
    assert (signer.issuer, signer.audience, signer.lifetime) == ("me", ("api",), 900)
    assert rapidjwt.get_unverified_header(signer.encode({}))["kid"] == signer.key_id
    assert repr(signer) == (
        "<Signer algorithm='HS256' key_id='k2' issuer='me' audience=('api',) lifetime=900>"
    )
    assert Signer(Key.from_secret(SECRET, kid="k1")).key_id == "k1"


def test_a_signer_without_anything_shows_its_algorithm():
    signer = Signer(SECRET, "HS512")
    assert (signer.key_id, signer.issuer, signer.audience, signer.lifetime) == (None,) * 4
    assert repr(signer) == "<Signer algorithm='HS512'>"


@pytest.mark.parametrize(
    ("prepared", "names"),
    [
        (Signer(SECRET, "HS256"), ["algorithm", "key_id", "issuer", "audience", "lifetime"]),
        (
            Verifier(SECRET, algorithms=HS256),
            ["algorithms", "audience", "issuer", "subject", "leeway", "require"],
        ),
    ],
    ids=["Signer", "Verifier"],
)
def test_the_attributes_are_read_only_and_show_no_key(prepared, names):
    for name in names:
        with pytest.raises(AttributeError):
            setattr(prepared, name, None)
        assert SECRET not in repr(getattr(prepared, name))
    assert SECRET not in repr(prepared)


def test_expired_tokens_for_tests_are_asked_for_by_name():
    with time_machine.travel(1_000_000, tick=False):
        for lifetime in (-60, dt.timedelta(minutes=-1), -60.0):
            signer = Signer(SECRET, "HS256", lifetime=lifetime, allow_negative_lifetime=True)
            token = signer.encode({})
            with pytest.raises(rapidjwt.ExpiredSignatureError):
                Verifier(SECRET, algorithms=HS256).decode(token)
            claims = rapidjwt.decode(token, options={"verify_signature": False})
            assert claims == {"iat": 1_000_000, "exp": 999_940}
        now = Signer(SECRET, "HS256", lifetime=0, allow_negative_lifetime=True)
        with pytest.raises(rapidjwt.ExpiredSignatureError):
            Verifier(SECRET, algorithms=HS256).decode(now.encode({}))


@pytest.mark.parametrize("lifetime", [0, -60, dt.timedelta(seconds=-1), 0.5])
def test_a_lifetime_that_is_not_positive_is_refused_otherwise(lifetime):
    with pytest.raises(ValueError, match="allow_negative_lifetime=True"):
        Signer(SECRET, "HS256", lifetime=lifetime)


@pytest.mark.parametrize("lifetime", [float("nan"), float("inf"), "15m"])
def test_a_lifetime_that_is_not_a_number_is_refused_in_any_case(lifetime):
    with pytest.raises(ValueError, match="lifetime must be a number of seconds"):
        Signer(SECRET, "HS256", lifetime=lifetime, allow_negative_lifetime=True)
