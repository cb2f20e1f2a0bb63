"""Print a token for the apps beside this file: an authorization server's work.

python make_token.py [--scope SCOPE] [--lifetime SECONDS]

The environment variable `JWT_SECRET` holds the secret, as for the apps.
"""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser

import rapidjwt


def main() -> None:
    """Print the token that the arguments ask for."""
    parser = ArgumentParser(description="Print a token for the example apps.")
    parser.add_argument("--scope", default="", help="scopes, with spaces between them")
    parser.add_argument("--lifetime", type=int, default=600, metavar="SECONDS")
    options = parser.parse_args()
    claims = {
        "iss": "https://auth.example",
        "aud": "https://orders.example",
        "sub": "alice",
        "name": "Alice",
        "scope": options.scope,
        "exp": int(time.time()) + options.lifetime,
    }
    print(rapidjwt.encode(claims, os.environ["JWT_SECRET"], algorithm="HS256"))


if __name__ == "__main__":
    main()
