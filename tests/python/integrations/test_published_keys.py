"""A JWK Set that an app publishes, fetched by our own client and by a plain one."""

from __future__ import annotations

import http.client
import json
import os
from urllib.parse import urlsplit

import pytest
from apps.serving import GUNICORN, UVICORN, listening
from rapidjwt import InvalidKeyError, JWKSClient, Key, KeySet, PyJWKSetError, Signer, Verifier
from rapidjwt.integrations.published_keys import MEDIA_TYPE, published

KEY = Key.generate("ES256", kid="a")
SECRET = "a secret of at least thirty-two bytes, for HMAC"
SERVERS = {
    "flask": ([*GUNICORN, "publishing:flask_app()"], "flask"),
    "django": ([*GUNICORN, "publishing:django_app()"], "django"),
    "starlette": ([*UVICORN, "--factory", "publishing:starlette_app"], "starlette"),
    "fastapi": ([*UVICORN, "--factory", "publishing:fastapi_app"], "fastapi"),
}


@pytest.fixture(params=SERVERS)
def url(request, tmp_path):
    """Run an app under its real server."""
    if os.name == "nt":
        pytest.skip("gunicorn is for POSIX")
    command, needs = SERVERS[request.param]
    pytest.importorskip(needs)
    pem = KEY.to_pem(private=True)
    with listening(command, tmp_path, tmp_path / "log", PRIVATE_PEM=pem) as address:
        yield f"{address}/.well-known/jwks.json"


def get(url, method="GET", **headers):
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, urlsplit(url).path, headers=names)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, response.headers, body


def test_clients_verify_with_the_keys_that_an_app_publishes(url):
    client = JWKSClient(url, allow_http=True)
    verifier = Verifier(jwks=client, algorithms=["ES256"])
    assert verifier.decode(Signer(KEY).encode({"sub": "alice"})) == {"sub": "alice"}
    client.refresh()  # asks with the ETag of the first answer, and is told that nothing changed
    assert verifier.decode(Signer(KEY).encode({"sub": "bob"})) == {"sub": "bob"}

    status, headers, body = get(url)
    assert (status, headers.get_all("Content-Type")) == (200, [MEDIA_TYPE])
    assert headers["Cache-Control"] == "public, max-age=60"
    (jwk,) = json.loads(body)["keys"]
    assert jwk == KEY.to_jwk() | {"kid": "a", "alg": "ES256"}
    assert "d" not in jwk

    tag = headers["ETag"]
    for known in (tag, f'"x", W/{tag}', "*"):
        status, headers, body = get(url, If_None_Match=known)
        assert (status, headers["ETag"], body) == (304, tag, b"")
        assert headers["Cache-Control"] == "public, max-age=60"
        assert headers["Content-Type"] is None
    assert get(url, If_None_Match='"x"')[0] == 200


KEYS = {
    "a KeySet": KeySet([KEY]),
    "a list of keys": [KEY],
    "a list of JWKs": [KEY.to_jwk(private=True)],
    "a tuple with a public key": (KEY.public(),),
    "an iterator": None,
}


@pytest.mark.parametrize("kind", KEYS)
def test_only_public_parts_leave(kind):
    keys = KEYS[kind] or iter([KEY])
    answer = published(keys)
    (jwk,) = json.loads(answer.body)["keys"]
    assert jwk == KEY.to_jwk()
    assert answer.headers["Cache-Control"] == "public, max-age=300"


def test_the_tag_follows_the_keys():
    one, same, other = (
        published(keys).headers["ETag"] for keys in ([KEY], KeySet([KEY]), [KEY, KEY.public()])
    )
    assert one == same != other


@pytest.mark.parametrize(
    "keys",
    [
        [Key.from_secret(SECRET)],
        [KEY, Key.from_secret(SECRET)],
        KeySet([KEY, Key.from_secret(SECRET)]),
        [{"kty": "oct", "k": "c2VjcmV0" * 8}],
    ],
)
def test_a_shared_secret_is_an_error(keys):
    with pytest.raises(InvalidKeyError, match=r"A shared secret \(oct\) must not be published"):
        published(keys)


@pytest.mark.parametrize(
    ("keys", "error", "message"),
    [
        ([], PyJWKSetError, "did not contain any keys"),
        ([KEY, {"kty": "EC"}], PyJWKSetError, "Member 1 cannot be published"),
        (KEY, TypeError, r"pass \[key\]"),
        ({"keys": []}, PyJWKSetError, "KeySet.from_jwks"),
        ("https://a.example", PyJWKSetError, "Expected a list of keys, got text"),
    ],
)
def test_what_cannot_be_published_is_an_error(keys, error, message):
    with pytest.raises(error, match=message):
        published(keys)


def test_the_age_is_not_negative():
    assert published([KEY], max_age=0).headers["Cache-Control"] == "public, max-age=0"
    with pytest.raises(ValueError, match="0 or more"):
        published([KEY], max_age=-1)
