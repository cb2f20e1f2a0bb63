"""A provider, a clock, and each of the two clients."""

from __future__ import annotations

import ssl

import pytest
from loopback_tls import server_tls
from rapidjwt.jwks import RefreshPolicy

from .clients import Tasks, Threads
from .provider import Clock, SigningKey, running_provider


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """Reach loopback without the proxy that the environment may name."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def provider():
    with running_provider() as provider:
        yield provider


@pytest.fixture
def tls(tmp_path):
    """The SSL contexts of a server on loopback and of a client that trusts it."""
    server, trusted = server_tls(tmp_path)
    return server, ssl.create_default_context(cafile=trusted)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(scope="session")
def signing_keys():
    return [SigningKey(f"key-{number}") for number in range(4)]


#: Times that are easy to calculate with; refreshes come at the very end of the lifetime.
POLICY = RefreshPolicy(
    min_lifetime=60,
    max_lifetime=3600,
    default_lifetime=600,
    jitter=0,
    stale_limit=7200,
    cooldown=30,
    backoff_min=8,
    backoff_max=300,
)


@pytest.fixture(params=[Threads, Tasks], ids=["threads", "tasks"])
def connect(request, provider, clock):
    """Make a client of either kind for the provider; the arguments are those of the client."""
    faces = []

    def connect(**arguments):
        defaults = {"refresh_policy": POLICY, "clock": clock, "allow_http": True}
        source = arguments.pop("url", provider.url)
        issuer = arguments.pop("issuer", None)
        if "transport" in arguments:
            arguments["transport"] = request.param.transport(arguments["transport"])

        def make(client):
            if issuer is not None:
                return client.from_issuer(issuer, **defaults | arguments)
            return client(source, **defaults | arguments)

        faces.append(request.param(make))
        return faces[-1]

    yield connect
    for face in faces:
        face.close()
