"""The way from an issuer to the address of its keys.

OpenID Connect Discovery 1.0 Section 4, and RFC 8414 Section 3.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from rapidjwt.exceptions import PyJWKClientError


@dataclass(frozen=True, slots=True)
class Issuer:
    """An issuer whose metadata contain the address of its keys; `identifier` is its tokens' `iss`.

    Raises PyJWKClientError if it has a query or a fragment (RFC 8414 Section 2).
    """

    identifier: str

    def __post_init__(self) -> None:
        """Check the identifier."""
        if "?" in self.identifier or "#" in self.identifier:
            raise PyJWKClientError("An issuer identifier has no query and no fragment")

    def metadata_urls(self) -> tuple[str, str]:
        """Return the addresses of the metadata in OpenID Connect Discovery and in RFC 8414."""
        base = self.identifier.rstrip("/")
        scheme, host, path, _, _ = urlsplit(base)
        well_known = "/.well-known/oauth-authorization-server"
        return (
            f"{base}/.well-known/openid-configuration",
            urlunsplit((scheme, host, well_known + path, "", "")),
        )

    def jwks_uri(self, metadata: bytes) -> str:
        """Read the address of the keys from the issuer's metadata.

        Raises PyJWKClientError if they are the metadata of another issuer (RFC 8414 Section 3.3:
        the identifiers must be equal), or contain no address.
        """
        try:
            members: dict[str, Any] | None = json.loads(metadata)
        except (ValueError, RecursionError):
            members = None
        if not isinstance(members, dict):
            raise PyJWKClientError("The metadata of the issuer are not a JSON object")
        if members.get("issuer") != self.identifier:
            raise PyJWKClientError(
                f"The metadata are those of issuer {members.get('issuer')!r}, "
                f"not of {self.identifier!r}"
            )
        uri = members.get("jwks_uri")
        if not isinstance(uri, str):
            raise PyJWKClientError('The metadata of the issuer have no "jwks_uri"')
        return uri
