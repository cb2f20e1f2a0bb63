"""The demonstration: a client asks an API for orders, with good tokens and bad ones.

Starts `authorization_server.py` and `api.py` as processes of their own, sends the requests, prints
how each was answered, and ends with exit code 1 if one was not answered as told here. Then it
prints the time that a decode takes.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import rapidjwt
from timing import print_times

if TYPE_CHECKING:
    from collections.abc import Generator

HERE = Path(__file__).parent
AUDIENCE = "https://orders.example"
TIMEOUT_SECONDS = 10
GREEN, RED, YELLOW = 32, 31, 33


class Step(NamedTuple):
    """One request of the story, and the answer that it must get."""

    request: str
    token: str | None
    status: HTTPStatus
    reason: str


@contextmanager
def running(program: str, **environment: str) -> Generator[str]:
    """Run a server of this folder for the length of the block; gives its URL."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    try:
        # It prints its URL as soon as it listens, or nothing when it failed.
        url = process.stdout.readline().strip() if process.stdout else ""
        if not url:
            raise SystemExit(f"{program} did not start")
        print(f"{program} answers at {url}")
        yield url
    finally:
        process.terminate()
        process.communicate()


def ask(url: str, token: str | None = None, form: dict[str, Any] | None = None) -> tuple[int, Any]:
    """Send a request and return status and JSON body, whether it was granted or not."""
    request = Request(url, data=urlencode(form).encode() if form else None)
    if token is not None:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            return response.status, json.load(response)
    except HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


def get_token(issuer: str, **wishes: str | int) -> str:
    """Ask the authorization server for an access token."""
    usual = {"sub": "alice", "audience": AUDIENCE, "scope": "orders:read", "lifetime": 300}
    _, body = ask(f"{issuer}/token", form={**usual, "alg": "RS256", **wishes})
    token: str = body["access_token"]
    return token


def tamper(token: str, **claims: str) -> str:
    """Change claims of `token` and keep its signature."""
    header, payload, signature = token.split(".")
    changed = {**json.loads(base64.urlsafe_b64decode(payload + "===")), **claims}
    segment = base64.urlsafe_b64encode(json.dumps(changed).encode()).rstrip(b"=").decode()
    return f"{header}.{segment}.{signature}"


def forge(token: str) -> str:
    """Make an unsigned token with the claims and the `kid` of `token`."""
    claims = rapidjwt.decode(token, options={"verify_signature": False})
    kid = rapidjwt.get_unverified_header(token)["kid"]
    return rapidjwt.encode(claims, "", algorithm="none", headers={"kid": kid})


def story(issuer: str, good: str) -> list[Step]:
    """Tell what the client asks, and how the API must answer."""
    expired = get_token(issuer, alg="ES256", lifetime=0)
    elsewhere = get_token(issuer, audience="https://invoices.example")
    unscoped = get_token(issuer, alg="ES256", scope="profile")
    tampered = tamper(unscoped, scope="orders:read")
    no_such_alg = "The token's alg none is not allowed: this verifier accepts RS256, ES256"
    ok, denied, forbidden = HTTPStatus.OK, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN
    return [
        Step("a good token", good, ok, "orders A-1001, A-1002"),
        Step("no token", None, denied, "a bearer token is required"),
        Step("an expired token", expired, denied, "Signature has expired"),
        Step("a token for another audience", elsewhere, denied, "Audience doesn't match"),
        Step("a token without the scope", unscoped, forbidden, "orders:read is required"),
        Step("the same, scope tampered in", tampered, denied, "Signature verification failed"),
        Step("an unsigned forgery", forge(good), denied, no_such_alg),
    ]


def painted(text: str, colour: int) -> str:
    """Colour `text` on a terminal."""
    if not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return text
    return f"\033[{colour}m{text}\033[0m"


def perform(step: Step, api: str) -> bool:
    """Send one request, print how it was answered, and return whether that is as told."""
    status, body = ask(f"{api}/orders", step.token)
    granted = status == HTTPStatus.OK
    reason = "orders " + ", ".join(body["orders"]) if granted else body.get("error_description", "")
    alg = rapidjwt.get_unverified_header(step.token)["alg"] if step.token else "-"
    answer = painted(f"{status} {HTTPStatus(status).phrase:14}", GREEN if granted else YELLOW)
    print(f"{step.request:30}{alg:7}{answer}{reason}")
    as_told = (status, reason) == (step.status, step.reason)
    if not as_told:
        print(painted(f"{'':37}must be {step.status} {step.reason}", RED))
    return as_told


def main() -> int:
    """Run the demonstration and return the exit code."""
    # A proxy of the environment must not get requests for loopback.
    os.environ["no_proxy"] = "127.0.0.1"
    with (
        running("authorization_server.py") as issuer,
        running("api.py", ISSUER=issuer) as api,
    ):
        good = get_token(issuer)
        print(f"\n{'GET /orders with':30}{'alg':7}{'status':18}reason")
        answers = [perform(step, api) for step in story(issuer, good)]
        _, jwk_set = ask(f"{issuer}/.well-known/jwks.json")
    if not all(answers):
        print(painted("\nNot every request was answered as told.", RED))
        return 1
    print("\nEvery request was answered as told; both servers have stopped.\n")
    rsa_jwk = next(jwk for jwk in jwk_set["keys"] if jwk["kty"] == "RSA")
    print_times(good, rsa_jwk, AUDIENCE)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
