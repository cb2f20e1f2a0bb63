"""Forged tokens, and the results of every path for them.

A refusal is checked on PyJWT, on the three paths of `differential.paths` (module functions, an
instance, a subclass) and on a `Verifier`: none may accept, and the errors must be the same.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import sys
from typing import TYPE_CHECKING, Any

import rapidjwt
from differential.outcome import type_name
from differential.paths import assert_same_call, build
from differential.strategies import base64url

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = b"a secret of sixty-four bytes, which is long enough for HS512 too"
CLAIMS = {"sub": "joe", "admin": True}
HASHES = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
# What attackers may want to do, by the names of Python's audit events.
WATCHED = ("open", "socket.", "urllib.", "subprocess.", "os.system", "sqlite3.", "exec", "compile")


def segment(content: Any) -> str:
    """Return bytes, text or a JSON value as base64url."""
    if isinstance(content, str):
        content = content.encode()
    elif not isinstance(content, bytes):
        content = json.dumps(content, separators=(",", ":")).encode()
    return base64url(content).decode()


def unsigned(header: Any, payload: Any = None) -> str:
    """Return the signing input."""
    return f"{segment(header)}.{segment(CLAIMS if payload is None else payload)}"


def signed(header: Any, payload: Any = None, *, sign: Any) -> str:
    """Return a token; `sign` is a function of the signing input."""
    signing_input = unsigned(header, payload)
    return f"{signing_input}.{segment(sign(signing_input.encode()))}"


def hmac_token(
    header: Any = None, payload: Any = None, secret: bytes = SECRET, alg: str = "HS256"
) -> str:
    """Return a token signed with HMAC, with any header."""
    return signed(
        {"alg": alg} if header is None else header,
        payload,
        sign=lambda message: hmac.digest(secret, message, HASHES[alg]),
    )


def refused(
    token: Any,
    key: Any,
    algorithms: Any,
    error: type[Exception],
    *,
    verifier: type[Exception] | None = None,
    with_verifier: bool = True,
    **policy: Any,
) -> str:
    """Check that every path refuses the token with the same error; return its message.

    A `Verifier` may give the reason earlier, when it is created: `verifier` is then its class.
    """
    expected = assert_same_call("decode", token, key, algorithms=algorithms, **policy)
    assert "error" in expected, f"PyJWT accepts it: {expected}"
    assert expected["error"]["classes"][0] == type_name(error), expected["error"]
    if with_verifier:
        refused_by_verifier(token, key, algorithms, verifier or error, **policy)
    return expected["error"]["text"]


def refused_by_verifier(
    token: Any, key: Any, algorithms: Any, error: type[Exception], **policy: Any
) -> None:
    try:
        claims = verifier_of(key, algorithms, **policy).decode(token)
    except Exception as raised:
        if type(raised) is not error:
            raise
    else:
        message = f"the Verifier accepts it: {claims}"
        raise AssertionError(message)


def verifier_of(key: Any, algorithms: Any, **policy: Any) -> rapidjwt.Verifier:
    key, policy = build(key, rapidjwt), build(policy, rapidjwt)
    return rapidjwt.Verifier(key, algorithms=algorithms, **policy)


def accepted(
    token: Any, key: Any, algorithms: Any, *, with_verifier: bool = True, **policy: Any
) -> dict[str, Any]:
    """Check that every path accepts the token, and return the claims: the control of an attack."""
    expected = assert_same_call("decode", token, key, algorithms=algorithms, **policy)
    assert "value" in expected, expected
    claims = rapidjwt.decode(
        token, build(key, rapidjwt), algorithms=algorithms, **build(policy, rapidjwt)
    )
    if with_verifier:
        assert repr(verifier_of(key, algorithms, **policy).decode(token)) == repr(claims)
    return claims


_events: list[str] | None = None


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if _events is not None and event.startswith(WATCHED):
        _events.append(f"{event} {args!a}")


sys.addaudithook(_watch)


@contextlib.contextmanager
def nothing_touched() -> Iterator[None]:
    """Fail if files, sockets, processes or databases are touched, or code is compiled."""
    global _events  # noqa: PLW0603 an audit hook stays for good, so it needs a switch
    _events = events = []
    try:
        yield
    finally:
        _events = None
    assert not events, events
