"""Tokens as providers issue them, with the verifiers of docs/guides/providers.md.

The claims and headers are those that each provider documents, with keys made here. Each token
passes as it is, and fails with any one of the changes.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import rapidjwt
from rapidjwt import InvalidTokenError, Key, Signer, Verifier

from .tokens import NOW

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "providers.md"
KEY = Key.generate("RS256")
TIMES = {"iat": NOW, "exp": NOW + 3600}
REMOVE = None

TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
ENTRA_ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"

#: For each verifier of the guide: the header, the claims, and changes that must be refused.
TOKENS = {
    "entra": (
        {"typ": "JWT", "kid": "nOo3ZDrODXEK1jKWhXslHR_KXEg"},
        TIMES
        | {
            "aud": "00001111-aaaa-2222-bbbb-3333cccc4444",
            "iss": ENTRA_ISSUER,
            "nbf": NOW,
            "aio": "AWQAm/8TAAAA",
            "azp": "22223333-cccc-4444-dddd-5555eeee6666",
            "azpacr": "0",
            "name": "Abe Lincoln",
            "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474",
            "preferred_username": "abeli@contoso.example",
            "rh": "0.AAAA",
            "scp": "access_as_user",
            "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
            "tid": TENANT,
            "uti": "fqiBqXLPj0eQa82S-IYFAA",
            "ver": "2.0",
        },
        [
            {"aud": "00000003-0000-0000-c000-000000000000"},
            {"iss": ENTRA_ISSUER.replace("aaaa", "bbbb")},
            {"tid": "another"},
            {"tid": REMOVE},
            {"sub": REMOVE},
            {"exp": REMOVE},
            {"nonce": "of an ID token"},
        ],
    ),
    "auth0": (
        {"typ": "JWT", "kid": "NjVBRjY5MDlCMUIwNzU4RTA2QzZFMDQ4QzQ2MDAyQjVDNjk1RTM2Qg"},
        TIMES
        | {
            "iss": "https://example.eu.auth0.com/",
            "sub": "auth0|5f7c8ec7c33c6c004bbafe82",
            "aud": ["https://api.example", "https://example.eu.auth0.com/userinfo"],
            "azp": "my_client_id",
            "scope": "openid profile read:orders",
            "gty": "password",
        },
        [
            {"aud": ["https://example.eu.auth0.com/userinfo"]},
            {"iss": "https://example.eu.auth0.com"},
            {"sub": REMOVE},
            {"exp": REMOVE},
            {"at_hash": "of an ID token"},
        ],
    ),
    "okta": (
        {"kid": "7Tcr1d8Yp0tF9w4lxS2lJq3sLx0"},
        TIMES
        | {
            "ver": 1,
            "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE",
            "iss": "https://example.okta.com/oauth2/default",
            "aud": "api://default",
            "cid": "0oaulob4BFVa4zQvt0g3",
            "uid": "00uid4BxXw6I6TV4m0g3",
            "scp": ["openid"],
            "sub": "john.doe@example.com",
        },
        [
            {"iss": "https://example.okta.com"},
            {"aud": "0oaulob4BFVa4zQvt0g3"},
            {"cid": REMOVE},
            {"sub": REMOVE},
            {"exp": REMOVE},
        ],
    ),
    "keycloak": (
        {"typ": "JWT", "kid": "FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNlE"},
        TIMES
        | {
            "jti": "onrtac:a4aa4f3e-7d4b-4f8c-9c7a-0d8a7f3b5c12",
            "iss": "https://sso.example/realms/shop",
            "aud": ["shop-api", "account"],
            "sub": "f7dd8a1e-1f0b-4b2f-8c5d-2f7b0a3c9d10",
            "typ": "Bearer",
            "azp": "web",
            "sid": "d6a2c7d4-6c1d-4c0e-8d9f-0c3b7f3b2a11",
            "acr": "1",
            "realm_access": {"roles": ["offline_access", "uma_authorization"]},
            "resource_access": {"account": {"roles": ["manage-account"]}},
            "scope": "openid email profile",
            "email_verified": True,
        },
        [
            {"typ": "ID"},
            {"typ": "Refresh"},
            {"aud": "account"},
            {"aud": REMOVE},
            {"iss": "https://sso.example/realms/other"},
            {"sub": REMOVE},
        ],
    ),
    "cognito": (
        {"kid": "1234example=", "typ": None},
        TIMES
        | {
            "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
            "device_key": "eu-central-1_aaaa",
            "iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbC",
            "version": 2,
            "client_id": "1example23456789",
            "origin_jti": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
            "event_id": "64f513be-32db-42b0-b78e-b02127b4f463",
            "token_use": "access",
            "scope": "openid aws.cognito.signin.user.admin",
            "auth_time": NOW,
            "jti": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
            "username": "my-test-user",
        },
        [
            {"token_use": "id"},
            {"token_use": REMOVE},
            {"client_id": "another"},
            {"client_id": REMOVE},
            {"aud": "1example23456789"},
            {"iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Other"},
            {"exp": REMOVE},
        ],
    ),
    "google": (
        {"typ": "JWT", "kid": "e8ad8c1c0f4e8f5b1c2a"},
        TIMES
        | {
            "iss": "https://accounts.google.com",
            "azp": "1234-example.apps.googleusercontent.com",
            "aud": "1234-example.apps.googleusercontent.com",
            "sub": "10769150350006150715113082367",
            "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q",
            "hd": "example.com",
            "email": "jsmith@example.com",
            "email_verified": True,
            "nonce": "0394852-3190485-2490358",
        },
        [
            {"iss": "https://accounts.google.example"},
            {"aud": "another.apps.googleusercontent.com"},
            {"aud": ["1234-example.apps.googleusercontent.com", "another"]},
            {"azp": "another.apps.googleusercontent.com"},
            {"sub": REMOVE},
            {"exp": REMOVE},
            {"iat": REMOVE},
        ],
    ),
    "github": (
        {"typ": "JWT", "kid": "cc413527-173f-5a05-976e-9c52b1d7b431"},
        TIMES
        | {
            "jti": "example-id",
            "sub": "repo:example/shop:environment:prod",
            "environment": "prod",
            "aud": "https://deploy.example",
            "ref": "refs/heads/main",
            "sha": "example-sha",
            "repository": "example/shop",
            "repository_owner": "example",
            "actor_id": "12",
            "repository_visibility": "private",
            "repository_id": "74",
            "repository_owner_id": "65",
            "run_id": "example-run-id",
            "run_number": "10",
            "run_attempt": "2",
            "runner_environment": "github-hosted",
            "actor": "octocat",
            "workflow": "deploy",
            "head_ref": "",
            "base_ref": "",
            "event_name": "workflow_dispatch",
            "ref_type": "branch",
            "job_workflow_ref": "example/shop/.github/workflows/deploy.yml@refs/heads/main",
            "iss": "https://token.actions.githubusercontent.com",
            "nbf": NOW - 5,
        },
        [
            {"repository": "evil/shop"},
            {"repository": REMOVE},
            {"ref": "refs/heads/x"},
            {"ref": REMOVE},
            {"aud": "https://github.com/example"},
            {"iss": "https://token.actions.githubusercontent.example"},
            {"nbf": NOW + 600},
        ],
    ),
    "kubernetes": (
        {"typ": None, "kid": "oQm1Lx4Yq3nJ8yUoFqpM5L1Yv2k"},
        TIMES
        | {
            "aud": ["shop-api"],
            "iss": "https://kubernetes.default.svc.cluster.local",
            "jti": "aed34954-b33a-4142-b1ec-389d6bbb4936",
            "kubernetes.io": {
                "namespace": "shop",
                "node": {"name": "127.0.0.1", "uid": "58456cb0-dd00-45ed-b797-5578fdceaced"},
                "pod": {
                    "name": "web-69cbfb9798-jv9gn",
                    "uid": "778a530c-b3f4-47c0-9cd5-ab018fb64f33",
                },
                "serviceaccount": {"name": "web", "uid": "a087d5a0-e1dd-43ec-93ac-f13d89cd13af"},
                "warnafter": NOW + 3000,
            },
            "nbf": NOW,
            "sub": "system:serviceaccount:shop:web",
        },
        [
            {"aud": ["https://kubernetes.default.svc.cluster.local"]},
            {"iss": "https://kubernetes.default.svc"},
            {"kubernetes.io": {"namespace": "default"}},
            {"kubernetes.io": REMOVE},
            {"sub": REMOVE},
            {"exp": REMOVE},
        ],
    ),
}
CHANGES = [(name, change) for name, (_, _, changes) in TOKENS.items() for change in changes]


@pytest.fixture(scope="module")
def verifiers():
    """The verifiers of the guide, with our key in place of the provider's."""

    def with_our_key(key=None, *, jwks=None, **arguments):
        if jwks is not None:
            arguments.setdefault("issuer", jwks.issuer)
            key = KEY.public()
        return Verifier(key, **arguments)

    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    names = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rapidjwt, "Verifier", with_our_key)
        exec("\n".join(blocks), names)
    names["ssl"] = SimpleNamespace(create_default_context=lambda **_: None)
    names["kubernetes"] = names["kubernetes_verifier"]()
    return names


def token(header, claims):
    kept = {name: value for name, value in claims.items() if value is not REMOVE}
    return Signer(KEY, headers={"typ": None} | header).encode(kept)


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_of_the_provider_passes(verifiers, name):
    header, claims, _ = TOKENS[name]
    assert verifiers[name].decode(token(header, claims)) == claims


@pytest.mark.parametrize(("name", "change"), CHANGES, ids=str)
def test_a_token_with_one_other_claim_fails(verifiers, name, change):
    header, claims, _ = TOKENS[name]
    with pytest.raises(InvalidTokenError):
        verifiers[name].decode(token(header, claims | change))


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_of_another_kind_fails(verifiers, name):
    header, claims, _ = TOKENS[name]
    for typ in ["logout+jwt", "secevent+jwt", "client-authentication+jwt"]:
        if verifiers[name].profile.typ is not None:
            with pytest.raises(InvalidTokenError, match="typ is not accepted"):
                verifiers[name].decode(token(header | {"typ": typ}, claims))


def test_auth0_with_its_token_profile_of_rfc_9068_is_strict():
    claims = TOKENS["auth0"][1] | {"client_id": "my_client_id", "jti": "a"}
    strict = Verifier(
        KEY.public(),
        issuer=claims["iss"],
        audience="https://api.example",
        profile=rapidjwt.profiles.ACCESS_TOKEN,
    )
    assert strict.decode(token({"typ": "at+jwt"}, claims))
    with pytest.raises(InvalidTokenError):
        strict.decode(token({"typ": "JWT"}, claims))
