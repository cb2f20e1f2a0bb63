"""`Profile` itself: its definition, how profiles combine, and what takes them."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from dataclasses import FrozenInstanceError, replace

import pytest
import rapidjwt
from rapidjwt import InvalidTokenError, Key, MultiIssuerVerifier, Signer, Verifier, profiles
from rapidjwt.profiles import ACCESS_TOKEN, ALL, ID_TOKEN, LOGOUT_TOKEN, Profile
from rapidjwt.rules import ABSENT, PRESENT, STRING, one_of, optional

from .tokens import AUDIENCE, CONFORMING, ISSUER, KEY, MUSTS, conforming, signed, verifier

SECRET = "a secret of at least thirty-two bytes"


def secret_verifier(profile, algorithms=("HS256",), key=SECRET, **arguments):
    return Verifier(key, algorithms=algorithms, profile=profile, **arguments)


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"])
def test_typ_is_compared_as_a_media_type(typ):
    token = signed(typ, CONFORMING["access-token"][1])
    assert verifier(ACCESS_TOKEN).decode(token)


@pytest.mark.parametrize(
    "typ", ["at", "text/at+jwt", "at+jwt;v=1", " at+jwt", ["at+jwt"], 7, "x" * 9]
)
def test_another_typ_is_refused_with_those_that_are_accepted(typ):
    token = signed(typ, CONFORMING["access-token"][1])
    with pytest.raises(InvalidTokenError, match=r"is not accepted: at\+jwt is needed"):
        verifier(ACCESS_TOKEN).decode(token)


def test_the_typ_of_a_remembered_token_is_checked_too():
    token = conforming(ALL["access-token-lenient"])
    lenient = verifier(ALL["access-token-lenient"], cache_size=10)
    assert lenient.decode(token) == lenient.decode(token)
    assert lenient.cache_info().hits == 1
    long = signed("at+jwt", CONFORMING["access-token"][1] | {"x": "y" * 9000})
    assert verifier(ACCESS_TOKEN, cache_size=10).decode(long)
    padded = Signer(KEY, headers={"typ": "JWT", "x": "y" * 9000}).encode(
        CONFORMING["access-token"][1]
    )
    with pytest.raises(InvalidTokenError, match="typ is not accepted"):
        verifier(ACCESS_TOKEN).decode(padded)


@pytest.mark.parametrize("profile", ALL.values(), ids=str)
def test_a_profile_holds_on_every_path(profile):
    broken = [must.token() for must in MUSTS if must.profile is profile]
    strict = verifier(profile)
    good = conforming(profile)
    results = list(strict.decode_many([good, *broken]))
    assert results[0] == strict.decode(good) == asyncio.run(strict.decode_async(good))
    assert all(isinstance(result, InvalidTokenError) for result in results[1:])
    assert strict.decode_complete(good)["payload"] == results[0]
    for result, token in zip(results[1:], broken, strict=True):
        with pytest.raises(type(result)) as caught:
            strict.decode_complete(token)
        assert str(caught.value) == str(result)


def test_a_multi_issuer_verifier_and_bearer_tokens_take_profiles():
    from rapidjwt.integrations.bearer import BearerError, verify

    multi = MultiIssuerVerifier([verifier(ACCESS_TOKEN)])
    assert multi.decode(conforming(ACCESS_TOKEN))["iss"] == ISSUER
    with pytest.raises(InvalidTokenError):
        multi.decode(conforming(LOGOUT_TOKEN))
    assert verify(multi, [f"Bearer {conforming(ACCESS_TOKEN)}"])
    with pytest.raises(BearerError):
        verify(verifier(ACCESS_TOKEN), [f"Bearer {conforming(LOGOUT_TOKEN)}"])


def test_a_profile_that_needs_issuer_or_audience_says_so():
    with pytest.raises(ValueError, match="The profile access-token needs issuer="):
        Verifier(KEY.public(), audience=AUDIENCE, profile=ACCESS_TOKEN)
    with pytest.raises(ValueError, match="The profile access-token needs audience="):
        Verifier(KEY.public(), issuer=ISSUER, profile=ACCESS_TOKEN)
    unchecked = {"verify_iss": False, "verify_aud": False}
    free = Verifier(KEY.public(), profile=ACCESS_TOKEN, options=unchecked)
    assert free.decode(conforming(ACCESS_TOKEN))
    with pytest.raises(ValueError, match="needs audience"):
        Verifier(
            jwks=rapidjwt.JWKSClient.from_issuer(ISSUER), algorithms=["ES256"], profile=ACCESS_TOKEN
        )
    assert (
        Verifier(
            jwks=rapidjwt.JWKSClient.from_issuer(ISSUER),
            algorithms=["ES256"],
            audience=AUDIENCE,
            profile=ACCESS_TOKEN,
        ).profile
        is ACCESS_TOKEN
    )
    with pytest.raises(ValueError, match="needs issuer"):
        Verifier(
            jwks=rapidjwt.JWKSClient(ISSUER),
            algorithms=["ES256"],
            audience=AUDIENCE,
            profile=ACCESS_TOKEN,
        )


def test_a_verifier_and_a_signer_show_their_profile():
    strict = verifier(ACCESS_TOKEN)
    assert strict.profile is ACCESS_TOKEN
    assert repr(strict).endswith("profile='access-token'>")
    assert repr(ACCESS_TOKEN) == "<Profile access-token>"
    signer = Signer(KEY, profile=ACCESS_TOKEN)
    assert signer.profile is ACCESS_TOKEN
    assert "profile='access-token'" in repr(signer)
    assert Signer(KEY).profile is None is Verifier(KEY).profile


def test_profiles_combine_and_never_weaken_each_other():
    one = Profile(
        "one",
        typ=["a+jwt", "JWT"],
        rules={"x": STRING},
        algorithms=["HS256", "HS384"],
        max_age=60,
        needs=["issuer"],
        one_required=[["p", "q"]],
    )
    other = Profile(
        "other",
        typ=["application/A+JWT"],
        typ_required=True,
        rules={"x": one_of("b", 1)},
        forbidden_algorithms=["HS384"],
        max_age=dt.timedelta(seconds=30),
        max_lifetime=600,
        needs=["audience", "issuer"],
    )
    both = one & other
    assert both.name == "one & other"
    assert (both.typ, both.typ_required) == (("a+jwt",), True)
    assert both.rules == (("x", STRING), ("x", one_of("b", 1)))
    assert (both.algorithms, both.forbidden_algorithms) == (("HS256", "HS384"), ("HS384",))
    assert (both.max_age, both.max_lifetime) == (dt.timedelta(seconds=30), 600)
    assert both.needs == ("issuer", "audience")
    assert both.one_required == (("p", "q"),)
    strict = secret_verifier(both, ["HS256", "HS384"], issuer="me", audience="api")
    assert strict.algorithms == ("HS256",)
    now = int(time.time())
    good = {"x": "b", "iss": "me", "aud": "api", "iat": now, "exp": now + 600, "q": 1}

    def token(**changed):
        kept = {name: value for name, value in (good | changed).items() if value is not None}
        return rapidjwt.encode(kept, SECRET, headers={"typ": "a+jwt"})

    assert strict.decode(token()) == good
    for changed in [{"x": 1}, {"x": "c"}, {"iat": now - 40}, {"exp": now + 601}, {"q": None}]:
        with pytest.raises(InvalidTokenError):
            strict.decode(token(**changed))
    with pytest.raises(ValueError, match="no typ in common"):
        ACCESS_TOKEN & LOGOUT_TOKEN
    with pytest.raises(ValueError, match="no algorithms in common"):
        Profile("a", algorithms=["HS256"]) & Profile("b", algorithms=["ES256"])
    with pytest.raises(TypeError):
        ACCESS_TOKEN & {"x": 1}


def test_a_profile_is_frozen_data():
    with pytest.raises(FrozenInstanceError):
        ACCESS_TOKEN.name = "mine"
    assert replace(ACCESS_TOKEN) == ACCESS_TOKEN
    loose = replace(ACCESS_TOKEN, name="loose", typ_required=False)
    assert verifier(loose).decode(signed(None, CONFORMING["access-token"][1]))
    assert Profile("a", rules=[("x", "y")]) == Profile("a", rules={"x": "y"})
    assert len({*ALL.values()}) == len(ALL)


def test_a_profile_allows_and_forbids_algorithms():
    allowed = Profile("mine", algorithms=["ES256"])
    with pytest.raises(ValueError, match="The profile mine allows none of the algorithms"):
        secret_verifier(allowed)
    with pytest.raises(ValueError, match="The profile mine does not allow HS256"):
        Signer(SECRET, "HS256", profile=allowed)
    assert Verifier(KEY.to_pem(), profile=allowed).algorithms == ("ES256",)
    forbidden = Profile("mine", forbidden_algorithms=["ES256"])
    with pytest.raises(ValueError, match="does not allow ES256, the alg of the key"):
        Verifier(KEY.public(), profile=forbidden)
    assert Verifier(Key.generate("EdDSA").public(), profile=forbidden).algorithms == ("EdDSA",)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"typ": "JWT"}, TypeError, "typ must be several strings: write"),
        ({"algorithms": "ES256"}, TypeError, "algorithms must be several strings"),
        ({"needs": "issuer"}, TypeError, "needs must be several strings"),
        ({"one_required": ["sub"]}, TypeError, "one_required must be several strings"),
        ({"typ_required": True}, ValueError, "typ_required needs the accepted values"),
        ({"typ": [7]}, TypeError, "typ of a profile must be strings in a tuple"),
        ({"algorithms": ["XS256"]}, ValueError, 'unknown algorithm "XS256": did you mean'),
        ({"forbidden_algorithms": ["none"]}, ValueError, "has no signature"),
        ({"rules": {"a": None}}, TypeError, 'the rule for "a" must be a JSON value'),
        ({"rules": {7: "a"}}, TypeError, "a rule is for the name of a claim"),
        ({"max_age": "60"}, TypeError, "max_age must be a number of seconds"),
        ({"one_required": [[7]]}, TypeError, "a rule is for the name of a claim"),
    ],
    ids=str,
)
def test_a_wrong_definition_is_an_error_when_a_verifier_is_made(arguments, error, message):
    with pytest.raises(error) as caught:
        secret_verifier(Profile("mine", **arguments))
    assert message in str(caught.value)


@pytest.mark.parametrize("profile", ["access-token", ACCESS_TOKEN.rules, Profile, {}], ids=str)
def test_what_is_not_a_profile_is_refused(profile):
    message = "profile must be a Profile, such as rapidjwt.profiles.ACCESS_TOKEN, got "
    with pytest.raises(TypeError, match=message):
        secret_verifier(profile)
    with pytest.raises(TypeError, match=message):
        Signer(SECRET, "HS256", profile=profile)


# --- signers ---


@pytest.mark.parametrize("profile", ALL.values(), ids=str)
def test_a_signer_writes_tokens_of_its_profile(profile):
    typ, claims = CONFORMING[profile.name]
    own = {name: value for name, value in claims.items() if name not in {"iat", "jti"}}
    is_required = {path for path, rule in profile.rules if not rule.is_optional}
    token = Signer(KEY, profile=profile).encode(own)
    written = verifier(profile).decode(token)
    assert {name: written[name] for name in own} == own
    assert ("iat" in written, "jti" in written) == ("iat" in is_required, "jti" in is_required)
    assert rapidjwt.get_unverified_header(token)["typ"] == (typ or "JWT")


#: Broken by what only a verifier knows: its issuer and audience, the time, the values of a login.
ONLY_A_VERIFIER = {"iss", "aud", "exp", "nonce", "acr", "auth_time", "at_hash", "c_hash", "nbf"}


@pytest.mark.parametrize("must", MUSTS, ids=lambda must: must.name)
def test_a_signer_refuses_claims_that_its_profile_would_refuse(must):
    typ, claims = CONFORMING[must.profile.name]
    known = must.profile.rules
    changed = {
        name: value
        for name, value in (claims | must.claims).items()
        if not (name in must.claims and type(value) is object)
    }
    signer = Signer(KEY, audience=AUDIENCE, profile=must.profile)
    if must.typ != "":
        if must.typ is None and not must.profile.typ_required:
            return
        with pytest.raises(ValueError, match="refuses these headers: The token"):
            Signer(KEY, headers={"typ": must.typ}, profile=must.profile)
        return
    filled = {"iat", "jti", "aud"}
    is_type = isinstance(next(iter(must.claims.values()), None), (int, list, dict))
    is_named = not set(must.claims) & ONLY_A_VERIFIER or (
        is_type and must.error is InvalidTokenError
    )
    if is_named and not (set(must.claims) <= filled and must.name.count("without")):
        with pytest.raises(
            ValueError, match=f"The profile {must.profile.name} refuses these claims"
        ):
            signer.encode(changed)
    assert known
    assert typ is None or isinstance(typ, str)


def test_a_signer_names_what_is_wrong():
    signer = Signer(KEY, profile=ACCESS_TOKEN)
    with pytest.raises(ValueError, match='claims: Token is missing the "client_id" claim'):
        signer.encode({"iss": "a", "sub": "a", "aud": "a", "exp": 1 << 40})
    with pytest.raises(ValueError, match='claims: The claim "sub" is not accepted: it must be a s'):
        signer.encode({"iss": "a", "sub": 7, "aud": "a", "exp": 1 << 40, "client_id": "c"})


def test_claims_that_python_writes_are_checked_too():
    signer = Signer(KEY, profile=Profile("mine", rules={"a": STRING, "n": optional(ABSENT)}))
    assert signer.encode({"a": "\ud83d\ude00"})
    assert signer.encode({"a": "x", "exp": dt.datetime.now(dt.timezone.utc), "b": 10**40})
    for wrong in [{"a": 10**40}, {"a": float("nan")}, {"a": None}, {}, {"b": 10**40}]:
        with pytest.raises(ValueError, match="refuses these claims"):
            signer.encode(wrong)


def test_functions_of_a_profile_check_what_is_signed():
    signer = Signer(KEY, profile=Profile("mine", rules={"n": lambda n: n > 1}))
    assert signer.encode({"n": 2})
    with pytest.raises(ValueError, match='The claim "n" is not accepted'):
        signer.encode({"n": 1})


def test_the_azp_of_a_signer_is_its_audience():
    signer = Signer(KEY, issuer=ISSUER, audience=["a", "b"], lifetime=60, profile=ID_TOKEN)
    assert signer.encode({"sub": "alice", "azp": "b"})
    with pytest.raises(ValueError, match='missing the "azp" claim'):
        signer.encode({"sub": "alice"})
    with pytest.raises(ValueError, match='"azp" is not accepted'):
        signer.encode({"sub": "alice", "azp": "c"})


def test_login_makes_rules_only_for_what_it_is_given():
    assert profiles.login() == {}
    assert set(profiles.login(nonce="n", access_token="t", code="c", max_age=1, acr=["0"])) == {
        "nonce",
        "at_hash",
        "c_hash",
        "auth_time",
        "acr",
    }
    assert profiles.login(access_token="t")["at_hash"].is_optional
    assert not profiles.login(code="c", hashes_required=True)["c_hash"].is_optional


def test_profiles_are_imported_when_they_are_used():
    import subprocess
    import sys

    code = (
        "import sys, rapidjwt; assert not {'rapidjwt.rules', 'rapidjwt.profiles', 'dataclasses'} & "
        "{*sys.modules}; rapidjwt.profiles.ACCESS_TOKEN; rapidjwt.rules.STRING"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_rule_in_a_profile_is_data():
    for profile in ALL.values():
        assert [rule for _, rule in profile.rules if rule.test == "call"] == []
    assert PRESENT.operand is None
