"""A worker of an API: verifies tokens with the keys that its `JWKSClient` fetches.

It also asks for the tokens, as fast as it can, and verifies each one three times: at once, later,
and shortly before it expires. When standard input ends, it writes what it has counted as JSON.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections import Counter, deque
from http.client import HTTPConnection, HTTPException
from threading import Thread
from typing import Any

import rapidjwt

PORT = int(os.environ["PORT"])
URL = f"http://127.0.0.1:{PORT}/.well-known/jwks.json"
#: Seconds before its end at which a token is verified for the last time.
LAST_CALL = 0.5

verifier = rapidjwt.Verifier(
    jwks=rapidjwt.JWKSClient(
        URL,
        allow_http=True,
        # A rotation every few seconds is not what the defaults are for.
        refresh_policy=rapidjwt.RefreshPolicy(
            min_lifetime=0.5, cooldown=0, backoff_min=0.1, backoff_max=0.5
        ),
    ),
    algorithms=["ES256"],
    issuer="https://auth.example",
    require=["exp"],
)


class PlainCache:
    """The JWK Set as the simplest verifier has it: kept for `max-age`, whatever happens."""

    def __init__(self, connection: HTTPConnection) -> None:
        """Take the connection to fetch with."""
        self._connection = connection
        self._until = 0.0
        self._kids: set[str] = set()

    def kids(self) -> set[str]:
        """Return the IDs of the keys, as old as allowed."""
        now = time.monotonic()
        if now >= self._until:
            self._connection.request("GET", "/.well-known/jwks.json")
            with self._connection.getresponse() as response:
                jwks = json.load(response)
                max_age = int(response.headers["Cache-Control"].rpartition("=")[2])
            self._kids = {jwk["kid"] for jwk in jwks["keys"]}
            self._until = now + max_age
        return self._kids


class Worker:
    """The counts, and the tokens that are verified again."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.counts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        #: For each key, when a token with it came first, and when the last one was asked for.
        self.signed: dict[str, list[float]] = {}
        self.waiting: deque[tuple[float, str]] = deque()

    def run(self) -> None:
        """Ask for tokens and verify them until the process ends."""
        while True:
            connection = HTTPConnection("127.0.0.1", PORT, timeout=10)
            cache = PlainCache(connection)
            try:
                while True:
                    self.step(connection, cache)
            except (OSError, HTTPException):  # the server is being restarted
                connection.close()
                self.counts["requests that the server did not answer"] += 1
                self.verify_waiting()
                time.sleep(0.05)

    def step(self, connection: HTTPConnection, cache: PlainCache) -> None:
        """Ask for a token and verify it, and others whose time has come."""
        published = cache.kids()
        asked = time.time()
        connection.request("POST", "/token")
        with connection.getresponse() as response:
            token = json.load(response)["access_token"]
        answered = time.time()
        kid = rapidjwt.get_unverified_header(token)["kid"]
        first_and_last = self.signed.setdefault(kid, [answered, asked])
        first_and_last[1] = asked
        self.counts["tokens signed"] += 1
        self.counts["tokens signed by an unpublished key"] += kid not in published
        claims = self.verify(token)
        if claims:
            end = claims["exp"] - LAST_CALL
            for when in (random.uniform(answered, end), end):
                self.waiting.append((when, token))
        self.verify_waiting()

    def verify_waiting(self) -> None:
        """Verify the tokens whose time has come, and drop those that could expire meanwhile."""
        now = time.time()
        for _ in range(len(self.waiting)):
            when, token = self.waiting.popleft()
            if when > now:
                self.waiting.append((when, token))
            elif time.time() < when + LAST_CALL / 2:
                self.verify(token)

    def verify(self, token: str) -> dict[str, Any] | None:
        """Verify a token that is valid."""
        self.counts["verifications"] += 1
        try:
            return verifier.decode(token)
        except rapidjwt.PyJWTError as error:
            self.counts["valid tokens refused"] += 1
            self.reasons[repr(error)] += 1
            return None


if __name__ == "__main__":
    worker = Worker()
    Thread(target=worker.run, daemon=True).start()
    sys.stdin.read()
    json.dump(
        {"counts": worker.counts, "reasons": worker.reasons, "signed": worker.signed}, sys.stdout
    )
