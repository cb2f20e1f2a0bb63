"""Requests through an HTTP proxy, and what is said of proxies that cannot be used."""

from __future__ import annotations

import asyncio
import base64
from importlib.util import find_spec

import pytest
from rapidjwt import PyJWKClient
from rapidjwt.exceptions import PyJWKClientConnectionError, PyJWKClientError
from rapidjwt.jwks import AsyncJWKSClient, JWKSClient, Response

from .clients import Threads
from .proxy import running_proxy

BASIC = "Basic " + base64.b64encode(b"user:s3/cret").decode()


@pytest.fixture
def proxy():
    with running_proxy() as proxy:
        yield proxy


@pytest.fixture
def socks(monkeypatch):
    """The environment names a SOCKS proxy."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "socks5://user:s3cret@127.0.0.1:9")


def test_http_goes_through_the_named_proxy_whatever_no_proxy_says(
    connect, provider, proxy, signing_keys
):
    provider.publish(signing_keys[0])
    face = connect(proxy=f"http://{proxy.address}")
    assert face.decode(signing_keys[0].token()) == {"sub": "user"}
    assert proxy.seen == [("GET", provider.url, None)]


def test_https_goes_through_a_tunnel_of_the_named_proxy(
    connect, provider, proxy, tls, signing_keys
):
    server, client = tls
    provider.use_tls(server)
    provider.publish(signing_keys[0])
    face = connect(proxy=f"http://user:s3%2Fcret@{proxy.address}", ssl_context=client)
    assert face.decode(signing_keys[0].token()) == {"sub": "user"}
    assert proxy.seen == [("CONNECT", provider.origin.removeprefix("https://"), BASIC)]
    assert provider.requests[0].headers["Proxy-Authorization"] is None


def test_credentials_are_for_the_proxy(connect, provider, proxy, signing_keys):
    provider.publish(signing_keys[0])
    connect(proxy=f"http://user:s3%2Fcret@{proxy.address}/").key_set()
    connect(proxy=f"http://user@{proxy.address}").key_set()
    nobody = "Basic " + base64.b64encode(b"user:").decode()
    assert [credentials for _, _, credentials in proxy.seen] == [BASIC, nobody]


def test_a_proxy_that_is_not_there_is_a_connection_error(connect):
    with pytest.raises(PyJWKClientConnectionError) as caught:
        connect(proxy="http://user:s3cret@127.0.0.1:9").key_set()
    assert "s3cret" not in str(caught.value)


BAD_PROXIES = [
    "127.0.0.1:3128",
    "proxy.example",
    "ftp://user:s3cret@proxy.example",
    "http://",
    "http://user:s3cret/@proxy.example:3128",
    "http://user:s3cret[@proxy.example:3128",
    "http://user:s3cret@proxy.example:99999",
    "",
]


@pytest.mark.parametrize("url", BAD_PROXIES)
@pytest.mark.parametrize("client", [JWKSClient, AsyncJWKSClient, PyJWKClient])
def test_a_proxy_url_that_cannot_be_used_is_refused_at_once_and_not_quoted(client, url):
    with pytest.raises(PyJWKClientError, match=r"example http://proxy\.example:3128") as caught:
        client("https://id.example/jwks", proxy=url)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("client", [JWKSClient, PyJWKClient])
@pytest.mark.parametrize("scheme", ["socks5", "SOCKS5H", "socks4", "socks"])
def test_a_socks_proxy_is_named_with_what_would_help(client, scheme):
    for credentials in ("", "user:s3cret@", "user:s3cret/@"):
        with pytest.raises(PyJWKClientError) as caught:
            client("https://id.example/jwks", proxy=f"{scheme}://{credentials}proxy.example:1080")
        assert str(caught.value).startswith(f"The proxy {scheme.lower()}://")
        assert "httpx[socks]" in str(caught.value)
        assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("client", [JWKSClient, PyJWKClient])
def test_a_proxy_with_tls_is_named_and_is_for_the_async_client(client):
    url = "https://user:s3cret@proxy.example:3128"
    with pytest.raises(PyJWKClientError) as caught:
        client("https://id.example/jwks", proxy=url)
    assert str(caught.value).startswith("The proxy https://proxy.example is reached through TLS")
    assert "AsyncJWKSClient" in str(caught.value)
    AsyncJWKSClient("https://id.example/jwks", proxy=url)


def test_the_async_client_reaches_a_provider_through_a_proxy_with_tls(provider, tls, signing_keys):
    server, context = tls
    provider.use_tls(server)
    provider.publish(signing_keys[0])
    with running_proxy(server) as proxy:
        url = f"https://user:s3%2Fcret@{proxy.address}"
        client = AsyncJWKSClient(provider.url, proxy=url, ssl_context=context)
        assert len(asyncio.run(client.key_set())) == 1
    assert proxy.seen == [("CONNECT", provider.origin.removeprefix("https://"), BASIC)]


@pytest.mark.skipif(find_spec("socksio") is not None, reason="httpx has its SOCKS extra here")
def test_without_its_extra_httpx_says_what_socks_needs(socks):
    with pytest.raises(PyJWKClientError, match=r"pip install httpx\[socks\]"):
        AsyncJWKSClient("https://id.example/jwks", proxy="socks5://proxy.example:1080")
    with pytest.raises(PyJWKClientError, match="must start with http:// or https:// or socks5://"):
        AsyncJWKSClient("https://id.example/jwks", proxy="gopher://proxy.example:1080")


def test_a_socks_proxy_of_the_environment_is_named_with_what_would_help(
    connect, provider, socks, tls
):
    face = connect()
    if not isinstance(face, Threads) and find_spec("socksio") is not None:
        pytest.skip("httpx has its SOCKS extra here")
    provider.use_tls(tls[0])
    for client in (face, connect(url=provider.url)):  # by http and by https
        with pytest.raises(PyJWKClientError, match=r"httpx\[socks\]") as caught:
            client.key_set()
        assert "s3cret" not in str(caught.value)
        assert client.client.metrics.failures == 1
    assert provider.requests == []


def test_a_host_that_no_proxy_exempts_is_reached_in_spite_of_a_socks_proxy(
    provider, socks, signing_keys, monkeypatch
):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    provider.publish(signing_keys[0])
    assert len(JWKSClient(provider.url, allow_http=True).key_set()) == 1


def test_pyjwks_client_takes_a_proxy(provider, proxy, signing_keys):
    provider.publish(signing_keys[0])
    client = PyJWKClient(provider.url, proxy=f"http://user:s3%2Fcret@{proxy.address}")
    assert client.get_signing_key("key-0").key_id == "key-0"
    assert proxy.seen == [("GET", provider.url, BASIC)]


def test_pyjwks_client_names_a_socks_proxy_of_the_environment(provider, socks):
    with pytest.raises(PyJWKClientConnectionError, match=r"socks5://127.0.0.1 .*httpx\[socks\]"):
        PyJWKClient(provider.url).get_signing_keys()


def test_a_proxy_and_a_transport_exclude_each_other(connect):
    with pytest.raises(TypeError, match="proxy cannot be used with a transport"):
        connect(proxy="http://127.0.0.1:9", transport=lambda _: Response(500, {}, b""))
