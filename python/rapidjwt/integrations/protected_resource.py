"""An API that tells clients where to get tokens for it (RFC 9728), and refuses those for others."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from rapidjwt._rapidjwt import Verifier

from .answers import Response
from .bearer import AnyVerifier, invalid_token
from .possession import scheme_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["ProtectedResource"]

_WELL_KNOWN = "/.well-known/oauth-protected-resource"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class ProtectedResource:
    """A resource and its metadata (RFC 9728 Section 2).

    `identifier` is its canonical URI, which clients name to the authorization server (RFC 8707) and
    which must be in the `aud` of tokens. `authorization_servers` are the issuers that it accepts,
    `scopes_supported` the scopes that it knows, `name` is for people, and `more` has other members
    of the metadata. `max_age` is for how many seconds clients may keep the metadata.

    Raises ValueError for a URI that is not https (http on loopback) or has a fragment.
    """

    identifier: str
    authorization_servers: Sequence[str] = ()
    scopes_supported: Sequence[str] = ()
    name: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    max_age: int = 300

    def __post_init__(self) -> None:
        """Check the URI (RFC 9728 Section 1.2)."""
        parts = urlsplit(self.identifier)
        is_secure = parts.scheme == "https" or (
            parts.scheme == "http" and parts.hostname in _LOOPBACK
        )
        if not is_secure or not parts.netloc or "#" in self.identifier:
            raise ValueError(
                "The identifier of a resource must be a URI with https (or http on loopback) and "
                "without a fragment"
            )
        if isinstance(self.authorization_servers, str) or isinstance(self.scopes_supported, str):
            raise TypeError("authorization_servers and scopes_supported must be lists of strings")

    @property
    def metadata_path(self) -> str:
        """The path of the metadata: the well-known one before that of the resource."""
        path = urlsplit(self.identifier).path
        return _WELL_KNOWN + ("" if path == "/" else path)

    @property
    def metadata_url(self) -> str:
        """The address of the metadata (RFC 9728 Section 3.1)."""
        scheme, host, _path, query, _fragment = urlsplit(self.identifier)
        return urlunsplit((scheme, host, self.metadata_path, query, ""))

    def metadata(self) -> dict[str, Any]:
        """Return the metadata."""
        members: dict[str, Any] = {
            "resource": self.identifier,
            "authorization_servers": list(self.authorization_servers),
            "scopes_supported": list(self.scopes_supported),
            "bearer_methods_supported": ["header"],
            "resource_name": self.name,
        }
        # RFC 9728 Section 3.2: members without a value are left out.
        return {name: value for name, value in members.items() if value} | dict(self.more)

    def response(self) -> Response:
        """Return the answer to a request for the metadata, which pages of all sites may read."""
        body = json.dumps(self.metadata()).encode()
        headers = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Cache-Control": f"public, max-age={self.max_age}",
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Headers": "*",  # MCP clients in browsers send one of their own
        }
        return Response(200, headers, body)

    def check_verifier(self, verifier: AnyVerifier) -> None:
        """Raise ValueError for a `Verifier` that expects another audience than the resource."""
        if isinstance(verifier, Verifier) and verifier.audience != self.identifier:
            raise ValueError(
                "The verifier of a protected resource must expect its identifier: "
                f"Verifier(..., audience={self.identifier!r})"
            )

    def check(self, claims: Mapping[str, Any]) -> None:
        """Raise BearerError unless the token was issued for this resource (RFC 8707)."""
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if self.identifier not in audiences:
            description = "The access token is for another audience"
            details = {"code": "wrong_audience", "claim": "aud", "expected": self.identifier}
            raise invalid_token(description, details, scheme_of(claims))
