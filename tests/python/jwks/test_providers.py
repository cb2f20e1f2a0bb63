"""What docs/guides/providers.md says of our side, with tokens and keys like the providers'."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
import rapidjwt
from rapidjwt import JWKSClient, Key, Verifier
from rapidjwt.exceptions import PyJWKClientError

from .provider import jwks
from .test_discovery import OPENID, metadata

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "providers.md"
TENANT = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
KEY = Key.generate("RS256")
FOREVER = 4_000_000_000


@pytest.fixture(scope="module")
def guide():
    """The names that the guide's blocks define, without a request."""
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    names = {}
    exec("\n".join(blocks), names)
    return names


def token(**claims):
    return rapidjwt.encode({"exp": FOREVER} | claims, KEY, "RS256", headers={"kid": "a"})


@pytest.fixture
def keys(provider):
    """A set like Keycloak's and Entra's: no `alg`, and a key for encryption."""
    encryption = Key.generate("RS256").to_jwk() | {"kid": "b", "use": "enc", "alg": "RSA-OAEP"}
    signing = KEY.to_jwk() | {"kid": "a", "use": "sig"}
    signing.pop("alg", None)
    provider.answer(jwks([encryption, signing]))
    return provider


def local(keys, **arguments):
    client = JWKSClient(keys.url, allow_http=True)
    return Verifier(jwks=client, algorithms=["RS256"], **arguments)


def test_the_templated_issuer_of_entras_common_metadata_is_refused(connect, provider):
    provider.answer(
        metadata(issuer="https://login.microsoftonline.com/{tenantid}/v2.0", jwks_uri=provider.url),
        OPENID,
    )
    with pytest.raises(PyJWKClientError, match=r"those of issuer '.*/\{tenantid\}/v2\.0'"):
        connect(issuer=provider.origin).key_set()


def test_keys_without_alg_verify_and_the_key_for_encryption_is_skipped(keys):
    assert local(keys).decode(token(sub="user"))["sub"] == "user"
    client = JWKSClient(keys.url, allow_http=True)
    assert [skipped.kid for skipped in client.key_set().skipped] == ["b"]


def test_the_issuer_of_any_entra_tenant_is_the_one_of_its_tid(guide, keys):
    guide["any_tenant"] = local(keys, audience="me", require=["exp", "iss", "tid"])
    issuer = f"https://login.microsoftonline.com/{TENANT}/v2.0"
    assert guide["entra_claims"](token(aud="me", iss=issuer, tid=TENANT))["tid"] == TENANT
    with pytest.raises(rapidjwt.InvalidIssuerError):
        guide["entra_claims"](token(aud="me", iss=issuer, tid="another"))
    with pytest.raises(rapidjwt.MissingRequiredClaimError):
        guide["entra_claims"](token(aud="me", iss=issuer))


def test_padded_tokens_of_a_load_balancer_are_accepted_if_it_is_ours(guide):
    def padded(**header):
        parts = [{"alg": "ES256", "kid": kid} | header, {"sub": "user", "exp": FOREVER}]
        signed = ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode() for p in parts)
        signature = base64.urlsafe_b64encode(key.sign(signed.encode(), "ES256")).decode()
        return f"{signed}.{signature}"

    key, kid = Key.generate("ES256"), "12345678-1234-1234-1234-123456789012"
    verifier = Verifier(key.public(), algorithms=["ES256"], require=["exp"])
    guide["alb_verifier"] = lambda kid: verifier
    ours = padded(signer=guide["LOAD_BALANCER"])
    assert ours.endswith("==")
    assert guide["alb_claims"](ours)["sub"] == "user"
    for wrong in (padded(signer="arn:another"), padded(), padded(kid="../x"), token()):
        with pytest.raises(rapidjwt.InvalidTokenError):
            guide["alb_claims"](wrong)
