"""Discovery of an issuer's keys."""

from __future__ import annotations

import json

import pytest
import rapidjwt
from rapidjwt.exceptions import PyJWKClientConnectionError, PyJWKClientError
from rapidjwt.jwks.discovery import Issuer
from rapidjwt.jwks.endpoint import _origin

from .provider import body, running_provider, status

OPENID = "/.well-known/openid-configuration"
RFC_8414 = "/.well-known/oauth-authorization-server"


def metadata(**members):
    return body(json.dumps(members).encode())


def paths(provider):
    return [request.path for request in provider.requests]


@pytest.mark.parametrize(
    ("issuer", "openid", "rfc_8414"),
    [
        ("https://id.example", OPENID, RFC_8414),
        ("https://id.example/", OPENID, RFC_8414),
        ("https://id.example/a/b", "/a/b" + OPENID, RFC_8414 + "/a/b"),
        ("https://id.example/a/", "/a" + OPENID, RFC_8414 + "/a"),
    ],
)
def test_metadata_lie_where_the_specifications_say(issuer, openid, rfc_8414):
    host = "https://id.example"
    assert Issuer(issuer).metadata_urls() == (host + openid, host + rfc_8414)


@pytest.mark.parametrize("issuer", ["https://id.example?a", "https://id.example/#a"])
def test_an_issuer_has_no_query_and_no_fragment(issuer):
    with pytest.raises(PyJWKClientError, match="no query and no fragment"):
        Issuer(issuer)


def test_keys_are_found_through_openid_connect_discovery(connect, provider, signing_keys):
    provider.publish(signing_keys[0])
    provider.answer(metadata(issuer=provider.origin, jwks_uri=provider.url), OPENID)
    face = connect(issuer=provider.origin)
    assert provider.requests == []
    assert face.decode(signing_keys[0].token(iss=provider.origin))["sub"] == "user"
    face.refresh()
    assert paths(provider) == [OPENID, "/jwks", "/jwks"]
    assert face.client.metrics.fetches == 2


def test_keys_are_found_through_rfc_8414(connect, provider, signing_keys):
    issuer = provider.origin + "/tenant"
    provider.publish(signing_keys[0])
    provider.answer(metadata(issuer=issuer, jwks_uri=provider.url), RFC_8414 + "/tenant")
    face = connect(issuer=issuer)
    assert face.decode(signing_keys[0].token(iss=issuer))["sub"] == "user"
    assert paths(provider) == ["/tenant" + OPENID, RFC_8414 + "/tenant", "/jwks"]


@pytest.mark.parametrize(
    ("suffix", "members", "message"),
    [
        ("", {"issuer": "{origin}/", "jwks_uri": "{origin}/jwks"}, "metadata are those of issuer"),
        ("/", {"issuer": "{origin}", "jwks_uri": "{origin}/jwks"}, "metadata are those of issuer"),
        ("", {"jwks_uri": "{origin}/jwks"}, "issuer None"),
        ("", {"issuer": "{origin}"}, '"jwks_uri"'),
        ("", {"issuer": "{origin}", "jwks_uri": 7}, '"jwks_uri"'),
        ("", {"issuer": "{origin}", "jwks_uri": "file:///etc/passwd"}, "scheme 'file'"),
    ],
)
def test_metadata_that_do_not_fit_are_refused(connect, provider, suffix, members, message):
    filled = {
        name: value.format(origin=provider.origin) if isinstance(value, str) else value
        for name, value in members.items()
    }
    provider.answer(metadata(**filled), OPENID)
    face = connect(issuer=provider.origin + suffix)
    with pytest.raises(PyJWKClientError, match=message):
        face.key_set()
    assert "/jwks" not in paths(provider)


@pytest.mark.parametrize("content", [b"<html>", b"[]", b"", b"[" * 100_000])
def test_metadata_that_are_no_json_object_are_refused(connect, provider, content):
    provider.answer(body(content), OPENID)
    with pytest.raises(PyJWKClientError, match="not a JSON object"):
        connect(issuer=provider.origin).key_set()


def test_metadata_that_are_too_large_are_refused(connect, provider):
    provider.answer(body(b" " * 5_000_000), OPENID)
    with pytest.raises(PyJWKClientError, match="bytes"):
        connect(issuer=provider.origin).key_set()


def test_an_issuer_without_metadata_is_a_connection_error(connect, provider):
    with pytest.raises(PyJWKClientConnectionError, match="status 404"):
        connect(issuer=provider.origin).key_set()


def test_a_provider_that_fails_is_looked_up_again(connect, provider, clock, signing_keys):
    old, new = signing_keys[:2]
    provider.publish(old)
    provider.answer(metadata(issuer=provider.origin, jwks_uri=provider.url), OPENID)
    face = connect(issuer=provider.origin)
    face.decode(old.token(iss=provider.origin))
    provider.answer(status(404))
    moved = metadata(issuer=provider.origin, jwks_uri=provider.origin + "/moved")
    provider.answer(moved, OPENID)
    provider.routes["/moved"] = None
    with pytest.raises(PyJWKClientConnectionError):
        face.refresh()
    provider.publish(new)
    provider.routes["/moved"] = provider.routes["/jwks"]
    face.refresh()
    assert paths(provider)[-2:] == [OPENID, "/moved"]
    assert face.decode(new.token(iss=provider.origin))["sub"] == "user"


def test_metadata_are_read_again_after_a_day(connect, provider, clock, signing_keys):
    provider.publish(signing_keys[0])
    provider.answer(metadata(issuer=provider.origin, jwks_uri=provider.url), OPENID)
    face = connect(issuer=provider.origin)
    face.refresh()
    clock.advance(24 * 3600 - 1)
    face.refresh()
    clock.advance(1)
    face.refresh()
    assert paths(provider) == [OPENID, "/jwks", "/jwks", OPENID, "/jwks"]


def test_the_callers_headers_go_to_the_callers_host_only(connect, provider, signing_keys):
    with running_provider() as elsewhere:
        elsewhere.publish(signing_keys[0])
        provider.answer(metadata(issuer=provider.origin, jwks_uri=elsewhere.url), OPENID)
        face = connect(issuer=provider.origin, headers={"Authorization": "Bearer abc"})
        face.key_set()
        assert provider.requests[0].headers["Authorization"] == "Bearer abc"
        assert elsewhere.requests[0].headers["Authorization"] is None
        assert elsewhere.requests[0].headers["User-Agent"].startswith("rapidjwt/")


@pytest.mark.parametrize("arguments", [{}, {"audience": "api"}], ids=["", "audience"])
def test_a_verifier_demands_the_issuer_that_its_client_was_made_from(
    connect, provider, signing_keys, arguments
):
    provider.publish(signing_keys[0])
    provider.answer(metadata(issuer=provider.origin, jwks_uri=provider.url), OPENID)
    face = connect(issuer=provider.origin)
    assert face.client.issuer == provider.origin
    face.verifier = rapidjwt.Verifier(jwks=face.client, algorithms=["ES256"], **arguments)
    aud = {"aud": arguments["audience"]} if arguments else {}
    sign = signing_keys[0].token
    assert face.decode(sign(iss=provider.origin, **aud))["sub"] == "user"
    for iss in ("https://evil.example", provider.origin + "/", provider.origin.upper()):
        with pytest.raises(rapidjwt.InvalidIssuerError, match=r"^Invalid issuer$"):
            face.decode(sign(iss=iss, **aud))
    with pytest.raises(rapidjwt.MissingRequiredClaimError, match="iss"):
        face.decode(sign(**aud))


def test_batches_demand_the_issuer_too(provider, signing_keys):
    provider.publish(signing_keys[0])
    provider.answer(metadata(issuer=provider.origin, jwks_uri=provider.url), OPENID)
    client = rapidjwt.JWKSClient.from_issuer(provider.origin, allow_http=True)
    verifier = rapidjwt.Verifier(jwks=client, algorithms=["ES256"])
    good = signing_keys[0].token(iss=provider.origin)
    evil = signing_keys[0].token(iss="https://evil.example")
    first, second = verifier.decode_many([good, evil])
    assert first["sub"] == "user"
    assert isinstance(second, rapidjwt.InvalidIssuerError)
    with pytest.raises(rapidjwt.InvalidIssuerError):
        verifier.decode_complete(evil)


def test_issuers_of_the_verifiers_own_replace_that_of_the_client(connect, provider, signing_keys):
    provider.publish(signing_keys[0])
    provider.answer(metadata(issuer=provider.origin, jwks_uri=provider.url), OPENID)
    face = connect(issuer=provider.origin)
    issuers = [provider.origin, "https://tenant.example"]
    face.verifier = rapidjwt.Verifier(jwks=face.client, algorithms=["ES256"], issuer=issuers)
    for iss in issuers:
        assert face.decode(signing_keys[0].token(iss=iss))["iss"] == iss
    with pytest.raises(rapidjwt.InvalidIssuerError):
        face.decode(signing_keys[0].token(iss="https://evil.example"))


def test_a_client_of_a_url_has_no_issuer(connect, provider, signing_keys):
    provider.publish(signing_keys[0])
    face = connect()
    assert face.client.issuer is None
    assert face.decode(signing_keys[0].token(iss="anybody"))["iss"] == "anybody"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://h/a", "https://H/b", True),
        ("https://h/a", "https://h:443/b", True),
        ("http://h:80/a", "http://h/b", True),
        ("https://h/a", "http://h/a", False),
        ("https://h/a", "https://h:8443/a", False),
        ("https://h/a", "https://h.example/a", False),
    ],
)
def test_origins_are_compared_as_urls(one, other, same):
    assert (_origin(one) == _origin(other)) is same


def test_a_busy_provider_of_metadata_is_not_asked_at_its_other_address(
    connect, provider, clock, signing_keys
):
    provider.answer(status(503, Retry_After="120"), OPENID)
    face = connect(issuer=provider.origin)
    for seconds in (0, 119):
        clock.advance(seconds)
        with pytest.raises(PyJWKClientConnectionError, match="Retry-After of 120 seconds"):
            face.key_set()
    assert paths(provider) == [OPENID]


def test_that_the_second_address_does_not_exist_hides_nothing_about_the_first(connect, provider):
    provider.answer(status(301, Location="https://www.id.example/?a=s3cret"), OPENID)
    with pytest.raises(PyJWKClientConnectionError) as caught:
        connect(issuer=provider.origin).key_set()
    assert str(caught.value) == (
        f"The metadata of issuer {provider.origin!r} cannot be fetched: status 301, "
        "a redirect to host 'www.id.example', which is not followed"
    )
    assert paths(provider) == [OPENID, RFC_8414]
