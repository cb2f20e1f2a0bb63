"""Bearer tokens in MCP servers that are built with the official SDK, the package `mcp`.

See docs/guides/mcp.md.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mcp.server.auth.provider import AccessToken

from .bearer import AnyVerifier, BearerError, granted_scopes
from .guard import Guard
from .possession import PlainRequest
from .protected_resource import ProtectedResource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["TokenVerifier", "access_token", "verified_claims"]


class TokenVerifier:
    """Verifies the tokens of an MCP server: pass it as `token_verifier`.

    It accepts only tokens whose audience is the server's own URI (RFC 8707). Set
    `validate_token_resource` of `AuthSettings`, which compares it again, to True or False.
    """

    def __init__(
        self,
        verifier: AnyVerifier,
        resource: str,
        *,
        on_result: Callable[[str], object] | None = None,
    ) -> None:
        """Take a verifier and the server's URI, which is the `resource_server_url`.

        `on_result` is called with "verified" for each token that is accepted, and with the code of
        each refusal. Raises ValueError for a `Verifier` that expects another audience.
        """
        self._resource = resource
        self._guard = guard_of(verifier, resource, on_result)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return who a token is for, or None to refuse it; raise BearerError without its keys."""
        claims = await verified_claims(self._guard, token)
        return None if claims is None else access_token(AccessToken, token, claims, self._resource)


def guard_of(
    verifier: AnyVerifier, resource: str, on_result: Callable[[str], object] | None
) -> Guard[dict[str, Any]]:
    """Return the rules for the tokens of a server."""
    return Guard(verifier, resource=ProtectedResource(resource), on_result=on_result)


async def verified_claims(guard: Guard[dict[str, Any]], token: str) -> dict[str, Any] | None:
    """Return the claims of a token, or None if it is refused.

    Raises BearerError with status 503 if the keys to verify it are not available, because a client
    that is refused asks for another token.
    """
    presented = PlainRequest(headers=[("Authorization", f"Bearer {token}")])
    try:
        return await guard.check_async(presented, asyncio.to_thread)
    except BearerError as error:
        if error.status == 503:  # noqa: PLR2004
            raise
        return None


def access_token(kind: type[Any], token: str, claims: Mapping[str, Any], resource: str) -> Any:
    """Return the SDK's description of a token, an object of `kind`."""
    return kind(
        token=token,
        client_id=str(claims.get("client_id") or claims.get("azp") or claims.get("sub") or ""),
        scopes=sorted(granted_scopes(claims)),
        expires_at=None if claims.get("exp") is None else int(claims["exp"]),
        resource=resource,
        subject=claims.get("sub"),
        claims=dict(claims),
    )
