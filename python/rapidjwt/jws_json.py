"""The JSON serializations of a JWS (RFC 7515 Section 7.2): several signatures, detached payloads.

`JSONSigner` and `sign_general` sign any payload; `JSONVerifier` says which signatures hold under
which keys.
"""

from __future__ import annotations

from ._rapidjwt import (
    JSONSigner,
    JSONVerifier,
    VerifiedJWS,
    VerifiedSignature,
    sign_general,
)

__all__ = ["JSONSigner", "JSONVerifier", "VerifiedJWS", "VerifiedSignature", "sign_general"]
