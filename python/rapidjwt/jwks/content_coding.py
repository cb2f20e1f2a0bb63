"""Answers that are compressed although no request asks for that (RFC 9110 Section 8.4)."""

from __future__ import annotations

import zlib

from rapidjwt.exceptions import PyJWKClientError

from .endpoint import OK, too_large
from .messages import Response, headers_of

#: What `zlib` is told for each coding (RFC 9110 Section 8.4.1): the container around the data.
_CONTAINERS = {
    "gzip": 16 + zlib.MAX_WBITS,
    "x-gzip": 16 + zlib.MAX_WBITS,
    "deflate": zlib.MAX_WBITS,
}


def decoded(response: Response, max_bytes: int) -> Response:
    """Return an answer without compression, as far as its body is of use.

    Raises PyJWKClientError for a body that has more than `max_bytes` without compression, for one
    that is damaged, and for other codings than gzip and deflate.
    """
    coding = headers_of(response).get("content-encoding", "").strip().lower()
    if response.status != OK or coding in ("", "identity"):
        return response
    if coding not in _CONTAINERS:
        raise PyJWKClientError(
            f"The endpoint answered with Content-Encoding {coding!r}, though asked for none; "
            "only gzip and deflate can be read"
        )
    body = _decompress(response.body, coding, max_bytes)
    return Response(response.status, response.headers, body)


def _decompress(body: bytes, coding: str, max_bytes: int) -> bytes:
    decompressor = zlib.decompressobj(_CONTAINERS[coding])
    try:
        # One byte more than allowed, so that no answer can take more memory than that.
        text = decompressor.decompress(body, max_bytes + 1)
    except zlib.error:
        raise PyJWKClientError(f"The endpoint answered with broken {coding}") from None
    if len(text) > max_bytes:
        raise too_large(max_bytes)
    if not decompressor.eof or decompressor.unused_data:
        raise PyJWKClientError(f"The endpoint answered with broken {coding}")
    return text
