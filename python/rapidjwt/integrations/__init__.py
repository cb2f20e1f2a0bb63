"""Bearer tokens in web frameworks: one module for each, and the rules, which they share.

Import the module of your framework: `rapidjwt.integrations.fastapi`, `.starlette`, `.flask`,
`.django`, `.drf`, `.litestar`, `.aiohttp`, `.grpc`, `.mcp`, `.fastmcp`, or `.asgi` or `.wsgi` for
any other. This package imports none of them.
"""
