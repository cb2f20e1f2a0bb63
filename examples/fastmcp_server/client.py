"""A client of FastMCP: it asks the server at an address who it is, with a token."""

from __future__ import annotations

import asyncio
import os
import sys

from fastmcp import Client
from mcp.types import TextContent


async def main() -> None:
    """Call the tool and print its answer."""
    async with Client(sys.argv[1], auth=os.environ["ACCESS_TOKEN"]) as client:
        result = await client.call_tool("who_am_i", {})
        print(*(part.text for part in result.content if isinstance(part, TextContent)))


if __name__ == "__main__":
    asyncio.run(main())
