"""Tokens that no library would write."""

from __future__ import annotations

import base64
import json


def segment(value):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(claims=None, header=None, signature=b"s" * 32):
    header = {"alg": "HS256"} if header is None else header
    claims = {"exp": 4_000_000_000} if claims is None else claims
    return ".".join([segment(header), segment(claims), segment(signature)])
