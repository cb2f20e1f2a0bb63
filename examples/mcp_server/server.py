"""An MCP server, built with the official SDK, that accepts access tokens of one issuer.

It is called with the address of the issuer and the port that it listens on.
"""

from __future__ import annotations

import sys

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.settings import AuthSettings
from mcp.server.mcpserver import MCPServer
from rapidjwt import AsyncJWKSClient, Verifier
from rapidjwt.integrations.mcp import TokenVerifier

issuer, port = sys.argv[1], int(sys.argv[2])
resource = f"http://127.0.0.1:{port}/mcp"
verifier = Verifier(
    jwks=AsyncJWKSClient.from_issuer(issuer, allow_http=True),  # http for this example only
    algorithms=["ES256"],
    audience=resource,
    require=["exp", "sub"],
)
server = MCPServer(
    "orders",
    token_verifier=TokenVerifier(verifier, resource),
    auth=AuthSettings.model_validate(  # AnyHttpUrl would add a slash, and issuers are compared
        {
            "issuer_url": issuer,
            "resource_server_url": resource,
            "required_scopes": ["orders:read"],
            "validate_token_resource": True,
        }
    ),
)


@server.tool()
def who_am_i() -> str:
    """Return the subject of the token."""
    token = get_access_token()
    return str(token and token.subject)


if __name__ == "__main__":
    server.run("streamable-http", port=port)
