"""A JWK Set to publish (RFC 7517 Section 5) as the answer to an HTTP request, for every framework.

The function `jwks_response` of each framework only translates what `published` returns.
"""

from __future__ import annotations

import json
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NamedTuple

from rapidjwt.exceptions import InvalidKeyError, PyJWKSetError
from rapidjwt.key_set import KeySet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rapidjwt import Key

__all__ = ["MEDIA_TYPE", "Published", "published"]

#: RFC 7517 Section 8.5.2.
MEDIA_TYPE = "application/jwk-set+json"


class Published(NamedTuple):
    """The answer to a request for a JWK Set; the body of a 304 is empty."""

    status: HTTPStatus
    headers: dict[str, str]
    body: bytes


def published(
    keys: KeySet | Iterable[Key | Mapping[str, Any]],
    if_none_match: Sequence[str] = (),
    *,
    max_age: int = 300,
) -> Published:
    """Return the answer to a request for the public parts of `keys`.

    `if_none_match` has the values of the request's `If-None-Match` headers: a client that has this
    set already gets 304 (RFC 9110 Section 13.1.2). `max_age` is for how many seconds clients and
    caches may keep the set without asking.

    Raises InvalidKeyError for a shared secret, which must not be published, PyJWKSetError for a key
    that cannot be read and for no keys at all, ValueError for a negative `max_age`.
    """
    if max_age < 0:
        raise ValueError("max_age must be a number of seconds, 0 or more")
    body = json.dumps(_public_parts(keys), separators=(",", ":")).encode()
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"Cache-Control": f"public, max-age={max_age}", "ETag": tag}
    if _has_tag(if_none_match, tag):
        return Published(HTTPStatus.NOT_MODIFIED, headers, b"")
    return Published(HTTPStatus.OK, {**headers, "Content-Type": MEDIA_TYPE}, body)


def _public_parts(keys: KeySet | Iterable[Key | Mapping[str, Any]]) -> dict[str, Any]:
    key_set = keys if isinstance(keys, KeySet) else KeySet(keys)
    if any(entry.kty == "oct" for entry in key_set):
        raise InvalidKeyError("A shared secret (oct) must not be published: leave it out")
    if key_set is not keys and key_set.skipped:
        skipped = key_set.skipped[0]
        raise PyJWKSetError(f"Member {skipped.source} cannot be published: {skipped.reason}")
    return key_set.to_jwks()


def _has_tag(if_none_match: Sequence[str], tag: str) -> bool:
    """Return whether a request names the tag, or any; a weak one is compared without its W/."""
    names = (name.strip() for value in if_none_match for name in value.split(","))
    return any(name.removeprefix("W/") in (tag, "*") for name in names)
