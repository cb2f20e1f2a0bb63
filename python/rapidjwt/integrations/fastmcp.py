"""Bearer tokens in MCP servers that are built with FastMCP, the package `fastmcp`.

See docs/guides/mcp.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastmcp.server.auth import AccessToken
from fastmcp.server.auth import TokenVerifier as _TokenVerifier

from .mcp import access_token, guard_of, verified_claims

if TYPE_CHECKING:
    from collections.abc import Callable

    from .bearer import AnyVerifier

__all__ = ["TokenVerifier"]


class TokenVerifier(_TokenVerifier):
    """Verifies the tokens of a FastMCP server: pass it to a `RemoteAuthProvider`.

    It accepts only tokens whose audience is the server's own URI (RFC 8707).
    """

    def __init__(
        self,
        verifier: AnyVerifier,
        resource: str,
        *,
        required_scopes: list[str] | None = None,
        on_result: Callable[[str], object] | None = None,
    ) -> None:
        """Take a verifier and the server's URI: its address, with the path of MCP.

        A token that lacks one of `required_scopes` gets 403. `on_result` is called with "verified"
        for each token that is accepted, and with the code of each refusal. Raises ValueError for a
        `Verifier` that expects another audience.
        """
        super().__init__(required_scopes=required_scopes)
        self._resource = resource
        self._guard = guard_of(verifier, resource, on_result)

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return who a token is for, or None to refuse it; raise BearerError without its keys."""
        claims = await verified_claims(self._guard, token)
        return None if claims is None else access_token(AccessToken, token, claims, self._resource)
