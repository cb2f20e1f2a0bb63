"""Tokens, good and bad, and the required response to each, which every framework shares."""

from __future__ import annotations

import time

import rapidjwt

SECRET = "the secret of apps that exist only in tests"
ISSUER, AUDIENCE = "https://auth.example", "https://orders.example"
SCOPE = "orders:read"


def verifier(**policy):
    """Return the verifier of the example apps."""
    return rapidjwt.Verifier(
        SECRET,
        algorithms=["HS256"],
        issuer=ISSUER,
        audience=AUDIENCE,
        require=["exp", "sub"],
        **policy,
    )


def token(*, secret=SECRET, lifetime=60, without=(), **claims):
    usual = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "alice",
        "name": "Alice",
        "exp": int(time.time()) + lifetime,
    }
    claims = {name: value for name, value in (usual | claims).items() if name not in without}
    return rapidjwt.encode(claims, secret, algorithm="HS256")


def tampered():
    """Return a token with the claims of another one."""
    header, _, signature = token().split(".")
    payload = token(sub="mallory").split(".")[1]
    return f"{header}.{payload}.{signature}"


def unsigned():
    return rapidjwt.encode({"sub": "alice"}, None, algorithm="none")


def bearer(token):
    return f"Bearer {token}"


def invalid(description):
    return f'Bearer realm="api", error="invalid_token", error_description="{description}"'


MALFORMED = (
    'Bearer realm="api", error="invalid_request", error_description='
    '"The Authorization header must be of the form: Bearer, a space, one token"'
)
NO_SCOPE = (
    'Bearer realm="api", error="insufficient_scope", error_description='
    f'"The access token does not grant the required scopes", scope="{SCOPE}"'
)

#: By name: the Authorization header (None: there is none), and the status and challenge of a route
#: that needs a token with the scope. They are created when needed, because tokens expire.
CASES = {
    "good": lambda: (bearer(token(scope=SCOPE)), 200, None),
    "several scopes": lambda: (bearer(token(scope=f"a {SCOPE} b")), 200, None),
    "scopes as scp": lambda: (bearer(token(scp=["a", SCOPE])), 200, None),
    "scheme in lower case": lambda: (f"bearer {token(scope=SCOPE)}", 200, None),
    "missing": lambda: (None, 401, 'Bearer realm="api"'),
    "of another scheme": lambda: ("Basic YTpi", 401, 'Bearer realm="api"'),
    "expired": lambda: (bearer(token(lifetime=-1)), 401, invalid("The access token has expired")),
    "tampered": lambda: (
        bearer(tampered()),
        401,
        invalid("The signature of the access token is not valid"),
    ),
    "of another secret": lambda: (
        bearer(token(secret="x" * 32)),
        401,
        invalid("The signature of the access token is not valid"),
    ),
    "unsigned": lambda: (
        bearer(unsigned()),
        401,
        invalid("The algorithm of the access token is not accepted"),
    ),
    "for others": lambda: (
        bearer(token(aud="others")),
        401,
        invalid("The access token is for another audience"),
    ),
    "without a subject": lambda: (
        bearer(token(without=["sub"])),
        401,
        invalid("The access token is missing a required claim"),
    ),
    "garbage": lambda: ("Bearer garbage", 401, invalid("The access token is malformed")),
    "no token at all": lambda: ("Bearer", 400, MALFORMED),
    "two tokens": lambda: (f"Bearer {token()} {token()}", 400, MALFORMED),
    "two headers in one": lambda: (f"Bearer {token()},Bearer {token()}", 400, MALFORMED),
    "without the scope": lambda: (bearer(token()), 403, NO_SCOPE),
    "with another scope": lambda: (bearer(token(scope="orders:write")), 403, NO_SCOPE),
}


class NoKeys:
    """A verifier whose provider cannot be reached."""

    def decode(self, token, /):
        raise rapidjwt.PyJWKClientConnectionError("no route to host")


class NoKeysAsync:
    async def decode_async(self, token, /):
        raise rapidjwt.PyJWKClientConnectionError("no route to host")


class Async:
    """An asynchronous verifier, which has only `decode_async`."""

    async def decode_async(self, token, /):
        return verifier().decode(token)


class Slow:
    """A verifier that may wait: it must not run in the thread of the event loop."""

    def __init__(self):
        self.threads = []

    def decode(self, token, /):
        import threading

        self.threads.append(threading.get_ident())
        return verifier().decode(token)
