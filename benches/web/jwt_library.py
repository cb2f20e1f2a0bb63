"""The JWT library of the three apps, chosen by the environment, and the check that they share."""

import os
from importlib import import_module
from pathlib import Path

AUDIENCE = "https://api.example.com"
ISSUER = "https://login.example.com"

jwt = import_module(os.environ["JWT_LIBRARY"])

# PEM text, which is passed to every call, as in most applications.
PUBLIC_PEM = Path(os.environ["JWT_PUBLIC_KEY"]).read_text(encoding="ascii")


def subject(authorization: str) -> str | None:
    """Return the `sub` of the bearer token in an Authorization header, or None if it is refused."""
    token = authorization.removeprefix("Bearer ")
    try:
        claims = jwt.decode(
            token, PUBLIC_PEM, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER
        )
    except jwt.InvalidTokenError:
        return None
    sub: str = claims["sub"]
    return sub
