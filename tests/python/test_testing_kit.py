"""rapidjwt.testing: what its issuer signs is accepted and refused as its names say."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from importlib.metadata import entry_points

import pytest
import rapidjwt
from rapidjwt import AsyncJWKSClient, JWKSClient, Key, Verifier, exceptions
from rapidjwt.profiles import ACCESS_TOKEN
from rapidjwt.testing import FakeClock, Issuer
from test_docs import ROOT, program

BAD = {
    "expired": exceptions.ExpiredSignatureError,
    "not yet valid": exceptions.ImmatureSignatureError,
    "tampered": exceptions.InvalidSignatureError,
    "of another key": exceptions.InvalidSignatureError,
    "of another issuer": exceptions.InvalidIssuerError,
    "for another audience": exceptions.InvalidAudienceError,
    "unsigned": exceptions.InvalidAlgorithmError,
    "malformed": exceptions.DecodeError,
}
KEYS = {
    "ES256": lambda: None,
    "Ed25519": lambda: Key.generate("Ed25519", kid="ed"),
    "a secret": lambda: Key.from_secret("a secret of the application, of 32 bytes", alg="HS256"),
}


@pytest.mark.parametrize("key", KEYS)
def test_a_token_is_an_access_token_of_rfc_9068(key):
    issuer = Issuer(key=KEYS[key]())
    claims = issuer.verifier(profile=ACCESS_TOKEN).decode(issuer.token(scope=["a", "b"]))
    assert claims["sub"] == "alice"
    assert claims["scope"] == "a b"
    assert claims["exp"] - claims["iat"] == 300


@pytest.mark.parametrize("key", KEYS)
def test_bad_tokens_are_refused_for_the_reason_that_they_have_by_name(key):
    issuer = Issuer(key=KEYS[key]())
    tokens = issuer.bad_tokens("bob", scope="a")
    assert tokens.keys() == BAD.keys()
    for name, token in tokens.items():
        with pytest.raises(BAD[name]) as raised:
            issuer.verifier().decode(token)
        assert type(raised.value) is BAD[name]


def test_claims_replace_the_usual_ones_and_none_leaves_them_out():
    issuer = Issuer("https://other.example/tenant/", audience="shop")
    token = issuer.token(None, expires_in=None, aud=["shop", "till"], roles=["admin"])
    claims = issuer.verifier().decode(token)
    assert {"sub", "exp"}.isdisjoint(claims)
    assert (claims["iss"], claims["aud"]) == (issuer.url, ["shop", "till"])
    assert claims["roles"] == ["admin"]
    lasting = issuer.verifier().decode(issuer.token(expires_in=timedelta(hours=1)))
    assert lasting["exp"] - lasting["iat"] == 3600
    headers = rapidjwt.get_unverified_header(issuer.token(headers={"typ": "JWT"}))
    assert headers == {"alg": "ES256", "typ": "JWT", "kid": "test-1"}


def test_a_client_without_a_connection_gets_its_keys():
    issuer = Issuer("https://auth.example/tenant")
    by_url = JWKSClient(issuer.jwks_uri, transport=issuer.transport)
    by_issuer = JWKSClient.from_issuer(issuer.url, transport=issuer.transport)
    for client in (by_url, by_issuer):
        verifier = Verifier(jwks=client, algorithms=["ES256"], audience=issuer.audience)
        assert verifier.decode(issuer.token())["sub"] == "alice"
    wrong = JWKSClient(f"{issuer.url}/keys", transport=issuer.transport)
    with pytest.raises(exceptions.PyJWKClientError, match="404"):
        wrong.key_set()

    async def fetched():
        client = AsyncJWKSClient(issuer.jwks_uri, transport=issuer.async_transport)
        return await client.key_set()

    assert len(asyncio.run(fetched())) == 1


def test_after_a_rotation_old_and_new_tokens_are_accepted():
    issuer = Issuer()
    before = issuer.token()
    assert issuer.rotate().kid == "test-2"
    after = issuer.token()
    for token in (before, after):
        assert issuer.verifier().decode(token)["sub"] == "alice"
    assert [key["kid"] for key in issuer.jwks()["keys"]] == ["test-1", "test-2"]
    assert all("d" not in key for key in issuer.jwks()["keys"])


def test_a_shared_secret_is_not_published():
    issuer = Issuer(key=KEYS["a secret"]())
    with pytest.raises(exceptions.InvalidKeyError, match="must not be published"):
        issuer.jwks()


def test_an_issuer_on_loopback_is_discovered(rapidjwt_loopback_issuer):
    issuer = rapidjwt_loopback_issuer
    client = JWKSClient.from_issuer(issuer.url, allow_http=True)
    verifier = Verifier(jwks=client, algorithms=["ES256"], audience=issuer.audience)
    assert verifier.decode(issuer.token())["iss"] == issuer.url


def test_an_issuer_on_loopback_stops_with_its_block():
    with Issuer.on_loopback() as issuer:
        pass
    with pytest.raises(exceptions.PyJWKClientConnectionError):
        JWKSClient(issuer.jwks_uri, allow_http=True).key_set()


def test_the_clock_stands_still_until_it_is_moved(rapidjwt_clock, rapidjwt_issuer):
    verifier = rapidjwt_issuer.verifier()
    token = rapidjwt_issuer.token(expires_in=60)
    began = rapidjwt_clock.now
    rapidjwt_clock.tick(59)
    assert verifier.decode(token)["sub"] == "alice"
    assert time.time() == rapidjwt_clock.now == pytest.approx(began + 59)
    rapidjwt_clock.tick(timedelta(seconds=1))
    with pytest.raises(exceptions.ExpiredSignatureError):
        verifier.decode(token)
    with pytest.raises(exceptions.ExpiredSignatureError):
        rapidjwt.decode(token, rapidjwt_issuer.key, ["ES256"], audience=rapidjwt_issuer.audience)


def test_the_clock_is_restored_after_the_block():
    originals = time.time, time.time_ns
    moment = datetime(2033, 5, 18, 3, 33, 20, tzinfo=timezone.utc)
    with FakeClock(moment) as outer, FakeClock(5) as inner:
        assert time.time() == inner.now == 5
        inner.move_to(moment)
        assert time.time_ns() == round(outer.now * 1e9) == 2_000_000_000 * 10**9
    assert (time.time, time.time_ns) == originals


def test_a_datetime_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="with a time zone"):
        FakeClock(datetime(2033, 5, 18))  # noqa: DTZ001


def test_the_plugin_imports_nothing_heavy():
    (entry,) = (e for e in entry_points(group="pytest11") if e.name == "rapidjwt")
    program = (
        "import sys, pytest, rapidjwt; before = set(sys.modules); import {}\n"
        "print(*sorted(name for name in set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program.format(entry.value)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(done.stdout.split()) == {
        "rapidjwt.testing",
        "rapidjwt.testing.clock",
        "rapidjwt.testing.issuer",
        "rapidjwt.testing.pytest_plugin",
    }


def test_the_tests_of_the_guide_pass(tmp_path):
    page = ROOT / "docs" / "guides" / "testing.md"
    tests = tmp_path / "test_page.py"
    tests.write_text(program(page.read_text(encoding="utf-8")), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    assert "7 passed" in done.stdout
