"""A client of the official SDK: it asks the server at an address who it is, with a token."""

from __future__ import annotations

import asyncio
import os
import sys

import httpx2
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import TextContent


async def main() -> None:
    """Call the tool and print its answer."""
    headers = {"Authorization": f"Bearer {os.environ['ACCESS_TOKEN']}"}
    async with (
        httpx2.AsyncClient(headers=headers) as http,
        streamable_http_client(sys.argv[1], http_client=http) as (read, write),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        result = await session.call_tool("who_am_i", {})
        print(*(part.text for part in result.content if isinstance(part, TextContent)))


if __name__ == "__main__":
    asyncio.run(main())
