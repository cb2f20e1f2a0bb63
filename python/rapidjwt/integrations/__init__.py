"""Bearer tokens in web frameworks: one module for each, and `bearer`, which they share.

Import the module of your framework: `rapidjwt.integrations.fastapi`, `.starlette`, `.flask`,
`.django` or `.drf`. This package imports none of them.
"""
