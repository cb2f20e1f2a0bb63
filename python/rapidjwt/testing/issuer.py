"""An authorization server for tests: it has keys, signs tokens and publishes its JWK Set."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from rapidjwt._rapidjwt import Key, Signer, Verifier

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

    from rapidjwt.jwks.messages import Request, Response

__all__ = ["Issuer"]

#: How long tokens are valid, in seconds.
_LIFETIME = 300


class Issuer:
    """Issues access tokens as RFC 9068 has them, and tokens that an API must refuse.

    The attributes: `url`, its identifier (`iss`); `audience`, the API that its tokens are for;
    `jwks_uri`, the address of its keys.
    """

    def __init__(
        self,
        url: str = "https://issuer.example",
        *,
        audience: str = "https://api.example",
        key: Key | None = None,
    ) -> None:
        """Take the identifier, the audience and the key; by default a new one for ES256.

        The key needs an `alg`. With one of a shared secret, for applications that have no JWK Set,
        nothing can be published.
        """
        self.url = url
        self.audience = audience
        self.jwks_uri = f"{url.rstrip('/')}/jwks"
        self._keys = [key or Key.generate("ES256", kid="test-1")]

    @property
    def key(self) -> Key:
        """The key that tokens are signed with."""
        return self._keys[-1]

    def rotate(self) -> Key:
        """Make a new key and sign with it from now on; those before it stay published."""
        algorithm = cast("str", self.key.alg)
        self._keys.append(Key.generate(algorithm, kid=f"test-{len(self._keys) + 1}"))
        return self.key

    def token(
        self,
        sub: str | None = "alice",
        *,
        scope: str | Iterable[str] | None = None,
        expires_in: float | timedelta | None = _LIFETIME,
        headers: Mapping[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """Return an access token for `sub`.

        `scope` is a string or an iterable of scopes. `expires_in` is in seconds, and None for a
        token that never expires. `headers` are header parameters. Other claims are added to the
        usual ones or replace them; a claim that is None is left out.
        """
        claims = self._usual_claims(expires_in) | {"sub": sub} | claims
        if scope is not None:
            claims["scope"] = scope if isinstance(scope, str) else " ".join(scope)
        return _signed(self.key, claims, headers)

    def bearer(self, sub: str | None = "alice", **arguments: Any) -> dict[str, str]:
        """Return the headers of a request with a token; the arguments are those of `token`."""
        return {"Authorization": f"Bearer {self.token(sub, **arguments)}"}

    def expired_token(self, sub: str | None = "alice", **arguments: Any) -> str:
        """Return a token that expired an hour ago; the arguments are those of `token`."""
        issued = int(time.time()) - 3600 - _LIFETIME
        times: dict[str, Any] = {"iat": issued, "exp": issued + _LIFETIME}
        return self.token(sub, **(times | arguments))

    def tampered_token(self, sub: str | None = "alice", **arguments: Any) -> str:
        """Return a token whose `sub` was changed after it was signed."""
        header, _, signature = self.token(sub, **arguments).split(".")
        other = self.token(f"{sub}-tampered", **arguments)
        return f"{header}.{other.split('.')[1]}.{signature}"

    def bad_tokens(self, sub: str | None = "alice", **arguments: Any) -> dict[str, str]:
        """Return, by what is wrong with it, tokens that an API must refuse with status 401.

        The arguments are those of `token`. An API whose verifier has no audience or no issuer
        accepts the tokens for, or from, another one: that is what these two are there to find.
        """
        stranger = Issuer(self.url, audience=self.audience, key=_another(self.key))
        later = int(time.time()) + 3600

        def changed(**claims: Any) -> str:
            return self.token(sub, **(arguments | claims))

        return {
            "expired": self.expired_token(sub, **arguments),
            "not yet valid": changed(nbf=later, exp=later + 60),
            "tampered": self.tampered_token(sub, **arguments),
            "of another key": stranger.token(sub, **arguments),
            "of another issuer": changed(iss=f"{self.url}.other"),
            "for another audience": changed(aud="another API"),
            "unsigned": _unsigned(changed()),
            "malformed": changed().rpartition(".")[0],
        }

    def verifier(self, **policy: Any) -> Verifier[Any]:
        """Return a verifier of its tokens with the keys that it has now.

        `policy` has arguments of `Verifier`, which can replace `issuer` and `audience` too.
        """
        usual: dict[str, Any] = {"issuer": self.url, "audience": self.audience}
        return Verifier(list(self._keys), **(usual | policy))

    def jwks(self) -> dict[str, Any]:
        """Return the JWK Set that it publishes; raise InvalidKeyError if it has a shared secret."""
        from rapidjwt.integrations.published_keys import published  # noqa: PLC0415

        jwks: dict[str, Any] = json.loads(published(self._keys).body)
        return jwks

    def transport(self, request: Request) -> Response:
        """Answer a request for its metadata or its keys.

        Pass it to a client, which then opens no connection: `JWKSClient(issuer.jwks_uri,
        transport=issuer.transport)`, or `JWKSClient.from_issuer(issuer.url, transport=...)`.
        """
        from rapidjwt.jwks.discovery import Issuer as Discovered  # noqa: PLC0415
        from rapidjwt.jwks.messages import Response  # noqa: PLC0415

        if request.url == self.jwks_uri:
            answer = self.jwks()
        elif request.url in Discovered(self.url).metadata_urls():
            answer = {"issuer": self.url, "jwks_uri": self.jwks_uri}
        else:
            return Response(404, {}, b"")
        return Response(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())

    async def async_transport(self, request: Request) -> Response:
        """Answer as `transport` does, for an `AsyncJWKSClient`."""
        return self.transport(request)

    @classmethod
    @contextmanager
    def on_loopback(
        cls, *, audience: str = "https://api.example", key: Key | None = None
    ) -> Generator[Issuer]:
        """Yield an issuer whose metadata and keys are served at its `url` during the with block.

        A client for it needs `allow_http=True`.
        """
        from .loopback import serving  # noqa: PLC0415

        with serving() as server:
            issuer = server.issuer = cls(server.url, audience=audience, key=key)
            yield issuer

    def _usual_claims(self, expires_in: float | timedelta | None) -> dict[str, Any]:
        now = int(time.time())
        if isinstance(expires_in, timedelta):
            expires_in = expires_in.total_seconds()
        return {
            "iss": self.url,
            "aud": self.audience,
            "client_id": "test-client",
            "iat": now,
            "exp": None if expires_in is None else now + int(expires_in),
        }


def _signed(key: Key, claims: Mapping[str, Any], headers: Mapping[str, Any] | None) -> str:
    signer = Signer(key, headers={"typ": "at+jwt", **(headers or {})}, jwt_id=True)
    return signer.encode({name: value for name, value in claims.items() if value is not None})


def _another(key: Key) -> Key:
    """Return a key that another one can be mistaken for, by its ID."""
    return Key.generate(cast("str", key.alg), kid=key.kid)


def _unsigned(token: str) -> str:
    from rapidjwt import decode_complete, encode  # noqa: PLC0415

    parts = decode_complete(token, options={"verify_signature": False})
    headers = {"typ": parts["header"]["typ"]}
    return encode(parts["payload"], "", algorithm="none", headers=headers)
