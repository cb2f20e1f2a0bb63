"""An MCP server, built with FastMCP, that accepts access tokens of one issuer.

It is called with the address of the issuer and the port that it listens on.
"""

from __future__ import annotations

import sys

from fastmcp import FastMCP
from fastmcp.server.auth import RemoteAuthProvider
from fastmcp.server.dependencies import get_access_token
from pydantic import AnyHttpUrl
from rapidjwt import AsyncJWKSClient, Verifier
from rapidjwt.integrations.fastmcp import TokenVerifier

issuer, port = sys.argv[1], int(sys.argv[2])
resource = f"http://127.0.0.1:{port}/mcp"
verifier = Verifier(
    jwks=AsyncJWKSClient.from_issuer(issuer, allow_http=True),  # http for this example only
    algorithms=["ES256"],
    audience=resource,
    require=["exp", "sub"],
)
auth = RemoteAuthProvider(
    token_verifier=TokenVerifier(verifier, resource, required_scopes=["orders:read"]),
    authorization_servers=[AnyHttpUrl(issuer)],
    base_url=f"http://127.0.0.1:{port}",
)
server = FastMCP("orders", auth=auth)


@server.tool
def who_am_i() -> str:
    """Return the subject of the token."""
    token = get_access_token()
    return str(token and token.claims["sub"])


if __name__ == "__main__":
    server.run("http", host="127.0.0.1", port=port, show_banner=False)
