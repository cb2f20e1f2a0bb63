"""`rapidjwt verify --profile`, and the profile that `rapidjwt inspect` names."""

from __future__ import annotations

import pytest
from profiles.tokens import AUDIENCE, CONFORMING, ISSUER, KEY, MUSTS, conforming, signed
from rapidjwt.profiles import ALL

pytestmark = pytest.mark.usefixtures("time_of_collection")


@pytest.fixture
def public_file(tmp_path):
    file = tmp_path / "public.pem"
    file.write_text(KEY.public().to_pem())
    return file


def options(profile):
    issuer = "app" if profile.name.startswith("client-assertion") else ISSUER
    return ["--profile", profile.name, "--iss", issuer, "--aud", AUDIENCE, "--alg", "ES256"]


@pytest.mark.parametrize("profile", ALL.values(), ids=str)
def test_verify_demands_what_the_profile_demands(run, public_file, profile):
    command = ["verify", "--key", public_file, *options(profile)]
    assert run(*command, stdin=conforming(profile)).code == 0
    broken = next(must for must in MUSTS if must.profile is profile and "without" in must.name)
    result = run(*command, stdin=broken.token())
    assert (result.code, result.out) == (1, "")
    assert "Not verified: The" in result.err or "Not verified: Token is missing" in result.err


def test_verify_says_which_option_the_profile_needs(run, public_file):
    command = ["verify", "--key", public_file, "--alg", "ES256", "--profile", "access-token"]
    result = run(*command, stdin="x")
    assert result.code == 2
    assert "--profile access-token needs --iss or --issuer." in result.err
    result = run(*command, "--iss", ISSUER, stdin="x")
    assert "--profile access-token needs --aud." in result.err


def test_an_unknown_profile_is_a_usage_error_that_lists_them(run, public_file):
    result = run("verify", "--key", public_file, "--profile", "access", stdin="x")
    assert result.code == 2
    assert "'access-token'" in result.err


@pytest.mark.parametrize("profile", ALL.values(), ids=str)
def test_inspect_names_the_profile_of_a_conforming_token(run, profile):
    result = run("inspect", "-", "--json", stdin=conforming(profile))
    # A grant is a JWT with four claims, as an access token of a provider without RFC 9068 is.
    named = "access-token-lenient" if profile.name == "authorization-grant" else profile.name
    assert result.json["profile"] == {"profile": named, "lacks": []}


def test_inspect_says_what_a_token_lacks(run):
    claims = {name: value for name, value in CONFORMING["access-token"][1].items() if name != "jti"}
    token = signed("at+jwt", claims | {"sub": 7})
    result = run("inspect", "-", stdin=token)
    lines = result.out.splitlines()
    at = lines.index("Profile")
    assert [line.strip() for line in lines[at + 1 : at + 4]] == [
        "It seems to be for access-token.",
        'The claim "sub" is not accepted: it must be a string',
        'Token is missing the "jti" claim',
    ]
    result = run("inspect", "-", "--json", stdin=signed("logout+jwt", {}))
    assert result.json["profile"]["profile"] == "logout-token"
    assert 'Token is missing the "sub or sid" claim' in result.json["profile"]["lacks"]


@pytest.mark.parametrize(
    ("typ", "claims", "named"),
    [
        ("APPLICATION/AT+JWT", {}, "access-token"),
        ("JWT", {"nonce": "n"}, "id-token"),
        (None, {"events": {"https://e.example": {}}}, "security-event"),
        ("JWT", {"scope": "read"}, "access-token-lenient"),
        ("JWT", {"iss": "a", "sub": "a"}, "client-assertion-lenient"),
        (["at+jwt"], {"scp": []}, "access-token-lenient"),
    ],
    ids=str,
)
def test_inspect_goes_by_typ_and_then_by_claims(run, typ, claims, named):
    result = run("inspect", "-", "--json", stdin=signed(typ, claims))
    assert result.json["profile"]["profile"] == named


def test_a_token_like_none_has_no_profile(run):
    result = run("inspect", "-", "--json", stdin=signed("JWT", {"sub": "alice"}))
    assert result.json["profile"] is None
    assert "Profile" not in run("inspect", "-", stdin=signed("JWT", {"sub": "alice"})).out
    assert run("inspect", "-", "--json", stdin="x.y.z").json["profile"] is None
